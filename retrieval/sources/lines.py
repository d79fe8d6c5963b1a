"""What every reader hands to the numbering: the lines of one source, how much of them, and of which characters.

Characters that no reader sees and that change what is shown are dropped with a warning, or the source is refused.
Direction overrides (U+202D, U+202E) turn letters round: "12" is read as "21". Kept, they would turn round
whatever is shown after them; dropped, the text would no longer be what its reader saw. So a source with one
is refused. Embeddings and isolates (U+202A-202C, U+2066-2069) only say where a stretch of Arabic or Hebrew
begins; the letters stand in reading order without them, so they are dropped, as are control characters, which
a terminal would obey, and tag characters. Half a character (a lone surrogate) is refused at ingest. Marks of
direction (U+200E, U+200F) and joiners belong to the writing of languages and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from retrieval.errors import SourceError
from retrieval.models import LeftOut, Paragraph, Readout
from retrieval.sources.labels import Label

# How much of a source is read: whatever goes beyond is refused with a sentence, before it can cost more
MAX_BYTES = 20_000_000  # of a file: the longest communiqués have 300 KB of text, a PDF with pictures a few MB
MAX_TEXT_CHARS = 4_000_000  # of the text found in one source, some 1,300 pages
MAX_LINES = 100_000  # of that text: lines of a file, blocks of a page
MAX_PARAGRAPH_CHARS = 100_000  # some 30 pages: nobody can check a citation of more
MAX_LINE_CHARS = 10 * MAX_PARAGRAPH_CHARS  # one with its line breaks lost may hold several paragraphs
MAX_PAGES = 2_000  # of a PDF
MAX_PAGE_CHARS = 100_000  # of one page of a PDF; one of small print has 8,000
MAX_TAGS = 300_000  # opening and closing tags of an HTML page; the largest communiqué has 2,000
MAX_ARCHIVE_MEMBERS = 2_000  # files inside a .docx, .odt or .epub
MAX_UNPACKED_BYTES = 100_000_000  # of everything inside one, counted while it is unpacked
MAX_XML_BYTES = 30_000_000  # of one XML part of one: a tree of it takes ten times as much memory

_BULLET = re.compile(r"[-*+•·●○◦▪■□‣⁃–—➢✓・](?=\s)|[•●▪‣⁃➢](?=\S)")
_CLOSERS = "\"'”’»)]*"
_TERMINAL = tuple(".!?;:。！？；：…")


@dataclass(frozen=True, slots=True)
class Line:
    """One rendered line: of a text file as it stands, of markup one block or what a line break leaves.

    Attributes:
        text: White space collapsed, never empty; a printed bullet or number is part of it.
        number: Where it begins in the source, counted from 1.
        gap: Whether it starts a block: white space, a tag or nothing at all stands before it.
        indent: Columns of white space before it.
        heading: How sure the markup is: 0 says nothing, 1 wholly bold or underlined, 2 a heading element.
        label: The number its markup gives it (an ordered list); not part of `text`.
        bullet: Whether its markup makes it a list item without a number.
        depth: How deep in lists it stands, 0 outside of any.
        row: Whether it is a row of a table, its cells with their column heads.
        note: The mark of the footnote or endnote that it is, or "".
    """

    text: str
    number: int
    gap: bool = True
    indent: int = 0
    heading: int = 0
    label: Label | None = None
    bullet: bool = False
    depth: int = 0
    row: bool = False
    note: str = ""

    @property
    def marker(self) -> str:
        """The bullet printed in front, or ""."""
        found = _BULLET.match(self.text)
        return found.group() if found and len(self.text) > found.end() else ""

    @property
    def is_bullet(self) -> bool:
        """Whether it opens a list item without a number."""
        return self.bullet or bool(self.marker)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader found in one source.

    Attributes:
        title, date, issuer, source_url, language: What metadata or markup says, or None.
        left_out: What the reader itself left out, and why.
        source: All text of the source as the reader came upon it, before anything was left out.
        paged: Whether `Line.number` counts pages.
    """

    lines: Sequence[Line]
    title: str | None = None
    date: str | None = None
    issuer: str | None = None
    source_url: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = ()
    source: str = ""
    paged: bool = False


def collapse(text: str) -> str:
    """Return `text` with runs of white space, no-break ones included, made one space."""
    return " ".join(text.split())


def ends_sentence(text: str) -> bool:
    """Whether `text` ends with a mark after which a new sentence or item may begin."""
    return text.rstrip(_CLOSERS).endswith(_TERMINAL) or text.endswith(_TERMINAL)


def opens_list(text: str) -> bool:
    """Whether `text` leads into what follows: it ends with a colon, a comma or a dash."""
    return text.rstrip("*_ ").endswith((":", "：", ",", "–", "—"))


def starts_lower(text: str) -> bool:
    """Whether the first letter or digit of `text` is a lower-case letter: it goes on from something."""
    return text[:1].islower()


_OVERRIDES = re.compile("[\u202d\u202e]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202c\u2066-\u2069\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
_WARNING = "Control characters that no reader sees were left out."
_OFF_THE_WEB = (
    "What stands there as the address of the source, “{}”, is no address of the web; it was left out."
)
_REFUSED = (
    "the text holds a direction override (U+%04X), which shows letters in another order than they stand in. "
    "Take it out, then ingest again."
)


def clean_lines(name: str, found: Extracted) -> Extracted:
    """Return what a reader found without unseen characters.

    Raises:
        SourceError: It holds a direction override.
    """
    lines = [line for line in (_clean_line(name, line) for line in found.lines) if line.text or line.label]
    fields = ("title", "date", "issuer", "source_url", "language")
    cleaned: dict[str, Any] = {field: clean_text(name, getattr(found, field)) for field in fields}
    texts = [*(line.text for line in found.lines), *(getattr(found, field) or "" for field in fields)]
    left_out = tuple(replace(left, text=_plain(left.text)) for left in found.left_out)
    warnings = (*found.warnings, *_warnings(texts))
    return replace(found, lines=lines, warnings=warnings, left_out=left_out, **cleaned)


def clean_readout(name: str, readout: Readout) -> Readout:
    """Return a readout that came finished without unseen characters.

    Raises:
        SourceError: It holds a direction override, or a paragraph of nothing but unseen characters.
    """
    texts = list(_texts(readout))
    address = clean_text(name, readout.source_url)
    is_no_address = address and web_address(address) is None
    odd = (_OFF_THE_WEB.format(collapse(address or "")),) if is_no_address else ()
    paragraphs = tuple(_clean_paragraph(name, paragraph) for paragraph in readout.paragraphs)
    return replace(
        readout,
        title=clean_text(name, readout.title) or "Untitled",
        paragraphs=paragraphs,
        issuer=clean_text(name, readout.issuer),
        source_url=web_address(address),
        language=clean_text(name, readout.language) or "en",
        warnings=(
            *(clean_text(name, warning) or "" for warning in readout.warnings),
            *_warnings(texts),
            *odd,
        ),
    )


def clean_text(name: str, text: str | None, line: int | None = None) -> str | None:
    """Return `text` without unseen characters, or None for None.

    Raises:
        SourceError: It holds a direction override; `line` is named.
    """
    if text is None:
        return None
    if found := _OVERRIDES.search(text):
        raise SourceError(name, _REFUSED % ord(found.group()), line)
    return _UNSEEN.sub("", text)


def web_address(text: str | None) -> str | None:
    """Return an address where a reader may be sent there, by http or https; None for whatever else it is."""
    try:
        found = urlsplit(text or "")
        return text if found.scheme in ("http", "https") and found.hostname else None
    except ValueError:
        return None


def printable(text: str) -> str:
    """Return `text` with a space for everything that is not seen: for names in reports."""
    return "".join(c if c.isprintable() else " " for c in text)


def _texts(readout: Readout) -> Iterator[str]:
    yield from (readout.title, readout.issuer or "", readout.source_url or "", readout.language)
    for paragraph in readout.paragraphs:
        yield from (paragraph.number, paragraph.text, paragraph.heading or "")


def _warnings(texts: Sequence[str]) -> tuple[str, ...]:
    return (_WARNING,) if any(_UNSEEN.search(text) for text in texts) else ()


def _clean_line(name: str, line: Line) -> Line:
    text = clean_text(name, line.text, line.number) or ""
    return line if text == line.text else replace(line, text=collapse(text))


def _clean_paragraph(name: str, paragraph: Paragraph) -> Paragraph:
    text, number = clean_text(name, paragraph.text), clean_text(name, paragraph.number)
    if text == paragraph.text and number == paragraph.number and not _unseen(paragraph.heading):
        return paragraph
    if not text or not number:
        raise SourceError(name, "a paragraph holds nothing but control characters. Correct or remove it.")
    return replace(paragraph, text=collapse(text), number=number, heading=clean_text(name, paragraph.heading))


def _plain(text: str) -> str:
    """Return words that nobody will quote without characters that would change how they are shown."""
    return collapse(_UNSEEN.sub("", _OVERRIDES.sub("", text)))


def _unseen(text: str | None) -> bool:
    return bool(text and (_UNSEEN.search(text) or _OVERRIDES.search(text)))

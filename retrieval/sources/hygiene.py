"""Characters that no reader sees and that change what is shown: dropped with a warning, or a refusal.

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
from dataclasses import replace

from retrieval.errors import SourceError
from retrieval.models import Paragraph, Readout
from retrieval.sources.lines import Extracted, Line, collapse

_OVERRIDES = re.compile("[\u202d\u202e]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202c\u2066-\u2069\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
_WARNING = "Control characters that no reader sees were left out."
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
    cleaned = {field: clean_text(name, getattr(found, field)) for field in fields}
    texts = [*(line.text for line in found.lines), *(getattr(found, field) or "" for field in fields)]
    left_out = tuple(replace(left, text=_plain(left.text)) for left in found.left_out)
    return replace(
        found,
        lines=lines,
        warnings=(*found.warnings, *_warnings(texts)),
        left_out=left_out,
        title=cleaned["title"],
        date=cleaned["date"],
        issuer=cleaned["issuer"],
        source_url=cleaned["source_url"],
        language=cleaned["language"],
    )


def clean_readout(name: str, readout: Readout) -> Readout:
    """Return a readout that came finished without unseen characters.

    Raises:
        SourceError: It holds a direction override, or a paragraph of nothing but unseen characters.
    """
    texts = list(_texts(readout))
    paragraphs = tuple(_clean_paragraph(name, paragraph) for paragraph in readout.paragraphs)
    return replace(
        readout,
        title=clean_text(name, readout.title) or "Untitled",
        paragraphs=paragraphs,
        issuer=clean_text(name, readout.issuer),
        source_url=clean_text(name, readout.source_url),
        language=clean_text(name, readout.language) or "en",
        warnings=(*(clean_text(name, warning) or "" for warning in readout.warnings), *_warnings(texts)),
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

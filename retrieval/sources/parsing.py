"""Bytes -> readouts: which format it is, then title, numbers and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from retrieval.errors import SourceError
from retrieval.language.detection import guess_language
from retrieval.models import Numbering, Paragraph, Readout
from retrieval.sources.account import Book, page_numbers
from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.decoding import (
    Legibility,
    as_utf8,
    decode,
    head,
    is_doc,
    is_docx,
    is_epub,
    is_odt,
    is_pdf,
    is_rtf,
    legibility,
    unreadable,
)
from retrieval.sources.formats.html import looks_like_html
from retrieval.sources.formats.markdown import looks_like_markdown, read_markdown, read_plain, with_notes
from retrieval.sources.front_matter import read_front
from retrieval.sources.headings import split_parts
from retrieval.sources.hygiene import clean_lines, clean_readout, printable
from retrieval.sources.identity import humanised, id_of, make_id, says_something
from retrieval.sources.interchange import Overrides
from retrieval.sources.labels import candidates
from retrieval.sources.limits import MAX_BYTES, MAX_LINE_CHARS, MAX_LINES, MAX_PARAGRAPH_CHARS, MAX_TEXT_CHARS
from retrieval.sources.lines import Extracted, Line, starts_lower
from retrieval.sources.numbering import Draft, number_paragraphs, numbering_warnings
from retrieval.sources.numbering_plan import contents_rows, make_plan
from retrieval.sources.sequences import split_missed_breaks

PARSER_VERSION = 4
"""Goes up when the same bytes become other paragraphs, so that a revision says what read it."""

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/json": ".json",
    "text/markdown": ".md",
}
_TOO_LONG = f"a paragraph has more than {MAX_PARAGRAPH_CHARS:,} characters. Part it by blank lines where paragraphs begin."

_NOISY = (
    "Much of the text does not read like words, as text recognition (OCR) leaves it. Compare it with the original "
    "before anybody relies on quotes of it."
)

_NESTED = "the page's tags are nested too deep to be read. Save its text instead."

Reader = Callable[[str, bytes], "Extracted | list[Readout]"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read.

    Attributes:
        suffixes: The extensions it usually has; the first format that recognises the bytes wins over them.
        recognises: Whether bytes are certainly of this format.
        read: Lines to be numbered, or finished readouts.
        by_name: Whether a file is taken for it by its extension; where the bytes always say, its lines have no
            number that an editor would find, either.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Reader
    by_name: bool = True


def parse(
    name: str,
    data: bytes,
    overrides: Overrides | None = None,
    *,
    content_type: str | None = None,
    is_address: bool = False,
) -> list[Readout]:
    """Return the readouts in `data`, at least one.

    Args:
        name: The file's name or path, or an address: a hint at the format, and what errors name.
        overrides: Corrections of an admin.
        content_type: As a server states it, "text/html; charset=euc-jp"; believed where the bytes do not say.
        is_address: The name is the end of an address: it is the id, whatever it says; a file's may say nothing.

    Raises:
        SourceError: `data` cannot become a readout; it names the line where there is one.
    """
    name = printable(name)
    check_size(name, len(data))
    if overrides is not None and overrides.encoding:
        data = _transcoded(name, data, overrides.encoding)
    known = _format_of(name, data, content_type)
    data = data if content_type is None else as_utf8(data, content_type)
    found = known.read(name, data)
    if isinstance(found, list):
        readouts = [clean_readout(name, readout) for readout in found]
    else:
        bounded = _bounded(name, clean_lines(name, found), lined=known.by_name)
        readouts = [_readout(name, bounded, is_address=is_address)]
    if any(len(p.text) > MAX_PARAGRAPH_CHARS for readout in readouts for p in readout.paragraphs):
        raise SourceError(name, _TOO_LONG)
    if overrides is None:
        return readouts
    if len(readouts) > 1:
        raise SourceError(
            name, "a .meta.toml corrects one readout, and this file holds several. Correct them in it."
        )
    return [overrides.apply(readouts[0])]


def _transcoded(name: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except (UnicodeError, LookupError, AttributeError) as error:
        problem = f"it is not in the encoding that its .meta.toml says ({encoding}). Correct it there."
        raise SourceError(name, problem) from error


def check_size(name: str, size: int) -> None:
    """Refuse a source of more than `MAX_BYTES`.

    Raises:
        SourceError: It is larger.
    """
    if size > MAX_BYTES:
        problem = f"the file is larger than {MAX_BYTES // 1_000_000} MB. Split it, or save only its text."
        raise SourceError(name, problem)


def _bounded(name: str, found: Extracted, *, lined: bool) -> Extracted:
    """Refuse more text than a document has."""
    if len(found.lines) > MAX_LINES:
        raise SourceError(name, f"the source has more than {MAX_LINES:,} lines of text. Split it.")
    if sum(len(line.text) for line in found.lines) > MAX_TEXT_CHARS:
        raise SourceError(name, f"the source holds more than {MAX_TEXT_CHARS:,} characters. Split it.")
    for line in found.lines:
        if len(line.text) > MAX_LINE_CHARS:
            raise SourceError(name, _TOO_LONG, line.number if lined else None)
    return found


def _format_of(name: str, data: bytes, content_type: str | None = None) -> Format:
    for known in FORMATS:
        if known.recognises(data):
            return known
    stated = (content_type or "").partition(";")[0].strip().lower()
    suffix = _SUFFIXES.get(stated) or PurePath(name).suffix.lower()
    named = (known for known in FORMATS if suffix in known.suffixes and known.by_name)
    return next(named, FORMATS[-1])


def is_known(name: str) -> bool:
    """Whether a file of this name is read when its folder is."""
    return any(PurePath(name).suffix.lower() in known.suffixes for known in FORMATS)


def _readout(name: str, found: Extracted, *, is_address: bool) -> Readout:
    book = Book(found)
    lines = split_missed_breaks(book.without_furniture())
    front = read_front(lines, _end_of_top(lines), found)
    for line, reason in front.left_out:
        book.leave_out([line], reason)
    draft = Draft()
    draft.add("header", front.header or "", Numbering.COUNTED)
    _number(draft, book, lines[front.size :])
    draft.heading = draft.part = None
    for line in book.notes:
        draft.add(f"note {line.note}", line.text, Numbering.COUNTED)
    paragraphs = draft.finished()
    if not any(paragraph.number != "header" for paragraph in paragraphs):
        problem = "no paragraph was found in it. Check that the file holds the text of the readout."
        raise SourceError(name, problem)
    stem = _stem(name)
    warnings = [*found.warnings, *numbering_warnings(paragraphs), *book.warnings(paragraphs, front.title)]
    if legibility(" ".join(p.text for p in paragraphs)) is not Legibility.FINE:
        warnings.insert(0, _NOISY)
    if not front.title:
        warnings.insert(0, "No title was found; the file's name stands for it.")
    return Readout(
        id=make_id(stem)
        if is_address or says_something(stem) or not front.title
        else id_of(front.title, front.date),
        title=front.title or humanised(stem),
        paragraphs=paragraphs,
        date=front.date,
        issuer=front.issuer,
        source_url=found.source_url,
        language=found.language or guess_language(_sample(paragraphs)),
        warnings=tuple(warnings),
        left_out=tuple(book.left_out),
    )


def _end_of_top(lines: Sequence[Line]) -> int | None:
    """Return where the top of a source ends at the latest: at its first number or its first part."""
    first = split_parts(lines)[0]
    if first.name is not None:
        return 0
    plan = make_plan(lines[: first.end])
    found = min((*plan.labels, *plan.headings), default=None)
    return first.end if found is None and first.end < len(lines) else found


def _number(draft: Draft, book: Book, lines: Sequence[Line]) -> None:
    """Number the parts of a source one by one."""
    parts = [(part, list(lines[part.start : part.end])) for part in split_parts(lines)]
    plans = []
    for part, own in parts:
        if part.name is not None:
            own = _named(part.name, own)
        plan = make_plan(own)
        surplus = page_numbers(own, {*plan.labels, *plan.headings}), contents_rows(own, plan.labels)
        if any(surplus):
            book.leave_out([own[i] for i in sorted(surplus[0])], "page number")
            book.leave_out([own[i] for i in sorted(surplus[1] - surplus[0])], "table of contents")
            own = [line for i, line in enumerate(own) if i not in surplus[0] | surplus[1]]
            plan = make_plan(own)
        plans.append((part, own, plan))
        book.labels += [own[i].text[: label.end] for i, label in plan.labels.items()]
    numbered = any(plan.labels for part, _, plan in plans if not part.is_annex)
    for part, own, plan in plans:
        draft.part = part.name
        draft.loose = "annex" if part.is_annex else "intro"
        draft.enter(None)
        number_paragraphs(draft, own, plan, counts=not numbered)
        draft.close()


def _named(name: str, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a part without its name, or with a heading where that line says more; its title is one."""
    first, *rest = lines
    if first.text.casefold() != name.casefold() or not rest:
        return [replace(first, heading=2, gap=True), *rest]
    second, *others = rest
    return [replace(second, gap=True, heading=2 if _is_title(second, others) else second.heading), *others]


def _is_title(line: Line, after: Sequence[Line]) -> bool:
    goes_on = bool(after) and not after[0].gap and starts_lower(after[0].text)
    return (
        reads_as_heading(line.text)
        and not candidates(line.text)
        and not goes_on
        and bool(after)
        and not line.row
    )


def _stem(name: str) -> str:
    """Return the last part of a path or an address without its extension, whatever system wrote it."""
    return PurePath(re.split(r"[\\/]", name.rstrip("\\/"))[-1]).stem


def _sample(paragraphs: Sequence[Paragraph]) -> str:
    return " ".join(paragraph.text for paragraph in paragraphs[:10])[:4000]


def _read_text(name: str, data: bytes) -> Extracted:
    """Read plain text, and text with Markdown's markup."""
    text, warnings = decode(name, data)
    from retrieval.sources.formats.markdown import split_front_matter

    matter, body, first_line = split_front_matter(name, text)
    marked = PurePath(name).suffix.lower() in _MARKDOWN.suffixes or looks_like_markdown(body)
    lines, left = read_markdown(body, first_line) if marked else (read_plain(body, first_line), [])
    lines, marks = with_notes(lines)
    return replace(matter or Extracted(()), lines=lines, warnings=warnings, left_out=(*left, *marks))


def _read_html(name: str, data: bytes) -> Extracted:
    from retrieval.sources.formats.html import declared_encoding, read_html

    text, warnings = decode(name, data, declared=declared_encoding(data))
    try:
        return replace(read_html(text), warnings=warnings)
    except SourceError as error:
        raise SourceError(name, error.problem) from error
    except RecursionError as error:
        raise SourceError(name, _NESTED) from error


def _read_mail(name: str, data: bytes) -> Extracted:
    from retrieval.sources.formats.mail import read_mail

    try:
        return read_mail(data)
    except (SourceError, RecursionError) as error:
        problem = error.problem if isinstance(error, SourceError) else _NESTED
        raise SourceError(name, problem) from error


def _read_json(name: str, data: bytes) -> list[Readout]:
    from retrieval.sources.interchange import read_json, read_jsonl

    text, _ = decode(name, data)
    if PurePath(name).suffix.lower() in {".jsonl", ".ndjson"}:
        return read_jsonl(name, text)
    return read_json(name, text, _stem(name))


def _confined(kind: str) -> Reader:
    def read(name: str, data: bytes) -> Extracted:
        from retrieval.sources.confined import read_confined

        return read_confined(kind, name, data)

    return read


def _read_doc(name: str, data: bytes) -> Extracted:
    from retrieval.sources.confined import read_confined
    from retrieval.sources.formats.office import as_docx

    return read_confined("docx", name, as_docx(name, data))


def _refuse(name: str, data: bytes) -> Extracted:
    raise SourceError(name, unreadable(data, PurePath(name).suffix.lower()) or "this is not a text file.")


def _never(_data: bytes) -> bool:
    return False


def _looks_like_json(data: bytes) -> bool:
    start = head(data, 200).lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b'{"', b"[{")) or (
        start.startswith(b"{") and start[1:].lstrip().startswith(b'"')
    )


_MARKDOWN = Format("Markdown", (".md", ".markdown"), _never, _read_text)
# The first that recognises the bytes reads them, else the first whose extension fits, else the last.
FORMATS: tuple[Format, ...] = (
    Format("PDF", (".pdf",), is_pdf, _confined("pdf"), by_name=False),
    Format("DOCX", (".docx",), is_docx, _confined("docx"), by_name=False),
    Format("OpenDocument", (".odt", ".ott"), is_odt, _confined("odt"), by_name=False),
    Format("e-book", (".epub",), is_epub, _confined("epub"), by_name=False),
    Format("RTF", (".rtf",), is_rtf, _confined("rtf"), by_name=False),
    Format("DOC", (".doc",), is_doc, _read_doc, by_name=False),
    Format("unreadable", (), lambda data: unreadable(data) is not None, _refuse),
    Format("JSON", (".json", ".jsonl", ".ndjson"), _looks_like_json, _read_json),
    Format("HTML", (".html", ".htm", ".xhtml"), looks_like_html, _read_html),
    Format("e-mail", (".eml",), _never, _read_mail),
    _MARKDOWN,
    Format("text", (".txt", ".text"), _never, _read_text),
)

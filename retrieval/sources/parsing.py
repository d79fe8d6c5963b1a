"""Bytes -> readouts: which format it is, then title, numbers and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import PurePath

from retrieval.errors import SourceError
from retrieval.models import LeftOut, Numbering, Readout
from retrieval.sources.account import Book, page_numbers
from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.decoding import (
    DOCUMENTS,
    Legibility,
    decode,
    guess_language,
    head,
    legibility,
    unreadable,
)
from retrieval.sources.formats.html_file import declared_encoding, looks_like_html, read_html
from retrieval.sources.formats.markdown import (
    looks_like_markdown,
    read_markdown,
    read_plain,
    split_front_matter,
    with_notes,
)
from retrieval.sources.front_matter import read_front
from retrieval.sources.headings import split_parts
from retrieval.sources.identity import humanised, id_of, make_id, says_something
from retrieval.sources.interchange import Overrides
from retrieval.sources.labels import candidates
from retrieval.sources.lines import (
    MAX_BYTES,
    MAX_LINE_CHARS,
    MAX_LINES,
    MAX_PARAGRAPH_CHARS,
    MAX_TEXT_CHARS,
    Extracted,
    Line,
    clean_lines,
    clean_readout,
    collapse,
    printable,
    starts_lower,
)
from retrieval.sources.numbering import Draft, number_paragraphs, numbering_warnings
from retrieval.sources.numbering_plan import contents_rows, make_plan
from retrieval.sources.sequences import split_missed_breaks

PARSER_VERSION = 4
"""Goes up when the same bytes become other paragraphs, so that a revision says what read it."""

_MARKDOWN = (".md", ".markdown")
_TOO_LONG = f"a paragraph has more than {MAX_PARAGRAPH_CHARS:,} characters. Part it by blank lines where paragraphs begin."

_NOISY = (
    "Much of the text does not read like words, as text recognition (OCR) leaves it. Compare it with the original "
    "before anybody relies on quotes of it."
)

_NO_TEXT = "the e-mail has no text of its own. Save what is attached to it, and ingest that."
_DAMAGED = "the e-mail is damaged and cannot be read. Save its text in a file of its own."
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

    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Reader
    by_name: bool = True


def parse(
    name: str, data: bytes, overrides: Overrides | None = None, *, is_address: bool = False
) -> list[Readout]:
    """Return the readouts in `data`, at least one.

    Args:
        name: The file's name or path, or an address: a hint at the format, and what errors name.
        overrides: Corrections of an admin.
        is_address: The name is the end of an address: it is the id, whatever it says; a file's may say nothing.

    Raises:
        SourceError: `data` cannot become a readout; it names the line where there is one.
    """
    name = printable(name)
    check_size(name, len(data))
    if overrides is not None and overrides.encoding:
        data = _transcoded(name, data, overrides.encoding)
    known = _format_of(name, data)
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
        problem = "a .meta.toml corrects one readout, and this file holds several. Correct them in it."
        raise SourceError(name, problem)
    return [overrides.apply(readouts[0])]


def _transcoded(name: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except (UnicodeError, LookupError, AttributeError) as error:
        problem = f"it is not in the encoding that its .meta.toml says ({encoding}). Correct it there."
        raise SourceError(name, problem) from error


def check_size(name: str, size: int) -> None:
    """Raise a SourceError for a source of more than `MAX_BYTES`."""
    if size > MAX_BYTES:
        problem = f"the file is larger than {MAX_BYTES // 1_000_000} MB. Split it, or save only its text."
        raise SourceError(name, problem)


def _bounded(name: str, found: Extracted, *, lined: bool) -> Extracted:
    if len(found.lines) > MAX_LINES:
        raise SourceError(name, f"the source has more than {MAX_LINES:,} lines of text. Split it.")
    if sum(len(line.text) for line in found.lines) > MAX_TEXT_CHARS:
        raise SourceError(name, f"the source holds more than {MAX_TEXT_CHARS:,} characters. Split it.")
    for line in found.lines:
        if len(line.text) > MAX_LINE_CHARS:
            raise SourceError(name, _TOO_LONG, line.number if lined else None)
    return found


def _format_of(name: str, data: bytes) -> Format:
    suffix = PurePath(name).suffix.lower()
    recognised = (known for known in FORMATS if known.recognises(data))
    named = (known for known in FORMATS if suffix in known.suffixes and known.by_name)
    return next(chain(recognised, named), FORMATS[-1])


def is_readable(name: str) -> bool:
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
    is_named = is_address or says_something(stem) or not front.title
    return Readout(
        id=make_id(stem) if is_named else id_of(front.title or "", front.date),
        title=front.title or humanised(stem),
        paragraphs=paragraphs,
        date=front.date,
        issuer=front.issuer,
        source_url=found.source_url,
        language=found.language or guess_language(" ".join(p.text for p in paragraphs[:10])[:4000]),
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
    if not after or line.row or (not after[0].gap and starts_lower(after[0].text)):
        return False
    return reads_as_heading(line.text) and not candidates(line.text)


def _stem(name: str) -> str:
    """Return the last part of a path or an address without its extension, whatever system wrote it."""
    return PurePath(re.split(r"[\\/]", name.rstrip("\\/"))[-1]).stem


def _read_text(name: str, data: bytes) -> Extracted:
    """Read plain text, and text with Markdown's markup."""
    text, warnings = decode(name, data)
    matter, body, first_line = split_front_matter(name, text)
    marked = PurePath(name).suffix.lower() in _MARKDOWN or looks_like_markdown(body)
    lines, left = read_markdown(body, first_line) if marked else (read_plain(body, first_line), [])
    lines, marks = with_notes(lines)
    return replace(matter or Extracted(()), lines=lines, warnings=warnings, left_out=(*left, *marks))


def _read_html(name: str, data: bytes) -> Extracted:
    text, warnings = decode(name, data, declared=declared_encoding(data))
    with _named_in_errors(name):
        return replace(read_html(text), warnings=warnings)


def _read_mail(name: str, data: bytes) -> Extracted:
    """Read the text of an e-mail; what is attached to it is left out by its names."""
    from email import message_from_bytes
    from email.message import EmailMessage
    from email.policy import default
    from email.utils import parseaddr, parsedate_to_datetime

    try:
        message = message_from_bytes(data, EmailMessage, policy=default)
        body = message.get_body(("html", "plain"))
        text = None if body is None else body.get_content()
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(name, _DAMAGED) from error
    if body is None or not isinstance(text, str) or not text.strip():
        raise SourceError(name, _NO_TEXT)
    with _named_in_errors(name):
        is_page = body.get_content_type() == "text/html"
        found = read_html(text) if is_page else Extracted(read_plain(text), source=text)
        try:
            date = parsedate_to_datetime(str(message["Date"])).date().isoformat()
        except (TypeError, ValueError):
            date = None
        attached = (each.get_filename() or each.get_content_type() for each in message.iter_attachments())
        return replace(
            found,
            title=collapse(str(message.get("Subject", ""))) or found.title,
            date=date or found.date,
            issuer=parseaddr(str(message.get("From", "")))[0] or found.issuer,
            left_out=(*found.left_out, *(LeftOut("attachment", each) for each in attached)),
        )


@contextmanager
def _named_in_errors(name: str) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        raise SourceError(name, error.problem) from error
    except RecursionError as error:
        raise SourceError(name, _NESTED) from error


def _read_json(name: str, data: bytes) -> list[Readout]:
    from retrieval.sources.interchange import read_json, read_jsonl

    text, _ = decode(name, data)
    if PurePath(name).suffix.lower() in {".jsonl", ".ndjson"}:
        return read_jsonl(name, text)
    return read_json(name, text, _stem(name))


def _read_confined(kind: str, name: str, data: bytes) -> Extracted:
    from retrieval.sources import confined

    if kind == "doc":
        kind, data = "docx", confined.as_docx(name, data)
    return confined.read_confined(kind, name, data)


def _refuse(name: str, data: bytes) -> Extracted:
    raise SourceError(name, unreadable(data, PurePath(name).suffix.lower()) or "this is not a text file.")


def _looks_like_json(data: bytes) -> bool:
    start = head(data, 200).lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"[{") or (start.startswith(b"{") and start[1:].lstrip().startswith(b'"'))


# The first that recognises the bytes reads them, else the first whose extension fits, else the last.
FORMATS: tuple[Format, ...] = (
    *(Format(suffixes, known, partial(_read_confined, kind), False) for kind, suffixes, known in DOCUMENTS),
    Format((), lambda data: unreadable(data) is not None, _refuse),
    Format((".json", ".jsonl", ".ndjson"), _looks_like_json, _read_json),
    Format((".html", ".htm", ".xhtml"), looks_like_html, _read_html),
    Format((".eml",), lambda _: False, _read_mail),
    Format(_MARKDOWN, lambda _: False, _read_text),
    Format((".txt", ".text"), lambda _: False, _read_text),
)

"""A PDF file -> lines, or the reason why not; what stands around the text of its pages left out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.account import is_page_mark
from retrieval.sources.decoding import Legibility, legibility
from retrieval.sources.formats.pdf_columns import Row, beside_marks, read_pages
from retrieval.sources.formats.pdf_glyphs import Rule, Run, read_rules, read_runs, turning
from retrieval.sources.formats.pdf_lines import join_rows, read_setting
from retrieval.sources.formats.pdf_tables import with_tables
from retrieval.sources.formats.word_processors import damaged, title_at_top
from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.lines import MAX_PAGE_CHARS, MAX_PAGES, MAX_TEXT_CHARS, Extracted, Line

_SCANNED_BELOW = 12  # letters a page, on average
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_MOST_UNREADABLE = 0.05
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SECURITY = 5  # FPDF_ERR_SECURITY
_ENCRYPTED = "the PDF is encrypted and opens only with a password. Save a copy without one, then ingest that."
_SCANNED = (
    "the PDF has no text: its pages are pictures, as a scanner makes them. Run text recognition (OCR) over it, "
    "or ingest the text itself."
)
_GARBLED = "the PDF does not say which letters its fonts stand for, so its text cannot be read. Save the text itself."
_TOO_MANY_PAGES = f"the PDF has %s pages; at most {MAX_PAGES:,} are read. Split it."
_TOO_LONG = f"the PDF holds more than {MAX_TEXT_CHARS:,} characters of text. Split it."
_CROWDED = f"page %d of the PDF holds more than {MAX_PAGE_CHARS:,} characters. Save its text instead."


def read_pdf(data: bytes) -> Extracted:
    """Return the lines of a PDF; `Line.number` is the page.

    Raises:
        SourceError: Encrypted, scanned, damaged or too long.
    """
    document = _opened(data)
    count = len(document)
    if count > MAX_PAGES:
        raise SourceError("", _TOO_MANY_PAGES % f"{count:,}")
    pages, drawn = _pages(document, count)
    runs = [run for page_runs, _ in pages for run in page_runs]
    _check_text(runs, count)
    tabled, marks = with_tables([beside_marks(found) for found, _ in pages], drawn)
    rows = read_pages(tabled)
    read = [Page(found, height) for found, (_, height) in zip(rows, pages, strict=True)]
    size = body_size(read)
    read, left = without_running_heads(read, size)
    read, notes, note_marks = without_footnotes(read, size)
    body = [row for page in read for row in page.rows]
    lines = [*join_rows(body, read_setting(body, size)), *notes]
    empty = [number for number, (found, _) in enumerate(pages, 1) if not found]
    listed = ", ".join(map(str, empty[:10])) + (" and others" if len(empty) > 10 else "")
    return Extracted(
        lines,
        title=title_at_top(document.get_metadata_value("Title"), lines),
        warnings=(f"No text was found on page {listed}: blank, or a picture.",) if empty else (),
        left_out=(*left, *note_marks, *marks),
        source=" ".join(run.text for run in runs),
        paged=True,
    )


def _opened(data: bytes) -> Any:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (_PASSWORD, _SECURITY) or "password" in str(error).lower():
            raise SourceError("", _ENCRYPTED) from error
        raise damaged("a PDF") from error


def _pages(document: Any, count: int) -> tuple[list[tuple[list[Run], float]], list[list[Rule]]]:
    """Return the runs and the height of each page, and the lines that are drawn on it."""
    import pypdfium2 as pdfium

    out: list[tuple[list[Run], float]] = []
    rules: list[list[Rule]] = []
    total = 0
    for number in range(count):
        try:
            page = document[number]
        except pdfium.PdfiumError as error:
            problem = f"page {number + 1} of the PDF is damaged. Open it, save it anew, and try again."
            raise SourceError("", problem) from error
        textpage = page.get_textpage()
        size = textpage.count_chars()
        if size > MAX_PAGE_CHARS:
            raise SourceError("", _CROWDED % (number + 1))
        total += size
        if total > MAX_TEXT_CHARS:
            raise SourceError("", _TOO_LONG)
        rules.append(read_rules(page, turning(page)))
        out.append((read_runs(page, textpage, rules[-1]), page.get_size()[1]))
        textpage.close()
        page.close()
    return out, rules


def _check_text(runs: Sequence[Run], pages: int) -> None:
    letters = sum(len(run.text) for run in runs)
    if letters < _SCANNED_BELOW * pages:
        raise SourceError("", _SCANNED)
    unreadable = sum(len(_UNREADABLE.findall(run.text)) for run in runs)
    text = " ".join(run.text for run in runs)
    if unreadable > _MOST_UNREADABLE * letters or legibility(text) is Legibility.GIBBERISH:
        raise SourceError("", _GARBLED)


_ZONE = 0.13  # of the page's height
_OUTERMOST = 4  # rows from the edge that can be a running head
_SAME_PLACE = 4.0  # points
_WHITE = 1.7  # sizes from one baseline to the next: more parts a head from the text
_OFTEN = 0.6  # of the pages: a head, though no white parts it from the text
_SMALL = 0.92  # of the body's size
_PAGE_NUMBER = re.compile(r"[-–—\s]*(?:\d{1,4}|[ivxlc]{1,6})[-–—\s]*")
_DIGITS = re.compile(r"\d+")
_NOTE = re.compile(r"(?P<mark>\d{1,3}|[*†‡]{1,3})(?:[.)/]|(?=[\s*A-Z“\"]))\s*(?P<text>\S)")
_STROKED = re.compile(r"\s?(?<![\d/])(\d{1,3})/(?=[\s,.;:)]|$)")
_RULE = re.compile(r"[_—–-]{5,}")
_CODE = re.compile(
    r"""
    # of the print shop, at the foot of the first page; "/..." says that the text goes on
    (?:\d{1,3}/\d{1,3}\s+)?\*?\d{2}-\d{4,6}\*?(?:\s*\([A-Z]\))?(?:\s*\d{6})?(?:\s+\d{1,3}/\d{1,3})?
    |\*\d{5,12}\*|/\.{2,3}(?:\s.{1,40})?
    """,
    re.VERBOSE,
)
_LARGE = 1.3  # times the body's size: more than a page number
_HEAD = 1.05  # times the body's size: a running head is no larger
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page in reading order.

    Attributes:
        height: In points.
    """

    rows: Sequence[Row]
    height: float


def without_running_heads(pages: Sequence[Page], size: float) -> tuple[list[Page], list[LeftOut]]:
    """Drop rows at the edges that repeat another page's or the document's own top, and page numbers.

    Args:
        size: Of the body, in points.
    """
    places: dict[str, dict[int, float]] = defaultdict(dict)
    for number, page in enumerate(pages):
        for row, _ in _edges(page):
            places[_key(row)].setdefault(number, row.base)
    top = _words_of_top(pages)
    often = max(3, _OFTEN * len(pages))
    out: list[Page] = []
    left: list[LeftOut] = []
    for number, page in enumerate(pages):
        edges = {id(row): apart for row, apart in _edges(page)}
        kept = []
        for row in page.rows:
            reason = None
            if id(row) in edges:
                times = 2 if edges[id(row)] else often
                if row.size <= _LARGE * size and _is_page_number(row, page):
                    reason = "page number"
                elif _comes_again(places[_key(row)], number, row, times) or (
                    number and edges[id(row)] and row.size <= _HEAD * size and _repeats(row, page, top)
                ):
                    reason = "running head"
                elif _CODE.fullmatch(row.text):
                    reason = "document code"
            if reason:
                left.append(LeftOut(reason, row.text, f"page {row.page}"))
            else:
                kept.append(row)
        out.append(replace(page, rows=kept))
    return out, left


def _words_of_top(pages: Sequence[Page]) -> set[str]:
    """Return the words of the upper half of the first page: masthead and title."""
    rows = [row for page in pages[:1] for row in page.rows if row.base > page.height / 2]
    return {word for row in rows for word in _WORD.findall(row.text.casefold())}


def _repeats(row: Row, page: Page, top: set[str]) -> bool:
    """Whether a row above the text of a later page says nothing but what the document's top says."""
    words = _WORD.findall(row.text.casefold())
    return row.base > page.height / 2 and len(words) > 1 and set(words) <= top


def _edges(page: Page) -> Iterator[tuple[Row, bool]]:
    """Yield the rows of the upper and of the lower margin, with whether white parts them from the text."""
    upper = sorted(page.rows, key=lambda row: -row.base)
    for rows in (upper, upper[::-1]):
        group = _outermost(rows)
        apart = len(group) <= _OUTERMOST and len(group) < len(rows)
        for row in group[:_OUTERMOST]:
            if not _ZONE * page.height <= row.base <= (1 - _ZONE) * page.height:
                yield row, apart


def _outermost(rows: Sequence[Row]) -> list[Row]:
    """Return the first of `rows` up to where white is left between two."""
    group = list(rows[:1])
    for row in rows[1:]:
        if abs(row.base - group[-1].base) > _WHITE * max(row.size, group[-1].size):
            break
        group.append(row)
    return group


def _key(row: Row) -> str:
    """Return the text with page numbers made one; "3. We" is the start of a paragraph, not of page 3."""
    numbered = any(label.strength == STRONG for label in candidates(row.text))
    plain = row.text if numbered else _DIGITS.sub("#", row.text)
    return " ".join(sorted(plain.split()))  # left and right pages mirror each other


def _comes_again(places: dict[int, float], number: int, row: Row, often: float) -> bool:
    """Whether `row` stands in the same place on `often` pages, its own included."""
    others = sum(other != number and abs(base - row.base) < _SAME_PLACE for other, base in places.items())
    return others + 1 >= often


def _is_page_number(row: Row, page: Page) -> bool:
    """Whether the outermost row is a number alone."""
    bases = [other.base for other in page.rows]
    outermost = row.base in (min(bases), max(bases))
    return outermost and bool(_PAGE_NUMBER.fullmatch(row.text) or is_page_mark(row.text))


def body_size(pages: Sequence[Page]) -> float:
    """Return the size in points that most letters of the document have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for row in page.rows:
            sizes[round(row.size, 1)] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def without_footnotes(pages: Sequence[Page], size: float) -> tuple[list[Page], list[Line], list[LeftOut]]:
    """Take the notes out that stand under a rule or in small print at the foot of a page, and their marks.

    Args:
        size: Of the body, in points.

    Returns:
        The pages, the notes as lines, and the marks as left out.
    """
    out: list[Page] = []
    notes: list[Line] = []
    left: list[LeftOut] = []
    for page in pages:
        found, rules = _notes(page, size)
        own = _note_lines([page.rows[i] for i in sorted(found)])
        marks = {line.note for line in own}
        rows = []
        for index, row in enumerate(page.rows):
            if index in rules:
                left.append(LeftOut("rule", row.text, f"page {row.page}"))
            elif index not in found:
                row, gone = _without_marks(row, marks)
                left += [LeftOut("footnote mark", mark, f"page {row.page}") for mark in gone]
                rows.append(row)
        notes += own
        out.append(replace(page, rows=[row for row in rows if row.text]))
    return out, notes, left


def _notes(page: Page, size: float) -> tuple[set[int], set[int]]:
    """Return which rows of a page are notes, and which are the rules above them."""
    found: set[int] = set()
    rules: set[int] = set()
    rows = page.rows
    for column in {row.column for row in rows}:
        own = [(index, row) for index, row in enumerate(rows) if row.column == column]
        rule = next((i for i, (_, row) in enumerate(own) if i and _RULE.fullmatch(row.text)), None)
        if rule is not None and rule + 1 < len(own) and _NOTE.match(own[rule + 1][1].text):
            found |= {index for index, _ in own[rule + 1 :]}
            rules.add(own[rule][0])
            continue
        start = len(own)
        while start and own[start - 1][1].size < _SMALL * size:
            start -= 1
        tail = own[start:]
        opens = next((i for i, (_, row) in enumerate(tail) if _NOTE.match(row.text)), len(tail))
        if start:  # a column of nothing but small print is the text
            found |= {index for index, _ in tail[opens:]}
    # one that crosses the columns of a page stands in a column of its own
    low = min((rows[i].base for i in rules), default=None)
    if low is not None:
        found |= {i for i, row in enumerate(rows) if row.base < low and i not in rules and row.size <= size}
    return found, rules


def _note_lines(rows: Sequence[Row]) -> list[Line]:
    """Return notes, each from its mark to the next."""
    out: list[Line] = []
    for row in rows:
        opened = _NOTE.match(row.text)
        if opened:
            out.append(Line(row.text[opened.start("text") :], row.page, note=opened["mark"]))
        elif out:
            out[-1] = replace(out[-1], text=f"{out[-1].text} {row.text}")
    return out


def _without_marks(row: Row, marks: set[str]) -> tuple[Row, list[str]]:
    """Return a row without the marks of the page's notes, raised or with a stroke ("1/")."""
    text, gone = row.text, []
    for start, mark in reversed(row.marks):
        pieces = re.split(r"[,\s]+", mark.strip("()[]/"))
        if all(piece in marks for piece in pieces):
            text = (text[:start].rstrip() + text[start + len(mark) :]).strip()
            gone.append(mark)
    for found in reversed(list(_STROKED.finditer(text))):
        if found[1] in marks:
            text = text[: found.start()] + text[found.end() :]
            gone.append(found.group().strip())
    return replace(row, text=text, marks=()), gone

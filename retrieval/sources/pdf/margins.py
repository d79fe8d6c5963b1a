"""What a printed page has around its text: running heads and feet, page numbers, footnotes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.sources.furniture import is_page_mark
from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.pdf.columns import Row

_ZONE = 0.13  # of the page's height
_OUTERMOST = 4  # rows from the edge that can be a running head
_SAME_PLACE = 4.0  # points
_WHITE = 1.7  # sizes from one baseline to the next: more parts a head from the text
_OFTEN = 0.6  # of the pages: a head, though no white parts it from the text
_SMALL = 0.92  # of the body's size
_PAGE_NUMBER = re.compile(r"[-–—\s]*(?:\d{1,4}|[ivxlc]{1,6})[-–—\s]*")
_DIGITS = re.compile(r"\d+")
_NOTE = re.compile(r"(?P<mark>\d{1,3}|[*†‡]{1,3})[.)]?\s*\S")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page in reading order.

    Attributes:
        height: In points.
    """

    rows: Sequence[Row]
    height: float


def without_running_heads(pages: Sequence[Page]) -> list[Page]:
    """Drop rows at the edges that come again on another page in the same place, and page numbers."""
    places: dict[str, dict[int, float]] = defaultdict(dict)
    for number, page in enumerate(pages):
        for row, _ in _edges(page):
            places[_key(row)].setdefault(number, row.base)
    out = []
    often = max(3, _OFTEN * len(pages))
    for number, page in enumerate(pages):
        edges = {id(row): apart for row, apart in _edges(page)}
        out.append(
            replace(
                page,
                rows=[
                    row
                    for row in page.rows
                    if id(row) not in edges
                    or not (
                        _is_page_number(row, page)
                        or _comes_again(places[_key(row)], number, row, 2 if edges[id(row)] else often)
                    )
                ],
            )
        )
    return out


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
    return row.text if numbered else _DIGITS.sub("#", row.text)


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


def without_footnotes(pages: Sequence[Page], size: float) -> tuple[list[Page], int]:
    """Drop notes in small print at the foot of a page or column, and their marks in the text; count notes.

    Args:
        size: Of the body, in points.
    """
    out: list[Page] = []
    count = 0
    for page in pages:
        notes = _notes(page.rows, size)
        marks = {found["mark"] for row in notes.values() if (found := _NOTE.match(row.text))}
        rows = [_without_marks(row, marks) for index, row in enumerate(page.rows) if index not in notes]
        out.append(replace(page, rows=[row for row in rows if row.text]))
        count += len(marks)
    return out, count


def _notes(rows: Sequence[Row], size: float) -> dict[int, Row]:
    """Return the last rows of each column that are small print and begin with the mark of a note."""
    found: dict[int, Row] = {}
    for column in {row.column for row in rows}:
        own = [(index, row) for index, row in enumerate(rows) if row.column == column]
        start = len(own)
        while start and own[start - 1][1].size < _SMALL * size:
            start -= 1
        tail = own[start:]
        opens = next((i for i, (_, row) in enumerate(tail) if _NOTE.match(row.text)), len(tail))
        if start:  # a column of nothing but small print is the text
            found |= dict(tail[opens:])
    return found


def _without_marks(row: Row, marks: set[str]) -> Row:
    text = row.text
    for start, mark in reversed(row.marks):
        if mark.strip("()[]") in marks:
            text = (text[:start].rstrip() + text[start + len(mark) :]).strip()
    return replace(row, text=text, marks=())

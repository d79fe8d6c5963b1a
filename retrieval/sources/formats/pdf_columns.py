"""Runs of one page -> rows in reading order: down one column, then down the next.

A page has columns where a strip of white runs down between wide rows on both sides. What crosses the strip,
a title or a table, divides the page: everything above it is read first. Numbers hanging in front of their
paragraphs leave a strip too, but nothing wide stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from retrieval.sources.formats.pdf_glyphs import Run

_STEP = 2.0  # points between the places tried for a strip
_NARROWEST = 3  # steps of white
_FEWEST = 4  # wide rows on each side
_EDGE = 4.0  # points from the edge of a column
_MOST_CROSSING = 3  # rows over both columns on a page with little on it: heads, a page number
_DEEPEST = 4  # columns inside columns
_MARK = 5  # letters of a raised mark
_SMALL = 0.87  # of the size of what a mark is raised above
_IS_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[a-z]|[*†‡§]{1,3}|st|nd|rd|th|er|o|a|º|ª)(?:[,\s]+\d{1,3})*[\])/]?")


@dataclass(frozen=True, slots=True)
class Row:
    """What stands on one baseline of one column.

    Attributes:
        bold: Whether all of it is.
        column: Which of how many columns; rows that cross columns are of column 0 of 1.
        marks: Raised signs that may be marks of footnotes, with where in `text` each begins.
        table: As in `Run`.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    column: tuple[int, int] = (0, 1)
    marks: tuple[tuple[int, str], ...] = ()
    page: int = 1
    table: str = ""


def read_pages(pages: Sequence[Sequence[Run]]) -> list[list[Row]]:
    """Return the rows of each page in reading order; a page with little on it has the columns of the one before."""
    out: list[list[Row]] = []
    before: tuple[float, float] | None = None
    for number, runs in enumerate(pages, 1):
        strip = _strip(runs)
        if strip is not None:
            rights = sorted(run.left for run in runs if run.left >= strip)
            before = strip, rights[len(rights) // 10]
        elif before is not None and _has_columns(runs, *before):
            strip = before[0]
        out.append(_ordered(runs, (0, 1), number, 0, strip))
    return out


def _has_columns(runs: Sequence[Run], strip: float, edge: float) -> bool:
    """Whether what stands right of a strip begins at the edge of its column, and hardly anything crosses it.

    Args:
        edge: Where the right column begins, in points.
    """
    rows = [_cells(row) for row in baselines(runs)]
    starts = [next((left for left, _ in row if left >= strip), None) for row in rows]
    right = [left for left in starts if left is not None]
    crossing = sum(left < strip < end for row in rows for left, end in row)
    at_edge = sum(abs(left - edge) < _EDGE for left in right)
    return crossing <= _MOST_CROSSING and at_edge > 0.5 * len(right) > 0


def beside_marks(runs: Sequence[Run]) -> list[Run]:
    """Return `runs` with raised ones on the baseline of what they are raised above, whatever order they come in."""
    hosts = [run for run in runs if len(run.text) > _MARK or not run.text[:1].isdigit()]
    for run in runs:
        if len(run.text) > _MARK or not _IS_MARK.fullmatch(run.text):
            continue
        near = [host for host in hosts if host is not run and _carries(host, run)]
        if near:
            host = min(near, key=lambda host: min(abs(run.left - host.right), abs(host.left - run.right)))
            run.base, run.raised = host.base, True
    return list(runs)


def _carries(host: Run, mark: Run) -> bool:
    """Whether `mark` stands small and raised right behind or before `host`."""
    if mark.size > _SMALL * host.size or not 0.1 * host.size < mark.base - host.base < 0.9 * host.size:
        return False
    behind, before = mark.left - host.right, host.left - mark.right
    return -0.6 * host.size < behind < 0.6 * host.size or -0.3 * host.size < before < 1.2 * host.size


def _ordered(
    runs: Sequence[Run], column: tuple[int, int], page: int, depth: int, strip: float | None
) -> list[Row]:
    if strip is None:
        return [row_of(row, column, page) for row in baselines(runs)]
    out: list[Row] = []
    left: list[Run] = []
    right: list[Run] = []
    crossing: list[Run] = []
    place, count = column
    sides = ((left, (2 * place, 2 * count)), (right, (2 * place + 1, 2 * count)))

    def close() -> None:
        for side, name in sides:
            inner = _strip(side) if depth + 1 < _DEEPEST else None
            out.extend(_ordered(side, name, page, depth + 1, inner))
            side.clear()

    def close_crossing() -> None:
        out.extend(row_of(row, column, page) for row in baselines(crossing))
        crossing.clear()

    for row in baselines(runs):
        if any(run.left < strip - 1 and run.right > strip + 1 for run in row):
            close()
            crossing.extend(row)
            continue
        close_crossing()
        for run in row:
            (left if run.right <= strip else right).append(run)
    close()
    close_crossing()
    return out


def has_strip(runs: Sequence[Run]) -> bool:
    """Whether a page has columns of prose."""
    return _strip(runs) is not None


def _strip(runs: Sequence[Run]) -> float | None:
    """Return the middle of the white strip between two columns, or None."""
    if len(runs) < 2 * _FEWEST:
        return None
    rows = baselines(runs)
    cells = [cell for row in rows for cell in _cells(row)]
    first, last = min(c[0] for c in cells), max(c[1] for c in cells)
    width = last - first
    steps = int(width / _STEP)
    crossed = [0] * (steps + 2)
    for left, right in cells:
        for step in range(int((left - first) / _STEP), int((right - first) / _STEP) + 1):
            crossed[step] += 1
    middle = range(steps // 4, steps - steps // 4)
    allowed = max(1, len(rows) // 3)
    wide = [(s, e) for s, e in _white(crossed, middle, allowed) if e - s >= _NARROWEST - 1]
    places = [(crossed[s], s - e, first + (s + e) / 2 * _STEP) for s, e in wide]
    found = [place for place in places if _divides(cells, place[2], first, last)]
    return min(found, key=lambda place: place[:2])[2] if found else None


def _white(crossed: Sequence[int], middle: range, allowed: int) -> list[tuple[int, int]]:
    """Return the runs of steps that equally few rows cross, fewer than on either side."""
    out: list[tuple[int, int]] = []
    start = None
    for step in middle:
        if crossed[step] > allowed:
            start = None
            continue
        if start is None or crossed[step] != crossed[start]:
            start = step
        if step + 1 not in middle or crossed[step + 1] != crossed[step]:
            out.append((start, step))
            start = None
    return out


def _divides(cells: Sequence[tuple[float, float]], at: float, first: float, last: float) -> bool:
    """Whether rows as wide as columns stand on both sides."""
    left = [c for c in cells if c[1] <= at]
    right = [c for c in cells if c[0] >= at]
    wide = 0.6 * min(at - first, last - at)  # the wider side may have columns of its own
    wide_left = sum(c[1] - c[0] > wide for c in left)
    wide_right = sum(c[1] - c[0] > wide for c in right)
    crossing = len(cells) - len(left) - len(right)
    return min(wide_left, wide_right) >= _FEWEST and min(wide_left, wide_right) >= crossing / 3


def _cells(row: Sequence[Run]) -> list[tuple[float, float]]:
    """Return the pieces of a row with little white between them, as spans."""
    out: list[tuple[float, float]] = []
    for run in row:
        if out and run.left - out[-1][1] < 0.8 * run.size:
            out[-1] = (out[-1][0], max(out[-1][1], run.right))
        else:
            out.append((run.left, run.right))
    return out


def baselines(runs: Sequence[Run]) -> list[list[Run]]:
    """Return runs by baseline, from the top, each from the left."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: -run.base):
        first = rows[-1][0] if rows else run
        is_level = abs(first.base - run.base) <= 0.35 * max(first.size, run.size)
        if rows and is_level and not (run.table or first.table):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]


def row_of(runs: Sequence[Run], column: tuple[int, int] = (0, 1), page: int = 1) -> Row:
    """Return the row that runs on one baseline are, from the left."""
    text = ""
    marks: list[tuple[int, str]] = []
    before: Run | None = None
    for run in runs:
        if before is not None and run.left - before.right > 0.15 * max(run.size, before.size * before.raised):
            text += " "
        if run.raised and not run.text.isalpha():
            marks.append((len(text), run.text))
        text += run.text
        before = run
    first, right = runs[0], max(run.right for run in runs)
    size = median(run.size for run in runs for _ in range(min(len(run.text), 200)))
    bold = all(run.bold for run in runs)
    return Row(text, first.left, right, first.base, size, bold, column, tuple(marks), page, first.table)

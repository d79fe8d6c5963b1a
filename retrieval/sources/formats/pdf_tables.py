"""Tables of a page -> one run a row, with the heads of its columns.

Three kinds are seen: cells with lines drawn around them; rows between lines across the whole table; and, without
lines, rows of short cells that stand below each other and count something. What only lays out is read cell after cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from retrieval.models import LeftOut
from retrieval.sources.formats.pdf_columns import baselines, has_strip, row_of
from retrieval.sources.formats.pdf_glyphs import Rule, Run
from retrieval.sources.formats.pdf_lines import is_dense
from retrieval.sources.formats.tables import Grid, has_heads, is_amount, is_layout, row_texts
from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.lines import collapse, ends_sentence, starts_lower

_NEAR = 3.0  # points within which lines meet, and are one
_WIDE = 0.9  # sizes of white between two cells of a row
_CELL_CHARS = 60  # of a cell that no line parts from the next
_FEWEST_ROWS = 3
_HEAD_WHITE = 1.5  # sizes from heads down to the line below them
_MOSTLY = 0.6
_WHITE = 1.3  # times the step from row to row: a paragraph begins
_PARTED = ("-", "–", "/", "\u2010")


@dataclass(frozen=True, slots=True)
class _Table:
    """Cells of a page, row by row.

    Attributes:
        heads: How many rows are heads as they are drawn.
        columns: Where the lines between columns stand.
    """

    cells: Sequence[Sequence[Sequence[Run]]]
    heads: int = 0
    columns: tuple[float, ...] = ()


def with_tables(
    pages: Sequence[Sequence[Run]], rules: Sequence[Sequence[Rule]]
) -> tuple[list[list[Run]], list[LeftOut]]:
    """Return the runs of each page, those of each table of data made one a row, and the marks of notes in them."""
    out, left_out = [], list[LeftOut]()
    before: tuple[tuple[float, ...], list[str]] = ((), [])  # columns and heads of the last table with lines
    for number, (runs, drawn) in enumerate(zip(pages, rules, strict=True), 1):
        kept = list(runs)
        for find in (_boxed, _between_lines, _aligned):
            for table in find(kept, drawn):
                grid = _grid(table, before)
                rows = row_texts(grid)
                if is_layout(grid):
                    if not table.columns:
                        continue
                    rows = list(_cell_after_cell(table))
                elif table.columns:
                    heads = grid.heads or int(has_heads(grid.rows))
                    before = table.columns, list(grid.rows[0]) if heads else []
                inside = [run for row in table.cells for cell in row for run in cell]
                gone = {id(run) for run in inside}
                kind = "cell" if is_layout(grid) else "row"
                kept = [*(run for run in kept if id(run) not in gone), *_placed(rows, inside, kind)]
                marks = (run.text for run in inside if run.raised)
                left_out += [LeftOut("footnote mark", mark, f"page {number}") for mark in marks]
        out.append(kept)
    return out, left_out


def _grid(table: _Table, before: tuple[tuple[float, ...], list[str]]) -> Grid:
    """Return the texts of a table; one that goes on from the page before has the heads of that."""
    rows = [[_text([run for run in cell if not run.raised]) for cell in row] for row in table.cells]
    bold = len(rows) > 1 and any(rows[0]) and all(run.bold for cell in table.cells[0] for run in cell)
    heads = table.heads if table.heads < len(rows) else 0
    columns, names = before
    same = len(columns) == len(table.columns) and all(
        abs(a - b) <= _NEAR for a, b in zip(columns, table.columns, strict=True)
    )
    if names and same and not (heads or bold or has_heads(rows)):
        return Grid([names, *rows], 1)
    return Grid(rows, heads or int(bold))


def _text(cell: Sequence[Run]) -> str:
    return _joined([row_of(row).text for row in baselines(cell)])


def _joined(texts: Sequence[str]) -> str:
    out = ""
    for text in texts:
        close = out.endswith(_PARTED) or (is_dense(out[-1:]) and is_dense(text[:1]))
        out += text if close or not out else f" {text}"
    return collapse(out)


def _cell_after_cell(table: _Table) -> Iterator[str]:
    """Yield the paragraphs of the cells of a table that lays out, a number that fills a cell before the next."""
    number = ""
    for row in table.cells:
        for cell in row:
            for text in _paragraphs([run for run in cell if not run.raised]):
                if not number and any(label.end >= len(text) for label in candidates(text)):
                    number = text
                    continue
                yield f"{number} {text}".strip()
                number = ""
    if number:
        yield number


def _paragraphs(cell: Sequence[Run]) -> Iterator[str]:
    """Yield the paragraphs of a cell: they begin at a label, and where more white stands than between rows."""
    rows = [row_of(row) for row in baselines(cell)]
    steps = sorted(a.base - b.base for a, b in pairwise(rows))
    usual = steps[len(steps) // 4] if steps else 0.0
    block: list[str] = []
    for index, row in enumerate(rows):
        white = index > 0 and rows[index - 1].base - row.base > _WHITE * usual
        labelled = any(label.strength == STRONG for label in candidates(row.text))
        if block and (white or (labelled and ends_sentence(block[-1]))):
            yield _joined(block)
            block = []
        block.append(row.text)
    if block:
        yield _joined(block)


def _placed(texts: Sequence[str], inside: Sequence[Run], kind: str) -> Iterator[Run]:
    """Yield the rows of a table as runs, from the first baseline of its cells to the last."""
    top, bottom = max(run.base for run in inside), min(run.base for run in inside)
    left, right = min(run.left for run in inside), max(run.right for run in inside)
    size = median(run.size for run in inside)
    for index, text in enumerate(texts):
        base = top - index * (top - bottom) / max(1, len(texts) - 1)
        yield Run(text, left, right, base, size, table=kind)


# --- with lines around the cells ---


def _boxed(runs: Sequence[Run], rules: Sequence[Rule]) -> Iterator[_Table]:
    for group in _touching(rules):
        ups = [rule for rule in group if not rule.level]
        levels = [rule for rule in group if rule.level]
        if not ups or not levels:
            continue
        left, right = min(rule.start for rule in levels), max(rule.end for rule in levels)
        xs = _merged([*(rule.at for rule in ups), left, right])
        low, top = min(rule.start for rule in ups), max(rule.end for rule in ups)
        ys = _merged([*(rule.at for rule in levels), low, top])[::-1]
        if len(xs) < 3:
            continue
        inside = (run for run in runs if low <= _middle(run) <= top and not run.table)
        own = [run for run in inside if xs[0] <= run.left <= xs[-1]]
        cells: dict[int, list[list[Run]]] = {}
        for index, row in enumerate(baselines(own)):
            for run in row:
                between = next(i for i, y in enumerate([*ys[1:], low - 1]) if y <= _middle(run))
                start = run.left + min(0.5 * (run.right - run.left), run.size)
                column = next((i for i, x in enumerate(xs[1:-1]) if start < x), len(xs) - 2)
                at = between if len(ys) > 2 else index
                cells.setdefault(at, [[] for _ in xs[1:]])[column].append(run)
        rows = [cells[at] for at in sorted(cells)]
        if len(rows) > 1 and (len(ys) > 2 or not _wraps(rows)):
            yield _Table(rows, 0, tuple(xs))


def _middle(run: Run) -> float:
    return run.base + 0.3 * run.size


def _wraps(rows: Sequence[Sequence[Sequence[Run]]]) -> bool:
    """Whether what stands on one baseline of a column goes on on the next: rows of text and no entries."""
    cells = [cell for row in rows[1:] for cell in row if cell]
    return any(not row[0] for row in rows) or any(starts_lower(cell[0].text) for cell in cells)


def _touching(rules: Sequence[Rule]) -> list[list[Rule]]:
    groups = list(range(len(rules)))

    def root(index: int) -> int:
        while groups[index] != index:
            groups[index] = groups[groups[index]]
            index = groups[index]
        return index

    levels = [i for i, rule in enumerate(rules) if rule.level]
    for i, up in enumerate(rules):
        if up.level:
            continue
        for j in levels:
            if _reaches(rules[j], up.at) and _reaches(up, rules[j].at):
                groups[root(i)] = root(j)
    found: dict[int, list[Rule]] = defaultdict(list)
    for index, rule in enumerate(rules):
        found[root(index)].append(rule)
    return [group for group in found.values() if len(group) > 3]


def _reaches(rule: Rule, at: float) -> bool:
    return rule.start - _NEAR <= at <= rule.end + _NEAR


def _merged(places: Sequence[float]) -> list[float]:
    out: list[float] = []
    for place in sorted(places):
        if not out or place - out[-1] > _NEAR:
            out.append(place)
    return out


# --- with lines between rows, or without lines ---


def _between_lines(runs: Sequence[Run], rules: Sequence[Rule]) -> Iterator[_Table]:
    """Yield tables of three lines and more across: above the heads, below them, at the end."""
    levels = sorted(
        (rule for rule in rules if rule.level), key=lambda rule: (round(rule.start / 8), -rule.at)
    )
    for _, group in groupby(levels, key=lambda rule: round(rule.start / 8)):
        lines = list(group)
        ys = _merged([rule.at for rule in lines if abs(rule.end - lines[0].end) < 2 * _NEAR])[::-1]
        if len(ys) < 3:
            continue
        left, right = lines[0].start - _NEAR, lines[0].end + _NEAR
        within = [run for run in runs if left <= run.left and run.right <= right and not run.table]
        rows = baselines([run for run in within if ys[-1] < run.base < ys[0]])
        above = baselines([run for run in within if 0 <= run.base - ys[0] < _HEAD_WHITE * run.size])[-1:]
        above = [row for row in above if len(_pieces(row)) > 1]
        table = _in_columns([*above, *rows])
        if table is not None and sum(sum(map(bool, row)) > 1 for row in table) > _MOSTLY * len(table):
            over = sum(min(run.base for cell in row for run in cell) > ys[1] for row in table)
            yield _Table(table, len(above) or (over if len(ys) == 3 else 0))


def _aligned(runs: Sequence[Run], rules: Sequence[Rule]) -> Iterator[_Table]:
    """Yield rows of equally many short cells below each other, of which one in each row is an amount."""
    del rules
    if has_strip(runs):
        return
    rows = baselines(runs)
    shapes = [len(_pieces(row)) if _is_tabular(row) else 0 for row in rows]
    for (width, _), group in groupby(enumerate(rows), key=lambda each: (shapes[each[0]], each[1][0].table)):
        found = [row for _, row in group]
        if width < 2 or len(found) < _FEWEST_ROWS:
            continue
        table = _in_columns(found)
        if table is None or any(len(row) != width or not all(row) for row in table):
            continue
        counted = any(all(is_amount(_text(row[i])) for row in table[1:]) for i in range(width))
        if counted and not any(starts_lower(_text(row[0])) for row in table[1:]):
            yield _Table(table)


def _is_tabular(row: Sequence[Run]) -> bool:
    pieces = _pieces(row)
    first = " ".join(run.text for run in pieces[0])
    labelled = any(label.end >= len(first) for label in candidates(first))
    short = all(sum(len(run.text) for run in piece) <= _CELL_CHARS for piece in pieces)
    return short and not labelled and not row[0].table


def _pieces(row: Sequence[Run]) -> list[list[Run]]:
    """Return the cells of one baseline: runs with little white between them."""
    out: list[list[Run]] = []
    for run in row:
        if out and run.left - max(other.right for other in out[-1]) < _WIDE * run.size:
            out[-1].append(run)
        else:
            out.append([run])
    return out


def _in_columns(rows: Sequence[Sequence[Run]]) -> list[list[list[Run]]] | None:
    """Return the cells of rows by the columns that white parts, wrapped rows joined; None of a single column."""
    pieces = [_pieces(row) for row in rows]
    spans: list[tuple[float, float]] = []
    for left, right in sorted((p[0].left, max(run.right for run in p)) for row in pieces for p in row):
        if spans and left < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    if len(spans) < 2:
        return None
    out: list[list[list[Run]]] = []
    for row in pieces:
        cells: list[list[Run]] = [[] for _ in spans]
        for piece in row:
            at = next(i for i, (left, right) in enumerate(spans) if left <= piece[0].left <= right)
            cells[at] += piece
        if out and not cells[0] and not all(len(cell) for cell in cells[1:]):
            for above, cell in zip(out[-1], cells, strict=True):
                above += cell
        else:
            out.append(cells)
    return out

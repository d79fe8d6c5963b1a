"""Tables: rows with the heads of their columns, unless the table only lays a page out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.sources.labels import candidates
from retrieval.sources.lines import ends_sentence

# "EUR 12 million", "3.5 %"
_AMOUNT = re.compile(r"(?:[A-Z]{1,3})?\W{0,3}\d[\d.,’'\s/–-]*\W{0,3}(?:[^\W\d]+\.?)?\W{0,2}")
_PROSE_CHARS = 100  # of a cell that is a paragraph rather than an entry
_HEAD_CHARS = 80
_ENTRIES = 0.34  # of the cells may be prose, in a table without heads that is no layout


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a table, row by row, "" for an empty one.

    Attributes:
        heads: How many rows at the top are column heads by their markup.
        nested: Whether a cell holds another table or headings.
    """

    rows: Sequence[Sequence[str]]
    heads: int = 0
    nested: bool = False


def is_layout(grid: Grid) -> bool:
    """Whether a table only puts text side by side: its cells are read one after another."""
    rows = [[cell for cell in row if cell] for row in grid.rows]
    rows = [row for row in rows if row]
    if grid.nested or not rows or max(map(len, rows)) < 2:
        return True
    if grid.heads:
        return False
    labelled = sum(len(row) == 2 and _is_label(row[0]) for row in rows)
    if 2 * labelled >= len(rows):
        return True
    cells = [cell for row in rows for cell in row]
    prose = sum(len(cell) > _PROSE_CHARS or (len(cell) > 60 and ends_sentence(cell)) for cell in cells)
    return prose > _ENTRIES * len(cells) or len(rows) == 1


def row_texts(grid: Grid) -> list[str]:
    """Return each row of a table of data as a text: "Donor: Norland; Amount: 12 million"."""
    rows = list(grid.rows)
    heads = grid.heads or int(has_heads(rows))
    names = _names(rows[:heads])
    out = [_row(row, names) for row in rows[heads:]]
    full = [row for row in rows[heads:] if len(_filled(row)) > 1]
    if any(name and not any(any(row[i : i + 1]) for row in full) for i, name in enumerate(names)):
        out = [_row(row, []) for row in rows[:heads]] + out
    return [text for text in out if text]


def _names(heads: Sequence[Sequence[str]]) -> list[str]:
    width = max((len(row) for row in heads), default=0)
    columns = [[row[i] for row in heads if i < len(row) and row[i]] for i in range(width)]
    return [" ".join(dict.fromkeys(column)) for column in columns]


def _row(row: Sequence[str], names: Sequence[str]) -> str:
    if len(_filled(row)) == 1:  # a heading inside the table
        return _filled(row)[0]
    pairs = [(names[i] if i < len(names) else "", cell) for i, cell in enumerate(row) if cell]
    return "; ".join(f"{name}: {cell}" if name and name != cell else cell for name, cell in pairs)


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell]


def _is_label(cell: str) -> bool:
    return len(cell) < 12 and any(label.end >= len(cell) for label in candidates(cell))


def has_heads(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names what numbers below it count."""
    if len(rows) < 2 or not all(c and len(c) <= _HEAD_CHARS and not is_amount(c) for c in rows[0]):
        return False
    return any(is_amount(cell) for row in rows[1:] for cell in row[: len(rows[0])])


def is_amount(cell: str) -> bool:
    """Whether a cell is a number, with a sign or a unit, rather than words."""
    return bool(_AMOUNT.fullmatch(cell))

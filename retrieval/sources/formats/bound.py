"""What the documents of word processors have in common: paragraphs and tables -> lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval.sources.formats.docx.word_numbers import Numbered
from retrieval.sources.formats.tables import Grid, is_layout, row_texts
from retrieval.sources.labels import ALONE, candidates
from retrieval.sources.lines import Line, collapse

_INDENT = 4  # columns a list level is set in by
_PROSE_LINES = 6  # paragraphs of a cell that is laid out like a page


def paragraph_lines(text: str, count: int, numbered: Numbered | None = None, heading: int = 0) -> list[Line]:
    r"""Return the lines of one paragraph, parted at its line breaks ("\n"), the number before the first.

    Args:
        count: Of the paragraph in its document, from 1.
    """
    pieces = [piece for piece in map(collapse, text.split("\n")) if piece] or [""]
    lines = []
    for index, piece in enumerate(pieces):
        first = numbered if index == 0 else None
        lines.append(
            Line(
                text=f"{first.text} {piece}".strip() if first else piece,
                number=count,
                gap=index == 0,
                indent=_INDENT * numbered.level if numbered else 0,
                heading=heading,
                label=first.label if first else None,
                bullet=first is not None and first.label is None,
                depth=numbered.level + 1 if numbered else 0,
            )
        )
    return lines if any(line.text for line in lines) else []


def table_lines(
    rows: Sequence[Sequence[Sequence[Line]]], count: int, *, heads: int = 0, nested: bool = False
) -> list[Line]:
    """Return a table of data row by row; one that lays out cell after cell, a number alone before the next.

    Args:
        rows: The lines of each cell.
        count: Of the paragraph that it ends with.
        heads: How many rows the document calls heads; a first row in bold is one, too.
        nested: Whether a cell holds another table.
    """
    texts = [[" ".join(line.text for line in cell) for cell in row] for row in rows]
    bold = len(rows) > 1 and any(rows[0]) and all(line.heading for cell in rows[0] for line in cell)
    nested = nested or any(len(cell) > _PROSE_LINES for row in rows for cell in row)
    grid = Grid(texts, heads if 0 < heads < len(rows) else int(bold), nested)
    if not is_layout(grid):
        return [Line(text, count, row=True) for text in row_texts(grid)]
    lines: list[Line] = []
    for row in rows:
        first = len(lines)
        for cell in row:
            start = len(lines)
            lines += cell
            _take_number(lines, first, start)
    return lines


def _take_number(lines: list[Line], first: int, start: int) -> None:
    if not first < start < len(lines) or start - first != 1:
        return
    number, line = lines[first], lines[start]
    alone = number.label is not None and number.label.end >= len(number.text)
    typed = number.label is None and any(label.strength == ALONE for label in candidates(number.text))
    if alone or typed:
        lines[first : start + 1] = [replace(number, text=f"{number.text} {line.text}", heading=0)]


def title_at_top(stated: str | None, lines: Sequence[Line]) -> str | None:
    """Return the title of a file's properties, where it stands at the top; often a template left it."""
    title = collapse(stated or "")
    top = " ".join(line.text for line in lines[:6]).casefold()
    return title if len(title) > 10 and title.casefold() in top else None

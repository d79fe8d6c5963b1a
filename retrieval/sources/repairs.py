"""Numbers that stand in the middle of a line because a line break was lost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.sources.labels import STRONG
from retrieval.sources.lines import Line
from retrieval.sources.sequences import best_chain, read_candidates

_INLINE = re.compile(r"(?<=[.;:!?”\")。])\s+(?=(\d{1,3})(?:\.\s+|\)\s+|．|\.(?=[A-Z]))[“\"(]?[^\W\d_])")
_LARGEST = 1000
_FEWEST = 2  # numbers found inside lines before they are believed without a sequence of lines


def split_missed_breaks(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with a break before every number that a sequence lacks and a line has inside.

    Only a number that follows the end of a sentence, begins another and fills a hole of the sequence printed
    at the starts of lines is taken for a paragraph's.
    """
    chain = [c for c in best_chain(read_candidates(lines).get("dot", [])) if c.label.strength == STRONG]
    if len(chain) > 1:
        following = [*(c.value for c in chain[1:]), chain[-1].value + 4]
        return _filled(
            lines, {c.index: (c.value + 1, after) for c, after in zip(chain, following, strict=True)}
        )
    start = chain[0].index if chain else 0
    out = _filled(lines, {start: (chain[0].value + 1 if chain else 1, _LARGEST)})
    return out if len(out) >= len(lines) + _FEWEST else list(lines)


def _filled(lines: Sequence[Line], holes: Mapping[int, tuple[int, int]]) -> list[Line]:
    """Return `lines` broken before the numbers wanted: line -> the next number, and where the hole ends."""
    out: list[Line] = []
    wanted = limit = 0
    for index, line in enumerate(lines):
        wanted, limit = holes.get(index, (wanted, limit))
        pieces, wanted = _split(line, wanted, limit) if wanted < limit else ([line], wanted)
        out.extend(pieces)
    return out


def _split(line: Line, wanted: int, limit: int) -> tuple[list[Line], int]:
    pieces: list[Line] = []
    start = 0
    for found in _INLINE.finditer(line.text):
        if wanted < limit and int(found[1]) == wanted:
            pieces.append(_piece(line, start, found.start()))
            start, wanted = found.end(), wanted + 1
    return [*pieces, _piece(line, start, len(line.text))], wanted


def _piece(line: Line, start: int, end: int) -> Line:
    text = line.text[start:end]
    return (
        replace(line, text=text)
        if start == 0
        else replace(line, text=text, gap=True, label=None, bullet=False)
    )

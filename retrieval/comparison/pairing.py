"""Which paragraphs of two readouts are each other's, by what they say: one assignment of all of them at once; pure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.comparison.differences import marked, words
from retrieval.index.encoder import Vector
from retrieval.language.terms import terms
from retrieval.models import LiveParagraph, Statement, is_beside

_Matrix = NDArray[np.float64]

PairKind = Literal["same", "changed", "merged", "split", "new", "gone"]

ALIKE, SHARED_TERMS = 0.4, 0.25
"""Likeness, and of it the cosine of the weighed terms, from which two paragraphs are a pair; these and the figures below:
`bench/comparison.py`."""

HELD, BEYOND = 0.45, 0.7
"""Share of the weighed terms of a paragraph that a pair's other side holds, and share of those that the partner there
does not hold: from these on it was merged into that side, or split off it."""

_DENSE = 0.5  # of the likeness: cosine of the vectors; the rest is shared terms
_IN_ORDER = 0.06  # for standing at the same place of the text, relatively
_SAME_HEADING = 0.05
_BESIDE = 0.1  # off, where one is an introduction or a note and the other is not
_LEAST_TOLD = 0.3  # by a term that all paragraphs share
_PRIOR = 4.0  # paragraphs: how much the mean that is taken off is held back where there are few


@dataclass(frozen=True, slots=True)
class Pair:
    """Paragraphs of two readouts that say the same or nearly so; a side without any is empty.

    Attributes:
        before, after: Whole paragraphs, `highlights` the words that the other side has not.
        likeness: Of the two that were paired first, about 0..1.
        moved: Others that stood before it now stand after it, or the other way round.
    """

    before: tuple[Statement, ...]
    after: tuple[Statement, ...]
    likeness: float = 0.0
    moved: bool = False

    @property
    def kind(self) -> PairKind:
        """What happened; "same" is word for word, but for case, quotation marks and the like."""
        if not self.before:
            return "new"
        if not self.after:
            return "gone"
        if len(self.before) > 1 or len(self.after) > 1:
            return "merged" if len(self.before) > 1 else "split"
        return "changed" if any(s.highlights for s in (*self.before, *self.after)) else "same"

    @property
    def renumbered(self) -> bool:
        """Whether the numbers of the two sides differ."""
        numbers = [
            [(s.paragraph.part, s.paragraph.number) for s in side] for side in (self.before, self.after)
        ]
        return bool(self.before and self.after) and numbers[0] != numbers[1]


def pair_paragraphs(
    before: Sequence[LiveParagraph],
    after: Sequence[LiveParagraph],
    vectors: Mapping[int, Vector] | None = None,
) -> tuple[Pair, ...]:
    """Pair the paragraphs of two readouts: every one stands in exactly one pair, alone where it has no other.

    Args:
        vectors: float32 (dimensions,) by place, those of `after` counted on from those of `before`. Without them,
            terms alone decide.

    Returns:
        In the order of `after`; what is gone stands where it stood.
    """
    likeness, table = _likeness(before, after, vectors)
    partner = {i: k for i, k in assigned(likeness - ALIKE) if likeness[i, k] >= ALIKE}
    groups = {i: ([i], [k]) for i, k in partner.items()}
    _take_in(likeness, table, partner, groups)
    moved = _out_of_order(partner)
    pairs = [
        (min(theirs), 1, _pair(before, after, ours, theirs, float(likeness[i, partner[i]]), i in moved))
        for i, (ours, theirs) in groups.items()
    ]
    taken = (
        {i for ours, _ in groups.values() for i in ours},
        {k for _, theirs in groups.values() for k in theirs},
    )
    pairs += [(k, 1, _pair(before, after, [], [k])) for k in range(len(after)) if k not in taken[1]]
    place = -1
    for i in range(len(before)):
        place = partner[i] if i in partner and i not in moved else place
        if i not in taken[0]:
            pairs.append((place, 2, _pair(before, after, [i], [])))
    return tuple(pair for _, _, pair in sorted(pairs, key=lambda entry: entry[:2]))


def _pair(
    before: Sequence[LiveParagraph],
    after: Sequence[LiveParagraph],
    ours: Sequence[int],
    theirs: Sequence[int],
    likeness: float = 0.0,
    moved: bool = False,
) -> Pair:
    old, new = [before[i] for i in sorted(ours)], [after[k] for k in sorted(theirs)]
    spans = (
        marked([p.text for p in old], [p.text for p in new])
        if old and new
        else ([[]] * len(old), [[]] * len(new))
    )
    return Pair(
        tuple(Statement(p, 0, len(p.text), tuple(s)) for p, s in zip(old, spans[0], strict=True)),
        tuple(Statement(p, 0, len(p.text), tuple(s)) for p, s in zip(new, spans[1], strict=True)),
        likeness,
        moved,
    )


def _likeness(
    before: Sequence[LiveParagraph], after: Sequence[LiveParagraph], vectors: Mapping[int, Vector] | None
) -> tuple[_Matrix, _Matrix]:
    """Return how alike each two are, float64 (n_before, n_after), and how much each term tells, (n_both, n_terms)."""
    everyone = [*before, *after]
    table = _weighed(before, after)
    ours, theirs = _unit(table[: len(before)]), _unit(table[len(before) :])
    lexical = dense = ours @ theirs.T
    if vectors is not None and len(vectors) == len(everyone):
        matrix = np.stack([vectors[place] for place in range(len(everyone))]).astype(np.float64)
        # the title stands in every vector, and what both readouts are about: neither tells paragraphs apart
        centred = _unit(matrix - matrix.mean(axis=0) * (len(matrix) / (len(matrix) + _PRIOR)))
        dense = centred[: len(before)] @ centred[len(before) :].T
    likeness = np.where(lexical < SHARED_TERMS, 0.0, _DENSE * dense + (1 - _DENSE) * lexical)
    keys = [([w.key for w in words(p.text)], is_beside(p.number)) for p in everyone]
    for (i, a), (k, b) in product(enumerate(before), enumerate(after)):
        apart = abs(i / max(1, len(before) - 1) - k / max(1, len(after) - 1))
        (ours_said, ours_beside), (theirs_said, theirs_beside) = keys[i], keys[len(before) + k]
        if ours_said == theirs_said:
            likeness[i, k] = 1
        likeness[i, k] += _IN_ORDER * (1 - apart) + _SAME_HEADING * (
            a.heading is not None and a.heading == b.heading
        )
        likeness[i, k] -= _BESIDE * (ours_beside != theirs_beside)
    return likeness, table


def _weighed(before: Sequence[LiveParagraph], after: Sequence[LiveParagraph]) -> _Matrix:
    """Return float64 (n_both, n_terms): terms that most of one side share tell little, numbers and dates nothing."""
    counts = []
    for p in (*before, *after):
        found = Counter(terms(p.text))
        counts.append(Counter({t: n for t, n in found.items() if not t[0].isdigit()}) or found)
    known = {term: place for place, term in enumerate(dict.fromkeys(t for c in counts for t in c))}
    table = np.zeros((len(counts), len(known)))
    for row, count in enumerate(counts):
        for term, number in count.items():
            table[row, known[term]] = 1 + math.log(number)
    number = max(len(before), len(after))
    sides = (table[: len(before)] > 0, table[len(before) :] > 0)
    shared = np.max([side.mean(axis=0) if len(side) else np.zeros(len(known)) for side in sides], axis=0)
    telling: _Matrix = table * (np.log((number + 1) / (1 + number * shared)) + _LEAST_TOLD)
    return telling


def _unit(matrix: _Matrix) -> _Matrix:
    unit: _Matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    return unit


def assigned(gain: _Matrix) -> list[tuple[int, int]]:
    """Return the pairs, one for a row and one for a column at most, whose gains that are more than 0 sum up to most.

    Shortest augmenting paths (Jonker and Volgenant 1987), a row of numpy at a time: 300 by 300 takes 0.1 s.
    """
    rows, columns = gain.shape
    if rows > columns:
        return [(i, k) for k, i in assigned(gain.T)]
    cost = np.hstack(
        [-np.maximum(gain, 0), np.zeros((rows, rows))]
    )  # a column of its own for each: no partner
    width = columns + rows
    row_price, column_price = np.zeros(rows), np.zeros(width)
    owner = np.full(width, -1)
    for row in range(rows):
        distance, previous = np.full(width, np.inf), np.full(width, -1)
        done = np.zeros(width, dtype=bool)
        at, column, total = row, -1, 0.0
        while True:
            reached = total + cost[at] - row_price[at] - column_price
            better = ~done & (reached < distance - 1e-12)
            distance[better], previous[better] = reached[better], column
            column = int(np.argmin(np.where(done, np.inf, distance)))
            total, done[column] = float(distance[column]), True
            if owner[column] < 0:
                break
            at = int(owner[column])
        visited = np.flatnonzero(done & (owner >= 0))
        row_price[row] += total
        row_price[owner[visited]] += total - distance[visited]
        column_price[visited] -= total - distance[visited]
        while column >= 0:
            before = int(previous[column])
            owner[column] = owner[before] if before >= 0 else row
            column = before
    return [(int(owner[k]), k) for k in range(columns) if owner[k] >= 0]


def _take_in(
    likeness: _Matrix, table: _Matrix, partner: dict[int, int], groups: dict[int, tuple[list[int], list[int]]]
) -> None:
    """Put paragraphs to a pair that is liker than their own, and whose other side holds their words: they were merged.

    That side must hold them beside what it has from its partner: a neighbour of the same subject shares the partner's
    words, and no others. On the side of `after` it is the same, seen from there: they were split off.
    """
    number = len(likeness)
    for side, alike in enumerate((likeness, likeness.T)):
        for each, row in enumerate(alike):
            found = {k: i for i, k in partner.items()}
            mine, others = (partner, found) if side == 0 else (found, partner)
            weights = table[each + side * number]
            own = row[mine[each]] if each in mine else -1.0
            shares = {}
            for other, twin in others.items():
                if row[other] <= own or twin == each:
                    continue
                there = weights * (table[other + (1 - side) * number] > 0)
                if there.sum() >= HELD * weights.sum():
                    shares[other] = float(
                        there[table[twin + side * number] == 0].sum() / max(there.sum(), 1e-9)
                    )
            best = max(shares, key=lambda other: shares[other], default=-1)
            if shares.get(best, 0.0) < BEYOND:
                continue
            if each in mine:
                del groups[each if side == 0 else mine[each]], partner[each if side == 0 else mine[each]]
            groups[found[best] if side == 0 else best][side].append(each)


def _out_of_order(partner: Mapping[int, int]) -> set[int]:
    """Return the fewest rows without which the pairs stand in one order: all but a longest increasing run."""
    ends: list[int] = []
    run: list[int] = []
    best: dict[int, int | None] = {}
    for i in sorted(partner):
        place = bisect_left(ends, partner[i])
        best[i] = run[place - 1] if place else None
        ends[place:], run[place:] = [partner[i], *ends[place + 1 :]], [i, *run[place + 1 :]]
    kept: set[int] = set()
    at = run[-1] if run else None
    while at is not None:
        kept.add(at)
        at = best[at]
    return set(partner) - kept

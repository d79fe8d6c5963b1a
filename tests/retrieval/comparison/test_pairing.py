"""Paragraphs are paired by what they say; none is lost and none stands twice."""

from __future__ import annotations

import random
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from retrieval.comparison.pairing import Pair, assigned, pair_paragraphs
from tests.communiques import COMMUNIQUES, paragraphs

TEXTS = [
    "Norland will open a ferry line between Port Alder and Sund.",
    "The central banks will study a settlement system in local currencies.",
    "Military doctors of both countries will train together in Corvin.",
    "The Council approved the release of two million young salmon.",
    "A hotline between the two air forces is tested once a week.",
    "Two in three grants went to projects led by men.",
]


def kinds(pairs: tuple[Pair, ...]) -> list[tuple[str, str, str]]:
    return [
        (
            "+".join(s.paragraph.number for s in p.before),
            "+".join(s.paragraph.number for s in p.after),
            p.kind,
        )
        for p in pairs
    ]


@given(
    st.lists(st.text(min_size=1, max_size=60).filter(str.strip), max_size=7),
    st.lists(st.text(min_size=1, max_size=60).filter(str.strip), max_size=7),
)
def test_every_paragraph_of_both_stands_in_exactly_one_pair(one: list[str], other: list[str]) -> None:
    before, after = paragraphs(one, "a"), paragraphs(other, "b")
    pairs = pair_paragraphs(before, after)

    assert sorted(s.paragraph.ordinal for p in pairs for s in p.before) == list(range(len(before)))
    assert sorted(s.paragraph.ordinal for p in pairs for s in p.after) == list(range(len(after)))
    for pair in pairs:
        for statement in (*pair.before, *pair.after):
            assert statement.text == statement.paragraph.text


def test_a_readout_in_another_order_is_word_for_word_the_same_and_moved() -> None:
    order = list(range(len(TEXTS)))
    random.Random(3).shuffle(order)
    before, after = paragraphs(TEXTS, "a"), paragraphs([TEXTS[i] for i in order], "b")
    pairs = pair_paragraphs(before, after)

    assert {(p.before[0].text, p.after[0].text) for p in pairs} == {(text, text) for text in TEXTS}
    assert {p.kind for p in pairs} == {"same"}
    assert any(p.moved for p in pairs)


def test_an_insertion_renumbers_what_follows_and_moves_nothing() -> None:
    after = [*TEXTS[:2], "The Ministers signed a treaty on extradition.", *TEXTS[2:]]
    pairs = pair_paragraphs(paragraphs(TEXTS, "a"), paragraphs(after, "b"))

    assert [kind for _, _, kind in kinds(pairs)] == ["same", "same", "new", "same", "same", "same", "same"]
    assert [p.renumbered for p in pairs] == [False, False, False, True, True, True, True]
    assert not any(p.moved for p in pairs)


def test_paragraphs_that_became_one_are_merged_and_the_reverse_is_split() -> None:
    two = [
        "Ministers fear the debt burden of small island states.",
        "They asked the Coastal Bank to publish a list of loans.",
        *TEXTS,
    ]
    one = ["Ministers fear the debt burden of small island states and welcomed the list of loans that the Coastal Bank published.", *TEXTS]  # fmt: skip

    assert kinds(pair_paragraphs(paragraphs(two, "a"), paragraphs(one, "b")))[0] == ("1+2", "1", "merged")
    assert kinds(pair_paragraphs(paragraphs(one, "a"), paragraphs(two, "b")))[0] == ("1", "1+2", "split")


@given(
    arrays(np.float64, st.tuples(st.integers(0, 4), st.integers(0, 4)), elements=st.floats(-1, 1, width=16))
)
def test_no_other_assignment_gains_more(gain: NDArray[np.float64]) -> None:
    rows, columns = gain.shape
    wide = gain if rows <= columns else gain.T
    best = max(
        sum(max(0.0, wide[i, k]) for i, k in enumerate(order))
        for order in permutations(range(wide.shape[1]), wide.shape[0])
    )
    pairs = assigned(gain)

    assert len({i for i, _ in pairs}) == len({k for _, k in pairs}) == len(pairs)
    assert sum(max(0.0, gain[i, k]) for i, k in pairs) == pytest.approx(best)


def test_the_changed_words_are_marked_on_both_sides() -> None:
    (_, _, old), (_, _, new) = COMMUNIQUES["dialogue-2023"], COMMUNIQUES["dialogue-2025"]
    pair = pair_paragraphs(paragraphs(old, "a"), paragraphs(new, "b"))[1]

    shown = [[s.text[i:k] for i, k in s.highlights] for s in (*pair.before, *pair.after)]
    assert shown == [["and"], [",", "and inclusive"]]


def test_a_heading_is_no_part_of_what_is_compared_word_by_word() -> None:
    (pair,) = pair_paragraphs(paragraphs(["We met in Sund."], "a"), paragraphs(["“We met in Sund.”"], "b"))

    assert pair.kind == "same"

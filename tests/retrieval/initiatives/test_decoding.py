"""Logits -> spans of whole words, inside one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.initiatives.tagging import KINDS, OUTPUTS, Logits, Mention, Thresholds, decode, trimmed

TEXT = "Norland will launch a (small) fund, a forum. Estmark waits."
SENTENCES = [(0, 44), (45, 59)]
OFFSETS = [match.span() for match in re.finditer(r"\w+|[^\w\s]", TEXT)]
WORDS = [TEXT[start:end] for start, end in OFFSETS]


def logits(**tags: str) -> Logits:
    """Logits that are sure: one letter a token of `TEXT`, "b", "i" or "o"."""
    found = np.zeros((len(OFFSETS), OUTPUTS), dtype=np.float32)
    for first, name in ((0, "mentions"), (3, "actors")):
        for token, tag in enumerate(tags.get(name, "o" * len(OFFSETS))):
            found[token, first + "obi".index(tag)] = 9
    return found


def decoded(found: Logits) -> list[Mention]:
    return list(decode(found, OFFSETS, TEXT, SENTENCES, Thresholds(), "7"))


def words(found: Sequence[Mention]) -> list[str]:
    return [TEXT[mention.start : mention.end] for mention in found]


def test_a_mention_is_the_words_tagged_without_the_marks_of_the_sentence() -> None:
    found = decoded(logits(mentions="oooobiiiooooooo"))

    assert words(found) == ["(small) fund"]
    assert (found[0].paragraph, found[0].sentence) == ("7", (0, 44))


def test_a_mention_ends_where_another_begins() -> None:
    assert words(decoded(logits(mentions="ooobiiiibiioooo"))) == ["a (small) fund", "a forum"]


def test_no_mention_ends_in_an_article() -> None:
    assert words(decoded(logits(mentions="ooooooobiioooo"))) == ["fund"]


def test_no_mention_reaches_into_the_next_sentence() -> None:
    assert words(decoded(logits(mentions="oooooooooobiiii"))) == ["forum", "Estmark waits"]


def test_the_actor_is_the_nearest_before_the_mention_or_else_the_first_of_its_sentence() -> None:
    before = decoded(logits(mentions="ooooooooooboooo", actors="biooooooooooooo"))
    after = decoded(logits(mentions="ooboooooooooooo", actors="ooooooooooboooo"))
    elsewhere = decoded(logits(mentions="ooooooooooboooo", actors="oooooooooooobio"))

    assert [TEXT[slice(*m.actor)] for m in (*before, *after) if m.actor] == ["Norland will", "forum"]
    assert elsewhere[0].actor is None


def test_the_kind_is_that_of_most_weight_over_the_mention() -> None:
    found = logits(mentions="ooooooooobioooo")
    found[9, 6 + KINDS.index("request")] = 1
    found[10, 6 + KINDS.index("continuing")] = 2

    assert [mention.kind for mention in decoded(found)] == ["continuing"]


@given(arrays(np.float32, (len(OFFSETS), OUTPUTS), elements=st.floats(-20, 20, width=32)))
def test_whatever_the_network_says_mentions_are_ordered_and_apart(found: Logits) -> None:
    mentions = decoded(found)

    assert all(0 <= m.start < m.end <= len(TEXT) for m in mentions)
    assert all(one.end <= other.start for one, other in pairwise(mentions))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" the fund, ", "the fund"),
        ("Fund (CHP),", "Fund (CHP)"),
        ("CHP)", "CHP"),
        ("“Clean Harbours”", "“Clean Harbours”"),
        ("$5 million.", "$5 million"),
    ],
)
def test_marks_go_that_belong_to_the_sentence(text: str, kept: str) -> None:
    span = trimmed(text, 0, len(text))

    assert span is not None
    assert text[slice(*span)] == kept


def test_marks_alone_are_nothing() -> None:
    assert trimmed(" – (,) ", 0, 7) is None

"""Terms as sparse vectors: their dot product is BM25."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.index.fulltext import IndexedTerms
from retrieval.index.sparse import AVERAGE_LENGTH, TermVector, text_weights
from retrieval.search.ranking import LENGTH_NORM, SATURATION


def _dot(one: TermVector, other: TermVector) -> float:
    weights = dict(zip(one.indices, one.values, strict=True))
    return sum(weights.get(i, 0.0) * value for i, value in zip(other.indices, other.values, strict=True))


def test_product_of_text_and_question_is_bm25() -> None:
    text = IndexedTerms(["cyber", "cyber", "train", "asean"], length=30)
    idf = {"cyber": 1.7, "asean": 0.2, "climat": 3.0}

    product = _dot(TermVector.of(text_weights(text)), TermVector.of(idf))

    norm = SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * 30 / AVERAGE_LENGTH)
    assert product == pytest.approx(1.7 * 2 / (2 + norm) + 0.2 * 1 / (1 + norm))


def test_a_term_has_the_same_index_for_ever() -> None:
    assert TermVector.of({"cyber": 1.0, "東京": 2.0}).indices == (2451981039, 3814032682)


def test_terms_that_share_an_index_are_added_up() -> None:
    assert TermVector.of({"plumless": 1.0, "buckeroo": 2.5}) == TermVector((1306201125,), (3.5,))


def test_only_the_heaviest_terms_are_kept() -> None:
    assert TermVector.of({"a": 1.0, "b": 3.0, "c": 2.0}, most=2) == TermVector.of({"b": 3.0, "c": 2.0})


@given(st.dictionaries(st.text(), st.floats(0.001, 20.0), max_size=50))
def test_vector_is_as_an_engine_wants_it(weights: dict[str, float]) -> None:
    found = TermVector.of(weights)

    assert list(found.indices) == sorted(set(found.indices))
    assert all(0 <= index < 2**32 for index in found.indices)
    assert math.isclose(sum(found.values), sum(weights.values()), abs_tol=1e-9)

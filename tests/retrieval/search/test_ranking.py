import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.index.encoder import embedding_text
from retrieval.index.fulltext import TermStatistics
from retrieval.language.terms import indexed_terms, terms
from retrieval.models import LiveParagraph, Numbering
from retrieval.search.ranking import (
    Candidate,
    Holds,
    fuse,
    lexical_scores,
    min_max,
    prepare,
    rank,
    resolve_names,
    shortlist,
)

FINITE = st.floats(-1e3, 1e3, allow_nan=False)


def paragraph(text: str, number: str = "1", ordinal: int = 0, title: str = "Water readout") -> LiveParagraph:
    return LiveParagraph("water", "r1", ordinal, number, Numbering.PRINTED, text, title)


STATISTICS = TermStatistics(10, 8.0, {"river": 2, "minist": 8})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("defence", "defense"),
        ("organisation", "organization"),
        ("Kishi’s", "Kishi"),
        ("Año", "Ano"),
        ("Hồ Chí Minh", "Ho Chi Minh"),
        ("1,500 troops", "1500 troops"),
        ("U.S.", "United States"),
        ("Burma", "Myanmar"),
        ("Viet Nam", "Vietnam"),
        ("Japanese", "Japan"),
        ("three years", "3 years"),
        ("seventh", "7th"),
    ],
)
def test_spellings_of_one_thing_give_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_unspaced_scripts_become_overlapping_pairs() -> None:
    assert terms("防衛大臣") == ["防衛", "衛大", "大臣"]


def test_initials_of_a_spelled_out_name_are_indexed_apart_from_words() -> None:
    found = indexed_terms("the Code of Conduct on South China Sea")

    assert "zqcoc" in found
    assert "coc" not in found


def test_an_abbreviation_is_replaced_only_where_the_scope_spells_it_out() -> None:
    spelled = TermStatistics(10, 8.0, {"zqcoc": 1})
    literal = TermStatistics(10, 8.0, {"zqcoc": 1, "coc": 1})

    assert resolve_names(("coc",), (("coc", "zqcoc"),), spelled) == ("zqcoc",)
    assert resolve_names(("coc",), (("coc", "zqcoc"),), literal) == ("coc",)


@given(st.text(max_size=200))
def test_terms_never_fail(text: str) -> None:
    assert all(term for term in indexed_terms(text))


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=20), st.integers(1, 9), st.integers(-50, 50))
def test_fusion_does_not_see_scale_or_offset(values: list[int], scale: int, offset: int) -> None:
    scores = np.array(values, dtype=np.float64)

    assert np.allclose(fuse([(1.0, scores)]), fuse([(1.0, scores * scale + offset)]))


def test_equal_scores_decide_nothing() -> None:
    assert min_max(np.array([3.0, 3.0])).tolist() == [0.0, 0.0]


def test_a_rare_word_outweighs_a_common_one() -> None:
    scores = lexical_scores(
        ["river", "minist"],
        [prepare(paragraph("The river rose.")), prepare(paragraph("The minister spoke."))],
        STATISTICS,
    )

    assert scores[0] > scores[1]


def test_the_title_is_embedded_before_the_text_and_left_out_when_there_is_none() -> None:
    assert embedding_text("Water readout", "Text.") == "Water readout\n\nText."
    assert embedding_text("", "Text.") == "Text."


def test_an_expected_kind_of_answer_lifts_the_sentence_that_holds_it() -> None:
    ready = prepare(paragraph("The river rose. The river rose by 40 metres."))
    vectors = np.zeros((2, 4), np.float32)

    (found,) = rank(
        ["river"], np.zeros(4, np.float32), [Candidate(ready, 0.1, vectors)], STATISTICS, Holds.NUMBER
    )

    assert found.sentence_match[1] > found.sentence_match[0]


def test_ties_stay_in_reading_order() -> None:
    candidates = [Candidate(prepare(paragraph("Same.", str(n), n)), 0.5) for n in (3, 1, 2)]

    ranked = rank(["absent"], np.zeros(4, np.float32), candidates, STATISTICS)

    assert [r.prepared.paragraph.number for r in ranked] == ["1", "2", "3"]


def test_the_introduction_yields_to_a_numbered_paragraph_with_the_same_words() -> None:
    candidates = [
        Candidate(prepare(paragraph("The river rose.", "intro", 0)), 0.5),
        Candidate(prepare(paragraph("The river rose.", "1", 1)), 0.5),
    ]

    ranked = rank(["river"], np.zeros(4, np.float32), candidates, STATISTICS)

    assert ranked[0].prepared.paragraph.number == "1"


def test_nothing_to_rank_is_an_empty_ranking() -> None:
    assert rank(["river"], np.zeros(4, np.float32), [], STATISTICS) == []
    assert shortlist(["river"], [], STATISTICS, keep=5) == []


@given(st.lists(st.text(max_size=60), max_size=5), st.lists(FINITE, min_size=5, max_size=5))
def test_ranking_keeps_every_candidate_once(texts: list[str], similarities: list[float]) -> None:
    candidates = [
        Candidate(prepare(paragraph(t, str(i), i)), s)
        for i, (t, s) in enumerate(zip(texts, similarities, strict=False))
    ]

    ranked = rank(terms(" ".join(texts)), np.zeros(4, np.float32), candidates, STATISTICS)

    assert sorted(r.prepared.paragraph.number for r in ranked) == sorted(
        str(i) for i in range(len(candidates))
    )

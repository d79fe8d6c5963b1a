"""The selector that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.answering.models import Status
from retrieval.answering.question import analyse
from retrieval.answering.selectors import Candidates
from retrieval.answering.selectors.features import COLUMNS, Rarity, describe
from retrieval.answering.selectors.trained import (
    MODEL_DIR,
    MODEL_FILE,
    Decision,
    Shown,
    TrainedSelector,
    Trees,
)
from retrieval.errors import ModelError
from retrieval.index.encoder import Encoder
from retrieval.index.fulltext import TermStatistics
from retrieval.models import LiveParagraph, Numbering
from retrieval.search.ranking import Candidate, prepare, rank

STATISTICS = TermStatistics(3, 10.0, {"river": 2, "forum": 1, "held": 2})
TEXTS = (
    "The Forum was held in Riverton. It was the first in three years.",
    "The Ministers announced two initiatives. They will open a seminar and train 40 officers.",
    "The river treaty was not signed.",
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def candidates(question: str, texts: tuple[str, ...] = TEXTS) -> Candidates:
    paragraphs = [
        LiveParagraph("water", "r1", i, str(i + 1), Numbering.PRINTED, text, "Water readout")
        for i, text in enumerate(texts)
    ]
    asked = analyse(question)
    query = np.zeros(4, np.float32)
    ranked = rank(
        asked.terms, query, [Candidate(prepare(p), 0.5) for p in paragraphs], STATISTICS, asked.expects
    )
    return Candidates(asked, tuple(ranked), STATISTICS, query, one_readout=True)


def test_the_sentence_that_answers_comes_first(encoder: Encoder) -> None:
    found = candidates("Where was the Forum held?")

    selection = TrainedSelector(encoder).select(found)

    assert found.statement(selection.picks[0]).text == "The Forum was held in Riverton."


def test_the_same_question_is_answered_the_same(encoder: Encoder) -> None:
    found = candidates("How many officers will be trained?")

    first, again = TrainedSelector(encoder), TrainedSelector(encoder)

    assert first.select(found) == first.select(found) == again.select(found)


def test_what_is_on_another_subject_is_not_answered(encoder: Encoder) -> None:
    assert (
        TrainedSelector(encoder).select(candidates("Who won the 1998 chess final?")).status
        is not Status.ANSWERED
    )


@given(st.text(max_size=120), st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_every_figure_is_a_number_whatever_the_texts(question: str, texts: list[str]) -> None:
    found = candidates(question, tuple(texts))

    described = describe(found, Rarity(10, {"river": 3}))

    assert described.table.shape == (len(described.picks), len(COLUMNS))
    assert np.isfinite(described.table).all()
    assert described.table.dtype == np.float32


@settings(max_examples=25, deadline=None)
@given(question=st.text(max_size=120), texts=st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_any_text_is_selected_from(encoder: Encoder, question: str, texts: list[str]) -> None:
    found = candidates(question, tuple(texts))

    selection = TrainedSelector(encoder).select(found)

    assert 0.0 <= selection.confidence <= 1.0
    assert len(set(selection.picks)) == len(selection.picks)
    assert all(found.statement(pick).text for pick in selection.picks)


def test_a_decision_is_explained_by_its_figures(encoder: Encoder) -> None:
    found = candidates("Where was the Forum held?")
    selector = TrainedSelector(encoder)

    decision, best, *_ = selector.explain(found)

    assert decision.probability == selector.select(found).confidence
    assert best.text == "The Forum was held in Riverton."
    assert 0.0 <= best.figures["coverage"] <= 1.0


def test_a_damaged_model_is_one_clear_sentence(tmp_path: Path, encoder: Encoder) -> None:
    for file in MODEL_DIR.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    content = bytearray((tmp_path / MODEL_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / MODEL_FILE).write_bytes(content)

    with pytest.raises(
        ModelError, match=r"selector\.npz: the model's file is damaged .* Reinstall Rapporteur"
    ):
        TrainedSelector(encoder, tmp_path).select(candidates("Where was the Forum held?"))


def test_further_sentences_are_shown_as_long_as_they_are_likely() -> None:
    shown = Shown(least=0.3, share=0.5, most=3)

    assert shown.rows(np.array([0.2, 0.9, 0.5, 0.44])).tolist() == [1, 2]
    assert shown.rows(np.array([0.01, 0.02])).tolist() == [1]
    assert shown.rows(np.array([0.4, 0.4, 0.4, 0.4])).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("confidence", "status"), [(0.6, Status.ANSWERED), (0.3, Status.CLOSEST), (0.1, Status.NOT_FOUND)]
)
def test_three_outcomes(confidence: float, status: Status) -> None:
    nothing = np.zeros(0)
    trees = Trees(0.0, 0, *(nothing for _ in range(7)))  # type: ignore[arg-type]

    assert Decision(trees, 1.0, 0.0, answers_from=0.5, nears_from=0.2).status(confidence) is status

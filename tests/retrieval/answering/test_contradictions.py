"""What is claimed where a readout says something else than the question: who did it to whom, how many, which meeting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from retrieval.answering.service import AnsweringService
from tests.conftest import OpenStore, WriteReadout


@pytest.fixture
def answering(open_store: OpenStore, write_readout: WriteReadout) -> Iterator[AnsweringService]:
    path = write_readout(
        "hc-6",
        [
            "The 6th Harbour Commission was held in Kelm and chaired by Minister Ida Holm.",
            "Norland lent Estmark four icebreakers for the winter.",
            "Estmark sent 30 young harbour pilots to Norland.",
            "The 7th meeting will be held in Sund.",
        ],
        title="Agreed Minutes of the 6th Norland–Estmark Harbour Commission",
        date="2025-06-14",
    )
    with open_store(corpus=path.parent) as services:
        services.ingesting.ingest([path.parent])
        services.answering.today = lambda: date(2026, 5, 1)
        yield services.answering


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("Did Estmark lend Norland four icebreakers?", "party", "Norland"),
        ("How many harbour pilots did Norland send to Estmark?", "party", "Estmark"),
        ("Did Estmark send 50 pilots to Norland?", "number", "30"),
    ],
    ids=["bare", "to", "number of modified noun"],
)
def test_the_other_way_round_is_not_claimed(
    answering: AnsweringService, question: str, kind: str, value: str
) -> None:
    answer = answering.ask(question)

    assert not answer.statements
    assert (kind, value) in {(d.kind, d.value) for s in answer.nearest for d in s.differs}


def test_what_is_said_of_this_meeting_is_not_claimed_of_the_next(answering: AnsweringService) -> None:
    answer = answering.ask("Where will the next Harbour Commission be held?")

    assert not any("6th" in s.text for s in answer.statements)
    assert ("ordinal", "6th") in {(d.kind, d.value) for s in answer.nearest for d in s.differs}


@pytest.mark.parametrize(
    "question",
    [
        "Did Norland lend Estmark four icebreakers?",
        "Did Norland lend 4 icebreakers to Estmark?",
        "Was Estmark lent icebreakers by Norland?",
        "How many harbour pilots did Estmark send to Norland?",
        "How many harbour pilots did Norland get from Estmark?",
        "Did Estmark send 30 pilots to Norland?",
    ],
)
def test_what_the_readout_says_stays_claimed(answering: AnsweringService, question: str) -> None:
    assert answering.ask(question).statements

"""What is claimed where a readout says something else than the question: who did it to whom, how many, which meeting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from retrieval.answering.direct import meeting_question
from retrieval.answering.question import analyse
from retrieval.answering.service import AnsweringService
from retrieval.language.times import Times
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
            "The trawler Vega of Estmark had been seized by Norland in May.",
            "Norlander crews cleared the wreck. Estmark lodged a formal protest against the towing of buoys by Norland.",
            "Harbour dues fell to 11 million crowns.",
            "Estmark expressed its gratitude to Norland for the dredging of the fairway.",
            "Some 63 berths were rebuilt.",
            "Fees for pilots amounted to 14 million crowns in 2023.",
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
        ("Was Estmark's trawler Vega seized by Estmark?", "party", "Norland"),
        ("Was a trawler of Norland seized by Estmark?", "party", "Norland"),
        ("Did Estmarker crews clear the wreck?", "party", "Norlander"),
        ("Did harbour dues fall to 25 million?", "number", "11"),
        ("Did Estmark dredge the fairway for Norland?", "party", "Norland"),
        ("Were seventy-one berths rebuilt?", "number", "63"),
        ("Did fees for pilots amount to 14 million crowns in 2025?", "year", "2023"),
    ],
    ids=[
        "bare",
        "to",
        "number of modified noun",
        "passive",
        "seizer and seized",
        "whose",
        "figure",
        "thanks",
        "number in words",
        "time before",
    ],
)
def test_the_other_way_round_is_not_claimed(
    answering: AnsweringService, question: str, kind: str, value: str
) -> None:
    answer = answering.ask(question)

    assert not answer.statements
    assert (kind, value) in {(d.kind, d.value) for s in answer.nearest for d in s.differs}


@pytest.mark.parametrize(
    ("question", "paragraph"),
    [
        ("Where will the next Harbour Commission be held?", "4"),
        ("Where will the 7th meeting take place?", "4"),
        ("In which city did the sixth Harbour Commission meet?", "1"),
        ("Who was in the chair at the last Harbour Commission?", "1"),
    ],
)
def test_a_question_about_a_meeting_itself_is_answered_whatever_its_words(
    answering: AnsweringService, question: str, paragraph: str
) -> None:
    assert [s.paragraph.number for s in answering.ask(question).statements] == [paragraph]


@pytest.mark.parametrize(
    "question",
    [
        "Where was the 5th Harbour Commission held?",
        "Where will the 9th meeting take place?",
        "When will the 7th meeting be held?",
    ],
)
def test_what_is_said_of_one_meeting_is_not_claimed_of_another(
    answering: AnsweringService, question: str
) -> None:
    assert not answering.ask(question).statements


def test_the_next_meeting_of_another_body_is_not_the_next_of_this_one(
    open_store: OpenStore, write_readout: WriteReadout
) -> None:
    text = "The 12th Norland–Estmark Vice-Ministerial Forum will be held in Sund in September."
    path = write_readout("hc-6", [text], title="Readout of the 6th Harbour Meeting", date="2025-06-14")
    with open_store(corpus=path.parent) as services:
        services.ingesting.ingest([path.parent])
        forum = services.answering.ask("Where is the next Vice-Ministerial Forum?")
        meeting = services.answering.ask("Where will the next meeting be held?")

    assert [s.text for s in forum.statements] == [text]
    assert not meeting.statements


@pytest.mark.parametrize(
    "question",
    [
        "Where was the seminar on dredging held?",
        "Who chaired the panel of the Commission?",
        "When did Kelm flood?",
    ],
)
def test_a_question_with_a_word_that_no_meeting_is_called_by_is_about_no_meeting(question: str) -> None:
    asked = meeting_question(analyse(question), Times(rest=question), date(2026, 5, 1))

    assert asked is None or asked.closeness("Agreed Minutes of the 6th Harbour Commission") < 0


@pytest.mark.parametrize(
    "run",
    [
        "JOINT STATEMENT BY THE MINISTER ",
        "Norland, Estmark and the ",
        "thank Norland for the ",
        "9" * 400 + " ",
    ],
)
def test_a_long_run_of_names_or_digits_is_read_to_its_end(answering: AnsweringService, run: str) -> None:
    assert answering.ask(f"Did Norland lend {(run * 30)[:900]} icebreakers?").statements == ()


def test_what_a_later_readout_says_of_a_year_answers_before_what_that_years_says_of_another(
    open_store: OpenStore, write_readout: WriteReadout
) -> None:
    path = write_readout(
        "hc-5",
        ["Harbour dues amounted to 19 million crowns in 2022."],
        title="Agreed Minutes of the 5th Harbour Commission",
        date="2023-06-14",
    )
    write_readout(
        "hc-6",
        ["Harbour dues amounted to 14 million crowns in 2023."],
        title="Agreed Minutes of the 6th Harbour Commission",
        date="2024-06-14",
    )
    with open_store(corpus=path.parent) as services:
        services.ingesting.ingest([path.parent])
        answer = services.answering.ask("How much did harbour dues amount to in 2023?")

    assert [s.text for s in answer.statements] == ["Harbour dues amounted to 14 million crowns in 2023."]


def test_what_was_said_of_it_in_that_year_does_not_confirm_what_came_in_another(
    open_store: OpenStore, write_readout: WriteReadout
) -> None:
    path = write_readout(
        "hc-5",
        ["The ministers welcomed the progress made on the pilotage code."],
        title="Agreed Minutes of the 5th Harbour Commission",
        date="2024-06-14",
    )
    write_readout(
        "hc-6",
        ["The pilotage code entered into force on 1 March 2025."],
        title="Agreed Minutes of the 6th Harbour Commission",
        date="2025-06-14",
    )
    with open_store(corpus=path.parent) as services:
        services.ingesting.ingest([path.parent])
        wrong, right = (
            services.answering.ask(f"Did the pilotage code enter into force in {year}?")
            for year in (2024, 2025)
        )

    assert not wrong.statements
    assert ("year", "2025") in {(d.kind, d.value) for s in wrong.nearest for d in s.differs}
    assert [s.paragraph.document for s in right.statements] == ["hc-6"]


@pytest.mark.parametrize(
    "question",
    [
        "Did Norland lend Estmark four icebreakers?",
        "Did Norland lend 4 icebreakers to Estmark?",
        "Was Estmark lent icebreakers by Norland?",
        "How many harbour pilots did Estmark send to Norland?",
        "How many harbour pilots did Norland get from Estmark?",
        "Did Estmark send 30 pilots to Norland?",
        "Was a trawler of Estmark seized by Norland?",
        "Did Estmark lodge a protest against the towing of buoys?",
        "Did Norlander crews clear the wreck?",
        "Did harbour dues fall to 11 million?",
        "Did Norland dredge the fairway?",
        "did norland dredge the fairway?",
        "Did harbour dues fall to 11m crowns?",
        "Were 63 berths rebuilt?",
        "Did fees for pilots amount to 14 million crowns in 2023?",
    ],
)
def test_what_the_readout_says_stays_claimed(answering: AnsweringService, question: str) -> None:
    assert answering.ask(question).statements

"""Three yearly communiqués: the right year answers, what differs is not claimed, and questions may be mistyped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from retrieval.answering.models import Answer, Status
from retrieval.answering.question import analyse
from retrieval.answering.rereading import cleaned, explained, is_meant, talk_in
from retrieval.answering.service import AnsweringService
from retrieval.models import Statement
from retrieval.search.scoping import Filters
from tests import fakes
from tests.conftest import OpenStore, WriteReadout

SAME = "The Ministers reaffirmed that disputes at sea should be settled by peaceful means."


@pytest.fixture
def answering(open_store: OpenStore, write_readout: WriteReadout) -> Iterator[AnsweringService]:
    for nth, year, crowns, place in (
        ("5th", 2023, 4, "Kelm"),
        ("6th", 2024, 5, "Sund"),
        ("7th", 2025, 6, "Port Alder"),
    ):
        path = write_readout(
            f"nd-{year}",
            [
                f"The {nth} Norland–Estmark Dialogue was held in {place} and chaired by Foreign Minister Ida Holm.",
                f"Norland will contribute {crowns} million crowns to the Hake Watch Fund.",
                SAME,
                "The Northern Hake Watch (NHW) will patrol the Grey Strait against illegal fishing.",
                f"The next Dialogue will be held in {year + 1}.",
            ],
            title=f"Joint Communiqué of the {nth} Norland–Estmark Dialogue",
            date=f"{year}-06-14",
        )  # fmt: skip
    with open_store(corpus=path.parent) as services:
        services.ingesting.ingest([path.parent])
        services.answering.today = lambda: date(2026, 5, 1)
        yield services.answering


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Where was the latest Norland–Estmark Dialogue held?", "nd-2025"),
        ("How much will Norland contribute to the Hake Watch Fund, as it said in 2023?", "nd-2023"),
        ("How much did Norland promise to contribute to the Hake Watch Fund two years ago?", "nd-2024"),
        ("Where was the 6th Dialogue held?", "nd-2024"),
        ("How much will Norland contribute to the Hake Watch Fund?", "nd-2025"),
    ],
)
def test_the_readout_that_the_question_is_about_comes_first(
    answering: AnsweringService, question: str, document: str
) -> None:
    answer = answering.ask(question)

    assert [s.paragraph.document for s in answer.statements][:1] == [document]


def test_the_same_words_of_several_years_are_shown_once_the_newest_first(answering: AnsweringService) -> None:
    answer = answering.ask("How should disputes at sea be settled?")

    (shown,) = [s for s in answer.statements if s.text == SAME]
    assert [shown.paragraph.document, *(p.document for p in shown.also)] == ["nd-2025", "nd-2024", "nd-2023"]


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("How much will Norland contribute to the Hake Watch Fund in 2026?", "year", "2025"),
        ("How much will Estmark contribute to the Hake Watch Fund?", "party", "Norland"),
        ("Where was the 9th Norland–Estmark Dialogue held?", "ordinal", "7th"),
    ],
)
def test_what_the_readouts_contradict_is_closest_and_says_what_differs(
    answering: AnsweringService, question: str, kind: str, value: str
) -> None:
    answer = answering.ask(question)

    assert answer.status is Status.CLOSEST
    assert (kind, value) in {(d.kind, d.value) for s in answer.nearest for d in s.differs}


def test_a_filter_leaves_no_other_readout(answering: AnsweringService) -> None:
    answer = answering.ask("How should disputes at sea be settled?", filters=Filters(until="2023"))

    assert {s.paragraph.document for s in answer.statements} == {"nd-2023"}
    assert not answer.statements[0].also


def test_a_word_that_no_readout_holds_is_read_as_the_nearest_and_that_is_said(
    answering: AnsweringService,
) -> None:
    answer = answering.ask("How should dispuets at sea be settled?")

    assert answer.read_as == "How should disputes at sea be settled?"
    assert answer.statements[0].text == SAME


def test_a_misspelt_ordinal_is_read_though_no_readout_needs_to_hold_it(answering: AnsweringService) -> None:
    answer = answering.ask("Who chaired the fourht Dialogue?")

    assert answer.read_as == "Who chaired the Fourth Dialogue?"


def test_a_bare_term_shows_where_it_stands_newest_first(answering: AnsweringService) -> None:
    answer = answering.ask("NHW")

    assert [s.paragraph.document for s in answer.statements] == ["nd-2025", "nd-2024", "nd-2023"]


def test_two_questions_have_an_outcome_each(answering: AnsweringService) -> None:
    answer = answering.ask("Who chaired the latest Norland–Estmark Dialogue and what is the price of copper?")

    assert [bool(part.statements) for part in answer.parts] == [True, False]
    assert answer.status is Status.PARTIAL
    assert answer.unanswered == "what is the price of copper"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<:fish:123456> What about **fish**?", "What about fish?"),
        ("<@42> What did “they” say? https://example.org/a", "What did they say?"),
        ("> [Who](https://example.org) chaired it?", "Who chaired it?"),
        ("What's Norland's plan? 🎉", "What's Norland's plan?"),
        ("<@42>", "<@42>"),
        ("@Rapporteur whens the next one?", "when is the next one?"),
        ("Did 19 500 people pay 5.1m and 2bn?", "Did 19,500 people pay 5.1 million and 2 billion?"),
        ("Is a 5m high wall built?", "Is a 5m high wall built?"),
    ],
)
def test_what_is_no_part_of_the_words_is_taken_out(typed: str, read: str) -> None:
    assert cleaned(typed) == read


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("the Code of Conduct (COC) and", [("COC", "Code of Conduct")]),
        (
            "humanitarian assistance and disaster relief (HADR)",
            [("HADR", "humanitarian assistance and disaster relief")],
        ),
        ("the Norland Fund (2025)", []),
    ],
)
def test_an_abbreviation_is_what_the_text_says_it_is(text: str, pairs: list[tuple[str, str]]) -> None:
    assert list(explained(text)) == pairs


@pytest.mark.parametrize(
    ("said", "talk"),
    [
        ("thanks!", "greeting"), ("hello", "greeting"), ("lol", "greeting"), ("help", "about"), ("what can you do?", "about"),
        ("i think she went home already", "members"), ("UNCLOS", None), ("fishing in the strait", None),
        ("what do you know about the fishing fleet?", None),
    ],
)  # fmt: skip
def test_what_asks_nothing_is_known_and_in_doubt_it_is_a_question(said: str, talk: str | None) -> None:
    held = dict.fromkeys(analyse("UNCLOS fishing strait fleet").terms, 3)

    assert talk_in(analyse(said), held) == talk


@pytest.mark.parametrize(
    ("said", "is_answered", "meant"),
    [
        ("What was said of the reef?", False, True),
        ("whats the position on reefs", False, True),
        ("do we know who hosted it?", False, True),
        ("does the readout say anything of us?", False, True),
        ("are you coming tonight?", False, False),
        ("did anyone watch the game?", False, False),
        ("did anyone mention reefs?", True, True),
        ("reef cooperation", True, True),
        ("reef cooperation", False, False),
        ("that reef is beautiful", True, False),
        ("I like the reef", True, False),
    ],
)
def test_what_is_overheard_is_a_question_unless_members_speak_of_themselves(
    said: str, is_answered: bool, meant: bool
) -> None:
    paragraph = fakes.paragraph()
    found = Answer(said, (Statement(paragraph, 0, 5),) if is_answered else (), confidence=0.5)

    assert is_meant(analyse(said), found) is meant


def test_thanks_in_a_conversation_is_not_the_last_question_again(answering: AnsweringService) -> None:
    answer = answering.ask("thanks!", history=["How many crowns were pledged in 2024?"])

    assert (answer.talk, answer.statements) == ("greeting", ())


@pytest.mark.parametrize("cited", ["nd-2023", "nd-2024"])
def test_a_follow_up_is_asked_first_of_the_readouts_that_were_cited(
    answering: AnsweringService, cited: str
) -> None:
    history = ["Who chaired the Dialogue?"]
    answer = answering.ask(
        "and how many crowns will they contribute to the fund?", history=history, about=(cited,)
    )

    assert answer.statements[0].paragraph.document == cited


def test_a_readout_that_is_gone_since_holds_no_follow_up_up(answering: AnsweringService) -> None:
    history = ["Who chaired the Dialogue?"]

    assert answering.ask(
        "and how many crowns will they contribute to the fund?", history=history, about=("gone",)
    ).statements

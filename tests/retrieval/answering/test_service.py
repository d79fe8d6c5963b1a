"""The one door: what it refuses, and what every answer that passes it keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.answering.models import Answer, Status
from retrieval.answering.rereading import MAX_QUESTION_CHARS, checked
from retrieval.answering.service import AnsweringService
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError, QuestionError
from retrieval.search import retriever

ASKED = "What will Japan hold on cybersecurity?"
_ASKING = "who what when where which why how many did the Minister ASEAN Japan announce say about not"
_NAMING = "paragraph 7 9 ¶3 initiatives Myanmar HADR cyber intro header summarise ? , “ ” 2022 - * ' ( )"
_WORDS = st.sampled_from([*_ASKING.split(), *_NAMING.split()])
QUESTIONS = st.one_of(st.lists(_WORDS, min_size=1, max_size=25).map(" ".join), st.text(max_size=200))


@pytest.mark.parametrize(
    "question", ["", " ", "\n\t ", "\u00a0\u3000"], ids=["none", "space", "lines", "wide"]
)
def test_an_empty_question_is_refused(shipped: Services, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        shipped.answering.ask(question)

    assert str(caught.value) == "The question is empty. Ask something, for example: What was announced?"


def test_a_question_has_at_most_a_thousand_characters(shipped: Services) -> None:
    with pytest.raises(QuestionError) as caught:
        shipped.answering.ask("x" * 1_001)

    assert str(caught.value) == "The question has 1,001 characters; at most 1,000 are read. Shorten it."
    assert len(checked(" " + "x" * 1_000 + "\n")) == MAX_QUESTION_CHARS == 1_000
    assert shipped.answering.ask("x" * 1_000).status is Status.NOT_FOUND


@pytest.mark.parametrize(
    ("character", "code"), [("\x00", "U+0000"), ("\x1b", "U+001B"), ("\x85", "U+0085"), ("\udcff", "U+DCFF")]
)
def test_a_control_character_is_refused_by_its_code(shipped: Services, character: str, code: str) -> None:
    with pytest.raises(QuestionError) as caught:
        shipped.answering.search(f"Where{character}was it?")

    assert str(caught.value) == (
        f"The question holds a control character ({code}). Remove it, then ask again."
    )


def test_lines_and_tabs_are_no_control_characters() -> None:
    assert checked("\tWhere\r\nwas\tit held? ") == "Where\r\nwas\tit held?"


@pytest.mark.parametrize("document", ["asean-japan-2022-06-21", "ASEAN-JAPAN-2022"])
def test_an_unknown_readout_names_near_ids(shipped: Services, document: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        shipped.answering.ask(ASKED, document=document)

    assert str(caught.value) == (
        f'There is no readout "{document}". Did you mean asean-japan-2022-06-22? '
        '"rapporteur documents" lists the ids.'
    )


@pytest.mark.parametrize("document", ["", "zzz", "x" * 10_000, "'; --"])
def test_an_unknown_readout_unlike_any_names_none(shipped: Services, document: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        shipped.answering.search(ASKED, document=document)

    assert str(caught.value) == f'There is no readout "{document}". "rapporteur documents" lists the ids.'


def test_another_scope_sees_nothing_of_this_one(shipped: Services) -> None:
    answer = shipped.answering.ask(ASKED, scopes=["guild:1"])

    assert (answer.statements, answer.nearest, answer.status) == ((), (), Status.NOT_FOUND)
    assert shipped.answering.search(ASKED, scopes=["guild:1"]) == []
    with pytest.raises(NotFoundError, match=r'no readout "asean-japan-2022-06-22"\. "rapporteur'):
        shipped.answering.ask(ASKED, scopes=["guild:1"], document="asean-japan-2022-06-22")


def _sound(answer: Answer, services: Services) -> None:
    """What holds for every answer: exact quotes, and a status that follows from what is shown."""
    for statement in (*answer.statements, *answer.nearest):
        paragraph = services.browser.paragraph(statement.paragraph.document, statement.paragraph.number)
        assert paragraph.text[statement.start : statement.end] == statement.text != ""
    for statement in answer.statements:
        spans = [(0, 0), *statement.highlights, (len(statement.text), len(statement.text))]
        assert all(a <= b <= c for (a, b), (c, _) in pairwise(spans))
    assert 0.0 <= answer.confidence <= 1.0
    assert (answer.status in (Status.NOT_FOUND, Status.CLOSEST)) == (not answer.statements)
    assert not (answer.statements and answer.nearest)


@settings(max_examples=40, deadline=None)
@given(question=QUESTIONS, alone=st.booleans())
def test_every_quote_is_the_exact_substring_it_claims(shipped: Services, question: str, alone: bool) -> None:
    document = "asean-japan-2022-06-22" if alone else None
    try:
        answer = shipped.answering.ask(question, document=document)
    except QuestionError:
        return

    _sound(answer, shipped)


@pytest.mark.parametrize(
    "question", [ASKED, "What does paragraph 7 say?", "Summarise it.", "Who won the cup?"]
)
def test_the_same_question_has_the_same_answer(shipped: Services, question: str) -> None:
    first, again = (shipped.answering.ask(question) for _ in range(2))

    assert first == again
    _sound(first, shipped)


def test_what_the_sources_do_not_say_has_no_statement_but_the_nearest(shipped: Services) -> None:
    answer = shipped.answering.ask("Who won the 1998 football world cup in France?")

    assert (answer.status, answer.statements) == (Status.NOT_FOUND, ())
    assert answer.nearest


def test_many_threads_get_the_answers_that_one_gets(
    shipped: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered between questions is bounded, and forgetting must not disturb another question."""
    questions = [
        ASKED,
        "Which initiatives did Japan announce?",
        "What was said about Myanmar?",
        "Who chaired?",
    ]
    alone = [shipped.answering.ask(question) for question in questions]
    monkeypatch.setattr(retriever, "_REMEMBERED", 3)
    service = AnsweringService(shipped.ledger, shipped.retriever)

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(service.ask, questions * 12))

    assert together == alone * 12


def test_elapsed_times_add_up(shipped: Services) -> None:
    _, elapsed = shipped.answering.timed_ask(ASKED)

    assert elapsed.total == pytest.approx(elapsed.retrieve + elapsed.answer)
    assert min(elapsed.retrieve, elapsed.answer) >= 0

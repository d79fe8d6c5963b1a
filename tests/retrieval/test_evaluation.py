"""Each figure on a set small enough to work out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retrieval.answering.models import Answer
from retrieval.answering.service import Elapsed
from retrieval.bootstrap import Services
from retrieval.errors import MissingFileError, SourceError
from retrieval.evaluation import (
    EvalQuestion,
    EvalRow,
    Place,
    ask_one,
    auroc,
    contains_gold,
    figures,
    normalised,
    read_questions,
    sample,
)
from retrieval.models import LiveParagraph, Numbering, Statement


def _question(**more: Any) -> EvalQuestion:
    defaults: dict[str, Any] = {
        "id": "q",
        "question": "Where?",
        "document": None,
        "gold": frozenset(),
        "gold_answers": (),
        "must_include": (),
        "answerable": True,
        "history": (),
        "language": "en",
    }
    return EvalQuestion(**defaults | more)


def _answer(text: str | None, cited: tuple[Place, ...] = (("d", "1"),), confidence: float = 0.5) -> Answer:
    if text is None:
        return Answer("Where?", confidence=confidence)
    shown = tuple(
        Statement(LiveParagraph(document, "r", 0, number, Numbering.PRINTED, text, "Title"), 0, len(text))
        for document, number in cited
    )
    return Answer("Where?", shown, confidence=confidence)


def _row(
    question: EvalQuestion,
    answer: Answer,
    *,
    ranked: tuple[Place, ...] = (),
    total: float = 1.0,
    wrong: int = 0,
) -> EvalRow:
    return EvalRow(question, answer, Elapsed(total / 2, total / 2, total), ranked, wrong)


D1, D2, D3, D4 = (("d", str(n)) for n in (1, 2, 3, 4))


def test_figures_of_a_small_set() -> None:
    gold = frozenset({D1, D2})
    rows = [
        # found first; both paragraphs cited and one more; answer in it
        _row(
            _question(gold=gold, gold_answers=("Phnom Penh",)),
            _answer("It was in Phnom Penh.", (D1, D2, D3), confidence=0.9),
            ranked=(D2, D4),
            total=10,
            wrong=1,
        ),
        # found fourth; one of two cited; wrong answer
        _row(
            _question(gold=gold, gold_answers=("Tokyo",)),
            _answer("It was in Phnom Penh.", (D1,), confidence=0.4),
            ranked=(D3, D4, ("e", "1"), D1),
            total=20,
        ),
        # not found; abstained
        _row(_question(gold=gold, gold_answers=("Hanoi",)), _answer(None, confidence=0.2), total=30),
        # unanswerable: one abstention, one answer
        _row(_question(answerable=False), _answer(None, confidence=0.1), total=40),
        _row(_question(answerable=False), _answer("Hanoi.", (D4,), confidence=0.4), total=50),
    ]

    assert figures(rows) == {
        "questions": 5,
        "retrieval": {"hit@1": 0.3333, "hit@3": 0.3333, "hit@5": 0.6667, "mrr": round((1 + 1 / 4) / 3, 4)},
        "answer": {
            "contains_gold": 0.3333,
            "f1": round((2 * 2 / (3 * 5 + 2) + 0 + 0) / 3, 4),
        },
        "citation": {"precision": round((2 / 3 + 1) / 2, 4), "recall": 0.75},
        "abstention": {
            "answered_when_answerable": 0.6667,
            "abstained_when_unanswerable": 0.5,
            "auroc": round((2 + 1.5 + 1) / 6, 4),
        },
        "quotes": {"shown": 5, "inexact": 1},
        "statements_per_answer": 2.0,
        "latency_ms": {"p50": 30, "p95": 48.0},
    }


def test_figures_over_no_questions_are_null() -> None:
    assert figures([]) == {
        "questions": 0,
        "retrieval": dict.fromkeys(("hit@1", "hit@3", "hit@5", "mrr")),
        "answer": {"contains_gold": None, "f1": None},
        "citation": {"precision": None, "recall": None},
        "abstention": dict.fromkeys(("answered_when_answerable", "abstained_when_unanswerable", "auroc")),
        "quotes": {"shown": 0, "inexact": 0},
        "statements_per_answer": None,
        "latency_ms": {"p50": None, "p95": None},
    }


@pytest.mark.parametrize(
    ("text", "must", "gold", "held"),
    [
        ("It opened in “May”.", (('"may"',),), (), True),
        ("It opened  in\nMay.", (("opened in",), ("June", "may")), (), True),
        ("It opened in May.", (("opened",), ("June",)), ("May",), False),
        ("It opened in May.", (), ("June", "MAY"), True),
        ("It opened in May.", (), (), False),
        (None, (), ("",), False),
    ],
    ids=["quotes and case", "every list", "one list missing", "any gold", "nothing to hold", "abstained"],
)
def test_contains_gold(
    text: str | None, must: tuple[tuple[str, ...], ...], gold: tuple[str, ...], held: bool
) -> None:
    row = _row(_question(must_include=must, gold_answers=gold), _answer(text))

    assert contains_gold(row) is held


def test_normalised_levels_case_space_quotes_and_compatible_forms() -> None:
    found = normalised("  “Ｊａｐａｎ’s”\u00a0 ‘ﬁne’ `x´ «y» ")

    assert found == "\"japan's\" 'fine' 'x' \"y\""


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ([0.9, 0.8], [0.1], 1.0),
        ([0.1], [0.9], 0.0),
        ([0.5], [0.5], 0.5),
        ([], [0.5], None),
        ([0.5], [], None),
    ],
)
def test_auroc_is_the_share_of_pairs_in_order(
    positive: list[float], negative: list[float], expected: float | None
) -> None:
    assert auroc(positive, negative) == expected


def test_sample_is_the_same_for_a_seed_and_keeps_file_order() -> None:
    questions = [_question(id=f"{n:02}") for n in range(20)]

    some = sample(questions, 5, seed=3)

    assert some == sample(questions, 5, seed=3) == sorted(some, key=lambda q: q.id)
    assert (len(some), sample(questions, None, 0), sample(questions, 99, 0)) == (5, questions, questions)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.jsonl"


def test_a_question_is_read_with_all_it_says(file: Path) -> None:
    row = {
        "id": 7,
        "question": "Where\u2028was it?",
        "document": "d",
        "gold_paragraphs": [{"document": "d", "paragraph": 3}],
        "gold_answers": ["Here"],
        "must_include": [["a", "b"], ["c"]],
        "answerable": False,
        "history": ["Before?", {"role": "user", "content": "And?"}],
        "language": "ja",
    }
    lines = [json.dumps(row, ensure_ascii=False), "", json.dumps({"id": "b", "question": "Who?"})]
    file.write_text("\ufeff" + "\r\n".join(lines) + "\n", encoding="utf-8", newline="")

    assert read_questions(file) == [
        EvalQuestion(
            id="7",
            question="Where\u2028was it?",
            document="d",
            gold=frozenset({("d", "3")}),
            gold_answers=("Here",),
            must_include=(("a", "b"), ("c",)),
            answerable=False,
            history=("Before?", "And?"),
            language="ja",
        ),
        _question(id="b", question="Who?"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"text"',
        "{}",
        '{"id": "a"}',
        '{"id": "a", "question": 5}',
        '{"id": "a", "question": ""}',
        '{"id": "a", "question": "Who?", "document": 5}',
        '{"id": "a", "question": "Who?", "gold_paragraphs": ["1"]}',
        '{"id": "a", "question": "Who?", "gold_answers": "May"}',
        '{"id": "a", "question": "Who?", "must_include": ["May"]}',
        '{"id": "a", "question": "Who?", "history": [5]}',
    ],
)
def test_a_bad_line_is_named(file: Path, line: str) -> None:
    file.write_text(f'{{"id": "ok", "question": "Who?"}}\n{line}\n', encoding="utf-8")

    with pytest.raises(SourceError) as caught:
        read_questions(file)

    assert (caught.value.source, caught.value.line) == (str(file), 2)
    assert str(caught.value).startswith(f"{file}:2: this is not a question (")
    assert str(caught.value).endswith('Each line is a JSON object with "id", "question".')


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(
        (SourceError, MissingFileError), match=r"questions\.jsonl: the questions cannot be read \("
    ):
        read_questions(file)


def test_asking_checks_every_quote_and_ranks_ten(shipped: Services) -> None:
    questions = [_question(question="Where was the meeting held?"), _question(question="Who won the cup?")]

    found = [ask_one(each, shipped.answering, shipped.browser) for each in questions]

    assert [row.wrong_quotes for row in found] == [0, 0]
    assert [len(row.ranked) for row in found] == [10, 10]
    assert found[0].ranked[0] == ("asean-japan-2022-06-22", "1")
    assert [row.question for row in found] == questions

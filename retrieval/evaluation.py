"""A file of questions + the answering service -> figures.

    retrieval   over answerable questions with gold paragraphs: `hit@k`, the share with a gold paragraph among
                the first k found; `mrr`, the mean of 1/rank of the first gold paragraph, 0 past the tenth.
    answer      over answerable questions, an abstention counting as a miss: `contains_gold`, the share whose
                text, after normalising case, white space and quote marks, meets every inner list of
                `must_include` by one of its strings, or, where there is none, holds any one gold answer;
                `f1`, the mean word overlap with the best gold answer (SQuAD's definition).
    citation    over answered questions with gold paragraphs: `precision`, the share of cited paragraphs that
                are gold; `recall`, the share of gold paragraphs that are cited.
    abstention  `answered_when_answerable` and `abstained_when_unanswerable`, shares; `auroc`, the probability
                that an answerable question gets a higher confidence than an unanswerable one.
    quotes      citations whose quote is not exactly the substring they claim; 0, or something is broken.
    latency_ms  of the whole answer.

A figure over no questions is null.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

from retrieval.answering.models import Answer, answer_text
from retrieval.answering.rereading import checked
from retrieval.answering.service import AnsweringService, Elapsed
from retrieval.errors import MissingFileError, QuestionError, RapporteurError, SourceError
from retrieval.models import Citation
from retrieval.search.browsing import Browser
from retrieval.sources.identity import make_id

_DEPTH = 10

Place = tuple[str, str]
"""Readout id and paragraph number."""


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """One line of a question file; `line` counts from 1."""

    id: str
    question: str
    document: str | None
    gold: frozenset[Place]
    gold_answers: tuple[str, ...]
    must_include: tuple[tuple[str, ...], ...]
    answerable: bool
    history: tuple[str, ...]
    language: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class EvalRow:
    """One question, asked."""

    question: EvalQuestion
    answer: Answer
    elapsed: Elapsed
    ranked: tuple[Place, ...]
    wrong_quotes: int


def read_questions(path: Path) -> list[EvalQuestion]:
    """Return the questions of a `.jsonl` file.

    Raises:
        MissingFileError: There is no such file.
        SourceError: The file cannot be read, or a line of it is not a question; the line is named.
    """
    questions = []
    for row in each_question(path):
        if isinstance(row, SourceError):
            raise row
        questions.append(row)
    return questions


def each_question(path: Path) -> Iterator[EvalQuestion | SourceError]:
    """Yield the questions of a `.jsonl` file, and what is wrong with the lines that are none.

    Raises:
        MissingFileError: There is no such file.
        SourceError: The file cannot be read.
    """
    try:
        # not splitlines: JSON may hold the other line breaks of Unicode as they are
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: the questions cannot be read ({error.strerror}).") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(str(path), f"the questions cannot be read ({error}).") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield replace(_question(json.loads(line)), line=number)
            except (ValueError, KeyError, TypeError, AttributeError, QuestionError) as error:
                problem = (
                    f'this is not a question ({error}). Each line is a JSON object with "id", "question".'
                )
                yield SourceError(str(path), problem, number)


def _question(row: Mapping[str, Any]) -> EvalQuestion:
    document = row.get("document")
    return EvalQuestion(
        id=str(row["id"]),
        question=checked(_string(row["question"])),
        document=None if document is None else _string(document),
        gold=frozenset(
            (make_id(g["document"]), str(g["paragraph"])) for g in row.get("gold_paragraphs") or ()
        ),
        gold_answers=_strings(row.get("gold_answers") or []),
        must_include=tuple(_strings(any_of) for any_of in row.get("must_include") or ()),
        answerable=bool(row.get("answerable", True)),
        history=_earlier_questions(row.get("history") or ()),
        language=row.get("language") or "en",
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _strings(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is not a list")
    return tuple(map(_string, values))


def _earlier_questions(turns: Sequence[str | Mapping[str, str]]) -> tuple[str, ...]:
    """Return what the asker said; a turn is a text, or says by `role` who spoke."""
    spoken = ({"text": turn} if isinstance(turn, str) else turn for turn in turns)
    asked = (turn for turn in spoken if turn.get("role", "user") == "user")
    return tuple(text for turn in asked if (text := turn.get("text") or turn.get("content")))


def sample(questions: Sequence[EvalQuestion], limit: int | None, seed: int) -> list[EvalQuestion]:
    """Return at most `limit` questions, the same ones for the same seed, in file order."""
    if limit is None or limit >= len(questions):
        return list(questions)
    kept = sorted(random.Random(seed).sample(range(len(questions)), limit))
    return [questions[i] for i in kept]


def ask_one(q: EvalQuestion, service: AnsweringService, browser: Browser) -> EvalRow:
    """Ask one question, and check every quote against the paragraph it cites.

    Raises:
        NotFoundError: There is no such readout as it names.
    """
    hits = service.search(q.question, document=q.document, history=q.history, top_k=_DEPTH)
    ranked = tuple((h.prepared.paragraph.document, h.prepared.paragraph.number) for h in hits)
    answer, elapsed = service.timed_ask(q.question, document=q.document, history=q.history)
    return EvalRow(q, answer, elapsed, ranked, len(inexact_quotes(answer, browser)))


def inexact_quotes(answer: Answer, browser: Browser) -> list[str]:
    """Return every quote shown that is not, word for word, at its place in the paragraph of its number."""
    return [
        f"{c.document} ¶{c.paragraph}: {c.evidence.quote!r}"
        for c in (shown.citation for shown in (*answer.statements, *answer.nearest))
        if not _is_exact(c, browser)
    ]


def _is_exact(citation: Citation, browser: Browser) -> bool:
    """Read the cited paragraph again, by its number, and compare."""
    try:
        text = browser.paragraph(citation.document, citation.paragraph).text
    except RapporteurError:
        return False
    evidence = citation.evidence
    return bool(evidence.quote.strip()) and text[evidence.start : evidence.end] == evidence.quote


def figures(rows: Sequence[EvalRow]) -> dict[str, Any]:
    """Return the figures that `eval --json` prints; the module's docstring defines them."""
    answerable = [r for r in rows if r.question.answerable]
    unanswerable = [r for r in rows if not r.question.answerable]
    with_gold = [r for r in answerable if r.question.gold]
    answered = [r for r in with_gold if r.answer.statements]
    totals = [r.elapsed.total for r in rows]
    return {
        "questions": len(rows),
        "retrieval": {f"hit@{k}": _mean(with_gold, _within(k)) for k in (1, 3, 5)}
        | {"mrr": _mean(with_gold, lambda r: 1 / _rank(r))},
        "answer": {
            "contains_gold": _mean(answerable, contains_gold),
            "f1": _mean([r for r in answerable if r.question.gold_answers], _f1),
        },
        "citation": {"precision": _mean(answered, _precision), "recall": _mean(answered, _recall)},
        "abstention": {
            "answered_when_answerable": _mean(answerable, lambda r: bool(r.answer.statements)),
            "abstained_when_unanswerable": _mean(unanswerable, lambda r: not r.answer.statements),
            "auroc": auroc(
                [r.answer.confidence for r in answerable], [r.answer.confidence for r in unanswerable]
            ),
        },
        "quotes": {
            "shown": sum(len(r.answer.statements) + len(r.answer.nearest) for r in rows),
            "inexact": sum(r.wrong_quotes for r in rows),
        },
        "statements_per_answer": _mean(answered, lambda r: len(r.answer.statements)),
        "latency_ms": {"p50": _percentile(totals, 50), "p95": _percentile(totals, 95)},
    }


def _mean(rows: Sequence[EvalRow], value: Callable[[EvalRow], float]) -> float | None:
    return round(fmean(value(row) for row in rows), 4) if rows else None


def _rank(row: EvalRow) -> float:
    places = [i for i, place in enumerate(row.ranked, start=1) if place in row.question.gold]
    return places[0] if places else float("inf")


def _within(k: int) -> Callable[[EvalRow], float]:
    return lambda row: _rank(row) <= k


def contains_gold(row: EvalRow) -> bool:
    """Whether the answer holds what it must; an abstention does not."""
    if not row.answer.statements:
        return False
    text = normalised(answer_text(row.answer))
    if row.question.must_include:
        return all(any(normalised(s) in text for s in any_of) for any_of in row.question.must_include)
    return any(normalised(gold) in text for gold in row.question.gold_answers)


def normalised(text: str) -> str:
    """Level case, white space, quote marks and Unicode's compatible forms."""
    # the marks first: NFKC takes some of them apart
    plain = re.sub("[\u2018\u2019\u201a\u201b`´]", "'", text)
    plain = re.sub("[\u201c\u201d\u201e\u201f«»]", '"', plain)
    return " ".join(unicodedata.normalize("NFKC", plain).casefold().split())


def _f1(row: EvalRow) -> float:
    said = _words(" ".join(s.text for s in row.answer.statements))
    return max(_overlap(said, _words(gold)) for gold in row.question.gold_answers)


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", normalised(text)))


def _overlap(said: Counter[str], gold: Counter[str]) -> float:
    common = (said & gold).total()
    return 2 * common / (said.total() + gold.total()) if common else 0.0


def _cited(row: EvalRow) -> set[Place]:
    return {(s.paragraph.document, s.paragraph.number) for s in row.answer.statements}


def _precision(row: EvalRow) -> float:
    cited = _cited(row)
    return len(cited & row.question.gold) / len(cited)


def _recall(row: EvalRow) -> float:
    return len(_cited(row) & row.question.gold) / len(row.question.gold)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the share of pairs in which the positive one is higher, ties counting half."""
    if not positive or not negative:
        return None
    wins = sum((p > n) + (p == n) / 2 for p in positive for n in negative)
    return round(wins / (len(positive) * len(negative)), 4)


def _percentile(values: Sequence[float], percent: int) -> float | None:
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 3)
    return round(quantiles(values, n=100, method="inclusive")[percent - 1], 3)

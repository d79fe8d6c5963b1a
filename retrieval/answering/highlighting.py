"""Which words of a sentence are shown in bold: those that answer, as far as their form tells."""

from __future__ import annotations

import re

from retrieval.answering.question import Kind, Question
from retrieval.language.terms import terms
from retrieval.search.preparation import DATE, NAME, NUMBER, Holds


def highlights(question: Question, sentence: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of `sentence` that answer, as far as their form tells: half-open, in order, apart.

    Dates for "when", amounts for "how many", names that the question does not have for "who", "where" and
    "which", and what stands in quotation marks.
    """
    known = set(question.terms)
    for pattern in _patterns(question):
        spans = [found.span() for found in pattern.finditer(sentence)]
        news = [(s, e) for s, e in spans if e > s and not set(terms(sentence[s:e])) <= known]
        if news:
            return tuple(news[:3])
    return ()


_QUOTED = re.compile(r"(?<=[“\"])[^“”\"]{3,120}(?=[”\"])")
_AMOUNT = re.compile(
    rf"(?:[A-Z]{{0,2}}[$€£¥][A-Z]?)?(?x:{NUMBER.pattern})[\d.,]*(?:\s?%|\s(?:per ?cent|[mb]illion|[a-z]+))?",
    re.IGNORECASE,
)
_DATES = re.compile(rf"(?:\d{{1,2}} )?(?x:{DATE.pattern})(?:,? \d{{1,4}}(?:[-–]\d{{1,2}})?)?(?:,? \d{{4}})?")
_NAMES = re.compile(rf"(?:{NAME.pattern})(?:,?[ -](?:(?:of|de|van|von|the|and) )?[A-Z][\w’'-]*)*")


def _patterns(question: Question) -> tuple[re.Pattern[str], ...]:
    expects = question.expects
    if expects & Holds.DATE:
        return (_DATES,)
    if expects & (Holds.NUMBER | Holds.MONEY):
        return (_AMOUNT,)
    if expects & (Holds.NAME | Holds.PLACE):
        return (_NAMES,)
    return (_QUOTED, _NAMES) if question.kind in (Kind.FACT, Kind.LIST) else ()

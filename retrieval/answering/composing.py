"""The one place where an answer is composed: selected sentences in, the same sentences out, each with its place.

Whoever selected them, everything from here on is the same, and so is what is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from retrieval.answering.models import Answer, Status
from retrieval.answering.question import Kind, Question
from retrieval.answering.selectors import Candidates, Pick, Selection
from retrieval.language.terms import terms
from retrieval.models import Statement
from retrieval.observing import stage
from retrieval.search.ranking import DATE, NAME, NUMBER, Holds

NEAREST = 3
OPEN_SHARE = 0.55
"""A part of a question with more than this share of its term weight in no statement stays open."""

Run = tuple[int, int, int]
"""Neighbouring sentences: row of their paragraph, place of the first, place of the last."""


@stage("compose")
def compose(candidates: Candidates, selection: Selection, mode: str) -> Answer:
    """Return what `selection` makes of a question: its sentences, and no other words."""
    question = candidates.question
    found = Answer(question.text, confidence=selection.confidence, mode=mode, rejected=selection.rejected)
    picked: dict[tuple[int, str], Pick] = {}
    for pick in selection.picks:  # what stands twice in a paragraph is shown once
        picked.setdefault((pick.row, candidates.statement(pick).text), pick)
    picks = tuple(picked.values())
    if selection.status in (Status.CLOSEST, Status.NOT_FOUND) or not picks:
        nearest = tuple(map(candidates.statement, picks or nearest_picks(candidates)))
        return replace(found, nearest=nearest[:NEAREST], may_answer=selection.status is Status.CLOSEST)
    part = _open_part(candidates, picks)
    return replace(
        found,
        statements=_statements(candidates, picks),
        partial=part is not None or selection.status is Status.PARTIAL,
        unanswered=part,
    )


def nearest_picks(candidates: Candidates, count: int = NEAREST) -> tuple[Pick, ...]:
    """Return the best-matching sentence of each of the first paragraphs."""
    found = (
        Pick(row, int(r.sentence_match.argmax()))
        for row, r in enumerate(candidates.ranked)
        if r.prepared.sentences
    )
    return tuple(islice(found, count))


def _statements(candidates: Candidates, picks: Sequence[Pick]) -> tuple[Statement, ...]:
    """Best first; what is of one readout stays together, and neighbours are one statement."""
    runs = _joined([_with_what_it_leans_on(candidates, pick) for pick in picks])
    order = {document: place for place, document in reversed(list(enumerate(_documents(candidates, runs))))}
    ordered = sorted(runs, key=lambda run: order[_document(candidates, run)])
    return tuple(_statement(candidates, run) for run in ordered)


def _with_what_it_leans_on(candidates: Candidates, pick: Pick) -> Run:
    """ "He also stated …" is shown with the sentence before, which says who."""
    leans = pick.place > 0 and candidates.sentence(pick).holds & Holds.LEANS_BACK
    return pick.row, pick.place - bool(leans), pick.place


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Runs that touch are one, in the place of the better of them."""
    kept: list[Run] = []
    for row, first, last in runs:
        touching = [run for run in kept if run[0] == row and first <= run[2] + 1 and run[1] <= last + 1]
        if not touching:
            kept.append((row, first, last))
            continue
        firsts, lasts = [run[1] for run in touching], [run[2] for run in touching]
        kept[kept.index(touching[0])] = (row, min(first, *firsts), max(last, *lasts))
        kept = [run for run in kept if run not in touching[1:]]
    return kept


def _document(candidates: Candidates, run: Run) -> str:
    return candidates.ranked[run[0]].prepared.paragraph.document


def _documents(candidates: Candidates, runs: Sequence[Run]) -> list[str]:
    return [_document(candidates, run) for run in runs]


def _statement(candidates: Candidates, run: Run) -> Statement:
    row, first, last = run
    sentences = candidates.ranked[row].prepared.sentences
    whole = Statement(candidates.ranked[row].prepared.paragraph, sentences[first].start, sentences[last].end)
    return replace(whole, highlights=highlights(candidates.question, whole.text))


def _open_part(candidates: Candidates, picks: Sequence[Pick]) -> str | None:
    """Return the part of a compound question that the picks do not touch, in the asker's words."""
    question = candidates.question
    if len(question.parts) < 2:
        return None
    seen: set[str] = set()
    for pick in picks:
        prepared = candidates.ranked[pick.row].prepared
        seen |= candidates.sentence(pick).term_set | prepared.title_terms | prepared.heading_terms
    for part in question.parts:
        weights = {term: candidates.statistics.idf(term) for term in terms(part)}
        unseen = sum(weight for term, weight in weights.items() if term not in seen)
        if weights and unseen > OPEN_SHARE * sum(weights.values()):
            return part.rstrip("?. ")
    return None


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


def one_after_the_other(question: str, parts: Sequence[Answer]) -> Answer:
    """Return several answers as one: all that was found, and what of the question stays open."""
    open_parts = [part.question for part in parts if not part.statements]
    statements = {(s.paragraph, s.text): s for part in parts for s in part.statements}
    nearest = {(s.paragraph, s.text): s for part in parts for s in part.nearest}
    return replace(
        parts[0],
        question=question,
        statements=tuple(statements.values()),
        nearest=() if statements else tuple(nearest.values()),
        may_answer=any(part.may_answer for part in parts),
        confidence=min(part.confidence for part in parts),
        partial=bool(statements and open_parts) or any(part.partial for part in parts),
        unanswered="; ".join(open_parts) if statements and open_parts else parts[0].unanswered,
        parts=tuple(parts),
    )

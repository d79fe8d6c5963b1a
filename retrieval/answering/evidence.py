"""Which sentences answer: as many as the question needs, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.answering.question import Kind, Question
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.preparation import Holds, PreparedParagraph, PreparedSentence
from retrieval.index.ranking import RankedParagraph

PARAGRAPHS_READ = 4
"""Paragraphs whose sentences compete; the gold answer of 98 in 100 questions stands in one of them."""

PARAGRAPH_WEIGHT = 0.5
SECOND_MARGIN = 0.12
LIST_MARGIN = 0.35
NEW_TERMS_SHARE = 0.15
_MOST = {Kind.LIST: 4, Kind.HOW: 3, Kind.WHY: 2, Kind.TOPIC: 2, Kind.SUMMARY: 3}
_USUAL_MOST = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sentence picked as evidence.

    Attributes:
        place: Its place in the paragraph, from 0.
        score: Match with the question; comparable within one question only.
    """

    paragraph: PreparedParagraph
    place: int
    score: float

    @property
    def sentence(self) -> PreparedSentence:
        """The sentence itself."""
        return self.paragraph.sentences[self.place]

    @property
    def text(self) -> str:
        """Its words, verbatim."""
        return self.paragraph.paragraph.text[self.sentence.start : self.sentence.end]


def choose(
    question: Question,
    question_terms: Sequence[str],
    ranked: Sequence[RankedParagraph],
    statistics: TermStatistics,
) -> list[Chosen]:
    """Return the evidence for `question`, best first; empty only when there are no sentences at all."""
    scored = sorted(_scored(ranked[:PARAGRAPHS_READ]), key=lambda c: -c.score)
    if not scored:
        return []
    weights = {term: statistics.idf(term) for term in question_terms}
    chosen = [scored[0]]
    if question.kind in _MOST and (detail := _continued(scored[0])):
        chosen.append(detail)
    if question.compares:
        chosen += _other_readouts(scored, chosen, set(question_terms))
    most = _MOST.get(question.kind, _USUAL_MOST) + (len(question.parts) - 1)
    for candidate in scored[1:12]:
        if len(chosen) >= most:
            break
        if _adds(question, candidate, chosen, weights):
            chosen.append(candidate)
            detail = _continued(candidate) if question.kind is Kind.LIST else None
            if detail and len(chosen) < most and all(detail.text != one.text for one in chosen):
                chosen.append(detail)
    return chosen


def _other_readouts(scored: Sequence[Chosen], chosen: Sequence[Chosen], asked: set[str]) -> list[Chosen]:
    """Return the best sentence of one more readout that the question names by words the first lacks."""
    first = chosen[0].paragraph
    for one in scored:
        other = one.paragraph
        elsewhere = other.paragraph.document != first.paragraph.document
        if elsewhere and asked & (other.title_terms - first.title_terms):
            return [one]
    return []


def _continued(one: Chosen) -> Chosen | None:
    """Return the sentence after `one` where it goes on: "… two initiatives. He stated that …"."""
    after = one.place + 1
    if after < len(one.paragraph.sentences) and one.paragraph.sentences[after].holds & Holds.LEANS_BACK:
        return Chosen(one.paragraph, after, one.score)
    return None


def uncovered(weights: Mapping[str, float], chosen: Sequence[Chosen]) -> float:
    """Return the share of the term weight that stands in no chosen sentence, nor in their titles: 0..1."""
    seen: set[str] = set()
    for one in chosen:
        seen |= one.sentence.term_set | one.paragraph.title_terms | one.paragraph.heading_terms
    total = sum(weights.values())
    return sum(w for term, w in weights.items() if term not in seen) / total if total else 0.0


def _scored(ranked: Sequence[RankedParagraph]) -> list[Chosen]:
    if not ranked:
        return []
    top = ranked[0].score
    return [
        Chosen(
            r.prepared,
            place,
            float(r.sentence_match[place]) + PARAGRAPH_WEIGHT * (r.score - top),
        )
        for r in ranked
        for place in range(len(r.prepared.sentences))
    ]


def _adds(
    question: Question, candidate: Chosen, chosen: Sequence[Chosen], weights: Mapping[str, float]
) -> bool:
    """Return whether `candidate` is worth one more sentence."""
    if any(candidate.text == one.text for one in chosen):
        return False
    best = chosen[0]
    gain = uncovered(weights, chosen) - uncovered(weights, [*chosen, candidate])
    behind = best.score - candidate.score
    if question.kind in _MOST:
        return behind < LIST_MARGIN
    same = candidate.paragraph is best.paragraph
    follows_on = same and abs(candidate.place - best.place) == 1
    if gain > NEW_TERMS_SHARE and behind < 2 * LIST_MARGIN and (same or len(question.parts) > 1):
        return True
    return behind < (SECOND_MARGIN if follows_on or same else SECOND_MARGIN / 2)

"""Ranked paragraphs -> an answer in the sources' own words, every sentence cited, or "not there"."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.answering.abstention import Calibration, features, shipped_calibration
from retrieval.answering.evidence import Chosen, choose, highlights, uncovered
from retrieval.answering.question import Question
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.ranking import RankedParagraph, resolve_names
from retrieval.models import Answer, Citation, Evidence, NearestParagraph, Statement

NEAREST = 3
UNANSWERED_SHARE = 0.55


def compose(
    question: Question,
    ranked: Sequence[RankedParagraph],
    statistics: TermStatistics,
    calibration: Calibration | None = None,
    *,
    one_readout: bool = False,
) -> Answer:
    """Answer `question` from `ranked`, or say that they do not answer.

    Args:
        ranked: As `retrieval.index.ranking.rank` returns them, with sentence vectors for the first few.
        statistics: The same that ranked them.
        one_readout: Whether only one readout is asked.
    """
    if not ranked:
        return Answer(question.text)
    model = calibration or shipped_calibration()
    terms = resolve_names(question.terms, question.other_names, statistics)
    confidence = model.confidence(features(question, terms, ranked, statistics, one_readout=one_readout))
    chosen = choose(question, terms, ranked, statistics)
    if not chosen or not model.answers(confidence, one_readout=one_readout):
        return Answer(question.text, nearest=nearest(ranked), confidence=confidence)
    return Answer(
        question.text,
        statements=statements(question, chosen),
        confidence=confidence,
        unanswered=_unanswered(question, chosen, statistics),
    )


def statements(question: Question, chosen: Sequence[Chosen]) -> tuple[Statement, ...]:
    """Return the chosen sentences as statements: readouts by their best sentence, each in reading order."""
    first: dict[str, int] = {}
    for one in chosen:
        first.setdefault(one.paragraph.paragraph.document, len(first))
    ordered = sorted(
        chosen,
        key=lambda c: (first[c.paragraph.paragraph.document], c.paragraph.paragraph.ordinal, c.place),
    )
    return tuple(_statement(question, one) for one in ordered)


def nearest(ranked: Sequence[RankedParagraph], count: int = NEAREST) -> tuple[NearestParagraph, ...]:
    """Return the nearest paragraphs, each by its best sentence."""
    found: list[NearestParagraph] = []
    for r in ranked:
        if r.prepared.sentences and len(found) < count:
            sentence = r.prepared.sentences[int(r.sentence_match.argmax())]
            text = r.prepared.paragraph.text
            found.append(
                NearestParagraph(r.prepared.paragraph, Evidence.of(text, sentence.start, sentence.end))
            )
    return tuple(found)


def _statement(question: Question, one: Chosen) -> Statement:
    paragraph = one.paragraph.paragraph
    evidence = Evidence.of(paragraph.text, one.sentence.start, one.sentence.end)
    return Statement(
        evidence.quote, (Citation.of(paragraph, evidence),), highlights(question, evidence.quote)
    )


def _unanswered(question: Question, chosen: Sequence[Chosen], statistics: TermStatistics) -> str | None:
    """Return the part of a compound question that the chosen sentences do not touch, in its own words."""
    from retrieval.index.terms import terms

    if len(question.parts) < 2:
        return None
    for part in question.parts:
        weights = {term: statistics.idf(term) for term in terms(part)}
        if weights and uncovered(weights, chosen) > UNANSWERED_SHARE:
            return part.rstrip("?. ")
    return None

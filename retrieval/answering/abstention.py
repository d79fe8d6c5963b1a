"""Whether the sources answer a question: a calibrated probability over a few features anyone can read.

The coefficients come from `bench/calibrate.py`, which fits them on the development sets and reports
out-of-fold figures; nothing here is set by eye.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from retrieval.answering.question import Kind, Question
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.preparation import Holds
from retrieval.index.ranking import RankedParagraph

CALIBRATION = Path(__file__).parent / "calibration.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model: `weights` by feature, `bias`, and the probability from which an answer is given."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def confidence(self, features: Mapping[str, float]) -> float:
        """Return the probability, 0..1, that the sources answer."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


@lru_cache(maxsize=1)
def shipped_calibration() -> Calibration:
    """Return the calibration that ships with the project."""
    stored = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    return Calibration(stored["weights"], stored["bias"], stored["threshold"])


def features(
    question: Question,
    terms: Sequence[str],
    ranked: Sequence[RankedParagraph],
    statistics: TermStatistics,
    *,
    one_readout: bool = False,
) -> dict[str, float]:
    """Return what speaks for and against an answer being there.

    `sentence_similarity`, `sentence_coverage`: of the best-matching sentence of the three best paragraphs.
    `paragraph_similarity`: cosine of the best paragraph.
    `paragraph_coverage`: share of the question's term weight in the best paragraph or its title.
    `unknown`: share of the term weight on terms that occur nowhere in the scope.
    `rarest_missing`: weight of the rarest term missing from the best paragraph, against the heaviest.
    `name_missing`: whether a name or number of the question is missing from the best paragraph.
    `wanted`: 1 when the best sentence holds the kind of answer asked for, -1 when it does not, 0 when unknown.
    `pairs`: what the word pairs shared with the best sentence add to its match.
    `margin`: distance of the best paragraph's score from the second's.
    """
    weights = {term: statistics.idf(term) for term in dict.fromkeys(terms)}
    total = sum(weights.values()) or 1.0
    best, place = max(
        ((r, int(r.sentence_match.argmax())) for r in ranked[:3] if len(r.sentence_match)),
        key=lambda pair: pair[0].sentence_match[pair[1]] + pair[0].score,
        default=(ranked[0], -1),
    )
    prepared = best.prepared
    missing = {
        t: w
        for t, w in weights.items()
        if t not in prepared.counts and t not in prepared.title_terms and t not in prepared.heading_terms
    }
    named = {t for t in question.names if t in missing}
    sentence = prepared.sentences[place] if place >= 0 else None
    similarity = float(best.sentence_similarity[place]) if sentence else best.similarity
    coverage = float(best.sentence_coverage[place]) if sentence else 0.0
    holds = sentence.holds if sentence else Holds.NOTHING
    return {
        "sentence_similarity": similarity,
        "sentence_coverage": coverage,
        "paragraph_similarity": best.similarity,
        "paragraph_coverage": 1.0 - sum(missing.values()) / total,
        "unknown": sum(w for t, w in weights.items() if not statistics.document_frequency.get(t)) / total,
        "rarest_missing": max(missing.values(), default=0.0) / (max(weights.values(), default=0.0) or 1.0),
        "name_missing": float(bool(named)),
        "wanted": 0.0 if not question.expects else (1.0 if question.expects & holds else -1.0),
        "pairs": float(best.sentence_match[place]) - similarity - coverage if sentence else 0.0,
        "margin": best.score - (ranked[1].score if len(ranked) > 1 else 0.0),
        "one_readout": float(one_readout),
        "short": float(len(weights) <= 2),
        "topic": float(question.kind is Kind.TOPIC),
    }

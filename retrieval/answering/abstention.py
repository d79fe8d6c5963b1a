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

from retrieval.answering.contrast import one_sided_negation, opposed, other_number
from retrieval.answering.question import Question
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.ranking import RankedParagraph

CALIBRATION = Path(__file__).parent / "calibration.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model and the probabilities from which an answer is given.

    Attributes:
        weights: By feature; with `bias`, in log-odds.
        threshold: For questions to the whole collection, where most of what people ask is not in it.
        one_readout_threshold: For questions to one readout that the reader has picked: lower, because they
            are about it nearly always, in other words than its own, and the score sees words.
    """

    weights: Mapping[str, float]
    bias: float
    threshold: float
    one_readout_threshold: float

    def confidence(self, features: Mapping[str, float]) -> float:
        """Return the probability, 0..1, that the sources answer."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))

    def answers(self, confidence: float, *, one_readout: bool) -> bool:
        """Return whether `confidence` is enough to answer."""
        return confidence >= (self.one_readout_threshold if one_readout else self.threshold)


@lru_cache(maxsize=1)
def shipped_calibration() -> Calibration:
    """Return the calibration that ships with the project."""
    stored = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    return Calibration(**stored)


def features(
    question: Question,
    terms: Sequence[str],
    ranked: Sequence[RankedParagraph],
    statistics: TermStatistics,
    *,
    one_readout: bool = False,
) -> dict[str, float]:
    """Return what speaks for and against an answer being there.

    `sentence_similarity`, `sentence_coverage`: of the sentence that matches best in the best paragraphs.
    `best_similarity`: the highest cosine of any sentence in them.
    `paragraph_similarity`: cosine of the paragraph that sentence stands in.
    `paragraph_coverage`: share of the question's term weight in that paragraph or its title.
    `unknown`: share of the term weight on terms that occur nowhere in the scope.
    `other_number`, `negation`, `opposite`: 1 for a sign of contrast, see `contrast`.
    `wanted`: 1 when the sentence holds the kind of answer asked for, -1 when it does not, 0 when unknown.
    `one_readout`: 1 when only one readout is asked.
    """
    weights = {term: statistics.idf(term) for term in dict.fromkeys(terms)}
    total = sum(weights.values()) or 1.0
    best, place = best_sentence(ranked)
    prepared = best.prepared
    if place is None:
        return dict.fromkeys(FEATURES, 0.0)
    sentence = prepared.sentences[place]
    titles = prepared.title_terms | prepared.heading_terms
    absent = [w for t, w in weights.items() if t not in prepared.counts and t not in titles]
    wanted = 1.0 if question.expects & sentence.holds else -1.0
    return {
        "sentence_similarity": float(best.sentence_similarity[place]),
        "sentence_coverage": float(best.sentence_coverage[place]),
        "best_similarity": max(float(r.sentence_similarity.max(initial=0.0)) for r in ranked[:READ]),
        "paragraph_similarity": best.similarity,
        "paragraph_coverage": 1.0 - sum(absent) / total,
        "unknown": sum(w for t, w in weights.items() if not statistics.document_frequency.get(t)) / total,
        "other_number": float(other_number(question, sentence, titles.union(*_titles(ranked)))),
        "negation": float(one_sided_negation(question, sentence)),
        "opposite": float(opposed(question, sentence)),
        "wanted": wanted if question.expects else 0.0,
        "one_readout": float(one_readout),
    }


def _titles(ranked: Sequence[RankedParagraph]) -> list[frozenset[str]]:
    return [r.prepared.title_terms for r in ranked[:READ]]


FEATURES = (
    "sentence_similarity", "sentence_coverage", "best_similarity", "paragraph_similarity",
    "paragraph_coverage", "unknown", "other_number", "negation", "opposite", "wanted", "one_readout",
)  # fmt: skip
READ = 3


def best_sentence(ranked: Sequence[RankedParagraph]) -> tuple[RankedParagraph, int | None]:
    """Return the best-matching sentence of the best paragraphs: its paragraph and its place there."""
    found = [
        (float(r.sentence_match[place]) + 0.5 * r.score, -row, r, place)
        for row, r in enumerate(ranked[:READ])
        if len(r.sentence_match)
        for place in (int(r.sentence_match.argmax()),)
    ]
    if not found:
        return ranked[0], None
    _, _, best, place = max(found, key=lambda entry: entry[:2])
    return best, place

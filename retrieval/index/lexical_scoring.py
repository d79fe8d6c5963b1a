"""BM25F over paragraph text, heading and title (Robertson & Zaragoza 2009, section 3.6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.index.preparation import PreparedParagraph

Scores = NDArray[np.float64]

SATURATION = 0.9
LENGTH_NORM = 0.4
TITLE_WEIGHT = 0.5
HEADING_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """What is common in a scope, and what is rare.

    Attributes:
        n_paragraphs: Live paragraphs in the scope.
        average_length: Terms per paragraph text, titles not counted.
        document_frequency: Term -> paragraphs that have it in text, heading or title.
    """

    n_paragraphs: int
    average_length: float
    document_frequency: Mapping[str, int]

    def idf(self, term: str) -> float:
        """Return the weight of `term`, in nats: 0 for none, highest for one that occurs nowhere."""
        frequency = self.document_frequency.get(term, 0)
        return math.log1p((self.n_paragraphs - frequency + 0.5) / (frequency + 0.5))


def lexical_scores(
    terms: Sequence[str], paragraphs: Sequence[PreparedParagraph], statistics: TermStatistics
) -> Scores:
    """Return how well the words of each paragraph match: float64, (n_paragraphs,), at least 0.

    Args:
        terms: The question's terms; repetitions count once.
    """
    scores = np.zeros(len(paragraphs))
    weights = {term: statistics.idf(term) for term in dict.fromkeys(terms)}
    for row, paragraph in enumerate(paragraphs):
        relative = paragraph.length / max(statistics.average_length, 1.0)
        norm = 1.0 - LENGTH_NORM + LENGTH_NORM * relative
        for term, weight in weights.items():
            frequency = paragraph.counts.get(term, 0) / norm
            frequency += TITLE_WEIGHT * (term in paragraph.title_terms)
            frequency += HEADING_WEIGHT * (term in paragraph.heading_terms)
            scores[row] += weight * frequency / (SATURATION + frequency)
    return scores

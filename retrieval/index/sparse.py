"""Terms as sparse vectors: BM25 as the dot product of what a text says of them and what a question does.

BM25 is a sum over the question's terms of two factors: the term's idf, known when a question is asked, and its
saturated, length-normalised frequency in the text (Robertson & Zaragoza 2009, section 3.4). An engine that
multiplies sparse vectors is therefore given the one with the question and the other with the text, as Chroma's own
`ChromaBm25EmbeddingFunction` does, so that statistics of a scope never leave the ledger and never age in the engine.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from retrieval.index.fulltext import IndexedTerms
from retrieval.search.ranking import LENGTH_NORM, SATURATION

AVERAGE_LENGTH = 60.0
"""Terms of a paragraph. It is fixed, since what was written once is never rewritten when others join it; of 472
paragraphs of 41 real readouts the mean is 74 and the median 48."""


@dataclass(frozen=True, slots=True)
class TermVector:
    """A sparse vector over hashed terms.

    Attributes:
        indices: u32, ascending: a term's CRC-32, the same in every process for ever.
        values: One for each index; terms that share one are added up.
    """

    indices: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[str, float], *, most: int | None = None) -> Self:
        """Return the vector of weighted terms: of the heaviest `most` where there are more."""
        heaviest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most]
        summed: defaultdict[int, float] = defaultdict(float)
        for term, weight in heaviest:
            summed[zlib.crc32(term.encode())] += weight
        indices = tuple(sorted(summed))
        return cls(indices, tuple(summed[index] for index in indices))


def text_weights(terms: IndexedTerms) -> dict[str, float]:
    """Return the text's part of BM25 for each term, 0 to 1: what an idf is multiplied by."""
    norm = 1.0 - LENGTH_NORM + LENGTH_NORM * terms.length / AVERAGE_LENGTH
    return {term: n / (n + SATURATION * norm) for term, n in Counter(terms.terms).items()}

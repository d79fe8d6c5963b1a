"""Candidate paragraphs -> paragraphs in order, each with what its sentences have to do with the question.

Three signals, fused: the encoder's similarity, BM25F, and the best sentence of the paragraph, where a
sentence's match is its similarity plus the share of the question's term weight that it covers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.index.fusion import fuse
from retrieval.index.lexical_scoring import TermStatistics, lexical_scores
from retrieval.index.preparation import Holds, PreparedParagraph
from retrieval.models import is_front_matter

Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]

DENSE_WEIGHT = 1.0
LEXICAL_WEIGHT = 1.0
SENTENCE_WEIGHT = 1.0
BIGRAM_BONUS = 0.3
WANTED_BONUS = 0.2
FRONT_MATTER_PENALTY = 0.15
"""The header and the introduction share their words with everything and seldom answer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph that stage one found.

    Attributes:
        similarity: Cosine of the question and the nearest chunk of the paragraph.
        sentence_vectors: float32, (n_sentences, dimensions), unit length; None when not embedded.
    """

    prepared: PreparedParagraph
    similarity: float
    sentence_vectors: Vectors | None = None


@dataclass(frozen=True, slots=True)
class RankedParagraph:
    """A paragraph in its place.

    Attributes:
        score: Fused, 0..1 before penalties; comparable within one ranking only.
        similarity: As in `Candidate`.
        lexical: BM25F, at least 0.
        sentence_similarity: Cosine of the question and each sentence, float64, (n_sentences,).
        sentence_coverage: Share of the question's term weight in each sentence, 0..1, (n_sentences,).
        sentence_match: Similarity plus coverage plus what word pairs and the kind of answer asked for add,
            (n_sentences,).
    """

    prepared: PreparedParagraph
    score: float
    similarity: float
    lexical: float
    sentence_similarity: Scores
    sentence_coverage: Scores
    sentence_match: Scores


def rank(
    terms: Sequence[str],
    query: Vectors,
    candidates: Sequence[Candidate],
    statistics: TermStatistics,
    expects: Holds = Holds.NOTHING,
) -> list[RankedParagraph]:
    """Return `candidates` in order, best first; ties in reading order.

    Args:
        terms: The question's terms, see `resolve_names`.
        query: The question's unit vector: float32, (dimensions,).
        statistics: Of the scope that is searched: one readout's own when only that is asked.
        expects: What a sentence that answers should hold.
    """
    if not candidates:
        return []
    weights = {term: statistics.idf(term) for term in dict.fromkeys(terms)}
    prepared = [candidate.prepared for candidate in candidates]
    lexical = lexical_scores(terms, prepared, statistics)
    similarity = np.array([candidate.similarity for candidate in candidates], dtype=np.float64)
    sentences = [_sentence_signals(candidate, query, weights, expects) for candidate in candidates]
    best = np.array([match.max(initial=0.0) for _, _, match in sentences])
    fused = fuse(((DENSE_WEIGHT, similarity), (LEXICAL_WEIGHT, lexical), (SENTENCE_WEIGHT, best)))
    fused = fused - FRONT_MATTER_PENALTY * np.array([is_front_matter(p.paragraph.number) for p in prepared])
    ranked = [
        RankedParagraph(p, float(fused[i]), float(similarity[i]), float(lexical[i]), *sentences[i])
        for i, p in enumerate(prepared)
    ]
    return sorted(
        ranked, key=lambda r: (-r.score, r.prepared.paragraph.document, r.prepared.paragraph.ordinal)
    )


def shortlist(
    terms: Sequence[str], candidates: Sequence[Candidate], statistics: TermStatistics, keep: int
) -> list[Candidate]:
    """Return the `keep` candidates worth embedding the sentences of, best first: dense and lexical only."""
    if not candidates:
        return []
    lexical = lexical_scores(terms, [candidate.prepared for candidate in candidates], statistics)
    similarity = np.array([candidate.similarity for candidate in candidates], dtype=np.float64)
    order = np.argsort(-fuse(((DENSE_WEIGHT, similarity), (LEXICAL_WEIGHT, lexical))), kind="stable")
    return [candidates[i] for i in order[:keep]]


def resolve_names(
    terms: Sequence[str], other_names: Sequence[tuple[str, str]], statistics: TermStatistics
) -> tuple[str, ...]:
    """Return `terms` with those that occur nowhere in the scope replaced by another name that does."""
    known = statistics.document_frequency
    better = {term: other for term, other in other_names if not known.get(term) and known.get(other)}
    return tuple(dict.fromkeys(better.get(term, term) for term in terms))


def _sentence_signals(
    candidate: Candidate, query: Vectors, weights: Mapping[str, float], expects: Holds
) -> tuple[Scores, Scores, Scores]:
    sentences = candidate.prepared.sentences
    total = sum(weights.values()) or 1.0
    pairs = set(zip(weights, list(weights)[1:], strict=False))
    coverage = np.array([sum(w for t, w in weights.items() if t in s.term_set) for s in sentences]) / total
    if candidate.sentence_vectors is None:
        similarity = np.full(len(sentences), candidate.similarity, dtype=np.float64)
    else:
        similarity = (candidate.sentence_vectors @ query).astype(np.float64)
    extra = np.zeros(len(sentences))
    for place, sentence in enumerate(sentences):
        if pairs:
            extra[place] += BIGRAM_BONUS * len(pairs & sentence.pairs) / len(pairs)
        if expects & sentence.holds:
            extra[place] += WANTED_BONUS
    return similarity, coverage, similarity + coverage + extra

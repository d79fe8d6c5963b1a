"""Candidate paragraphs -> paragraphs in order, each with what its sentences have to do with the question.

What of a paragraph does not hang on the question is worked out once per revision and kept in memory. Three signals,
fused: the encoder's similarity, BM25F, and the best sentence of the paragraph, where a sentence's match is its
similarity plus the share of the question's term weight that it covers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.index.fulltext import MONTHS, TermStatistics, paragraph_terms
from retrieval.language.sentences import sentence_spans
from retrieval.language.terms import initials, terms
from retrieval.models import LiveParagraph, is_front_matter


class Holds(Flag):
    """The kinds of answer that can be seen in a sentence without understanding it."""

    NOTHING = 0
    NUMBER = auto()
    DATE = auto()
    NAME = auto()
    PLACE = auto()
    MONEY = auto()
    REASON = auto()
    NEGATION = auto()
    LEANS_BACK = auto()
    """Opens with a pronoun or a connective: it may need the sentence before it."""


@dataclass(frozen=True, slots=True)
class PreparedSentence:
    """One sentence: its half-open span in the paragraph's text and what it can be matched by."""

    start: int
    end: int
    term_set: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    holds: Holds


@dataclass(frozen=True, slots=True)
class PreparedParagraph:
    """A paragraph ready to be ranked.

    Attributes:
        counts: Term -> occurrences in the text.
        title_terms: Of the readout's title and date, and of the heading the paragraph stands under.
        length: Terms in the text.
    """

    paragraph: LiveParagraph
    counts: Mapping[str, int]
    title_terms: frozenset[str]
    heading_terms: frozenset[str]
    length: int
    sentences: tuple[PreparedSentence, ...]

    @property
    def sentence_texts(self) -> tuple[str, ...]:
        """The sentences to embed, in reading order."""
        text = self.paragraph.text
        return tuple(text[s.start : s.end] for s in self.sentences)


def prepare(paragraph: LiveParagraph) -> PreparedParagraph:
    """Tokenise and split `paragraph` once, so that no question has to."""
    found = paragraph_terms(paragraph)
    return PreparedParagraph(
        paragraph=paragraph,
        counts=found.counts,
        title_terms=found.title_terms,
        heading_terms=found.heading_terms,
        length=found.length,
        sentences=tuple(
            _sentence(paragraph.text, start, end) for start, end in sentence_spans(paragraph.text)
        ),
    )


_MONTH = "|".join(MONTHS)
DATE = re.compile(
    rf"""\b(?: {_MONTH} | (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day
      | 1[0-9]\d\d | 20\d\d | \d{{2}}0s | centur(?:y|ies) | BCE? | mid-\d+
      | (?:this|next|last)[ ](?:year|month|week) | (?:spring|summer|autumn|winter)[ ]of
    )\b""",
    re.VERBOSE,
)
NUMBER = re.compile(  # digits, and what is counted in words
    r"""\d | \b(?: one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty
      | dozens? | hundreds? | thousands? | [mb]illions? | half|third|quarter | once|twice | both|several
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£¥]|\b(?:dollars?|euros?|pounds?|yen|US\$|per ?cent|%|[mb]illion)", re.IGNORECASE)
_REASON = re.compile(  # causes, and ends that something is done for
    r"""\b(?: because | since | due[ ]to | owing[ ]to | therefore | thus | so[ ]that | in[ ]order[ ]to | given
      | to[ ](?:\w+ly[ ])?(?:facilitate|ensure|avoid|strengthen|prevent|promote)
      | as[ ]a[ ]result | result(?:ed|ing)?[ ](?:of|in|from) | cause[sd]? | reasons?
      | lead(?:s|ing)?[ ]to | led[ ]to
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w’'-]*[^\W\d_]")
_PLACE = re.compile(
    r"\b(?:in|at|near|from|to|of|across|through|into|on|between|outside|around|off) (?:the )?(?:\w+(?:ern)? )?[A-Z]"
)
NEGATION = re.compile(  # "not" with its kin, verbs that say that something is not, and contractions
    r"""\b(?: not? | never | nor | neither | nobody | none | without | except | least | only | cannot
      | un(?:able|likely) | impossible
      | fail(?:s|ed|ing)? | lack(?:s|ed|ing)? | prohibit(?:s|ed)? | refus(?:e|es|ed|al) | reject(?:s|ed|ion)?
      | prevent(?:s|ed|ing)? | stop(?:s|ped|ping)? | ceas(?:e|es|ed)
    )\b
    | n[’']t\b | \b(?:did|does|do|is|was|were|has|have|could|would)nt\b""",
    re.VERBOSE | re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"""^(?: he|she|it|they|this|these|that|those|such|his|her|its|their
      | in[ ]this | in[ ]that | in[ ]addition | in[ ]particular
      | furthermore | moreover | also | however | therefore | thus | similarly | likewise | both
      | the[ ](?:former|latter|same)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = (
    (Holds.DATE, DATE),
    (Holds.NUMBER, NUMBER),
    (Holds.MONEY, _MONEY),
    (Holds.REASON, _REASON),
    (Holds.NAME, NAME),
    (Holds.PLACE, _PLACE),
    (Holds.NEGATION, NEGATION),
    (Holds.LEANS_BACK, _LEANS_BACK),
)


def _sentence(text: str, start: int, end: int) -> PreparedSentence:
    sentence = text[start:end]
    holds = Holds.NOTHING
    for sign, pattern in _SIGNS:
        if pattern.search(sentence):
            holds |= sign
    found = terms(sentence)
    return PreparedSentence(
        start,
        end,
        frozenset(found + initials(sentence)),
        frozenset(pairwise(found)),
        holds,
    )


Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]

SATURATION = 0.9
LENGTH_NORM = 0.4
TITLE_WEIGHT = 0.5
HEADING_WEIGHT = 0.5

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


def lexical_scores(
    terms: Sequence[str], paragraphs: Sequence[PreparedParagraph], statistics: TermStatistics
) -> Scores:
    """Return how well the words of each paragraph match: float64, (n_paragraphs,), at least 0.

    BM25F over text, heading and title (Robertson & Zaragoza 2009, section 3.6).

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


def min_max(scores: Scores) -> Scores:
    """Return `scores` stretched to 0..1, whatever their scale and offset; all 0 when all are equal."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    span = high - low
    return (scores - low) / span if np.isfinite(span) and span > 1e-12 else np.zeros_like(scores)


def fuse(signals: Sequence[tuple[float, Scores]]) -> Scores:
    """Return the weighted mean of min-max normalised signals: float64, (n,), each 0..1.

    Args:
        signals: Weight and scores, (n,), of every signal, higher meaning better.
    """
    total = sum(weight for weight, _ in signals)
    fused: Scores = sum((weight * min_max(scores) for weight, scores in signals), np.zeros(())) / total
    return fused

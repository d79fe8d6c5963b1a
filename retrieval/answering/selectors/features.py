"""What can be seen of a question and a sentence: the plain figures that the trained selector decides by."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.question import Kind, Question
from retrieval.answering.selectors import Candidates, Pick
from retrieval.language.terms import terms
from retrieval.models import is_front_matter
from retrieval.search.ranking import NAME, NEGATION, Holds, PreparedSentence, RankedParagraph, resolve_names

Table = NDArray[np.float32]

_KINDS = tuple(Kind)
_HELD = (Holds.NUMBER, Holds.DATE, Holds.NAME, Holds.PLACE, Holds.MONEY, Holds.REASON, Holds.NEGATION)
_NUMBER = re.compile(r"\d")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_SATURATION = 0.9
_LENGTH_NORM = 0.4

SENTENCE = (
    "similarity", "similarity_behind", "similarity_rank", "similarity_spread",
    "coverage", "coverage_behind", "coverage_rank", "plain_coverage", "bm25", "bm25_share", "bm25_rank",
    "match", "match_behind", "match_rank", "pairs",
    "coverage_with_before", "coverage_with_after", "coverage_with_title", "similarity_before", "similarity_after",
    "paragraph_rank", "paragraph_score_behind", "paragraph_similarity", "paragraph_similarity_behind",
    "paragraph_coverage", "paragraph_lexical", "paragraph_lexical_share", "best_in_paragraph",
    "heading_coverage", "title_coverage", "documents_rank",
    "holds_expected", "holds_number", "holds_date", "holds_name", "holds_place", "holds_money", "holds_reason",
    "holds_negation", "leans_back", "next_leans_back",
    "new_names", "new_numbers", "numbers_missing", "years_missing", "names_missing", "names_held",
    "rarest_held", "rarest_in_paragraph", "terms_held",
    "words", "place", "place_from_end", "sentences_in_paragraph", "position", "front_matter",
)  # fmt: skip
"""Of one sentence, in the order of the columns."""

QUESTION = (
    "kind", "expects_number", "expects_date", "expects_name", "expects_place", "expects_money", "expects_reason",
    "question_negates", "question_terms", "question_weight", "question_numbers", "question_years", "question_names",
    "question_parts", "compares", "unknown", "unknown_names", "unknown_numbers", "unknown_rarity",
    "sentences_read", "one_readout",
)  # fmt: skip
"""Of the question and what was searched: the same for each sentence."""

COLUMNS = SENTENCE + QUESTION


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare terms are in official texts at large: a readout of ten paragraphs can't tell.

    Attributes:
        sentences: Sentences counted.
        frequency: Term -> sentences that have it; terms of one or two sentences are left out.
    """

    sentences: int
    frequency: Mapping[str, int]

    def weight(self, term: str) -> float:
        """Return the weight of `term` in nats: the rarer, the more."""
        return math.log((self.sentences + 1) / (self.frequency.get(term, 1) + 0.5))


@dataclass(frozen=True, slots=True)
class Described:
    """Every candidate sentence with its figures.

    Attributes:
        picks: The sentences: paragraphs as ranked, each in reading order.
        table: float32, (n_sentences, len(COLUMNS)), finite.
    """

    picks: tuple[Pick, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question as the sentences are compared with it."""

    question: Question
    weights: Mapping[str, float]
    names: frozenset[str]
    numbers: frozenset[str]
    years: frozenset[str]

    @property
    def total(self) -> float:
        return sum(self.weights.values()) or 1.0

    def share(self, held: frozenset[str] | set[str]) -> float:
        """Return the share of the question's weight on terms of `held`."""
        return sum(w for t, w in self.weights.items() if t in held) / self.total


def describe(candidates: Candidates, rarity: Rarity) -> Described:
    """Return the figures of every candidate sentence."""
    asked = _asked(candidates, rarity)
    rows = candidates.ranked
    picks = tuple(
        Pick(row, place) for row, r in enumerate(rows) for place in range(len(r.prepared.sentences))
    )
    if not picks:
        return Described((), np.zeros((0, len(COLUMNS)), np.float32))
    own = [
        {**_words_of(asked, r, place), **of_paragraph, **_form_of(asked.question, r, place)}
        for r, of_paragraph in zip(rows, _paragraphs(asked, rows), strict=True)
        for place in range(len(r.prepared.sentences))
    ]
    columns = {name: np.array([each[name] for each in own], np.float64) for name in own[0]}
    columns |= _compared(columns)
    columns |= {
        name: np.full(len(picks), value) for name, value in _question(asked, candidates, len(picks)).items()
    }
    return Described(picks, np.stack([columns[name] for name in COLUMNS], axis=1).astype(np.float32))


def _asked(candidates: Candidates, rarity: Rarity) -> _Asked:
    question = candidates.question
    found = resolve_names(question.terms, question.other_names, candidates.statistics)
    numbers = frozenset(t for t in found if _NUMBER.match(t))
    return _Asked(
        question,
        {term: rarity.weight(term) for term in found},
        frozenset(question.names & set(found)) - numbers,
        numbers,
        frozenset(t for t in numbers if _YEAR.match(t)),
    )


# --- one sentence ---


def _words_of(asked: _Asked, r: RankedParagraph, place: int) -> dict[str, float]:
    """What of the question's words stands in the sentence and beside it."""
    prepared, sentence = r.prepared, r.prepared.sentences[place]
    held = sentence.term_set
    before = prepared.sentences[place - 1].term_set if place else frozenset()
    after = prepared.sentences[place + 1].term_set if place + 1 < len(prepared.sentences) else frozenset()
    titles = prepared.title_terms | prepared.heading_terms
    norm = _SATURATION * (1 - _LENGTH_NORM + _LENGTH_NORM * len(held) / 16)
    common = [w for t, w in asked.weights.items() if t in held]
    rarest = max(asked.weights, key=lambda t: asked.weights[t], default="")
    names = _names(prepared.paragraph.text[sentence.start : sentence.end])
    known = asked.weights.keys() | titles
    similarity = r.sentence_similarity
    pairs = set(zip(asked.weights, list(asked.weights)[1:], strict=False))
    return {
        "similarity": float(similarity[place]),
        "coverage": sum(common) / asked.total,
        "plain_coverage": float(r.sentence_coverage[place]),
        "bm25": sum(common) * (1 + _SATURATION) / (1 + norm),
        "match": float(r.sentence_match[place]),
        "pairs": len(pairs & sentence.pairs) / max(len(pairs), 1),
        "coverage_with_before": asked.share(held | before),
        "coverage_with_after": asked.share(held | after),
        "coverage_with_title": asked.share(held | titles),
        "similarity_before": float(similarity[place - 1]) if place else -1.0,
        "similarity_after": float(similarity[place + 1]) if place + 1 < len(similarity) else -1.0,
        "new_names": len(names - known),
        "new_numbers": len({t for t in held if _NUMBER.match(t)} - known),
        "numbers_missing": len(asked.numbers - held - titles),
        "years_missing": len(asked.years - held - titles),
        "names_missing": len(asked.names - held),
        "names_held": len(asked.names & held),
        "rarest_held": float(rarest in held),
        "rarest_in_paragraph": float(rarest in prepared.counts or rarest in titles),
        "terms_held": len(common),
        "words": len(held),
    }


def _form_of(question: Question, r: RankedParagraph, place: int) -> dict[str, float]:
    """Where the sentence stands and what it holds, whatever its words are."""
    sentences = r.prepared.sentences
    sentence = sentences[place]
    expected = 0.0
    if question.expects:
        expected = 1.0 if question.expects & sentence.holds else -1.0
    found = {f"holds_{sign.name.lower()}": float(bool(sentence.holds & sign)) for sign in _HELD if sign.name}
    return found | {
        "holds_expected": expected,
        "leans_back": float(bool(sentence.holds & Holds.LEANS_BACK)),
        "next_leans_back": float(_leans_back(sentences[place + 1 : place + 2])),
        "place": place,
        "place_from_end": len(sentences) - 1 - place,
        "sentences_in_paragraph": len(sentences),
        "position": r.prepared.paragraph.ordinal,
        "front_matter": float(is_front_matter(r.prepared.paragraph.number)),
    }


def _leans_back(sentences: Sequence[PreparedSentence]) -> bool:
    return any(sentence.holds & Holds.LEANS_BACK for sentence in sentences)


@lru_cache(maxsize=16_384)
def _names(text: str) -> frozenset[str]:
    """Return the terms of `text` that are written as names."""
    return frozenset(t for name in NAME.findall(text) for t in terms(name))


# --- paragraphs, and sentences among each other ---


def _paragraphs(asked: _Asked, rows: Sequence[RankedParagraph]) -> list[dict[str, float]]:
    top = rows[0].score
    similarity = max(r.similarity for r in rows)
    lexical = max(r.lexical for r in rows) or 1.0
    documents: dict[str, int] = {}
    found = []
    for rank, r in enumerate(rows):
        prepared = r.prepared
        found.append(
            {
                "paragraph_rank": rank,
                "paragraph_score_behind": r.score - top,
                "paragraph_similarity": r.similarity,
                "paragraph_similarity_behind": r.similarity - similarity,
                "paragraph_coverage": asked.share(set(prepared.counts)),
                "paragraph_lexical": r.lexical,
                "paragraph_lexical_share": r.lexical / lexical,
                "best_in_paragraph": float(r.sentence_match.max(initial=0.0)),
                "heading_coverage": asked.share(prepared.heading_terms),
                "title_coverage": asked.share(prepared.title_terms),
                "documents_rank": documents.setdefault(prepared.paragraph.document, len(documents)),
            }
        )
    return found


def _compared(
    columns: Mapping[str, NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """How each sentence stands among all."""
    found: dict[str, NDArray[np.float64]] = {}
    for name in ("similarity", "coverage", "match"):
        found[f"{name}_behind"] = columns[name] - columns[name].max()
    for name in ("similarity", "coverage", "match", "bm25"):
        order = np.argsort(-columns[name], kind="stable")
        found[f"{name}_rank"] = np.argsort(order, kind="stable").astype(np.float64)
    found["bm25_share"] = columns["bm25"] / (columns["bm25"].max() or 1.0)
    similarity = columns["similarity"]
    found["similarity_spread"] = (similarity - similarity.mean()) / (similarity.std() + 0.02)
    return found


# --- the question ---


def _question(asked: _Asked, candidates: Candidates, read: int) -> dict[str, float]:
    question, known = asked.question, candidates.statistics.document_frequency
    missing = {term: w for term, w in asked.weights.items() if not known.get(term)}
    expects = {
        f"expects_{sign.name.lower()}": float(bool(question.expects & sign)) for sign in _HELD if sign.name
    }
    return {name: expects[name] for name in QUESTION if name in expects} | {
        "kind": _KINDS.index(question.kind),
        "question_negates": float(bool(NEGATION.search(question.core))),
        "question_terms": len(asked.weights),
        "question_weight": asked.total / max(len(asked.weights), 1),
        "question_numbers": len(asked.numbers),
        "question_years": len(asked.years),
        "question_names": len(asked.names),
        "question_parts": len(question.parts),
        "compares": float(question.compares),
        "unknown": sum(missing.values()) / asked.total,
        "unknown_names": len(asked.names & missing.keys()),
        "unknown_numbers": len(asked.numbers & missing.keys()),
        "unknown_rarity": max(missing.values(), default=0.0),
        "sentences_read": read,
        "one_readout": float(candidates.one_readout),
    }

"""The few best sentences read again, word piece by word piece; and what of them tells whether they answer.

Every word piece of the question looks for its like in the sentence (late interaction, Khattab & Zaharia 2020, ColBERT),
by the shipped encoder's vectors: what a sentence's one vector blurs is seen here.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.selectors.features import COLUMNS, Described, Table
from retrieval.index.encoder import Encoder
from retrieval.model_files import on_all_cores

READ = 6
"""Sentences read again; the best answer is among them for all but 2 in 100 answerable questions."""

_MOST_TOKENS = 128
_REMEMBERED = 512

MATCHES = (
    "pieces_mean", "pieces_weighted", "pieces_least", "pieces_spread", "sentence_pieces", "pieces_best", "pieces_rarest",
)  # fmt: skip
"""How well the question's word pieces are met in one sentence."""

READ_COLUMNS = (
    "glance", "glance_behind", "glance_rank", "glance_sum",
    *MATCHES, *(f"{name}_ahead" for name in MATCHES),
    *COLUMNS,
)  # fmt: skip

DECISION_COLUMNS = (
    "first", "second", "third", "first_three", "all_read", "first_ahead",
    *(f"{name}_most" for name in MATCHES),
    *READ_COLUMNS,
)  # fmt: skip
"""Of the sentences that were read, then of the best of them: what the decision sees."""


@dataclass(frozen=True, slots=True)
class PieceRarity:
    """How rare word pieces are in official texts.

    Attributes:
        sentences: Sentences counted.
        frequency: Word piece -> sentences that have it.
    """

    sentences: int
    frequency: Mapping[int, int]

    def weights(self, pieces: Sequence[int]) -> NDArray[np.float32]:
        """Return the weight of each of `pieces`, in nats."""
        found = [math.log((self.sentences + 1) / (self.frequency.get(p, 0) + 0.5)) for p in pieces]
        return np.array(found, np.float32)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Word pieces and their unit vectors, without the marks at both ends."""

    ids: list[int]
    vectors: NDArray[np.float16]


class Reader:
    """Compares a question with sentences, word piece by word piece; safe to call from several threads.

    Args:
        encoder: The shipped one: the selector was trained with it.
        remembered: Sentences whose word pieces are kept: 26 kB each.
    """

    def __init__(self, encoder: Encoder, rarity: PieceRarity, remembered: int = _REMEMBERED) -> None:
        self._encoder, self._rarity, self._most = encoder, rarity, remembered
        self._lock = Lock()
        self._known: OrderedDict[str, _Pieces] = OrderedDict()

    def matches(self, question: str, sentences: Sequence[str]) -> Table:
        """Return how well the question is met in each sentence: float32, (n_sentences, len(MATCHES))."""
        asked = self._pieces(question)
        weights = self._rarity.weights(asked.ids)
        return np.array([_match(asked, weights, each) for each in self._each(sentences)], np.float32)

    def _each(self, sentences: Sequence[str]) -> list[_Pieces]:
        """Return the word pieces of sentences: a readout's are asked for again and again."""
        with self._lock:
            known = {text: self._known[text] for text in sentences if text in self._known}
        missing = [text for text in dict.fromkeys(sentences) if text not in known]
        known |= dict(zip(missing, on_all_cores(self._pieces, missing, "reader"), strict=True))
        with self._lock:
            for text in sentences:
                self._known[text] = known[text]
                self._known.move_to_end(text)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return [known[text] for text in sentences]

    def _pieces(self, text: str) -> _Pieces:
        ids, vectors = self._encoder.token_vectors(text)
        inner = slice(1, min(len(ids), _MOST_TOKENS) - 1)
        lengths = np.linalg.norm(vectors[inner], axis=1, keepdims=True)
        return _Pieces(ids[inner].tolist(), (vectors[inner] / np.maximum(lengths, 1e-9)).astype(np.float16))


def _match(asked: _Pieces, weights: NDArray[np.float32], sentence: _Pieces) -> list[float]:
    if not asked.ids or not sentence.ids:
        return [0.0] * len(MATCHES)
    cosines = asked.vectors.astype(np.float32) @ sentence.vectors.astype(np.float32).T
    met = cosines.max(axis=1)
    rarest = np.argsort(-weights, kind="stable")[:3]
    return [
        float(met.mean()),
        float((met * weights).sum() / max(float(weights.sum()), 1e-9)),
        float(met.min()),
        float(met.std()),
        float(np.sort(cosines.max(axis=0))[-8:].mean()),
        float(np.sort(met)[-3:].mean()),
        float(met[rarest].mean()),
    ]


def best_rows(glance: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows of the sentences to read again, best first, by their probability at first glance."""
    return np.argsort(-glance, kind="stable")[:READ]


def read_table(
    described: Described, glance: NDArray[np.float64], rows: NDArray[np.intp], matches: Table
) -> Table:
    """Return the figures of the sentences read again: float32, (n_read, len(READ_COLUMNS))."""
    odds = np.log(glance[rows] + 1e-6)
    order = np.arange(len(rows), dtype=np.float64)
    sums = np.full(len(rows), glance.sum())
    own = np.stack([odds, odds - odds[0], order, sums], axis=1)
    ahead = [matches[i] - _best_of_others(matches, i) for i in range(len(rows))]
    return np.hstack([own, matches, np.array(ahead), described.table[rows]]).astype(np.float32)


def _best_of_others(matches: Table, row: int) -> Table:
    others = np.delete(matches, row, axis=0)
    best: Table = others.max(axis=0) if len(others) else np.zeros(matches.shape[1], np.float32)
    return best


def decision_row(table: Table, probabilities: NDArray[np.float64], matches: Table) -> Table:
    """Return what the decision sees, by what was read: float32, (len(DECISION_COLUMNS),)."""
    order = np.argsort(-probabilities, kind="stable")
    best = np.concatenate([probabilities[order], np.zeros(3)])
    own = [best[0], best[1], best[2], best[:3].sum(), best.sum(), best[0] - best[1]]
    return np.concatenate([own, matches.max(axis=0), table[order[0]]]).astype(np.float32)

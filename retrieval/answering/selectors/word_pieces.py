"""The few best sentences read again, word piece by word piece; and what of them tells whether they answer.

Every word piece of the question looks for its like in the sentence (late interaction, Khattab & Zaharia 2020, ColBERT),
by the shipped encoder's vectors: what a sentence's one vector blurs is seen here. Then a network of one layer reads both
together, from the same vectors.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.selectors.features import COLUMNS, Described, Table
from retrieval.index.encoder import Encoder, Vector
from retrieval.model_files import on_all_cores

if TYPE_CHECKING:
    import onnxruntime

READ = 6
"""Sentences read again; the best answer is among them for all but 2 in 100 answerable questions."""

_MOST_PIECES = 112
_REMEMBERED = 512

MATCHES = (
    "pieces_mean", "pieces_weighted", "pieces_least", "pieces_spread", "sentence_pieces", "pieces_best", "pieces_rarest",
    "together",
)  # fmt: skip
"""How well the question's word pieces are met in one sentence, and what the network makes of the two together."""

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
class Pieces:
    """The word pieces of a text: ids, and float16 vectors, (n_pieces, dimensions), `[CLS]` first, `[SEP]` last."""

    ids: tuple[int, ...]
    vectors: NDArray[np.float16]

    @property
    def inner(self) -> tuple[int, ...]:
        """The ids without the marks at both ends."""
        return self.ids[1:-1]

    @property
    def directions(self) -> Vector:
        """Unit vectors of the inner pieces: float32, (len(inner), dimensions)."""
        inner = self.vectors[1:-1].astype(np.float32)
        unit: Vector = inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-9)
        return unit


class PieceStore:
    """Word pieces of texts; those of sentences are remembered, since a readout's are asked for again and again.

    Safe to call from several threads.

    Args:
        encoder: The shipped one: the selector was trained with it.
        remembered: Sentences whose word pieces are kept: 26 kB each.
    """

    def __init__(self, encoder: Encoder, remembered: int = _REMEMBERED) -> None:
        self._encoder, self._most = encoder, remembered
        self._lock = Lock()
        self._known: OrderedDict[str, Pieces] = OrderedDict()

    def of(self, text: str) -> Pieces:
        """Return the word pieces of `text`, as far as they are read."""
        ids, vectors = self._encoder.token_vectors(text)
        return Pieces(tuple(ids[:_MOST_PIECES].tolist()), vectors[:_MOST_PIECES].astype(np.float16))

    def of_each(self, sentences: Sequence[str]) -> list[Pieces]:
        """Return the word pieces of every sentence."""
        with self._lock:
            known = {text: self._known[text] for text in sentences if text in self._known}
        missing = [text for text in dict.fromkeys(sentences) if text not in known]
        known |= dict(zip(missing, on_all_cores(self.of, missing, "reader"), strict=True))
        with self._lock:
            for text in sentences:
                self._known[text] = known[text]
                self._known.move_to_end(text)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return [known[text] for text in sentences]


class Reader:
    """Reads a question with sentences, one by one; same input, same output.

    Args:
        network: `pairs.onnx`: vectors of both sides' word pieces -> log-odds that the sentence answers.
    """

    def __init__(self, store: PieceStore, rarity: PieceRarity, network: onnxruntime.InferenceSession) -> None:
        self._store, self._rarity, self._network = store, rarity, network

    def matches(self, question: str, sentences: Sequence[str]) -> Table:
        """Return how well the question is met in each sentence: float32, (n_sentences, len(MATCHES))."""
        asked = self._store.of(question)
        directions, weights = asked.directions, self._rarity.weights(asked.inner)
        read = self._store.of_each(sentences)
        together = on_all_cores(lambda sentence: self._together(asked, sentence), read, "reader")
        met = [_match(directions, weights, sentence.directions) for sentence in read]
        return np.array([[*one, other] for one, other in zip(met, together, strict=True)], np.float32)

    def _together(self, asked: Pieces, sentence: Pieces) -> float:
        states = np.concatenate([asked.vectors, sentence.vectors]).astype(np.float32)[np.newaxis]
        is_asked = (np.arange(states.shape[1]) < len(asked.ids)).astype(np.float32)[np.newaxis]
        (odds,) = self._network.run(None, {"states": states, "asked": is_asked, "read": 1 - is_asked})
        return float(odds[0])


def _match(asked: Vector, weights: NDArray[np.float32], sentence: Vector) -> list[float]:
    if not len(asked) or not len(sentence):
        return [0.0] * (len(MATCHES) - 1)
    cosines = asked @ sentence.T
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

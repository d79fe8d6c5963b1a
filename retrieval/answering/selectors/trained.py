"""The selector that ships: trees, trained on labelled readouts, say which sentences answer and whether any does.

Three questions one after the other: which of all candidate sentences may answer (at a glance); which of the best few
do (read word piece by word piece); and does the best of them answer at all."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.models import Status
from retrieval.answering.selectors import Candidates, Pick, Selection
from retrieval.answering.selectors.features import Rarity, describe
from retrieval.answering.selectors.word_pieces import (
    DECISION_COLUMNS,
    READ_COLUMNS,
    PieceRarity,
    PieceStore,
    Reader,
    best_rows,
    decision_row,
    read_table,
)
from retrieval.index.encoder import Encoder
from retrieval.model_files import open_session, verified
from retrieval.observing import stage

Floats = NDArray[np.float64]

_ARRAYS = ("roots", "feature", "threshold", "missing_left", "left", "right", "value")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Binary trees over a table of figures; nodes of all trees stand in one list, a leaf is its own child.

    Attributes:
        baseline: Log-odds before any tree.
        depth: Steps from a root to the furthest leaf.
        roots: int32, (n_trees,).
        feature: int16, (n_nodes,): the column that a node asks.
        threshold: float64, (n_nodes,): at most this goes left.
        missing_left: bool, (n_nodes,): where a missing figure (NaN) goes.
        left, right: int32, (n_nodes,).
        value: float64, (n_nodes,): log-odds that a leaf adds.
    """

    baseline: float
    depth: int
    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: Floats
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats

    def log_odds(self, table: NDArray[np.float32]) -> Floats:
        """Return the log-odds of each row of `table`, (n_rows, n_columns): float64, (n_rows,)."""
        nodes = np.repeat(self.roots[np.newaxis], len(table), axis=0)
        rows = np.arange(len(table))[:, np.newaxis]
        figures = table.astype(np.float64)
        missing = np.isnan(figures)
        any_missing = bool(missing.any())
        for _ in range(self.depth):
            column = self.feature[nodes]
            goes_left = figures[rows, column] <= self.threshold[nodes]
            if any_missing:
                goes_left |= missing[rows, column] & self.missing_left[nodes]
            nodes = np.where(goes_left, self.left[nodes], self.right[nodes])
        found: Floats = self.value[nodes].sum(axis=1) + self.baseline
        return found

    def probability(self, table: NDArray[np.float32]) -> Floats:
        """Return the probability of each row of `table`, 0..1: float64, (n_rows,)."""
        return sigmoid(self.log_odds(table))

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that `from_arrays` reads, each key beginning with `name`."""
        found: dict[str, NDArray[np.generic]] = {f"{name}.{key}": getattr(self, key) for key in _ARRAYS}
        return found | {f"{name}.shape": np.array([self.baseline, self.depth], np.float64)}

    @classmethod
    def from_arrays(cls, stored: Mapping[str, NDArray[np.generic]], name: str) -> Trees:
        """Return the trees that `arrays` gave under `name`.

        Raises:
            KeyError: An array is missing.
        """
        baseline, depth = np.asarray(stored[f"{name}.shape"], np.float64).tolist()
        return cls(baseline, int(depth), *(stored[f"{name}.{key}"] for key in _ARRAYS))  # type: ignore[arg-type]


def sigmoid(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -40.0, 40.0)))
    return found


MODEL_DIR = Path(__file__).parent / "model"
MODEL_FILE = "selector.npz"
PAIRS_FILE = "pairs.onnx"

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the sources answer, for questions to one readout or for questions to many.

    Attributes:
        scale, shift: Of the trees' log-odds, fitted on documents that the trees had not met: what comes of them
            is a probability.
        answers_from: From this probability an answer is given.
        nears_from: From this one sentences are offered without a claim; below, nothing is found.
    """

    trees: Trees
    scale: float
    shift: float
    answers_from: float
    nears_from: float

    def confidence(self, row: NDArray[np.float32]) -> float:
        """Return the probability that the sources answer."""
        odds = self.trees.log_odds(row[np.newaxis]) * self.scale + self.shift
        return float(sigmoid(odds)[0])

    def status(self, confidence: float) -> Status:
        """Return what is said of an answer this sure."""
        if confidence >= self.answers_from:
            return Status.ANSWERED
        return Status.CLOSEST if confidence >= self.nears_from else Status.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Shown:
    """How many sentences are shown: the best, and more as long as they are this likely to be right.

    Attributes:
        least: Probability of a further sentence.
        share: Of the best sentence's probability.
        most: Sentences in all.
    """

    least: float
    share: float
    most: int

    def rows(self, probabilities: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the rows that are shown, best first."""
        order = np.argsort(-probabilities, kind="stable")[: self.most]
        least = max(self.least, self.share * float(probabilities[order[0]]))
        kept: NDArray[np.intp] = order[(probabilities[order] >= least) | (np.arange(len(order)) == 0)]
        return kept


@dataclass(frozen=True, slots=True)
class SelectorModel:
    """All that was learned."""

    rarity: Rarity
    pieces: PieceRarity
    glance: Trees
    reading: Trees
    one: Decision
    many: Decision
    shown: Shown


@dataclass(frozen=True, slots=True)
class Explained:
    """A sentence or a decision with the figures it came from."""

    text: str
    probability: float
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Read:
    picks: tuple[Pick, ...]
    table: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    decision: NDArray[np.float32]


class TrainedSelector:
    """Chooses sentences as the labelled readouts taught it; same input, same output, on every thread.

    Args:
        encoder: The one that is loaded already; where that is another than the shipped one, the shipped one is
            loaded beside it, because the selector was trained with it.
        model_dir: Folder with `selector.npz`, `pairs.onnx` and `SHA256SUMS`.

    Raises:
        ModelError: On first use, when a file is missing or damaged.
    """

    mode = "extractive"

    def __init__(self, encoder: Encoder | None = None, model_dir: Path = MODEL_DIR) -> None:
        is_shipped = encoder is not None and encoder.provider == Encoder.provider
        self._encoder = encoder if encoder is not None and is_shipped else Encoder()
        self._dir = model_dir

    @stage("select")
    def select(self, candidates: Candidates) -> Selection:
        """Return the sentences that answer, or that come nearest where none does."""
        read = self._read(candidates)
        if read is None:
            return Selection(Status.NOT_FOUND)
        decision = self._decision(candidates)
        confidence = decision.confidence(read.decision)
        picks = tuple(read.picks[row] for row in self._model.shown.rows(read.probabilities))
        return Selection(decision.status(confidence), picks, confidence)

    def is_common(self, word: str) -> bool:
        """Whether a word is one of the 30,000 that the shipped encoder's vocabulary holds whole."""
        return len(self._encoder.piece_ids(word)) == 1

    def explain(self, candidates: Candidates, count: int = 3) -> list[Explained]:
        """Return the decision and the best sentences, each with the figures that it was made from."""
        read = self._read(candidates)
        if read is None:
            return []
        confidence = self._decision(candidates).confidence(read.decision)
        order = np.argsort(-read.probabilities, kind="stable")[:count]
        sentences = [
            Explained(
                candidates.statement(read.picks[row]).text,
                float(read.probabilities[row]),
                dict(zip(READ_COLUMNS, read.table[row].tolist(), strict=True)),
            )
            for row in order
        ]
        figures = dict(zip(DECISION_COLUMNS, read.decision.tolist(), strict=True))
        return [Explained(candidates.question.text, confidence, figures), *sentences]

    def _decision(self, candidates: Candidates) -> Decision:
        return self._model.one if candidates.one_readout else self._model.many

    def _read(self, candidates: Candidates) -> _Read | None:
        model = self._model
        described = describe(candidates, model.rarity)
        if not described.picks:
            return None
        glance = model.glance.probability(described.table)
        rows = best_rows(glance)
        picks = tuple(described.picks[row] for row in rows)
        texts = [candidates.statement(pick).text for pick in picks]
        matches = self._reader.matches(candidates.question.core, texts)
        table = read_table(described, glance, rows, matches)
        probabilities = model.reading.probability(table)
        return _Read(picks, table, probabilities, decision_row(table, probabilities, matches))

    @cached_property
    def _reader(self) -> Reader:
        network = open_session(self._dir, PAIRS_FILE)
        return Reader(PieceStore(self._encoder), self._model.pieces, network)

    @cached_property
    def _model(self) -> SelectorModel:
        with np.load(io.BytesIO(verified(self._dir, MODEL_FILE)), allow_pickle=False) as stored:
            return unpacked(dict(stored))


def packed(model: SelectorModel) -> dict[str, NDArray[np.generic]]:
    """Return `model` as plain arrays."""
    terms = sorted(model.rarity.frequency)
    pieces = sorted(model.pieces.frequency)
    arrays: dict[str, NDArray[np.generic]] = {
        "terms": np.frombuffer("\n".join(terms).encode(), np.uint8),
        "term_counts": np.array([model.rarity.frequency[t] for t in terms], np.int32),
        "pieces": np.array(pieces, np.int32),
        "piece_counts": np.array([model.pieces.frequency[p] for p in pieces], np.int32),
        "sentences": np.array([model.rarity.sentences, model.pieces.sentences], np.int32),
        "shown": np.array([model.shown.least, model.shown.share, model.shown.most], np.float64),
    }
    arrays |= model.glance.arrays("glance") | model.reading.arrays("reading")
    for name, decision in (("one", model.one), ("many", model.many)):
        settings = [decision.scale, decision.shift, decision.answers_from, decision.nears_from]
        arrays |= decision.trees.arrays(name) | {f"{name}.decision": np.array(settings, np.float64)}
    return arrays


def unpacked(stored: Arrays) -> SelectorModel:
    """Return the model that `packed` gave."""
    in_terms, in_pieces = stored["sentences"].tolist()
    terms = stored["terms"].tobytes().decode().split("\n")
    least, share, most = stored["shown"].tolist()
    one, many = (
        Decision(Trees.from_arrays(stored, name), *stored[f"{name}.decision"].tolist())
        for name in ("one", "many")
    )
    return SelectorModel(
        Rarity(in_terms, dict(zip(terms, stored["term_counts"].tolist(), strict=True))),
        PieceRarity(
            in_pieces, dict(zip(stored["pieces"].tolist(), stored["piece_counts"].tolist(), strict=True))
        ),
        Trees.from_arrays(stored, "glance"),
        Trees.from_arrays(stored, "reading"),
        one,
        many,
        Shown(least, share, int(most)),
    )

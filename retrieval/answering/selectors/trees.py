"""Gradient-boosted trees as plain arrays: the sum of one leaf of every tree, as a log-odds.

Trained with scikit-learn (`training/selector.py`), which is not needed to run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

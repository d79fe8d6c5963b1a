"""Scores on different scales -> one order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


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

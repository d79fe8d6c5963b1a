"""SQL has a bound on the values of one `IN`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_MANY = 500
"""SQLite's own bound is 32,766, older builds' 999."""


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut `values` into lists short enough for one `IN`."""
    batch: list[T] = []
    for value in values:
        batch.append(value)
        if len(batch) == _MANY:
            yield batch
            batch = []
    if batch:
        yield batch

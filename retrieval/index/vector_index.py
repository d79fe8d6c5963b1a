"""What every vector index offers, and the exact one that stands in where Chroma cannot serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sqlalchemy import Connection

from retrieval.index.encoder import Vector
from retrieval.ledger import Ledger, vectors

SAME_TEXT = 1e-5
"""A hit at this cosine distance or less is the same text's vector: in float32, one of 4,000 is 1.1e-6 from itself."""

_SCANNED_AT_ONCE = 8192
MOST_SCANNED = 100_000


@dataclass(frozen=True, slots=True)
class Hit:
    """One embedding near a question.

    Attributes:
        embedding: Its primary key in the ledger.
        distance: Cosine distance, 0 (same direction) to 2 (opposite).
    """

    embedding: int
    distance: float


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """One embedding to index: its key in the ledger, its unit vector (float32), its words."""

    embedding: int
    vector: Vector
    text: str


class VectorIndex(Protocol):
    """Vectors of one store, by scope."""

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the embeddings nearest to `vector`, closest first; none for an unknown scope."""

    def count(self, scope: str) -> int:
        """Return how many embeddings `scope` holds."""

    def close(self) -> None:
        """Give back what is held."""


def finds_itself(embedding: int, hits: Sequence[Hit]) -> bool:
    """Whether a search for an embedding's own vector found it, or a twin of it."""
    return bool(hits) and (hits[0].embedding == embedding or hits[0].distance <= SAME_TEXT)


def nearest(pks: Sequence[int], matrix: Vector, vector: Vector, limit: int) -> list[Hit]:
    """Return the exact nearest of `matrix`'s rows, closest first.

    Args:
        pks: Embedding of each row.
        matrix: float32, (n, dimensions), unit rows.
        vector: float32, (dimensions,), unit length.
    """
    distances = 1.0 - matrix @ vector
    order = np.argsort(distances, kind="stable")[:limit]
    return [Hit(pks[i], float(distances[i])) for i in order]


class LedgerScan:
    """The vectors of the ledger, scanned exactly: slower than an index, and never wrong.

    Serves while Chroma is written by another process, checked or written anew. It holds what Chroma would;
    what Chroma misses is scanned beside it, as it is beside Chroma. Beyond `MOST_SCANNED` vectors a scan would take
    seconds a question: then it finds none, and the words alone put paragraphs forward.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the nearest of `scope`, closest first."""
        with self._ledger.read() as connection:
            if vectors.scope_state(connection, scope).records > MOST_SCANNED:
                return []
            return scan(connection, vectors.findable(connection, scope), vector, limit)

    def count(self, scope: str) -> int:
        """Return how many embeddings `scope` holds."""
        with self._ledger.read() as connection:
            return len(vectors.findable(connection, scope))

    def close(self) -> None:
        """Nothing is held."""


def scan(connection: Connection, pks: Sequence[int], vector: Vector, limit: int) -> list[Hit]:
    """Return the exact nearest among `pks`, closest first, holding a bounded part of them in memory."""
    best: list[Hit] = []
    for start in range(0, len(pks), _SCANNED_AT_ONCE):
        found = vectors.vectors(connection, pks[start : start + _SCANNED_AT_ONCE])
        if found:
            best += nearest(list(found), np.stack(list(found.values())), vector, limit)
            best = sorted(best, key=lambda hit: hit.distance)[:limit]
    return best

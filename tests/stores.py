"""A store with vectors and without an encoder: whatever it does, it embeds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from retrieval.index.embedded_sync import EmbeddedSync
from retrieval.index.encoder import DIMENSIONS, Vector
from retrieval.index.index_folder import StoreLock
from retrieval.index.vector_index import INDEX_NAME
from retrieval.ledger import Ledger, revisions, vectors
from retrieval.models import Paragraph, Readout


def unit_vectors(n: int, seed: int = 7) -> Vector:
    found = np.random.default_rng(seed).standard_normal((n, DIMENSIONS)).astype(np.float32)
    unit: Vector = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def fill(ledger: Ledger, matrix: Vector, scope: str = "shared") -> list[int]:
    """Make a readout live whose paragraphs have these vectors, and return the embeddings' keys."""
    keys = [f"{scope} {n}".encode().ljust(32, b".") for n in range(len(matrix))]
    paragraphs = tuple(Paragraph(str(n), f"Paragraph {n}.") for n in range(len(matrix)))
    with ledger.write() as connection:
        vectors.add_embeddings(connection, dict(zip(keys, matrix, strict=True)))
        pks = vectors.embedding_pks(connection, keys)
        revisions.add_revision(
            connection,
            Readout(f"many-{scope}", "Many", paragraphs),
            scope=scope,
            source="many.txt",
            revision="0" * 12,
            chunks=[[(0, 5, pks[key])] for key in keys],
            now="2026-01-01",
        )
    return [pks[key] for key in keys]


class Store:
    """A store without an encoder: whatever it does, it embeds nothing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.ledger = Ledger(folder / "ledger.sqlite3")

    @contextmanager
    def index_sync(self) -> Iterator[EmbeddedSync]:
        """As a process has it, from its start to its end."""
        with closing(EmbeddedSync(self.folder, self.ledger, StoreLock(self.folder, "a test"))) as index_sync:
            yield index_sync

    def index(self, embeddings: list[int], *, scope: str = "shared") -> None:
        with self.ledger.write() as connection:
            vectors.expect(connection, scope, embeddings)
            vectors.scope_changed(connection, scope)
        with self.index_sync() as index_sync:
            assert index_sync.catch_up()

    @property
    def chroma(self) -> Path:
        """Where the index in use stands."""
        with self.ledger.read() as connection:
            return self.folder / (self.ledger.meta(connection, INDEX_NAME) or "chroma")

    def indexed(self, scope: str = "shared") -> set[int]:
        with self.ledger.read() as connection:
            return set(vectors.in_index(connection, scope, after=0, limit=1_000_000))

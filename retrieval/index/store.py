"""The Chroma store: the one module that imports chromadb.

Append-only, one collection per scope, one record per distinct embedded text; everything in it can be written
again from the ledger. Why, with the measured defects behind each choice: docs/architecture.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from retrieval.errors import StoreError
from retrieval.index.encoder import Vector
from retrieval.index.vectors import Hit, VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 200,
}
"""Chroma's own settings left 17 of 20,000 vectors unfindable by themselves; these left 2."""

_BATCH = 1000


class ChromaStore:
    """Embedded Chroma in one folder.

    Args:
        path: Its folder; made when missing.
        ledger_id: The ledger this folder belongs to: its keys mean nothing to another one.

    Raises:
        StoreError: Chroma cannot open the folder, or it belongs to another ledger.
    """

    def __init__(self, path: Path, ledger_id: str) -> None:
        import chromadb
        from chromadb.config import Settings

        self._path = path
        self._ledger_id = ledger_id
        self._collections: dict[str, Collection | None] = {}
        with self._translated("opened"):
            self._client = cast(
                "Client",  # PersistentClient is typed as the part that every client shares
                chromadb.PersistentClient(
                    path, settings=Settings(anonymized_telemetry=False, allow_reset=False)
                ),
            )

    def add(self, scope: str, records: Sequence[VectorRecord]) -> None:
        """Add records in batches; an embedding that is already there is left as it is.

        Raises:
            StoreError: Chroma cannot write.
        """
        collection = self._collection(scope, create=True)
        assert collection is not None
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            with self._translated("written"):
                collection.add(
                    ids=[str(record.embedding) for record in batch],
                    embeddings=np.stack([record.vector for record in batch]),
                    documents=[record.text for record in batch],
                    metadatas=[{"scope": scope} for _ in batch],
                )

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the embeddings nearest to `vector`, closest first; none for an unknown scope.

        Raises:
            StoreError: Chroma cannot be queried.
        """
        return self.query_each(scope, vector[np.newaxis], limit)[0]

    def query_each(self, scope: str, matrix: Vector, limit: int) -> list[list[Hit]]:
        """Return for each row of `matrix`, float32 (n, dimensions), what `query` returns for it.

        Raises:
            StoreError: Chroma cannot be queried.
        """
        collection = self._collection(scope)
        if collection is None:
            return [[] for _ in matrix]
        with self._translated("queried"):
            found = collection.query(query_embeddings=matrix, n_results=limit, include=["distances"])
        distances = found["distances"]
        assert distances is not None
        return [
            [Hit(int(pk), float(d)) for pk, d in zip(pks, row, strict=True)]
            for pks, row in zip(found["ids"], distances, strict=True)
        ]

    def count(self, scope: str) -> int:
        """Return how many records `scope` holds.

        Raises:
            StoreError: Chroma cannot be asked.
        """
        collection = self._collection(scope)
        if collection is None:
            return 0
        with self._translated("counted"):
            return collection.count()

    def close(self) -> None:
        """Let Chroma write what it holds and give the folder back."""
        self._client.close()

    def _collection(self, scope: str, *, create: bool = False) -> Collection | None:
        found = self._collections.get(scope)
        if found is None:
            found = self._collections[scope] = self._open_collection(scope, create=create)
        return found

    def _open_collection(self, scope: str, *, create: bool) -> Collection | None:
        from chromadb.errors import NotFoundError

        name = collection_name(scope)
        with self._translated("opened"):
            try:
                # embedding_function=None: or Chroma attaches one of its own, which reaches for the network
                found = self._client.get_collection(name, embedding_function=None)
            except NotFoundError:
                if not create:
                    return None
                return self._client.create_collection(
                    name,
                    embedding_function=None,
                    configuration={"hnsw": _HNSW},
                    metadata={"scope": scope, "ledger": self._ledger_id},
                )
        if (found.metadata or {}).get("ledger") != self._ledger_id:
            raise StoreError(f"{self._path}: this vector index belongs to another ledger.")
        return found

    @contextmanager
    def _translated(self, done: str) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # Chroma's Rust panics derive from BaseException
            raise StoreError(f"{self._path}: the vector index cannot be {done} ({error}).") from error


def collection_name(scope: str) -> str:
    """Return a name that Chroma takes: 3 to 63 of letters, digits, `.`, `_` and `-`."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", scope).strip("-")[:30]
    return f"rapporteur-{readable}-{hashlib.sha256(scope.encode()).hexdigest()[:8]}"

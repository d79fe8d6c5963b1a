"""What every Chroma has in common: one collection for each scope, and its errors in the house's words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from retrieval.errors import StoreError
from retrieval.index.encoder import Vector
from retrieval.index.vectors import Hit, VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 200,
}
"""Chroma's own settings left 17 of 20,000 vectors unfindable by themselves; these left 2."""


class Collections:
    """The collections of one ledger in one Chroma.

    Args:
        client: Of whatever kind.
        place: What it is called in messages: a folder or an address.
        ledger_id: The ledger these collections belong to: their keys mean nothing to another one.

    Raises:
        StoreError: From every method, where Chroma cannot do it.
    """

    batch = 1000
    """Records that are handed over at once."""

    def __init__(self, client: Client, place: str, ledger_id: str) -> None:
        self._client = client
        self._place = place
        self._ledger_id = ledger_id
        self._collections: dict[str, Collection] = {}

    def add(self, scope: str, records: Sequence[VectorRecord]) -> None:
        """Add records in batches; an embedding that is already there is left as it is."""
        collection = self._collection(scope) or self._create(scope)
        for start in range(0, len(records), self.batch):
            batch = records[start : start + self.batch]
            with translated(self._place, "written"):
                collection.add(
                    ids=[str(record.embedding) for record in batch],
                    embeddings=np.stack([record.vector for record in batch]),
                    documents=[record.text for record in batch],
                    metadatas=[{"scope": scope} for _ in batch],
                )

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the embeddings nearest to `vector`, closest first; none for an unknown scope."""
        return self.query_each(scope, vector[np.newaxis], limit)[0]

    def query_each(self, scope: str, matrix: Vector, limit: int) -> list[list[Hit]]:
        """Return for each row of `matrix`, float32 (n, dimensions), what `query` returns for it."""
        collection = self._collection(scope)
        if collection is None:
            return [[] for _ in matrix]
        with translated(self._place, "queried"):
            found = collection.query(query_embeddings=matrix, n_results=limit, include=["distances"])
        distances = found["distances"]
        assert distances is not None
        return [
            [Hit(int(pk), float(d)) for pk, d in zip(pks, row, strict=True)]
            for pks, row in zip(found["ids"], distances, strict=True)
        ]

    def count(self, scope: str) -> int:
        """Return how many records `scope` holds."""
        collection = self._collection(scope)
        if collection is None:
            return 0
        with translated(self._place, "counted"):
            return collection.count()

    def close(self) -> None:
        """Let Chroma write what it holds and give back what is held."""
        self._client.close()

    def _name(self, scope: str) -> str:
        return collection_name(scope)

    def _metadata(self, scope: str) -> dict[str, str]:
        """What stands beside a collection's records."""
        return {"scope": scope, "ledger": self._ledger_id}

    def _collection(self, scope: str) -> Collection | None:
        found = self._collections.get(scope) or self._open(scope)
        if found is not None:
            self._collections[scope] = found
        return found

    def _open(self, scope: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        with translated(self._place, "opened"):
            try:
                # embedding_function=None: or Chroma attaches one of its own, which reaches for the network
                found = self._client.get_collection(self._name(scope), embedding_function=None)
            except NotFoundError:
                return None
        if (found.metadata or {}).get("ledger") != self._ledger_id:
            raise StoreError(f"{self._place}: this vector index belongs to another ledger.")
        return found

    def _create(self, scope: str) -> Collection:
        with translated(self._place, "opened"):
            made = self._client.create_collection(
                self._name(scope),
                embedding_function=None,
                configuration={"hnsw": HNSW},
                metadata=self._metadata(scope),
            )
        self._collections[scope] = made
        return made


@contextmanager
def translated(place: str, done: str) -> Iterator[None]:
    """Turn what Chroma raises into a `StoreError` that says where."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # Chroma's Rust panics derive from BaseException
        raise StoreError(f"{place}: the vector index cannot be {done} ({error}).") from error


def collection_name(scope: str) -> str:
    """Return a name that Chroma takes: 3 to 63 of letters, digits, `.`, `_` and `-`."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", scope).strip("-")[:30]
    return f"rapporteur-{readable}-{hashlib.sha256(scope.encode()).hexdigest()[:8]}"

"""The Chroma stores, the one package that imports chromadb: here what all have in common, and the embedded one.

Append-only, one collection per scope, one record per distinct embedded text; everything in them can be written
again from the ledger. The measured defects behind each choice: docs/architecture.md.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
import traceback
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from pydantic import SecretStr

from retrieval.errors import StoreError
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import Hit, VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 16,
    "ef_construction": 200,
    "ef_search": 200,
}
"""Chroma's own settings (16, 100, 100), and more construction and search: of the exact nearest 24 among 9,000 real
sentences these find 0.9977 and Chroma's 0.9897. Twice the neighbours find 0.9989, and questions among 100,000
paragraphs, adding and memory all cost more (`bench/graph.py`, `bench/scale.py`). Vectors that do not find themselves,
which are more with fewer neighbours, are scanned beside the index (`index_writer.py`)."""

_MOST_TOLD = 300


class Collections:
    """The collections of one ledger in one Chroma.

    Args:
        client: Of whatever kind.
        place: What it is called in messages: a folder or an address.
        ledger_id: The ledger these collections belong to: their keys mean nothing to another one.
        secret: What never stands in a message.

    Raises:
        StoreError: From every method, where Chroma cannot do it.
    """

    batch = 1000
    """Records that are handed over at once."""

    def __init__(self, client: Client, place: str, ledger_id: str, secret: SecretStr | None = None) -> None:
        self._client = client
        self._place = place
        self._ledger_id = ledger_id
        self._secret = secret
        self._collections: dict[str, Collection] = {}

    def add(self, scope: str, records: Sequence[VectorRecord]) -> None:
        """Add records in batches; an embedding that is already there is left as it is."""
        collection = self._collection(scope) or self._create(scope)
        for start in range(0, len(records), self.batch):
            batch = records[start : start + self.batch]
            with self._translated("written"):
                collection.add(
                    ids=[str(record.embedding) for record in batch],
                    embeddings=np.stack([record.vector for record in batch]),
                    documents=[self._document(record) for record in batch],
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
        with self._translated("queried"):
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
        with self._translated("counted"):
            return collection.count()

    def close(self) -> None:
        """Let Chroma write what it holds and give back what is held."""
        self._client.close()

    def _document(self, record: VectorRecord) -> str:
        """What stands there of a record's words."""
        return record.text

    def _name(self, scope: str) -> str:
        return collection_name(scope, scope, digits=8)

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

        with self._translated("opened"):
            try:
                # embedding_function=None: or Chroma attaches one of its own, which reaches for the network
                found = self._client.get_collection(self._name(scope), embedding_function=None)
            except NotFoundError:
                return None
        if (found.metadata or {}).get("ledger") != self._ledger_id:
            raise StoreError(f"{self._place}: this vector index belongs to another ledger.")
        return found

    def _create(self, scope: str) -> Collection:
        with self._translated("opened"):
            made = self._collections[scope] = self._make(scope)
        return made

    def _make(self, scope: str) -> Collection:
        return self._client.create_collection(
            self._name(scope),
            embedding_function=None,
            configuration={"hnsw": HNSW},
            metadata=self._metadata(scope),
        )

    def _translated(self, done: str) -> AbstractContextManager[None]:
        return translated(self._place, done, self._secret)


@contextmanager
def translated(place: str, done: str, secret: SecretStr | None = None) -> Iterator[None]:
    """Turn what Chroma raises into a `StoreError` that says where.

    Args:
        secret: A key that was sent: what a service answers, or a library quotes, may repeat it.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, StoreError):
        raise
    except BaseException as error:  # Chroma's Rust panics derive from BaseException
        told = str(error)
        cause: BaseException | None = error
        if secret is not None and secret.get_secret_value() in "".join(traceback.format_exception(error)):
            told, cause = told.replace(secret.get_secret_value(), "…"), None
        told = textwrap.shorten(told, _MOST_TOLD, placeholder=" …")  # it may be a proxy's whole error page
        raise StoreError(f"{place}: the vector index cannot be {done} ({told}).") from cause


def collection_name(scope: str, owner: str, digits: int) -> str:
    """Return a name that Chroma takes (3 to 63 of letters, digits, `.`, `_` and `-`), another for each owner."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", scope).strip("-")[:30]
    return f"rapporteur-{readable}-{hashlib.sha256(owner.encode()).hexdigest()[:digits]}"


class EmbeddedStore(Collections):
    """Embedded Chroma in one folder.

    Args:
        path: Its folder; made when missing.

    Raises:
        StoreError: Chroma cannot open the folder, or it belongs to another ledger.
    """

    def __init__(self, path: Path, ledger_id: str) -> None:
        import chromadb
        from chromadb.config import Settings

        with translated(str(path), "opened"):
            client = cast(
                "Client",  # typed as the part that synchronous and asynchronous clients share
                chromadb.PersistentClient(
                    path, settings=Settings(anonymized_telemetry=False, allow_reset=False)
                ),
            )
        super().__init__(client, str(path), ledger_id)

"""Chroma Cloud, or a distributed Chroma of one's own: by tenant, database and key, and searched by words too.

Not verified against the service: what is sent was recorded from chromadb's own client and is compared with it by
`tests/retrieval/index/test_cloud.py`, whose stand-in for the service was written from Chroma's documentation.

Sources, all of chromadb 1.5.9: docs.trychroma.com/cloud/quotas-limits, …/cloud/schema/index-reference,
…/cloud/schema/sparse-vector-search and …/cloud/search-api/hybrid-search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import SecretStr

from retrieval.errors import SettingsError, StoreError
from retrieval.index.chroma.collections import translated
from retrieval.index.chroma.server import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, Address, RemoteStore
from retrieval.index.encoder import Vector
from retrieval.index.sparse import TermVector, text_weights
from retrieval.index.vector_index import Hit, VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Schema
    from chromadb.execution.expression.operator import Knn
    from chromadb.execution.expression.plan import Search

WORDS = "words"
"""The key of a record's metadata that holds its sparse vector."""

MOST_RETURNED = 300
"""Results of one query, by Chroma Cloud's quotas; it cuts off the rest without a word."""

MOST_DOCUMENT_BYTES = 16_384
"""Of one document, by the same quotas; nothing reads it there, so its end can go."""

MOST_TERMS = 448
"""Of one record: 4,096 bytes of metadata are allowed, and an index and a value take four each."""

_QUERIES_AT_ONCE = 100
"""As many query vectors as Chroma's source allows where nothing else is agreed (`NumQueryEmbeddings`)."""

_UNRANKED = 1000.0
"""The rank of what only one of the two searches found; without one it would be left out."""

_KEY_HEADER = "X-Chroma-Token"


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """Which database of which tenant, and the key to it.

    Attributes:
        at: Where the service is.
    """

    at: Address
    tenant: str
    database: str
    key: SecretStr

    @classmethod
    def parse(cls, host: str, *, tenant: str | None, database: str | None, key: SecretStr | None) -> Self:
        """Read the settings; a host without `http://` or `https://` is reached by https.

        Raises:
            SettingsError: One is missing or can't be used.
        """
        bare = key.get_secret_value().strip() if key else ""
        named = {"TENANT": (tenant or "").strip(), "DATABASE": (database or "").strip(), "API_KEY": bare}
        missing = [f"RETRIEVAL_CLOUD_{name}" for name, value in named.items() if not value]
        if missing:
            raise SettingsError(f"RETRIEVAL_STORE=cloud needs {' and '.join(missing)} too.")
        if not (bare.isascii() and bare.isprintable()) or " " in bare:
            raise SettingsError("RETRIEVAL_CLOUD_API_KEY: a key is ASCII letters, digits and punctuation.")
        return cls(_host(host.strip()), named["TENANT"], named["DATABASE"], SecretStr(bare))

    def __str__(self) -> str:
        return str(self.at)


class CloudStore(RemoteStore):
    """A generation of collections in one database of Chroma Cloud.

    Raises:
        StoreError: The service cannot be reached, or refuses the key, the tenant or the database.
    """

    is_hybrid = True

    def __init__(self, address: CloudAddress, ledger_id: str, generation: str) -> None:
        import chromadb
        from chromadb.config import Settings

        with translated(str(address), "reached", address.key):
            _show_key(address)
            client = cast(
                "Client",  # typed as the part that synchronous and asynchronous clients share
                chromadb.CloudClient(
                    tenant=address.tenant,
                    database=address.database,
                    api_key=address.key.get_secret_value(),
                    settings=Settings(anonymized_telemetry=False),
                    cloud_host=str(address),  # as in `ServerStore`
                    cloud_port=address.at.port,
                    enable_ssl=address.at.scheme == "https",
                ),
            )
        super().__init__(client, str(address), ledger_id, generation, address.key)

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the embeddings nearest to `vector`, closest first, 300 at most."""
        return super().query(scope, vector, min(limit, MOST_RETURNED))

    def query_each(self, scope: str, matrix: Vector, limit: int) -> list[list[Hit]]:
        """Return for each row of `matrix`, float32 (n, dimensions), what `query` returns for it."""
        found: list[list[Hit]] = []
        for start in range(0, len(matrix), _QUERIES_AT_ONCE):
            found += super().query_each(scope, matrix[start : start + _QUERIES_AT_ONCE], limit)
        return found

    def search(
        self, scope: str, vector: Vector, weights: Mapping[str, float], limit: int
    ) -> list[int] | None:
        """Return embeddings by vector and words together, best first, 300 at most."""
        collection = self._collection(scope)
        if collection is None:
            return []
        with self._translated("searched"):
            found = collection.search(_search(vector, TermVector.of(weights), limit))
            return [int(pk) for pk in found["ids"][0]]

    def _document(self, record: VectorRecord) -> str:
        return record.text.encode()[:MOST_DOCUMENT_BYTES].decode(errors="ignore")

    def _about(self, scope: str, record: VectorRecord) -> dict[str, Any]:
        from chromadb.base_types import SparseVector

        about: dict[str, Any] = super()._about(scope, record)
        if record.terms is not None and record.terms.terms:
            terms = TermVector.of(text_weights(record.terms), most=MOST_TERMS)
            about[WORDS] = SparseVector(list(terms.indices), list(terms.values))
        return about

    def _make(self, scope: str) -> Collection:
        from chromadb.errors import ChromaError

        try:
            return self._client.create_collection(
                self._name(scope), schema=_schema(), embedding_function=None, metadata=self._metadata(scope)
            )
        except ChromaError as error:
            if "not enabled in local" not in str(error):
                raise
            raise StoreError(
                f"{self._place}: this is a Chroma server, which searches by vectors only, and neither Chroma Cloud "
                f"nor a distributed Chroma. Set RETRIEVAL_STORE={self._place} instead of cloud."
            ) from error


def _host(host: str) -> Address:
    try:
        if " " in host:
            raise SettingsError("")
        return Address.parse(host if "://" in host else f"https://{host}")
    except SettingsError:
        raise SettingsError(
            "RETRIEVAL_CLOUD_HOST: this is no host. Write api.trychroma.com, or http://host:port for a "
            "distributed Chroma, without a path or a user name."
        ) from None


def _show_key(address: CloudAddress) -> None:
    """Ask what the key opens: making a client does too, and would wait for ever."""
    import httpx

    answer = httpx.get(
        f"{address}/api/v2/auth/identity",
        headers={_KEY_HEADER: address.key.get_secret_value()},
        timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        follow_redirects=False,  # the key goes nowhere else
    )
    if answer.status_code in (401, 403):
        raise StoreError(f"{address}: the key is refused. Look at RETRIEVAL_CLOUD_API_KEY.")
    if not answer.is_success:
        raise StoreError(f"{address}: no Chroma answers there (HTTP {answer.status_code}).")
    opens = answer.json()
    if opens.get("tenant") not in (None, "*", address.tenant):
        raise StoreError(f"{address}: the key is for another tenant than RETRIEVAL_CLOUD_TENANT says.")
    if not {"*", address.database} & set(opens.get("databases") or ["*"]):
        raise StoreError(f"{address}: the key is for another database than RETRIEVAL_CLOUD_DATABASE says.")


def _schema() -> Schema:
    """Return what a collection indexes: vectors by cosine, and the words.

    No settings of the vector index are sent: Chroma Cloud's is SPANN, and its own are "pre-optimized for most use
    cases". No encoder either, or Chroma names one of its own, and no `bm25`, which would have the service weigh
    terms by statistics that include superseded texts. Filters and full text are not used: not indexed.
    """
    from chromadb.api import types
    from chromadb.execution.expression.operator import Key

    schema = types.Schema()
    schema.create_index(types.VectorIndexConfig(space="cosine", embedding_function=None))
    schema.create_index(types.SparseVectorIndexConfig(), key=WORDS)
    schema.delete_index(types.StringInvertedIndexConfig())
    schema.delete_index(types.IntInvertedIndexConfig())
    schema.delete_index(types.FloatInvertedIndexConfig())
    schema.delete_index(types.BoolInvertedIndexConfig())
    schema.delete_index(types.FtsIndexConfig(), key=Key.DOCUMENT)
    return schema


def _search(vector: Vector, terms: TermVector, limit: int) -> Search:
    """Return a search that fuses ranks by vector and, where the question has words, by words."""
    from chromadb.base_types import SparseVector
    from chromadb.execution.expression.operator import Key, Rrf
    from chromadb.execution.expression.plan import Search

    ranks = [_ranked(vector, Key.EMBEDDING, limit)]
    if terms.indices:
        ranks.append(_ranked(SparseVector(list(terms.indices), list(terms.values)), Key(WORDS), limit))
    return Search().rank(Rrf(ranks=[*ranks])).limit(min(len(ranks) * limit, MOST_RETURNED))


def _ranked(query: Any, key: Any, limit: int) -> Knn:
    from chromadb.execution.expression.operator import Knn

    return Knn(query=query, key=key, limit=min(limit, MOST_RETURNED), default=_UNRANKED, return_rank=True)

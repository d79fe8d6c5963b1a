"""Chroma Cloud, or a distributed Chroma of one's own: a server with tenants, databases, a key and quotas.

Not verified against the service: what is sent was recorded from chromadb's own client and is compared with it by
`tests/retrieval/index/test_cloud.py`, whose stand-in for the service was written from Chroma's documentation.

Sources, all of chromadb 1.5.9: docs.trychroma.com/cloud/quotas-limits and …/cloud/schema/index-reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from retrieval.errors import SettingsError, StoreError
from retrieval.index.chroma.server import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, Address, ServerStore
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import Hit, VectorRecord

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

MOST_RETURNED = 300
"""Results of one query, by Chroma Cloud's quotas; it cuts off the rest without a word."""

MOST_DOCUMENT_BYTES = 16_384
"""Of one document, by the same quotas; nothing reads it there, so its end can go."""


@dataclass(frozen=True, slots=True)
class CloudAddress(Address):
    """Which database of which tenant, and the key to it."""

    @classmethod
    def read(cls, host: str, *, tenant: str | None, database: str | None, key: SecretStr | None) -> Self:
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
        host = host.strip()
        try:
            at = Address.parse(host if "://" in host else f"https://{host}")
        except SettingsError:
            raise SettingsError(
                "RETRIEVAL_CLOUD_HOST: this is no host. Write api.trychroma.com, or http://host:port for a "
                "distributed Chroma, without a path or a user name."
            ) from None
        return cls(at.scheme, at.host, at.port, SecretStr(bare), named["TENANT"], named["DATABASE"])

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with every request."""
        return {"X-Chroma-Token": self.token.get_secret_value()} if self.token else {}


class CloudStore(ServerStore):
    """A generation of collections in one database of Chroma Cloud.

    Raises:
        StoreError: The service cannot be reached, or refuses the key, the tenant or the database.
    """

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the embeddings nearest to `vector`, closest first, 300 at most."""
        return super().query(scope, vector, min(limit, MOST_RETURNED))

    def _document(self, record: VectorRecord) -> str:
        return record.text.encode()[:MOST_DOCUMENT_BYTES].decode(errors="ignore")

    def _make(self, scope: str) -> Collection:
        """Make a collection with Chroma Cloud's own vector index (SPANN): "pre-optimized for most use cases"."""
        from chromadb.api import types
        from chromadb.execution.expression.operator import Key

        schema = types.Schema()
        schema.create_index(types.VectorIndexConfig(space="cosine", embedding_function=None))
        schema.delete_index(types.FtsIndexConfig(), key=Key.DOCUMENT)  # words are searched in the ledger
        return self._client.create_collection(
            self._name(scope), schema=schema, embedding_function=None, metadata=self._metadata(scope)
        )

    @staticmethod
    def _listen(address: Address) -> None:
        """Ask what the key opens."""
        import httpx

        answer = httpx.get(
            f"{address}/api/v2/auth/identity",
            headers=address.headers,
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
            raise StoreError(
                f"{address}: the key is for another database than RETRIEVAL_CLOUD_DATABASE says."
            )

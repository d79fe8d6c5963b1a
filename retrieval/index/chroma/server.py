"""Chroma somewhere else, over HTTP: a server of one's own (`chroma run`), or Chroma Cloud and what is like it.

Collections belong to a generation, so that hosts never differ about a name.

Chroma Cloud is not verified against the service: what is sent was recorded from chromadb's own client and is compared
with it by `tests/retrieval/index/test_cloud.py`, whose stand-in for the service was written from Chroma's documentation.

Sources, all of chromadb 1.5.9: docs.trychroma.com/cloud/quotas-limits and …/cloud/schema/index-reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from retrieval.errors import SettingsError, StoreError
from retrieval.index.chroma import Collections, collection_name, translated
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import Hit, VectorRecord

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 15.0

_LISTED_AT_ONCE = 100

MOST_RETURNED = 300
"""Results of one query, by Chroma Cloud's quotas; it cuts off the rest without a word."""

MOST_DOCUMENT_BYTES = 16_384
"""Of one document, by the same quotas; nothing reads it there, so its end can go."""

_PORTS = {"http": 8000, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Chroma server is.

    Attributes:
        token: Sent as `Authorization: Bearer …`, for a proxy before the server.
    """

    scheme: str
    host: str
    port: int
    token: SecretStr | None = None
    tenant: str = "default_tenant"  # as `chroma run` names its own
    database: str = "default_database"

    @classmethod
    def parse(cls, url: str, token: SecretStr | None = None) -> Self:
        """Read `http://host:port`; without a port, 8000 for http and 443 for https.

        Raises:
            SettingsError: It is no such address.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        plain = not (parts.username or parts.password or parts.query or parts.fragment or " " in parts.netloc)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or not plain:
            raise SettingsError(
                'RETRIEVAL_STORE: this is no address of a Chroma server. Write "embedded", "cloud", or '
                "http://host:port without a path; a token goes into RETRIEVAL_STORE_TOKEN."
            )
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], token)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with every request."""
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}


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


class ServerStore(Collections):
    """One generation of one ledger's collections, on a server that others may use too.

    Writing the index anew makes another generation under other names; the ledger says which one counts.

    Args:
        generation: Hexadecimal digits.

    Raises:
        StoreError: The server cannot be reached.
    """

    batch = 250  # a server that is at it for many seconds cannot be told from one that hangs

    def __init__(self, address: Address, ledger_id: str, generation: str) -> None:
        import chromadb
        from chromadb.config import Settings

        with translated(str(address), "reached", address.token):
            self._listen(address)
            client = cast(
                "Client",  # typed as the part that synchronous and asynchronous clients share
                chromadb.HttpClient(
                    # all of it: from the name alone chromadb makes no address of an IPv6 one
                    host=str(address),
                    port=address.port,
                    ssl=address.scheme == "https",
                    headers=address.headers,
                    tenant=address.tenant,
                    database=address.database,
                    settings=Settings(anonymized_telemetry=False),
                ),
            )
        super().__init__(client, str(address), ledger_id, address.token)
        self.generation = generation
        self._sessions = _sessions_of(client)
        for session in self._sessions:
            session.timeout = ANSWER_TIMEOUT_S

    def close(self) -> None:
        """Give the connections back."""
        super().close()
        for session in self._sessions:
            session.close()

    def sweep(self) -> None:
        """Delete this ledger's collections of other generations."""
        with self._translated("cleaned up"):
            for collection in list(self._all()):
                about = collection.metadata or {}
                if about.get("ledger") == self._ledger_id and about.get("generation") != self.generation:
                    self._client.delete_collection(collection.name)

    def _all(self) -> Iterator[Collection]:
        """Page through every collection there, others' included: a service lists so many at once."""
        for start in count(step=_LISTED_AT_ONCE):
            page = self._client.list_collections(limit=_LISTED_AT_ONCE, offset=start)
            yield from page
            if len(page) < _LISTED_AT_ONCE:
                return

    def _name(self, scope: str) -> str:
        return collection_name(scope, "\n".join((self._ledger_id, self.generation, scope)), digits=16)

    def _metadata(self, scope: str) -> dict[str, str]:
        return super()._metadata(scope) | {"generation": self.generation}

    @staticmethod
    def _listen(address: Address) -> None:
        """Hear the server's heart: making a client asks it something too, and would wait for ever."""
        import httpx

        answer = httpx.get(
            f"{address}/api/v2/heartbeat",
            headers=address.headers,
            timeout=CONNECT_TIMEOUT_S,
            follow_redirects=False,  # the token goes nowhere else
        )
        answer.raise_for_status()


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


def _sessions_of(client: Client) -> list[httpx.Client]:
    """Return the connections of a client and of the one inside it: chromadb 1.5 neither bounds nor closes them."""
    import httpx

    owners = (client, getattr(client, "_admin_client", None))
    found = [getattr(getattr(owner, "_server", None), "_session", None) for owner in owners]
    sessions = [session for session in found if isinstance(session, httpx.Client)]
    if len(sessions) != len(owners):
        raise StoreError("This version of chromadb keeps its connections elsewhere; install chromadb 1.5.9.")
    return sessions

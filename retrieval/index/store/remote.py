"""Chroma somewhere else: collections that belong to a generation, so that hosts never differ about a name."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pydantic import SecretStr

from retrieval.errors import StoreError
from retrieval.index.store.collections import Collections

if TYPE_CHECKING:
    from chromadb.api.client import Client

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 15.0


class RemoteStore(Collections):
    """One generation of one ledger's collections, on a server that others may use too.

    Writing the index anew makes another generation under other names; the ledger says which one counts.

    Args:
        place: The server's address, as messages name it.
        generation: Hexadecimal digits.
    """

    batch = 250  # a server that is at it for many seconds cannot be told from one that hangs

    def __init__(
        self,
        client: Client,
        place: str,
        ledger_id: str,
        generation: str,
        secret: SecretStr | None = None,
    ) -> None:
        super().__init__(client, place, ledger_id, secret)
        self.generation = generation
        with self._translated("opened"):
            _bound(client)

    @property
    def place(self) -> str:
        """The server's address."""
        return self._place

    def sweep(self) -> None:
        """Delete this ledger's collections of other generations."""
        with self._translated("cleaned up"):
            for collection in self._client.list_collections():
                about = collection.metadata or {}
                if about.get("ledger") == self._ledger_id and about.get("generation") != self.generation:
                    self._client.delete_collection(collection.name)

    def _name(self, scope: str) -> str:
        readable = re.sub(r"[^A-Za-z0-9]+", "-", scope).strip("-")[:30]
        owner = "\n".join((self._ledger_id, self.generation, scope))
        return f"rapporteur-{readable}-{hashlib.sha256(owner.encode()).hexdigest()[:16]}"

    def _metadata(self, scope: str) -> dict[str, str]:
        return super()._metadata(scope) | {"generation": self.generation}


def _bound(client: Client) -> None:
    """Give up on a server that hangs: chromadb 1.5 waits for ever and has no setting for it."""
    import httpx

    session = getattr(getattr(client, "_server", None), "_session", None)
    if not isinstance(session, httpx.Client):
        raise StoreError("this version of chromadb keeps its connections elsewhere.")
    session.timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)

"""Chroma somewhere else: collections that belong to a generation, so that hosts never differ about a name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from pydantic import SecretStr

from retrieval.errors import StoreError
from retrieval.index.store.collections import Collections

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 15.0

_LISTED_AT_ONCE = 100


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
        readable = re.sub(r"[^A-Za-z0-9]+", "-", scope).strip("-")[:30]
        owner = "\n".join((self._ledger_id, self.generation, scope))
        return f"rapporteur-{readable}-{hashlib.sha256(owner.encode()).hexdigest()[:16]}"

    def _metadata(self, scope: str) -> dict[str, str]:
        return super()._metadata(scope) | {"generation": self.generation}


def _sessions_of(client: Client) -> list[httpx.Client]:
    """Return the connections of a client and of the one inside it: chromadb 1.5 neither bounds nor closes them."""
    import httpx

    owners = (client, getattr(client, "_admin_client", None))
    found = [getattr(getattr(owner, "_server", None), "_session", None) for owner in owners]
    sessions = [session for session in found if isinstance(session, httpx.Client)]
    if len(sessions) != len(owners):
        raise StoreError("This version of chromadb keeps its connections elsewhere; install chromadb 1.5.9.")
    return sessions

"""Which part of a bot's servers this process looks after, where its shards run on several hosts, and no other does."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import discord
from sqlalchemy import Connection

from retrieval.front_end_store import Database, Lease, new_holder, release, renew, take, utc_now

LEASE_S = 30.0
"""How long after its last sign of life another process may take a shard over."""


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of one application that run in this process.

    Attributes:
        application: Its id: two bots may share one corpus.
        count: How many shards the application has, on all hosts together.
        ids: Those that run here.
    """

    application: int
    count: int = 1
    ids: Set[int] = frozenset({0})

    @classmethod
    def of(cls, client: discord.AutoShardedClient) -> Shards:
        """Return the shards of a client that is ready."""
        assert client.application_id is not None
        count = client.shard_count or 1
        return cls(client.application_id, count, frozenset(client.shards or range(count)))

    @property
    def are_all(self) -> bool:
        """Whether no other process looks after servers of this application."""
        return len(self.ids) == self.count

    def note(self) -> str:
        """Return what the start-up line says of them; nothing where there is one."""
        ids = ", ".join(map(str, sorted(self.ids)))
        return f" (shards {ids} of {self.count})" if self.count > 1 else ""

    def serve(self, guild: int | None) -> bool:
        """Whether a server's events come to this process; those of direct messages (None) go to shard 0.

        Source: Discord's gateway documentation, "Sharding formula".
        """
        return ((guild or 0) >> 22) % self.count in self.ids


class ShardLeases:
    """That one process, and no other, makes a bot's gateway connections: a lease in the ledger for each of them.

    With two of them, every question would be answered twice. Synchronous, so it is called off the event loop.
    """

    kept_every_s = LEASE_S / 3

    def __init__(self, database: Database, application: int, ids: Sequence[int]) -> None:
        self._database = database
        self._names = [f"discord:{application}:{number}" for number in ids]
        self._holder = new_holder()
        self._held: list[Lease] = []

    def take(self) -> Lease | None:
        """Take them all; where somebody else has one, take none, and return that."""
        with self._database.write() as connection:
            for name in self._names:
                lease = take(connection, name, self._holder, "rapporteur run", now=utc_now(), ttl_s=LEASE_S)
                if lease.holder != self._holder:
                    self._give_back(connection)
                    return lease
                self._held.append(lease)
        return None

    def keep(self) -> bool:
        """Give a sign of life; False where another process took over meanwhile."""
        with self._database.write() as connection:
            return all(renew(connection, lease, ttl_s=LEASE_S) for lease in self._held)

    def give_back(self) -> None:
        """Let another process have them."""
        with self._database.write() as connection:
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        for lease in self._held:
            release(connection, lease)
        self._held.clear()

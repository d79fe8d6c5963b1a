"""Which part of a bot's servers this process looks after, where its shards run on several hosts."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import discord


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

"""What a server may choose for itself: over the environment, which says what holds where it chose nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import delete, insert, select

from bot.admission import Workers
from bot.discord.discord_settings import DiscordSettings
from retrieval.errors import StoreError
from retrieval.front_end_store import Database, settings

READER = ""
"""The language of whoever reads: of a message, that which the server itself is set to."""

_KNOWN_S = 15.0
"""So long what another process changes may go unnoticed; every message in a server is looked at by it."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What holds in one server; what is not said here is of `DiscordSettings`.

    Attributes:
        language: Which language file replies to messages follow; `READER`: that of the server.
        chosen: The names of those that the server chose; the others are the environment's.
    """

    ask_channels: tuple[int, ...] = ()
    answer_threads: bool = False
    ask_everything: bool = False
    private_answers: bool = False
    language: str = READER
    chosen: frozenset[str] = field(default=frozenset(), compare=False)


NAMES = tuple(each.name for each in fields(ServerSettings) if each.name != "chosen")


def defaults(environment: DiscordSettings) -> ServerSettings:
    """Return what the environment says; it says nothing of languages."""
    there = {name: getattr(environment, name) for name in NAMES if hasattr(environment, name)}
    return ServerSettings(**there)


class ServerSettingsStore:
    """Reads and keeps what servers chose.

    Args:
        look_ups: The threads that the ledger is asked on.
        ticks: Seconds, never going back.
    """

    def __init__(
        self,
        environment: DiscordSettings,
        database: Database,
        look_ups: Workers,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.defaults = defaults(environment)
        self._database = database
        self._look_ups = look_ups
        self._ticks = ticks
        self._known: dict[int, tuple[float, ServerSettings]] = {}

    async def of(self, guild: int | None) -> ServerSettings:
        """Return what holds in a server; in a direct message what the environment says.

        While the ledger is away: what held when it was there, so that it is told of where an answer is wanted.
        """
        if guild is None:
            return self.defaults
        read_at, known = self._known.get(guild, (0.0, None))
        if known is None or self._ticks() - read_at > _KNOWN_S:
            try:
                kept = await self._look_ups.run(self._read, guild)
            except StoreError:
                return known or self.defaults
            known = _over(self.defaults, kept)
            self._known[guild] = (self._ticks(), known)
        return known

    async def choose(self, guild: int, name: str, value: Any) -> ServerSettings:
        """Keep what a server chose, or (None) that the environment decides again; return what holds now."""
        await self._look_ups.run(self._write, guild, name, value)
        self._known.pop(guild, None)
        return await self.of(guild)

    def _read(self, guild: int) -> dict[str, Any]:
        s = settings.c
        with self._database.read() as connection:
            rows = connection.execute(select(s.name, s.value).where(s.guild == guild))
            return {row.name: row.value for row in rows}

    def _write(self, guild: int, name: str, value: Any) -> None:
        with self._database.write() as connection:
            mine = (settings.c.guild == guild, settings.c.name == name)
            connection.execute(delete(settings).where(*mine))
            if value is not None:
                connection.execute(insert(settings).values(guild=guild, name=name, value=value))


def _over(environment: ServerSettings, kept: Mapping[str, Any]) -> ServerSettings:
    known = {name: kept[name] for name in NAMES if name in kept}  # a newer version may keep more
    if "ask_channels" in known:
        known["ask_channels"] = tuple(known["ask_channels"])
    return replace(environment, **known, chosen=frozenset(known))

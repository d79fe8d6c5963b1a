"""Telling Discord about commands that changed: once for all hosts, and by the newest of them.

Discord takes 200 new commands a day and keeps them, so they are sent only when they changed. Hosts are not brought up
to date in one moment: while a newer Rapporteur is at work, an older one leaves the commands as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, Protocol

import discord
from discord import app_commands

CHECKED_EVERY_H = 1
_AT_WORK_S = 2 * 3_600 * CHECKED_EVERY_H
"""How long after it was last heard of a newer process may still be at work: after that an older one is meant."""

Outcome = Literal["sent", "unchanged", "newer"]


class State(Protocol):
    """Where something is kept under a name."""

    async def state(self, key: str) -> str | None:
        """Return what is kept under `key`."""

    async def set_state(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What Discord was told last.

    Attributes:
        fingerprint: Of the commands.
        version: Of the Rapporteur whose commands they are.
        at: When one with these commands was last at work, in seconds since 1970.
    """

    fingerprint: str
    version: str = ""
    at: float = 0.0

    @classmethod
    def load(cls, kept: str | None) -> Sent | None:
        """Return what was kept; the first version kept the fingerprint alone."""
        if kept is None or not kept.startswith("{"):
            return cls(kept) if kept else None
        return cls(**json.loads(kept))

    def yields_to(self, other: Sent) -> bool:
        """Whether the commands of `other` are to take the place of these."""
        newer = _numbers(self.version) > _numbers(other.version)
        return not (newer and other.at - self.at < _AT_WORK_S)


async def sync_commands(
    tree: app_commands.CommandTree[Any],
    application: int,
    state: State,
    *,
    clock: Callable[[], float] = time.time,
) -> Outcome:
    """Send the commands where they are not what Discord has; "newer": a newer Rapporteur's stay."""
    mine = Sent(await fingerprint_of(tree), _own_version(), clock())
    return await _settled(mine, f"commands:{application}", state, tree.sync)


async def _settled(mine: Sent, key: str, state: State, send: Callable[[], Awaitable[object]]) -> Outcome:
    before = Sent.load(await state.state(key))
    changed = before is None or before.fingerprint != mine.fingerprint
    if before is not None and changed and not before.yields_to(mine):
        return "newer"
    if changed:
        await send()
    await state.set_state(key, json.dumps(asdict(mine)))
    return "sent" if changed else "unchanged"


async def fingerprint_of(tree: app_commands.CommandTree[Any]) -> str:
    """Return a hash of everything that `tree.sync` would send."""
    translator = tree.translator
    assert translator is not None
    payload = [
        await command.get_translated_payload(tree, translator)
        for kind in discord.AppCommandType
        for command in tree.get_commands(type=kind)
    ]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _own_version() -> str:
    try:
        return version("rapporteur")
    except PackageNotFoundError:  # run from a clone that is not installed
        return ""


def _numbers(name: str) -> tuple[int, ...]:
    """Return the numbers of a version in order: "0.10.1" is newer than "0.9"."""
    return tuple(int(number) for number in re.findall(r"\d+", name))

"""The database that a ledger stands in: a file of SQLite, or a database of PostgreSQL."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from retrieval.ledger.seals import Damage

BUSY_TIMEOUT_MS = 10_000
"""How long a write waits for another one."""


class Database(Protocol):
    """What a ledger needs of the database; all its errors are `StoreError`s.

    Attributes:
        place: Where it is, for people to read; a password is not in it.
        another: How to name another one, in words.
        damaged: Key of a revision -> what this process found to be otherwise than it was ingested.
    """

    place: str
    another: str
    damaged: dict[int, Damage]

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot for as long as the block lasts."""

    def write(self, *, patient: bool = True) -> AbstractContextManager[Connection]:
        """One transaction while nobody else writes: all of the block or nothing of it."""

    def restructure(self) -> AbstractContextManager[Connection]:
        """As `write`; tables that others refer to may be written anew."""

    def checkpoint(self) -> bool:
        """Take what was erased out of the database's files; returns whether nothing of it is left there."""

    def size(self) -> int:
        """Return how many bytes it takes."""

    def close(self) -> None:
        """Give it back."""

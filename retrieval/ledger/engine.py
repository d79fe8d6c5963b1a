"""The database that a ledger stands in: a file of SQLite, or a database of PostgreSQL."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from retrieval.errors import StoreError
from retrieval.ledger.seals import Damage

BUSY_TIMEOUT_MS = 10_000
"""How long a write waits for another one."""

MOST_CONNECTIONS = 16
"""So many of one process, whoever calls. Who holds one and asks for another must be fewer (`precedence.AT_ONCE`), or they
would wait for each other."""

POOL = {"pool_size": 5, "max_overflow": MOST_CONNECTIONS - 5}
"""What SQLAlchemy is told of them: five stay open, and who finds all in use waits for half a minute."""


def exhausted(place: str) -> StoreError:
    """Return the error for connections that were all in use for that long."""
    return StoreError(f"{place}: all connections of this process to the store are in use. Try again.")


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

"""The database that a ledger stands in, a file of SQLite or a database of PostgreSQL: what they share and spell differently."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Insert, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from retrieval.errors import StoreError, StoreHeldError
from retrieval.ledger.seals import share_damage

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
"""How long a write waits for another one."""

MOST_CONNECTIONS = 16
"""So many of one process, whoever calls. Who holds one and asks for another must be fewer (`precedence.AT_ONCE`), or they
would wait for each other."""

POOL = {"pool_size": 5, "max_overflow": MOST_CONNECTIONS - 5}
"""What SQLAlchemy is told of them: five stay open, and who finds all in use waits for half a minute."""

_MANY = 500
"""Values of one `IN`: SQLite's own bound is 32,766, older builds' 999."""


class Database(ABC):
    """What a ledger needs of the database; all its errors are `StoreError`s.

    Attributes:
        place: Where it is, for people to read; a password is not in it.
        another: How to name another one, in words.
        damaged: Key of a revision -> what this process found to be otherwise than it was ingested.
    """

    another: str

    def __init__(self, place: str, engine: Engine) -> None:
        self.place = place
        self.damaged = share_damage(engine)
        self._engine = self._reader = self._writer = engine

    def close(self) -> None:
        """Give it back."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot for as long as the block lasts."""
        with self._translated(), self._reader.connect() as connection:
            yield connection

    @abstractmethod
    def write(self, *, patient: bool = True) -> AbstractContextManager[Connection]:
        """One transaction while nobody else writes: all of the block or nothing of it.

        Args:
            patient: Wait for another writer to finish; or else fail at once.
        """

    @abstractmethod
    def restructure(self) -> AbstractContextManager[Connection]:
        """As `write`; tables that others refer to may be written anew."""

    @abstractmethod
    def checkpoint(self) -> bool:
        """Take what was erased out of the database's files; returns whether nothing of it is left there."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes it takes."""

    @abstractmethod
    def _translated(self) -> AbstractContextManager[None]:
        """Turn what the database driver raises into a `StoreError` that says what to do."""


def held(place: str) -> StoreHeldError:
    """Return the error for a ledger that another process keeps writing to."""
    return StoreHeldError(
        f"{place}: another process has been writing to the store for {BUSY_TIMEOUT_MS // 1000} s. Wait for it to "
        "finish, then try again.",
        holder="another process",
    )


def exhausted(place: str) -> StoreError:
    """Return the error for connections that were all in use for half a minute."""
    return StoreError(f"{place}: all connections of this process to the store are in use. Try again.")


def is_postgres(connection: Connection) -> bool:
    """Whether `connection` leads to PostgreSQL; else it leads to SQLite."""
    return connection.dialect.name == "postgresql"


def batches(values: Iterable[T], size: int = _MANY) -> Iterator[list[T]]:
    """Cut `values` into lists, short enough for one `IN`."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def rows_of(
    connection: Connection, wanted: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> Iterator[Any]:
    """Yield the rows of `wanted` whose `column` is one of `values`, however many these are."""
    for some in batches(values):
        yield from connection.execute(wanted.where(column.in_(some)))


def inserted(connection: Connection, statement: Insert) -> int:
    """Insert one row and return its key."""
    key = connection.execute(statement).inserted_primary_key
    if key is None:
        raise TypeError("only an INSERT has a key")
    return int(key[0])


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can be told what to do where the row is there already."""
    return postgresql.insert(table) if is_postgres(connection) else sqlite.insert(table)


def put(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write one row, in the place of the one with the same key."""
    row = upsert(connection, table).values({**key, **values})
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def add_up(connection: Connection, table: Table, key: Mapping[str, Any], amounts: Mapping[str, int]) -> None:
    """Add `amounts` to the row with this key, or begin it with them."""
    row = upsert(connection, table).values(**key, **amounts)
    sums = {name: table.c[name] + amount for name, amount in amounts.items()}
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=sums))

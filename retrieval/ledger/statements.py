"""What SQL statements share: a bound on the values of one `IN`, and what SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_MANY = 500
"""SQLite's own bound is 32,766, older builds' 999."""


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut `values` into lists short enough for one `IN`."""
    batch: list[T] = []
    for value in values:
        batch.append(value)
        if len(batch) == _MANY:
            yield batch
            batch = []
    if batch:
        yield batch


def is_postgres(connection: Connection) -> bool:
    """Whether `connection` leads to PostgreSQL; else it leads to SQLite."""
    return connection.dialect.name == "postgresql"


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can be told what to do where the row is there already."""
    return postgresql.insert(table) if is_postgres(connection) else sqlite.insert(table)

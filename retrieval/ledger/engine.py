"""Opening the SQL database, and its errors in the house's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from retrieval.errors import StoreError, StoreHeldError, StoreUnwritableError

BUSY_TIMEOUT_MS = 10_000


def open_engine(path: Path) -> Engine:
    """Return an engine on the SQLite file at `path`: WAL, foreign keys on, waiting for other writers."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Left to itself the driver opens no transaction for a SELECT, so every one would see another moment, and
    # none for CREATE TABLE: `_begin` opens them all.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is purged is overwritten
    cursor.close()


def _begin(connection: Connection) -> None:
    """Open a snapshot to read, or the one place to write: a read that turns into a write can fail."""
    mode = connection.get_execution_options().get("transaction", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the database driver raises into a `StoreError` that says what to do."""
    try:
        yield
    except DatabaseError as error:
        raise _translate(path, error.orig if error.orig is not None else error) from error
    except sqlite3.DatabaseError as error:
        raise _translate(path, error) from error


def _translate(path: Path, error: BaseException) -> StoreError:
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        return StoreHeldError(
            f"{path}: another process has been writing to the store for "
            f"{BUSY_TIMEOUT_MS // 1000} s. Wait for it to finish, then try again.",
            holder="another process",
        )
    if "full" in reason:
        return StoreUnwritableError(
            f"{path}: the disk is full, so nothing was changed. Free some space, then run the command again."
        )
    if "readonly" in reason or "unable to open" in reason or "disk I/O" in reason:
        return StoreUnwritableError(
            f"{path}: the store cannot be written ({reason}). Make its folder writable, or name another "
            "one with --store."
        )
    return StoreError(
        f"{path}: the ledger cannot be read ({reason}). "
        "Restore it from a backup, or move it away and ingest again."
    )

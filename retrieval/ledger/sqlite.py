"""A ledger in a file: SQLite in WAL mode, and its errors in the house's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from retrieval.errors import StoreError, StoreHeldError, StoreUnwritableError
from retrieval.ledger import engine


class SqliteDatabase:
    """The SQLite file at `path`: WAL, foreign keys on, waiting for other writers. See `engine.Database`."""

    another = "name another store with --store"

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path
        self._engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": engine.BUSY_TIMEOUT_MS / 1000},
            hide_parameters=True,  # an error that is logged names no question
            **engine.POOL,
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        self._writer = self._engine.execution_options(transaction="IMMEDIATE")

    def close(self) -> None:
        """Give the database file back."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot for as long as the block lasts."""
        with _translated(self._path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, patient: bool = True) -> Iterator[Connection]:
        """One transaction while nobody else writes: all of the block or nothing of it."""
        with _translated(self._path), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            if not patient:
                driver.execute("PRAGMA busy_timeout=0")
            try:
                with connection.begin():
                    yield connection
            finally:
                if not patient:
                    driver.execute(f"PRAGMA busy_timeout={engine.BUSY_TIMEOUT_MS}")
                driver.close()

    @contextmanager
    def restructure(self) -> Iterator[Connection]:
        """One transaction that may rebuild tables which others refer to."""
        with _translated(self._path), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
                driver.close()

    def checkpoint(self) -> bool:
        """Bring what was committed into the database file, so that what was erased is in no file any more.

        Returns:
            False: somebody went on reading, which keeps the log from being emptied.
        """
        with _translated(self._path), self._engine.connect() as connection:
            driver = connection.connection.cursor()
            is_busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.close()
        return not is_busy

    def size(self) -> int:
        """Return how many bytes the file has."""
        return self._path.stat().st_size


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
def _translated(path: Path) -> Iterator[None]:
    """Turn what the database driver raises into a `StoreError` that says what to do."""
    try:
        yield
    except DatabaseError as error:
        raise _translate(path, error.orig if error.orig is not None else error) from error
    except sqlite3.DatabaseError as error:
        raise _translate(path, error) from error
    except PoolTimeoutError as error:
        raise engine.exhausted(str(path)) from error


def _translate(path: Path, error: BaseException) -> StoreError:
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        return StoreHeldError(
            f"{path}: another process has been writing to the store for "
            f"{engine.BUSY_TIMEOUT_MS // 1000} s. Wait for it to finish, then try again.",
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

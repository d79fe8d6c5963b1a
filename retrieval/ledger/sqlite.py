"""A ledger in a file: SQLite in WAL mode, and its errors in the house's words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from retrieval.errors import StoreError, StoreUnwritableError
from retrieval.ledger import engine


class SqliteDatabase(engine.Database):
    """The SQLite file at `path`: WAL, foreign keys on, waiting for other writers."""

    another = "name another store with --store"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None  # that was opened
        read_only = _how_to_read(path)
        self._is_writable = read_only is None
        waits = {"timeout": engine.BUSY_TIMEOUT_MS / 1000}
        # an error that is logged names no question
        options: dict[str, Any] = {"hide_parameters": True, **engine.POOL}
        if read_only is None:
            opened = create_engine(f"sqlite:///{path}", connect_args=waits, **options)
            event.listen(opened, "connect", _configure)
        else:
            address = f"{path.absolute().as_uri()}?{read_only}"
            connect = partial(sqlite3.connect, address, uri=True, check_same_thread=False, **waits)
            opened = create_engine(f"sqlite:///{path}", creator=connect, **options)
            event.listen(opened, "connect", _leave_transactions)
        event.listen(opened, "connect", self._remember_file)
        super().__init__(str(path), opened)
        event.listen(opened, "begin", _begin)
        self._writer = opened.execution_options(transaction="IMMEDIATE")

    def write(self, *, patient: bool = True) -> AbstractContextManager[Connection]:
        """One transaction while nobody else writes: all of the block or nothing of it."""
        if patient:
            return self._transaction()
        return self._transaction("PRAGMA busy_timeout=0", f"PRAGMA busy_timeout={engine.BUSY_TIMEOUT_MS}")

    def restructure(self) -> AbstractContextManager[Connection]:
        """One transaction that may rebuild tables which others refer to."""
        if not self._is_writable:  # SQLite would begin, and fail at the first change
            raise _unwritable(self._path, "it can only be read")
        return self._transaction("PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys=ON")

    @contextmanager
    def _transaction(self, before: str = "", after: str = "") -> Iterator[Connection]:
        with self._translated(), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            driver.execute(before)
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute(after)
                driver.close()

    def checkpoint(self) -> bool:
        """Bring what was committed into the database file, so that what was erased is in no file any more.

        Returns:
            False: somebody went on reading, which keeps the log from being emptied.
        """
        with self._translated(), self._engine.connect() as connection:
            driver = connection.connection.cursor()
            is_busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            driver.close()
        return not is_busy

    def size(self) -> int:
        """Return how many bytes the file has."""
        return self._path.stat().st_size

    def _remember_file(self, _connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        self._file = self._file or _identity(self._path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._file is not None and _identity(self._path) != self._file:
            raise StoreError(
                f"{self._path}: the ledger was deleted or replaced while this process used it. Put it back or "
                'restore a backup ("rapporteur restore FILE"), then start again.'
            )
        try:
            yield
        except DatabaseError as error:
            raise translate(self._path, error.orig if error.orig is not None else error) from error
        except sqlite3.DatabaseError as error:
            raise translate(self._path, error) from error
        except PoolTimeoutError as error:
            raise engine.exhausted(self.place) from error
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            if not isinstance(error, UnicodeDecodeError | JSONDecodeError) and self._is_whole():
                raise
            raise _unreadable(self._path, error) from error

    def _is_whole(self) -> bool:
        """Whether what was read could be a ledger: asked where it made no sense."""
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # it quotes what it found
            return False


def _how_to_read(path: Path) -> str | None:
    """Return how to open what cannot be written, or None where it can: SQLite makes files beside the one it reads."""
    is_open = partial(os.access, mode=os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    if not path.exists() or (is_open(path) and is_open(path.parent)):
        return None
    log = path.with_name(f"{path.name}-wal")
    is_complete = not log.exists() or not log.stat().st_size
    return "immutable=1" if is_complete and not is_open(path.parent) else "mode=ro"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _leave_transactions(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Left to itself the driver opens no transaction for a SELECT, so every one would see another moment, and
    # none for CREATE TABLE: `_begin` opens them all.
    connection.isolation_level = None
    connection.text_factory = _decoded


def _decoded(data: bytes) -> str:
    """Return a text, damaged or not: what is not as it was ingested is noticed where it is read (`seals.py`)."""
    return data.decode("utf-8", "replace")


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    _leave_transactions(connection, record)
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


def translate(path: Path, error: BaseException) -> StoreError:
    """Return what an error of the driver means, by SQLite's code for it (sqlite.org/rescode.html), and what to do."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return engine.held(str(path))
        case sqlite3.SQLITE_FULL:
            return StoreUnwritableError(
                f"{path}: the disk is full, so nothing was changed. Free some space, then run the command again."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return _unwritable(path, error)
        case sqlite3.SQLITE_IOERR:
            return StoreUnwritableError(
                f"{path}: the disk failed ({error}). Check it and its free space, then try again."
            )
        case _:
            return _unreadable(path, error)


def _unwritable(path: Path, reason: object) -> StoreUnwritableError:
    return StoreUnwritableError(
        f"{path}: the store cannot be written ({reason}). Make its folder writable, or name another "
        "one with --store."
    )


def _unreadable(path: Path, error: BaseException) -> StoreError:
    return StoreError(
        f'{path}: the ledger cannot be read ({error}). Restore a backup into another store ("rapporteur restore '
        'FILE --store DIR"), or move it away and ingest again.'
    )

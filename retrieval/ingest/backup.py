"""Whole ledgers: a backup made while others use it, a store made from one, and the move to PostgreSQL.

A backup is one file of SQLite: the ledger as of one moment, with the SHA-256 over every row of it. The vector index is
not in there, since it is written anew from the ledger's own vectors. Neither a backup nor a store is ever half there:
it is written under another name, and gets its own when it is whole, verified and on the disk.

A ledger moves to PostgreSQL with everything in it: one transaction there, no change here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from retrieval.errors import MissingFileError, SettingsError, StoreError, StoreUnwritableError
from retrieval.index.vector_index import INDEX_NAME
from retrieval.ingest.committing import Progress
from retrieval.ingest.job_board import WORKER
from retrieval.ingest.lifecycle import write_words
from retrieval.ledger import Ledger, leases, migrations, revisions, schema, seals
from retrieval.ledger.leases import my_turn
from retrieval.ledger.sqlite import SqliteDatabase, translate

_HASH = "backup_sha256"
"""The fact, in a backup alone, that says what it holds."""

_OF_NOBODY_S = 3600.0
"""A part that nobody wrote to for so long is what a killed process left."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, or a store that was made from one.

    Attributes:
        path: The file, or the ledger.
        sha256: Over every row, in hexadecimal digits.
        damaged: What of it is not as it was ingested, one sentence each; it was so before.
    """

    path: Path
    sha256: str
    bytes: int
    readouts: int
    paragraphs: int
    damaged: tuple[str, ...] = ()


def back_up(address: Path | str, file: Path) -> Backup:
    """Write a backup of the ledger at `address` to `file`; an earlier backup there is replaced when it is done.

    Raises:
        SettingsError: The ledger is in PostgreSQL.
        StoreError: There is no ledger, `file` is something else or cannot be written, or the copy is not what was copied.
    """
    ledger = _in_a_file(address)
    if not _holds_something(ledger):
        raise StoreError(f"{ledger}: there is no ledger here. Name its folder with --store.")
    if file.exists() and _recorded(file) is None:
        raise StoreError(f"{file}: this is there and no backup, so it stays. Name another file.")
    with (
        _appearing(file) as part,
        closing(SqliteDatabase(ledger)) as database,
        database.read() as connection,
        connection.begin(),  # all of what follows is one snapshot
    ):
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        sha256 = _content(source)
        with _driver(file), closing(sqlite3.connect(part)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file
            target.execute("DELETE FROM leases")  # of who was at work
            target.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_HASH, sha256))
            target.commit()
        _verify(part, file, sha256)
        return _described(connection, file, sha256, part.stat().st_size)


def restore(file: Path, address: Path | str) -> Backup:
    """Make a store from a backup, where none is.

    It has an id of its own, so that it shares no vector index with the store that the backup was made of.

    Raises:
        SettingsError: The ledger is to be in PostgreSQL.
        MissingFileError: There is no `file`.
        StoreError: There is a store already, or `file` is no backup, or not what it was.
    """
    ledger = _in_a_file(address)
    expected = _recorded(file)
    if expected is None:
        raise StoreError(f'{file}: this is no backup that can be read. "rapporteur backup FILE" makes one.')
    _refuse_a_store(ledger)
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with _appearing(ledger, new=True) as part:
        shutil.copyfile(file, part)
        _verify(part, file, expected)
        with closing(Ledger(part)) as opened:  # brought to today's tables
            with opened.write() as connection:
                m = schema.meta
                connection.execute(delete(m).where(m.c.key.in_([_HASH, INDEX_NAME])))
                opened.set_meta(connection, "ledger_id", uuid.uuid4().hex)
            opened.checkpoint()
            with opened.read() as connection:
                found = _described(connection, ledger, expected, part.stat().st_size)
    for index in ledger.parent.glob("chroma*"):  # of a ledger that was lost
        shutil.rmtree(index) if index.is_dir() else index.unlink()
    return found


def _in_a_file(address: Path | str) -> Path:
    if isinstance(address, str):
        raise SettingsError(
            'LEDGER_URL is set: this ledger is in PostgreSQL. Use its own tools: pg_dump --format=custom --file=FILE "$LEDGER_URL", '
            'and pg_restore --clean --if-exists --dbname="$LEDGER_URL" FILE.'
        )
    return address


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _refuse_a_store(ledger: Path) -> None:
    for path in (ledger, ledger.with_name(f"{ledger.name}-wal")):
        if _holds_something(path):
            raise StoreError(
                f"{path}: there is a store here already, and it stays as it is. Name another folder with --store, or "
                "move this one away first."
            )


def _recorded(file: Path) -> str | None:
    """Return what a backup says that it holds, or None where the file is none."""
    if not file.is_file():
        raise MissingFileError(f"{file}: there is no such file. Check the path.")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_HASH,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else str(row[0])


def _verify(part: Path, file: Path, expected: str) -> None:
    """Raise a StoreError where `part` holds something else than it should."""
    try:
        with closing(sqlite3.connect(part)) as connection:
            found = _content(connection)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{file}: this cannot be read ({error}). Use another backup.") from error
    if found != expected:
        raise StoreError(
            f"{file}: what is in it is not what was backed up (SHA-256 {found[:12]}… instead of {expected[:12]}…). "
            "Use another backup, and check the disk."
        )


def _content(connection: sqlite3.Connection) -> str:
    """Return the SHA-256 over every row of every table, leases and the hash itself left out."""
    connection.text_factory = bytes
    try:
        found = hashlib.sha256()
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'leases' "
            "AND name NOT LIKE 'sqlite_stat%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        )
        for (name,) in tables.fetchall():
            table = name.decode()
            found.update(name)
            for row in connection.execute(f'SELECT * FROM "{table}" NOT INDEXED'):
                if table != "meta" or row[0] != _HASH.encode():
                    found.update(repr(row).encode())
        return found.hexdigest()
    finally:
        connection.text_factory = str


def _described(connection: Connection, path: Path, sha256: str, size: int) -> Backup:
    r, p = schema.readouts, schema.paragraphs
    readouts = connection.scalar(select(func.count()).where(r.c.live_revision.is_not(None))) or 0
    live = select(func.count()).select_from(p).join(r, r.c.live_revision == p.c.revision)
    damaged: list[str] = []
    if migrations.revision_of(connection) == migrations.head():  # older tables have no seals yet
        found = (seals.damage(connection, pk) for pk in revisions.kept_revisions(connection))
        damaged += [str(each) for each in found if each is not None]
    return Backup(path, sha256, size, readouts, connection.scalar(live) or 0, tuple(damaged))


@contextmanager
def _appearing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Yield where to write what is to be at `path`: it is there when the block has ended well, or not at all."""
    for left in path.parent.glob(f".{path.name}.part-*"):
        if time.time() - left.stat().st_mtime > _OF_NOBODY_S:
            left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        part.touch()
    except OSError as error:
        problem = f"{path}: this file cannot be written ({error.strerror}). Name another one."
        raise StoreUnwritableError(problem) from error
    try:
        yield part
        _to_disk(part)
        if new:
            _refuse_a_store(path)
        part.replace(path)
        _to_disk(path.parent)
    finally:
        for left in path.parent.glob(f"{part.name}*"):
            left.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    if path.is_dir() and os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _driver(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise translate(file, error) from error


_AT_ONCE = 1000
_PATIENCE_S = 10.0

_NOT_COPIED = {schema.meta, schema.leases, schema.lexical_statistics, schema.lexical_terms}
"""What is another ledger's own, or is worked out anew there."""


def copy_ledger(source: Ledger, target: Ledger, progress: Progress) -> int:
    """Copy every row of `source` into `target`, which holds none, and return how many those were.

    The vector index is not copied: whoever opens the new ledger first has it written where it is to stand.

    Args:
        source: In SQLite.
        target: In PostgreSQL.

    Raises:
        StoreError: A bot runs on `source`, or `target` is not empty.
        IngestBusyError: `source` is being changed.
    """
    with my_turn(source, "copy-ledger", timeout_s=_PATIENCE_S), source.read() as old:
        worker = leases.current(old, WORKER)
        if worker is not None:
            problem = f"{source.place}: in use by {worker.purpose} since {worker.since}. Stop it first."
            raise StoreError(problem)
        with target.write() as new:
            if new.execute(select(schema.audit.c.pk).limit(1)).first() is not None:
                raise StoreError(f"{target.place}: this ledger is not empty. Name an empty database.")
            copied = _copy_tables(old, new, progress)
            for key, value in old.execute(select(schema.meta.c.key, schema.meta.c.value)).all():
                if key not in (INDEX_NAME, "schema_version"):
                    target.set_meta(new, key, value)
            _go_on_counting(old, new)
            write_words(new)
    return copied


def _copy_tables(old: Connection, new: Connection, progress: Progress) -> int:
    wanted = [table for table in schema.metadata.sorted_tables if table not in _NOT_COPIED]
    copied = 0
    for done, table in enumerate(wanted, start=1):
        copied += _copy(old, new, table)
        progress("copying", done, len(wanted))
    r = schema.readouts
    for pk, revision in old.execute(select(r.c.pk, r.c.live_revision)):
        new.execute(update(r).where(r.c.pk == pk).values(live_revision=revision))
    return copied


def _copy(old: Connection, new: Connection, table: Table) -> int:
    # readouts and their revisions name each other: the readouts come first, and are told later which one is live
    later = {"live_revision": None} if table is schema.readouts else {}
    copied = 0
    for rows in old.execute(select(table)).partitions(_AT_ONCE):
        new.execute(insert(table), [row._asdict() | later for row in rows])
        copied += len(rows)
    return copied


def _go_on_counting(old: Connection, new: Connection) -> None:
    """Keys are never given out again, those of rows that are gone included."""
    given_out = {name: last for name, last in old.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")}  # noqa: C416
    for table in schema.metadata.sorted_tables:
        if "pk" in table.c:
            last = max(given_out.get(table.name, 0), old.scalar(select(func.max(table.c.pk))) or 0)
            if last:
                new.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "pk"), last)))

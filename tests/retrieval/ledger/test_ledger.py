"""The ledger: whole snapshots, whole transactions, and one sentence for whatever goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from retrieval.errors import (
    IndexMismatchError,
    RapporteurError,
    StoreError,
    StoreHeldError,
    StoreUnwritableError,
)
from retrieval.ledger import engine, schema
from retrieval.ledger.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger(path)
    yield opened
    opened.close()


def _keys(ledger: Ledger) -> set[str]:
    with ledger.read() as connection:
        return set(connection.scalars(select(schema.meta.c.key)))


def _put(ledger: Ledger, key: str) -> None:
    with ledger.write() as connection:
        connection.execute(insert(schema.meta).values(key=key, value="-"))


def _is_one_sentence_of_advice(message: str) -> bool:
    """One line that names the place, without a traceback or a driver's address in it."""
    return "\n" not in message and not re.search(r"Traceback|sqlalche\.me|\[SQL:", message)


def test_a_read_sees_one_moment_however_often_it_asks(ledger: Ledger) -> None:
    with ledger.read() as connection:
        before = set(connection.scalars(select(schema.meta.c.key)))
        _put(ledger, "written meanwhile")
        after = set(connection.scalars(select(schema.meta.c.key)))

    assert before == after
    assert _keys(ledger) == before | {"written meanwhile"}


def test_a_write_that_fails_leaves_nothing_not_even_a_table(ledger: Ledger) -> None:
    before = _keys(ledger)

    def half() -> None:
        with ledger.write() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            connection.execute(insert(schema.meta).values(key="half", value="-"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert _keys(ledger) == before
    with ledger.read() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'half'").all()
    assert tables == []


def test_a_write_may_read_first_even_while_others_write(path: Path, ledger: Ledger) -> None:
    with ledger.write() as connection:
        list(connection.scalars(select(schema.meta.c.key)))
        with (
            closing(sqlite3.connect(path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("INSERT INTO meta VALUES ('other', '-')")
        connection.execute(insert(schema.meta).values(key="mine", value="-"))

    assert "mine" in _keys(ledger)


def test_opening_again_finds_the_same_ledger(path: Path, ledger: Ledger) -> None:
    again = Ledger(path)

    assert again.id == ledger.id
    again.close()


def test_a_newer_schema_is_a_clear_error_and_the_file_stays_as_it_was(path: Path, ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
        connection.exec_driver_sql("DROP TABLE audit")
    ledger.close()

    with pytest.raises(StoreError) as caught:
        Ledger(path)

    assert str(caught.value) == (
        f"{path}: this store has schema version 99, and this Rapporteur reads version 2. Use the Rapporteur "
        "that wrote it, or name another store with --store."
    )
    with closing(sqlite3.connect(path)) as file:
        tables = file.execute("SELECT name FROM sqlite_master WHERE name = 'audit'").fetchall()
    assert tables == []


def test_another_identity_is_refused_and_the_way_out_named(ledger: Ledger) -> None:
    ledger.claim_identity("builtin:old/chunking-1")
    ledger.claim_identity("builtin:old/chunking-1")

    with pytest.raises(IndexMismatchError) as caught:
        ledger.claim_identity("builtin:new/chunking-1")

    assert str(caught.value) == (
        f"{ledger.path.parent}: this store was indexed with builtin:old/chunking-1, and the settings ask for "
        'builtin:new/chunking-1. Run "rapporteur reindex", which needs no source file, or use the earlier settings.'
    )


def test_a_full_disk_is_one_sentence_and_loses_nothing(ledger: Ledger) -> None:
    before = _keys(ledger)

    def too_much() -> None:
        with ledger.write() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for i in range(100):
                connection.execute(insert(schema.meta).values(key=f"{i}", value="x" * 4096))

    with pytest.raises(StoreUnwritableError) as caught:
        too_much()

    assert str(caught.value) == (
        f"{ledger.path}: the disk is full, so nothing was changed. Free some space, then run the "
        "command again."
    )
    assert _keys(ledger) == before


@pytest.mark.parametrize("patient", [True, False])
def test_a_ledger_that_another_process_writes_is_held(
    path: Path, ledger: Ledger, patient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    hasty = Ledger(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with (
        pytest.raises(StoreHeldError, match=r"another process has been writing to the store") as caught,
        hasty.write(patient=patient),
    ):
        pass

    assert _is_one_sentence_of_advice(str(caught.value))
    other.close()
    _put(hasty, "afterwards")
    hasty.close()


@pytest.mark.parametrize("content", [b"not a database" * 400, b"\x00" * 8192], ids=["text", "zeros"])
def test_a_file_that_is_no_ledger_is_one_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(StoreError) as caught:
        Ledger(path)

    assert str(caught.value) == (
        f"{path}: the ledger cannot be read (file is not a database). Restore it from a backup, or move it "
        "away and ingest again."
    )


def test_a_damaged_ledger_is_one_sentence(path: Path, ledger: Ledger) -> None:
    ledger.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(bytes(data))

    with pytest.raises(StoreError) as caught:
        Ledger(path)

    assert _is_one_sentence_of_advice(str(caught.value))


@contextmanager
def _as_somebody_without_rights() -> Iterator[None]:
    """Root may write anything: become nobody for the block."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs POSIX permissions")
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike the test's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for each in [folder, *folder.rglob("*")]:
        each.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_without_rights_is_one_sentence_that_names_the_way_out(public_folder: Path) -> None:
    public_folder.chmod(0o555)

    with _as_somebody_without_rights(), pytest.raises(StoreUnwritableError) as caught:
        Ledger(public_folder / "ledger.sqlite3")

    assert str(caught.value) == (
        f"{public_folder}/ledger.sqlite3: the store cannot be written (unable to open database file). Make "
        "its folder writable, or name another one with --store."
    )


def test_a_read_only_ledger_refuses_writes_in_one_sentence(public_folder: Path) -> None:
    path = public_folder / "ledger.sqlite3"
    Ledger(path).close()
    for each in public_folder.iterdir():
        each.chmod(0o444)
    public_folder.chmod(0o555)

    def write() -> None:
        opened = Ledger(path)
        with opened.write() as connection:
            connection.execute(insert(schema.meta).values(key="x", value="-"))

    with _as_somebody_without_rights(), pytest.raises(RapporteurError) as caught:
        write()

    assert isinstance(caught.value, StoreUnwritableError)
    assert _is_one_sentence_of_advice(str(caught.value))

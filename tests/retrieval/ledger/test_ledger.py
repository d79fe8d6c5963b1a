"""The ledger: whole snapshots, whole transactions, and one sentence for whatever goes wrong."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, insert, inspect, select

from retrieval.errors import (
    IndexMismatchError,
    RapporteurError,
    StoreError,
    StoreHeldError,
    StoreUnwritableError,
)
from retrieval.ledger import Ledger, engine, migrations, schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def in_file(path: Path) -> Iterator[Ledger]:
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
            connection.exec_driver_sql("CREATE TABLE half (x integer)")
            connection.execute(insert(schema.meta).values(key="half", value="-"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert _keys(ledger) == before
    with ledger.read() as connection:
        assert not inspect(connection).has_table("half")


def test_a_write_may_read_first_even_while_others_want_to_write(
    ledger_address: Path | str, ledger: Ledger
) -> None:
    other = Ledger(ledger_address)
    with ledger.write() as connection:
        before = connection.scalar(select(func.count()).select_from(schema.meta))
        with pytest.raises(StoreHeldError), other.write(patient=False):
            pass
        connection.execute(insert(schema.meta).values(key="mine", value="-"))
        after = connection.scalar(select(func.count()).select_from(schema.meta))

    assert after == (before or 0) + 1
    _put(other, "theirs")
    assert {"mine", "theirs"} <= _keys(ledger)
    other.close()


def test_writers_take_turns_and_each_sees_what_the_one_before_wrote(
    ledger_address: Path | str, ledger: Ledger
) -> None:
    """What is read in a transaction that writes may be built upon: nobody writes in between."""
    other = Ledger(ledger_address)

    def count_up(own: Ledger) -> None:
        for _ in range(10):
            with own.write() as connection:
                before = int(own.meta(connection, "count") or 0)
                time.sleep(0.002)
                own.set_meta(connection, "count", str(before + 1))

    with ThreadPoolExecutor() as threads:
        list(threads.map(count_up, [ledger, other, ledger, other]))

    with ledger.read() as connection:
        assert ledger.meta(connection, "count") == "40"
    other.close()


def test_opening_again_finds_the_same_ledger(ledger_address: Path | str, ledger: Ledger) -> None:
    again = Ledger(ledger_address)

    assert again.id == ledger.id
    again.close()


def test_two_processes_that_start_at_once_make_one_ledger(ledger_address: Path | str) -> None:
    with ThreadPoolExecutor() as threads:
        made = list(threads.map(Ledger, [ledger_address] * 4))

    assert len({each.id for each in made}) == 1
    for each in made:
        each.close()


def test_another_identity_is_refused_and_the_way_out_named(
    ledger_address: Path | str, ledger: Ledger
) -> None:
    ledger.claim_identity("builtin:old/chunking-1")
    ledger.claim_identity("builtin:old/chunking-1")

    with pytest.raises(IndexMismatchError) as caught:
        ledger.claim_identity("builtin:new/chunking-1")

    store = ledger_address.parent if isinstance(ledger_address, Path) else ledger.place
    assert str(caught.value) == (
        f"{store}: this store was indexed with builtin:old/chunking-1, and the settings ask for "
        'builtin:new/chunking-1. Run "rapporteur reindex", which needs no source file, or use the earlier settings.'
    )


def test_a_full_disk_is_one_sentence_and_loses_nothing(in_file: Ledger) -> None:
    before = _keys(in_file)

    def too_much() -> None:
        with in_file.write() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for i in range(100):
                connection.execute(insert(schema.meta).values(key=f"{i}", value="x" * 4096))

    with pytest.raises(StoreUnwritableError) as caught:
        too_much()

    assert str(caught.value) == (
        f"{in_file.place}: the disk is full, so nothing was changed. Free some space, then run the "
        "command again."
    )
    assert _keys(in_file) == before


@pytest.mark.parametrize("patient", [True, False])
def test_a_ledger_that_another_process_writes_is_held(
    ledger_address: Path | str, ledger: Ledger, patient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    hasty = Ledger(ledger_address)

    def write() -> None:
        with hasty.write(patient=patient):
            pass

    with ledger.write(), pytest.raises(StoreHeldError, match=r"another process has been writing") as caught:
        write()

    assert _is_one_sentence_of_advice(str(caught.value))
    _put(hasty, "afterwards")
    hasty.close()


@pytest.mark.parametrize("content", [b"not a database" * 400, b"\x00" * 8192], ids=["text", "zeros"])
def test_a_file_that_is_no_ledger_is_one_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(StoreError) as caught:
        Ledger(path)

    assert str(caught.value) == (
        f"{path}: the ledger cannot be read (file is not a database). Restore a backup into another store "
        '("rapporteur restore FILE --store DIR"), or move it away and ingest again.'
    )


def test_a_damaged_ledger_is_one_sentence(path: Path, in_file: Ledger) -> None:
    in_file.close()
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


def test_an_old_ledger_that_can_only_be_read_says_what_to_do(public_folder: Path) -> None:
    path = public_folder / "ledger.sqlite3"
    path.write_bytes(gzip.decompress(Path(__file__).with_name("version-2.sqlite3.gz").read_bytes()))
    path.chmod(0o444)
    public_folder.chmod(0o777)  # or not even its log could be made, which reading takes

    with _as_somebody_without_rights(), pytest.raises(StoreUnwritableError) as caught:
        Ledger(path)

    assert str(caught.value) == (
        f"{path}: the store cannot be written (it can only be read). Make its folder writable, or "
        "name another one with --store. An earlier Rapporteur wrote this store, and its tables (schema revision "
        f"0002) are brought to revision {migrations.head()} before it is read."
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

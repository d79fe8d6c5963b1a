"""Backing up a store that is at work, and making one of a backup: all of it, or a sentence."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from retrieval.bootstrap import Services
from retrieval.errors import (
    MissingFileError,
    RapporteurError,
    SettingsError,
    StoreError,
    StoreUnwritableError,
)
from retrieval.health import Audit, audit
from retrieval.ingest.backup import back_up, restore
from retrieval.ledger import Ledger, leases
from tests.conftest import OpenStore, WriteReadout

QUESTION = "What will Japan hold on cybersecurity?"


def _ledger(services: Services) -> Path:
    assert isinstance(services.ledger.address, Path)
    return services.ledger.address


def test_a_backup_of_a_store_at_work_becomes_the_same_store_elsewhere(
    services: Services, open_store: OpenStore, tmp_path: Path
) -> None:
    services.answering.ask(QUESTION)
    with services.ledger.write() as connection:
        leases.take(connection, "worker", leases.new_holder(), "a bot", now="2026-01-01", ttl_s=60)
    made = back_up(_ledger(services), tmp_path / "copy")
    restored = restore(tmp_path / "copy", tmp_path / "elsewhere" / "ledger.sqlite3")

    assert (restored.sha256, restored.readouts, restored.paragraphs) == (made.sha256, 1, 12)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["copy"]
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["ledger.sqlite3"]
    with open_store(store=tmp_path / "elsewhere") as other:
        there = other.answering.ask(QUESTION)
        found = audit(other.ledger, other.index_sync, lambda *_: None)
        assert (there.statements, found) == (services.answering.ask(QUESTION).statements, Audit(12, ()))
        assert other.jobs.worker() is None
        assert other.ledger.id != services.ledger.id
        assert other.ingesting.ingest().unchanged != ()
    assert restore(tmp_path / "copy", tmp_path / "again" / "ledger.sqlite3").sha256 == made.sha256


def test_a_backup_is_of_one_moment_while_others_write(
    open_store: OpenStore, write_readout: WriteReadout, tmp_path: Path
) -> None:
    with open_store(corpus=tmp_path / "readouts") as services:
        write_readout("talks-0", ["A ferry line was opened.", "It was welcomed."])
        services.ingesting.ingest()
        done = threading.Event()

        def go_on() -> None:
            for n in range(1, 12):
                write_readout(
                    f"talks-{n}", [f"Ferry line {n} was opened.", "It was welcomed."], title=f"Talks {n}"
                )
                services.ingesting.ingest()
            done.set()

        writer = threading.Thread(target=go_on)
        writer.start()
        copies = []
        while not done.is_set():
            copies.append(back_up(_ledger(services), tmp_path / f"copy-{len(copies)}"))
        writer.join()

    for place, copy in enumerate(copies):
        restored = restore(copy.path, tmp_path / f"store-{place}" / "ledger.sqlite3")
        assert (restored.sha256, restored.damaged) == (copy.sha256, ())
        assert restored.paragraphs == 2 * restored.readouts == 2 * copy.readouts


def test_one_altered_byte_of_a_backup_is_noticed_wherever_it_stands(
    services: Services, tmp_path: Path
) -> None:
    back_up(_ledger(services), tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    for words in (b"Phnom Penh", b"command line", services.ledger.id.encode()):
        (tmp_path / "copy").write_bytes(whole.replace(words, words[:-1] + b"X", 1))

        with pytest.raises(StoreError, match=r"Use another backup"):
            restore(tmp_path / "copy", tmp_path / "new" / "ledger.sqlite3")
        assert list((tmp_path / "new").iterdir()) == []


def test_a_store_that_is_there_stays_as_it_is(services: Services, tmp_path: Path) -> None:
    back_up(_ledger(services), tmp_path / "copy")
    services.lifecycle.remove("asean-japan-2022-06-22")

    with pytest.raises(
        StoreError, match=r"there is a store here already, and it stays as it is\. Name another folder"
    ):
        restore(tmp_path / "copy", _ledger(services))
    assert services.browser.documents() == []


@pytest.mark.parametrize("left", ["nothing", "an empty ledger"])
def test_a_lost_ledger_is_restored_beside_its_old_index(
    services: Services, open_store: OpenStore, tmp_path: Path, left: str
) -> None:
    services.index_sync.settle()
    back_up(_ledger(services), tmp_path / "copy")
    services.index_sync.close()
    services.ledger.close()
    _ledger(services).unlink()
    if left == "an empty ledger":
        _ledger(services).touch()

    restore(tmp_path / "copy", _ledger(services))

    with open_store() as again:
        assert audit(again.ledger, again.index_sync, lambda *_: None) == Audit(12, ())
        assert again.index_sync.is_whole


def test_a_file_that_is_no_backup_is_neither_restored_nor_written_over(
    services: Services, tmp_path: Path
) -> None:
    other = tmp_path / "thesis"
    other.write_text("of somebody", encoding="utf-8")
    new = tmp_path / "new" / "ledger.sqlite3"
    failures = []
    for attempt in (
        lambda: back_up(_ledger(services), other),
        lambda: restore(other, new),
        lambda: restore(_ledger(services), new),
        lambda: restore(tmp_path / "none", new),
        lambda: back_up(new, tmp_path / "copy"),
        lambda: back_up("postgresql://localhost/x", tmp_path / "copy"),
    ):
        with pytest.raises(RapporteurError) as failed:
            attempt()
        failures.append((type(failed.value), str(failed.value).partition(": ")[2].partition(".")[0]))

    assert failures == [
        (StoreError, "this is there and no backup, so it stays"),
        (StoreError, "this is no backup that can be read"),
        (StoreError, "this is no backup that can be read"),
        (MissingFileError, "there is no such file"),
        (StoreError, "there is no ledger here"),
        (SettingsError, "this ledger is in PostgreSQL"),
    ]
    assert (other.read_text(encoding="utf-8"), new.exists()) == ("of somebody", False)


def test_where_a_backup_cannot_be_written_its_own_file_is_named(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "no folder" / "backup.sqlite3"
    with pytest.raises(StoreUnwritableError) as raised:
        back_up(_ledger(services), file)

    reason = "No such file or directory"
    assert str(raised.value) == f"{file}: this file cannot be written ({reason}). Name another one."


def test_a_backup_of_an_older_store_is_brought_to_todays_tables(tmp_path: Path) -> None:
    from tests.retrieval.ledger.test_migrations import unpacked

    old = unpacked(3, tmp_path / "old.sqlite3")
    made = back_up(old, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "new" / "ledger.sqlite3")

    with closing(sqlite3.connect(old)) as untouched:
        tables = untouched.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
    with closing(Ledger(tmp_path / "new" / "ledger.sqlite3")) as opened:
        assert (tables, opened.schema_revision() > "0005", made.readouts > 0) == ([], True, True)

"""A store that the first Rapporteur wrote goes on, with its history."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from retrieval.bootstrap import Services
from retrieval.ledger import schema
from retrieval.ledger.ledger import Ledger
from tests.conftest import OpenStore

OLD = Path(__file__).with_name("version-1.sqlite3.gz")
"""Two revisions of one readout of two paragraphs; its vector index is gone."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    with gzip.open(OLD) as old, (folder / "ledger.sqlite3").open("wb") as new:
        shutil.copyfileobj(old, new)
    return folder


@pytest.fixture
def services(open_store: OpenStore, store: Path) -> Iterator[Services]:
    with open_store(store=store) as built:
        yield built


def test_an_older_store_answers_and_can_be_rolled_back(services: Services) -> None:
    def ferry() -> list[str]:
        return [s.text for s in services.answering.ask("When will the ferry line open?").statements]

    june = ferry()
    found = services.lifecycle.roll_back("ferry-talks")

    line = "Norland and Estmark will open a ferry line between Port Alder and Sund in {}."
    assert (june, ferry()) == ([line.format("June")], [line.format("May")])
    assert [e.action for e in found.audit] == ["rollback", "change", "add"]


def test_a_migrated_store_has_the_tables_of_a_new_one(store: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> dict[str, tuple[str, list[str]]]:
        ledger = Ledger(path)
        with ledger.read() as connection:
            looked = inspect(connection)
            sql = {
                name: connection.exec_driver_sql(
                    "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
                ).scalar_one()
                for name in schema.metadata.tables
            }
            indexes = {
                n: sorted(str(i["name"]) for i in looked.get_indexes(n)) for n in schema.metadata.tables
            }
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        ledger.close()
        return {name: (sql[name], indexes[name]) for name in sql}

    (tmp_path / "new").mkdir()
    assert tables(store / "ledger.sqlite3") == tables(tmp_path / "new" / "ledger.sqlite3")


def test_a_store_of_version_2_opens_with_its_readouts(open_store: OpenStore, tmp_path: Path) -> None:
    source, folder = tmp_path / "ferry.txt", tmp_path / "two"
    source.write_text("Ferry talks\n\n2 May 2024\n\n1. Norland will open a ferry line.\n", encoding="utf-8")
    with open_store(store=folder) as built:
        built.ingesting.ingest([source])
    with sqlite3.connect(folder / "ledger.sqlite3") as database:
        database.execute("ALTER TABLE revisions DROP COLUMN left_out")
        database.execute("ALTER TABLE paragraphs DROP COLUMN part")
        database.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
    database.close()

    with open_store(store=folder) as again:
        assert again.browser.paragraph("ferry", "1").text == "Norland will open a ferry line."
        (summary,) = again.browser.documents()
    assert summary.left_out == ()

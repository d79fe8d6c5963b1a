"""The history of the tables: a store that an earlier Rapporteur wrote goes on, with everything in it."""

from __future__ import annotations

import gzip
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, make_url, select, text
from sqlalchemy.pool import NullPool

from bot.discord.answer_store import AnswerStore
from bot.discord.corpus.job_notifier import Subscription, SubscriptionStore
from bot.discord.shards import Shards
from retrieval.errors import StoreError, StoreHeldError, StoreUnwritableError
from retrieval.ledger import Ledger, engine, migrations, schema
from tests.conftest import OpenStore
from tests.postgres import Cluster

ROOT = Path(__file__).parents[3]

MADE = Path(__file__).parent
"""Stores that the programs of then wrote: `version-1` two revisions of one readout; the others beside them one of a
server, and what a bot and a language model's budget left."""

OLD = [
    pytest.param(kind, version, id=f"{kind}-{version}")
    for kind, version in [("sqlite", 1), ("sqlite", 2), ("sqlite", 3), ("postgresql", 2), ("postgresql", 3)]
]
BEFORE_TODAY = [each for each in OLD if each.id != "sqlite-1"]


@pytest.fixture
def old_store(kind: str, version: int, tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    """The address of a copy."""
    if kind == "sqlite":
        return unpacked(version, tmp_path / "store" / "ledger.sqlite3")
    address: str = request.getfixturevalue("postgres_address")
    dump = gzip.decompress((MADE / f"version-{version}.postgres.sql.gz").read_bytes()).decode()
    with _connected(address) as connection:
        connection.exec_driver_sql(dump)
        connection.commit()
    return address


def unpacked(version: int, path: Path) -> Path:
    """Write the store of a version to `path`, and return that."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.decompress((MADE / f"version-{version}.sqlite3.gz").read_bytes()))
    return path


def _connected(address: Path | str) -> Connection:
    url = f"sqlite:///{address}" if isinstance(address, Path) else address.replace("ql:", "ql+psycopg:", 1)
    return create_engine(url, poolclass=NullPool).connect()


@pytest.fixture
def new_store(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    """The address of a store that was made today."""
    if kind == "sqlite":
        Ledger(tmp_path / "new.sqlite3").close()
        yield tmp_path / "new.sqlite3"
    else:
        with request.getfixturevalue("postgres").database() as address:
            Ledger(address).close()
            yield address


def _rows(address: Path | str) -> dict[str, int]:
    """Return how many rows each table holds, full text included."""
    with _connected(address) as connection:
        return {
            name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0
            for name in inspect(connection).get_table_names()
            if name != "alembic_version"
        }


_COLUMNS = """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, collation_name
FROM information_schema.columns WHERE table_schema = 'public'"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
_CONSTRAINTS = (
    "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'u', 'f')"
)


DEFAULT = " DEFAULT '[]'"


def _column(line: str) -> str:
    """Return one line of a table's declaration; behind a column that was added stands the table's own parenthesis."""
    line = line.strip().rstrip(",").replace(DEFAULT, "")
    return line[: -1 if line.count(")") > line.count("(") else None]


def _catalogue(address: Path | str) -> set[str]:
    """Return everything that a database says of its tables, but the order of columns, defaults and comments."""
    with _connected(address) as connection:
        if not isinstance(address, Path):
            found = [
                str(tuple(row))
                for query in (_COLUMNS, _INDEXES, _CONSTRAINTS)
                for row in connection.exec_driver_sql(query)
            ]
        else:
            statements = connection.exec_driver_sql("SELECT tbl_name, sql FROM sqlite_master").all()
            found = [
                f"{table}: {_column(line)}"
                for table, sql in statements
                if not re.match("lexical_[0-9a-f]{16}|sqlite_", table)
                for line in re.sub(r", (?=\w+ [A-Z])", "\n", sql or "").splitlines()
                if line.strip(" ()")
            ]
    return {each for each in found if "alembic_version" not in each}


def _not_as_declared(address: Path | str) -> list[Any]:
    """Return what Alembic would change to bring a database to `schema.py`: full text is not in there."""

    def known(_object: Any, name: str | None, kind: str, reflected: bool, _compared: Any) -> bool:
        return not (kind == "table" and reflected and re.match("lexical_[0-9a-f]{16}", name or ""))

    declared = [schema.metadata, *([] if isinstance(address, Path) else [schema.postings_metadata])]
    options = {
        "include_object": known,
        "target_metadata": declared,
        "autogenerate_plugins": ["alembic.autogenerate.*", "~alembic.autogenerate.comments"],
    }
    with _connected(address) as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), declared))


@pytest.mark.parametrize(("kind", "version"), OLD)
def test_an_old_store_keeps_every_row_and_has_the_tables_of_a_new_one(
    old_store: Path | str, new_store: Path | str
) -> None:
    before = _rows(old_store)

    with closing(Ledger(old_store)) as ledger:
        revision = ledger.schema_revision()

    after = _rows(old_store)
    counted = {"scopes", "lexical_terms"} - before.keys()  # what version 1 did not count
    kept = {name: after[name] for name in before}
    assert (revision, kept) == (migrations.head(), before)
    assert {name for name in after.keys() - before.keys() if after[name]} == counted
    assert _not_as_declared(old_store) == []
    assert _catalogue(old_store) == _catalogue(new_store)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_new_store_is_as_declared(new_store: Path | str) -> None:
    assert _not_as_declared(new_store) == []


def test_a_file_made_after_a_database_of_postgresql_is_as_declared(
    postgres_address: str, tmp_path: Path
) -> None:
    for address in (postgres_address, tmp_path / "ledger.sqlite3"):
        Ledger(address).close()

    assert _not_as_declared(tmp_path / "ledger.sqlite3") == []


@pytest.mark.parametrize(("kind", "version"), OLD)
def test_an_old_store_answers_from_what_was_live(
    old_store: Path | str, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.bootstrap.ledger_address", lambda _settings: old_store)
    with open_store() as services:
        answer = services.answering.ask("When will the ferry line open?")
        history = services.lifecycle.history("ferry-talks")

    assert [s.text for s in answer.statements] == [
        "Norland and Estmark will open a ferry line between Port Alder and Sund in June."
    ]
    assert len(history.revisions) == 2


@pytest.mark.parametrize(("kind", "version"), [OLD[0]])
def test_a_store_of_the_first_version_can_be_rolled_back(old_store: Path, open_store: OpenStore) -> None:
    with open_store() as services:
        found = services.lifecycle.roll_back("ferry-talks")
        answer = services.answering.ask("When will the ferry line open?")

    assert ["May" in s.text for s in answer.statements] == [True]
    assert [e.action for e in found.audit] == ["rollback", "change", "add"]


@pytest.mark.parametrize(("kind", "version"), BEFORE_TODAY)
def test_what_a_bot_remembered_is_there(old_store: Path | str) -> None:
    with closing(Ledger(old_store)) as ledger:
        answer = AnswerStore(ledger).get("a" * 12)
        waiting = SubscriptionStore(ledger).of(Shards(1))

    assert answer is not None
    assert answer.question == "When will the ferry line open?"
    assert waiting == [Subscription(7, "shared", 5, None, None, "en", None)]


@pytest.mark.parametrize(("kind", "version"), OLD)
def test_processes_that_start_at_once_on_an_old_store_bring_it_up_to_date_once(
    old_store: Path | str, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor() as threads:
        opened = list(threads.map(Ledger, [old_store] * 4))

    assert len({each.id for each in opened}) == 1
    assert [each.schema_revision() for each in opened] == [migrations.head()] * 4
    assert sum("bringing the store to" in record.message for record in caplog.records) == 1
    for each in opened:
        each.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from retrieval.ledger import Ledger

address, last = sys.argv[1:]

@event.listens_for(Engine, "after_cursor_execute")
def kill(_connection, _cursor, statement, *_):
    if last in statement:
        os.kill(os.getpid(), signal.SIGKILL)

Ledger(address if "://" in address else Path(address))
"""


@pytest.mark.parametrize(
    ("kind", "version", "last"),
    [
        ("sqlite", 1, "INSERT INTO paragraphs"),
        ("sqlite", 2, "ADD COLUMN left_out"),
        ("sqlite", 3, "UPDATE alembic_version"),
        ("postgresql", 2, "ADD COLUMN left_out"),
        ("postgresql", 3, "UPDATE alembic_version"),
    ],
)
def test_what_a_killed_process_began_the_next_one_completes(
    old_store: Path | str, new_store: Path | str, last: str
) -> None:
    before = _rows(old_store)

    killed = subprocess.run([sys.executable, "-c", _KILLED, str(old_store), last], cwd=ROOT, check=False)

    between = _rows(old_store)
    Ledger(old_store).close()
    assert (killed.returncode, between) == (-signal.SIGKILL, before)
    assert _catalogue(old_store) == _catalogue(new_store)


_LOADED = """
import sys
from pathlib import Path
from retrieval.ledger import Ledger
Ledger(Path(sys.argv[1]))
print("alembic" in sys.modules)
"""


def test_alembic_is_not_even_loaded_for_a_new_store_or_one_of_today(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOADED, str(tmp_path / "ledger.sqlite3")]
    loaded = [subprocess.check_output(command, cwd=ROOT, text=True).strip() for _ in range(2)]

    assert loaded == ["False", "False"]


def test_the_history_is_one_line_to_the_revision_that_new_stores_are_at() -> None:
    config = Config()
    config.set_main_option("script_location", "retrieval.ledger:migrations")
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions("base", "heads")]

    assert steps[::-1] == migrations.revisions()


@pytest.mark.parametrize(("kind", "version"), [each for each in OLD if "-2" in str(each.id)])
def test_a_reader_in_the_middle_of_something_is_waited_for_and_then_nothing_was_changed(
    kind: str, old_store: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's readers keep their snapshot; PostgreSQL's keep the tables."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 200)
    with _connected(old_store) as reading:
        if kind == "sqlite":
            reading.exec_driver_sql("BEGIN")  # what its driver leaves out for a SELECT
        reading.execute(text("SELECT * FROM revisions")).all()
        if kind == "postgresql":
            with pytest.raises(StoreHeldError):
                Ledger(old_store)
        else:
            Ledger(old_store).close()
        assert "left_out" not in list(reading.execute(text("SELECT * FROM revisions")).keys())

    with closing(Ledger(old_store)) as ledger:
        assert ledger.schema_revision() == migrations.head()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("found", ["9999", "a1b2c3d4e5f6"])
def test_a_store_of_a_later_program_is_refused_and_stays_as_it_is(new_store: Path | str, found: str) -> None:
    with _connected(new_store) as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{found}'"))
        connection.execute(text("DROP TABLE audit"))
        connection.commit()

    with pytest.raises(StoreError) as caught:
        Ledger(new_store)

    place, another = (
        (new_store, "another store with --store")
        if isinstance(new_store, Path)
        else (_place(new_store), "another database with LEDGER_URL")
    )
    assert str(caught.value) == (
        f"{place}: this store has schema revision {found}, and this Rapporteur reads revision {migrations.head()}. "
        f"Use the Rapporteur that wrote it, or name {another}."
    )
    assert "audit" not in _rows(new_store)


def _place(address: str) -> str:
    url = make_url(address)
    return f"postgresql://127.0.0.1:{url.port}/{url.database}"


@pytest.mark.parametrize(("kind", "version"), BEFORE_TODAY)
def test_programs_of_before_the_history_refuse_a_store_of_today(
    old_store: Path | str, new_store: Path | str
) -> None:
    """They read 3, bring what is below it up to date, and take a store that says nothing for empty."""
    Ledger(old_store).close()
    fact = select(schema.meta.c.value).where(schema.meta.c.key == "schema_version")
    for store in (old_store, new_store):
        with _connected(store) as connection:
            assert connection.scalars(fact).all() == ["4"]


_TOLD = (
    r"An earlier Rapporteur wrote this store, and its tables \(schema revision 0002\) are brought to revision "
    rf"{migrations.head()} before it is read\.$"
)


@pytest.mark.parametrize(("kind", "version"), [OLD[3]])
def test_an_old_store_that_can_only_be_read_says_what_to_do(old_store: str, postgres: Cluster) -> None:
    postgres.run(f"ALTER DATABASE {make_url(old_store).database} SET default_transaction_read_only = on")

    with pytest.raises(
        StoreUnwritableError, match=rf"can only be read: it is a standby, or set so.* {_TOLD}"
    ):
        Ledger(old_store)

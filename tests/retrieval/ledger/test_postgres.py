"""The ledger on PostgreSQL: what goes wrong there is one sentence, which never holds the password."""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, make_url, select, text

from retrieval.errors import RapporteurError, SettingsError, StoreError, StoreUnwritableError
from retrieval.ledger import Ledger, engine, schema
from retrieval.ledger import postgres as database
from tests.conftest import OpenStore, WriteReadout
from tests.postgres import PASSWORD, Cluster, address


def _told(given: str) -> str:
    """Return what is said of a ledger that cannot be opened."""
    with pytest.raises(RapporteurError) as caught:
        Ledger(given)
    _check(caught.value)
    return str(caught.value)


def _check(error: RapporteurError) -> None:
    """One line, without a driver's address, and the password neither as it is nor as it is written."""
    chain = [error, *filter(None, [error.__cause__])]
    for each in chain:
        assert not re.search("p@ss|p%40ss|p%40|word:1", str(each))
    assert "\n" not in str(error)
    assert not re.search(r"Traceback|sqlalche\.me|\[SQL:", str(error))


def _where(given: str) -> str:
    url = make_url(given)
    return f"postgresql://127.0.0.1:{url.port}/{url.database}"


def test_its_place_is_named_without_user_and_password(postgres_address: str) -> None:
    ledger = Ledger(postgres_address)

    assert ledger.place == _where(postgres_address)
    assert PASSWORD not in repr(ledger.address)
    assert ledger.size() > 100_000
    ledger.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_may_begin_as_hosters_write_it(postgres_address: str, scheme: str) -> None:
    Ledger(postgres_address.replace("postgresql", scheme, 1)).close()


def test_a_wrong_password_is_one_sentence(postgres_address: str) -> None:
    wrong = address(make_url(postgres_address).set(password="p@ss: wrong"))

    assert _told(wrong) == (
        f"{_where(wrong)}: the database refused user or password (password authentication failed for user "
        '"rapporteur"). Correct them in LEDGER_URL.'
    )


def test_a_missing_database_is_one_sentence(postgres: Cluster) -> None:
    missing = address(postgres.url.set(database="nowhere"))

    assert _told(missing) == (
        f'{_where(missing)}: there is no such database (database "nowhere" does not exist). Make it with '
        "createdb, or correct LEDGER_URL."
    )


def test_a_server_that_is_not_there_is_one_sentence(postgres: Cluster) -> None:
    nobody = address(postgres.url.set(port=1))

    assert _told(nobody) == (
        f'{_where(nobody)}: the database cannot be reached (connection to server at "127.0.0.1", port 1 failed: '
        "Connection refused). Start it, or correct LEDGER_URL."
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("postgresql://me:p@ss@host/db", "there are two @ in it"),
        ("postgresql://me:word:1@host:p%40/db", "is not an address"),
        ("ledger.sqlite3", "is not an address"),
        ("", "is not an address"),
        ("mysql://me:p%40ss@host/db", "only PostgreSQL can hold a shared ledger"),
        ("postgresql+asyncpg://me:p%40ss@host/db", "only PostgreSQL can hold a shared ledger"),
        ("postgresql://me:p%40ss@127.0.0.1/db?nonsense=1", "cannot be reached (invalid connection option"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str, told: str) -> None:
    assert told in _told(given)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError) as caught:
        Ledger("postgresql://me:p%40ss@127.0.0.1/db")

    assert str(caught.value) == (
        'LEDGER_URL: the package for PostgreSQL is not installed. Run: pip install "psycopg[binary]"'
    )


def test_processes_that_start_at_once_on_a_new_database_make_one_ledger(postgres_address: str) -> None:
    with ThreadPoolExecutor() as threads:
        made = list(threads.map(Ledger, [postgres_address] * 4))

    assert len({each.id for each in made}) == 1
    for each in made:
        each.close()


def test_a_standby_refuses_writes_in_one_sentence(postgres: Cluster, postgres_address: str) -> None:
    Ledger(postgres_address).close()
    postgres.run(
        f"ALTER DATABASE {make_url(postgres_address).database} SET default_transaction_read_only = on"
    )
    ledger = Ledger(postgres_address)

    with pytest.raises(StoreUnwritableError, match=r"can only be read: it is a standby, or set so") as caught:
        _put(ledger, "x")

    _check(caught.value)
    ledger.close()


def test_a_user_who_may_not_make_tables_is_told_so(postgres: Cluster, postgres_address: str) -> None:
    postgres.run(
        "DROP ROLE IF EXISTS guest",
        f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'",
    )

    told = _told(address(make_url(postgres_address).set(username="guest")))

    assert "may not write there (permission denied for schema public)" in told


def test_a_server_that_lets_in_fewer_than_a_process_may_use_is_told_so(
    postgres: Cluster, postgres_address: str
) -> None:
    postgres.run(
        f"CREATE ROLE few LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 2",
        f"ALTER DATABASE {make_url(postgres_address).database} OWNER TO few",
    )
    ledger = Ledger(address(make_url(postgres_address).set(username="few")))

    with ledger.read(), ledger.read(), pytest.raises(StoreError) as caught:
        ledger.read().__enter__()

    _check(caught.value)
    assert str(caught.value) == (
        f'{ledger.place}: the database takes no more connections (too many connections for role "few"). Raise its '
        "limit: each process of Rapporteur uses up to 16."
    )
    ledger.close()


def test_a_full_disk_is_one_sentence(postgres_address: str) -> None:
    ledger = Ledger(postgres_address)

    def fill() -> None:
        with ledger.write() as connection:
            connection.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$")
            )

    with pytest.raises(StoreUnwritableError, match=r"the server's disk is full, so nothing was changed"):
        fill()

    ledger.close()


def _put(ledger: Ledger, key: str) -> None:
    with ledger.write() as connection:
        connection.execute(insert(schema.meta).values(key=key, value="-"))


def _keys(ledger: Ledger) -> set[str]:
    with ledger.read() as connection:
        return set(connection.scalars(select(schema.meta.c.key)))


def _end_all_connections(cluster: Cluster, given: str) -> None:
    name = make_url(given).database
    cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_a_connection_lost_in_mid_use_is_one_sentence_and_the_next_use_has_another(
    postgres: Cluster, postgres_address: str
) -> None:
    ledger = Ledger(postgres_address)

    def lose(how: str) -> None:
        with getattr(ledger, how)() as connection:
            connection.execute(select(schema.meta.c.key)).all()
            _end_all_connections(postgres, postgres_address)
            connection.execute(select(schema.meta.c.key)).all()

    for how in ("read", "write"):
        with pytest.raises(
            StoreError, match=r"the connection to the database was lost \(.+\)\. What"
        ) as caught:
            lose(how)
        _check(caught.value)
        assert "ledger_id" in _keys(ledger)
        _put(ledger, f"after a {how}")

    ledger.close()


def test_a_connection_lost_between_two_uses_is_not_noticed(postgres: Cluster, postgres_address: str) -> None:
    ledger = Ledger(postgres_address)
    _put(ledger, "before")
    _end_all_connections(postgres, postgres_address)

    assert "before" in _keys(ledger)

    _end_all_connections(postgres, postgres_address)
    _put(ledger, "after")
    ledger.close()


def test_whoever_stands_still_in_a_write_loses_it_and_keeps_nobody_waiting(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STALLED_AFTER_MS", 200)
    stalled, other = Ledger(postgres_address), Ledger(postgres_address)

    def stall() -> None:
        with stalled.write() as connection:
            connection.execute(insert(schema.meta).values(key="stalled", value="-"))
            _put(other, "other")
            time.sleep(0.1)
            connection.execute(insert(schema.meta).values(key="more", value="-"))

    with pytest.raises(
        StoreError, match=r"stood still for so long that the database ended its transaction"
    ) as caught:
        stall()

    _check(caught.value)
    assert _keys(stalled) & {"stalled", "more", "other"} == {"other"}
    stalled.close()
    other.close()


def test_a_commit_is_seen_by_every_other_process_at_once(postgres_address: str) -> None:
    one, other = Ledger(postgres_address), Ledger(postgres_address)
    assert "new" not in _keys(other)

    _put(one, "new")

    assert "new" in _keys(other)
    one.close()
    other.close()


def test_purging_leaves_no_word_of_it_in_the_tables_of_the_server(
    postgres: Cluster,
    postgres_address: str,
    open_store: OpenStore,
    write_readout: WriteReadout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its log and its backups are its administrator's."""
    monkeypatch.setattr("retrieval.bootstrap.ledger_address", lambda _settings: postgres_address)
    write_readout("talks", ["Quetzalcoatlus landed in May."])
    write_readout("other", ["The ministers visited the reef."])
    with open_store(corpus=tmp_path / "readouts") as services:
        services.ingesting.ingest()
        services.answering.ask("When did Quetzalcoatlus land?")
        postgres.run("CHECKPOINT")
        before = _files_holding(postgres.data / "base", b"uetzalcoatlus")

        services.lifecycle.remove("talks", purge=True)

        postgres.run("CHECKPOINT")
        assert before != []
        assert _files_holding(postgres.data / "base", b"uetzalcoatlus") == []
        assert [s.id for s in services.browser.documents()] == ["other"]


def test_a_table_in_use_does_not_stop_a_purge(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    one, other = Ledger(postgres_address), Ledger(postgres_address)

    with other.read() as connection:
        connection.execute(select(schema.meta)).all()
        one.checkpoint()

    assert [record.message for record in caplog.records] == [
        f"{one.place}: meta still holds what was erased until its next VACUUM"
    ]
    one.close()
    other.close()


def _files_holding(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]

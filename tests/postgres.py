"""Debian's PostgreSQL on loopback, for as long as the tests run: its own folder, its own port, its own password."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

PASSWORD = "p@ss/word:1"  # what has to be escaped in an address
_STARTS_WITHIN_S = 60

_WHILE_WE_LIVE = """
exec 3<&0
"$@" 3<&- &
cat <&3 >/dev/null
kill -QUIT $!
wait
"""
"""Runs a server until standard input ends, which it does even where the tests are killed; its files don't matter."""

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}


@dataclass(frozen=True)
class Cluster:
    """A server that is running.

    Attributes:
        data: Its folder of data.
    """

    url: URL
    data: Path

    def run(self, *statements: str) -> None:
        """Carry out statements outside of any transaction."""
        with _outside_transactions(self.url) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a database for the block, and return its address."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield address(self.url.set(database=name))
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


def emptied(database: str) -> str:
    """Take every row out of a database, which is ten times as fast as making one, and return its address."""
    with _outside_transactions(make_url(database).set(drivername="postgresql+psycopg")) as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")  # no order among tables
        for table in connection.exec_driver_sql(_TABLES).scalars().all():
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql(_RESTART).all()
    return database


_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
_RESTART = (
    "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
    " WHERE schemaname = 'public'"
)


@contextmanager
def _outside_transactions(url: URL) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def address(url: URL) -> str:
    """Return an address as an operator writes it, password and all."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server for the block; skip what needs one where PostgreSQL isn't installed, and fail in CI."""
    programs = _programs()
    if programs is None:
        told = "PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin or on the PATH"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    folder = Path(tempfile.mkdtemp(prefix="rapporteur-postgres-"))
    try:
        server, url = _start(programs, folder)
        try:
            _wait_for(server, url)
            yield Cluster(url, folder / "data")
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> bool:
    """Whether a server can be started here."""
    return _programs() is not None


def _programs() -> Path | None:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    on_path = shutil.which("initdb")
    found = installed[-1] if installed else Path(on_path).resolve() if on_path else None
    return found.parent if found else None


def _start(programs: Path, folder: Path) -> tuple[subprocess.Popen[bytes], URL]:
    user = _user()
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    if user is not None:
        for path in (folder, password):
            shutil.chown(path, user)
    initdb = [programs / "initdb", "-D", folder / "data", "-U", "rapporteur", "-E", "UTF8", "--locale=C"]
    initdb += ["--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    with (folder / "log").open("wb") as log:
        command = ["sh", "-c", _WHILE_WE_LIVE, "sh", programs / "postgres", "-D", folder / "data"]
        server = subprocess.Popen(
            [*command, "-p", str(port), *options],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
        )
    made = make_url("postgresql+psycopg://rapporteur@127.0.0.1/postgres")
    return server, made.set(port=port, password=PASSWORD)


def _user() -> str | None:
    """Return who the server runs as: it refuses root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


def _wait_for(server: subprocess.Popen[bytes], url: URL) -> None:
    engine = create_engine(url, poolclass=NullPool)
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            engine.connect().close()
            return
        except OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)

"""A ledger in a database of PostgreSQL (12 or later), which several processes on several hosts share.

One of them writes at a time, as with SQLite, by an advisory lock that ends with the transaction: the code
above may read, decide and write in one transaction. A process that stands still in one would keep all others
waiting, so the server ends the transaction of one that asks nothing of it for a minute.

What the server and its driver say is told by the code (PostgreSQL, appendix A), since the server says it in its own language.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from retrieval.errors import SettingsError, StoreError, StoreUnwritableError
from retrieval.ledger import engine

log = logging.getLogger(__name__)

STALLED_AFTER_MS = 60_000
"""A transaction that writes is ended by the server when this process asks nothing of it for so long."""

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_EXAMPLE = "postgresql://user:password@host:5432/database"

_CONNECTING = {
    "application_name": "rapporteur",
    "connect_timeout": 10,
    # a server that vanished without a word is noticed after about half a minute instead of hours
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What is asked of libpq where the address says nothing else."""

_BOUNDS = (
    "SELECT set_config('lock_timeout', '{busy}', true),"
    " set_config('idle_in_transaction_session_timeout', '{stalled}', true)"
)
# Of this ledger alone: a lock by number is one of the whole database, which may hold ledgers in other schemas.
_WAIT = "SELECT pg_advisory_xact_lock(20261127, hashtext(current_schema()))"
_TRY = "SELECT pg_try_advisory_xact_lock(20261127, hashtext(current_schema()))"

_OWN_TABLES = (
    "SELECT quote_ident(tablename) FROM pg_tables"
    " WHERE schemaname = current_schema() AND tableowner = current_user ORDER BY 1"
)
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)

_LOCKED = "55P03"
_STALLED = "25P03"
_TOO_MANY = re.compile("too many|connection slots")
"""How it is said: who is not let in is told no code."""

_UNWRITABLE = {
    "53100": "the server's disk is full, so nothing was changed. Free some space there, then try again.",
    "25006": "the database can only be read: it is a standby, or set so. Name the server that takes writes.",
    "42501": "the user of LEDGER_URL may not write there ({reason}). Let it own the database or the schema.",
}


class PostgresDatabase(engine.Database):
    """The database at an address such as `postgresql://user:password@host:5432/database`.

    Raises:
        SettingsError: That is no such address, or the driver is not installed.
    """

    another = "name another database with LEDGER_URL"

    def __init__(self, address: str) -> None:
        url = _read(address)
        super().__init__(_shown(url), _engine(url))
        self._reader = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # None: whether a database may be written is for its administrator to say
        self._writer = self._engine.execution_options(
            isolation_level="READ COMMITTED", postgresql_readonly=None
        )

    @contextmanager
    def write(self, *, patient: bool = True) -> Iterator[Connection]:
        """One transaction while nobody else writes: all of the block or nothing of it.

        Each statement sees what was committed before it, and nothing is while the lock is held.
        """
        with self._translated(), self._writer.connect() as connection, connection.begin():
            bounds = _BOUNDS.format(busy=engine.BUSY_TIMEOUT_MS, stalled=STALLED_AFTER_MS)
            connection.exec_driver_sql(bounds)
            if patient:
                connection.exec_driver_sql(_WAIT)
            elif not connection.exec_driver_sql(_TRY).scalar():
                raise engine.held(self.place)
            yield connection

    def restructure(self) -> AbstractContextManager[Connection]:
        """As `write`: here nothing stands in the way of making tables."""
        return self.write()

    def checkpoint(self) -> bool:
        """Write every table anew without what was erased; the server's own log and backups stay as they are.

        Returns:
            False: a table was in use, or is not this role's, and stays as it is.
        """
        with self._translated(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # what is set for it here must not outlive the block
            connection.exec_driver_sql(f"SET lock_timeout = {engine.BUSY_TIMEOUT_MS}")
            tables = connection.exec_driver_sql(_OWN_TABLES).scalars().all()
            left = [table for table in tables if not self._write_anew(connection, table)]
        return bool(tables) and not left

    def _write_anew(self, connection: Connection, table: str) -> bool:
        """Leave a table that others keep in use: what was erased is in no answer, only in the server's file."""
        try:
            connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            log.warning("%s: %s still holds what was erased until its next VACUUM", self.place, table)
            return False
        return True

    def size(self) -> int:
        """Return how many bytes the tables take, with their indexes."""
        with self.read() as connection:
            return int(connection.exec_driver_sql(_SIZE).scalar() or 0)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(self.place, error) from error
        except PendingRollbackError as error:  # it was lost, and whoever used it went on all the same
            raise StoreError(f"{self.place}: the connection to the database was lost. Try again.") from error
        except PoolTimeoutError as error:
            raise engine.exhausted(self.place) from error


def _read(address: str) -> URL:
    """Return the parts of an address; an error names none of them, since one is secret."""
    try:
        url = make_url(address.strip())
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"LEDGER_URL is not an address of a database. Write {_EXAMPLE}; what is special in user or "
            "password (@ : / % and the like) as %40, %3A, …"
        ) from None
    if url.drivername not in _SCHEMES:
        raise SettingsError(f"LEDGER_URL: only PostgreSQL can hold a shared ledger. Write {_EXAMPLE}.")
    if "@" in (url.host or ""):
        raise SettingsError("LEDGER_URL: there are two @ in it. Write the one in the password as %40.")
    return url.set(drivername="postgresql+psycopg")


def _shown(url: URL) -> str:
    """Return an address for people to read: where it leads, and nothing of who asks."""
    shown = URL.create("postgresql", host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def _engine(url: URL) -> Engine:
    options = {name: value for name, value in _CONNECTING.items() if name not in url.query}
    try:
        return create_engine(
            url, pool_pre_ping=True, connect_args=options, hide_parameters=True, **engine.POOL
        )
    except ImportError:
        raise SettingsError(
            'LEDGER_URL: the package for PostgreSQL is not installed. Run: pip install "psycopg[binary]"'
        ) from None


def translate(place: str, error: DBAPIError) -> StoreError:
    """Return what an error of the driver means, and what to do."""
    code = getattr(error.orig, "sqlstate", None)
    reason = _first_line(error)
    if code == _LOCKED:
        return engine.held(place)
    if code in _UNWRITABLE:
        return StoreUnwritableError(f"{place}: {_UNWRITABLE[code].format(reason=reason)}")
    return StoreError(f"{place}: {_told(code, reason, is_lost=error.connection_invalidated)}")


def _told(code: str | None, reason: str, *, is_lost: bool) -> str:
    if code == _STALLED:
        return (
            "this process stood still for so long that the database ended its transaction; nothing of it was kept. "
            "Run it again."
        )
    if is_lost:
        return f"the connection to the database was lost ({reason}). What was not committed is not there; try again."
    if code is not None:
        return (
            f"the database did not do what was asked of it ({reason}). If its tables were changed by hand, restore "
            "them from a backup."
        )
    if _TOO_MANY.search(reason):
        return (
            f"the database takes no more connections ({reason}). Raise its limit: each process of Rapporteur uses up "
            f"to {engine.MOST_CONNECTIONS}."
        )
    if "password" in reason:
        return f"the database refused user or password ({reason}). Correct them in LEDGER_URL."
    if "database" in reason and "not exist" in reason:
        return f"there is no such database ({reason}). Make it with createdb, or correct LEDGER_URL."
    return f"the database cannot be reached ({reason}). Start it, or correct LEDGER_URL."


def _first_line(error: DBAPIError) -> str:
    """Return what the server or the driver said, without its hints and without the connection's history."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    said = lines[0].strip().rpartition("FATAL:")[2].strip()
    return said.removeprefix("connection failed: ").rstrip(".")

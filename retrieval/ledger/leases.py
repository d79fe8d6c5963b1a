"""Leases: who alone may do something, across threads, processes and hosts.

A holder renews its lease while it lives and writes only in transactions that find its epoch unchanged, so one
that stalled and woke up after its lease went to another can change nothing (a fencing token: Kleppmann, "How
to do distributed locking", 2016). Where several hosts share a ledger, the time is the database's: theirs differ.
One ingest at a time: `my_turn` waits for the lease that says whose turn it is.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Float, cast, extract, func, select, update

from retrieval.errors import IngestBusyError
from retrieval.ledger import Ledger, schema
from retrieval.ledger.engine import is_postgres, put


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as somebody holds it.

    Attributes:
        holder: "host:process:…", see `new_holder`.
        purpose: What for, in words that whoever waits reads.
        since: UTC, ISO 8601.
        expires: Seconds since 1970.
    """

    name: str
    epoch: int
    holder: str
    purpose: str
    since: str
    expires: float

    def is_alive(self, now: float) -> bool:
        """Whether its holder may still be at work."""
        host, process, _ = self.holder.rsplit(":", 2)
        if host == _host() and not _runs(int(process)):
            return False
        return self.expires > now


def new_holder() -> str:
    """Return a name for one holder that nobody else has."""
    return f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def current(connection: Connection, name: str) -> Lease | None:
    """Return who holds the lease, or None: it is free."""
    found = _row(connection, name)
    return found if found is not None and found.is_alive(_now(connection)) else None


def take(connection: Connection, name: str, holder: str, purpose: str, *, now: str, ttl_s: float) -> Lease:
    """Take the lease if it is free; returns whoever holds it then: compare the holder with your own."""
    before, moment = _row(connection, name), _now(connection)
    if before is not None and before.is_alive(moment):
        if before.holder == holder:
            renew(connection, before, ttl_s=ttl_s)
        return before
    epoch = 1 if before is None else before.epoch + 1
    taken = Lease(name, epoch, holder, purpose, now, moment + ttl_s)
    put(connection, schema.leases, {"name": name}, asdict(taken))
    return taken


def renew(connection: Connection, lease: Lease, *, ttl_s: float) -> bool:
    """Keep the lease for longer; False when it went to somebody else."""
    table = schema.leases
    mine = (table.c.name == lease.name) & (table.c.epoch == lease.epoch)
    done = connection.execute(update(table).where(mine).values(expires=_now(connection) + ttl_s))
    return done.rowcount == 1


def release(connection: Connection, lease: Lease) -> None:
    """Give the lease back; the row stays, for its epoch."""
    renew(connection, lease, ttl_s=0)


def _row(connection: Connection, name: str) -> Lease | None:
    row = connection.execute(select(schema.leases).where(schema.leases.c.name == name)).first()
    return None if row is None else Lease(**row._asdict())


def _now(connection: Connection) -> float:
    """Return the time that leases go by, in seconds since 1970."""
    if not is_postgres(connection):
        return time.time()
    return float(connection.scalar(_DATABASE_CLOCK) or 0)


# now() would be the transaction's start
_DATABASE_CLOCK = select(cast(extract("epoch", func.clock_timestamp()), Float))


@lru_cache
def _host() -> str:
    """Return what no two machines are both called, nor two containers that number their own processes.

    Where the system says no more than the host's name, that has to do.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        processes = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{sha256(f'{boot}{processes}'.encode()).hexdigest()[:8]}"


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        pass
    return True


INGEST = "ingest"
TTL_S = 60.0
"""How long a turn outlives the last sign of life of whoever has it."""

_RENEWED_AFTER = 1 / 6
_POLL_S = 0.2


class Turn:
    """The right to change a store, for as long as it is kept alive."""

    def __init__(self, ledger: Ledger, lease: Lease, ttl_s: float) -> None:
        self._ledger = ledger
        self._lease = lease
        self._ttl_s = ttl_s
        self._renewed = time.monotonic()

    def guard(self, connection: Connection) -> None:
        """Say, in the transaction that is about to write, that the turn is still this one's.

        Raises:
            IngestBusyError: This process stalled, and another one took over.
            IndexMismatchError: The store was, or is to be, indexed anew with something else.
        """
        if self._lease.name == INGEST:
            self._ledger.check_identity(connection, writing=True)
        if not renew(connection, self._lease, ttl_s=self._ttl_s):
            raise IngestBusyError(
                "This ingest stood still for so long that another one took over; what it had not finished "
                "was left. Run it again.",
                "another process",
            )
        self._renewed = time.monotonic()

    def keep_alive(self) -> None:
        """Renew the lease now and then, between two commits."""
        if time.monotonic() - self._renewed > self._ttl_s * _RENEWED_AFTER:
            with self._ledger.write() as connection:
                self.guard(connection)


@contextmanager
def my_turn(
    ledger: Ledger, purpose: str, *, timeout_s: float, ttl_s: float = TTL_S, name: str = INGEST
) -> Iterator[Turn]:
    """Hold the lease `name` for the block.

    Args:
        timeout_s: How long to wait for somebody else's turn to end.
        ttl_s: How long this turn outlives its last sign of life.

    Raises:
        IngestBusyError: Somebody else is at it and was still so after `timeout_s`; it says who, since when.
    """
    holder, deadline = new_holder(), time.monotonic() + timeout_s
    while True:
        with ledger.write() as connection:
            lease = take(connection, name, holder, purpose, now=utc_now(), ttl_s=ttl_s)
        if lease.holder == holder:
            break
        if time.monotonic() >= deadline:
            raise IngestBusyError(
                f"Another ingest is running: {lease.purpose}, since {lease.since}. Try again when it has "
                "finished.",
                lease.purpose,
            )
        time.sleep(_POLL_S)
    try:
        yield Turn(ledger, lease, ttl_s)
    finally:
        with ledger.write() as connection:
            release(connection, lease)


def utc_now(later_s: float = 0.0) -> str:
    """Return the time as the ledger writes it, or what it will be in some seconds."""
    return (datetime.now(UTC) + timedelta(seconds=later_s)).isoformat(timespec="seconds")

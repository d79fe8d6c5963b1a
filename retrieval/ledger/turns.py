"""One ingest at a time: the lease that says whose turn it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection

from retrieval.errors import IngestBusyError
from retrieval.ledger import leases
from retrieval.ledger.leases import Lease
from retrieval.ledger.ledger import Ledger

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
        if not leases.renew(connection, self._lease, ttl_s=self._ttl_s):
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
    holder, deadline = leases.new_holder(), time.monotonic() + timeout_s
    while True:
        with ledger.write() as connection:
            lease = leases.take(connection, name, holder, purpose, now=utc_now(), ttl_s=ttl_s)
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
            leases.release(connection, lease)


def utc_now() -> str:
    """Return the time as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")

"""Leases: one holder at a time, by the time that all of them share, and a stalled one is told apart."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from retrieval.ledger import Ledger, leases
from retrieval.ledger.leases import Lease

ELSEWHERE = "another-host:1:f00d"
NOW = "2026-01-01T00:00:00+00:00"


def _take(ledger: Ledger, holder: str, *, ttl_s: float = 60.0) -> Lease:
    with ledger.write() as connection:
        return leases.take(connection, "work", holder, f"for {holder}", now=NOW, ttl_s=ttl_s)


def _current(ledger: Ledger) -> Lease | None:
    with ledger.read() as connection:
        return leases.current(connection, "work")


def test_a_lease_is_one_holders_until_it_is_given_back(ledger: Ledger) -> None:
    mine, me = _take(ledger, holder := leases.new_holder()), holder

    assert _take(ledger, ELSEWHERE).holder == me
    assert _take(ledger, me).epoch == mine.epoch

    with ledger.write() as connection:
        leases.release(connection, mine)
    assert _current(ledger) is None
    assert (_take(ledger, ELSEWHERE).holder, _take(ledger, me).holder) == (ELSEWHERE, ELSEWHERE)


def test_a_lease_that_is_not_renewed_goes_to_the_next_and_its_old_holder_is_told(ledger: Ledger) -> None:
    stalled = _take(ledger, ELSEWHERE, ttl_s=0.05)
    time.sleep(0.1)

    mine = _take(ledger, leases.new_holder())

    with ledger.write() as connection:
        assert not leases.renew(connection, stalled, ttl_s=60)
        leases.release(connection, stalled)  # which changes nothing
    assert mine.epoch == stalled.epoch + 1
    assert _current(ledger) == mine


def test_a_lease_of_a_process_of_this_machine_ends_with_it(ledger: Ledger) -> None:
    code = "from retrieval.ledger import leases; print(leases.new_holder())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _take(ledger, done.stdout.strip())

    assert _current(ledger) is None


def test_a_process_of_another_machine_is_not_looked_for_on_this_one(ledger: Ledger) -> None:
    """Containers on two machines may both be called "bot"; what runs there under a number is not known here."""
    gone = _number_of_no_process()
    _take(ledger, f"{socket.gethostname()}/of another machine:{gone}:f00d")

    assert _current(ledger) is not None


def _number_of_no_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.skipif(os.name != "posix", reason="the host's name is all there is")
def test_holders_of_one_machine_know_it_by_one_name() -> None:
    assert leases.new_holder().rsplit(":", 2)[0] == leases.new_holder().rsplit(":", 2)[0]


def test_where_hosts_share_a_ledger_their_own_clocks_do_not_matter(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(postgres_address)
    _take(ledger, ELSEWHERE)
    tomorrow = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: tomorrow)

    assert _take(ledger, leases.new_holder()).holder == ELSEWHERE
    assert _take(ledger, ELSEWHERE).expires < tomorrow
    ledger.close()

"""A server's readouts go when no bot is there any more, and no process decides that for another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.discord.corpus.departures import Caretaker
from bot.discord.shards import Shards
from retrieval.ingest import IngestRequest, Upload
from tests.bot.corpus.conftest import HERE, TEXT, THERE, Process

ONE, OTHER = 11, 22
"""Two applications."""

DAY_S = 86_400.0


@dataclass
class Clock:
    now: float = 1_000 * DAY_S

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Looking(Caretaker):
    """The caretaker of one process."""

    def __init__(self, process: Process, days: int, clock: Clock) -> None:
        super().__init__(process.services.ledger, process.desk, process.records, days, clock=clock)
        self.process = process


Look = Callable[..., Looking]


@pytest.fixture
def looking_after(processes: Callable[..., Process], clock: Clock) -> Look:
    return lambda days=30: Looking(processes(), days, clock)


def owners(caretaker: Looking) -> set[str]:
    return set(caretaker.process.desk.holdings.scopes())


BOTH = {f"guild:{HERE}", f"guild:{THERE}"}


def test_the_servers_of_shards_on_another_host_are_none_of_this_one_s(
    looking_after: Look, clock: Clock
) -> None:
    one, two = looking_after(), looking_after()
    one.reconcile(Shards(ONE, 2, {1}), {HERE})
    two.reconcile(Shards(ONE, 2, {0}), {THERE})
    clock.now += 40 * DAY_S
    one.reconcile(Shards(ONE, 2, {1}), {HERE})

    assert (one.purge_due(), two.purge_due()) == ([], [])
    assert owners(one) == BOTH


def test_a_host_that_was_never_started_keeps_what_its_servers_have(looking_after: Look, clock: Clock) -> None:
    caretaker = looking_after()
    caretaker.reconcile(Shards(ONE, 2, {1}), {HERE})
    clock.now += 400 * DAY_S
    caretaker.reconcile(Shards(ONE, 2, {1}), {HERE})

    assert caretaker.purge_due() == []


def test_a_server_that_another_application_serves_stays(looking_after: Look, clock: Clock) -> None:
    one, other = looking_after(), looking_after()
    other.reconcile(Shards(OTHER), {THERE})
    one.reconcile(Shards(ONE), {HERE})
    clock.now += 40 * DAY_S

    assert one.purge_due() == []
    assert owners(one) == BOTH


def test_the_time_of_a_server_begins_when_the_last_application_leaves(
    looking_after: Look, clock: Clock
) -> None:
    caretaker = looking_after()
    for application in (ONE, OTHER):
        caretaker.reconcile(Shards(application), {HERE, THERE})
    caretaker.left(ONE, HERE)
    clock.now += 40 * DAY_S
    assert caretaker.purge_due() == []
    caretaker.left(OTHER, HERE)
    clock.now += 29 * DAY_S
    assert caretaker.purge_due() == []
    clock.now += 2 * DAY_S

    assert caretaker.purge_due() == [HERE]
    assert owners(caretaker) == {f"guild:{THERE}"}


def test_a_server_left_while_the_bot_was_off_is_noticed_by_the_host_that_served_it(
    looking_after: Look, clock: Clock
) -> None:
    caretaker = looking_after(days=0)
    caretaker.reconcile(Shards(ONE, 2, {1}), {HERE})
    caretaker.reconcile(Shards(ONE, 2, {0}), {THERE})

    caretaker.reconcile(Shards(ONE, 2, {1}), set())

    assert caretaker.purge_due() == [HERE]


def test_a_server_that_nobody_was_ever_seen_in_has_a_day_more(looking_after: Look, clock: Clock) -> None:
    """A store of an earlier version, and a second application that starts after the first."""
    one, other = looking_after(days=0), looking_after(days=0)
    one.reconcile(Shards(ONE), {HERE})
    assert one.purge_due() == []
    other.reconcile(Shards(OTHER), {THERE})
    clock.now += 2 * DAY_S
    assert one.purge_due() == []
    one.left(ONE, HERE)
    other.left(OTHER, THERE)

    assert one.purge_due() == [HERE, THERE]


def test_a_bot_that_is_back_keeps_everything_even_between_two_readouts(
    looking_after: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    caretaker = looking_after(days=0)
    desk, scope = caretaker.process.desk, f"guild:{HERE}"
    second = IngestRequest(uploads=(Upload("tunnel.txt", TEXT.replace(b"Ferry", b"Tunnel")),), scope=scope)
    caretaker.process.services.ingesting.run(second)
    caretaker.reconcile(Shards(ONE), {HERE, THERE})
    caretaker.left(ONE, HERE)
    purge = desk.purge

    def purge_and_return(*given: str) -> None:
        purge(*given)
        assert caretaker.joined(ONE, HERE)

    monkeypatch.setattr(desk, "purge", purge_and_return)

    assert caretaker.purge_due() == []
    assert [known.id for known in desk.holdings.known(scope)] == ["tunnel"]


def test_two_processes_that_purge_at_once_do_it_once(looking_after: Look) -> None:
    caretakers = [looking_after(days=0), looking_after(days=0)]
    caretakers[0].reconcile(Shards(ONE), {HERE, THERE})
    for guild in (HERE, THERE):
        caretakers[0].left(ONE, guild)
    done: list[int] = []
    threads = [threading.Thread(target=lambda c=each: done.extend(c.purge_due())) for each in caretakers]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [HERE, THERE]
    assert owners(caretakers[0]) == set()
    assert caretakers[0].purge_due() == []

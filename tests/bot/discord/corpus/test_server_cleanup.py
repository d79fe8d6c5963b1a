"""A server's readouts go when no bot is there any more, and no process decides that for another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.discord.corpus.server_cleanup import PresenceStore, ServerCleanup
from bot.discord.shards import Shards
from retrieval.ingest import IngestRequest, Upload
from retrieval.ledger import Ledger
from tests.bot.discord.corpus.conftest import HERE, TEXT, THERE, Process

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


class Looking(ServerCleanup):
    """That of one process."""

    def __init__(self, process: Process, days: int, clock: Clock) -> None:
        super().__init__(process.services.ledger, process.corpus, process.answers, days, clock=clock)
        self.process = process


Look = Callable[..., Looking]


@pytest.fixture
def looking_after(processes: Callable[..., Process], clock: Clock) -> Look:
    return lambda days=30: Looking(processes(), days, clock)


def owners(cleanup: Looking) -> set[str]:
    return {known.scope for known in cleanup.process.services.lifecycle.known()}


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
    cleanup = looking_after()
    cleanup.reconcile(Shards(ONE, 2, {1}), {HERE})
    clock.now += 400 * DAY_S
    cleanup.reconcile(Shards(ONE, 2, {1}), {HERE})

    assert cleanup.purge_due() == []


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
    cleanup = looking_after()
    for application in (ONE, OTHER):
        cleanup.reconcile(Shards(application), {HERE, THERE})
    cleanup.left(ONE, HERE)
    clock.now += 40 * DAY_S
    assert cleanup.purge_due() == []
    cleanup.left(OTHER, HERE)
    clock.now += 29 * DAY_S
    assert cleanup.purge_due() == []
    clock.now += 2 * DAY_S

    assert cleanup.purge_due() == [HERE]
    assert owners(cleanup) == {f"guild:{THERE}"}


def test_a_server_left_while_the_bot_was_off_is_noticed_by_the_host_that_served_it(
    looking_after: Look, clock: Clock
) -> None:
    cleanup = looking_after(days=0)
    cleanup.reconcile(Shards(ONE, 2, {1}), {HERE})
    cleanup.reconcile(Shards(ONE, 2, {0}), {THERE})

    cleanup.reconcile(Shards(ONE, 2, {1}), set())

    assert cleanup.purge_due() == [HERE]


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
    cleanup = looking_after(days=0)
    corpus, scope = cleanup.process.corpus, f"guild:{HERE}"
    second = IngestRequest(uploads=(Upload("tunnel.txt", TEXT.replace(b"Ferry", b"Tunnel")),), scope=scope)
    cleanup.process.services.ingesting.run(second)
    cleanup.reconcile(Shards(ONE), {HERE, THERE})
    cleanup.left(ONE, HERE)
    purge = corpus.purge

    def purge_and_return(*given: str) -> None:
        purge(*given)
        assert cleanup.joined(ONE, HERE)

    monkeypatch.setattr(corpus, "purge", purge_and_return)

    assert cleanup.purge_due() == []
    assert [known.id for known in corpus.services.lifecycle.known(scope)] == ["tunnel"]


def test_two_processes_that_purge_at_once_do_it_once(looking_after: Look) -> None:
    cleanups = [looking_after(days=0), looking_after(days=0)]
    cleanups[0].reconcile(Shards(ONE), {HERE, THERE})
    for guild in (HERE, THERE):
        cleanups[0].left(ONE, guild)
    done: list[int] = []
    threads = [threading.Thread(target=lambda c=each: done.extend(c.purge_due())) for each in cleanups]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [HERE, THERE]
    assert owners(cleanups[0]) == set()
    assert cleanups[0].purge_due() == []


APPLICATION, SECOND = 2**61, 2**61 + 1
GUILD, ANYWHERE = 2**62, 2**62 + 1
DAY_MS = 86_400_000


def test_either_kind_of_ledger_knows_since_when_nobody_is_there(ledger: Ledger) -> None:
    presence = PresenceStore(ledger)
    for application in (APPLICATION, SECOND):
        presence.entered(application, GUILD)

    assert (presence.left(APPLICATION, GUILD, 10), presence.due(10)) == (False, [])
    assert (presence.left(SECOND, GUILD, 20), presence.due(19), presence.due(20)) == (True, [], [GUILD])
    assert (presence.left(SECOND, GUILD, 30), PresenceStore(ledger).due(20)) == (True, [GUILD])
    assert (presence.closed(GUILD), presence.closed(GUILD), presence.due(99)) == (True, False, [])


def test_a_process_speaks_for_what_it_sees(ledger: Ledger) -> None:
    presence, shards = PresenceStore(ledger), Shards(APPLICATION)
    presence.entered(SECOND, ANYWHERE)

    assert presence.reconcile(shards, {GUILD}, [GUILD, ANYWHERE, 7], 0) == [7]
    assert (presence.due(DAY_MS - 1), presence.due(DAY_MS)) == ([], [7])
    assert presence.reconcile(shards, set(), [GUILD], 5) == [GUILD]
    assert presence.due(5) == [GUILD]
    assert presence.reconcile(shards, {GUILD, 7}, [GUILD], 6) == []
    assert presence.due(DAY_MS) == []

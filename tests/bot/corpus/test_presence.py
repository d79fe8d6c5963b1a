"""Who is in which server, as rows of either kind of ledger."""

from __future__ import annotations

from bot.discord.corpus.presence import Presence
from bot.discord.shards import Shards
from retrieval.ledger.ledger import Ledger

ONE, OTHER = 2**61, 2**61 + 1
GUILD, ELSEWHERE = 2**62, 2**62 + 1
DAY_MS = 86_400_000


def test_the_time_of_a_server_begins_with_the_last_application_that_leaves(ledger: Ledger) -> None:
    presence = Presence(ledger)
    for application in (ONE, OTHER):
        presence.entered(application, GUILD)

    assert (presence.left(ONE, GUILD, 10), presence.due(10)) == (False, [])
    assert (presence.left(OTHER, GUILD, 20), presence.due(19), presence.due(20)) == (True, [], [GUILD])
    assert (presence.left(OTHER, GUILD, 30), Presence(ledger).due(20)) == (True, [GUILD])
    assert (presence.closed(GUILD), presence.closed(GUILD), presence.due(99)) == (True, False, [])


def test_a_process_speaks_for_what_it_sees(ledger: Ledger) -> None:
    presence, shards = Presence(ledger), Shards(ONE)
    presence.entered(OTHER, ELSEWHERE)

    assert presence.reconcile(shards, {GUILD}, [GUILD, ELSEWHERE, 7], 0) == [7]
    assert (presence.due(DAY_MS - 1), presence.due(DAY_MS)) == ([], [7])
    assert presence.reconcile(shards, set(), [GUILD], 5) == [GUILD]
    assert presence.due(5) == [GUILD]
    assert presence.reconcile(shards, {GUILD, 7}, [GUILD], 6) == []
    assert presence.due(DAY_MS) == []

"""What outlives a process of the bot: who waits for which job, which servers were left, what a preview showed."""

from __future__ import annotations

import pytest

from bot.corpus.drafts import LIFETIME_MS, Draft, Drafts, take
from bot.corpus.watching import Departures, Watch, Watches, watch
from retrieval.ingest import Upload
from retrieval.ledger.ledger import Ledger

ANA = Watch(job=1, scope="guild:5", user=2**61, guild=2**62, channel=None, language="en")


def test_who_waits_is_known_to_the_next_process_until_they_were_told(ledger: Ledger) -> None:
    watches = Watches(ledger)
    with ledger.write() as connection:
        watch(connection, ANA)
        watch(connection, Watch(2, "guild:6", 3, None, None, "ja"))

    waiting = Watches(ledger).all()
    watches.told(1)
    watches.forget_scope("guild:6")

    assert [each.job for each in waiting] == [1, 2]
    assert waiting[0] == ANA
    assert watches.all() == []


def test_nobody_waits_for_a_job_that_was_not_queued(ledger: Ledger) -> None:
    watches = Watches(ledger)

    def fail() -> None:
        with ledger.write() as connection:
            watch(connection, ANA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert watches.all() == []


def test_of_several_departures_the_first_counts_until_the_bot_returns(ledger: Ledger) -> None:
    departures = Departures(ledger)
    departures.left(2**62, 1_700_000_000_000)
    departures.left(2**62, 1_800_000_000_000)

    assert Departures(ledger).all() == {2**62: 1_700_000_000_000}
    assert (departures.returned(2**62), departures.returned(2**62)) == (True, False)
    assert departures.all() == {}


def test_a_draft_is_taken_once_with_its_files(ledger: Ledger) -> None:
    drafts = Drafts(ledger)
    draft = Draft(
        "d" * 12, "ingest", "guild:5", 2**61, 2**62, 1_700_000_000_000, {"paths": ["ä\u2028"]},
        documents=("talks",), files=(Upload("talks.txt", b"\x00\xff1. Words"),),
    )  # fmt: skip
    drafts.add(draft)

    assert Drafts(ledger).get(draft.id, files=True) == draft
    with ledger.write() as connection:
        assert (take(connection, draft.id), take(connection, draft.id)) == (True, False)
    assert drafts.get(draft.id) is None


def test_only_the_latest_drafts_of_one_person_are_kept_and_none_longer_than_an_hour(ledger: Ledger) -> None:
    drafts = Drafts(ledger)
    made = [Draft(f"{n:012x}", "remove", "shared", 5, None, n, {}) for n in range(7)]
    for draft in made:
        drafts.add(draft)
    kept = [draft.at for draft in made if drafts.get(draft.id)]

    drafts.add(Draft("f" * 12, "remove", "shared", 6, None, LIFETIME_MS + 4, {}))

    assert kept == [2, 3, 4, 5, 6]
    assert [draft.at for draft in made if drafts.get(draft.id)] == [4, 5, 6]

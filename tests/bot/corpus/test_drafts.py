"""Previews that wait for a click: one row each, taken once."""

from __future__ import annotations

from bot.discord.corpus.drafts import LIFETIME_MS, Draft, Drafts, take
from retrieval.ingest import Upload
from retrieval.ledger.ledger import Ledger


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

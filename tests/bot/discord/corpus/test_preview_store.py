"""Previews that wait for a click: one row each, taken once."""

from __future__ import annotations

from bot.discord.corpus.preview_store import LIFETIME_MS, Preview, PreviewStore, take
from retrieval.ingest import Upload
from retrieval.ledger import Ledger


def test_a_draft_is_taken_once_with_its_files(ledger: Ledger) -> None:
    previews = PreviewStore(ledger)
    preview = Preview(
        "d" * 12, "ingest", "guild:5", 2**61, 2**62, 1_700_000_000_000, {"paths": ["ä\u2028"]},
        documents=("talks",), files=(Upload("talks.txt", b"\x00\xff1. Words"),),
    )  # fmt: skip
    previews.add(preview)

    assert PreviewStore(ledger).get(preview.id, files=True) == preview
    with ledger.write() as connection:
        assert (take(connection, preview.id), take(connection, preview.id)) == (True, False)
    assert previews.get(preview.id) is None


def test_only_the_latest_drafts_of_one_person_are_kept_and_none_longer_than_an_hour(ledger: Ledger) -> None:
    previews = PreviewStore(ledger)
    made = [Preview(f"{n:012x}", "remove", "shared", 5, None, n, {}) for n in range(7)]
    for preview in made:
        previews.add(preview)
    kept = [preview.at for preview in made if previews.get(preview.id)]

    previews.add(Preview("f" * 12, "remove", "shared", 6, None, LIFETIME_MS + 4, {}))

    assert kept == [2, 3, 4, 5, 6]
    assert [preview.at for preview in made if previews.get(preview.id)] == [4, 5, 6]

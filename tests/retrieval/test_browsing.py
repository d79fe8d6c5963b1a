"""Lists and look-ups over the shipped corpus."""

from __future__ import annotations

from retrieval.bootstrap import Services


def test_a_readout_named_in_capitals_lists_the_same_initiatives(shipped: Services) -> None:
    listed = shipped.browser.initiatives(document="asean-japan-2022-06-22")

    assert listed
    assert shipped.browser.initiatives(document="ASEAN-Japan-2022-06-22") == listed


def test_an_id_in_two_scopes_lists_the_initiatives_of_the_later_scope_once(services: Services) -> None:
    services.ingesting.ingest()
    changed = services.settings.store_dir / "asean-japan-2022-06-22.txt"
    changed.write_text("Their own notes\n\n1. Norland will host a seminar on reefs.\n", encoding="utf-8")
    services.ingesting.ingest([changed], scope="guild:1")

    found = services.browser.initiatives(("shared", "guild:1"))

    (listed,) = found
    assert listed.readout.scope == "guild:1"
    assert "seminar on reefs" in listed.initiative.name

"""Lists and look-ups over the shipped corpus."""

from __future__ import annotations

from retrieval.bootstrap import Services


def test_a_readout_named_in_capitals_lists_the_same_initiatives(shipped: Services) -> None:
    listed = shipped.browser.initiatives(document="asean-japan-2022-06-22")

    assert listed
    assert shipped.browser.initiatives(document="ASEAN-Japan-2022-06-22") == listed

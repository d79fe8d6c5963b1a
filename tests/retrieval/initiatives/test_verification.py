"""The one check, whoever extracted the entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.initiatives import verified, verify
from retrieval.models import Evidence, Initiative, InitiativeCitation, Paragraph, Readout, Rejected

TEXT = "Norland will hold a tidal seminar."
READOUT = Readout("northport", "Northport", (Paragraph("7", TEXT),))
ENTRY = Initiative(
    "Tidal seminar", "new", "Norland", None, (InitiativeCitation("7", Evidence.of(TEXT, 0, 33)),)
)


def test_an_entry_whose_words_stand_in_its_paragraph_holds() -> None:
    assert verify(ENTRY, READOUT) is None


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (replace(ENTRY, name=" "), "it has no name"),
        (replace(ENTRY, kind="welcomed"), "'welcomed' is not a kind of initiative"),
        (replace(ENTRY, citations=()), "it cites no paragraph"),
        (
            replace(ENTRY, citations=(InitiativeCitation("8", Evidence(0, 7, "Norland")),)),
            "there is no paragraph 8 in northport",
        ),
        (
            replace(ENTRY, citations=(InitiativeCitation("7", Evidence(0, 7, "Estmark")),)),
            "its quote is not in ¶7 of northport",
        ),
        (
            replace(ENTRY, citations=(InitiativeCitation("7", Evidence(30, 99, TEXT[30:])),)),
            "its quote is not in ¶7 of northport",
        ),
    ],
    ids=["no name", "no kind", "no citation", "no such paragraph", "other words", "past the end"],
)
def test_an_entry_that_does_not_hold_says_why(entry: Initiative, reason: str) -> None:
    assert verify(entry, READOUT) == reason


def test_entries_that_fail_are_kept_apart_with_their_reason() -> None:
    bad = replace(ENTRY, name="Invented", citations=())

    assert verified([ENTRY, bad], READOUT) == ((ENTRY,), (Rejected("Invented", "it cites no paragraph"),))

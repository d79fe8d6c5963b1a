"""Minimal pairs: a faithful statement is let through, its altered twin is not.

The pairs are those of `bench/pairs` that the checks were developed on; `bench/verification.py` measures the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.verification import PAIRS, SETS, paragraphs_of, rows_of, verified
from retrieval.answering.verification import Outcome

READOUTS = {
    readout["id"]: paragraphs_of(readout) for _, name in SETS for readout in rows_of(Path(PAIRS) / name)
}
TUNED = [row for name, _ in SETS for row in rows_of(Path(PAIRS) / name) if row["split"] == "tuned"]
KNOWN_TO_SLIP = 1
"""Altered statements of the second set that go through; never raise it."""


def test_every_faithful_statement_is_let_through() -> None:
    faithful = [row for row in TUNED if row["alteration"] is None]
    rejected = {
        row["id"]: checked.reasons
        for row in faithful
        if (checked := verified(row, READOUTS[row["document"]])).outcome is Outcome.REJECTED
    }

    assert len(faithful) > 100
    assert rejected == {}


def test_altered_statements_are_rejected_with_a_reason() -> None:
    altered = [row for row in TUNED if row["alteration"] is not None]
    checked = [verified(row, READOUTS[row["document"]]) for row in altered]
    slipped = [
        row["claim"] for row, c in zip(altered, checked, strict=True) if c.outcome is not Outcome.REJECTED
    ]

    assert len(altered) > 100
    assert len(slipped) <= KNOWN_TO_SLIP, slipped
    assert all(c.reasons for c in checked if c.outcome is Outcome.REJECTED)


def _row(claim: str, quote: str) -> dict[str, Any]:
    return {"claim": claim, "evidence": [quote], "paragraphs": ["1"]}


TEXT = (
    "The Ministers welcomed the progress of the Harbour Pilots Programme and urged Estmark to release 12 vessels "
    "before 3 May 2024. Norland may open a ferry line in November."
)
PARAGRAPHS = paragraphs_of(
    {"id": "d", "title": "Ferry Dialogue", "paragraphs": [{"number": "1", "text": TEXT}]}
)
FIRST = TEXT.partition(". ")[0]
LAST = TEXT.partition(". ")[2]


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The Ministers agreed on the Harbour Pilots Programme.", FIRST),
        ("The Ministers criticised the progress of the Harbour Pilots Programme.", FIRST),
        ("The Ministers urged Estmark to release 21 vessels before 3 May 2024.", FIRST),
        ("The Ministers urged Estmark to release 12 vessels before 13 May 2024.", FIRST),
        ("The Ministers urged Norland to release 12 vessels.", FIRST),
        ("Estmark released 12 vessels before 3 May 2024.", FIRST),
        ("Estmark urged the Ministers to release 12 vessels.", FIRST),
        ("Norland will open a ferry line in November.", LAST),
        ("Norland opened a ferry line in November.", LAST),
        ("Norland will not open a ferry line in November.", LAST),
        ("Norland may close a ferry line in November.", LAST),
    ],
)
def test_a_changed_verb_number_date_name_or_actor_is_caught(claim: str, quote: str) -> None:
    assert verified(_row(claim, quote), PARAGRAPHS).outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The Ministers welcomed the progress of the Harbour Pilots Programme.", FIRST),
        ("They urged Estmark to release twelve vessels before May 3, 2024.", FIRST),
        ("Norland may open a ferry line in November.", LAST),
        ("A ferry line may be opened by Norland in November.", LAST),
    ],
)
def test_other_words_for_the_same_are_let_through(claim: str, quote: str) -> None:
    checked = verified(_row(claim, quote), PARAGRAPHS)

    assert checked.outcome is Outcome.VERIFIED, checked.reasons
    assert checked.statement is not None
    assert [c.evidence.quote for c in checked.statement.citations] == [quote]

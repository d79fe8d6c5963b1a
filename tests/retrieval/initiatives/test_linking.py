"""The same initiative in several readouts."""

from __future__ import annotations

import pytest

from retrieval.initiatives import AlsoIn, link
from retrieval.models import Evidence, Initiative, InitiativeCitation

DATES = {"first": "2030-01-01", "second": "2031-01-01", "undated": None}


def entry(name: str, paragraph: str = "1") -> Initiative:
    return Initiative(name, "new", None, None, (InitiativeCitation(paragraph, Evidence(0, 1, "x")),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("11th Norland-Estmark Ferry Forum", "12th Estmark-Norland Ferry Forum"),
        ("Norland Harbour Defence Programme", "Norland Harbor Defense Program".replace("Harbor", "Harbour")),
        ("Clean Harbours Partnership (CHP)", "CHP"),
        ("Clean Harbours Partnership (CHP)", "Clean Harbour Partnerships"),
    ],
    ids=["ordinal and order", "spelling", "acronym", "plural"],
)
def test_two_names_of_one_initiative_link(one: str, other: str) -> None:
    links = link({"first": [entry(one)], "second": [entry(other, "4")]}, dates=DATES)

    assert links == {"first": ((AlsoIn("second", "4"),),), "second": ((AlsoIn("first", "1"),),)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Working group", "Working group"),
        ("Maritime cooperation", "Maritime cooperation"),
        ("Joint Working Group", "Joint Working Group"),
        ("Harbour Vision", "Harbour Vision 2.0"),
        ("Comprehensive Norland Partnership", "Norland Partnership on Ferries"),
    ],
)
def test_generic_and_merely_similar_names_do_not_link(one: str, other: str) -> None:
    links = link({"first": [entry(one)], "second": [entry(other)]}, dates=DATES)

    assert links == {"first": ((),), "second": ((),)}


def test_an_acronym_with_two_meanings_links_nothing_by_itself() -> None:
    lists = {
        "first": [entry("Clean Harbours Partnership (CHP)")],
        "second": [entry("Coastal Heritage Programme (CHP)")],
        "undated": [entry("CHP")],
    }

    assert link(lists, dates=DATES)["undated"] == ((),)


def test_links_are_in_order_of_date_and_undated_readouts_come_last() -> None:
    lists = {
        name: [entry("Norland Ferry Forum", paragraph)]
        for name, paragraph in zip(("undated", "second", "first"), "321", strict=True)
    }

    assert link(lists, dates=DATES)["second"] == ((AlsoIn("first", "1"), AlsoIn("undated", "3")),)

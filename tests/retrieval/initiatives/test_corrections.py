"""`NAME.meta.toml` adds, removes and rewords; a quote that is gone is reported."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from retrieval.initiatives.corrections import Correction, apply_corrections, parse_corrections
from retrieval.models import Evidence, Initiative, InitiativeCitation, Paragraph, Readout

TEXT = "Norland will hold Estmark’s tidal seminar. Estmark will build a lighthouse."
READOUT = Readout("northport", "Northport", (Paragraph("7", TEXT), Paragraph("8", "They dined.")))
SEMINAR = Initiative("Seminar", "new", "Norland", None, (InitiativeCitation("7", Evidence.of(TEXT, 0, 41)),))


def test_the_three_tables_are_read_from_toml() -> None:
    table = tomllib.loads("""
        [[initiatives.add]]
        paragraph = "7"
        quote = "Estmark will build a lighthouse"
        name = "Lighthouse"
        kind = "new"
        [[initiatives.remove]]
        paragraph = "7"
        quote = "tidal seminar"
        [[initiatives.reword]]
        paragraph = "7"
        quote = "tidal seminar"
        new_name = "Tidal seminar"
    """)

    assert parse_corrections(table["initiatives"]) == (
        (
            Correction("add", "7", "Estmark will build a lighthouse", name="Lighthouse", kind="new"),
            Correction("remove", "7", "tidal seminar"),
            Correction("reword", "7", "tidal seminar", new_name="Tidal seminar"),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"drop": []}, "initiatives.drop is not a correction; use add, remove or reword."),
        ({"add": {}}, "initiatives.add must be a list of tables: write [[initiatives.add]]."),
        ({"remove": ["7"]}, "initiatives.remove number 1 is not a table."),
        ({"remove": [{"paragraph": "7"}]}, "initiatives.remove number 1 lacks 'quote'."),
        (
            {"remove": [{"paragraph": 7, "quote": "x"}]},
            "initiatives.remove number 1 has a value that is not text.",
        ),
        ({"remove": [{"pargraph": "7"}]}, "initiatives.remove number 1 has the unknown key 'pargraph'."),
        (
            {"add": [{"paragraph": "7", "quote": "x", "name": "x", "kind": "novel"}]},
            "initiatives.add number 1 has the kind 'novel', which is none of new, continuing, resumed, "
            "framework, support, request.",
        ),
        (
            {"reword": [{"paragraph": "7", "quote": "x"}]},
            "initiatives.reword number 1 changes nothing: give new_name, kind, actor or when.",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_reported(table: dict[str, object], problem: str) -> None:
    assert parse_corrections(table) == ((), (problem,))


def test_an_added_entry_stands_in_reading_order_with_its_evidence() -> None:
    lighthouse = Correction(
        "add", "7", "Estmark will build a lighthouse", "Lighthouse", kind="new", actor="Estmark"
    )

    entries, problems = apply_corrections([SEMINAR], [lighthouse], READOUT)

    citation = InitiativeCitation("7", Evidence.of(TEXT, 43, 74))
    assert entries == (SEMINAR, Initiative("Lighthouse", "new", "Estmark", None, (citation,)))
    assert problems == ()


def test_a_removed_entry_is_gone() -> None:
    assert apply_corrections([SEMINAR], [Correction("remove", "7", "tidal seminar")], READOUT) == ((), ())


def test_a_reworded_entry_keeps_its_evidence_and_what_is_not_named() -> None:
    reword = Correction("reword", "7", "hold", new_name="Tidal seminar", kind="continuing", actor="")

    entries, problems = apply_corrections([SEMINAR], [reword], READOUT)

    assert entries == (replace(SEMINAR, name="Tidal seminar", kind="continuing", actor=None),)
    assert problems == ()


def test_straight_marks_in_a_quote_find_curly_ones_in_the_text() -> None:
    assert apply_corrections([SEMINAR], [Correction("remove", "7", "Estmark's  tidal")], READOUT) == ((), ())


@pytest.mark.parametrize(
    ("correction", "problem"),
    [
        (
            Correction("remove", "7", "glacier seminar", name="Seminar"),
            "The correction that would remove “Seminar” quotes words that are no longer in ¶7 of northport: "
            "“glacier seminar”.",
        ),
        (
            Correction("remove", "9", "tidal seminar"),
            "The correction that would remove an entry names ¶9, which northport does not have.",
        ),
        (
            Correction("remove", "8", "dined"),
            "The correction that would remove an entry matches no entry of ¶8 in northport.",
        ),
        (
            Correction("remove", "7", "tidal seminar", name="Forum"),
            "The correction that would remove “Forum” matches no entry of ¶7 in northport.",
        ),
    ],
    ids=["quote gone", "no such paragraph", "no entry there", "no entry of that name"],
)
def test_a_correction_that_finds_nothing_changes_nothing_and_is_reported(
    correction: Correction, problem: str
) -> None:
    assert apply_corrections([SEMINAR], [correction], READOUT) == ((SEMINAR,), (problem,))

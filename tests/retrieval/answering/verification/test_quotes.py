"""A quote is where it says it is, is put where it stands, or is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.verification import Draft, DraftCitation, Outcome, Shown, verify
from retrieval.answering.verification.quotes import locate, locate_cut
from tests.fakes import paragraph

TEXT = "Japan will hold a “seminar” — in Tokyo — on the 5th of May, and the parties’ experts will attend it."
OTHER = "The parties will meet again in Norhaven next year to review what was done."
SHOWN = (Shown("P1", paragraph(number="1", text=TEXT)), Shown("P2", paragraph(number="2", text=OTHER)))


@pytest.mark.parametrize(
    "quote",
    [
        "Japan will hold a “seminar” — in Tokyo",
        'Japan will hold a "seminar" - in Tokyo',
        "japan  will hold\na ‘seminar’ – in Tokyo",
        "the parties' experts will attend it",
        "Japan will hold a “seminar” … the parties’ experts will attend it",
        "Japan will hold a “seminar” [...] the parties’ experts will attend it",
    ],
    ids=["exact", "ascii", "spaces and case", "apostrophe", "elision", "bracketed elision"],
)
def test_typography_and_elisions_make_no_difference_and_the_stored_words_are_shown(quote: str) -> None:
    located = locate(quote, TEXT)

    assert located is not None
    assert located.cut is None
    for evidence in located.evidence:
        assert TEXT[evidence.start : evidence.end] == evidence.quote


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " ",
        "…",
        "apan will hold",
        "Japan will hold a sem",
        "the parties’ experts … Japan will hold",
        "Japan held",
    ],
    ids=["empty", "space", "elision", "half a word", "half a word at the end", "wrong order", "other words"],
)
def test_what_does_not_stand_there_is_not_found(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_invented_words_at_the_end_are_cut_if_enough_remains() -> None:
    located = locate_cut("The parties will meet again in Norhaven with a budget of ten billion", OTHER)

    assert located is not None
    assert [e.quote for e in located.evidence] == ["The parties will meet again in Norhaven"]
    assert located.cut == "with a budget of ten billion"


@pytest.mark.parametrize(
    "quote", ["The parties will invent all of the rest of this long quote", "The parties will meet"]
)
def test_a_quote_that_is_mostly_invented_or_too_short_to_cut_is_none(quote: str) -> None:
    assert locate_cut(f"{quote} entirely otherwise than it was ever written down", OTHER) is None


def test_a_quote_of_another_shown_paragraph_gets_its_number_and_says_so() -> None:
    checked = verify(
        Draft("The parties will meet again in Norhaven.", (DraftCitation("P1", "The parties will meet again in Norhaven"),)),
        SHOWN,
    )  # fmt: skip

    assert checked.outcome is Outcome.REPAIRED
    assert checked.statement is not None
    assert [c.paragraph for c in checked.statement.citations] == ["2"]
    assert "it stands in ¶2, which is cited instead" in checked.reasons[0]


@pytest.mark.parametrize("key", ["P3", "2", "¶2", "", "p"])
def test_a_key_that_was_not_shown_shows_nothing_by_itself(key: str) -> None:
    checked = verify(
        Draft("Norland won.", (DraftCitation(key, "Norland won every race of the year"),)), SHOWN
    )

    assert (checked.outcome, checked.statement) == (Outcome.REJECTED, None)
    assert "not a paragraph that was shown" in checked.reasons[0]


def test_a_quote_that_two_other_paragraphs_hold_is_nobodys() -> None:
    twins = (SHOWN[0], SHOWN[1], Shown("P3", paragraph(number="3", text=OTHER)))
    checked = verify(Draft("They meet again.", (DraftCitation("P1", "The parties will meet again"),)), twins)

    assert checked.outcome is Outcome.REJECTED
    assert "in several others (P2, P3)" in checked.reasons[0]


WORDS = st.sampled_from([*TEXT.split(), *OTHER.split(), "…", "“", "”", "-", "invented", "not", "12"])


@given(st.lists(WORDS, max_size=14).map(" ".join), st.sampled_from(["P1", "P2", "P3"]), st.text(max_size=40))
def test_whatever_is_quoted_evidence_is_always_the_words_at_its_place(
    quote: str, key: str, said: str
) -> None:
    checked = verify(Draft(said, (DraftCitation(key, quote),)), SHOWN)

    assert (checked.statement is None) is (checked.outcome is Outcome.REJECTED)
    for citation in checked.statement.citations if checked.statement else ():
        text = {"1": TEXT, "2": OTHER}[citation.paragraph]
        assert text[citation.evidence.start : citation.evidence.end] == citation.evidence.quote
        assert citation.evidence.quote.strip()

"""A phrase is found with its close variants, and never another phrase for it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from retrieval.comparison.tracing import Phrase


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("free and open Northern Sea", "a free, open and inclusive Northern Sea"),
        ("free and open Northern Sea", "A FREE AND OPEN NORTHERN SEA"),
        ("Harbour Reconstruction Fund", "the Harbor Reconstruction Fund"),
        ("free and open Indo-Pacific", "a free and open Indo Pacific"),
        ("自由で開かれた海", "自由で開かれた海を支持する"),
        ("UNCLOS", "in line with UNCLOS, including"),
    ],
    ids=["more words", "capitals", "spelling", "hyphen", "japanese", "one word"],
)
def test_a_variant_is_found(phrase: str, text: str) -> None:
    assert list(Phrase(phrase).find(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Working Group on Maritime Security", "the Working Group on Food Security"),
        ("free and open Northern Sea", "the Northern Sea. Free and open trade was discussed"),
        ("UNCLOS", "the Convention"),
        ("of the", "of the sea"),
    ],
    ids=["another name", "two sentences", "another word", "nothing to find"],
)
def test_another_phrase_is_not(phrase: str, text: str) -> None:
    assert not list(Phrase(phrase).find(text))


def test_uses_do_not_overlap_and_come_in_reading_order() -> None:
    text = "free and open seas, free and open seas and free and open seas"
    spans = [span for span, _ in Phrase("free and open seas").find(text)]

    assert [text[s:e] for s, e in spans] == ["free and open seas"] * 3
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_a_paragraph_with_a_variant_holds_a_term_of_every_group() -> None:
    phrase = Phrase("free and open Northern Sea")
    variant = {"free", "open", "sea"}  # one of four is missing, whichever

    assert all(variant & set(group) for group in phrase.groups({"sea": 1}))

"""What changed is said by content: an insertion is one new paragraph, and the rest got other numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.comparison.differences import diff_paragraphs
from retrieval.models import Paragraph

TEXTS = [
    "The ministers met in Port Alder and welcomed the opening of the canal.",
    "They agreed to share data on the level of the rivers every month.",
    "They noted the report on the school of pilots and thanked its authors.",
    "Norland will lend two ships to Estmark for the survey of the delta.",
]
NEW = "They decided to open a joint office in the port by the end of next year."


def numbered(texts: list[str]) -> list[Paragraph]:
    return [Paragraph(str(n), text) for n, text in enumerate(texts, 1)]


def test_an_inserted_paragraph_is_one_new_and_the_rest_are_renumbered() -> None:
    diff = diff_paragraphs(numbered(TEXTS), numbered([*TEXTS[:2], NEW, *TEXTS[2:]]))

    assert diff.numbers("added") == ("3",)
    assert [(c.was, c.number) for c in diff.changes if c.kind == "renumbered"] == [("3", "4"), ("4", "5")]
    assert not diff.numbers("changed")
    assert not diff.numbers("removed")


def test_a_word_that_changed_in_a_paragraph_that_moved_is_a_change_with_its_earlier_number() -> None:
    diff = diff_paragraphs(numbered(TEXTS[:2]), numbered([NEW, TEXTS[0], TEXTS[1].replace("month", "week")]))

    (changed,) = (c for c in diff.changes if c.kind == "changed")
    assert (changed.was, changed.number) == ("2", "3")


def test_a_paragraph_rewritten_under_its_number_is_changed() -> None:
    diff = diff_paragraphs(numbered(TEXTS[:1]), numbered([NEW]))

    assert [(c.kind, c.number, c.was) for c in diff.changes] == [("changed", "1", None)]


@given(st.lists(st.sampled_from(TEXTS)), st.lists(st.sampled_from([*TEXTS, NEW])))
def test_every_paragraph_of_both_revisions_is_told_of_once(before: list[str], after: list[str]) -> None:
    diff = diff_paragraphs(numbered(before), numbered(after))

    added, removed = len(diff.numbers("added")), len(diff.numbers("removed"))
    assert len(before) - removed == len(after) - added
    assert not diff.changes or before != after

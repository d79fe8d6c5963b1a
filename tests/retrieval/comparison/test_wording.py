"""Words that differ are spans of the texts themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.comparison.differences import changes, marked, pieces

PROSE = st.lists(
    st.sampled_from("the of and free open sea , . Norland Estmark 2024 第七回".split()), max_size=12
).map(" ".join)


@given(PROSE | st.text(max_size=40), PROSE | st.text(max_size=40))
def test_what_is_not_removed_is_the_later_text(before: str, after: str) -> None:
    assert "".join(piece.text for piece in pieces(before, after) if piece.kind != "removed") == after


@given(PROSE | st.text(max_size=40), PROSE | st.text(max_size=40))
def test_spans_are_in_order_and_inside_their_texts(before: str, after: str) -> None:
    for side, text in (("before", before), ("after", after)):
        position = 0
        for change in changes(before, after):
            start, end = getattr(change, side)
            assert position <= start <= end <= len(text)
            position = end


@given(PROSE)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert changes(text, text) == ()


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a free and open Sea", "a free, open and inclusive Sea", "a free[ and][+,] open [+and inclusive] Sea"),
        ("It met in Sund.", "It met in Port Alder.", "It met in [Sund][+Port Alder]."),
        ("We met twice in 2022.", "We met in 2022.", "We met [twice ]in 2022."),
        ("The “Dialogue”", "the \"dialogue\"", 'the "dialogue"'),
        ("第7回会議", "第8回会議", "第[7][+8]回会議"),
    ],
    ids=["phrase", "name", "left out", "case and quotation marks", "japanese"],
)  # fmt: skip
def test_the_longest_common_wording_is_kept(before: str, after: str, shown: str) -> None:
    marks = {"same": "{}", "removed": "[{}]", "added": "[+{}]"}
    assert "".join(marks[p.kind].format(p.text) for p in pieces(before, after)) == shown


def test_spans_over_several_paragraphs_stay_in_each() -> None:
    before, after = marked(["We met in Sund.", "We ate."], ["We met in Sund and ate fish."])

    assert all(0 <= s < e <= 15 for s, e in before[0])
    assert all(0 <= s < e <= 7 for s, e in before[1])
    assert after[0]

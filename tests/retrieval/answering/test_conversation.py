"""Follow-ups are understood from the conversation's own words, and nothing else is touched."""

from __future__ import annotations

import pytest

from retrieval.answering.conversation import resolve

MYANMAR = "What did Minister Kishi say about Myanmar?"


@pytest.mark.parametrize(
    ("question", "history", "resolved"),
    [
        ("and on cybersecurity?", [MYANMAR], "and on cybersecurity? Minister Kishi"),
        ("When was it held?", ["What is the 7th ASEAN-Japan meeting?"], "When was it held? 7th ASEAN-Japan"),
        ("Why?", [MYANMAR, "When?"], "Why? Kishi Myanmar"),
        ("Why?", ["what about the new seminar"], "Why? seminar"),
    ],
    ids=["replaces the end", "points back", "skips turns without a topic", "no names: its last words"],
)
def test_a_bare_question_gets_the_topic_that_was_named_last(
    question: str, history: list[str], resolved: str
) -> None:
    assert resolve(question, history) == resolved


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("Which initiatives did Japan announce on climate change?", [MYANMAR]),
        ("When?", []),
        ("When?", ["and then?", "why?"]),
        ("What did Kishi say?", ["Kishi?"]),
    ],
    ids=["names its topic", "nothing was said", "no topic was named", "the topic is in it already"],
)
def test_a_question_is_left_alone(question: str, history: list[str]) -> None:
    assert resolve(question, history) == question


def test_a_topic_that_would_make_the_question_too_long_stays_out() -> None:
    assert resolve("Why?", [MYANMAR], max_chars=8) == "Why?"

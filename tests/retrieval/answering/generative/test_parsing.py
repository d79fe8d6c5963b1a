"""Whatever form a reply has, what it states is read; and nothing makes reading fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.generative.parsing import MOST_DRAFTS, parse
from retrieval.llm.types import Reply

TEXT = "Japan will hold a seminar."
QUOTE = "Japan will hold a seminar on cybersecurity"
STATEMENT = {"text": TEXT, "citations": [{"key": "P2", "quote": QUOTE}]}
WHOLE = json.dumps({"statements": [STATEMENT]})

READABLE = {
    "line": f'[P2] {TEXT} ("{QUOTE}")',
    "curly quotes": f"[P2] {TEXT} (“{QUOTE}”)",
    "bullet": f'- [P2] {TEXT} "{QUOTE}"',
    "numbered": f'1. [P2] {TEXT} ("{QUOTE}")',
    "key at the end": f'{TEXT} "{QUOTE}" [P2]',
    "key in words": f'{TEXT} ("{QUOTE}") (paragraph P2)',
    "two lines": f'[P2] {TEXT}\n"{QUOTE}"',
    "lower case": f'[p2] {TEXT} ("{QUOTE}")',
    "labels": f'[P2] Statement: {TEXT} Quote: "{QUOTE}"',
    "json": WHOLE,
    "json in a fence": f"Here you are:\n```json\n{WHOLE}\n```",
    "json, cut off": f'{{"statements": [{json.dumps(STATEMENT)}, {{"text": "And',
    "bare list": json.dumps([STATEMENT]),
    "one citation, not in a list": json.dumps(
        {"statements": [{"statement": TEXT, "citation": {"paragraph": "P2", "quote": QUOTE}}]}
    ),
    "thinking first": f'<think>[P9] What "would they like to hear"?</think>[P2] {TEXT} ("{QUOTE}")',
    "another turn after": f'[P2] {TEXT} ("{QUOTE}")<|im_end|>[P3] More "of the same kind".',
}


@pytest.mark.parametrize("reply", READABLE.values(), ids=READABLE.keys())
def test_a_right_answer_is_read_in_every_form(reply: str) -> None:
    (parsed,) = parse(Reply(reply))

    assert parsed.draft.text.rstrip(".") == TEXT.rstrip(".")
    assert [(c.key, c.quote) for c in parsed.draft.citations] == [("P2", QUOTE)]


def test_fields_are_read_as_they_are() -> None:
    (parsed,) = parse(Reply("", {"statements": [STATEMENT | {"english": TEXT}]}))

    assert (parsed.draft.text, parsed.english) == (TEXT, TEXT)


def test_a_copied_sentence_is_its_own_quote() -> None:
    (parsed,) = parse(Reply(f"[P2] {QUOTE}."))

    assert (parsed.draft.text, parsed.draft.citations[0].quote) == (f"{QUOTE}.", f"{QUOTE}.")


def test_another_languages_line_carries_its_english() -> None:
    (parsed,) = parse(Reply(f'[P2] 日本はセミナーを開催する。 || {TEXT} ("{QUOTE}")'))

    assert (parsed.draft.text, parsed.english) == ("日本はセミナーを開催する。", TEXT)


@pytest.mark.parametrize(
    "reply", ["", "NONE", "none.", "I cannot answer that.", "{}", '{"statements": []}', "[]"]
)
def test_what_states_nothing_is_read_as_nothing(reply: str) -> None:
    assert parse(Reply(reply)) == ()


def test_a_flood_is_cut_off() -> None:
    assert (
        len(parse(Reply("\n".join(f"[P{n}] Words that number {n} of them." for n in range(1, 99)))))
        == MOST_DRAFTS
    )


@given(st.text(st.sampled_from('[]{}()"“”P123:,\\ \nab<>|/`'), max_size=400) | st.text(max_size=200))
def test_reading_never_fails(reply: str) -> None:
    for parsed in parse(Reply(reply)):
        assert parsed.draft.text.strip()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["statements", "text", "citations", "key", "quote", "english", "answer"]), inner, max_size=5), max_leaves=20))  # fmt: skip
def test_reading_fields_never_fails(value: object) -> None:
    parse(Reply("", value if isinstance(value, dict) else {"statements": value}))

"""Every token of a paragraph is tagged once, however long its sentences are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from retrieval.index.encoder import MODEL_DIR
from retrieval.initiatives.tagging import CAPITAL, LOWER, UPPER, WINDOW_TOKENS, lead_in, windows
from retrieval.language.sentences import sentence_spans
from retrieval.model_files import open_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    opened = open_tokenizer(MODEL_DIR)
    opened.no_truncation()
    return opened


@settings(deadline=None)
@given(text=st.text(max_size=600) | st.text("ab. ", max_size=1_500), before=st.text(max_size=80))
def test_windows_hold_every_token_once_and_fit_the_network(
    tokenizer: Tokenizer, text: str, before: str
) -> None:
    cut = list(windows(tokenizer, text, sentence_spans(text), before))

    assert [span for window in cut for span in window.offsets] == (
        tokenizer.encode(text, add_special_tokens=False).offsets
    )
    assert all(len(window.token_ids) == len(window.type_ids) <= WINDOW_TOKENS for window in cut)
    assert all(len(w.token_ids) == w.first + len(w.offsets) + 1 for w in cut)


def test_a_sentence_is_split_only_where_it_fits_no_window(tokenizer: Tokenizer) -> None:
    text = "Norland will hold a seminar on reefs. " * 40
    sentences = sentence_spans(text)

    starts = {window.offsets[0][0] for window in windows(tokenizer, text, sentences)}

    assert len(starts) > 1
    assert starts <= {start for start, _ in sentences}


def test_the_case_of_words_is_told_apart(tokenizer: Tokenizer) -> None:
    (window,) = windows(tokenizer, "reefs Norland ASEAN", [(0, 19)])
    tagged = window.type_ids[window.first : -1]

    assert [tagged[0], *sorted(set(tagged), key=tagged.index)] == [LOWER, LOWER, CAPITAL, UPPER]


def test_a_lead_in_holds_until_the_next_one() -> None:
    assert lead_in("", "The leaders:") == "The leaders:"
    assert lead_in("The leaders:", "launched a fund;") == "The leaders:"
    assert lead_in("The leaders:", "Climate") == "Climate"

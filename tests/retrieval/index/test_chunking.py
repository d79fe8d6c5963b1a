"""Long paragraphs are split between sentences, and no word of them goes unseen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.index.encoder import Encoder, chunk_spans, embedding_text, title_for_embedding

ENCODER = Encoder()
SENTENCE = (
    "The Ministers welcomed the progress made in maritime security, disaster relief and cyber cooperation."
)

_PLAIN = "The Ministers welcomed U.S. disaster-relief … ¶ 日本 協力。 e.g., (1) end. Why? “Yes!” ; , 1,500"
_WORDS = st.sampled_from([*_PLAIN.split(), "No. 7", "antidisestablishmentarianism", "x" * 40, "\n", "\u00a0"])
TEXTS = st.one_of(
    st.lists(_WORDS, max_size=700).map(" ".join),
    st.lists(_WORDS, max_size=300).map("".join),
    st.text(max_size=1_500),
)


def _spans(title: str, text: str) -> list[tuple[int, int]]:
    return chunk_spans(title, text, count_tokens=ENCODER.count_tokens, max_tokens=ENCODER.max_text_tokens)


@settings(max_examples=40, deadline=None)
@given(title=st.sampled_from(["", "Joint statement", SENTENCE * 3, "Very " * 400]), text=TEXTS)
@example(title="Joint statement", text=SENTENCE * 60)
@example(title="", text="x" * 3_000)
@example(title="", text="協力" * 900)
def test_chunks_cover_every_word_in_order_and_fit_the_window(title: str, text: str) -> None:
    spans = _spans(title, text)

    covered = [False] * len(text)
    for start, end in spans:
        covered[start:end] = [True] * (end - start)
    unseen = "".join(c for c, seen in zip(text, covered, strict=True) if not seen)
    assert unseen.strip() == ""
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    shown = title_for_embedding(title, count_tokens=ENCODER.count_tokens, max_tokens=ENCODER.max_text_tokens)
    tokens = [ENCODER.count_tokens(embedding_text(shown, text[start:end])) for start, end in spans]
    assert all(count <= ENCODER.max_text_tokens for count in tokens)


def test_a_paragraph_that_fits_is_one_chunk() -> None:
    assert _spans("Joint statement", SENTENCE) == [(0, len(SENTENCE))]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join([SENTENCE] * 40)

    chunks = [text[start:end] for start, end in _spans("Joint statement", text)]

    assert len(chunks) > 1
    assert all(chunk.startswith("The Ministers") and chunk.endswith("cooperation.") for chunk in chunks)
    assert " ".join(chunks) == text


def test_a_title_is_embedded_whole_unless_it_would_crowd_out_the_text() -> None:
    def shown(title: str) -> str:
        return title_for_embedding(
            title, count_tokens=ENCODER.count_tokens, max_tokens=ENCODER.max_text_tokens
        )

    assert shown("Joint statement") == "Joint statement"
    assert shown("peace " * 200) == " ".join(["peace"] * (ENCODER.max_text_tokens // 4))


@pytest.mark.parametrize(
    ("title", "expected"), [("", "text"), ("Title", "Title\n\ntext")], ids=["no title", "title"]
)
def test_text_to_embed_carries_the_title(title: str, expected: str) -> None:
    assert embedding_text(title, "text") == expected

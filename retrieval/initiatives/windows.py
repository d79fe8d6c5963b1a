"""A paragraph as the tagger reads it: runs of whole sentences, with what came before as context."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WINDOW_TOKENS = 192
"""Tokens of one run of the model, context and special tokens included."""

CONTEXT_TOKENS = 16
"""Of these at most so many are what came before: in the paragraph, or its heading or lead-in."""

CLS, SEP = 101, 102
"""The word pieces `[CLS]` and `[SEP]` of BERT's vocabulary, which the encoder's tokenizer has."""

CONTEXT, LOWER, CAPITAL, UPPER = range(4)
SEGMENTS = 4
"""Segments. The vocabulary knows no case, and a capital is half of what makes a name a name."""

_SPECIAL_TOKENS = 3
_LEAD_IN_CHARS = 200
_ENDINGS = (".", "!", "?", ";", ",", "”", '"', " and")


@dataclass(frozen=True, slots=True)
class Window:
    """One run of the model: `[CLS] context [SEP] tagged tokens [SEP]`.

    Attributes:
        token_ids: All of it.
        type_ids: For every token its segment: `CONTEXT`, or the case of the tagged token's word.
        first: Index of the first tagged token in `token_ids`.
        offsets: Half-open span of the paragraph for every tagged token.
    """

    token_ids: list[int]
    type_ids: list[int]
    first: int
    offsets: list[tuple[int, int]]


def windows(
    tokenizer: Tokenizer, text: str, sentences: Sequence[tuple[int, int]], lead_in: str = ""
) -> Iterator[Window]:
    """Cut a paragraph into windows that together tag every token of its sentences once.

    A sentence is split only where it does not fit a window by itself.

    Args:
        tokenizer: Without truncation and padding.
        sentences: Half-open spans of `text`, in reading order.
        lead_in: What the paragraph stands under; context of its first window.
    """
    encoded = tokenizer.encode(text, add_special_tokens=False)
    ids, offsets = encoded.ids, encoded.offsets
    cases = _cases(text, offsets)
    context = tokenizer.encode(lead_in, add_special_tokens=False).ids[-CONTEXT_TOKENS:] if lead_in else []
    for start, end in _runs(offsets, sentences):
        before = ids[max(0, start - CONTEXT_TOKENS) : start] if start else context
        first = len(before) + 2
        types = [*[CONTEXT] * first, *cases[start:end], CONTEXT]
        yield Window([CLS, *before, SEP, *ids[start:end], SEP], types, first, offsets[start:end])


def lead_in(before: str, text: str) -> str:
    """What the paragraph after `text` stands under, where `text` itself stood under `before`.

    A paragraph that no mark ends is a heading, or leads in a list; it holds until the next one.
    """
    plain = text.rstrip()
    return before if plain.endswith(_ENDINGS) else plain[-_LEAD_IN_CHARS:]


def _runs(
    offsets: Sequence[tuple[int, int]], sentences: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Half-open spans of tokens, each of whole sentences where they fit."""
    room = WINDOW_TOKENS - CONTEXT_TOKENS - _SPECIAL_TOKENS
    start = end = 0
    starts = [token_start for token_start, _ in offsets]
    for boundary in [*(bisect_left(starts, end) for _, end in sentences), len(offsets)]:
        if boundary - start > room and end > start:
            yield start, end
            start = end
        while boundary - start > room:
            yield start, start + room
            start += room
        end = boundary
    if end > start:
        yield start, end


def _cases(text: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The segment of every token: how its word is written."""
    cases: list[int] = []
    for word in words_of(text, offsets):
        written = text[offsets[word[0]][0] : offsets[word[-1]][1]]
        case = CAPITAL if written[:1].isupper() else LOWER
        cases += [UPPER if len(written) > 1 and written.isupper() else case] * len(word)
    return cases


def words_of(text: str, offsets: Sequence[tuple[int, int]]) -> list[range]:
    """Group the tokens of a text into words: a mention never ends inside one."""
    words: list[range] = []
    for token, (start, end) in enumerate(offsets):
        touches = words and start == offsets[token - 1][1]
        if touches and text[start - 1 : start].isalnum() and text[start:end][:1].isalnum():
            words[-1] = range(words[-1].start, token + 1)
        else:
            words.append(range(token, token + 1))
    return words

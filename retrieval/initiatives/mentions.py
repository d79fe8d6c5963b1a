"""Logits of the tagger -> spans: where a mention starts and ends, its kind, its actor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.initiatives.naming import CLOSED_CLASS
from retrieval.initiatives.windows import words_of
from retrieval.models import InitiativeKind

Logits = NDArray[np.float32]

KINDS: tuple[InitiativeKind, ...] = ("new", "continuing", "resumed", "framework", "support", "request")

OUTPUTS = 3 + 3 + len(KINDS)
"""Logits of a token: outside, begin and inside of a mention; the same of an actor; the kinds."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities that decide; fitted by cross-validation when the tagger is trained.

    Attributes:
        member: A word inside a mention belongs to it from here on.
        sure: Its first and its last word are at least as sure as this.
        split: A word inside a mention begins another from here on.
    """

    member: float = 0.4
    sure: float = 0.5
    split: float = 0.5


_ACTOR = Thresholds(0.5, 0.5, 0.5)
_COMPOUND = re.compile(r"\w+(?:[-‐‑–]\w+)+")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that speaks of an initiative; spans are half-open, in characters of the paragraph.

    Attributes:
        sentence: The span of the sentence that holds it.
        kind: What the words around it say.
        actor: Span of who does it, or None.
    """

    paragraph: str
    start: int
    end: int
    sentence: tuple[int, int]
    kind: InitiativeKind
    actor: tuple[int, int] | None = None


def decode(
    logits: Logits,
    offsets: Sequence[tuple[int, int]],
    text: str,
    sentences: Sequence[tuple[int, int]],
    limits: Thresholds,
    paragraph: str = "",
) -> Iterator[Mention]:
    """Yield the mentions of a paragraph, in reading order; none reaches over the end of a sentence.

    Args:
        logits: float32, (n_tokens, OUTPUTS).
        offsets: Span of `text` for every token.
        sentences: Half-open spans of `text`, in reading order.
        paragraph: Its number.
    """
    words = words_of(text, offsets)
    members, parties = softmax(logits[:, :3]), softmax(logits[:, 3:6])
    for sentence in sentences:
        own = [word for word in words if sentence[0] <= offsets[word.start][0] < sentence[1]]
        actors = [span for _, span in _spans(parties, own, offsets, text, _ACTOR)]
        for tokens, (start, end) in _spans(members, own, offsets, text, limits):
            kind = KINDS[int(logits[tokens.start : tokens.stop, 6:].mean(axis=0).argmax())]
            yield Mention(paragraph, start, end, sentence, kind, _actor_of((start, end), actors))


def _spans(
    probabilities: Logits,
    words: Sequence[range],
    offsets: Sequence[tuple[int, int]],
    text: str,
    limits: Thresholds,
) -> Iterator[tuple[range, tuple[int, int]]]:
    """Token ranges and character spans of what `probabilities` mark in one sentence; no "ASEAN-Japan" is cut."""
    compounds = [found.span() for found in _COMPOUND.finditer(text)]
    for group in _groups(probabilities, words, limits):
        if not group:
            continue
        tokens = range(group[0].start, group[-1].stop)
        sure = [place for place, word in enumerate(group) if 1 - probabilities[word[0], 0] >= limits.sure]
        group = group[sure[0] : sure[-1] + 1] if sure else []
        while group and text[offsets[group[-1][0]][0] : offsets[group[-1][-1]][1]] in CLOSED_CLASS:
            group.pop()
        if not group:
            continue
        span = trimmed(text, offsets[group[0].start][0], offsets[group[-1].stop - 1][1])
        if span is not None:
            start = next((a for a, b in compounds if a < span[0] < b), span[0])
            yield tokens, (start, next((b for a, b in compounds if a < span[1] < b), span[1]))


def _actor_of(mention: tuple[int, int], actors: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The nearest actor before a mention, or else the first of the sentence; none that overlaps it."""
    apart = [a for a in actors if a[1] <= mention[0] or a[0] >= mention[1]]
    before = [a for a in apart if a[1] <= mention[0]]
    return before[-1] if before else next(iter(apart), None)


def _groups(probabilities: Logits, words: Sequence[range], limits: Thresholds) -> Iterator[list[range]]:
    """Runs of words that may be a mention; some are empty."""
    group: list[range] = []
    for word in words:
        outside, begin, _ = probabilities[word.start]
        if 1 - outside < limits.member or (group and begin >= limits.split):
            yield group
            group = []
        if 1 - outside >= limits.member:
            group.append(word)
    yield group


def softmax(logits: Logits) -> Logits:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: Logits = powers / powers.sum(axis=-1, keepdims=True)
    return found


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without marks at its ends that belong to the sentence; None where no word is left."""
    keep_first, keep_last = '$€£¥“"(', ')”"%’'
    while start < end and not text[start].isalnum() and text[start] not in keep_first:
        start += 1
    while start < end and not text[end - 1].isalnum() and text[end - 1] not in keep_last:
        end -= 1
    for opening, closing in ("()", "“”"):
        while start < end and text[start] == opening and closing not in text[start:end]:
            start += 1
        while start < end and text[end - 1] == closing and opening not in text[start:end]:
            end -= 1
    return (start, end) if any(c.isalnum() for c in text[start:end]) else None

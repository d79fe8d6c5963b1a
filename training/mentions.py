"""Labelled mentions as the tagger learns them: windows of tokens with tags, actors and kinds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.initiatives.tagging import KINDS, Window, lead_in, windows
from training.labelled import Document, LabelledInitiative, Sentence

OUTSIDE, BEGIN, INSIDE = range(3)


@dataclass
class Span:
    """A mention: tagged tokens `start` to `end` (half-open), its kind, and how much it counts."""

    start: int
    end: int
    kind: int
    weight: float


@dataclass
class Example:
    """A window with its labels, one of each list for every tagged token.

    Attributes:
        weights: How much the tag counts.
    """

    document: str
    paragraph: str
    window: Window
    tags: list[int]
    actors: list[int]
    weights: list[float]
    spans: list[Span] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens, context included."""
        return len(self.window.token_ids)


def examples(
    documents: Sequence[Document],
    labels: Sequence[LabelledInitiative],
    tokenizer: Tokenizer,
    borderline: float,
) -> Iterator[Example]:
    """Yield every window of every document.

    Args:
        borderline: How much a mention counts that is not core.
    """
    by_paragraph: dict[tuple[str, str], list[LabelledInitiative]] = {}
    for label in labels:
        by_paragraph.setdefault((label.document, label.paragraph), []).append(label)
    for document in documents:
        before = ""
        for paragraph in document.readout.paragraphs:
            sentences = document.sentences_of(paragraph.number)
            spans = [(s.start, s.end) for s in sentences]
            here = by_paragraph.get((document.id, paragraph.number), [])
            for window in windows(tokenizer, paragraph.text, spans, before):
                example = _blank(document.id, paragraph.number, window)
                _label(example, here, {s.id: s for s in sentences}, borderline)
                yield example
            before = lead_in(before, paragraph.text)


def _blank(document: str, paragraph: str, window: Window) -> Example:
    n = len(window.offsets)
    return Example(document, paragraph, window, [OUTSIDE] * n, [OUTSIDE] * n, [1.0] * n)


def _label(
    example: Example,
    labels: Sequence[LabelledInitiative],
    sentences: Mapping[str, Sentence],
    borderline: float,
) -> None:
    """Write the labels of a paragraph into one of its windows; of two that overlap, the longer."""
    for label in sorted(labels, key=lambda each: -len(each.span)):
        tokens = _tokens(example.window, label.start, label.end)
        if not tokens or any(example.tags[i] for i in tokens):
            continue
        weight = 1.0 if label.core else borderline
        for i in tokens:
            example.tags[i] = INSIDE
            example.weights[i] = weight
        if example.window.offsets[tokens[0]][0] == label.start:
            example.tags[tokens[0]] = BEGIN
        kind = KINDS.index(label.kind)  # type: ignore[arg-type]
        example.spans.append(Span(tokens[0], tokens[-1] + 1, kind, weight))
        _label_actor(example, label, sentences[label.sentence])


def _label_actor(example: Example, label: LabelledInitiative, sentence: Sentence) -> None:
    """Tag the nearest place before the mention that says its actor, or the first in the sentence."""
    if not label.actor:
        return
    last = sentence.text.rfind(label.actor, 0, label.start - sentence.start)
    start = sentence.start + (last if last >= 0 else sentence.text.find(label.actor))
    for i in _tokens(example.window, start, start + len(label.actor)):
        example.actors[i] = BEGIN if example.window.offsets[i][0] == start else INSIDE


def _tokens(window: Window, start: int, end: int) -> list[int]:
    return [i for i, (a, b) in enumerate(window.offsets) if a >= start and b <= end and b > a]


def batches(
    pool: Sequence[Example], tokens: int, rng: random.Random | None = None
) -> Iterator[list[Example]]:
    """Yield windows of like length together, at most `tokens` a batch; shuffled where `rng` is given."""
    ordered = sorted(pool, key=lambda e: e.length + (rng.random() * 16 if rng else 0))
    found: list[list[Example]] = [[]]
    longest = 0
    for example in ordered:
        longest = max(longest, example.length)
        if found[-1] and longest * (len(found[-1]) + 1) > tokens:
            found.append([])
            longest = example.length
        found[-1].append(example)
    if rng:
        rng.shuffle(found)
    yield from found


def tensors(batch: Sequence[Example]) -> dict[str, Tensor]:
    """Return what the network reads: int64, (n_windows, longest)."""
    shape = (len(batch), max(example.length for example in batch))
    ids, mask, types = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for row, example in enumerate(batch):
        ids[row, : example.length] = torch.tensor(example.window.token_ids)
        types[row, : example.length] = torch.tensor(example.window.type_ids)
        mask[row, : example.length] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}

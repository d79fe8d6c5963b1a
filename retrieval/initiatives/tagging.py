"""Paragraph -> windows -> the network that ships with the project -> spans with kind and actor."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.index.encoder import MODEL_DIR as ENCODER_DIR
from retrieval.model_files import on_all_cores, open_session, open_tokenizer, verified
from retrieval.models import InitiativeKind

if TYPE_CHECKING:
    import onnxruntime
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

CLOSED_CLASS = frozenset("a an the of for on to in and or with at by from its their our s".split())
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


TAGGER_DIR = Path(__file__).parent / "tagger"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph to tag.

    Attributes:
        sentences: Half-open spans of `text`, in reading order.
        lead_in: The heading or the line that it stands under, or "".
    """

    paragraph: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    lead_in: str = ""


class Tagger:
    """MiniLM-L6 as a token tagger, INT8 ONNX; one window a run, so that a passage has one result, always.

    Args:
        model_dir: Folder with `model.onnx`, `thresholds.json` and `SHA256SUMS`.

    Raises:
        ModelError: On first use, when a file is missing, damaged or cannot be run.
    """

    def __init__(self, model_dir: Path = TAGGER_DIR) -> None:
        self._dir = model_dir

    def tag(self, passage: Passage) -> list[Mention]:
        """Return the mentions of a passage, in reading order."""
        return next(self.tag_each([passage]))

    def tag_each(self, passages: Sequence[Passage]) -> Iterator[list[Mention]]:
        """Yield the mentions of every passage in order, working on all cores."""
        cut = [list(windows(self._tokenizer, p.text, p.sentences, p.lead_in)) for p in passages]
        _ = self._session  # load once, before the threads
        logits = on_all_cores(self._logits, [window for each in cut for window in each], "tagger")
        for passage, own in zip(passages, cut, strict=True):
            if not own:
                yield []
                continue
            tags = np.concatenate([next(logits) for _ in own])
            spans = [span for window in own for span in window.offsets]
            text, sentences, limits = passage.text, passage.sentences, self._thresholds
            yield list(decode(tags, spans, text, sentences, limits, passage.paragraph))

    def _logits(self, window: Window) -> Logits:
        """The logits of the tagged tokens: float32, (n_tokens, OUTPUTS)."""
        token_ids, type_ids = np.array([[window.token_ids], [window.type_ids]], dtype=np.int64)
        inputs = {
            "input_ids": token_ids,
            "attention_mask": np.ones_like(token_ids),
            "token_type_ids": type_ids,
        }
        (logits,) = self._session.run(None, inputs)
        tagged: Logits = logits[0, window.first : window.first + len(window.offsets), :OUTPUTS]
        return tagged

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self._dir)

    @cached_property
    def _thresholds(self) -> Thresholds:
        return Thresholds(**json.loads(verified(self._dir, "thresholds.json")))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = open_tokenizer(ENCODER_DIR)  # which it shares
        tokenizer.no_truncation()
        return tokenizer


@cache
def shipped_tagger() -> Tagger:
    """Return the tagger that ships with the project, one a process: its files are read once."""
    return Tagger()

"""In what two texts differ, word by word, and two revisions of a readout, paragraph by paragraph; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from retrieval.language.terms import STOP_WORDS
from retrieval.models import LiveParagraph, Paragraph, ParagraphChange, ParagraphDiff, Piece

Span = tuple[int, int]

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"  # a character is a word there
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*|[^\w\s\"“”„‟‘’‚‛«»‹›`´「」『』]"
)
_LEVELLED = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | {"’": "'"})
_MANY = 2_000
"""Words from which those that are found all over anchor nothing: or a text that repeats itself takes seconds."""

_TRIFLING = frozenset(".,;:")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark: what it is compared by, and its half-open span."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """Words of one text that stand in the place of words of another; one of the two spans may be empty."""

    before: Span
    after: Span


@lru_cache(maxsize=4_096)
def words(text: str) -> tuple[Word, ...]:
    """Return the words and marks of `text`; case, width, quotation marks and the kind of dash make no difference."""
    return tuple(Word(_key(m.group()), *m.span()) for m in _TOKEN.finditer(text))


@lru_cache(maxsize=65_536)
def _key(token: str) -> str:
    return unicodedata.normalize("NFKC", token).casefold().translate(_LEVELLED)


def changes(before: str, after: str) -> tuple[Change, ...]:
    """Return in what `after` differs from `before`, in reading order; the longest common wording is kept.

    Small words that stand in both by chance, between words that changed, count as changed: "of the" is no wording.
    """
    old, new = words(before), words(after)
    matcher = SequenceMatcher(
        _is_small, [w.key for w in old], [w.key for w in new], autojunk=len(new) > _MANY
    )
    return tuple(
        Change(_span(old, i, j), _span(new, k, m))
        for i, j, k, m in (_trimmed(old, new, *each) for each in _joined(old, matcher.get_opcodes()))
        if any(w.key not in _TRIFLING for w in (*old[i:j], *new[k:m]))
    )


def _joined(
    old: Sequence[Word], opcodes: Sequence[tuple[str, int, int, int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the stretches that differ, with what is trifling between two of them taken in."""
    open_: tuple[int, int, int, int] | None = None
    for place, (kind, i, j, k, m) in enumerate(opcodes):
        if kind != "equal":
            open_ = (open_[0], j, open_[2], m) if open_ else (i, j, k, m)
        elif open_ and (place == len(opcodes) - 1 or _tells(old[i:j])):
            yield open_
            open_ = None
    if open_:
        yield open_


def _trimmed(
    old: Sequence[Word], new: Sequence[Word], i: int, j: int, k: int, m: int
) -> tuple[int, int, int, int]:
    """Leave out of a stretch what both sides of it begin or end with: small words, which anchor nothing."""
    while i < j and k < m and old[j - 1].key == new[m - 1].key:
        j, m = j - 1, m - 1
    while i < j and k < m and old[i].key == new[k].key:
        i, k = i + 1, k + 1
    return i, j, k, m


def _tells(run: Sequence[Word]) -> bool:
    return len(run) > 3 or not all(_is_small(w.key) for w in run)


def _is_small(key: str) -> bool:
    """Whether texts that have nothing in common may share it: such a word is kept beside others, never alone."""
    return key in STOP_WORDS or not key[0].isalnum()


def _span(tokens: Sequence[Word], first: int, last: int) -> Span:
    """Return the characters of `tokens[first:last]`; of none, the place before the next one."""
    if first < last:
        return tokens[first].start, tokens[last - 1].end
    at = tokens[first].start if first < len(tokens) else tokens[-1].end if tokens else 0
    return at, at


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Return `after` with the words that changed marked, and what stood there before in front of them."""
    out: list[Piece] = []
    position = 0
    for change in changes(before, after):
        start, end = change.after
        gone = before[slice(*change.before)]
        if (
            start
            and not after[start - 1].isspace()
            and before[change.before[0] - 1 : change.before[0]].isspace()
        ):
            gone = f" {gone}"  # "free and" that became "free,"
        out += [
            Piece("same", after[position:start]),
            Piece("removed", f"{gone} " if start == end < len(after) else gone),
            Piece("added", after[start:end]),
        ]
        position = end
    out.append(Piece("same", after[position:]))
    return tuple(piece for piece in out if piece.text.strip() or (piece.kind == "same" and piece.text))


def marked(before: Sequence[str], after: Sequence[str]) -> tuple[list[list[Span]], list[list[Span]]]:
    """Return for each text of both sides, read one after the other, the spans of it that the other side has not."""
    found = changes("\n".join(before), "\n".join(after))
    return _within(before, [c.before for c in found]), _within(after, [c.after for c in found])


def _within(texts: Sequence[str], spans: Sequence[Span]) -> list[list[Span]]:
    out: list[list[Span]] = []
    offset = 0
    for text in texts:
        clipped = ((max(0, s - offset), min(len(text), e - offset)) for s, e in spans)
        out.append([(s, e) for s, e in clipped if s < e])
        offset += len(text) + 1
    return out


_ALIKE = 0.6  # of the words: one text rewritten rather than two texts
_MOST_PAIRS = 10_000  # compared within one stretch that differs; beyond, numbers decide

_Pair = tuple[int | None, int | None]


def diff_paragraphs(
    before: Sequence[LiveParagraph | Paragraph], after: Sequence[LiveParagraph | Paragraph]
) -> ParagraphDiff:
    """Compare by content: a paragraph that only got another number is renumbered, not rewritten."""
    pairs: list[_Pair] = []
    matcher = SequenceMatcher(None, [p.text for p in before], [p.text for p in after], autojunk=False)
    for operation, i, j, k, m in matcher.get_opcodes():
        if operation == "equal":
            pairs += list(zip(range(i, j), range(k, m), strict=True))
        else:
            pairs += _paired(before, after, range(i, j), range(k, m))
    now = sorted((pair for pair in pairs if pair[1] is not None), key=lambda pair: pair[1] or 0)
    gone = [pair for pair in pairs if pair[1] is None]
    changes = [
        _change(before[i] if i is not None else None, after[k] if k is not None else None)
        for i, k in [*now, *gone]
    ]
    return ParagraphDiff(tuple(c for c in changes if c.before != c.after or c.was))


def _change(old: LiveParagraph | Paragraph | None, new: LiveParagraph | Paragraph | None) -> ParagraphChange:
    number = new.number if new else old.number if old else ""
    was = old.number if old and new and old.number != new.number else None
    return ParagraphChange(number, old.text if old else None, new.text if new else None, was)


def _paired(
    before: Sequence[LiveParagraph | Paragraph],
    after: Sequence[LiveParagraph | Paragraph],
    old: range,
    new: range,
) -> list[_Pair]:
    """Pair the paragraphs of a stretch that differs: the likest first, then those of one number."""
    likeness = []
    if len(old) * len(new) <= _MOST_PAIRS:
        words = {id(p): p.text.split() for p in [*(before[i] for i in old), *(after[k] for k in new)]}
        for i in old:
            for k in new:
                share = _share(words[id(before[i])], words[id(after[k])])
                if share >= _ALIKE:
                    likeness.append((-share, before[i].number != after[k].number, i, k))
    left_old: set[int | None] = set(old)
    left_new: set[int | None] = set(new)
    out: list[_Pair] = []
    for _, _, i, k in sorted(likeness):
        if i in left_old and k in left_new:
            out.append((i, k))
            left_old.discard(i)
            left_new.discard(k)
    numbers = {after[k].number: k for k in new if k in left_new}
    for i in (i for i in old if i in left_old):
        same = numbers.get(before[i].number)
        out.append((i, same))
        left_new -= {same}
    return out + [(None, k) for k in new if k in left_new]


def _share(one: Sequence[str], other: Sequence[str]) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE else 0.0
    )


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Return the words of both texts in order, those that differ marked.

    Joined, the pieces that were not added are `before`, those that were not removed `after`.
    """
    old, new = _words(before), _words(after)
    pieces: list[Piece] = []
    for operation, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            pieces.append(Piece("same", "".join(old[i:j])))
            continue
        if i < j:
            pieces.append(Piece("removed", "".join(old[i:j])))
        if k < m:
            pieces.append(Piece("added", "".join(new[k:m])))
    return tuple(pieces)


def _words(text: str) -> list[str]:
    """Cut into words, spaces and marks; a character of a script without spaces is a word of its own."""
    return re.findall(r"[^\W\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+|\s+|.", text, re.DOTALL)

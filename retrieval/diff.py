"""What changed between two revisions of a readout, paragraph by paragraph and word by word; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from retrieval.models import LiveParagraph, Paragraph, ParagraphChange, ParagraphDiff, Piece

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

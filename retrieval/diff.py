"""What changed between two revisions of a readout, paragraph by paragraph and word by word; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from retrieval.models import LiveParagraph, Paragraph, ParagraphChange, ParagraphDiff, Piece


def diff_paragraphs(
    before: Sequence[LiveParagraph | Paragraph], after: Sequence[LiveParagraph | Paragraph]
) -> ParagraphDiff:
    """Compare by printed number: the number is what people cite, so a text that moved has changed."""
    old = {p.number: p.text for p in before}
    new = {p.number: p.text for p in after}
    now = [ParagraphChange(number, old.get(number), text) for number, text in new.items()]
    gone = [ParagraphChange(number, text, None) for number, text in old.items() if number not in new]
    return ParagraphDiff(tuple(change for change in (*now, *gone) if change.before != change.after))


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

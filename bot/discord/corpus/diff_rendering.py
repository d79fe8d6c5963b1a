"""Pure: what changed between two revisions -> markdown, ~~removed~~ and **added** words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.discord.markdown import escape, length, shortened
from bot.locales import Phrases
from retrieval.diff import word_diff
from retrieval.models import ParagraphChange, ParagraphDiff, Piece

_MARKS = {"same": "", "removed": "~~", "added": "**"}
_CONTEXT = 160
"""Unchanged words shown on each side of a change, in characters."""

_MAX_COMPARED = 40_000
"""Comparing word by word takes time with the square of the length."""

_MAX_SHOWN = 1_200
_PIECE = 600
"""Escaped, a piece of so many characters still fits into a message."""


def change_lines(diff: ParagraphDiff, phrases: Phrases, room: int) -> Iterator[str]:
    """Yield markdown for every paragraph that differs, each text at most `room` long."""
    for change in diff.changes:
        name = phrases(f"corpus.diff.{change.kind}", number=escape(shortened(change.number, 40)))
        if change.was:
            name = f"{name} {phrases('corpus.diff.was', number=escape(shortened(change.was, 40)))}"
        if change.kind == "renumbered":
            yield f"**{name}**"
            continue
        line = f"**{name}**"
        for part in _marked(_pieces(change)):
            if length(line) + length(part) + 1 > room:
                yield line
                line = "…"
            line = f"{line}\n{part}" if line.startswith("**") and "\n" not in line else line + part
        yield line


def _pieces(change: ParagraphChange) -> Iterable[Piece]:
    before, after = change.before, change.after
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        return (Piece(kind, shortened(before or after or "", _MAX_SHOWN)),)  # type: ignore[arg-type]
    if len(before) + len(after) > _MAX_COMPARED:
        return (Piece("removed", shortened(before, _MAX_SHOWN)), Piece("added", shortened(after, _MAX_SHOWN)))
    return _nearby(word_diff(before, after))


def _nearby(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Leave out unchanged words that are far from every change."""
    for index, piece in enumerate(pieces):
        if piece.kind != "same":
            yield piece
            continue
        head = _CONTEXT if index else 0
        tail = _CONTEXT if index < len(pieces) - 1 else 0
        if len(piece.text) <= head + tail + 20:
            yield piece
            continue
        end = piece.text[len(piece.text) - tail :] if tail else ""
        yield Piece("same", f"{piece.text[:head]} … {end}")


def _marked(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        for start in range(0, len(piece.text), _PIECE):
            yield _mark(piece.text[start : start + _PIECE], _MARKS[piece.kind])


def _mark(text: str, mark: str) -> str:
    """Put `mark` around the words: one beside a space would be shown instead of meant."""
    core = text.strip()
    if not core or not mark:
        return escape(text)
    lead = text[: len(text) - len(text.lstrip())]
    return f"{lead}{mark}{escape(core)}{mark}{text[len(lead) + len(core) :]}"

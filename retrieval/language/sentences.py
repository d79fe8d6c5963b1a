"""Sentence boundaries as character spans."""

from __future__ import annotations

from sentencex import segment


def sentence_spans(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Return the half-open span of every sentence of `text`, without the white space around it.

    Args:
        text: One paragraph.
        language: ISO 639-1 code; an unknown one falls back to a related language's rules.

    Source: Wikimedia's sentencex, which is non-destructive: its pieces concatenate to the input.
    """
    spans: list[tuple[int, int]] = []
    position = 0
    for piece in segment(language, text):
        start = text.find(piece, position)
        if start < 0:  # the library changed the text: one sentence is honest, a wrong span is not
            return [_stripped(text, 0, len(text))] if text.strip() else []
        torn = bool(spans) and spans[-1][1] == start and not piece[:1].isspace()
        position = start + len(piece)
        if torn:  # "ASEAN-U." + "S. Summit": no sentence begins in the middle of a word
            spans[-1] = _stripped(text, spans[-1][0], position)
        elif piece.strip():
            spans.append(_stripped(text, start, position))
    return spans


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def counted(number: int, noun: str) -> str:
    """Return "1 text", "2 texts"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""Text made comparable character by character, so that a place in it is a place in the text as stored."""

from __future__ import annotations

from functools import lru_cache

_LEVEL = str.maketrans(
    dict.fromkeys("’‘ʼ′`´", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—−―", "-")
    | dict.fromkeys("\u00a0\u2009\u202f\u2007\t\n\r", " ")
)


@lru_cache(maxsize=4_096)
def lowered(text: str) -> str:
    """Return `text` in lower case with one kind of quote, dash and blank; of the same length."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in levelled(text))


def levelled(text: str) -> str:
    """Return `text` with one kind of quote, dash and blank; of the same length."""
    return text.translate(_LEVEL)

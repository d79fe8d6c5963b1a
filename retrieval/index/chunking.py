"""What the encoder is given for a paragraph."""

from __future__ import annotations


def embedding_text(title: str, text: str) -> str:
    """Return the text to embed for one chunk: its readout's title tells it from its likes elsewhere."""
    return f"{title}\n\n{text}" if title else text

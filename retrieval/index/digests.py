"""What a text's vector is kept under."""

from __future__ import annotations

import hashlib


def digest(text: str) -> bytes:
    """Return the SHA-256 of `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

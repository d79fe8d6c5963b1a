"""Which language a readout is in, from its script."""

from __future__ import annotations

_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7a3"),
    ("th", "\u0e00", "\u0e7f"),
    ("ar", "\u0600", "\u06ff"),
    ("ru", "\u0400", "\u04ff"),
    ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"),
    ("hi", "\u0900", "\u097f"),
    ("zh", "\u4e00", "\u9fff"),
)
_SHARE = 0.15


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code that the script of `text` stands for; Latin script is taken for English."""
    letters = [c for c in text if c.isalpha()]
    for code, first, last in _SCRIPTS:
        if sum(first <= c <= last for c in letters) > _SHARE * len(letters):
            return code
    return "en"

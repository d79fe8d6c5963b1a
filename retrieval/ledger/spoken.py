"""Paragraph numbers as people type them: "¶ 3.", "３", "Decision 2 ¶3"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from retrieval.models import LiveParagraph

_SIGNS = re.compile(r"[\s¶§]+")
_WORD = re.compile(r"^(?:paragraph|para|number|no|article|art)\.?(?=\d)")


def finds(typed: str, paragraphs: Sequence[LiveParagraph]) -> LiveParagraph | None:
    """Return the paragraph that `typed` names: by its number, else by its part and its number there; or None."""
    wanted = _spoken(typed)
    exact = (p for p in paragraphs if p.number.casefold() == typed.strip().casefold())
    plain = (p for p in paragraphs if _spoken(p.number) == wanted)
    within = (
        p for p in paragraphs if p.part and wanted == _spoken(p.part) + _spoken(p.number.partition("#")[0])
    )
    return next((found for group in (exact, plain, within) for found in group), None)


def _spoken(text: str) -> str:
    """Return what two ways of typing one number have in common."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    plain = _WORD.sub("", _SIGNS.sub("", plain))
    return plain.strip(".,:;)([]") if not plain.endswith(")") or "(" not in plain else plain

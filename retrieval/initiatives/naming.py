"""Names compared: the same initiative written in two ways has one key."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from retrieval.language.terms import stem

_ACRONYM = re.compile(r"\(([A-Z][\w&/-]{1,11})\)")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th)$")
CLOSED_CLASS = frozenset("a an the of for on to in and or with at by from its their our s".split())
_SPELLING = {"defence": "defense", "programme": "program", "programmes": "programs", "centre": "center"}
_WORDS = re.compile(r"[^\W_]+(?:\.\d+)?")
_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w.]*")


@lru_cache(maxsize=20_000)
def name_key(name: str) -> tuple[str, ...]:
    """The stems that identify a name, in order: no acronym in brackets, ordinals, articles or accents."""
    plain = unicodedata.normalize("NFKD", without_acronym(name)).casefold().replace("’", "'")
    plain = re.sub(r"'s?(?!\w)", "", plain).replace("u.s.", "us").replace("u.k.", "uk")
    words = [w for w in _WORDS.findall(plain) if w[-1] < "\u0300"]
    kept = [w for w in words if w not in CLOSED_CLASS and not _ORDINAL.match(w)]
    return tuple(stem(_SPELLING.get(w, w)) for w in kept or words)


def acronym_in(name: str) -> str | None:
    """The short form a name brings with it: "… Awareness (IPMDA)" -> "IPMDA"."""
    match = _ACRONYM.search(name)
    return match.group(1) if match else None


def without_acronym(name: str) -> str:
    """The name without its short form in brackets."""
    return _ACRONYM.sub(" ", name)


def is_proper(name: str) -> bool:
    """Whether a name is written as one initiative's own: two words with capitals, and two that mean."""
    plain = without_acronym(name)
    return len(_CAPITAL.findall(plain)) >= 2 and len(set(name_key(name))) >= 2

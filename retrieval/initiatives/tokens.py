"""Words of one sentence with their place in the paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from retrieval.initiatives.lexicon import (
    ADVERBS,
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    Form,
    verb_forms,
)

_TOKEN = re.compile(
    r"(?:(?:[^\W\d_]\.){2,}|[$€£¥]?\w+)"
    r"(?:(?:[-‑–­/&+’'.]|,(?=\d{3}\b))(?:(?:[^\W\d_]\.){2,}|\w+))*"
    r"(?:(?<=s)[’'](?=\s))?"
    r"|[^\w\s]"
)
_POSSESSIVE = re.compile(r"[’']s?$")


@dataclass(frozen=True)
class Token:
    """One word or mark: `paragraph[start:end] == text`."""

    text: str
    start: int
    end: int

    @cached_property
    def lower(self) -> str:
        return self.text.lower()

    @cached_property
    def is_word(self) -> bool:
        return self.text[0].isalnum() or self.text[0] in "$€£¥"

    @cached_property
    def possessive(self) -> bool:
        return bool(_POSSESSIVE.search(self.text)) and len(self.text) > 1

    @cached_property
    def bare(self) -> str:
        """Lower case without the possessive ending."""
        return _POSSESSIVE.sub("", self.lower).replace("’", "'")

    @cached_property
    def capital(self) -> bool:
        """Starts like a name: a capital, or a figure inside a name ("2.0")."""
        return self.text[0].isupper()

    @cached_property
    def shouted(self) -> bool:
        """All capitals, of at least two letters: an acronym, or an operative verb of a resolution."""
        return self.text.isupper() and len(self.text) > 1

    @cached_property
    def function_word(self) -> bool:
        return self.lower in DETERMINERS or self.lower in PREPOSITIONS or self.lower in CONJUNCTIONS or self.lower in PRONOUNS

    @cached_property
    def adverb(self) -> bool:
        return self.lower in ADVERBS or (self.lower.endswith("ly") and len(self.text) > 4 and self.lower not in _LY_ADJECTIVES)

    @cached_property
    def form(self) -> Form | None:
        """The verb this spelling can be a form of."""
        return verb_forms().get(self.lower)


_LY_ADJECTIVES = frozenset(
    {
        "friendly",
        "early",
        "yearly",
        "monthly",
        "weekly",
        "daily",
        "quarterly",
        "assembly",
        "supply",
        "family",
        "orderly",
        "timely",
        "costly",
        "reply",
        "italy",
        "july",
        "likely",
        "lovely",
        "elderly",
        "user-friendly",
        "assembly",
        "scholarly",
    }
)


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The words and marks of `text[start:end]`, in reading order."""
    return [Token(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text, start, end)]

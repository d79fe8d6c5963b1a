"""Words of one sentence with their place in the paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from retrieval.initiatives.lexicon import (
    ADVERBS,
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    Form,
    verb_forms,
    word_set,
)

_TOKEN = re.compile(
    r"(?:(?:[^\W\d_]\.){2,}|[$€£¥]?\w+)"
    r"(?:(?:[-‑–­/&+’'.]|,(?=\d{3}\b))(?:(?:[^\W\d_]\.){2,}|\w+))*"
    r"(?:(?<=s)[’'](?=\s))?"
    r"|[^\w\s]"
)
_POSSESSIVE = re.compile(r"[’']s?$")


_LY_ADJECTIVES = word_set(
    """friendly early yearly monthly weekly daily quarterly assembly supply family orderly timely costly
    reply italy july likely lovely elderly user-friendly scholarly"""
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark: `paragraph[start:end] == text`.

    Attributes:
        bare: Lower case without the possessive ending.
        capital: Starts with a capital.
        shouted: All capitals, of at least two letters: an acronym, or an operative verb of a resolution.
        function_word: Determiner, preposition, conjunction or pronoun.
        form: The verb this spelling can be a form of.
    """

    text: str
    start: int
    end: int
    lower: str
    bare: str
    is_word: bool
    possessive: bool
    capital: bool
    shouted: bool
    function_word: bool
    adverb: bool
    form: Form | None


@lru_cache(maxsize=50_000)
def _lexical(text: str) -> tuple[str, str, bool, bool, bool, bool, bool, bool, Form | None]:
    """What a spelling says by itself, in the order of `Token`'s fields."""
    lower = text.lower()
    function_word = (
        lower in DETERMINERS or lower in PREPOSITIONS or lower in CONJUNCTIONS or lower in PRONOUNS
    )
    adverb = lower in ADVERBS or (lower.endswith("ly") and len(text) > 4 and lower not in _LY_ADJECTIVES)
    return (
        lower,
        _POSSESSIVE.sub("", lower).replace("’", "'"),
        text[0].isalnum() or text[0] in "$€£¥",
        len(text) > 1 and _POSSESSIVE.search(text) is not None,
        text[0].isupper(),
        len(text) > 1 and text.isupper(),
        function_word,
        adverb,
        verb_forms().get(lower),
    )


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The words and marks of `text[start:end]`, in reading order."""
    found = _TOKEN.finditer(text, start, end)
    return [Token(m.group(), m.start(), m.end(), *_lexical(m.group())) for m in found]

"""Text -> words that can be compared across typography, each with its place in the text as stored.

Case, Unicode compatibility forms, quote marks, dashes, soft hyphens and white space make no difference between
two words; the span always is that of the stored characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_APOSTROPHES = frozenset("'’‘ʼ′`´＇")
_SYMBOLS = frozenset("%‰°&+<>=±§#@")
_HALFWIDTH_MARKS = frozenset("\uff9e\uff9f")
_UNSPACED = (
    ("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u3005", "\u30ff"),
    ("\u3400", "\u9fff"), ("\uac00", "\ud7af"), ("\uf900", "\ufaff"), ("\uff66", "\uff9d"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word, number or meaningful symbol: `text[start:end]`, levelled to `key`."""

    key: str
    start: int
    end: int


@lru_cache(maxsize=1_024)
def words(text: str) -> tuple[Word, ...]:
    """Return the words of `text` in order; where none stand apart (Japanese, Thai), its characters."""
    return tuple(word for word in _words(text) if word.key)


def _words(text: str) -> Iterator[Word]:
    place = 0
    while place < len(text):
        kind = _kind(text[place])
        if kind in "wd":
            end = _end_of_word(text, place)
            yield Word(level(text[place:end]), place, end)
            place = end
        else:
            if kind in "su":
                end = place + 1
                while kind == "u" and end < len(text) and _kind(text[end]) == "m":
                    end += 1
                yield Word(level(text[place:end]), place, end)
                place = end - 1
            place += 1


def _end_of_word(text: str, start: int) -> int:
    end = start + 1
    while end < len(text):
        kind = _kind(text[end])
        inside = kind in "wdmi" or (text[end] in _APOSTROPHES and _kind_at(text, end + 1) == "w")
        number = text[end] in ".," and _kind_at(text, end - 1) == "d" and _kind_at(text, end + 1) == "d"
        if not (inside or number):
            break
        end += 1
    return end


def _kind_at(text: str, place: int) -> str:
    return _kind(text[place]) if 0 <= place < len(text) else " "


@lru_cache(maxsize=8_192)
def _kind(character: str) -> str:
    """w letter, d digit, u letter of an unspaced script, m mark, i invisible, s symbol, or a blank."""
    category = unicodedata.category(character)
    if category.startswith("M") or character in _HALFWIDTH_MARKS:
        return "m"
    if any(first <= character <= last for first, last in _UNSPACED) and category[0] == "L":
        return "u"
    if category == "Nd":
        return "d"
    if category[0] in "LN":
        return "w"
    if category == "Cf":
        return "i"
    return "s" if category == "Sc" or character in _SYMBOLS else " "


def level(word: str) -> str:
    """Return what two spellings of one word have in common."""
    shown = "".join(c for c in word if unicodedata.category(c) != "Cf")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())
    plain = "".join("'" if c in _APOSTROPHES else c for c in folded)
    return _without_thousands(plain) if plain[:1].isdigit() else plain


def _without_thousands(number: str) -> str:
    head, *groups = number.split(",")
    whole = groups and head.isdigit() and all(len(g.split(".")[0]) == 3 for g in groups)
    return head + "".join(groups) if whole else number

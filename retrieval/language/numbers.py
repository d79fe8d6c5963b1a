"""Numbers as people write them: in words, with spaces, with a letter for millions."""

from __future__ import annotations

import re

_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELT = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<ones>{'|'.join(_ONES)}))?|(?P<teens>{'|'.join(_TEENS)}))\b",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d.,]\d|\d)")
_SHORTENED = re.compile(r"(?<=\d)(m|mn|bn)\b(?! (?:high|long|deep|wide|tall))")


def in_digits(text: str) -> str:
    """Return a text with the numbers from ten to ninety-nine in digits."""
    return _SPELT.sub(_digits, text)


def unabridged(text: str) -> str:
    """Return a text with "19 500" as "19,500", "5.1m" as "5.1 million" and "2bn" as "2 billion"."""
    joined = _SPACED.sub(lambda found: re.sub(r"\s", ",", found[0]), text)
    return _SHORTENED.sub(lambda found: " billion" if found[1] == "bn" else " million", joined)


def _digits(found: re.Match[str]) -> str:
    if teens := found["teens"]:
        return str(10 + _TEENS.index(teens.lower()))
    ones = _ONES.index(found["ones"].lower()) + 1 if found["ones"] else 0
    return str(20 + 10 * _TENS.index(found["tens"].lower()) + ones)

"""Which readouts are of one series: their titles differ by a number, an ordinal or a date, and by nothing else."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from retrieval.language.terms import demonyms
from retrieval.sources.identity import is_generic, names_document

_UNIT = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_ORDINAL = (
    rf"(?:(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)(?:ieth|y[-\s](?:{_UNIT}))|(?:one[-\s])?hundredth"
    rf"|{_UNIT}|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|inaugural)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY_NAME = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DIGITS = r"(?:fy\s?|no\.?\s?)?\d+(?:[-–/.]\d+)*(?:st|nd|rd|th|[oae]|er|[eè]me)?"
_NUMBER = re.compile(
    rf"""
    (?<![\w+]){_DIGITS}(?!\w)                      # 7, 56th, 2024, 2023-24, 11-12, No. 3; not the 7 of G7
    | (?<=[^\W\d_]{{3}})\d+\b                      # COP28: three letters and more
    | \b{_ORDINAL}\b
    | \b{_MONTH}\b\.?(?=\W*\d|\W*$) | (?<=\d\s){_MONTH}\b | \b{_DAY_NAME}\b
    | 第?[\d〇一二三四五六七八九十百]+(?=[回届次屆号號年月日])   # 第七回, 2024年
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ROMAN = re.compile(r"(?<!\w)(?=[IVXL])X{0,3}L?X{0,3}(?:IX|IV|V?I{0,3})(?!\w)")  # capitals: "VII", not "mix"
_VENUE = re.compile(r"(?:,\s*[^,\d]{2,40}?){1,2}(?=,\s*\S*\d)")
_GATHERING = re.compile(
    r"\b(?:meeting|summit|council|commission|conference|committee|assembly|dialogue|forum|congress|session)\b",
    re.IGNORECASE,
)
_MEETING = re.compile(
    rf"{_GATHERING.pattern}|\b(?:ministers|leaders|heads|chiefs|governors|presidents|officials)\b",
    re.IGNORECASE,
)
"""Those who meet, or what they meet in."""

_SEAT = re.compile(r"\A([^,\d]+),\s*([^\W\da-z][^,\d]{1,39}),\s*(?=\S*\d)")
"""A title's beginning, and what stands between it and its first number: "… of the Marine Council, Tavu, 2023"."""

_BODY = re.compile("council|commission|committee|assembly|congress", re.IGNORECASE)
_SOURCE = re.compile(
    r"""
    ,?\s*\b(?:according\ to|in)\ the\ (?:latest|last|newest|most\ recent|current)\s   # "…, in the latest communiqué"
    (?:statement|communiqu[eé]|declaration|conclusions|minutes|readout|report)s?\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FEWEST_OF_NAME = 2
_WORD = re.compile(r"[^\W_]+(?:\+\d+)?")
_MOST_WORDS = 3  # of the name of a place


@lru_cache(maxsize=4_096)
def series_key(title: str, override: str | None = None) -> str | None:
    """Return what the titles of one series have in common; the same text for readouts of one series.

    Numbers, ordinals ("56th", "Seventh", "VII", "第七回"), years and dates are left out, and with them the place of a
    numbered meeting ("…, Vientiane, 10 October 2024") or of a body that meets ("… Council, Tavu, 2023"). A country
    stays there: it may be whose words they are.

    Args:
        override: The series that an admin gave it, in any words.

    Returns:
        Folded words, or None for a title that is nothing but a kind ("Joint Statement 2024") or a number.
    """
    if override and override.strip():
        return _folded(override)
    plain = unicodedata.normalize("NFKC", title)
    first = _NUMBER.search(plain)
    if first is not None:
        plain = _SEAT.sub(_without_seat, plain)
        first = _NUMBER.search(plain) or first
        plain = plain[: first.end()] + _VENUE.sub(_without_place, plain[first.end() :])
    key = _folded(_NUMBER.sub(" ", _ROMAN.sub(" ", plain)))
    return None if not key or is_generic(key) else key


def series_name(key: str, title: str, override: str | None = None) -> str:
    """Return what a series is called, spelled as in the title of one of its readouts, or as an admin named it."""
    shared = set(key.split())
    words = [word for word in title.split() if shared.issuperset(_folded(word).split() or [""])]
    return override or " ".join(words).strip(" ,;:") or key


def is_of_meeting(question: str) -> bool:
    """Whether a question names a meeting, or those who meet."""
    return bool(_MEETING.search(question))


def without_name(question: str, title: str) -> str:
    """Return a question without the words that say which readout it is asked of; that of a meeting stays "the summit".

    Args:
        title: That of a readout which the question's time has chosen.
    """
    plain = _SOURCE.sub("", question)
    asked, named = list(re.finditer(r"\w+", plain)), re.findall(r"\w+", title.casefold())
    words = [found.group().casefold() for found in asked]
    run = SequenceMatcher(None, words, named, autojunk=False).find_longest_match()
    if run.size < _FEWEST_OF_NAME:
        return plain
    start, end = asked[run.a].start(), asked[run.a + run.size - 1].end()
    gatherings = _GATHERING.findall(plain[start:end])
    if not gatherings:
        return plain
    kept = "meeting" if _BODY.fullmatch(gatherings[-1]) else gatherings[-1].lower()
    return f"{plain[:start]}{kept}{plain[end:]}"


def _without_seat(found: re.Match[str]) -> str:
    body, place = found[1], found[2].strip()
    is_seat = (
        _MEETING.search(body)
        and len(place.split()) <= _MOST_WORDS
        and not names_document(place)
        and not _GATHERING.search(place)
        and place.casefold() not in demonyms().values()
    )
    return f"{body}, " if is_seat else found.group()


def _without_place(found: re.Match[str]) -> str:
    segments = found.group().split(",")
    return " ".join(s for s in segments if names_document(s) or len(s.split()) > _MOST_WORDS)


def _folded(text: str) -> str:
    """Return the words without case, accents and marks between them; "Leaders’" and "Leaders'" are one."""
    plain = re.sub(r"[’'‘`]s?\b|[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text.casefold()))
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", plain)))

"""The times that a question names: spans of days, the newest or the one before, the number of a meeting.

Months and what is relative to today ("last year", "昨年") come from dateparser's locale data, so that a
language costs nothing but its name; only the small words around a date are written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

Span = tuple[date, date]
"""First and last day."""

NEWEST, BEFORE = 1, 2


@dataclass(frozen=True, slots=True)
class Times:
    """When what is asked about was.

    Attributes:
        spans: The days that it names; any of them will do.
        explicit: Whether they are named by a year rather than by how long ago they were.
        place: Of a series the `NEWEST` is meant, or the one `BEFORE` it.
        ordinals: Numbers of meetings ("the 6th", "第6回"), each with where it ends in the text.
        rest: The text without the spans of days, and what leads to them.
    """

    spans: tuple[Span, ...] = ()
    explicit: bool = False
    place: int | None = None
    ordinals: tuple[tuple[int, int], ...] = ()
    rest: str = ""

    @property
    def choose(self) -> bool:
        """Whether they can say which readouts are meant."""
        return bool(self.spans or self.ordinals or self.place)

    def meet(self, span: Span) -> bool:
        """Whether `span` has a day in common with one of them."""
        return any(start <= span[1] and span[0] <= end for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class _Moment:
    start: int
    end: int
    span: Span
    explicit: bool = True


_SINCE = r"(?:since|after|as of|starting|seit|ab|nach|depuis|après|desde|después de)"
_UNTIL = (
    r"(?:until|till|til|up to|through|before|prior to|bis|vor|jusqu['’]?(?:en|à|au)?|avant|hasta|antes de)"
)
_THE = r"(?:\s+(?:the|early|mid|late|end of|year))*"
_STARTS = re.compile(rf"\b({_SINCE}){_THE}\s+$", re.IGNORECASE)
_ENDS = re.compile(rf"\b({_UNTIL}){_THE}\s+$", re.IGNORECASE)
_STARTS_AFTER = re.compile(r"\s*(?:以降|以後|から|on(?:wards?)?\b|and later)")
_ENDS_AFTER = re.compile(r"\s*(?:以前|まで|より前)")
_EXCLUDES = re.compile(r"after|before|prior|nach|vor|apr|avant|despu|antes", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*(?:to|and|until|till|through|up to|-|–|—|〜|～|bis|und|à|et|y|hasta|から|と)\s*(?:the\s+)?",
    re.IGNORECASE,
)
_OPENS_RANGE = re.compile(r"\b(?:between|from|zwischen|von|entre|de|desde)\s+(?:the\s+)?$", re.IGNORECASE)

_NAMED = re.compile(
    rf"[\s,(]*(?:\b(?:in|on|of|during|between|and|to|the|for|from|at|im|en|{_SINCE}|{_UNTIL})\s+)*·+[\s·]*(?:以降|以後|から|onwards?|以前|まで|に|の|年)?\)?",
    re.IGNORECASE,
)
"""A moment, blotted out, with the small words before it."""

_YEAR = r"(?:19|20)\d\d"
_LEADS_TO_YEAR = re.compile(
    r"""
    # what may stand before a bare year
    (?:^|\b(?:in|since|from|until|till|before|after|by|between|and|to|during|of|the|for|on|or|vs|versus
    |than|with|year|late|early|mid|through|about|our|this|im|seit|bis|en|de|depuis|desde|hasta|y|et
    |und)[\s-]+|[,(;:/–—-]\s*)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Before four digits that are a year, and no number of soldiers or of a resolution."""

_NEWEST = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|upcoming|last|next|current(?:ly)?)\b(?!\s*(?:few|two|three|\d))|最新|直近|前回|次回|次の|最近の",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:previous|preceding|second[- ](?:latest|last)|last but one)\b|前々回", re.IGNORECASE
)
_SMALL = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_AMOUNT = rf"(?:\d{{1,3}}|\b(?:{'|'.join(_SMALL)})\b)"
_PAST = re.compile(rf"\b(?:last|past)\s+({_AMOUNT})\s+(year|month|week)s\b", re.IGNORECASE)
_ONES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth".split()
_ONES += "sixteenth seventeenth eighteenth nineteenth".split()
_MONTH_KEYS = "january february march april may june july august september october november december".split()
WORDS_OF_TIME = (*_ONES, *_MONTH_KEYS, "latest", "newest", "previous", "recent", "current", "upcoming")
"""Ordinals, months and what tells the newest, in small letters."""

_TENS = "twent thirt fort fift sixt sevent eight ninet".split()
_ORDINAL = re.compile(
    rf"\b(?P<digits>\d{{1,3}})(?:st|nd|rd|th)\b|第\s?(?P<counted>\d{{1,3}})\s?[回次]"
    rf"|\b(?:(?P<tens>{'|'.join(_TENS)})(?:ieth|y[-\s](?P<unit>{'|'.join(_ONES[:9])}))|(?P<one>{'|'.join(_ONES)}|inaugural))\b",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"(?<![\w.])(?=[IVX]{1,6}\b)(X{0,3})(IX|IV|V?I{0,3})(?!\w)")
_LABEL = re.compile(r"(?<=[^\W\d_]{3})(\d{1,3})\b|\b[Nn]o\.?\s?(\d{1,3})\b")
_ROMANS = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}


def times_in(text: str, today: date, languages: Iterable[str] = ("en",)) -> Times:
    """Return the times that `text` names; never fails, whatever the text.

    Args:
        languages: ISO 639-1 codes of the languages it may be in.
    """
    moments = _moments(text, today, tuple(dict.fromkeys(languages)))
    rest = list(text)
    for moment in moments:
        rest[moment.start : moment.end] = "·" * (moment.end - moment.start)
    without = "".join(rest)
    place = BEFORE if _BEFORE.search(without) else NEWEST if _NEWEST.search(without) else None
    return Times(
        spans=tuple(_spans(text, moments)),
        explicit=any(moment.explicit for moment in moments),
        place=place,
        ordinals=tuple(ordinals_in(without)),
        rest=" ".join(_NAMED.sub(" ", without).split()).replace(" ?", "?"),
    )


def years_in(text: str) -> set[int]:
    """Return every number in `text` that may be a year."""
    return {int(year) for year in re.findall(rf"(?<!\d){_YEAR}(?!\d)", text)}


def ordinals_in(text: str) -> list[tuple[int, int]]:
    """Return the ordinals of `text` ("56th", "Seventh", "第七回" in digits), each with its end."""
    return [(_ordinal(found), found.end()) for found in _ORDINAL.finditer(text)]


def numbers_of_title(title: str) -> set[int]:
    """Return the numbers by which a title tells a meeting from the others of its series."""
    found = {number for number, _ in ordinals_in(title)}
    found |= {10 * len(r[1]) + _ROMANS[r[2]] for r in _ROMAN.finditer(title)}
    found |= {int(label[1] or label[2]) for label in _LABEL.finditer(title)}
    return found


def _ordinal(found: re.Match[str]) -> int:
    if digits := found["digits"] or found["counted"]:
        return int(digits)
    if tens := found["tens"]:
        unit = _ONES.index(found["unit"].lower()) + 1 if found["unit"] else 0
        return 10 * (_TENS.index(tens.lower()) + 2) + unit
    return 1 if found["one"].lower() == "inaugural" else _ONES.index(found["one"].lower()) + 1


def _moments(text: str, today: date, languages: tuple[str, ...]) -> list[_Moment]:
    """Return the moments named, in order; of two that overlap the longer."""
    found = [*_years(text), *_past(text, today)]
    for language in languages:
        found += [*_months(text, language), *_relative(text, today, language)]
    kept: list[_Moment] = []
    for moment in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(moment.end <= other.start or other.end <= moment.start for other in kept):
            kept.append(moment)
    return sorted(kept, key=lambda m: m.start)


def _years(text: str) -> Iterable[_Moment]:
    for found in re.finditer(
        rf"(?<![\d.,$€£¥]){_YEAR}(?:[-–/](?P<last>\d\d(?!\d))|(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)|年(?:(?P<m>\d{{1,2}})月(?:(?P<d>\d{{1,2}})日)?)?)?(?![\d%]|[.,]\d)",
        text,
    ):
        year, last = int(found.group()[:4]), found["last"]
        written = found["month"] or found["m"]
        if last and int(last) <= 12 and int(last) != (year + 1) % 100:
            written, last = last, None
        if not written and "年" not in found.group() and not _is_year(text, found):
            continue
        if last:
            yield _Moment(
                found.start(), found.end(), (date(year, 1, 1), date(year - year % 100 + int(last), 12, 31))
            )
        elif span := _span(year, int(written or 0), int(found["day"] or found["d"] or 0)):
            yield _Moment(found.start(), found.end(), span)


def _is_year(text: str, found: re.Match[str]) -> bool:
    """Whether four digits are a year by what stands before them, or by nothing following that they could count."""
    return bool(_LEADS_TO_YEAR.search(text[: found.start()])) or not re.match(r"\s*\w", text[found.end() :])


def _span(year: int, month: int = 0, day: int = 0) -> Span | None:
    try:
        if not month:
            return date(year, 1, 1), date(year, 12, 31)
        if not day:
            following = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1), following - timedelta(days=1)
        return date(year, month, day), date(year, month, day)
    except ValueError:
        return None


def _months(text: str, language: str) -> Iterable[_Moment]:
    pattern, numbers = _month_names(language)
    for found in pattern.finditer(text) if pattern else ():
        day = int(found["day"] or found["day2"] or 0)
        if span := _span(int(found["year"]), numbers[found["month"].casefold()], day):
            yield _Moment(found.start(), found.end(), span)


def _relative(text: str, today: date, language: str) -> Iterable[_Moment]:
    pattern, phrases = _phrases(language)
    for found in pattern.finditer(text) if pattern else ():
        said = found.group().casefold()
        if said in phrases:
            amount, unit = phrases[said]
        else:
            number = re.search(_AMOUNT, said)
            amount, unit = phrases[re.sub(_AMOUNT, "#", said)]
            amount *= _SMALL.get(number[0]) or int(number[0]) if number else 1
        yield _Moment(found.start(), found.end(), _shifted(today, amount, unit), explicit=False)


def _past(text: str, today: date) -> Iterable[_Moment]:
    for found in _PAST.finditer(text):
        amount = _SMALL.get(found[1].lower()) or int(found[1])
        start = _shifted(today, -amount, found[2].lower())[0]
        yield _Moment(found.start(), found.end(), (start, today), explicit=False)


def _shifted(today: date, amount: int, unit: str) -> Span:
    """Return the year, month, week or day so many before or after today's."""
    amount = max(-900, min(900, amount))
    if unit == "year":
        return date(today.year + amount, 1, 1), date(today.year + amount, 12, 31)
    if unit == "month":
        months = today.year * 12 + today.month - 1 + amount
        return _span(months // 12, months % 12 + 1) or (today, today)
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=amount)
        return monday, monday + timedelta(days=6)
    day = today + timedelta(days=amount)
    return day, day


def _spans(text: str, moments: list[_Moment]) -> Iterable[Span]:
    """Join what "between … and …" encloses, and open what "since" or "until" leaves open."""
    place = 0
    while place < len(moments):
        moment, before = moments[place], text[: moments[place].start]
        following = moments[place + 1] if place + 1 < len(moments) else None
        between = text[moment.end : following.start] if following else ""
        opens = _OPENS_RANGE.search(before) or "から" in between or re.fullmatch(r"\s*[-–—〜～]\s*", between)
        if following and opens and _BETWEEN.fullmatch(between):
            yield moment.span[0], following.span[1]
            place += 2
            continue
        yield _opened(moment, before, text[moment.end :])
        place += 1


def _opened(moment: _Moment, before: str, after: str) -> Span:
    start, end = moment.span
    if started := _STARTS.search(before):
        first = end + timedelta(days=1) if _EXCLUDES.match(started[1]) else start
        return first, date.max
    if _STARTS_AFTER.match(after):
        return start, date.max
    if ended := _ENDS.search(before):
        return date.min, start - timedelta(days=1) if _EXCLUDES.match(ended[1]) else end
    if _ENDS_AFTER.match(after):
        return date.min, end
    return start, end


# --- what dateparser knows of a language ---

_CODE = re.compile(r"[A-Za-z-]{2,12}")
_UNITS = re.compile(r"(?:in (?P<ahead>\d+|\\1) |(?P<ago>\d+|\\1) )(?P<unit>year|month|week|day)(?: ago)?")


@lru_cache(maxsize=64)
def _locale(language: str) -> Mapping[str, Any]:
    """Return dateparser's data of a language, from its file: the package itself takes a fifth of a second to load."""
    package = find_spec("dateparser")
    assert package is not None
    assert package.origin is not None
    data = Path(package.origin).with_name("data") / "date_translation_data"
    found = spec_from_file_location(f"_dates_of_{language}", data / f"{language}.py")
    if not _CODE.fullmatch(language) or found is None or found.loader is None:
        return {}
    module = module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except FileNotFoundError:
        return {}
    info: Mapping[str, Any] = module.info
    return info


@lru_cache(maxsize=64)
def _month_names(language: str) -> tuple[re.Pattern[str] | None, dict[str, int]]:
    info = _locale(language)
    numbers = {n.casefold(): m for m, key in enumerate(_MONTH_KEYS, 1) for n in info.get(key, ())}
    if not numbers:
        return None, {}
    names = "|".join(re.escape(n) for n in sorted(numbers, key=len, reverse=True))
    return re.compile(
        rf"(?<!\w)(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º)?\s+(?:of\s+|de\s+)?)?(?P<month>{names})\.?"
        rf"(?:\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?)?\s+(?:of\s+|de\s+)?(?P<year>{_YEAR})(?!\d)",
        re.IGNORECASE,
    ), numbers


@lru_cache(maxsize=64)
def _phrases(language: str) -> tuple[re.Pattern[str] | None, dict[str, tuple[int, str]]]:
    """Return what finds "last year" and "2 years ago", and how many of which unit each is away."""
    info = _locale(language)
    known: dict[str, tuple[int, str]] = {}
    for table in ("relative-type", "relative-type-regex"):
        for meaning, said in info.get(table, {}).items():
            unit = _UNITS.fullmatch(meaning)
            if unit is None or (unit["unit"] == "day" and meaning.startswith("0")):
                continue
            amount = int((unit["ahead"] or unit["ago"]).replace(r"\1", "1"))
            for phrase in said:
                plain = phrase.replace(r"(\d++[.,]?\d*+)", "#").casefold()
                if "(" not in plain and len(plain.replace("#", "")) > 1:
                    known[plain] = (amount if unit["ahead"] else -amount, unit["unit"])
    if not known:
        return None, {}
    written = (re.escape(p).replace(r"\#", _AMOUNT) for p in sorted(known, key=len, reverse=True))
    pattern = f"(?:{'|'.join(written)})"
    if all(ord(c) < 0x250 for p in known for c in p):  # a language that puts spaces between its words
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return re.compile(pattern, re.IGNORECASE), known

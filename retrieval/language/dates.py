"""Calendar dates as official documents write them -> ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?\s*(?:[-–—,&]|and|to)\s*)?(\d{1,2})(?:st|nd|rd|th)?"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民國": 1911, "民国": 1911}
_DIGIT = re.compile(r"\d")  # of any script

_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<![\d.]){_DAY}\s+(?:day\s+)?(?:of\s+)?{_NAME},?\s*(\d{{4}})(?!\d)", re.IGNORECASE
)
_MONTH_FIRST = re.compile(rf"\b{_NAME}\s*{_DAY},?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[年./년]\s?(\d{1,2})\s?[月./월]\s?(\d{1,2})(?!\d)")
_COUNT = "[一二三四五六七八九十]{1,3}"
_ERA = re.compile(
    rf"(令和|平成|昭和|大正|民國|民国)\s?(\d{{1,2}}|元|{_COUNT})\s?年\s?(\d{{1,2}}|{_COUNT})\s?月\s?(\d{{1,2}}|{_COUNT})\s?日"
)
_KANJI = re.compile(rf"([〇○零一二三四五六七八九]{{4}})年({_COUNT})月({_COUNT})日")
_DIGITS = "〇一二三四五六七八九"
_DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_OTHER = re.compile(
    r"(?<!\d)\d{1,2}(?:\.?º?|er)\s+(?:de\s+|tháng\s+)?[^\W\d_][\w\u0e31-\u0e4e]{2,12}\.?,?\s+(?:de\s+|พ\.ศ\.\s*)?\d{4}(?!\d)"
)
_THAI = re.compile("[\u0e00-\u0e7f]")
_VIETNAMESE = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.IGNORECASE)


def find_date(text: str) -> str | None:
    """Return the first full date in `text`, or None; of a span of days, the last; never a guess."""
    plain = _DIGIT.sub(lambda digit: str(int(digit.group())), text)
    found = [
        (match.start(), iso)
        for pattern, read in _READERS
        if (match := pattern.search(plain)) and (iso := read(match))
    ]
    return min(found)[1] if found else None


def find_own_date(text: str) -> str | None:
    """Return the date in `text` that is its document's own: not that of a convention it names."""
    kept = _ANOTHERS.sub(
        lambda found: found.group() if found.start() < _FIRST else found["before"] + " ", text
    )
    return find_date(kept)


def is_iso_date(text: str) -> bool:
    """Whether `text` is a calendar date that exists, written "2022-06-22"."""
    return bool(_ISO.fullmatch(text)) and _iso(*map(int, text.split("-"))) == text


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat() if year >= 1000 else None
    except ValueError:
        return None


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _era(match: re.Match[str]) -> str | None:
    year = _ERAS[match[1]] + (1 if match[2] == "元" else _count(match[2]))
    return _iso(year, _count(match[3]), _count(match[4]))


def _kanji(match: re.Match[str]) -> str | None:
    year = "".join(str(_DIGITS.index(digit) if digit in _DIGITS else 0) for digit in match[1])
    return _iso(int(year), _count(match[2]), _count(match[3]))


def _count(written: str) -> int:
    """Return a number of up to 99: "31" or "三十一"."""
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    return (10 * (_DIGITS.index(tens) if tens else 1) if ten else 0) + (_DIGITS.index(ones) if ones else 0)


def _slashed(match: re.Match[str]) -> str | None:
    """Read "22/06/2022" and "06/22/2022"; "03/04/2022" could be either and is none."""
    first, second, year = (int(part) for part in match.groups())
    if first <= 12 and second <= 12 and first != second:
        return None
    return _iso(year, second, first) if second <= 12 else _iso(year, first, second)


def _other(match: re.Match[str]) -> str | None:
    """Read a date with a month's name in another language."""
    import dateparser

    written = match.group()
    if _THAI.search(written):  # years of the Buddhist era are 543 ahead
        written = re.sub(
            r"\d{4}", lambda year: str(_gregorian(int(year.group()))), written.replace("พ.ศ.", "")
        )
    found = dateparser.parse(written, settings={"REQUIRE_PARTS": ["day", "month", "year"]})
    return found.date().isoformat() if found else None


def _gregorian(year: int) -> int:
    return year - 543 if year > 2400 else year


_FIRST = 12  # letters before an instrument that is the document itself: "Joint Declaration of 3 May"
_ANOTHERS = re.compile(
    r"""
    # a date that belongs to another document: "the Convention of 10 December 1982"
    (?P<before>\b(?:convention|treaty|agreement|protocol|charter|covenant|resolution|decision|regulation
    |directive|act|law|accord|declaration|traité|convention|loi|accord|tratado|convenio|acuerdo|ley
    |vertrag|abkommen|gesetz)s?\b[^,;:]{0,40}?)\b(?:of|du|de|del|vom|dated)\s+\d{1,2}\.?º?\s+\S+
    (?:\s\S+)?\s+\d{4}
    """,
    re.VERBOSE | re.IGNORECASE,
)

_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    (_ISO, lambda m: _iso(int(m[1]), int(m[2]), int(m[3]))),
    (_DAY_FIRST, lambda m: _iso(int(m[3]), _month(m[2]), int(m[1]))),
    (_MONTH_FIRST, lambda m: _iso(int(m[3]), _month(m[1]), int(m[2]))),
    (_YEAR_FIRST, lambda m: _iso(int(m[1]), int(m[2]), int(m[3]))),
    (_ERA, _era),
    (_KANJI, _kanji),
    (_DOTTED, lambda m: _iso(int(m[3]), int(m[2]), int(m[1]))),
    (_SLASHED, _slashed),
    (_VIETNAMESE, lambda m: _iso(int(m[3]), int(m[2]), int(m[1]))),
    (_OTHER, _other),
)

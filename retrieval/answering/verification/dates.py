"""Dates, whole or in part: 22 June 2022, June 22, "mid-2002", "this year"; and whether one holds another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import levelled

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:[Jj]an(?:uary|\.)|[Ff]eb(?:ruary|\.)|[Mm]ar(?:ch|\.)|[Aa]pr(?:il|\.)|May|[Jj]une?|[Jj]uly?"
    r"|[Aa]ug(?:ust|\.)|[Ss]ep(?:tember|t\.|\.)|[Oo]ct(?:ober|\.)|[Nn]ov(?:ember|\.)|[Dd]ec(?:ember|\.))"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAYS = rf"{_DAY}(?:\s*(?:-|to|and|,)\s*{_DAY})*"
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<![\d.,$])\b(?P<days>{_DAYS})(?: day)?(?: of)? (?P<month>{_MONTH})(?:,? (?P<year>{_YEAR})\b)?"
)
_MONTH_FIRST = re.compile(rf"\b(?P<month>{_MONTH}) (?P<days>{_DAYS})\b(?!\d)(?:,? (?P<year>{_YEAR})\b)?")
_WORD_DAY = re.compile(rf"\b(?P<days>first|1st) of (?P<month>{_MONTH})(?:,? (?P<year>{_YEAR})\b)?")
_MONTH_YEAR = re.compile(rf"\b(?P<month>{_MONTH}),? (?:of )?(?P<year>{_YEAR})\b")
_MONTH_ONLY = re.compile(
    rf"\b(?P<month>(?!May\b){_MONTH}\b|(?<=(?:in|by|of|on) )May\b|(?<=(?:until|since|after|every|start|early) )May\b"
    r"|(?<=(?:last|next|from|late|this) )May\b|(?<=(?:before|during|around) )May\b|\bMay(?= (?:each|every) year))"
)
_SEASON = re.compile(rf"\b(?P<season>spring|summer|autumn|winter)\b(?: (?:of )?(?P<year>{_YEAR})\b)?")
_PART = re.compile(
    rf"\b(?P<part>(?:first|second|third|fourth|last|1st|2nd|3rd|4th) (?:half|quarter))(?: of)? (?:the year |of )?(?P<year>{_YEAR})?\b"
)
_YEAR_ONLY = re.compile(
    rf"(?<![\d.,$€£¥/#-])(?:mid-)?\b(?P<year>{_YEAR})\b(?![\d%/]|[.,]\d| ?(?:tonnes|people|doses|euros|dollars|hectares))"
)
_RELATIVE = re.compile(
    r"\b(?P<which>this|current|present|same|next|following|coming|last|previous|past|preceding|prior)(?: calendar)? (?P<unit>year|month|week|quarter)\b"
    r"|\b(?P<unit2>year|month|week) (?P<which2>to come|ahead|before)\b|\b(?P<unit3>year)'s end\b|\bend of the (?P<unit4>year)\b"
)
_AFTER = frozenset({"next", "following", "coming", "to come", "ahead"})
_BEFORE = frozenset({"last", "previous", "past", "preceding", "prior", "before"})
_WEEKDAY = re.compile(r"\b(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
_DECADE = re.compile(r"\b(?P<decade>(?:19|20)\d0)s\b")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as far as a text gives it, and where.

    Attributes:
        days: Of the month; several where it is a span ("8-9 October").
        part: "spring", "second half", a weekday or a decade.
        relative: -1, 0 or 1 with its unit ("year"), where it counts from when the text was written.
    """

    start: int
    end: int
    written: str
    year: int | None = None
    month: int | None = None
    days: tuple[int, ...] = ()
    part: str | None = None
    relative: tuple[int, str] | None = None

    @property
    def fields(self) -> frozenset[str]:
        """What of it is given."""
        given = {"year": self.year, "month": self.month, "day": self.days, "part": self.part}
        return frozenset(name for name, value in given.items() if value)


@lru_cache(maxsize=4_096)
def moments(text: str) -> tuple[Moment, ...]:
    """Return the dates in `text`, in order."""
    plain = levelled(text)
    found: list[Moment] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            if not any(m.start < match.end() and match.start() < m.end for m in found):
                found.append(_moment(match))
    return tuple(sorted(found, key=lambda m: m.start))


_PATTERNS = (
    _ISO, _DAY_FIRST, _MONTH_FIRST, _WORD_DAY, _MONTH_YEAR, _SEASON, _PART, _MONTH_ONLY, _DECADE, _YEAR_ONLY,
    _RELATIVE, _WEEKDAY,
)  # fmt: skip


def _moment(match: re.Match[str]) -> Moment:
    start, end, written = match.start(), match.end(), match.group()
    if match.re is _ISO:
        year, month, day = (int(part) for part in match.groups())
        return Moment(start, end, written, year, month, (day,))
    given = match.groupdict()
    if match.re is _RELATIVE:
        unit = next((given[u] for u in ("unit", "unit2", "unit3", "unit4") if given[u]), "year")
        which = given["which"] or given["which2"] or "this"
        step = 1 if which in _AFTER else -1 if which in _BEFORE else 0
        return Moment(start, end, written, relative=(step, unit))
    return Moment(
        start,
        end,
        written,
        year=int(given["year"]) if given.get("year") else None,
        month=_MONTHS.index(given["month"][:3].lower()) + 1 if given.get("month") else None,
        days=_days(given.get("days") or ""),
        part=given.get("season") or given.get("part") or given.get("weekday") or given.get("decade"),
    )


def _days(written: str) -> tuple[int, ...]:
    if written == "first":
        return (1,)
    numbers = [int(n) for n in re.findall(r"\d+", written)]
    if len(numbers) == 2 and re.search(r"-|to", written) and 0 < numbers[1] - numbers[0] < 31:
        return tuple(range(numbers[0], numbers[1] + 1))
    return tuple(numbers)


def compare(statement: str, evidence: str, context: str, written: str | None) -> Iterator[Difference]:
    """Yield the dates of `statement` that the evidence does not hold.

    Args:
        context: What stands around the evidence: a date found only there counts where the evidence has none.
        written: ISO date of the readout: what "this year" means, and the year of dates that have none.
    """
    own = moments(evidence)
    around = (*moments(context), *(moments(written) if written else ()))
    for asked in moments(statement):
        if any(_holds(known, asked, own, written) or _bounds(asked, statement, known) for known in own):
            continue
        rivals = [known for known in own if _same_sort(known, asked)]
        if rivals:
            reason = f"It says “{asked.written}”; the evidence says “{rivals[0].written}”."
            yield Difference(Kind.DATE, reason, contradicts=True)
        elif not any(_holds(known, asked, around, written) for known in around):
            yield Difference(
                Kind.DATE, f"The date “{asked.written}” is not in the evidence.", contradicts=False
            )


def _same_sort(known: Moment, asked: Moment) -> bool:
    if asked.relative or known.relative:
        return bool(asked.relative and known.relative) or bool({"year"} & (asked.fields | known.fields))
    return bool(known.fields & asked.fields)


def _holds(known: Moment, asked: Moment, around: Sequence[Moment], written: str | None) -> bool:
    if asked.relative and known.relative == asked.relative:
        return True
    years = {_year(known, around, written), known.year}
    wanted = {_year(asked, around, written), asked.year} - {None}
    if asked.relative:
        return asked.relative[1] == "year" and bool(wanted & years)
    if asked.year and asked.year not in years and not (known.year is None and _near(asked.year, written)):
        return False
    if not (asked.fields - {"year"}) and not ({asked.year} & years):
        return False
    return (
        asked.month in (None, known.month)
        and (not asked.days or set(asked.days) <= set(known.days))
        and (asked.part is None or asked.part == known.part or _in_part(asked.part, known))
    )


def _year(moment: Moment, around: Sequence[Moment], written: str | None) -> int | None:
    """The year a relative date means: counted from the readout's date, or the only year beside it."""
    if moment.relative is None or moment.relative[1] != "year":
        return moment.year
    beside = {m.year for m in around if m.year is not None}
    word = moment.written.split()[0]
    if word in {"previous", "preceding", "prior", "following"} and len(beside) == 1:
        return beside.pop() + moment.relative[0]
    return int(written[:4]) + moment.relative[0] if written else None


def _near(year: int, written: str | None) -> bool:
    return written is not None and written.startswith(str(year))


_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}
_PARTS = {
    "first half": range(1, 7),
    "second half": range(7, 13),
    "last half": range(7, 13),
    "first quarter": range(1, 4),
    "second quarter": range(4, 7),
    "third quarter": range(7, 10),
    "fourth quarter": range(10, 13),
    "last quarter": range(10, 13),
}


def _months(part: str | None) -> range:
    """The months of a half or quarter; none where it is something else."""
    first, _, rest = (part or "").partition(" ")
    return _PARTS.get(f"{_ORDINALS.get(first, first)} {rest}", range(0))


def _in_part(part: str, known: Moment) -> bool:
    months = _months(part)
    return known.month in months or (bool(months) and months == _months(known.part))


def _bounds(asked: Moment, statement: str, known: Moment) -> bool:
    """Whether a month is the edge of a half or quarter told by its edges: "by the end of March", "July to December"."""
    months = _months(known.part)
    if not months or asked.days or asked.month not in (months[0], months[-1]):
        return False
    if asked.year not in (None, known.year):
        return False
    said = {m.month for m in moments(statement) if not m.days}
    if {months[0], months[-1]} <= said:
        return True
    before = statement[max(0, asked.start - 20) : asked.start]
    return asked.month == months[-1] and _END_OF.search(before) is not None


_END_OF = re.compile(r"\b(?:end of|end|close of|late|before the end of|not after)(?: of)? $")

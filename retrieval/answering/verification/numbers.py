"""Amounts however they are written: "25 per cent" and "a quarter", "18 months" and "a year and a half"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

from retrieval.answering.verification.dates import moments
from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import levelled
from retrieval.answering.verification.polarity import denies
from retrieval.index.terms import stem


class Sort(StrEnum):
    """What an amount counts; only amounts of one sort are compared."""

    COUNT = "count"
    SHARE = "share"
    MONEY = "money"
    DURATION = "duration"
    ORDINAL = "ordinal"
    MULTIPLE = "multiple"
    PERIOD = "period"


class Bound(StrEnum):
    """How far an amount reaches."""

    EXACT = "exactly"
    ABOUT = "about"
    LEAST = "at least"
    MOST = "at most"
    OVER = "more than"
    UNDER = "less than"


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount: a share is 0.25 for 25 per cent, a duration is in days, a period in years."""

    value: float
    sort: Sort
    bound: Bound
    unit: str
    written: str
    noun: str = ""


_DAYS = {
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "fortnight": 14.0,
    "month": 30.4375,
    "year": 365.25,
    "minute": 1 / 1440,
}
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
    "trillion": 1e12, "tn": 1e12, "100": 1e2, "1000": 1e3, "1000000": 1e6, "1000000000": 1e9, "1000000000000": 1e12,
}  # fmt: skip
_UNITS = {
    "tonne": "t", "tonnes": "t", "tons": "t", "ton": "t", "kilogram": "kg", "kilograms": "kg", "kg": "kg",
    "kilogrammes": "kg", "gram": "g", "grams": "g", "kilometre": "km", "kilometres": "km", "kilometers": "km",
    "km": "km", "metre": "m", "metres": "m", "meters": "m", "miles": "mi", "hectares": "ha", "acres": "ac",
    "megawatts": "mw", "mw": "mw", "gigawatts": "gw", "gw": "gw", "degrees": "deg", "litres": "l", "barrels": "bbl",
}  # fmt: skip
_CURRENCIES = {
    "$": "$", "us$": "$", "a$": "$", "$a": "$", "usd": "$", "aud": "$", "dollar": "$", "dollars": "$", "€": "€", "eur": "€",
    "euro": "€", "euros": "€", "£": "£", "gbp": "£", "pounds": "£", "¥": "¥", "jpy": "¥", "yen": "¥",
    "crowns": "crowns", "lira": "lira", "shillings": "shillings", "rupees": "rupees", "pesos": "pesos",
    "francs": "francs", "yuan": "yuan", "won": "won", "baht": "baht", "dong": "dong",
}  # fmt: skip
_IDIOMS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(?:inaugural|maiden)\b", "first"),
        (r"\bhalf a dozen\b", "6"),
        (r"\b(?:a|one) dozen\b", "12"),
        (r"\b(\d+|two|three|four|five) dozen\b", r"\1 times 12"),
        (r"\b(?:an?|one) years? and a half\b|\bone and a half years\b", "18 months"),
        (r"\b(?:half a|half of a|a half) year\b|\bhalf-year\b", "6 months"),
        (r"\b(?:a full|one full|full|one|an entire|a whole) (year|month|week|day|hour|fortnight)\b", r"1 \1"),
        (r"\b(?:a|one|the (?:past|last|next)) decade\b", "10 years"),
        (r"\bthe last (\w+) years\b", r"\1 years"),
        (r"\bgross of\b", "144"),
        (r"\b(?:a pair|a couple) of\b", "two"),
        (r"\b(?:at first|first(?=[.,;]|$)|first and foremost|second to none)", " "),
        (r"\bthe (?:two|pair)(?= (?:once|also|again|jointly|then|have|will|were|are|had|\w+ed|\w+s)\b(?<!countries)(?<!sides))", " PARTIES2 "),
        (r" out of (?:every )?", " OUTOF "),
        (r"\bhalf[- ](?=of\b|their\b|the\b|its\b)|\bone half\b|\ba half\b", "50 % "),
        (r"(?<!first )(?<!second )(?<!1st )(?<!2nd )\bhalf\b(?!-?way| of (?:the year|20))", "50 %"),
        (r"\btwo[- ]thirds\b", "66.667 %"),
        (r"\b(?:a|one)[- ]third\b", "33.333 %"),
        (r"\bthree[- ]quarters\b", "75 %"),
        (r"\b(?:a|one)[- ]quarter\b(?! (?:of )?(?:20|19)\d\d)", "25 %"),
        (r"\b(?:a|one)[- ]fifth\b", "20 %"),
        (r"\b(?:a|one)[- ]tenth\b", "10 %"),
        (r"\bevery (?:two|second|other) years?\b|\bbiennial(?:ly)?\b|\bevery 2 years\b", " PERIOD2 "),
        (r"\bevery (?:three|third) years?\b|\btriennial(?:ly)?\b", " PERIOD3 "),
        (r"\b(?:annual|yearly)(?:ly)?\b|\b(?:each|every|per) year\b|(?<!once) a year\b", " PERIOD1 "),
        (r"\bmonthly\b|\b(?:each|every|per) month\b", " PERIOD0.0833 "),
        (r"\bhalf-yearly\b|\bsemi-?annual(?:ly)?\b|\btwice (?:a|every|per|each) year\b", " PERIOD0.5 "),
        (r"\bonce (?:a|every|per|each) year\b|\bonce PERIOD1\b", " PERIOD1 "),
        (r"\b(?:doubl(?:e|ed|es|ing)|twofold|twice (?:as|the)|twice)\b", " MULTIPLE2 "),
        (r"\b(?:tripl(?:e|ed|es|ing)|threefold|trebled|thrice)\b", " MULTIPLE3 "),
        (r"\b(?:quadrupl(?:e|ed|es|ing)|fourfold)\b", " MULTIPLE4 "),
        (r"\bhalv(?:ed|es|ing)\b", " MULTIPLE0.5 "),
        (r"\btwo-way\b|\bbilateral(?:ly)?\b|\bboth\b|\btwo sides\b", " PARTIES2 "),
        (r"\bthree-way\b|\btrilateral(?:ly)?\b|\btripartite\b", " PARTIES3 "),
        (r"\bquadrilateral\b|\bthe quad\b|\bquad\b", " PARTIES4 "),
    )
)  # fmt: skip
_ROMAN = re.compile(
    r"\b(Article|Chapter|Phase|Part|Section|Annex|Type|Title|Pillar|Volume) ([IVX]{1,5}|\d{1,3})\b"
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_NAMED = re.compile(
    r"\b\d+\+\d+\b|\b[A-Za-z]+-?\d+\w*(?:\.\d+)?|\b\d+[A-Za-z]{4,}\w*|\b[A-Z][a-z][\w'-]* \d\.\d\b(?! ?(?:[mb]illion|per))"
)
_NUMBER_NAME = re.compile(r"\b(?:Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)-[A-Z][a-z]+")
"""Digits inside a name, "G20", "COVID-19", "2+2", "Vision 2.0", count nothing."""
_AMOUNT = re.compile(
    r"(?P<currency>(?:(?:\b(?:US|A|NZ|C))?[$]A?|[€£¥]|\b(?:USD|EUR|AUD|JPY|GBP)\b)\s?)?"
    r"(?P<number>\d+(?:\.\d+)?)(?P<ordinal>st|nd|rd|th)?"
    r"\s?(?P<scale>1000000000000|1000000000|1000000|1000\b|100\b(?= )|hundred|thousand|million|billion|trillion|bn|mn|tn|m|k)?(?![\w])"
    r"\s?(?P<after>%|per ?cent(?:age points?)?|percent\w*|[A-Za-z€$]+)?"
)
_MARKER = re.compile(r"\b(PERIOD|MULTIPLE|PARTIES)([\d.]+\d|\d)")
_BOUNDS = (
    (Bound.LEAST, r"(?:at least|no less than|no fewer than|not less than|a minimum of|or more)"),
    (Bound.MOST, r"(?:(?<!went )(?<!rose )(?<!risen )(?<!grew )(?<!climbed )(?<!increased )up to|as (?:much|many) as|no more than|not more than|at most|a maximum of|maximum)"),
    (Bound.OVER, r"(?:more than|over|upwards of|exceed(?:ing|s|ed)?(?: it)?|above|in excess of|top(?:s|ped)?|beyond|surpass\w*)"),
    (Bound.UNDER, r"(?:less than|fewer than|under|below|short of)"),
    (Bound.ABOUT, r"(?:about|around|roughly|approximately|nearly|almost|close to|some|circa)"),
)  # fmt: skip
_BEFORE = tuple(
    (bound, re.compile(rf"\b{words}\s+(?:\w+\s+)?(?:[A-Z]{{3}} ?)?$")) for bound, words in _BOUNDS
)


@lru_cache(maxsize=4_096)
def amounts(text: str) -> tuple[Amount, ...]:
    """Return the amounts in an English text, dates and digits inside names left out."""
    return tuple(_amounts(_prepared(text)))


def _prepared(text: str) -> str:
    from text_to_num import alpha2digit

    blanked = list(levelled(text))
    for moment in moments(text):
        if moment.relative is None:
            blanked[moment.start : moment.end] = " " * (moment.end - moment.start)
    plain = unicodedata.normalize("NFKC", "".join(blanked))
    plain = _ROMAN.sub(lambda m: f"{m[2] if m[2].isdigit() else _roman(m[2])}th {m[1]}", plain)
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", _NUMBER_NAME.sub(" ", _NAMED.sub(" ", plain)))
    for pattern, replacement in _IDIOMS:
        plain = pattern.sub(replacement, plain)
    spaced = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])|(?<=\d)-(?=[A-Za-z])", " ", plain)
    converted: str = alpha2digit(spaced, "en", threshold=0)
    converted = _UNIT_LAST.sub(r"\1 \4\2\3 \4", converted)
    converted = _UNIT_FIRST.sub(r"\1 \2\3\4 \2", converted)
    return _RATIO.sub(lambda m: f"{100 * int(m[1]) / max(1, int(m[2])):.3f} % ", converted)


_UNIT = r"(?:%|per ?cent|percent|hours?|days?|weeks?|months?|years?|minutes?|hundred|thousand|million|billion|trillion|tonnes?|km|kilomet\w+|hectares?|euros?|dollars?)"
_UNIT_LAST = re.compile(rf"(\b\d+(?:\.\d+)?)( (?:to|and|or) |-)(\d+(?:\.\d+)?) ?({_UNIT})(?![A-Za-z])")
_UNIT_FIRST = re.compile(
    rf"(?<=from )(\d+(?:\.\d+)?) ?({_UNIT})( to )(\d+(?:\.\d+)?)\b(?!\.\d| ?(?:{_UNIT}|[A-Z]))"
)
"""The unit of a range stands once: "from 9 to 14 hours", "from eleven months to nine"."""
_RATIO = re.compile(r"\b(\d{1,6}) OUTOF (\d{1,6})\b")


def _roman(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-v if v < following else v for v, following in zip(values, [*values[1:], 0], strict=True))


def _amounts(plain: str) -> Iterator[Amount]:
    for marker in _MARKER.finditer(plain):
        sort = {"PERIOD": Sort.PERIOD, "MULTIPLE": Sort.MULTIPLE, "PARTIES": Sort.COUNT}[marker[1]]
        noun = "parties" if marker[1] == "PARTIES" else ""
        yield Amount(float(marker[2]), sort, Bound.EXACT, "", _WRITTEN.get(marker[0], marker[0]), noun)
    for found in _AMOUNT.finditer(_MARKER.sub(lambda m: " " * len(m[0]), plain)):
        amount = _amount(found, plain)
        if amount is not None:
            yield amount


_WRITTEN = {
    "PERIOD1": "every year", "PERIOD2": "every two years", "PERIOD3": "every three years", "PERIOD0.5": "twice a year",
    "PERIOD0.0833": "every month", "MULTIPLE2": "twice", "MULTIPLE3": "three times", "MULTIPLE4": "four times",
    "MULTIPLE0.5": "halved", "PARTIES2": "two", "PARTIES3": "three", "PARTIES4": "four",
}  # fmt: skip


_LONG_SCALE = re.compile(r" (1000000000000|1000000000|1000000|1000)\b")
_SCALE_NAMES = {
    "1000": "thousand",
    "1000000": "million",
    "1000000000": "billion",
    "1000000000000": "trillion",
}


def _amount(found: re.Match[str], plain: str) -> Amount | None:
    value = float(found["number"]) * _SCALES.get((found["scale"] or "").lower(), 1.0)
    after = (found["after"] or "").lower()
    written = _LONG_SCALE.sub(lambda m: f" {_SCALE_NAMES[m[1]]}", found.group().strip())
    bound = _bound(plain[: found.start()])
    if after == "times" and (more := re.match(r" (\d+)", plain[found.end() :])):
        value *= float(more[1])
    if found["ordinal"]:
        return Amount(value, Sort.ORDINAL, bound, "", written)
    if after == "%" or after.startswith(("per cent", "percent")):
        return Amount(value / 100, Sort.SHARE, bound, "", written)
    unit = after.removesuffix("s")
    if unit in _DAYS:
        during = Bound.EXACT if bound is Bound.OVER else bound  # "over two days" is during them
        return Amount(value * _DAYS[unit], Sort.DURATION, during, "", written)
    currency = _CURRENCIES.get((found["currency"] or "").strip().lower()) or _CURRENCIES.get(after, "")
    if found["currency"] or after in _CURRENCIES:
        return Amount(value, Sort.MONEY, bound, currency, written)
    if value == 1 and not found["scale"] and not found["number"].startswith("1."):
        return None  # "one" is a pronoun more often than a number
    return Amount(value, Sort.COUNT, bound, _UNITS.get(after, ""), written, after)


def _bound(before: str) -> Bound:
    lowered = before[-40:].lower()
    return next((bound for bound, pattern in _BEFORE if pattern.search(lowered)), Bound.EXACT)


def compare(statement: str, evidence: str, context: str) -> Iterator[Difference]:
    """Yield the amounts of `statement` that `evidence` does not hold.

    Args:
        context: Paragraph and title: they may say how many parties there are, nothing else.
    """
    known = [*amounts(evidence), *_derived(evidence)]
    denied = denies(statement)
    for asked in amounts(statement):
        matching = [k for k in known if _holds(k, asked, denied=denied)]
        alike = [k for k in known if asked.noun and stem(k.noun) == stem(asked.noun)]
        if asked.noun == "parties" or (matching and (not alike or any(k in matching for k in alike))):
            continue
        if asked.sort is Sort.COUNT and _counts_parties(asked, context):
            continue
        if asked.sort is Sort.PERIOD and any(m.relative for m in moments(evidence)):
            continue
        rivals = alike or [k for k in known if k.sort is asked.sort and k.noun != "parties"]
        if rivals:
            rival = (alike or rivals)[0]
            reason = f"It says “{_shown(asked)}”; the evidence says “{_shown(rival)}”."
        else:
            reason = f"The number “{_shown(asked)}” is not in the evidence."
        yield Difference(Kind.NUMBER, reason, contradicts=bool(rivals))


def _shown(amount: Amount) -> str:
    return amount.written if amount.bound is Bound.EXACT else f"{amount.bound.value} {amount.written}"


_COMPARABLE = ({Sort.MULTIPLE, Sort.SHARE}, {Sort.COUNT, Sort.MONEY})


def _holds(known: Amount, asked: Amount, *, denied: bool = False) -> bool:
    if known.sort is not asked.sort and {known.sort, asked.sort} not in _COMPARABLE:
        return False
    if known.unit and asked.unit and known.unit != asked.unit:
        return False
    same = _close(known.value, asked.value, 0.02 if asked.sort in (Sort.DURATION, Sort.SHARE) else 1e-6)
    if same:
        return denied or _bounds_agree(known.bound, asked.bound)  # "not yet thirty" is "under 30"
    if known.bound not in (Bound.EXACT, Bound.ABOUT) and known.bound is not asked.bound:
        return False
    if asked.bound in (Bound.OVER, Bound.LEAST):
        return asked.value < known.value <= asked.value * 1.3
    if asked.bound is Bound.UNDER:
        return asked.value * 0.75 <= known.value < asked.value
    return asked.bound is Bound.ABOUT and _close(known.value, asked.value, 0.1)


def _close(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


_UP, _DOWN = frozenset({Bound.LEAST, Bound.OVER}), frozenset({Bound.MOST, Bound.UNDER})


def _bounds_agree(known: Bound, asked: Bound) -> bool:
    """Whether a bound is kept: "up to 60" is neither "at least 60" nor "60"; "more than 40" may be "40"."""
    if known in _DOWN:
        return asked in _DOWN
    if known in _UP:
        return asked not in _DOWN
    return asked not in _DOWN | {Bound.OVER} if known is Bound.EXACT else asked not in _DOWN | _UP


_PARTY = frozenset(
    """countries sides nations parties governments leaders ministers states partners delegations advisers advisors
    nsas presidents members foreign national trade economy premiers capitals""".split()
)


def _counts_parties(asked: Amount, context: str) -> bool:
    if asked.noun not in _PARTY or asked.value > 9:
        return False
    around = amounts(context)
    return any(k.sort is Sort.COUNT and k.value == asked.value for k in around)


_LISTED = re.compile(
    r"(?:[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*, )+[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*,? and [A-Z][\w'’-]+|[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)* and [A-Z][\w'’-]+"
)


def _derived(evidence: str) -> Sequence[Amount]:
    """Amounts nobody wrote out: how many are listed ("A, B and C"), how many days a span has."""
    counted = [a for a in amounts(evidence) if a.sort in (Sort.COUNT, Sort.MONEY) and a.noun != "parties"]
    changes = [(abs(a.value - b.value), a) for a, b in combinations(counted[:6], 2) if a.value != b.value]
    lists = [len(re.split(r",? and |, ", found.group())) for found in _LISTED.finditer(evidence)]
    spans = [len(moment.days) for moment in moments(evidence) if len(moment.days) > 1]
    return [
        *(Amount(change, a.sort, Bound.EXACT, a.unit, a.written, "parties") for change, a in changes),
        *(Amount(float(n), Sort.COUNT, Bound.EXACT, "", str(n), "parties") for n in lists),
        *(Amount(float(n), Sort.DURATION, Bound.EXACT, "", f"{n} days") for n in spans),
        *(
            Amount(_DAYS[m.relative[1]], Sort.DURATION, Bound.EXACT, "", m.written)
            for m in moments(evidence)
            if m.relative and m.relative[1] in _DAYS
        ),
    ]

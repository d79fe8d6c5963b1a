"""Names in a statement, and whether the evidence or what stands around it has them.

Countries go by their capitals and adjectives too, bodies by their initials. A name that stands only around the
evidence, in its paragraph or title, counts, unless it takes the place of another one that the evidence has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.answering.verification.dates import moments
from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import levelled
from retrieval.index.place_names import capitals, demonyms
from retrieval.index.terms import STOP_WORDS, initials, normalised, stem

_TITLES = frozenset(
    """minister ministers president prime secretary general mr mrs ms dr prof professor ambassador director commissioner governor
    chancellor king queen admiral colonel senator deputy vice foreign defence defense chairman chairwoman chair chairperson
    representative head chief leader leaders premier sir lady lord his her excellency honourable hon state under
    officer envoy speaker captain lieutenant major judge justice assistant special permanent acting national security adviser
    advisor trade economy finance commerce health education environment agriculture transport interior home affairs
    republic kingdom federation union members parties sides participants states heads delegations officials governments""".split()
)
_PERSON_TITLES = (
    r"(?:Minister|President|Secretary|General|Mr|Mrs|Ms|Dr|Professor|Ambassador|Director|Commissioner|Governor|Chancellor|Admiral"
    r"|Colonel|Senator|Premier|Judge|Sir|Prime Minister)\.?"
)
_ALIASES = (
    (re.compile(r"\b(?:United States(?: of America)?|U\.S\.A?\.?|USA|US(?![$\w])|Americans?|America(?! n)|Washington)(?!\w)"), "Unitedstates"),
    (re.compile(r"\b(?:United Kingdom|U\.K\.|UK|British|Britain|London)\b"), "Unitedkingdom"),
    (re.compile(r"\b(?:European Union|E\.U\.|EU|Brussels)\b"), "Europeanunion"),
    (re.compile(r"\b(?:United Nations|U\.N\.|UN)\b"), "Unitednations"),
    (re.compile(r"\b(?:New Zealand(?:ers?)?|Wellington)\b"), "Newzealand"),
    (re.compile(r"\b(?:Phnom Penh)\b"), "Cambodia"), (re.compile(r"\b(?:New Delhi)\b"), "India"),
    (re.compile(r"\bKuala Lumpur\b"), "Malaysia"), (re.compile(r"\bViet Nam\b"), "Vietnam"),
    (re.compile(r"\b(?:Senkakus)\b"), "Senkaku"), (re.compile(r"\bEurope(?:an)?\b"), "Europe"),
    (re.compile(r"\bTimorese\b"), "Timor"), (re.compile(r"\bASEAN\b"), "Asean"),
)  # fmt: skip
_COUNTRY_STEMS = ("unitedst", "unitedkingdom", "newzealand")
_REGIONS = frozenset(
    "asia europe africa pacific america indo-pacific indo oceania mediterranean atlantic arctic eurasia southeast asean".split()
)
_ENDINGS = frozenset(
    ("", "a", "ia", "ian", "an", "n", "ese", "i", "o", "ish", "e", "ean", "y", "s", "ns", "ians", "er", "ers")
)
_APART = frozenset({frozenset({"niger", "nigeria"}), frozenset({"guinea", "guinean"})})
_WORD = re.compile(r"[^\W_](?:[\w'&]|\.(?=\w\.)|(?<=\.\w)\.)*")
_RUN = re.compile(r"(?<![\w-])[A-Z0-9][\w'&]*(?:[ -](?=[A-Z])[A-Z][\w'&]*)*|\b\d\+\d\b")
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+|[\"(]\s*)$")
_FINITE = re.compile(
    r" (?:has|had|is|was|will|would|may|might|must|can|could|should|took|sent|gave|lent|paid|sold|bought|told|brought|spoke|wrote|lost|won|began|became|rose|fell|chose|kept|lends|sells|buys|imports|exports|supplies|hosts|said|says|made|held|led|put|went|came|saw|met|got"
    r"|wants|plans|\w{2,}ed)\b"
)
_MASS = re.compile(
    r"(?:tion|ment|ing|ity|ness|ance|ence|ship|ism|ics|age|ade|ure|cy|ty|gy|ry|sis|th|us|ly)$"
    r"|^(?:Freight|Merchandise|Traffic|Fraud|Output|Commerce|Business|Staff|Crime|Money|Aid|Help|Support|Food|Oil|Gas|Coal|Work|Fish|Water|Progress"
    r"|Research|Access|Parliament|Congress|People|Nobody|Nothing|Everyone|Somebody|Catch|Maize|Rice|Wheat|Steel|Cargo|Growth|Demand|Supply|Debt)$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """One run of capitalised words, titles left out.

    Attributes:
        keys: One for each word, the same for "Japan", "Japanese" and "Tokyo".
        before: The word in front of it, in lower case.
        initials: Of the whole run, titles included: "au" for "Amber Union".
    """

    written: str
    keys: tuple[str, ...]
    start: int
    end: int
    before: str
    initials: str = ""


def key(word: str) -> str:
    """Return what two ways to write one name have in common."""
    plain = normalised(word)
    country = _countries().get(plain)
    return country or stem(plain.replace(".", ""))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    return {name: stem(country) for name, country in {**demonyms(), **capitals()}.items()}


@lru_cache(maxsize=1)
def _country_keys() -> frozenset[str]:
    return frozenset(
        (*_countries().values(), *(stem(s) for s in ("unitedstates", "unitedkingdom", "newzealand")))
    )


def same(a: str, b: str) -> bool:
    """Return whether two keys name one thing: equal, or a place and what is made of its name."""
    if a == b:
        return True
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return (
        common >= 4 and a[common:] in _ENDINGS and b[common:] in _ENDINGS and frozenset((a, b)) not in _APART
    )


@lru_cache(maxsize=4_096)
def aliased(text: str) -> str:
    """Return `text` with the long and short names of a few states written in one way."""
    plain = levelled(text)
    for pattern, name in _ALIASES:
        plain = pattern.sub(name, plain)
    return plain


@lru_cache(maxsize=4_096)
def keys_of(text: str) -> tuple[str, ...]:
    """Return the keys of all words of an aliased text."""
    return tuple(key(word) for word in re.split(r"[^\w'.+]+", text) for word in (word.strip(".'"),) if word)


@lru_cache(maxsize=4_096)
def names(text: str, context: str = "") -> tuple[Name, ...]:
    """Return the names in an aliased `text`; `context` tells whether its first word is one."""
    dates = [(m.start, m.end) for m in moments(text)]
    found: list[Name] = []
    for run in _RUN.finditer(text):
        if any(s < run.end() and run.start() < e for s, e in dates) and not re.search(
            r"[A-Za-z]{4,}", run.group()
        ):
            continue
        for part in re.finditer(
            r"\S+(?: \S+)*" if "-" not in run.group() else r"[^\s-]+(?: [^\s-]+)*", run.group()
        ):
            name = _name(text, run.start() + part.start(), run.start() + part.end(), context)
            if name is not None and not any(s <= name.start < e for s, e in dates):
                found.append(name)
    return tuple(found)


def _name(text: str, start: int, end: int, context: str) -> Name | None:
    parts = [(m.start() + start, m.group()) for m in re.finditer(r"\S+", text[start:end])]
    if _SENTENCE_START.search(text[:start]) and not _first_word_is_name(text, parts, context):
        parts = parts[1:]
    initials_of_run = "".join(p[0] for _, p in parts).lower()
    parts = [(s, p) for s, p in parts if not _plain(p)]
    if not parts:
        return None
    first, last = parts[0][0], parts[-1][0] + len(parts[-1][1])
    before = (
        re.sub(r" (?:the|an?)$", "", text[:first].rstrip(), flags=re.IGNORECASE).rpartition(" ")[2].lower()
    )
    written = text[first:last].removesuffix("'s").removesuffix("'")
    return Name(written, tuple(key(p) for _, p in parts), first, last, before, initials_of_run)


def _plain(word: str) -> bool:
    lower = word.lower().removesuffix("'s").strip("'.")
    digits = lower[:1].isdigit() and "+" not in lower
    if word in _CURRENCY_CODES:
        return True  # `numbers` compares money
    return lower in _TITLES or lower in STOP_WORDS or len(lower) < 2 or digits or lower in _COMMON


_CURRENCY_CODES = frozenset(
    "USD EUR GBP JPY AUD NZD CAD CHF CNY RMB SGD IDR VND THB PHP MYR INR KRW HKD SEK NOK DKK PLN ZAR BRL MXN SDR".split()
)
_COMMON = frozenset(
    """every each all some most many several both none no neither either another one two three four five
    the a an this that these those article roman i ii iii iv v vi vii viii ix x capital""".split()
)


def _first_word_is_name(text: str, parts: Sequence[tuple[int, str]], context: str) -> bool:
    start, word = parts[0]
    lower = word.lower().removesuffix("'s")
    if lower in STOP_WORDS or lower in _TITLES:
        return False
    if word.isupper() and len(word) > 1:
        return True
    if key(word) in _country_keys() or lower.startswith(("united", "european", "newzea")):
        return True
    if any(same(key(word), key(m.group())) for m in re.finditer(r"(?<=[\w,] )[A-Z][\w'-]+", context)):
        return True
    if len(parts) > 1 and not lower.endswith(("ing", "ly")) and not all(_plain(p) for _, p in parts[1:]):
        return True
    bare = _FINITE.match(text, start + len(word))
    return (
        bool(bare)
        and not (lower.endswith("s") or lower.endswith("ed") or _MASS.search(word))
        and len(word) > 3
    )


def compare(statement: str, evidence: str, sentence: str, context: str) -> Iterator[Difference]:
    """Yield the names of `statement` that nothing holds, or that replace one of the evidence.

    Args:
        evidence: The words quoted.
        sentence: The sentences they stand in.
        context: Paragraph, heading, title and issuer.
    """
    said, quoted, near, around = (aliased(t) for t in (statement, evidence, sentence, context))
    everything = f"{near} {around}"
    own = names(said, everything)
    for name in own:
        elsewhere = _other_place(name, own, names(quoted, everything))
        if elsewhere is not None:
            reason = f"It says “{name.written}”; in the evidence the place is {elsewhere.written}."
            yield Difference(Kind.NAME, reason, contradicts=True)
            continue
        if holds(quoted, name):
            continue
        rival = _rival(name, own, names(quoted, everything), everything)
        if holds(near, name) and not (rival and is_country(rival) and _slot(name) == _slot(rival) == "in"):
            continue
        if not holds(around, name):
            reason = f"The name “{name.written}” is not in the evidence."
            yield Difference(Kind.NAME, reason, contradicts=rival is not None or _partly(near, name))
        elif rival is not None:
            reason = f"It says “{name.written}”; the evidence says “{rival.written}”."
            yield Difference(Kind.NAME, reason, contradicts=True)


def holds(text: str, name: Name) -> bool:
    """Return whether an aliased `text` has `name`: in a row, in one sentence, or by its initials."""
    known = keys_of(text)
    if all(any(same(k, other) for other in known) for k in name.keys) and (
        len(name.keys) == 1 or _together(known, name.keys)
    ):
        return True
    short = re.sub(r"[^A-Za-z]", "", name.written)
    capitals_only = "".join(c for c in short if c.isupper())
    if len(name.keys) == 1 and len(capitals_only) >= 2 and len(short) <= 7 and not short[1:].islower():
        return f"zq{short.lower()}" in initials(text) or f"zq{capitals_only.lower()}" in initials(text)
    abbreviations = {short[2:] for short in initials(name.written)}
    return any(k in abbreviations for k in known)


def _together(known: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether all the words of a name stand within a few words of each other."""
    width = len(keys) + 4
    for place, word in enumerate(known):
        if any(same(word, k) for k in keys):
            window = known[place : place + width]
            if all(any(same(k, other) for other in window) for k in keys):
                return True
    return False


def _partly(text: str, name: Name) -> bool:
    known = keys_of(text)
    return any(any(same(k, other) for other in known) for k in name.keys)


def is_person(name: Name, text: str) -> bool:
    """Return whether a title stands before the name anywhere in `text`."""
    last = re.escape(name.written.split()[-1])
    return (
        re.search(
            rf"\b{_PERSON_TITLES}(?: of [A-Z]\w+,?)?(?: [A-Z][\w'-]+){{0,2}} {last}\b", text, re.IGNORECASE
        )
        is not None
    )


def is_country(name: Name) -> bool:
    """Return whether the name is that of a state the project knows."""
    return any(k in _country_keys() for k in name.keys)


_PLACE_WORDS = frozenset({"in", "at", "on"})


def _slot(name: Name) -> str:
    return (
        "in"
        if name.before in _PLACE_WORDS
        else name.before
        if name.before in {"to", "from", "by", "with", "under"}
        else "other"
    )


def _other_place(name: Name, own: Sequence[Name], quoted: Sequence[Name]) -> Name | None:
    """The country the evidence places it in, where the statement places it in another."""
    if not is_country(name) or _slot(name) != "in":
        return None
    places = [n for n in quoted if is_country(n) and _slot(n) == "in"]
    if any(same(k, p) for place in places for k in name.keys for p in place.keys):
        return None
    return next((p for p in places if not any(set(p.keys) & set(mine.keys) for mine in own)), None)


def _rival(name: Name, own: Sequence[Name], quoted: Sequence[Name], everything: str) -> Name | None:
    """The name of the evidence that `name` stands in the place of: of its sort, and not in the statement."""
    for other in quoted:
        if any(same(k, o) for mine in own for k in mine.keys for o in other.keys):
            continue
        if set(other.keys) & _REGIONS or set(name.keys) & _REGIONS:
            continue
        if is_country(name) and is_country(other):
            return other
        people = is_person(name, everything), is_person(other, everything)
        if people == (True, True) or (
            people == (False, False)
            and not is_country(name)
            and not is_country(other)
            and _slot(name) == _slot(other) != "other"
        ):
            return other
    return None

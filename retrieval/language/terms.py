"""Text -> search terms: the one vocabulary that questions, paragraphs and the full-text index share; other names of countries,
and numbers as people write them.

Case, quotes, dashes, possessives, diacritics and British or American spelling are normalised, then words are
stemmed. Numbers stay: in official texts they are often all that tells two paragraphs apart. Scripts written
without spaces become overlapping character pairs, so that a Japanese readout can be matched at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

TERMS_VERSION = 1
"""Part of the index identity: raise it when the same text gives other terms."""

STOP_WORDS = frozenset(
    """
    a about according also am an and any are as at be been being both but by can could did do does doing done
    for from get give had has have having he her hers him his how i if in into is it its itself just let
    like me my no nor not of off on or our ours out over own please per shall she should so some such
    tell than that the their theirs them then there these they this those through to too under until up
    upon us very was
    we were what when where whether which while who whom whose why will with would you your yours s t d
    ll re ve
    """.split()
)

_WORD = re.compile(r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?(?![^\W\d_])|[^\W_]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_COMPOUND = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_COMBINING = re.compile("[\u0300-\u036f]+")
_LETTERS = str.maketrans(
    {"đ": "d", "ł": "l", "ø": "o", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'"}
    | dict.fromkeys("ʼ′`", "'")
    | dict.fromkeys("‐‑‒–—−―", "-")
)
_POSSESSIVE = re.compile(r"(?<=[^\W_])'s?(?![^\W_])")

_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve".split(),
        start=2,
    )
} | {
    "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th",
}  # fmt: skip

_NAMES = (
    (re.compile(r"\bU\.?S\.?A?\b\.?(?![a-z])"), "United States"),
    (re.compile(r"\bU\.?K\b\.?"), "United Kingdom"),
    (re.compile(r"\bU\.?N\b\.?"), "United Nations"),
    (re.compile(r"\bE\.?U\b\.?"), "European Union"),
    (re.compile(r"\b[Vv]iet [Nn]am"), "Vietnam"),
    (re.compile(r"\b(?:Burma|burma|BURMA)\b"), "Myanmar"),
    (re.compile(r"(?<=[A-Za-z])(?=\d+\.\d)"), " "),  # A$6.4 is also printed $A6.4
)
"""What official English writes in two ways; questions and texts are normalised alike, so it works both ways."""

_SPELLINGS = (
    (re.compile(r"^(def|off|lic|pret)ence"), r"\1ense"),
    (re.compile(r"^program(?:me)(?=s?$)"), "program"),
    (re.compile(r"(?<=\w{3})our(?=(?:s|ed|ing|able|ite|ful|hood|ly|al)?$)"), "or"),
    (re.compile(r"(?<=\w{2})is(?=(?:e|ed|es|ing|ation|ations|er|ers)$)"), "iz"),
    (re.compile(r"(?<=[\w])tre(?=s?$)"), "ter"),
    (re.compile(r"(?<=[\w])logue(?=s?$)"), "log"),
    (re.compile(r"^(travel|cancel|label|counsel|signal|model|enrol|fulfil)l(?=ed|ing|er|ment|$)"), r"\1"),
)


_NAME = re.compile(r"[A-Z][\w’']+(?:(?:[\s-]+(?:of|and|on|for|the|in|to))*[\s-]+[A-Z][\w’']+)+")
_NAME_PART = re.compile(r"[\w’']+")


def normalised(text: str) -> str:
    """Return `text` with case, width, diacritics, quotes, dashes and possessives normalised."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    bare = unicodedata.normalize("NFC", _COMBINING.sub("", folded))
    return _POSSESSIVE.sub("", bare)


def terms(text: str) -> list[str]:
    """Return the search terms of `text` in order, stop words left out.

    A compound gives its parts and, after them, the parts joined ("cyber-security": cyber, secur, cybersecur).
    """
    return [term for word in words(text) if word not in STOP_WORDS for term in _word_terms(word)]


def words(text: str) -> list[str]:
    """Return the normalised words of `text` in order, stop words included, unstemmed."""
    for pattern, replacement in _NAMES:
        text = pattern.sub(replacement, text)
    return list(_words(_THOUSANDS.sub("", normalised(text))))


def indexed_terms(text: str) -> list[str]:
    """Return what a paragraph is found by: its terms, then the initials of the names it spells out."""
    return terms(text) + initials(text)


def initials(text: str) -> list[str]:
    """Return terms for the abbreviations that a reader may use for capitalised names in `text`.

    "Code of Conduct on South China Sea" gives, among others, `initials_term("coc")` and that of "scs": runs
    of three to six words from one capital to another, with the small words and without. They are kept
    apart from words, so that the name "San …" is not found by "Study Abroad Network".
    """
    found: dict[str, None] = {}
    for name in _NAME.finditer(text):
        parts = _NAME_PART.findall(name.group())
        capitals = [i for i, part in enumerate(parts) if part[0].isupper()]
        for place, first in enumerate(capitals):
            for last in capitals[place + 1 :]:
                run = parts[first : last + 1]
                for letters in (run, [part for part in run if part[0].isupper()]):
                    if 3 <= len(letters) <= 6:
                        found["".join(part[0] for part in letters).lower()] = None
    return [initials_term(short) for short in found if short.isascii()]


def initials_term(abbreviation: str) -> str:
    """Return the term under which names with these initials are indexed: letters only, no word."""
    return "zq" + abbreviation.lower()


def stem(word: str) -> str:
    """Return the search term of one normalised word."""
    return _stem(word)


def _words(text: str) -> Iterator[str]:
    position = 0
    for run in _UNSPACED.finditer(text):
        yield from _spaced_words(text[position : run.start()])
        piece = run.group()
        yield from (piece[i : i + 2] for i in range(max(1, len(piece) - 1)))
        position = run.end()
    yield from _spaced_words(text[position:])


def _spaced_words(text: str) -> Iterator[str]:
    for found in _WORD.finditer(text):
        yield found.group()
        if _COMPOUND.match(text, found.end()):
            following = _WORD.match(text, found.end() + 1)
            if following and len(found.group()) > 1:
                yield f"{found.group()}\u2010{following.group()}"


def _word_terms(word: str) -> list[str]:
    first, hyphen, second = word.partition("\u2010")
    return [_stem(first + second)] if hyphen else [_stem(first)]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    if not word[:1].isalpha() or not word.isascii():
        return word
    word = _NUMBER_WORDS.get(word) or demonyms().get(word, word)
    for pattern, replacement in _SPELLINGS:
        word = pattern.sub(replacement, word)
    return _snowball(word)


def _snowball(word: str) -> str:
    import snowballstemmer

    stemmed: str = snowballstemmer.stemmer("english").stemWord(word)  # its objects are not thread-safe
    return stemmed


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


_TABLE = """
Afghanistan Afghan Kabul
Argentina Argentine|Argentinian Buenos_Aires
Australia Australian|Australians Canberra
Bangladesh Bangladeshi Dhaka
Brazil Brazilian Brasilia
Brunei Bruneian Bandar_Seri_Begawan
Cambodia Cambodian Phnom_Penh
Canada Canadian Ottawa
China Chinese Beijing
Egypt Egyptian Cairo
Fiji Fijian Suva
France French Paris
Germany German Berlin
India Indian New_Delhi|Delhi
Indonesia Indonesian Jakarta
Iran Iranian Tehran|Teheran
Iraq Iraqi Baghdad
Israel Israeli Jerusalem
Italy Italian Rome
Japan Japanese Tokyo
Korea Korean Seoul|Pyongyang
Laos Lao|Laotian Vientiane
Malaysia Malaysian Kuala_Lumpur|Putrajaya
Mexico Mexican Mexico_City
Mongolia Mongolian Ulaanbaatar
Myanmar Burmese Naypyidaw|Naypyitaw
Nepal Nepali|Nepalese Kathmandu
Pakistan Pakistani Islamabad
Philippines Philippine|Filipino|Filipinos Manila
Russia Russian Moscow|Kremlin
Saudi Saudi Riyadh
Singapore Singaporean Singapore
Spain Spanish Madrid
Syria Syrian Damascus
Thailand Thai Bangkok
Turkey Turkish|Türkiye Ankara
Ukraine Ukrainian Kyiv|Kiev
Vietnam Vietnamese Hanoi
"""


@lru_cache(maxsize=1)
def demonyms() -> dict[str, str]:
    """Return the name of the country, in lower case, by what its people or things are called."""
    return {name.lower(): country.lower() for country, names, _ in _rows() for name in names.split("|")}


@lru_cache(maxsize=1)
def capitals() -> dict[str, str]:
    """Return the name of the country by its capital, where that is one word; both in lower case."""
    return {
        name.lower(): country.lower()
        for country, _, names in _rows()
        for name in names.split("|")
        if "_" not in name and name != country
    }


def _rows() -> list[tuple[str, str, str]]:
    return [(c, d, k) for c, d, k in (line.split() for line in _TABLE.strip().splitlines())]

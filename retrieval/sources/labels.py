"""What can be a paragraph number at the start of a line, and what only looks like one.

A candidate is not yet a label: `sequences` decides which candidates number the paragraphs of a readout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Full-width forms one to one, so that offsets into the line stay what they were.
_ASCII = str.maketrans("０１２３４５６７８９．（）［］，：　", "0123456789.()[],: ")
_MONTH = (  # whole names: "Decides" and "Marks" begin like months
    r"(?:jan(?:uary|uar|vier|\.)?|feb(?:ruary|ruar|\.)?|mar(?:ch|s|\.)?|apr(?:il|\.)?|mai|jun[ei]?|jul[yi]?|aug(?:ust|\.)?"
    r"|sep(?:t|tember)?\.?|o[ck]t(?:ober|\.)?|nov(?:ember|\.)?|de[cz](?:ember|\.)?|märz|février|avril|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre)(?!\w)"
)
_OPENS = r"[“\"‘'«(\[]*"  # what may stand before the first letter of a paragraph

_NOT_A_LABEL = re.compile(
    rf"""\d{{1,3}}(?:\.|\s*[-–—]\s*\d{{1,2}})?\s+(?:of\s+)?      # 22 June 2022, 7. September, 4-5 May
        (?:{_MONTH}|(?<!\.\ )may(?!\w))
      | \d{{1,3}}(?:\s?[-–—/:,]\s?|\s?\.)\d                          # 4 - 5, 10:30, 2.0, 1, 2 and 3; not 2. 2030
      | \d{{1,2}}\.\s\d{{1,2}}\.\s?\d{{2,4}}                         # 22. 6. 2022
      | \d{{1,3}}\s+(?:%|per\s?cent|percent|million|billion|trillion)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NESTED = re.compile(r"(\d{1,3}(?:\.\d{1,2}){1,3})(?:\.|\))?(?:\s+(?=\S)|$)")
_COMPOUND = re.compile(r"(\d{1,3})\s?\(([a-z]|[ivx]{1,5})\)[.:]?(?:\s+(?=\S)|$)")
_CODED = re.compile(r"((OP|PP)\s?(\d{1,3})(?:\s?(?:bis|ter|alt))?)\s?[.:)]?(?:\s+(?=\S)|$)")
_LETTERED = re.compile(r"(([A-Z])\.?(\d{1,3}))[.):]?\s+(?=[“\"‘'«(\[]*[^\W\d_])")
_ARTICLE = (  # as treaties of the languages that are read print it
    r"Article|Art\.|Artículo|Artigo|Articolo|Artikel|Artikkel|Pasal|Điều|Статья|Стаття|Член|Άρθρο|Madde|Perkara"
    r"|ข้อ|มาตรา|المادة|مادة"
)
_FIRSTS = r"premier|première|1er|1ère|primero|первая"
_WORDED = re.compile(
    rf"""(?:(?P<article>{_ARTICLE})|(?P<para>Para(?:graph)?\.?|¶|§))\s?
        (?P<value>\d{{1,4}}|{_FIRSTS}|[IVXLC]{{1,7}}(?![a-z]))(?:\.\s?[º°ª])?
        (?P<again>\s(?:bis|ter|quater|quinquies|sexies)\b)?
        (?P<end>\s?[º°ª]?\s?[.:]?\s?[.:)–—-](?:\s+|$)                   # Article 2:  Artículo 2.-  Art. 3)
          | [º°]?\s+(?-i:(?=[^\W\d_a-zà-ÿа-я]|[“\"]))                   # before a capital letter
          | \s+(?=\((?!\d{{1,2}}\)|[a-z]\)))                            # before a bracket that cites no paragraph
          | [º°]?$)""",
    re.IGNORECASE | re.VERBOSE,
)
_CITES = re.compile(r"\s*(?:\(\d|\([a-z]\)|of\b|et\b|and\b|to\b)", re.IGNORECASE)
_JAPANESE = re.compile(
    r"第\s?(\d{1,4}|[一二三四五六七八九十百]{1,5})\s?([条條項])(?:[.:、]|\s*(?:Art\.?|Article)\s*\S{1,4}$)?\s*"
)
_KOREAN = re.compile(r"제\s?(\d{1,4})\s?조[.:]?\s*")
_KANJI = re.compile(r"([一二三四五六七八九十]{1,3})\s?[、.]\s*(?=\S)")
_CIRCLED = re.compile(r"([①-⑳])\s*")
_PLAIN = re.compile(
    r"""(?P<open>[(\[])?(?P<body>\d{1,5}|[ivxlc]{1,7}|[IVXLC]{1,7}|[A-Za-z])\s?(?P<close>[.)\]、°º](?!\.))(?:\s?[-–—](?=\s))?
        (?P<space>\s+(?=\S)|$|(?=\S))""",
    re.VERBOSE,
)
_BARE = re.compile(rf"(?P<value>\d{{1,3}})(?P<sep>\s?[,–—:/-])?(?:\s+(?={_OPENS}[^\W\d_])|$)")
_WIDE_BARE = re.compile(r"([０-９]{1,3})[　 ]*(?=[^\s0-9０-９．.、，,)）\]］])")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_KANJI_DIGITS = {c: n for n, c in enumerate("一二三四五六七八九", start=1)}

STRONG, WEAK, ALONE = 2, 1, 0


@dataclass(frozen=True, slots=True)
class Label:
    """A number that may be a paragraph's.

    Attributes:
        family: Labels of one family make one sequence: "dot", "close", "paren", "roman", …
        value: What is counted; several numbers for "1.2" and "12(a)".
        number: As cited: "7", "12(a)", "OP4"; words and brackets around it left out.
        end: Where the paragraph's text begins in the line.
        strength: STRONG has the punctuation of a label; WEAK only a number in front; ALONE has no text.
    """

    family: str
    value: tuple[int, ...]
    number: str
    end: int = 0
    strength: int = STRONG


def candidates(text: str) -> list[Label]:
    """Return every label that the start of `text` can be read as, the likeliest reading first."""
    head = text[:40].translate(_ASCII)
    if not head or not (head[0].isalnum() or head[0] in "([§¶①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"):
        return []
    if _NOT_A_LABEL.match(head) and not _NESTED.match(head):
        return []
    for reader in (_coded, _lettered, _worded, _japanese, _nested, _compound):
        found = list(reader(head))
        if found:
            return found
    return [*_plain(head, text), *_bare(head, text)]


def roman(value: int) -> str:
    """Return `value` (1-399) as a lower-case Roman numeral."""
    sizes = (100, 90, 50, 40, 10, 9, 5, 4, 1)
    out = ""
    for size, letters in zip(sizes, "c xc l xl x ix v iv i".split(), strict=True):
        out += letters * (value // size)
        value %= size
    return out


def letters(value: int) -> str:
    """Return `value` as a list letter: 1 is "a", 27 is "aa"."""
    out = ""
    while value > 0:
        value, place = divmod(value - 1, 26)
        out = chr(ord("a") + place) + out
    return out


def _coded(head: str) -> Iterator[Label]:
    if found := _CODED.match(head):
        number = found[1].replace(" ", "")
        yield Label(f"code-{found[2]}", (int(found[3]),), number, found.end(), _strength(found.end(), head))


def _lettered(head: str) -> Iterator[Label]:
    """Read "A1": the first paragraph of annex A, counted beside the numbers of the body."""
    if found := _LETTERED.match(head):
        yield Label(f"lettered-{found[2]}", (int(found[3]),), found[1], found.end())


def _worded(head: str) -> Iterator[Label]:
    found = _WORDED.match(head)
    if found is None or not found["value"] or (found["para"] and not found["value"].isdigit()):
        return
    if _CITES.match(head[found.start("end") :]):  # "Article 27 (3) states": the words of a sentence
        return
    family, printed = ("article" if found["article"] else "para"), found["value"]
    if printed.isdigit():
        value = int(printed)
    else:
        value = _roman_value(printed) if re.fullmatch(r"[IVXLC]+", printed) else 1
    if value:
        number = printed if printed.isupper() or printed.isdigit() else "1"
        yield Label(family, (value,), number + (found["again"] or "").lower(), found.end())


def _japanese(head: str) -> Iterator[Label]:
    if found := _JAPANESE.match(head):
        value = int(found[1]) if found[1].isdigit() else _kanji_value(found[1])
        family = "article" if found[2] in "条條" else "para"
        yield Label(family, (value,), str(value), found.end())
    elif found := _KOREAN.match(head):
        yield Label("article", (int(found[1]),), found[1], found.end())
    elif found := _KANJI.match(head):
        yield Label("kanji", (_kanji_value(found[1]),), found[1], found.end())
    elif found := _CIRCLED.match(head):
        value = ord(found[1]) - ord("①") + 1
        yield Label("circled", (value,), str(value), found.end(), _strength(found.end(), head))


def _nested(head: str) -> Iterator[Label]:
    found = _NESTED.match(head)
    if found is None:
        return
    value = tuple(int(part) for part in found[1].split("."))
    if 0 not in value:
        yield Label("nested", value, found[1], found.end(), _strength(found.end(), head))


def _compound(head: str) -> Iterator[Label]:
    if found := _COMPOUND.match(head):
        inner = found[2]
        second = ord(inner) - ord("a") + 1 if len(inner) == 1 else _roman_value(inner)
        yield Label("compound", (int(found[1]), second), f"{found[1]}({inner})", found.end())


def _plain(head: str, text: str) -> Iterator[Label]:
    """Read "1.", "12)", "(3)", "[4]", "IV.", "a)", "(ii)"; "24.We" and "3)The" are weak."""
    found = _PLAIN.match(head)
    if found is None or (found["open"] or "") + found["close"] in {"(.", "(]", "[)", "]"}:
        return
    if found["open"] == "[" and not found["body"].isdigit():
        return
    glued = found["space"] == "" and found.end() < len(head)
    if glued and (not found["body"].isdigit() or _goes_on(head[found.end() :])):
        return
    bracketed = "paren" if found["open"] else "close"
    shape = {")": bracketed, "]": "bracket"}.get(found["close"], "dot")
    wide = not text[found.end("close") - 1].isascii()
    strength = WEAK if glued and found["close"] == "." and not wide else _strength(found.end(), head)
    for family, value in _readings(found["body"], shape):
        yield Label(family, (value,), found["body"], found.end(), strength)


def _readings(body: str, shape: str) -> Iterator[tuple[str, int]]:
    if body.isdigit():
        if int(body) > 0:
            yield shape, int(body)
        return
    case = "upper" if body.isupper() else "lower"
    if (value := _roman_value(body)) and roman(value) == body.lower():
        yield f"roman-{case}-{shape}", value
    if len(body) == 1:
        yield f"alpha-{case}-{shape}", ord(body.lower()) - ord("a") + 1


def _bare(head: str, text: str) -> Iterator[Label]:
    """Read a number with nothing but a space, a comma or a dash after it, or a line of its own."""
    if found := _WIDE_BARE.match(text[:40]):
        value = int(found[1].translate(_ASCII))
        yield Label("dot", (value,), str(value), found.end(), STRONG)
    elif (found := _BARE.match(head)) and int(found["value"]) > 0:
        rest = head[found.end() :]
        if not rest and found["sep"]:
            return
        if not _goes_on(rest.lstrip("“\"‘'«([")):
            strength = WEAK if rest else ALONE
            yield Label("dot", (int(found["value"]),), found["value"], found.end(), strength)


def _goes_on(rest: str) -> bool:
    return rest[:1].islower() or rest[:1].isdigit()


def _strength(end: int, head: str) -> int:
    return STRONG if end < len(head) else ALONE


def _roman_value(body: str) -> int:
    total = previous = 0
    for letter in reversed(body.lower()):
        size = _ROMAN.get(letter)
        if size is None:
            return 0
        total += size if size >= previous else -size
        previous = max(previous, size)
    return total


def _kanji_value(body: str) -> int:
    if "百" in body:
        hundreds, _, rest = body.partition("百")
        return 100 * _KANJI_DIGITS.get(hundreds, 1) + (_kanji_value(rest) if rest else 0)
    if "十" not in body:
        return _KANJI_DIGITS.get(body[-1], 0)
    tens, _, ones = body.partition("十")
    return 10 * _KANJI_DIGITS.get(tens, 1) + _KANJI_DIGITS.get(ones, 0)

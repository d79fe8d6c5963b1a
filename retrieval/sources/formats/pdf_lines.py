"""Rows of all pages -> lines, one a paragraph: joined over the ends of rows, columns and pages.

A row begins a paragraph where more white stands above it than between rows, where it is set in, where type
changes, or where its first word would still have fitted on the row before.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.sources.formats.pdf_columns import Row
from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.lines import Line, collapse, ends_sentence, opens_list, starts_lower

_LARGE = 1.15  # times the body's size: a heading
_WHITE = 1.22  # times the leading: a paragraph begins
_LITTLE_WHITE = 1.1  # the same, after the end of a sentence
_DIVIDED = 0.04  # of rows end in a hyphen where words are divided
_HEADING_ROWS = 4
_HEADING_CHARS = 300
_BRACKET_ROWS = 3
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_FIRST = re.compile(r"[^\W\d_]+")
_PARTED = ("-", "–", "/", "\u00ad", "\u2010")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a document is set.

    Attributes:
        size: Of the body, in points.
        leading: From one baseline to the next within a paragraph, in sizes.
        edges: Column -> its left and right edge, in points.
        words: How often each word stands in it, in lower case, hyphens kept.
        divides: Whether words are divided at the ends of rows, beyond those that have a hyphen anyway.
    """

    size: float
    leading: float
    edges: Mapping[tuple[int, int], tuple[float, float]]
    words: Mapping[str, int]
    divides: bool


def read_setting(rows: Sequence[Row], size: float) -> Setting:
    """Measure how `rows` are set."""
    steps = sorted(
        step
        for a, b in pairwise(rows)
        if a.page == b.page and a.column == b.column and 0.5 < (step := (a.base - b.base) / a.size) < 3
        if abs(a.size - size) < 0.08 * size
    )
    columns: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        columns[row.column].append(row)
    words = Counter(word.lower() for text in _whole_words(rows) for word in _WORD.findall(text))
    return Setting(
        size,
        steps[len(steps) // 4] if steps else 1.2,
        {name: _edges(found) for name, found in columns.items()},
        words,
        _divides([row.text for row in rows], words),
    )


def _divides(texts: Sequence[str], words: Mapping[str, int]) -> bool:
    """Whether the hyphens at the ends of rows are mostly those of divided words."""
    score = ends = 0
    for text, after in pairwise(texts):
        broken = _BROKEN.search(text)
        if broken and starts_lower(after):
            ends += 1
            whole, hyphened = _spellings(broken[1], after)
            score += (words.get(whole, 0) > 0) - (words.get(hyphened, 0) > 0)
    return score > 0 or (score == 0 and ends > max(2, _DIVIDED * len(texts)))


def _spellings(first: str, after: str) -> tuple[str, str]:
    """Return the word parted at the end of a row without and with its hyphen, in lower case."""
    rest = found.group() if (found := _FIRST.match(after)) else ""
    return f"{first}{rest}".lower(), f"{first}-{rest}".lower()


def _edges(rows: Sequence[Row]) -> tuple[float, float]:
    lefts, rights = sorted(row.left for row in rows), sorted(row.right for row in rows)
    return lefts[len(lefts) // 20], rights[len(rights) - 1 - len(rights) // 20]


def _whole_words(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the text of each row without what a hyphen parted at its ends."""
    parted = False
    for row in rows:
        text = _FIRST.sub("", row.text, count=1) if parted else row.text
        parted = bool(_BROKEN.search(text))
        yield _BROKEN.sub("", text)


def join_rows(rows: Sequence[Row], setting: Setting) -> list[Line]:
    """Return the lines of a document."""
    blocks = _blocks(rows, setting)
    return [_line(b, setting, gap=gap) for gap, b in blocks if any(row.text.strip() for row in b)]


def _blocks(rows: Sequence[Row], setting: Setting) -> Iterator[tuple[bool, list[Row]]]:
    """Yield rows by paragraph, with whether white space says so or only a number at the start does."""
    block: list[Row] = []
    gap = True
    for row in rows:
        if block and (row.table or block[-1].table or _opens(block, row, setting)):
            yield gap, block
            block, gap = [], True
        elif block and _may_be_numbered(block[-1], row):
            yield gap, block
            block, gap = [], False
        block.append(row)
    if block:
        yield gap, block


def _opens(block: Sequence[Row], row: Row, setting: Setting) -> bool:
    before = block[-1]
    if _is_large(row, setting) != _is_large(before, setting) or _type_changes(block, row):
        return True
    if row.page != before.page or row.column != before.column or row.base >= before.base:
        return _opens_after_turn(before, row, setting)
    step = (before.base - row.base) / max(before.size, row.size)
    apart = ends_sentence(before.text) and not starts_lower(row.text)
    if step > setting.leading * _WHITE + 0.08 or (apart and step > setting.leading * _LITTLE_WHITE):
        return True
    if _is_label(row) and ends_sentence(before.text):
        return row.left < before.left + row.size or _fits(before, row, setting)
    if _is_set_in(block, row):
        return True
    if _is_large(row, setting) or starts_lower(row.text) or _is_in_brackets(block):
        return False
    return _fits(before, row, setting)


def _is_in_brackets(block: Sequence[Row]) -> bool:
    """Whether a bracket that a paragraph opens is open still: words that belong together."""
    return sum(row.text.count("(") - row.text.count(")") for row in block[-_BRACKET_ROWS:]) > 0


def _opens_after_turn(before: Row, row: Row, setting: Setting) -> bool:
    if starts_lower(row.text) or not (ends_sentence(before.text) or opens_list(before.text)):
        return False
    return _is_label(row) or _fits(before, row, setting) or _depth(row, setting) > 0.8 * row.size


def _type_changes(block: Sequence[Row], row: Row) -> bool:
    """Whether bold type ends or begins with a whole row, or the size changes."""
    if abs(row.size - block[-1].size) > 0.08 * row.size:
        return True
    if starts_lower(row.text) and not ends_sentence(block[-1].text):
        return False  # a sentence that begins in bold goes on in the row below
    return row.bold != all(other.bold for other in block) and (row.bold or all(other.bold for other in block))


def _is_large(row: Row, setting: Setting) -> bool:
    return row.size > _LARGE * setting.size


def _is_label(row: Row) -> bool:
    return any(label.strength == STRONG for label in candidates(row.text))


def _may_be_numbered(before: Row, row: Row) -> bool:
    return ends_sentence(before.text) and bool(candidates(row.text))


def _depth(row: Row, setting: Setting) -> float:
    return row.left - setting.edges[row.column][0]


def _is_set_in(block: Sequence[Row], row: Row) -> bool:
    """Whether the first row of a paragraph is set in; rows under a hanging number are too, and are not one."""
    before = block[-1]
    deeper = row.left - before.left > 0.8 * row.size
    if not deeper or not ends_sentence(before.text):
        return False
    hangs = candidates(before.text) or Line(before.text, before.page).is_bullet
    return not (len(block) == 1 and hangs)


def _fits(before: Row, row: Row, setting: Setting) -> bool:
    """Whether the first word of `row` would have fitted behind `before`: then it was put below on purpose."""
    left, right = setting.edges[before.column]
    centred = abs((before.left - left) - (right - before.right)) < before.size and before.left - left > 1
    if centred or before.text.endswith(_PARTED):
        return False
    word = row.text.split(" ", 1)[0]
    width = (row.right - row.left) * len(word) / max(1, len(row.text))
    return before.right + width + 0.8 * before.size < right


def _line(block: Sequence[Row], setting: Setting, *, gap: bool) -> Line:
    first = block[0]
    text = collapse(_joined([row.text for row in block], setting))
    short = len(block) <= _HEADING_ROWS and len(text) <= _HEADING_CHARS
    large = all(_is_large(row, setting) for row in block)
    heading = 0 if not short or first.table == "row" else 2 if large else int(all(row.bold for row in block))
    return Line(
        text=text,
        number=first.page,
        gap=gap,
        indent=max(0, round(_depth(first, setting) / (0.5 * first.size))),
        heading=heading,
        row=first.table == "row",
    )


def _joined(texts: Sequence[str], setting: Setting) -> str:
    out = texts[0]
    for text in texts[1:]:
        broken = _BROKEN.search(out)
        if broken and _FIRST.match(text):
            out = (out[:-1] if _is_divided(out, broken[1], text, setting) else out) + text
        elif out.endswith(("-", "–", "/")) and not out.endswith((" -", " –")):
            out += text
        else:
            out += text if is_dense(out[-1:]) and is_dense(text[:1]) else f" {text}"
    return out.replace("\u00ad", "")


def _is_divided(out: str, first: str, text: str, setting: Setting) -> bool:
    """Whether the hyphen that ends `out` only divides a word: as it is spelt elsewhere, else as most are."""
    if out.endswith("\u00ad"):
        return True
    whole, hyphened = _spellings(first, text)
    if (one := setting.words.get(whole, 0)) != (two := setting.words.get(hyphened, 0)):
        return one > two
    if not setting.divides:
        return False
    if not starts_lower(text):  # "UN-" and "CLOS", but not "Indo-" and "Pacific"
        return first.isupper() and text[:2].isupper()
    return not first.isupper() and not _is_compound(out, first, hyphened[len(first) + 1 :], setting.words)


def _is_compound(out: str, first: str, rest: str, words: Mapping[str, int]) -> bool:
    """Whether a hyphen at the end of a row is likely to be the word's own: its parts are used so elsewhere."""
    inner = first.lower() in _INNER and out[: -len(first) - 1].endswith("-")
    if first.lower() in _OPEN or inner or rest in _INNER:
        return True
    if len(rest) > 2 and any(word.endswith(f"-{rest}") for word in words):
        return True
    both_stand = min(words.get(first.lower(), 0), words.get(rest, 0)) > 1
    return both_stand and min(len(first), len(rest)) > 2 and first.lower() not in _CLOSED


# English words before which a hyphen at the end of a row is mostly one of the word's own, and mostly not
_OPEN = frozenset(["non", "self", "well", "cross", "high", "long", "low", "mid", "short", "post", "semi"])
_INNER = frozenset(["and", "by", "for", "in", "of", "on", "the", "to"])  # country-by-country
_CLOSED = frozenset(
    """any every some there here where with over under for through mean other never further frame
    net""".split()
)


def is_dense(letter: str) -> bool:
    """Whether `letter` is of a script that puts no space between words."""
    return "\u3000" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"

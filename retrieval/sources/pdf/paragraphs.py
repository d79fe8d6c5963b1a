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

from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.lines import Line, collapse, ends_sentence, opens_list, starts_lower
from retrieval.sources.pdf.columns import Row

_LARGE = 1.15  # times the body's size: a heading
_HEADING_ROWS = 4
_HEADING_CHARS = 300
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_FIRST = re.compile(r"[^\W\d_]+")
_SOFT = ("\u00ad",)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a document is set.

    Attributes:
        size: Of the body, in points.
        leading: From one baseline to the next within a paragraph, in sizes.
        edges: Column -> its left and right edge, in points.
        words: How often each word stands in it, in lower case, hyphens kept.
    """

    size: float
    leading: float
    edges: Mapping[tuple[int, int], tuple[float, float]]
    words: Mapping[str, int]


def read_setting(rows: Sequence[Row], size: float) -> Setting:
    """Measure how `rows` are set."""
    steps = sorted(
        (a.base - b.base) / a.size
        for a, b in pairwise(rows)
        if a.page == b.page and a.column == b.column and 0.5 < (a.base - b.base) / a.size < 3
        if abs(a.size - size) < 0.08 * size
    )
    columns: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        columns[row.column].append(row)
    words = Counter(word.lower() for row in rows for word in _WORD.findall(_without_break(row.text)))
    return Setting(
        size,
        steps[len(steps) // 4] if steps else 1.2,
        {name: _edges(found) for name, found in columns.items()},
        words,
    )


def _edges(rows: Sequence[Row]) -> tuple[float, float]:
    lefts, rights = sorted(row.left for row in rows), sorted(row.right for row in rows)
    return lefts[len(lefts) // 20], rights[len(rights) - 1 - len(rights) // 20]


def _without_break(text: str) -> str:
    return _BROKEN.sub("", text)


def join_rows(rows: Sequence[Row], setting: Setting) -> list[Line]:
    """Return the lines of a document."""
    return [
        _line(block, setting, gap=gap)
        for gap, block in _blocks(rows, setting)
        if any(row.text.strip() for row in block)
    ]


def _blocks(rows: Sequence[Row], setting: Setting) -> Iterator[tuple[bool, list[Row]]]:
    """Yield rows by paragraph, with whether white space says so or only a number at the start does."""
    block: list[Row] = []
    gap = True
    for row in rows:
        if block and _opens(block, row, setting):
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
    turned = row.page != before.page or row.column != before.column or row.base >= before.base
    if turned:
        return _opens_after_turn(before, row, setting)
    if before.base - row.base > (setting.leading * 1.22 + 0.08) * max(before.size, row.size):
        return True
    if _is_label(row) and ends_sentence(before.text):
        return row.left < before.left + row.size or _fits(before, row, setting)
    if _is_set_in(block, row, setting):
        return True
    return _fits(before, row, setting) and not _is_large(row, setting) and not starts_lower(row.text)


def _opens_after_turn(before: Row, row: Row, setting: Setting) -> bool:
    if starts_lower(row.text) or not (ends_sentence(before.text) or opens_list(before.text)):
        return False
    return _is_label(row) or _fits(before, row, setting) or _depth(row, setting) > 0.8 * row.size


def _type_changes(block: Sequence[Row], row: Row) -> bool:
    """Whether bold type ends or begins with a whole row, or the size changes."""
    if abs(row.size - block[-1].size) > 0.08 * row.size:
        return True
    return row.bold != all(other.bold for other in block) and (row.bold or all(other.bold for other in block))


def _is_large(row: Row, setting: Setting) -> bool:
    return row.size > _LARGE * setting.size


def _is_label(row: Row) -> bool:
    return any(label.strength == STRONG for label in candidates(row.text))


def _may_be_numbered(before: Row, row: Row) -> bool:
    return ends_sentence(before.text) and bool(candidates(row.text))


def _depth(row: Row, setting: Setting) -> float:
    return row.left - setting.edges[row.column][0]


def _is_set_in(block: Sequence[Row], row: Row, setting: Setting) -> bool:
    """Whether the first row of a paragraph is set in; rows under a hanging number are too, and are not one."""
    before = block[-1]
    deeper = row.left - before.left > 0.8 * row.size
    if not deeper or not ends_sentence(before.text):
        return False
    return not (len(block) == 1 and candidates(before.text))


def _fits(before: Row, row: Row, setting: Setting) -> bool:
    """Whether the first word of `row` would have fitted behind `before`: then it was put below on purpose."""
    right = setting.edges[before.column][1]
    left = setting.edges[before.column][0]
    centred = abs((before.left - left) - (right - before.right)) < before.size and before.left - left > 1
    if centred:
        return False
    word = row.text.split(" ", 1)[0]
    width = (row.right - row.left) * len(word) / max(1, len(row.text))
    return before.right + width + 0.8 * before.size < right


def _line(block: Sequence[Row], setting: Setting, *, gap: bool) -> Line:
    first = block[0]
    text = collapse(_joined([row.text for row in block], setting.words))
    short = len(block) <= _HEADING_ROWS and len(text) <= _HEADING_CHARS
    heading = 0
    if short and all(_is_large(row, setting) for row in block):
        heading = 2
    elif short and all(row.bold for row in block):
        heading = 1
    return Line(
        text=text,
        number=first.page,
        gap=gap,
        indent=max(0, round(_depth(first, setting) / (0.5 * first.size))),
        heading=heading,
    )


def _joined(texts: Sequence[str], words: Mapping[str, int]) -> str:
    out = texts[0]
    for text in texts[1:]:
        broken = _BROKEN.search(out)
        if broken and starts_lower(text):
            out = _whole(out, broken[1], text, words) + text
        elif out.endswith(("-", "–", "/")) and not out.endswith((" -", " –")):
            out += text
        else:
            out += text if _is_dense(out[-1:]) and _is_dense(text[:1]) else f" {text}"
    return out.replace("\u00ad", "")


def _whole(out: str, first: str, text: str, words: Mapping[str, int]) -> str:
    """Return `out` with its last hyphen, when the word has one wherever else it stands, or without it."""
    if out.endswith(_SOFT):
        return out[:-1]
    found = _FIRST.match(text)
    rest = found.group() if found else ""
    one, two = f"{first}{rest}".lower(), f"{first}-{rest}".lower()
    if words.get(one, 0) != words.get(two, 0):
        return out[:-1] if words.get(one, 0) > words.get(two, 0) else out
    compound = first.lower() in _PREFIXES or (
        words.get(first.lower(), 0) and words.get(rest.lower(), 0) and len(first) > 2 and len(rest) > 2
    )
    return out if compound else out[:-1]


_PREFIXES = frozenset(
    "non self well multi anti counter cross high long low mid short post pre semi so vice ex two three four "
    "five six seven eight nine ten first second third state inter-agency climate cyber peace people".split()
)


def _is_dense(letter: str) -> bool:
    """Whether `letter` is of a script that puts no space between words."""
    return "\u3000" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"


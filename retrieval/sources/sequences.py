"""Which candidates number the paragraphs: the best consistent sequence, never one line on its own.

A line that starts with a number may be a label, a wrapped sentence ("… by\n30. We"), a page number or a
footnote. What decides is the company it keeps: every candidate has a weight for how it stands on its line
and every step from one candidate to the next has one for how numbers go on, and the heaviest chain wins."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.labels import ALONE, STRONG, WEAK, Label, candidates
from retrieval.sources.lines import Line, ends_sentence, opens_list, starts_lower

_LARGEST_GAP = 20
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "‘": "’"}
_LONGEST_QUOTATION = 40  # lines
_NEEDS_COMPANY = ("roman", "alpha", "kanji", "circled", "bracket", "lettered")
_CITED = ("article", "para")  # sentences begin with them, too: "Article 27 states …"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label read at the start of one line, with how it stands there.

    Attributes:
        index: The line.
        opens: White space or a heading stands before the line.
        after_sentence: The line before it ends where a sentence can.
        after_heading: The line before it is a heading by its markup.
    """

    index: int
    label: Label
    indent: int
    opens: bool
    after_sentence: bool
    after_heading: bool
    page_like: bool

    @property
    def value(self) -> int:
        """What is counted."""
        return self.label.value[-1]


def read_candidates(lines: Sequence[Line]) -> dict[str, list[Candidate]]:
    """Return every candidate of `lines` by family, in reading order."""
    families: dict[str, list[Candidate]] = {}
    quoted = _quoted(lines)
    for index, line in enumerate(lines):
        printed = [] if line.row or index in quoted else candidates(line.text)
        for label in [line.label] if line.label else printed:
            families.setdefault(label.family, []).append(_candidate(lines, index, label))
    return families


def _quoted(lines: Sequence[Line]) -> set[int]:
    """Return the lines inside of a quotation that begins with a number on a line above: they number what is quoted."""
    out: set[int] = set()
    for index, line in enumerate(lines):
        if index in out or line.text[:1] not in _QUOTES or not candidates(line.text[1:]):
            continue
        close = _QUOTES[line.text[0]]
        inside = range(index, min(index + _LONGEST_QUOTATION, len(lines)))
        ends = (i for i in inside if close in lines[i].text[-3:] and (i > index or len(line.text) > 3))
        out |= set(range(index + 1, next(ends, index) + 1))
    return out


def _candidate(lines: Sequence[Line], index: int, label: Label) -> Candidate:
    line = lines[index]
    before = lines[index - 1] if index else None
    after = lines[index + 1] if index + 1 < len(lines) else None
    after_sentence = before is None or ends_sentence(before.text)
    after_heading = before is not None and before.heading > 0
    torn = after is None or starts_lower(after.text) or not (after_heading or after_sentence)
    opens = line.gap or before is None or after_heading
    if (
        before is not None and not opens and label.value[-1] == 1
    ):  # the heading of a section whose paragraphs count from 1
        opens = before.gap and not before.row and reads_as_heading(before.text)
    return Candidate(
        index=index,
        label=label,
        indent=line.indent,
        opens=opens,
        after_sentence=after_sentence,
        after_heading=after_heading,
        page_like=label.strength == ALONE and torn,
    )


def best_chain(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the heaviest chain through `found`, candidates of one family; it may be empty."""
    best: dict[int, _Node] = {}
    top: _Node | None = None
    for candidate in found:
        node = _extend(candidate, best, top)
        held = best.get(candidate.value)
        if held is None or node.score >= held.score:
            best[candidate.value] = node
        if top is None or node.score >= top.score:
            top = node
    return top.chain() if top and top.score > 0 else []


@dataclass(frozen=True, slots=True)
class _Node:
    candidate: Candidate
    score: float
    before: _Node | None

    def chain(self) -> list[Candidate]:
        out: list[Candidate] = []
        node: _Node | None = self
        while node is not None:
            out.append(node.candidate)
            node = node.before
        return out[::-1]


def _extend(candidate: Candidate, best: dict[int, _Node], top: _Node | None) -> _Node:
    value, weight = candidate.value, _weight(candidate)
    options: list[tuple[float, _Node | None]] = [(_start(candidate), None)]
    if top is not None:
        again = 0.0 if candidate.after_heading else -1.0
        if candidate.label.strength == WEAK:  # notes under a rule, rather than a new count
            again = -4.0
        options.append((top.score + (again if value == 1 else -4.0), top))
    for step in range(_LARGEST_GAP + 1):
        if node := best.get(value - step):
            options.append((node.score + _step(step), node))
    score, before = max(options, key=lambda option: option[0])
    return _Node(candidate, score + weight, before)


def _step(step: int) -> float:
    if step == 1:
        return 2.0
    return -1.5 if step == 0 else -1.0 - 0.1 * step


def _start(candidate: Candidate) -> float:
    if candidate.value <= 2:
        return 2.0 - candidate.value
    return -2.0 if candidate.label.strength == STRONG else -4.0


def _weight(candidate: Candidate) -> float:
    strength, printed = candidate.label.strength, candidate.label
    if strength == STRONG:
        return 3.0 if candidate.opens else 1.5 if candidate.after_sentence else -1.0
    if strength == WEAK:
        return 0.5 if candidate.opens else -1.5 if candidate.after_sentence else -2.5
    if candidate.page_like:
        return -3.0
    return 1.0 if printed.end > len(printed.number) else 0.5


def sequence(found: Sequence[Candidate], lines: Sequence[Line]) -> list[Candidate]:
    """Return the labels among `found`, or nothing when they do not number a readout."""
    chain = best_chain(found)
    if not chain or not _believable(chain, lines):
        return []
    return _without_sublists(_as_printed(chain, found, lines), lines)


def _believable(chain: Sequence[Candidate], lines: Sequence[Line]) -> bool:
    first = chain[0]
    strong = [c for c in chain if c.label.strength == STRONG]
    if first.label.family.startswith(_NEEDS_COMPANY):
        return first.value == 1 and len(chain) > 1 and bool(strong)
    if first.label.family in _CITED and first.value > 2:
        steps = sum(b.value == a.value + 1 for a, b in itertools.pairwise(chain))
        return len(chain) >= 3 and 2 * steps >= len(chain)
    if not strong:
        return first.value <= 2 and len(chain) >= 3 and not _is_paging(chain, lines)
    return len(chain) > 1 or (first.value == 1 and first.opens)


def _is_paging(chain: Sequence[Candidate], lines: Sequence[Line]) -> bool:
    """Whether numbers alone on their lines have so much between them that they number pages."""
    if any(c.label.strength != ALONE for c in chain):
        return False
    spans = itertools.pairwise(chain)
    between = [sum(line.gap for line in lines[a.index + 1 : b.index]) for a, b in spans]
    return median(between) > 3


def _as_printed(
    chain: Sequence[Candidate], found: Sequence[Candidate], lines: Sequence[Line]
) -> list[Candidate]:
    """Add the labels that the chain had to leave out: out of order, but printed like the others."""
    kept = {c.index for c in chain}
    indents = {c.indent for c in chain}
    first, largest = chain[0].index, max(c.value for c in chain)
    headed = 2 * sum(is_bare(c, lines) for c in chain) > len(chain)
    extra = [
        c
        for c in found
        if c.index not in kept
        and c.index > first
        and c.label.strength == STRONG
        and c.opens
        and c.after_sentence
        and c.indent in indents
        and c.value <= largest + _LARGEST_GAP
        and (headed or not is_bare(c, lines))
    ]
    return sorted([*chain, *extra], key=lambda c: c.index)


def is_bare(candidate: Candidate, lines: Sequence[Line]) -> bool:
    """Whether nothing but a heading stands behind the number."""
    return reads_as_heading(lines[candidate.index].text[candidate.label.end :].strip())


def _without_sublists(chain: list[Candidate], lines: Sequence[Line]) -> list[Candidate]:
    """Drop runs that number items under one paragraph: they start at 1 and the count goes on after them."""
    out: list[Candidate] = []
    position = 0
    while position < len(chain):
        end = _sublist_end(chain, position, out[-1] if out else None, lines)
        if end == position:
            out.append(chain[position])
            position += 1
        else:
            position = end
    return out


def _sublist_end(
    chain: Sequence[Candidate], start: int, parent: Candidate | None, lines: Sequence[Line]
) -> int:
    """Return the index after the run of sub-items that begins at `start`, or `start` when none does."""
    first = chain[start]
    if parent is None or first.value != 1 or first.after_heading:
        return start
    end = start + 1
    while end < len(chain) and chain[end].value == chain[end - 1].value + 1:
        if chain[end].indent <= parent.indent < first.indent:
            break
        end += 1
    deeper = first.indent >= parent.indent + 2 and all(c.indent > parent.indent for c in chain[start:end])
    if deeper:
        return end
    if not _leads_in(parent, first, lines):
        return start
    if end < len(chain) and chain[end].value == parent.value + 1:
        return end
    # "2. … shall: 1. … 2. … 3. …": the run goes on into the next paragraph.
    return next((i for i in range(start + 1, end) if chain[i].value == parent.value + 1), start)


def _leads_in(parent: Candidate, first: Candidate, lines: Sequence[Line]) -> bool:
    last = lines[first.index - 1].text
    return opens_list(last) or (first.index == parent.index + 1 and not ends_sentence(last))


def nested_sequence(found: Iterable[Candidate], chain: Sequence[Candidate]) -> list[Candidate]:
    """Return the labels of several levels ("1.1", "12(a)") that follow from one another and from `chain`."""
    out: list[Candidate] = []
    outer = {c.index: c.value for c in chain}
    labelled = set(outer)
    last: tuple[int, ...] = ()
    position = 0
    for candidate in sorted(found, key=lambda c: c.index):
        for index in range(position, candidate.index):
            last = (outer[index],) if index in outer else last
        position = candidate.index + 1
        stands = candidate.opens or candidate.after_sentence or candidate.index - 1 in labelled
        if stands and _follows(last, candidate.label.value):
            out.append(candidate)
            labelled.add(candidate.index)
            last = candidate.label.value
    return out if len(out) > 1 else []


def _follows(last: tuple[int, ...], value: tuple[int, ...]) -> bool:
    if not last:
        return set(value[1:]) == {1}
    if len(value) > len(last):
        return value[: len(last)] == last and set(value[len(last) :]) == {1}
    *outer, before = last[: len(value)]
    if tuple(outer) == value[:-1] and before < value[-1] <= before + 2:
        return True
    return value[0] in (last[0], last[0] + 1) and value > last and value[-1] == 1


_INLINE = re.compile(r"(?<=[.;:!?”\")。])\s+(?=(\d{1,3})(?:\.\s+|\)\s+|．|\.(?=[A-Z]))[“\"(]?[^\W\d_])")
_LARGEST = 1000
_FEWEST = 2  # numbers found inside lines before they are believed without a sequence of lines


def split_missed_breaks(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with a break before every number that a sequence lacks and a line has inside.

    Only a number that follows the end of a sentence, begins another and fills a hole of the sequence printed
    at the starts of lines is taken for a paragraph's.
    """
    chain = [c for c in best_chain(read_candidates(lines).get("dot", [])) if c.label.strength == STRONG]
    if len(chain) > 1:
        following = [*(c.value for c in chain[1:]), chain[-1].value + 4]
        holes = {c.index: (c.value + 1, after) for c, after in zip(chain, following, strict=True)}
        return _filled(lines, holes)
    start = chain[0].index if chain else 0
    out = _filled(lines, {start: (chain[0].value + 1 if chain else 1, _LARGEST)})
    return out if len(out) >= len(lines) + _FEWEST else list(lines)


def _filled(lines: Sequence[Line], holes: Mapping[int, tuple[int, int]]) -> list[Line]:
    """Return `lines` broken before the numbers wanted: line -> the next number, and where the hole ends."""
    out: list[Line] = []
    wanted = limit = 0
    for index, line in enumerate(lines):
        wanted, limit = holes.get(index, (wanted, limit))
        pieces, wanted = _split(line, wanted, limit) if wanted < limit else ([line], wanted)
        out.extend(pieces)
    return out


def _split(line: Line, wanted: int, limit: int) -> tuple[list[Line], int]:
    pieces: list[Line] = []
    start = 0
    for found in _INLINE.finditer(line.text):
        if wanted < limit and int(found[1]) == wanted:
            pieces.append(_piece(line, start, found.start()))
            start, wanted = found.end(), wanted + 1
    return [*pieces, _piece(line, start, len(line.text))], wanted


def _piece(line: Line, start: int, end: int) -> Line:
    piece = replace(line, text=line.text[start:end])
    return piece if start == 0 else replace(piece, gap=True, label=None, bullet=False)

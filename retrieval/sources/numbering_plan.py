"""Which lines carry the paragraph numbers of a readout, and which numbered lines are only headings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.labels import STRONG, Label
from retrieval.sources.lines import Line, opens_list
from retrieval.sources.sequences import (
    Candidate,
    best_chain,
    is_bare,
    nested_sequence,
    read_candidates,
    sequence,
)

# Outermost first, when nothing in the readout itself says otherwise.
_RANKS = (
    "article", "dot", "para", "close", "paren", "bracket",
    "roman-upper-dot", "roman-upper-close", "roman-upper-paren",
    "alpha-upper-dot", "alpha-upper-close", "alpha-upper-paren", "kanji", "circled",
    "roman-lower-dot", "alpha-lower-dot", "roman-lower-close", "alpha-lower-close",
    "roman-lower-paren", "alpha-lower-paren",
)  # fmt: skip
_RARE = 0.15  # of the blocks: numbers of lists here and there
_UPPER = ("roman-upper", "alpha-upper", "kanji")
_SUB_ONLY = ("circled", "roman-lower", "alpha-lower")


@dataclass(frozen=True, slots=True)
class Plan:
    """The labels of a readout.

    Attributes:
        labels: Line index -> the label that numbers the paragraph beginning there.
        headings: Line index -> where the text of a numbered heading begins ("II. Economy").
    """

    labels: Mapping[int, Label]
    headings: Mapping[int, int]


def make_plan(lines: Sequence[Line]) -> Plan:
    """Choose the numbering of `lines`; a plan without labels means that nothing is numbered."""
    families = read_candidates(lines)
    chains = {name: chain for name, found in families.items() if (chain := sequence(found, lines))}
    coded = [c for name, chain in chains.items() if name.startswith("code") for c in chain]
    if len(coded) > 1:
        return Plan({c.index: c.label for c in coded}, {})
    annexes = [best_chain(found) for name, found in families.items() if name.startswith("lettered")]
    if sum(map(bool, annexes)) > 1 and not {"dot", "para", "article", "close"} & set(chains):
        labels = dict(sorted((c.index, c.label) for found in annexes for c in found))
        return Plan(labels, _stray_headings(families, lines, labels, {}))
    sections = _sections(chains, lines)
    chains = {name: chain for name, chain in chains.items() if name not in sections}
    listed = sorted(
        (name for name in chains if name.startswith("list")), key=lambda n: int(n[len("list-") :])
    )
    chosen = _outermost(chains, lines) or (listed[0] if listed else None)
    if listed and chosen and _is_outside(chains[listed[0]], chains[chosen]):
        chosen = listed[0]
    plan = _with_nested(families, chains, chosen, lines)
    found = {c.index: c.label.end for chain in sections.values() for c in chain if c.index not in plan.labels}
    headings = _stray_headings(families, lines, plan.labels, {**found, **plan.headings})
    return Plan(plan.labels, headings)


def _sections(chains: Mapping[str, list[Candidate]], lines: Sequence[Line]) -> dict[str, list[Candidate]]:
    """Return the families that number headings rather than paragraphs: "II. Economy", with text under it.

    Capital letters and Roman numerals do where nothing but headings bears them, unless sentences under them
    are counted from 1 again and again; other numbers do inside of such a section.
    """
    bare = {name: chain for name, chain in chains.items() if all(is_bare(c, lines) for c in chain)}
    inner = [chain for name, chain in chains.items() if name not in bare]
    upper = {
        name: chain
        for name, chain in bare.items()
        if name.startswith(_UPPER) and not any(_counts_again(chain, other) for other in inner)
    }
    first = min((chain[0].index for chain in upper.values()), default=len(lines))
    lower = {name: chain for name, chain in bare.items() if name.startswith("dot") and chain[0].index > first}
    return upper | lower


def _counts_again(outer: Sequence[Candidate], inner: Sequence[Candidate]) -> bool:
    """Whether `inner` starts again at 1 in more than one item of `outer`."""
    starts = [c.index for c in outer]
    return len({bisect_right(starts, c.index) for c in inner if c.value == 1 and c.index > starts[0]}) > 1


def _stray_headings(
    families: Mapping[str, list[Candidate]],
    lines: Sequence[Line],
    labels: Mapping[int, Label],
    headings: Mapping[int, int],
) -> dict[int, int]:
    """Add numbered headings that stand right before a number or another heading: "1. Proceedings"."""
    out = dict(headings)
    found = {c.index: c for name, chain in families.items() if not name.startswith("list") for c in chain}
    for index in sorted(found, reverse=True):
        followed = index + 1 in labels or index + 1 in out
        free = index not in labels and index not in out
        led_into = index > 0 and opens_list(lines[index - 1].text)
        strong = found[index].label.strength == STRONG and is_bare(found[index], lines)
        before = found.get(index - 1)
        own = found[index].label
        listed = (  # it goes on with the list that the line above is of
            before is not None and before.label.family == own.family and before.value + 1 == own.value[-1]
        )
        if free and followed and strong and not (listed or led_into):
            out[index] = found[index].label.end
    return dict(sorted(out.items()))


def _is_outside(listed: Sequence[Candidate], printed: Sequence[Candidate]) -> bool:
    """Whether a list of the markup stands around printed numbers rather than under one of them."""
    return listed[0].index < printed[0].index or len(listed) > 2 * len(printed)


def _with_nested(
    families: Mapping[str, list[Candidate]],
    chains: Mapping[str, list[Candidate]],
    chosen: str | None,
    lines: Sequence[Line],
) -> Plan:
    base = chains[chosen] if chosen else []
    deep = [*families.get("nested", ()), *families.get("compound", ())]
    nested = nested_sequence(deep, base if chosen in {"dot", "article", "close"} else ())
    if nested and chosen and chosen.startswith(_SUB_ONLY):
        base, chosen = [], None
    labels = {c.index: c.label for c in [*base, *nested]}
    if labels and _is_inner_list(labels, lines):
        return Plan({}, {})
    headings = _numbered_headings(chains, chosen, lines, labels) | _small_headings(families, lines, labels)
    return Plan(dict(sorted(labels.items())), headings)


def _outermost(chains: Mapping[str, list[Candidate]], lines: Sequence[Line]) -> str | None:
    """Return the family that numbers paragraphs rather than sections or items."""
    ranked = [name for name in _RANKS if name in chains]
    ranked += [name for name in chains if name.startswith("lettered")]
    if not ranked:
        return None
    chosen = ranked[0]
    for name in ranked[1:]:
        if name.startswith(_SUB_ONLY) and not chosen.startswith(_SUB_ONLY):
            continue
        if chosen == "article" and chains[name][-1].index < chains[chosen][0].index:  # recitals before them
            continue
        if _contains(chains[name], chains[chosen], lines):
            chosen = name
    return chosen


def _contains(outer: Sequence[Candidate], inner: Sequence[Candidate], lines: Sequence[Line]) -> bool:
    """Whether `inner` starts again inside items of `outer`, so that `outer` is what numbers paragraphs."""
    starts = [c.index for c in outer]
    if inner[0].index < starts[0]:
        return False
    items = [bisect_right(starts, c.index) for c in inner]
    if any(c.value == 1 and a != b for c, (a, b) in zip(inner[1:], pairwise(items), strict=True)):
        return len(set(items)) > 1 and not _runs_on(inner, items)
    sentences = [c for c in outer if not reads_as_heading(lines[c.index].text[c.label.end :])]
    return len(set(items)) == 1 and len(sentences) == len(outer)


def _runs_on(inner: Sequence[Candidate], items: Sequence[int]) -> bool:
    """Whether the count of `inner` goes on across a border of the outer items."""
    steps = zip(pairwise(inner), pairwise(items), strict=True)
    return any(i != j and b.value == a.value + 1 for (a, b), (i, j) in steps)


def _numbered_headings(
    chains: Mapping[str, list[Candidate]],
    chosen: str | None,
    lines: Sequence[Line],
    labels: Mapping[int, Label],
) -> dict[int, int]:
    """Return section headings that carry a number of another family ("IV. Trade", "A. Trade")."""
    out: dict[int, int] = {}
    for name, chain in chains.items():
        if name != chosen and name.startswith(("roman-upper", "alpha-upper", "kanji", "dot")):
            out |= {c.index: c.label.end for c in chain if c.opens and _is_free_heading(c, lines, labels)}
    return out


def _small_headings(
    families: Mapping[str, list[Candidate]], lines: Sequence[Line], labels: Mapping[int, Label]
) -> dict[int, int]:
    """Return headings like "a. Trade", which are told from items by standing right before a number."""
    small = [c for name, found in families.items() if name.startswith(_SUB_ONLY) for c in found]
    return {
        c.index: c.label.end
        for c in small
        if c.opens and c.index + 1 in labels and c.index and lines[c.index - 1].text.endswith((".", "。"))
        if _is_free_heading(c, lines, labels)
    }


def _is_free_heading(candidate: Candidate, lines: Sequence[Line], labels: Mapping[int, Label]) -> bool:
    rest = lines[candidate.index].text[candidate.label.end :]
    return candidate.index not in labels and reads_as_heading(rest)


def _is_inner_list(labels: Mapping[int, Label], lines: Sequence[Line]) -> bool:
    """Whether the only numbers are a short list that a sentence of an unnumbered readout leads into."""
    first, last = min(labels), max(labels)
    if labels[first].family == "article":
        return False
    before = sum(line.gap for line in lines[:first])
    after = sum(line.gap for line in lines[last + 1 :])
    ones = [index for index, label in labels.items() if label.value[-1] == 1]
    inside = sum(line.gap for line in lines[first:last])
    rare = len(ones) > 1 and len(labels) < _RARE * (before + inside + after)
    if rare and all(_leads_into(lines, i) or labels[i].family.startswith("list") for i in ones):
        return True
    led_into = _leads_into(lines, first)
    return led_into and before >= 3 and after >= 2 and len(labels) < before + after


def _leads_into(lines: Sequence[Line], index: int) -> bool:
    return index > 0 and lines[index - 1].text.endswith((":", "："))


def contents_rows(lines: Sequence[Line], labels: Mapping[int, Label]) -> set[int]:
    """Return the rows of a table of contents: numbered headings that come again under the same number."""
    last: dict[tuple[str, str], int] = {}
    for index, label in labels.items():
        rest = lines[index].text[label.end :].casefold().strip()
        if reads_as_heading(rest.capitalize()):
            last[label.number, rest] = index
    rows = set()
    for index, label in labels.items():
        rest = lines[index].text[label.end :].casefold().strip()
        if last.get((label.number, rest), index) > index and (index + 1 in labels or index - 1 in labels):
            rows.add(index)
    return rows

"""Which lines carry the paragraph numbers of a readout, and which numbered lines are only headings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.labels import Label
from retrieval.sources.lines import Line
from retrieval.sources.sequences import Candidate, nested_sequence, read_candidates, sequence

# Outermost first, when nothing in the readout itself says otherwise.
_RANKS = (
    "article", "dot", "para", "close", "paren", "bracket",
    "roman-upper-dot", "roman-upper-close", "roman-upper-paren",
    "alpha-upper-dot", "alpha-upper-close", "alpha-upper-paren", "kanji", "circled",
    "roman-lower-dot", "alpha-lower-dot", "roman-lower-close", "alpha-lower-close",
    "roman-lower-paren", "alpha-lower-paren",
)  # fmt: skip
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
    listed = sorted((name for name in chains if name.startswith("list")), key=_list_depth)
    chosen = _outermost(chains, lines) or (listed[0] if listed else None)
    if listed and chosen and _is_outside(chains[listed[0]], chains[chosen]):
        chosen = listed[0]
    return _with_nested(families, chains, chosen, lines)


def _list_depth(name: str) -> int:
    return int(name.partition("-")[2])


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
    return Plan(dict(sorted(labels.items())), _numbered_headings(chains, chosen, lines, labels))


def _outermost(chains: Mapping[str, list[Candidate]], lines: Sequence[Line]) -> str | None:
    """Return the family that numbers paragraphs rather than sections or items."""
    ranked = [name for name in _RANKS if name in chains]
    if not ranked:
        return None
    chosen = ranked[0]
    for name in ranked[1:]:
        if name.startswith(_SUB_ONLY) and not chosen.startswith(_SUB_ONLY):
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
    again = sum(
        1
        for c, before, after in zip(inner[1:], items, items[1:], strict=False)
        if c.value == 1 and before != after
    )
    if again:
        return len(set(items)) > 1 and not _runs_on(inner, items)
    sentences = [c for c in outer if not reads_as_heading(lines[c.index].text[c.label.end :])]
    return len(set(items)) == 1 and len(sentences) == len(outer)


def _runs_on(inner: Sequence[Candidate], items: Sequence[int]) -> bool:
    """Whether the count of `inner` goes on across a border of the outer items."""
    pairs = zip(inner, inner[1:], items, items[1:], strict=False)
    return any(i != j and b.value == a.value + 1 for a, b, i, j in pairs)


def _numbered_headings(
    chains: Mapping[str, list[Candidate]],
    chosen: str | None,
    lines: Sequence[Line],
    labels: Mapping[int, Label],
) -> dict[int, int]:
    """Return section headings that carry a number of another family ("IV. Trade", "A. Trade")."""
    out: dict[int, int] = {}
    for name, chain in chains.items():
        if name == chosen or not name.startswith(("roman-upper", "alpha-upper", "kanji", "dot")):
            continue
        for c in chain:
            rest = lines[c.index].text[c.label.end :]
            if c.opens and c.index not in labels and reads_as_heading(rest):
                out[c.index] = c.label.end
    return out

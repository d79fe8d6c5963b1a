"""Candidates -> entries: one initiative named in several places is one entry with several citations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from retrieval.initiatives.candidates import Candidate
from retrieval.initiatives.naming import acronym_in, name_key, without_acronym
from retrieval.models import Evidence, Initiative, InitiativeCitation, Readout

_PRIORITY = {"resumed": 0, "new": 1, "request": 2, "support": 3, "continuing": 4, "framework": 5}
_SPACE = re.compile(r"\s+")


def merge(candidates: Sequence[Candidate], readout: Readout) -> tuple[Initiative, ...]:
    """The list of a readout, in reading order."""
    order = {p.number: i for i, p in reversed(list(enumerate(readout.paragraphs)))}
    texts = {p.number: p.text for p in reversed(readout.paragraphs)}
    groups = _grouped(sorted(_unnested(candidates), key=lambda c: (order[c.paragraph], c.name_start)))
    return tuple(_entry(group, texts) for group in groups)


def _unnested(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without names that stand inside a longer name of the same place, unless they stand for themselves."""
    kept = []
    for one in candidates:
        holders = [
            other
            for other in candidates
            if other is not one
            and other.paragraph == one.paragraph
            and other.name_start <= one.name_start
            and one.name_end <= other.name_end
            and (other.name_end - other.name_start, other.named) > (one.name_end - one.name_start, one.named)
        ]
        if not holders or (one.named and one.kind == "framework"):
            kept.append(one)
    return kept


def _grouped(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    groups: list[list[Candidate]] = []
    acronyms: dict[str, int] = {}
    for candidate in candidates:
        index = _group_of(candidate, groups, acronyms)
        if index is None:
            index = len(groups)
            groups.append([])
        groups[index].append(candidate)
        acronym = acronym_in(candidate.name)
        if acronym:
            acronyms.setdefault(acronym, index)
    return groups


def _group_of(
    candidate: Candidate, groups: Sequence[Sequence[Candidate]], acronyms: dict[str, int]
) -> int | None:
    if candidate.name in acronyms:
        return acronyms[candidate.name]
    key = name_key(candidate.name)
    for index, group in enumerate(groups):
        if any(same(key, candidate, other) for other in group):
            return index
    return None


def same(key: tuple[str, ...], candidate: Candidate, other: Candidate) -> bool:
    """Whether two names of one readout are one initiative: equal, or equal but for whose it is."""
    theirs = name_key(other.name)
    if key == theirs:
        return True
    if not (candidate.named and other.named):
        return False
    if len(key) == len(theirs) and all(_akin(a, b) for a, b in zip(key, theirs, strict=True)):
        return True
    shorter, longer = sorted((candidate.name, other.name), key=lambda name: len(name_key(name)))
    short, long = name_key(shorter), name_key(longer)
    if not 2 <= len(short) < len(long) or long[-len(short) :] != short:
        return False
    return all(
        _whose(word) for word in without_acronym(longer).split()[: -len(without_acronym(shorter).split())]
    )


def _akin(stem: str, other: str) -> bool:
    """ "Australia" and "Australian": the same word, or one the beginning of the other."""
    short, long = sorted((stem, other), key=len)
    return short == long or (len(short) >= 5 and long.startswith(short))


def _whose(word: str) -> bool:
    """Whether a word of the longer name only says whose it is: "Japan-ASEAN", "Australia’s", "AUKUS"."""
    return (
        "-" in word
        or word.isupper()
        or word.endswith(("’s", "'s", "’", "'"))
        or word.lower() in {"the", "our", "sixth"}
    )


def _entry(group: Sequence[Candidate], texts: dict[str, str]) -> Initiative:
    lead = min(group, key=lambda c: _PRIORITY[c.kind])
    named = max((c for c in group if c.named), key=lambda c: len(name_key(c.name)), default=None)
    cited: list[Candidate] = []
    for candidate in [lead, *[c for c in group if c is not lead]]:
        if candidate.paragraph not in {c.paragraph for c in cited}:
            cited.append(candidate)
    return Initiative(
        name=_tidy((named or lead).name),
        kind=lead.kind,
        actor=lead.actor or next((c.actor for c in group if c.actor), None),
        when=lead.when or next((c.when for c in group if c.when), None),
        citations=tuple(
            InitiativeCitation(c.paragraph, Evidence.of(texts[c.paragraph], c.start, c.end)) for c in cited
        ),
    )


@cache
def _tidy(name: str) -> str:
    return _SPACE.sub(" ", name).strip(" ,.;:") or without_acronym(name)

"""The same initiative in several readouts: "also in … ¶4".

Conservative on purpose: a wrong link tells a false history. Two entries are one only where their names have
the
same stems (ordinals, articles and word order aside: "12th Japan-ASEAN Forum" is "ASEAN-Japan Forum") and
the name is
a proper one, or where one name is the acronym that the other brings with it, and no readout uses that
acronym for
anything else. "Working group" or "maritime cooperation" never links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.initiatives.lexicon import GENERIC, form_nouns, singular
from retrieval.initiatives.naming import acronym_in, name_key, without_acronym
from retrieval.models import Initiative

Identity = frozenset[str]

_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w.]*")
_ACRONYM = re.compile(r"^[A-Z][A-Z0-9&/-]{2,11}$")


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another place where an initiative is listed."""

    document: str
    paragraph: str


def link(
    initiatives_by_readout: Mapping[str, Sequence[Initiative]], *, dates: Mapping[str, str | None]
) -> dict[str, tuple[tuple[AlsoIn, ...], ...]]:
    """Say of every entry in which other readouts it is listed.

    Args:
        initiatives_by_readout: The list of every readout, by its id.
        dates: ISO 8601 date by readout id; readouts without one come last.

    Returns:
        For every readout, one tuple per entry in the order given: the other readouts' places, oldest first.
    """
    acronyms = _acronyms(initiatives_by_readout)
    places: dict[Identity, list[AlsoIn]] = {}
    for document in sorted(initiatives_by_readout, key=lambda d: (dates.get(d) or "9999", d)):
        for entry in initiatives_by_readout[document]:
            identity = _identity(entry.name, acronyms)
            if identity is not None:
                found = [AlsoIn(document, c.paragraph) for c in entry.citations]
                places.setdefault(identity, []).extend(p for p in found if p not in places.get(identity, []))
    return {
        document: tuple(_elsewhere(document, entry, acronyms, places) for entry in entries)
        for document, entries in initiatives_by_readout.items()
    }


def _elsewhere(
    document: str,
    entry: Initiative,
    acronyms: Mapping[str, Identity],
    places: Mapping[Identity, Sequence[AlsoIn]],
) -> tuple[AlsoIn, ...]:
    identity = _identity(entry.name, acronyms)
    return tuple(p for p in places.get(identity, ()) if p.document != document) if identity else ()


def _acronyms(lists: Mapping[str, Sequence[Initiative]]) -> dict[str, Identity]:
    """What each acronym stands for, where every readout that spells it out agrees."""
    meanings: dict[str, set[Identity]] = {}
    for name in _names(lists):
        acronym = acronym_in(name)
        if acronym is not None:
            meanings.setdefault(acronym, set()).add(frozenset(name_key(name)))
    return {acronym: next(iter(found)) for acronym, found in meanings.items() if len(found) == 1}


def _names(lists: Mapping[str, Sequence[Initiative]]) -> Iterator[str]:
    for entries in lists.values():
        yield from (entry.name for entry in entries)


def _identity(name: str, acronyms: Mapping[str, Identity]) -> Identity | None:
    """What two names must share to be one initiative, or None for a name that identifies nothing."""
    if _ACRONYM.match(name):
        return acronyms.get(name, frozenset({name}))
    return frozenset(name_key(name)) if _proper(name) else None


def _proper(name: str) -> bool:
    """Whether a name is one initiative's own: capitals beyond its first word, and a word that says which."""
    plain = without_acronym(name)
    words = re.findall(r"[^\W_]+", plain.lower())
    said = [
        w
        for w in words
        if w not in GENERIC and singular(w) not in form_nouns() and len(w) > 2 and not w.isdigit()
    ]
    return len(_CAPITAL.findall(plain)) >= 2 and len(set(name_key(name))) >= 2 and bool(said)

"""Names compared: one initiative written in two ways has one key, and is found again in other readouts.

Linking ("also in … ¶4") is conservative on purpose: a wrong link tells a false history. Two entries are one only
where their names have the same stems (ordinals, articles and word order aside: "12th Japan-ASEAN Forum" is
"ASEAN-Japan Forum") and the name is a proper one, or where one name is the acronym that the other brings with it,
and no readout uses that acronym for anything else. "Working group" or "maritime cooperation" never links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.language.terms import stem
from retrieval.models import Initiative

_ACRONYM = re.compile(r"\(([A-Z][\w&/-]{1,11})\)")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th)$")
CLOSED_CLASS = frozenset("a an the of for on to in and or with at by from its their our s".split())
_SPELLING = {"defence": "defense", "programme": "program", "programmes": "programs", "centre": "center"}
_WORDS = re.compile(r"[^\W_]+(?:\.\d+)?")
_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w.]*")


@lru_cache(maxsize=20_000)
def name_key(name: str) -> tuple[str, ...]:
    """The stems that identify a name, in order: no acronym in brackets, ordinals, articles or accents."""
    plain = unicodedata.normalize("NFKD", without_acronym(name)).casefold().replace("’", "'")
    plain = re.sub(r"'s?(?!\w)", "", plain).replace("u.s.", "us").replace("u.k.", "uk")
    words = [w for w in _WORDS.findall(plain) if w[-1] < "\u0300"]
    kept = [w for w in words if w not in CLOSED_CLASS and not _ORDINAL.match(w)]
    return tuple(stem(_SPELLING.get(w, w)) for w in kept or words)


def acronym_in(name: str) -> str | None:
    """The short form a name brings with it: "… Awareness (IPMDA)" -> "IPMDA"."""
    match = _ACRONYM.search(name)
    return match.group(1) if match else None


def without_acronym(name: str) -> str:
    """The name without its short form in brackets."""
    return _ACRONYM.sub(" ", name)


def is_proper(name: str) -> bool:
    """Whether a name is written as one initiative's own: two words with capitals, and two that mean."""
    plain = without_acronym(name)
    return len(_CAPITAL.findall(plain)) >= 2 and len(set(name_key(name))) >= 2


Identity = frozenset[str]

_FORMS = """action agenda agreement annual arrangement bilateral business ceremony commission committee
    conference consultation cooperation council dialogue economic forum framework fund group high initiative
    international joint leader leaders level meeting memorandum minister ministerial ministers national new
    official officials partnership plan policy program programme project regional roadmap security seminar
    senior statement strategic strategy summit task taskforce understanding vision working workshop"""
"""What many initiatives are called: a name of these alone identifies none."""

_IS_ACRONYM = re.compile(r"^[A-Z][A-Z0-9&/-]{2,11}$")


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


def identities(
    initiatives_by_readout: Mapping[str, Sequence[Initiative]],
) -> dict[str, tuple[Identity | None, ...]]:
    """Return what the entries of one initiative have in common, by readout; None for one that nothing links."""
    acronyms = _acronyms(initiatives_by_readout)
    return {
        document: tuple(_identity(entry.name, acronyms) for entry in entries)
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
    for name in (entry.name for entries in lists.values() for entry in entries):
        if acronym := acronym_in(name):
            meanings.setdefault(acronym, set()).add(frozenset(name_key(name)))
    return {acronym: next(iter(found)) for acronym, found in meanings.items() if len(found) == 1}


def _identity(name: str, acronyms: Mapping[str, Identity]) -> Identity | None:
    """What two names must share to be one initiative, or None for a name that identifies nothing."""
    if _IS_ACRONYM.match(name):
        return acronyms.get(name, frozenset({name}))
    return frozenset(name_key(name)) if _tells_apart(name) else None


def _tells_apart(name: str) -> bool:
    """Whether a name is one initiative's own: a proper one, with a word that others do not have."""
    return is_proper(name) and bool(set(name_key(name)) - set(name_key(_FORMS)))

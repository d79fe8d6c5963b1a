"""The life of an initiative over its readouts: announced, continued, resumed, last mentioned; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.comparison.tracing import Trace, TracedReadout
from retrieval.comparison.word_changes import words
from retrieval.initiatives import identities
from retrieval.models import Citation, Initiative
from retrieval.search.browsing import ListedInitiative

Stage = Literal["announced", "listed", "continued", "resumed", "mentioned"]
"""`listed`: the first time, as something that goes on; `mentioned`: by name, in a readout that doesn't list it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one readout says of an initiative: the sentence that names it there."""

    stage: Stage
    title: str
    date: str | None
    issuer: str | None
    citation: Citation


@dataclass(frozen=True, slots=True)
class Life:
    """One initiative, under the name of its first entry.

    Attributes:
        entries: Where it is listed, the oldest first.
        trace: Its name through all readouts.
    """

    entries: tuple[ListedInitiative, ...]
    trace: Trace

    @property
    def name(self) -> str:
        """What it is called where it is listed first."""
        return self.entries[0].initiative.name

    @property
    def events(self) -> tuple[Event, ...]:
        """What each readout says of it, by date."""
        listed = {each.readout.id: each for each in reversed(self.entries)}
        first = self.entries[0]
        out: list[Event] = []
        for readout in self.trace.readouts:
            if each := listed.get(readout.document):
                out.append(_listed(each, is_first=each is first))
            elif (use := readout.likest) is not None:
                p = use.statement.paragraph
                out.append(Event("mentioned", p.title, p.date, p.issuer, use.statement.citation))
        return tuple(out)

    @property
    def silent_since(self) -> tuple[TracedReadout, ...]:
        """The later readouts of its series that do not name it."""
        named = {event.citation.document for event in self.events}
        series = {r.series for r in self.trace.readouts if r.document in named and r.series}
        out: list[TracedReadout] = []
        for readout in reversed(self.trace.readouts):
            if readout.document in named:
                break
            if readout.date and readout.series in series:
                out.insert(0, readout)
        return tuple(out)


def _listed(each: ListedInitiative, *, is_first: bool) -> Event:
    kind, readout = each.initiative.kind, each.readout
    stage: Stage = "resumed" if kind == "resumed" else "continued"
    if is_first and stage == "continued":
        stage = "listed" if kind == "continuing" else "announced"
    return Event(stage, readout.title, readout.date, readout.issuer, each.citations[0])


def _join_longer_names(groups: dict[object, list[ListedInitiative]]) -> None:
    """Put an entry to the initiative whose own name it begins with: "Northern Cable Initiative in 2024"."""
    names = {
        _name_words(entries[0].initiative.name): key
        for key, entries in groups.items()
        if isinstance(key, frozenset)
    }
    for key, entries in list(groups.items()):
        words_of = _name_words(entries[0].initiative.name)
        shorter = (names.get(words_of[:size]) for size in range(len(words_of) - 1, 1, -1))
        whose = next((each for each in shorter if each is not None and each != key and each in groups), None)
        if whose is not None:
            groups[whose] += groups.pop(key)


def _name_words(name: str) -> tuple[str, ...]:
    found = tuple(word.key for word in words(name))
    return found[1:] if found[:1] in {("the",), ("a",), ("an",)} else found


def lives(
    listed: Sequence[ListedInitiative], wanted: Iterable[ListedInitiative] | None = None
) -> list[tuple[ListedInitiative, ...]]:
    """Return the entries of each initiative, the oldest first; the initiative announced last comes first.

    Args:
        listed: Every entry of the readouts that can be read.
        wanted: Only initiatives that one of these entries names.
    """
    by_readout: dict[str, list[ListedInitiative]] = {}
    for each in listed:
        by_readout.setdefault(each.readout.id, []).append(each)
    found = identities({name: [each.initiative for each in entries] for name, entries in by_readout.items()})
    groups: dict[object, list[ListedInitiative]] = {}
    for name, entries in by_readout.items():
        for each, identity in zip(entries, found[name], strict=True):
            groups.setdefault(identity or id(each), []).append(each)
    _join_longer_names(groups)
    chosen: set[tuple[str, Initiative]] | None = (
        None if wanted is None else {(each.readout.id, each.initiative) for each in wanted}
    )
    out = [
        tuple(sorted(entries, key=lambda each: (each.readout.date or "9999", each.readout.id)))
        for entries in groups.values()
        if chosen is None or any((each.readout.id, each.initiative) in chosen for each in entries)
    ]
    return sorted(out, key=lambda entries: entries[0].readout.date or "", reverse=True)

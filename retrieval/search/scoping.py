"""Which readouts a question is asked of: by what the asker filters, and by the times that the question names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from threading import Lock
from typing import Protocol, Self

from cachetools import LRUCache
from sqlalchemy import Connection

from retrieval.errors import UsageError
from retrieval.language.terms import stem, terms
from retrieval.language.times import NEWEST, Span, Times, numbers_of_title, times_in, years_in
from retrieval.ledger import live, vectors
from retrieval.ledger.live import ReadoutSummary, actors
from retrieval.search.series import is_of_meeting, series_key

_MOST_SHELVES = 64
_SIDES = re.compile(r"\b([A-Z]\w+)\s?[-–—]\s?([A-Z]\w+)|\b(?:between|of|by) ([A-Z]\w+)(?:,? and ([A-Z]\w+))?")
"""Who meets, or whose words a readout holds, as titles name them."""

_NAME = re.compile(r"[A-Z]\w+")
_ACRONYM = re.compile(r"\b[A-Z]{3,}\b")
_FEWEST_OF_NAME = 2
"""Words of a series' name that a question has to have; an acronym counts for two."""


class Named(Protocol):
    """A readout as lists show it."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def date(self) -> str | None:
        """ISO 8601 calendar date, where known."""

    @property
    def issuer(self) -> str | None:
        """Whose words it holds, where known."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the asker narrows the readouts to; what is left out narrows nothing.

    Attributes:
        documents: Ids.
        since, until: First and last day, ISO 8601; "2024" and "2024-03" are the whole of it.
        issuer, title: Words that stand there, in any order and case.
    """

    documents: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    issuer: str | None = None
    title: str | None = None

    def dump(self) -> str:
        """Return what `load` reads."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Self:
        """Return what `dump` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"documents": tuple(fields["documents"])})

    @classmethod
    def typed(
        cls,
        documents: Iterable[str] = (),
        since: str | None = None,
        until: str | None = None,
        issuer: str | None = None,
        title: str | None = None,
    ) -> Self:
        """Read what somebody typed; what is left empty narrows nothing.

        Raises:
            UsageError: A bound is no date.
        """
        bounds = {"since": since and as_bound(since), "until": until and as_bound(until)}
        for name, typed in (("since", since), ("until", until)):
            if typed and bounds[name] is None:
                raise UsageError(f'{name}: "{typed}" is no date. Write it like 2024, 2024-03 or 2024-03-05.')
        named = {"issuer": issuer or None, "title": title or None}
        return cls(tuple(filter(None, documents)), bounds["since"] or None, bounds["until"] or None, **named)

    def __bool__(self) -> bool:
        return bool(self.documents or self.since or self.until or self.issuer or self.title)

    def keep(self, summary: Named) -> bool:
        """Whether a readout passes, ids aside; one without a date passes no bound in time."""
        if (self.since or self.until) and not summary.date:
            return False
        within = (self.since or "") <= (summary.date or "") and (
            not self.until or (summary.date or "")[: len(self.until)] <= self.until
        )
        return within and _holds(summary.issuer, self.issuer) and _holds(summary.title, self.title)


ALL = Filters()


def _holds(text: str | None, wanted: str | None) -> bool:
    folded = (text or "").casefold()
    return all(word in folded for word in (wanted or "").casefold().split())


@dataclass(frozen=True)
class Shelf:
    """The live readouts of some scopes, newest first, which of them are of one series, and who speaks in them."""

    readouts: tuple[ReadoutSummary, ...]
    parties: frozenset[str] = frozenset()
    is_common: Callable[[str], bool] = bool

    def of(self, readouts: Iterable[ReadoutSummary]) -> Shelf:
        """Return a shelf of these readouts alone."""
        return Shelf(tuple(readouts), self.parties, self.is_common)

    @cached_property
    def _keys(self) -> dict[int, str]:
        keys = {r.pk: series_key(r.title, r.series) for r in self.readouts}
        return {pk: key for pk, key in keys.items() if key}

    @cached_property
    def _series(self) -> Mapping[str, list[ReadoutSummary]]:
        """Series -> its readouts, newest first; those of several only."""
        found: dict[str, list[ReadoutSummary]] = {}
        for readout in self.readouts:
            if key := self._keys.get(readout.pk):
                found.setdefault(key, []).append(readout)
        return {key: sorted(of, key=_age, reverse=True) for key, of in found.items() if len(of) > 1}

    @cached_property
    def _names(self) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
        """Series, or what is none -> the terms of its title, and those names among them that no other title has."""
        titles = {self._keys[r.pk]: r.title for r in self.readouts if r.pk in self._keys}
        every = {key: frozenset(terms(key)) for key in titles}
        frequency = Counter(chain.from_iterable(every.values()))
        return {
            key: (every[key], frozenset(t for t in self._proper(title) & every[key] if frequency[t] == 1))
            for key, title in titles.items()
        }

    def _proper(self, title: str) -> frozenset[str]:
        return frozenset(stem(n.lower()) for n in _NAME.findall(title) if not self.is_common(n))

    def named(self, question: str) -> list[ReadoutSummary]:
        """Return the readouts of the series whose meeting a question names by what it alone is called; often none."""
        asked, capitals = frozenset(terms(question)), {stem(a.lower()) for a in _ACRONYM.findall(question)}
        scores = sorted(
            (len(asked & words) + len(asked & own & capitals), key)
            for key, (words, own) in self._names.items()
            if asked & own
        )
        best = scores[-1][0] if scores else 0
        if best < _FEWEST_OF_NAME or (len(scores) > 1 and scores[-2][0] == best):
            return []
        key = scores[-1][1]
        is_named = is_of_meeting(question) or capitals & self._names[key][1]
        return [r for r in self.readouts if self._keys.get(r.pk) == key] if is_named else []

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Those that times may be written in: English, and those of the readouts, the newest's first."""
        return tuple(dict.fromkeys(("en", *(readout.language for readout in self.readouts))))

    @cached_property
    def by_place(self) -> Mapping[tuple[str, str], ReadoutSummary]:
        """(id, revision) -> readout."""
        return {(r.id, r.revision): r for r in self.readouts}

    def siblings(self, readout: ReadoutSummary) -> Sequence[ReadoutSummary]:
        """Return the whole series of a readout, newest first; nothing where it is the only one."""
        return self._series.get(self._keys.get(readout.pk, ""), ())

    def series_of(self, readout: ReadoutSummary) -> str | None:
        """Return what the titles of its series have in common, where there are several."""
        return self._keys[readout.pk] if self.siblings(readout) else None

    def chosen(self, times: Times, named: Sequence[ReadoutSummary] = ()) -> list[ReadoutSummary] | None:
        """Return the readouts that `times` are about; None where it says nothing about which.

        A span chooses by date, an ordinal by the number in the title; "the latest" leaves of every series the newest.
        A readout that is of no series is left out by a span or a number only.

        Args:
            named: Choose among these; all of them where the times are none of theirs.
        """
        if not times.choose:
            return None
        kept = list(named or self.readouts)
        if times.spans:
            kept = [r for r in kept if is_in(r, times)] or kept
        if times.ordinals:
            wanted = {number for number, _ in times.ordinals}
            kept = [r for r in kept if wanted & numbers_of_title(r.title)] or kept
        if times.place is not None:
            kept = self._placed(kept, times.place)
        return kept if len(kept) < len(self.readouts) else None

    def _placed(self, readouts: Sequence[ReadoutSummary], place: int) -> list[ReadoutSummary]:
        left = {r.pk for r in readouts}
        dropped: set[int] = set()
        for series in self._series.values():
            here = [r for r in series if r.pk in left]
            if len(here) > 1:
                kept = _same_age(here, here[0] if place == NEWEST else _second(here))
                dropped |= {r.pk for r in here} - {r.pk for r in kept}
        return [r for r in readouts if r.pk not in dropped]


def _second(series: Sequence[ReadoutSummary]) -> ReadoutSummary:
    return next((r for r in series if _age(r) != _age(series[0])), series[0])


def _same_age(series: Sequence[ReadoutSummary], as_of: ReadoutSummary) -> list[ReadoutSummary]:
    """Return those of one meeting, which may have had a statement and an annex."""
    return [r for r in series if _age(r) == _age(as_of)]


def _age(readout: ReadoutSummary) -> tuple[str, int]:
    """Return what orders a series: the date, else the year in the title, then its number."""
    years = years_in(readout.title)
    return readout.date or (str(max(years)) if years else ""), max(numbers_of_title(readout.title), default=0)


def is_in(readout: ReadoutSummary, times: Times) -> bool:
    """Whether a readout's date, or a year in its title, is in one of the spans."""
    return any(times.meet(span) for span in spans_of(readout.date, readout.title))


def spans_of(day: str | None, title: str) -> list[Span]:
    """Return when a readout is of: its day, and the years that its title names."""
    own = date.fromisoformat(day) if day else None
    days: list[Span] = [(own, own)] if own else []
    return days + [(date(year, 1, 1), date(year, 12, 31)) for year in sorted(years_in(title))]


class Shelves:
    """Remembers what is live, until something else is.

    Args:
        is_common: Whether a word is common English: such a word is nobody's name.
    """

    def __init__(self, is_common: Callable[[str], bool]) -> None:
        self._is_common = is_common
        self._guard = Lock()
        self._kept: LRUCache[tuple[str, ...], tuple[list[int], Shelf]] = LRUCache(_MOST_SHELVES)

    def shelf(self, connection: Connection, of: Sequence[str]) -> Shelf:
        """Return the live readouts of some scopes, in the order in which a look-up by id prefers them."""
        generations = [vectors.generation(connection, scope) for scope in of]
        with self._guard:
            known, found = self._kept.get(tuple(of), (None, None))
        if found is None or known != generations:
            readouts = tuple(live.readouts(connection, of))
            found = Shelf(readouts, self._parties(readouts, actors(connection, of)), self._is_common)
            with self._guard:
                self._kept[tuple(of)] = generations, found  # in place of what was live before
        return found

    def _parties(self, readouts: Sequence[ReadoutSummary], acting: Iterable[str]) -> frozenset[str]:
        """Return the terms of those that titles name as the sides of a meeting, that issue, or that do something."""
        sides = [name for r in readouts for pair in _SIDES.findall(r.title) for name in pair if name]
        names = [name for name in (*acting, *(r.issuer or "" for r in readouts)) if _NAME.fullmatch(name)]
        return frozenset(stem(name.lower()) for name in (*sides, *names) if not self._is_common(name))


def passing(
    connection: Connection, readouts: Iterable[ReadoutSummary], of: Sequence[str], filters: Filters
) -> list[ReadoutSummary]:
    """Return the readouts that `filters` leave, in their order.

    Raises:
        NotFoundError: There is no readout with an id that they name.
    """
    named = {live.readout(connection, of, document).pk for document in filters.documents}
    return [r for r in readouts if filters.keep(r) and (not named or r.pk in named)]


_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def as_bound(typed: str) -> str | None:
    """Return a typed bound in time as `Filters` take it: "2024", "2024-03", "2024-03-05", or a date in words.

    None where it is no date.
    """
    found = _DATE.fullmatch(typed.strip())
    if found is None:
        spans = times_in(f"in {typed}", date.today()).spans
        if len(spans) != 1:
            return None
        first, last = (day.isoformat() for day in spans[0])
        return next((first[:n] for n in (10, 7, 4) if first[:n] == last[:n]), None)
    parts = [part.zfill(2) for part in found.groups() if part]
    try:
        date.fromisoformat("-".join([*parts, "01", "01"][:3]))
    except ValueError:
        return None
    return "-".join(parts)

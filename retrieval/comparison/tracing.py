"""A phrase and its close variants, and the life of an initiative: where they stand in a text, and through readouts by date; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from retrieval.comparison.differences import Span, pieces, words
from retrieval.initiatives import identities
from retrieval.language.sentences import sentence_spans
from retrieval.language.terms import STOP_WORDS, normalised, stem, terms
from retrieval.models import Citation, Initiative, Piece, Statement
from retrieval.search.browsing import ListedInitiative

VARIANT = 0.85
"""Likeness from which words are a variant of the phrase (`bench/comparison.py`, development half)."""

_ADDED = 0.5
"""What a word that is not of the phrase counts for, beside one of it."""

_LEAST_HELD = VARIANT / (2 - VARIANT)
"""Share of the phrase that a variant holds at least, where it has no words of its own."""

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+"
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"[.!?][”’\"')]?\s+[^\W\d_a-z]|[。！？]")


class Phrase:
    """A phrase to look for.

    Args:
        weights: Term -> how much it tells, such as its idf; all alike where they are not given.

    Attributes:
        terms: The terms of its words that mean something, in order; none: there is nothing to look for.
    """

    def __init__(self, text: str, weights: Mapping[str, float] | None = None) -> None:
        self.text = " ".join(text.split())
        self.terms = tuple(
            dict.fromkeys(term for m in _TOKEN.finditer(self.text) if (term := _term(m.group())))
        )
        self._weights = {term: (weights or {}).get(term, 1.0) for term in self.terms}
        self._total = sum(self._weights.values())
        self._keys = _content_keys(self.text)

    def groups(self, frequencies: Mapping[str, int]) -> list[list[str]]:
        """Return groups of index terms: a paragraph with a variant holds one of each, the rarest first.

        So many terms as may be missing, and one more, cannot all be missing.
        """
        room = (1 - _LEAST_HELD) * self._total
        missing = 0
        for weight in sorted(self._weights.values()):
            room -= weight
            missing += room >= -1e-9
        found = [term for term in self.terms if not _UNSPACED.search(term)]
        pairs = [term for term in terms(self.text) if _UNSPACED.search(term)]
        size = 1 + missing * (2 if pairs else 1)  # one character stands in two pairs of them
        ordered = sorted({*found, *pairs}, key=lambda term: (frequencies.get(term, 0), term))
        starts = range(0, max(1, len(ordered) - size + 1), size)
        return [ordered[start : start + size] for start in starts] if ordered else []

    def find(self, text: str) -> Iterator[tuple[Span, float]]:
        """Yield where the phrase or a variant stands in `text`, in reading order, with its likeness, up to 1.

        Likeness is the harmonic mean of the share of the phrase that stands there, weighed, and of what of the words
        there is the phrase's. Of four words that weigh the same one may be missing, to three two be added, in any order; one in the place of another makes another phrase: "Food Security" is not "Maritime Security".
        """
        hits = self._hits(text)
        windows = sorted(self._windows(hits), key=lambda w: (-w[2], w[1] - w[0]))
        taken: list[tuple[int, int, float]] = []
        for first, last, likeness in windows:
            start, end = hits[first][1], hits[last][2]
            apart = all(last < f or first > t for f, t, _ in taken)
            if apart and not _SENTENCE_END.search(text, start, end):
                taken.append((first, last, likeness))
        for first, last, likeness in sorted(taken):
            yield (hits[first][1], hits[last][2]), likeness

    def is_exact(self, wording: str) -> bool:
        """Whether `wording` is the phrase, word for word; case and the kind of quotation marks aside."""
        return _content_keys(wording) == self._keys

    def _hits(self, text: str) -> list[tuple[int, int, int, str]]:
        """Return the words of `text` that are the phrase's: place among those that mean something, span, term."""
        out, place = [], 0
        for match in _TOKEN.finditer(text):
            term = _term(match.group())
            if term:
                place += 1
                if term in self._weights:
                    out.append((place, *match.span(), term))
        return out

    def _windows(self, hits: Sequence[tuple[int, int, int, str]]) -> Iterator[tuple[int, int, float]]:
        count, mean = len(self.terms), self._total / max(1, len(self.terms))
        for first, (begin, _, _, _) in enumerate(hits):
            seen: set[str] = set()
            matched = 0.0
            for last in range(first, len(hits)):
                place, _, _, term = hits[last]
                if place - begin > 2 * count + 2:
                    break
                if term not in seen:
                    seen.add(term)
                    matched += self._weights[term]
                    added = _ADDED * (place - begin + 1 - len(seen)) * mean
                    likeness = 2 * matched / (self._total + matched + added)
                    if likeness >= VARIANT:
                        yield first, last, likeness


@lru_cache(maxsize=65_536)
def _term(token: str) -> str:
    """Return the search term of a word, "" for one that means nothing."""
    word = normalised(token).replace(",", "")
    return "" if not word or word in STOP_WORDS else stem(word)


def _content_keys(text: str) -> list[str]:
    """Return the words of `text` from the first to the last that mean something."""
    found = words(text)
    told = [place for place, word in enumerate(found) if _term(text[word.start : word.end])]
    return [word.key for word in found[told[0] : told[-1] + 1]] if told else []


@dataclass(frozen=True, slots=True)
class Use:
    """One place where the phrase or a variant stands.

    Attributes:
        statement: The sentence, the words that were found highlighted.
        likeness: Of the words to the phrase, up to 1.
        exact: They are the phrase, word for word.
    """

    statement: Statement
    likeness: float
    exact: bool

    @property
    def wording(self) -> str:
        """The words that were found, as they stand there."""
        start, end = self.statement.highlights[0]
        return self.statement.text[start:end]


@dataclass(frozen=True, slots=True)
class TracedReadout:
    """A readout that was looked through.

    Attributes:
        series: What the readouts of its series share, or None.
        uses: In reading order; none where the phrase does not stand there.
        since_before: The words of its likest use against those of the readout before that uses it, where they differ.
    """

    document: str
    title: str
    date: str | None
    series: str | None
    uses: tuple[Use, ...] = ()
    since_before: tuple[Piece, ...] = ()

    @property
    def likest(self) -> Use | None:
        """The use that is most like the phrase; of equals the first."""
        return max(self.uses, key=lambda use: (use.exact, use.likeness), default=None)


@dataclass(frozen=True, slots=True)
class Trace:
    """A phrase through readouts, the oldest first and those without a date last.

    Attributes:
        damaged: Readouts that were left out, as what is in the store is not what was ingested.
    """

    phrase: str
    readouts: tuple[TracedReadout, ...] = field(repr=False)
    damaged: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[TracedReadout, ...]:
        """Those that use it."""
        return tuple(r for r in self.readouts if r.uses)

    @property
    def ends(self) -> tuple[TracedReadout, TracedReadout] | None:
        """The first and the last that use it, by date; where none of them has one, in the order of their ids."""
        dated = [r for r in self.used if r.date] or self.used
        return (dated[0], dated[-1]) if dated else None

    def after(self, readout: TracedReadout) -> tuple[TracedReadout, ...]:
        """Return the readouts without it between `readout` and the next use, or the end, that are of a series with it.

        Where none of those that use it is of any series, all of them count; without a date none does.
        """
        series = {r.series for r in self.used if r.series}
        out: list[TracedReadout] = []
        for each in self.readouts[self.readouts.index(readout) + 1 :]:
            if each.uses:
                break
            if each.date and (each.series in series or not series):
                out.append(each)
        return tuple(out)


def uses_in(phrase: Phrase, statement: Statement, language: str = "en") -> list[Use]:
    """Return the uses in one whole paragraph."""
    text = statement.text
    found = list(phrase.find(text))
    sentences = sentence_spans(text, language) if found else []
    out = []
    for (start, end), likeness in found:
        first = max((s for s, _ in sentences if s <= start), default=0)
        last = min((e for _, e in sentences if e >= end), default=len(text))
        shown = Statement(statement.paragraph, first, last, ((start - first, end - first),))
        out.append(Use(shown, min(1.0, likeness), phrase.is_exact(text[start:end])))
    return out


def changed_since(before: TracedReadout | None, uses: Sequence[Use]) -> tuple[Piece, ...]:
    """Return the likest wording among `uses` with what changed since `before`; () where nothing did."""
    now = TracedReadout("", "", None, None, tuple(uses)).likest
    was = before.likest if before else None
    if now is None or was is None:
        return ()
    found = pieces(was.wording, now.wording)
    return found if any(piece.kind != "same" for piece in found) else ()


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

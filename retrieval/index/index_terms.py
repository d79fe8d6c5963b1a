"""The terms of paragraphs: what one is found by, how common each is, and which of a question's choose its candidates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, func, select, text

from retrieval.language.terms import indexed_terms, initials, terms
from retrieval.ledger import schema
from retrieval.ledger.engine import add_up, batches, is_postgres
from retrieval.models import LiveParagraph

MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """What one paragraph is found by.

    Attributes:
        terms: Of its text, its heading and its readout's title.
        length: Terms of the text alone.
    """

    terms: Sequence[str]
    length: int


@dataclass(frozen=True, slots=True)
class ParagraphTerms:
    """The terms of a paragraph alone, as in a prepared one: all that it is indexed by."""

    counts: Mapping[str, int]
    title_terms: frozenset[str]
    heading_terms: frozenset[str]
    length: int

    @property
    def indexed(self) -> IndexedTerms:
        """What a paragraph with these terms is found by."""
        elsewhere = sorted(self.title_terms | self.heading_terms)
        return IndexedTerms([*Counter(self.counts).elements(), *elsewhere], self.length)


def paragraph_terms(paragraph: LiveParagraph) -> ParagraphTerms:
    """Tokenise `paragraph` without looking at its sentences, which takes twice as long."""
    found = terms(paragraph.text)
    return ParagraphTerms(
        counts=Counter(found + initials(paragraph.text)),
        title_terms=_title_terms(paragraph.title, paragraph.date),
        heading_terms=frozenset(terms(paragraph.heading or "")),
        length=len(found),
    )


@lru_cache
def _title_terms(title: str, date: str | None) -> frozenset[str]:
    return frozenset(indexed_terms(f"{title} {_date_words(date)}"))


def _date_words(date: str | None) -> str:
    """Return "2022 June" for "2022-06-22": how a question names a readout."""
    year, _, rest = (date or "").partition("-")
    month = rest.partition("-")[0]
    return f"{year} {MONTHS[int(month) - 1]}" if month.isdigit() and 1 <= int(month) <= 12 else year


MOST_SCORED = 4000
"""BM25 scores about a thousand paragraphs a millisecond. Of more that match, the latest are scored: what so many have
in common tells little apart, and the search by vector has looked at all of them."""


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """What is common in a scope, and what is rare.

    Attributes:
        n_paragraphs: Live paragraphs in the scope.
        average_length: Terms per paragraph text, titles not counted.
        document_frequency: Term -> paragraphs that have it in text, heading or title.
    """

    n_paragraphs: int
    average_length: float
    document_frequency: Mapping[str, int]

    def idf(self, term: str) -> float:
        """Return the weight of `term`, in nats: 0 for none, highest for one that occurs nowhere."""
        frequency = self.document_frequency.get(term, 0)
        return math.log1p((self.n_paragraphs - frequency + 0.5) / (frequency + 0.5))


def chosen(connection: Connection, scope: str, terms: Iterable[str]) -> tuple[Sequence[str], bool]:
    """Return those of `terms` that candidates are chosen by, and whether one has to hold all of them.

    In a large scope common terms alone would have every other paragraph scored. Terms are taken from the
    rarest on, as long as they stand in `MOST_SCORED` paragraphs together: what they weigh falls with how
    common they are (BM25's idf), and whoever ranks the paragraphs found here weighs all of them.
    """
    frequency = frequencies(connection, [scope], terms)
    rarest_first = sorted((term for term in frequency if frequency[term]), key=lambda t: frequency[t])
    scored = 0
    taken: list[str] = []
    for term in rarest_first:
        scored += frequency[term]
        if taken and scored > MOST_SCORED:
            break
        taken.append(term)
    if len(taken) == 1 and frequency[taken[0]] > MOST_SCORED:  # all are common: what holds two of them
        return rarest_first[:2], True
    return taken, False


def statistics(connection: Connection, scopes: Sequence[str], terms: Iterable[str]) -> TermStatistics:
    """Return how common `terms` are among the live paragraphs of `scopes`."""
    paragraphs = length = 0
    for _, in_scope, terms_in_scope in connection.execute(_STATISTICS, {"scopes": list(scopes)}):
        paragraphs += in_scope
        length += terms_in_scope
    frequency = frequencies(connection, scopes, terms)
    return TermStatistics(paragraphs, length / paragraphs if paragraphs else 0.0, frequency)


def vocabulary(
    connection: Connection, scopes: Sequence[str], first: str, shortest: int, longest: int
) -> dict[str, int]:
    """Return the terms of live paragraphs that begin with a letter and have so many letters, with how many hold each."""
    t = schema.lexical_terms
    found: dict[str, int] = {}
    for term, count in connection.execute(
        select(t.c.term, t.c.paragraphs).where(
            t.c.scope.in_(scopes),
            t.c.term.between(first, first + "\U0010ffff"),
            func.length(t.c.term).between(shortest, longest),
            t.c.paragraphs > 0,
        )
    ):
        found[term] = found.get(term, 0) + count
    return found


_S = schema.lexical_statistics
_STATISTICS = select(_S.c.scope, _S.c.paragraphs, _S.c.terms).where(
    _S.c.scope.in_(bindparam("scopes", expanding=True))
)


def is_known(connection: Connection, scope: str) -> bool:
    """Whether `scope` ever held a paragraph."""
    return connection.execute(_STATISTICS, {"scopes": [scope]}).first() is not None


def frequencies(connection: Connection, scopes: Sequence[str], terms: Iterable[str]) -> dict[str, int]:
    """Return in how many live paragraphs of `scopes` each of `terms` stands."""
    wanted = sorted(set(terms))
    frequency = dict.fromkeys(wanted, 0)
    askable = [term for term in wanted if "\x00" not in term]  # no text holds it, and PostgreSQL refuses it
    if askable:
        for term, count in connection.execute(_FREQUENCIES, {"scopes": list(scopes), "terms": askable}):
            frequency[term] += count
    return frequency


_T = schema.lexical_terms
_FREQUENCIES = select(_T.c.term, _T.c.paragraphs).where(
    _T.c.scope.in_(bindparam("scopes", expanding=True)), _T.c.term.in_(bindparam("terms", expanding=True))
)


_ADD_COUNTS = text(
    "INSERT INTO lexical_terms (scope, term, paragraphs) VALUES (:scope, :term, :added)"
    " ON CONFLICT (scope, term) DO UPDATE SET paragraphs = lexical_terms.paragraphs + excluded.paragraphs"
)
_ADD_COUNTS_AS_ARRAYS = text(  # a row at a time takes ten times as long there
    "INSERT INTO lexical_terms (scope, term, paragraphs)"
    " SELECT :scope, * FROM unnest(CAST(:terms AS text[]), CAST(:counts AS integer[]))"
    " ON CONFLICT (scope, term) DO UPDATE SET paragraphs = lexical_terms.paragraphs + excluded.paragraphs"
)


def count_terms(connection: Connection, scope: str, counts: Mapping[str, int]) -> None:
    """Add to how many paragraphs hold each term; one that none holds any more is forgotten."""
    if not counts:
        return
    t = schema.lexical_terms
    if is_postgres(connection):
        added = {"terms": list(counts), "counts": list(counts.values())}
        connection.execute(_ADD_COUNTS_AS_ARRAYS, {"scope": scope, **added})
    else:
        connection.execute(
            _ADD_COUNTS, [{"scope": scope, "term": term, "added": n} for term, n in counts.items()]
        )
    if min(counts.values()) < 0:
        for some in batches(counts):
            connection.execute(delete(t).where(t.c.scope == scope, t.c.term.in_(some), t.c.paragraphs <= 0))


def count(connection: Connection, scope: str, paragraphs: int, terms: int) -> None:
    """Add paragraphs, and the terms of their texts."""
    amounts = {"paragraphs": paragraphs, "terms": terms}
    add_up(connection, schema.lexical_statistics, {"scope": scope}, amounts)


def forget(connection: Connection, scope: str) -> None:
    """Nothing of `scope` is counted any more."""
    for table in (schema.lexical_statistics, schema.lexical_terms):
        connection.execute(delete(table).where(table.c.scope == scope))

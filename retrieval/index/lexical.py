"""Words -> paragraphs: a full-text index over live paragraphs, in the ledger's own file.

SQLite FTS5 is given terms that are already stemmed, and splits on spaces alone, so that questions, paragraphs
and term statistics share one vocabulary. It stands in the ledger's file and is written in the transaction
that makes a revision live: it can't lag behind. Each scope has a table of its own, since term statistics
would tell one server what another one's readouts hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from sqlalchemy import Connection, TextClause, bindparam, delete, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.preparation import ParagraphTerms, PreparedParagraph
from retrieval.ledger import schema
from retrieval.ledger.schema import words_table

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS {table}
USING fts5(terms, length UNINDEXED, tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{{|}}~'")"""
"""The `ascii` tokenizer takes every non-ASCII character as part of a word; with these, all but the space."""


_MOST_SCORED = 4000
"""BM25 scores about a thousand paragraphs a millisecond."""


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """What one paragraph is found by.

    Attributes:
        terms: Of its text, its heading and its readout's title.
        length: Terms of the text alone.
    """

    terms: Sequence[str]
    length: int

    @classmethod
    def of(cls, found: PreparedParagraph | ParagraphTerms) -> Self:
        """Return what a paragraph with these terms is found by."""
        elsewhere = sorted(found.title_terms | found.heading_terms)
        return cls([*Counter(found.counts).elements(), *elsewhere], found.length)


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs that have just become live, by primary key."""
    if not paragraphs:
        return
    table = words_table(scope)
    connection.execute(text(_CREATE.format(table=table)))
    connection.execute(
        text(f"INSERT INTO {table}(rowid, terms, length) VALUES (:pk, :terms, :length)"),
        [{"pk": pk, "terms": " ".join(p.terms), "length": p.length} for pk, p in paragraphs.items()],
    )
    _count(connection, scope, len(paragraphs), sum(p.length for p in paragraphs.values()))
    _count_terms(connection, scope, Counter(term for p in paragraphs.values() for term in set(p.terms)))


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs that are no longer live."""
    if not _exists(connection, scope):
        return
    table = words_table(scope)
    gone: Counter[str] = Counter()
    paragraphs = length = 0
    for pk in pks:
        row = connection.execute(
            text(f"SELECT terms, length FROM {table} WHERE rowid = :pk"), {"pk": pk}
        ).first()
        if row is not None:
            connection.execute(text(f"DELETE FROM {table} WHERE rowid = :pk"), {"pk": pk})
            paragraphs, length = paragraphs + 1, length + int(row.length)
            gone.update(set(row.terms.split(" ")))
    _count(connection, scope, -paragraphs, -length)
    _count_terms(connection, scope, Counter({term: -count for term, count in gone.items()}))


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    table, s, t = words_table(scope), schema.lexical_statistics, schema.lexical_terms
    connection.execute(text(f"DROP TABLE IF EXISTS {table}_vocabulary"))
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    connection.execute(delete(s).where(s.c.scope == scope))
    connection.execute(delete(t).where(t.c.scope == scope))


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    if _exists(connection, scope):
        table = words_table(scope)
        connection.execute(text(f"INSERT INTO {table}({table}) VALUES ('optimize')"))


def search(
    connection: Connection, scope: str, terms: Sequence[str], *, limit: int, revision_pk: int | None = None
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first; of one revision, where given.

    In a large scope common terms alone would have every other paragraph scored. Terms are taken from the
    rarest on, as long as they stand in `_MOST_SCORED` paragraphs together: what they weigh falls with how
    common they are (BM25's idf), and whoever ranks the paragraphs found here weighs all of them.
    """
    if not terms or not _exists(connection, scope):
        return []
    if revision_pk is not None:
        values = {"query": _any_of(terms), "limit": limit, "revision": revision_pk}
        return list(connection.scalars(_search(words_table(scope), within_revision=True), values))
    frequency = _frequencies(connection, [scope], terms)
    query = _query(
        sorted((term for term in frequency if frequency[term]), key=lambda t: frequency[t]), frequency
    )
    if not query:
        return []
    statement = _search(words_table(scope), within_revision=False)
    return list(connection.scalars(statement, {"query": query, "limit": limit}))


def _query(rarest_first: Sequence[str], frequency: Mapping[str, int]) -> str:
    """Return what FTS5 is to match."""
    scored = 0
    taken: list[str] = []
    for term in rarest_first:
        scored += frequency[term]
        if taken and scored > _MOST_SCORED:
            break
        taken.append(term)
    if len(taken) == 1 and frequency[taken[0]] > _MOST_SCORED:  # all are common: what holds two of them
        return " AND ".join(_quoted(term) for term in rarest_first[:2])
    return _any_of(taken)


def _any_of(terms: Iterable[str]) -> str:
    return " OR ".join(_quoted(term) for term in dict.fromkeys(terms))


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether a search for all of `terms` together finds the paragraph."""
    if not _exists(connection, scope):
        return False
    query = " AND ".join(_quoted(term) for term in dict.fromkeys(terms))
    found = text(
        f"SELECT 1 FROM {words_table(scope)} WHERE {words_table(scope)} MATCH :query AND rowid = :pk"
    )
    return connection.scalar(found, {"query": query, "pk": pk}) is not None


@lru_cache
def _search(table: str, *, within_revision: bool) -> TextClause:
    within = "AND rowid IN (SELECT pk FROM paragraphs WHERE revision = :revision)" if within_revision else ""
    return text(f"SELECT rowid FROM {table} WHERE {table} MATCH :query {within} ORDER BY rank LIMIT :limit")


def _quoted(term: str) -> str:
    """Return a term as FTS5 reads one, which has a meaning for most punctuation and an end at NUL."""
    return '"{}"'.format(term.replace('"', '""').replace("\x00", " "))


def statistics(connection: Connection, scopes: Sequence[str], terms: Iterable[str]) -> TermStatistics:
    """Return how common `terms` are among the live paragraphs of `scopes`."""
    paragraphs = length = 0
    for _, in_scope, terms_in_scope in connection.execute(_STATISTICS, {"scopes": list(scopes)}):
        paragraphs += in_scope
        length += terms_in_scope
    frequency = _frequencies(connection, scopes, terms)
    return TermStatistics(paragraphs, length / paragraphs if paragraphs else 0.0, frequency)


_S = schema.lexical_statistics
_STATISTICS = select(_S.c.scope, _S.c.paragraphs, _S.c.terms).where(
    _S.c.scope.in_(bindparam("scopes", expanding=True))
)


def _frequencies(connection: Connection, scopes: Sequence[str], terms: Iterable[str]) -> dict[str, int]:
    """Return in how many live paragraphs of `scopes` each of `terms` stands."""
    wanted = sorted(set(terms))
    frequency = dict.fromkeys(wanted, 0)
    if wanted:
        for term, count in connection.execute(_FREQUENCIES, {"scopes": list(scopes), "terms": wanted}):
            frequency[term] += count
    return frequency


_T = schema.lexical_terms
_FREQUENCIES = select(_T.c.term, _T.c.paragraphs).where(
    _T.c.scope.in_(bindparam("scopes", expanding=True)), _T.c.term.in_(bindparam("terms", expanding=True))
)


def _count_terms(connection: Connection, scope: str, counts: Mapping[str, int]) -> None:
    """Add to how many paragraphs hold each term; one that none holds any more is forgotten."""
    if not counts:
        return
    t = schema.lexical_terms
    added = upsert(t)
    connection.execute(
        added.on_conflict_do_update(
            index_elements=["scope", "term"], set_={"paragraphs": t.c.paragraphs + added.excluded.paragraphs}
        ),
        [{"scope": scope, "term": term, "paragraphs": count} for term, count in counts.items()],
    )
    if min(counts.values()) < 0:
        connection.execute(delete(t).where(t.c.scope == scope, t.c.term.in_(counts), t.c.paragraphs <= 0))


def _count(connection: Connection, scope: str, paragraphs: int, terms: int) -> None:
    s = schema.lexical_statistics
    connection.execute(
        upsert(s)
        .values(scope=scope, paragraphs=paragraphs, terms=terms)
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={"paragraphs": s.c.paragraphs + paragraphs, "terms": s.c.terms + terms},
        )
    )


def _exists(connection: Connection, scope: str) -> bool:
    return connection.execute(_STATISTICS, {"scopes": [scope]}).first() is not None

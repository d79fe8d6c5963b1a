"""Words -> paragraphs: a full-text index over live paragraphs, in the ledger's own database.

It is written in the transaction that makes a revision live, so it can't lag behind.

In SQLite it is FTS5, which is given terms that are already stemmed, and splits on spaces alone, so that questions,
paragraphs and term statistics share one vocabulary. Each scope has a table of its own, since term statistics would
tell one server what another one's readouts hold.

PostgreSQL's own full text has no BM25, so its candidates would be others than SQLite's. There it is a table of
postings, and scores are computed in FTS5's order of operations with its constants, idf and floor (fts5_aux.c), so that
even ties are the same ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, TextClause, delete, func, intersect, select, text

from retrieval.index.index_terms import (
    MONTHS,
    MOST_SCORED,
    IndexedTerms,
    TermStatistics,
    chosen,
    count,
    count_terms,
    forget,
    frequencies,
    is_known,
    paragraph_terms,
    statistics,
    vocabulary,
)
from retrieval.ledger import schema
from retrieval.ledger.engine import add_up, batches, is_postgres
from retrieval.ledger.schema import words_table

__all__ = ["add", "drop", "finds", "holding", "merge", "remove", "search"]
__all__ += ["MONTHS", "IndexedTerms", "TermStatistics", "frequencies", "paragraph_terms", "statistics"]
__all__ += ["vocabulary"]


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs that have just become live, by primary key."""
    if paragraphs:
        _words_of(connection, scope).add(paragraphs)


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs that are no longer live."""
    if is_known(connection, scope):
        _words_of(connection, scope).remove(pks)


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    _words_of(connection, scope).drop()


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    if is_known(connection, scope):
        _words_of(connection, scope).merge()


def search(
    connection: Connection,
    scope: str,
    terms: Sequence[str],
    *,
    limit: int,
    revision_pks: Sequence[int] | None = None,
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first; of some revisions, where given."""
    if not terms or not is_known(connection, scope):
        return []
    return _words_of(connection, scope).search(terms, limit, revision_pks)


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether a search for all of `terms` together finds the paragraph."""
    return is_known(connection, scope) and _words_of(connection, scope).finds(pk, terms)


def holding(connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
    """Return every live paragraph of `scope` that holds a term of each group, ascending."""
    if not groups or not is_known(connection, scope):
        return []
    return _words_of(connection, scope).holding(groups)


def _words_of(connection: Connection, scope: str) -> _Fts5 | _Postings:
    return _Postings(connection, scope) if is_postgres(connection) else _Fts5(connection, scope)


class _Words:
    def __init__(self, connection: Connection, scope: str) -> None:
        self._connection = connection
        self._scope = scope

    def _count(self, paragraphs: int, length: int, terms: Mapping[str, int]) -> None:
        count(self._connection, self._scope, paragraphs, length)
        count_terms(self._connection, self._scope, terms)


_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS {table}
USING fts5(terms, length UNINDEXED, tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{{|}}~'")"""
"""The `ascii` tokenizer takes every non-ASCII character as part of a word; with these, all but the space."""


class _Fts5(_Words):
    def __init__(self, connection: Connection, scope: str) -> None:
        super().__init__(connection, scope)
        self._table = words_table(scope)

    def add(self, paragraphs: Mapping[int, IndexedTerms]) -> None:
        self._connection.execute(text(_CREATE.format(table=self._table)))
        self._connection.execute(
            text(f"INSERT INTO {self._table}(rowid, terms, length) VALUES (:pk, :terms, :length)"),
            [{"pk": pk, "terms": " ".join(p.terms), "length": p.length} for pk, p in paragraphs.items()],
        )
        terms = Counter(term for p in paragraphs.values() for term in set(p.terms))
        self._count(len(paragraphs), sum(p.length for p in paragraphs.values()), terms)

    def remove(self, pks: Iterable[int]) -> None:
        found = text(f"SELECT terms, length FROM {self._table} WHERE rowid = :pk")
        gone: Counter[str] = Counter()
        paragraphs = length = 0
        for pk in pks:
            row = self._connection.execute(found, {"pk": pk}).first()
            if row is not None:
                self._connection.execute(text(f"DELETE FROM {self._table} WHERE rowid = :pk"), {"pk": pk})
                paragraphs, length = paragraphs + 1, length + int(row.length)
                gone.update(set(row.terms.split(" ")))
        self._count(-paragraphs, -length, {term: -n for term, n in gone.items()})

    def drop(self) -> None:
        self._connection.execute(text(f"DROP TABLE IF EXISTS {self._table}_vocabulary"))
        self._connection.execute(text(f"DROP TABLE IF EXISTS {self._table}"))
        forget(self._connection, self._scope)

    def merge(self) -> None:
        self._connection.execute(text(f"INSERT INTO {self._table}({self._table}) VALUES ('optimize')"))

    def search(self, terms: Sequence[str], limit: int, revision_pks: Sequence[int] | None) -> list[int]:
        if revision_pks is not None:
            values = {"query": _any_of(terms), "limit": limit, "revisions": json.dumps(list(revision_pks))}
            return list(self._connection.scalars(_fts5_search(self._table, within_revisions=True), values))
        taken, every = chosen(self._connection, self._scope, terms)
        if not taken:
            return []
        values = {"query": _all_of(taken) if every else _any_of(taken), "limit": limit}
        return list(self._connection.scalars(_fts5_search(self._table, within_revisions=False), values))

    def finds(self, pk: int, terms: Sequence[str]) -> bool:
        found = text(f"SELECT 1 FROM {self._table} WHERE {self._table} MATCH :query AND rowid = :pk")
        return self._connection.scalar(found, {"query": _all_of(terms), "pk": pk}) is not None

    def holding(self, groups: Sequence[Sequence[str]]) -> list[int]:
        query = " AND ".join(f"({_any_of(group)})" for group in groups)
        found = text(f"SELECT rowid FROM {self._table} WHERE {self._table} MATCH :query ORDER BY rowid")
        return list(self._connection.scalars(found, {"query": query}))


@lru_cache
def _fts5_search(table: str, *, within_revisions: bool) -> TextClause:
    matches = f"SELECT rowid, rank FROM {table} WHERE {table} MATCH :query"
    if within_revisions:
        matches += " AND rowid IN (SELECT pk FROM paragraphs WHERE revision IN (SELECT value FROM json_each(:revisions)))"
    else:
        matches += f" ORDER BY rowid DESC LIMIT {MOST_SCORED}"
    return text(f"SELECT rowid FROM ({matches}) ORDER BY rank, rowid LIMIT :limit")


def _any_of(terms: Iterable[str]) -> str:
    return " OR ".join(_quoted(term) for term in dict.fromkeys(terms))


def _all_of(terms: Iterable[str]) -> str:
    return " AND ".join(_quoted(term) for term in dict.fromkeys(terms))


def _quoted(term: str) -> str:
    """Return a term as FTS5 reads one, which has a meaning for most punctuation and an end at NUL."""
    return '"{}"'.format(term.replace('"', '""').replace("\x00", " "))


_P, _D, _Z = schema.postings, schema.posted, schema.posted_sizes

_SEARCH = """
WITH scope AS (
    SELECT s.paragraphs::float8 AS n, z.size::float8 / nullif(s.paragraphs, 0)::float8 AS average
    FROM lexical_statistics s JOIN lexical_posted_sizes z ON z.scope = s.scope
    WHERE s.scope = :scope
), question AS (
    SELECT q.term, q.place, (scope.n - t.paragraphs + 0.5::float8) / (t.paragraphs + 0.5::float8) AS odds
    FROM scope, unnest(CAST(:terms AS text[])) WITH ORDINALITY AS q(term, place)
    JOIN lexical_terms t ON t.scope = :scope AND t.term = q.term
), weighed AS MATERIALIZED (
    SELECT term, place, CASE WHEN odds > 1 THEN ln(odds) ELSE 1e-6::float8 END AS idf FROM question
)
SELECT paragraph FROM (
    SELECT p.paragraph, sum(
        q.idf * ((p.frequency * 2.2::float8)
            / (p.frequency + 1.2::float8 * (0.25::float8 + 0.75::float8 * p.size / scope.average)))
        ORDER BY q.place
    ) AS score
    FROM scope, weighed q JOIN lexical_postings p ON p.scope = :scope AND p.term = q.term {within}
    GROUP BY p.paragraph
    HAVING count(*) >= :least
    {most}
) AS matches
ORDER BY score DESC, paragraph
LIMIT :limit
"""
_WITHIN = "AND p.paragraph IN (SELECT pk FROM paragraphs WHERE revision = ANY(CAST(:revisions AS integer[])))"
_ANYWHERE = text(_SEARCH.format(within="", most=f"ORDER BY p.paragraph DESC LIMIT {MOST_SCORED}"))
_WITHIN_REVISIONS = text(_SEARCH.format(within=_WITHIN, most=""))

# Rows as arrays: paragraphs have a hundred terms each, and a row at a time takes ten times as long.
_ADD_PARAGRAPHS = text(
    "INSERT INTO lexical_posted (scope, paragraph, length, size) SELECT :scope, * FROM unnest("
    "CAST(:paragraphs AS integer[]), CAST(:lengths AS integer[]), CAST(:sizes AS integer[]))"
)
_ADD_TERMS = text(
    "INSERT INTO lexical_postings (scope, term, paragraph, frequency, size)"
    " SELECT d.scope, a.term, a.paragraph, a.number, d.size FROM unnest("
    "CAST(:terms AS text[]), CAST(:paragraphs AS integer[]), CAST(:numbers AS integer[]))"
    " AS a(term, paragraph, number)"
    " JOIN lexical_posted d ON d.scope = :scope AND d.paragraph = a.paragraph"
)


class _Postings(_Words):
    def add(self, paragraphs: Mapping[int, IndexedTerms]) -> None:
        counted = {pk: Counter(p.terms) for pk, p in paragraphs.items()}
        lengths = [p.length for p in paragraphs.values()]
        sizes = [len(p.terms) for p in paragraphs.values()]
        values = {"paragraphs": list(paragraphs), "lengths": lengths, "sizes": sizes}
        self._connection.execute(_ADD_PARAGRAPHS, {"scope": self._scope, **values})
        rows = [(term, pk, n) for pk, counts in counted.items() for term, n in counts.items()]
        terms, pks, numbers = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
        values = {"terms": terms, "paragraphs": pks, "numbers": numbers}
        self._connection.execute(_ADD_TERMS, {"scope": self._scope, **values})
        add_up(self._connection, _Z, {"scope": self._scope}, {"size": sum(sizes)})
        every = Counter(term for counts in counted.values() for term in counts)
        self._count(len(paragraphs), sum(lengths), every)

    def remove(self, pks: Iterable[int]) -> None:
        gone: Counter[str] = Counter()
        paragraphs = length = 0
        for some in batches(pks):
            of_those = (_D.c.scope == self._scope) & _D.c.paragraph.in_(some)
            known = self._connection.execute(
                delete(_D).where(of_those).returning(_D.c.length, _D.c.size)
            ).all()
            paragraphs, length = paragraphs + len(known), length + sum(row.length for row in known)
            size = sum(row.size for row in known)
            add_up(self._connection, _Z, {"scope": self._scope}, {"size": -size})
            of_them = (_P.c.scope == self._scope) & _P.c.paragraph.in_(some)
            gone.update(self._connection.scalars(delete(_P).where(of_them).returning(_P.c.term)))
        self._count(-paragraphs, -length, {term: -n for term, n in gone.items()})

    def drop(self) -> None:
        for table in (_P, _D, _Z):
            self._connection.execute(delete(table).where(table.c.scope == self._scope))
        forget(self._connection, self._scope)

    def merge(self) -> None:
        """Nothing: `Ledger.checkpoint` writes tables anew."""

    def search(self, terms: Sequence[str], limit: int, revision_pks: Sequence[int] | None) -> list[int]:
        if revision_pks is not None:
            values = {"terms": _askable(terms), "least": 1, "revisions": list(revision_pks)}
            statement = _WITHIN_REVISIONS
        else:
            taken, every = chosen(self._connection, self._scope, terms)
            values = {"terms": list(taken), "least": len(taken) if every else 1}
            statement = _ANYWHERE
        if not values["terms"]:
            return []
        return list(self._connection.scalars(statement, {"scope": self._scope, "limit": limit, **values}))

    def finds(self, pk: int, terms: Sequence[str]) -> bool:
        held = _P.c.term.in_(_askable(terms))
        wanted = select(func.count()).where(_P.c.scope == self._scope, _P.c.paragraph == pk, held)
        return self._connection.scalar(wanted) == len(set(terms))

    def holding(self, groups: Sequence[Sequence[str]]) -> list[int]:
        of_scope = select(_P.c.paragraph).where(_P.c.scope == self._scope)
        each = (of_scope.where(_P.c.term.in_(_askable(group))) for group in groups)
        return sorted(self._connection.scalars(intersect(*each)))


def _askable(terms: Iterable[str]) -> list[str]:
    """Return each term once, without those that no text can hold and PostgreSQL refuses."""
    return [term for term in dict.fromkeys(terms) if "\x00" not in term]

"""Words in SQLite: FTS5, in the ledger's own file.

It is given terms that are already stemmed, and splits on spaces alone, so that questions, paragraphs and term
statistics share one vocabulary. Each scope has a table of its own, since term statistics would tell one server
what another one's readouts hold.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, TextClause, text

from retrieval.index.fulltext.index_terms import (
    MOST_SCORED,
    IndexedTerms,
    chosen,
    count,
    count_terms,
    forget,
    frequencies,
)
from retrieval.ledger.schema import words_table

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS {table}
USING fts5(terms, length UNINDEXED, tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{{|}}~'")"""
"""The `ascii` tokenizer takes every non-ASCII character as part of a word; with these, all but the space."""


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs, by primary key."""
    table = words_table(scope)
    connection.execute(text(_CREATE.format(table=table)))
    connection.execute(
        text(f"INSERT INTO {table}(rowid, terms, length) VALUES (:pk, :terms, :length)"),
        [{"pk": pk, "terms": " ".join(p.terms), "length": p.length} for pk, p in paragraphs.items()],
    )
    count(connection, scope, len(paragraphs), sum(p.length for p in paragraphs.values()))
    count_terms(connection, scope, Counter(term for p in paragraphs.values() for term in set(p.terms)))


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs; those that are not there are none."""
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
    count(connection, scope, -paragraphs, -length)
    count_terms(connection, scope, Counter({term: -n for term, n in gone.items()}))


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    table = words_table(scope)
    connection.execute(text(f"DROP TABLE IF EXISTS {table}_vocabulary"))
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    forget(connection, scope)


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    table = words_table(scope)
    connection.execute(text(f"INSERT INTO {table}({table}) VALUES ('optimize')"))


def search(
    connection: Connection,
    scope: str,
    terms: Sequence[str],
    *,
    limit: int,
    revision_pks: Sequence[int] | None,
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first, the older of two as good ones."""
    if revision_pks is not None:
        values = {"query": _any_of(terms), "limit": limit, "revisions": json.dumps(list(revision_pks))}
        return list(connection.scalars(_search(words_table(scope), within_revisions=True), values))
    frequency = frequencies(connection, [scope], terms)
    query = _query(
        sorted((term for term in frequency if frequency[term]), key=lambda t: frequency[t]), frequency
    )
    if not query:
        return []
    statement = _search(words_table(scope), within_revisions=False)
    return list(connection.scalars(statement, {"query": query, "limit": limit}))


def _query(rarest_first: Sequence[str], frequency: Mapping[str, int]) -> str:
    """Return what FTS5 is to match."""
    taken, every = chosen(rarest_first, frequency)
    return " AND ".join(_quoted(term) for term in taken) if every else _any_of(taken)


def _any_of(terms: Iterable[str]) -> str:
    return " OR ".join(_quoted(term) for term in dict.fromkeys(terms))


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether the paragraph holds all of `terms`."""
    query = " AND ".join(_quoted(term) for term in dict.fromkeys(terms))
    found = text(
        f"SELECT 1 FROM {words_table(scope)} WHERE {words_table(scope)} MATCH :query AND rowid = :pk"
    )
    return connection.scalar(found, {"query": query, "pk": pk}) is not None


def holding(connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
    """Return every paragraph that holds a term of each group, ascending."""
    query = " AND ".join(f"({_any_of(group)})" for group in groups)
    table = words_table(scope)
    found = text(f"SELECT rowid FROM {table} WHERE {table} MATCH :query ORDER BY rowid")
    return list(connection.scalars(found, {"query": query}))


@lru_cache
def _search(table: str, *, within_revisions: bool) -> TextClause:
    matches = f"SELECT rowid, rank FROM {table} WHERE {table} MATCH :query"
    if within_revisions:
        matches += " AND rowid IN (SELECT pk FROM paragraphs WHERE revision IN (SELECT value FROM json_each(:revisions)))"
    else:
        matches += f" ORDER BY rowid DESC LIMIT {MOST_SCORED}"
    return text(f"SELECT rowid FROM ({matches}) ORDER BY rank, rowid LIMIT :limit")


def _quoted(term: str) -> str:
    """Return a term as FTS5 reads one, which has a meaning for most punctuation and an end at NUL."""
    return '"{}"'.format(term.replace('"', '""').replace("\x00", " "))

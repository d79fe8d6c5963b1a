"""Words -> paragraphs: a full-text index over live paragraphs, in the ledger's own file.

SQLite FTS5 is given terms that are already stemmed, and splits on spaces alone, so that questions, paragraphs
and term statistics share one vocabulary. It stands in the ledger's file and is written in the transaction
that makes a revision live: it can't lag behind. Each scope has a table of its own, since term statistics
would tell one server what another one's readouts hold.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from sqlalchemy import Connection, TextClause, bindparam, delete, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.preparation import PreparedParagraph
from retrieval.ledger import schema

_CREATE = """CREATE VIRTUAL TABLE IF NOT EXISTS {table}
USING fts5(terms, length UNINDEXED, tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{{|}}~'")"""
"""The `ascii` tokenizer takes every non-ASCII character as part of a word; with these, all but the space."""


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
    def of(cls, prepared: PreparedParagraph) -> Self:
        """Return what `prepared` is found by."""
        elsewhere = sorted(prepared.title_terms | prepared.heading_terms)
        return cls([*Counter(prepared.counts).elements(), *elsewhere], prepared.length)


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs that have just become live, by primary key."""
    if not paragraphs:
        return
    table = _table(scope)
    connection.execute(text(_CREATE.format(table=table)))
    connection.execute(
        text(f"CREATE VIRTUAL TABLE IF NOT EXISTS {table}_vocabulary USING fts5vocab({table}, 'row')")
    )
    connection.execute(
        text(f"INSERT INTO {table}(rowid, terms, length) VALUES (:pk, :terms, :length)"),
        [{"pk": pk, "terms": " ".join(p.terms), "length": p.length} for pk, p in paragraphs.items()],
    )
    _count(connection, scope, len(paragraphs), sum(p.length for p in paragraphs.values()))


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs that are no longer live."""
    if not _exists(connection, scope):
        return
    table = _table(scope)
    for pk in pks:
        length = connection.scalar(text(f"SELECT length FROM {table} WHERE rowid = :pk"), {"pk": pk})
        if length is not None:
            connection.execute(text(f"DELETE FROM {table} WHERE rowid = :pk"), {"pk": pk})
            _count(connection, scope, -1, -int(length))


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    table, s = _table(scope), schema.lexical_statistics
    connection.execute(text(f"DROP TABLE IF EXISTS {table}_vocabulary"))
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    connection.execute(delete(s).where(s.c.scope == scope))


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    if _exists(connection, scope):
        table = _table(scope)
        connection.execute(text(f"INSERT INTO {table}({table}) VALUES ('optimize')"))


def search(
    connection: Connection, scope: str, terms: Sequence[str], *, limit: int, revision_pk: int | None = None
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first; of one revision, where given."""
    if not terms or not _exists(connection, scope):
        return []
    query = " OR ".join(_quoted(term) for term in dict.fromkeys(terms))
    values = {"query": query, "limit": limit} | ({} if revision_pk is None else {"revision": revision_pk})
    return list(connection.scalars(_search(_table(scope), within_revision=revision_pk is not None), values))


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether a search for all of `terms` together finds the paragraph."""
    if not _exists(connection, scope):
        return False
    query = " AND ".join(_quoted(term) for term in dict.fromkeys(terms))
    found = text(f"SELECT 1 FROM {_table(scope)} WHERE {_table(scope)} MATCH :query AND rowid = :pk")
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
    wanted = sorted(set(terms))
    paragraphs = length = 0
    frequency: dict[str, int] = dict.fromkeys(wanted, 0)
    for scope, in_scope, terms_in_scope in connection.execute(_STATISTICS, {"scopes": list(scopes)}):
        paragraphs += in_scope
        length += terms_in_scope
        if wanted:
            for term, count in connection.execute(_frequencies(_table(scope)), {"terms": wanted}):
                frequency[term] += count
    return TermStatistics(paragraphs, length / paragraphs if paragraphs else 0.0, frequency)


_S = schema.lexical_statistics
_STATISTICS = select(_S.c.scope, _S.c.paragraphs, _S.c.terms).where(
    _S.c.scope.in_(bindparam("scopes", expanding=True))
)


@lru_cache
def _frequencies(table: str) -> TextClause:
    statement = text(f"SELECT term, doc FROM {table}_vocabulary WHERE term IN :terms")
    return statement.bindparams(bindparam("terms", expanding=True))


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


@lru_cache
def _table(scope: str) -> str:
    """A scope's name can hold anything; its table's name holds letters and digits."""
    return f"lexical_{hashlib.sha256(scope.encode()).hexdigest()[:16]}"

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
from typing import Self

from sqlalchemy import Connection, select, text
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


def search(
    connection: Connection, scope: str, terms: Sequence[str], *, limit: int, revision_pk: int | None = None
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first; of one revision, where given."""
    if not terms or not _exists(connection, scope):
        return []
    table = _table(scope)
    within = (
        "" if revision_pk is None else "AND rowid IN (SELECT pk FROM paragraphs WHERE revision = :revision)"
    )
    statement = text(
        f"SELECT rowid FROM {table} WHERE {table} MATCH :query {within} ORDER BY rank LIMIT :limit"
    )
    query = " OR ".join(_quoted(term) for term in dict.fromkeys(terms))
    values = {"query": query, "limit": limit} | ({} if revision_pk is None else {"revision": revision_pk})
    return list(connection.scalars(statement, values))


def _quoted(term: str) -> str:
    """Return a term as FTS5 reads one, which has a meaning for most punctuation and an end at NUL."""
    return '"{}"'.format(term.replace('"', '""').replace("\x00", " "))


def statistics(connection: Connection, scopes: Sequence[str], terms: Iterable[str]) -> TermStatistics:
    """Return how common `terms` are among the live paragraphs of `scopes`."""
    wanted = sorted(set(terms))
    s = schema.lexical_statistics
    paragraphs = length = 0
    frequency: dict[str, int] = dict.fromkeys(wanted, 0)
    for row in connection.execute(select(s).where(s.c.scope.in_(scopes))):
        paragraphs += row.paragraphs
        length += row.terms
        for term, count in _document_frequencies(connection, row.scope, wanted):
            frequency[term] += count
    return TermStatistics(paragraphs, length / paragraphs if paragraphs else 0.0, frequency)


def _document_frequencies(
    connection: Connection, scope: str, terms: Sequence[str]
) -> Sequence[tuple[str, int]]:
    names = {f"t{i}": term for i, term in enumerate(terms)}
    if not names:
        return []
    placeholders = ", ".join(f":{name}" for name in names)
    statement = text(f"SELECT term, doc FROM {_table(scope)}_vocabulary WHERE term IN ({placeholders})")
    return [(row.term, row.doc) for row in connection.execute(statement, names)]


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
    s = schema.lexical_statistics
    return connection.scalar(select(s.c.paragraphs).where(s.c.scope == scope)) is not None


def _table(scope: str) -> str:
    """A scope's name can hold anything; its table's name holds letters and digits."""
    return f"lexical_{hashlib.sha256(scope.encode()).hexdigest()[:16]}"

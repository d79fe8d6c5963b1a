"""Words -> paragraphs: a full-text index over live paragraphs, in the ledger's own database.

It is written in the transaction that makes a revision live, so it can't lag behind. SQLite has FTS5 for it; in
PostgreSQL, which knows no BM25, it is a table of postings that gives the same paragraphs in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from retrieval.index.fulltext.index_terms import (
    MONTHS,
    IndexedTerms,
    TermStatistics,
    frequencies,
    is_known,
    paragraph_terms,
    statistics,
    vocabulary,
)
from retrieval.index.fulltext.word_index import words_of

__all__ = [
    "MONTHS",
    "IndexedTerms",
    "TermStatistics",
    "frequencies",
    "paragraph_terms",
    "statistics",
    "vocabulary",
]
__all__ += ["add", "drop", "finds", "holding", "merge", "remove", "search"]


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs that have just become live, by primary key."""
    if paragraphs:
        words_of(connection, scope).add(paragraphs)


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs that are no longer live."""
    if is_known(connection, scope):
        words_of(connection, scope).remove(pks)


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    words_of(connection, scope).drop()


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    if is_known(connection, scope):
        words_of(connection, scope).merge()


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
    return words_of(connection, scope).search(terms, limit, revision_pks)


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether a search for all of `terms` together finds the paragraph."""
    return is_known(connection, scope) and words_of(connection, scope).finds(pk, terms)


def holding(connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
    """Return every live paragraph of `scope` that holds a term of each group, ascending."""
    if not groups or not is_known(connection, scope):
        return []
    return words_of(connection, scope).holding(groups)

"""Words -> paragraphs: a full-text index over live paragraphs, in the ledger's own database.

It is written in the transaction that makes a revision live, so it can't lag behind. SQLite has FTS5 for it; in
PostgreSQL, which knows no BM25, it is a table of postings that gives the same paragraphs in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from retrieval.index.fulltext import fts5, postings
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
from retrieval.ledger.engine import is_postgres

__all__ = [
    "MONTHS",
    "IndexedTerms",
    "TermStatistics",
    "add",
    "drop",
    "finds",
    "frequencies",
    "holding",
    "merge",
    "paragraph_terms",
    "remove",
    "search",
    "statistics",
    "vocabulary",
]


class FullText(Protocol):
    """One way to keep and search words; each module that is one has these functions."""

    def add(self, connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
        """Index paragraphs, by primary key."""

    def remove(self, connection: Connection, scope: str, pks: Iterable[int]) -> None:
        """Forget paragraphs; those that are not there are none."""

    def drop(self, connection: Connection, scope: str) -> None:
        """Forget every paragraph of `scope`."""

    def merge(self, connection: Connection, scope: str) -> None:
        """Rewrite the index of `scope` without what was deleted."""

    def search(
        self,
        connection: Connection,
        scope: str,
        terms: Sequence[str],
        *,
        limit: int,
        revision_pks: Sequence[int] | None,
    ) -> list[int]:
        """Return the paragraphs that hold most of `terms`, best BM25 first, the older of two as good ones."""

    def finds(self, connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
        """Whether the paragraph holds all of `terms`."""

    def holding(self, connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
        """Return every paragraph that holds a term of each group, ascending."""


def _full_text(connection: Connection) -> FullText:
    return postings if is_postgres(connection) else fts5


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs that have just become live, by primary key."""
    if paragraphs:
        _full_text(connection).add(connection, scope, paragraphs)


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs that are no longer live."""
    if is_known(connection, scope):
        _full_text(connection).remove(connection, scope, pks)


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    _full_text(connection).drop(connection, scope)


def merge(connection: Connection, scope: str) -> None:
    """Rewrite the index of `scope` without what was deleted: until then its terms can be read in the file."""
    if is_known(connection, scope):
        _full_text(connection).merge(connection, scope)


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
    return _full_text(connection).search(connection, scope, terms, limit=limit, revision_pks=revision_pks)


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether a search for all of `terms` together finds the paragraph."""
    return is_known(connection, scope) and _full_text(connection).finds(connection, scope, pk, terms)


def holding(connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
    """Return every live paragraph of `scope` that holds a term of each group, ascending."""
    if not groups or not is_known(connection, scope):
        return []
    return _full_text(connection).holding(connection, scope, groups)

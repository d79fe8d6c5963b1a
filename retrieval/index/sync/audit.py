"""Proof that every paragraph is as it was ingested, and that every live one can be found by its own vector and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from retrieval.index import fulltext
from retrieval.index.sync.index_sync import IndexSync
from retrieval.index.vector_index import SAME_TEXT
from retrieval.ledger import Ledger, live, revisions, seals, vectors
from retrieval.ledger.live import ReadoutSummary
from retrieval.ledger.seals import Damage

_NEAREST = 5
"""Texts of one meaning can share a vector: any of them at distance 0 will do."""


@dataclass(frozen=True, slots=True)
class Unfound:
    """A live paragraph that a question for its own text would miss.

    Attributes:
        by: "vector" or "words".
    """

    scope: str
    document: str
    paragraph: str
    by: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at and what was not found.

    Attributes:
        paragraphs: Live ones.
        damaged: Revisions, live or kept, that are not what was ingested.
    """

    paragraphs: int
    unfound: tuple[Unfound, ...]
    damaged: tuple[Damage, ...] = ()


def audit(ledger: Ledger, index_sync: IndexSync, progress: Callable[[int, int], None]) -> Audit:
    """Compare all that is kept with its seals, and look up every live paragraph on the path that a question takes.

    Args:
        progress: Told how many paragraphs of how many were looked up.
    """
    index_sync.settle()
    with ledger.read() as connection:
        summaries = [
            summary
            for state in vectors.scope_states(connection)
            for summary in live.readouts(connection, [state.scope])
        ]
        kept = revisions.kept_revisions(connection)
    damaged: dict[int, Damage] = {}
    for revision in kept:
        with ledger.read() as connection:
            if (damage := seals.damage(connection, revision)) is not None:
                damaged[revision] = damage
    total, done = sum(summary.paragraphs for summary in summaries), 0
    unfound: list[Unfound] = []
    for summary in summaries:
        if summary.revision_pk not in damaged:
            with ledger.read() as connection:
                unfound += _of_readout(connection, index_sync, summary)
        done += summary.paragraphs
        progress(done, total)
    return Audit(total, tuple(unfound), tuple(damaged.values()))


def _of_readout(connection: Connection, index_sync: IndexSync, summary: ReadoutSummary) -> Iterator[Unfound]:
    scanned = index_sync.scanned(connection, summary.scope)
    paragraphs = live.paragraphs_of(connection, summary)
    chunk_vectors = vectors.paragraph_vectors(connection, paragraphs)
    for pk, paragraph in paragraphs.items():
        missed = Unfound(summary.scope, summary.id, paragraph.number, "vector")
        for vector in chunk_vectors.get(pk, ()):
            hits = [*index_sync.query(summary.scope, vector, _NEAREST), *scanned.nearest(vector, _NEAREST)]
            same = [hit.embedding for hit in hits if hit.distance <= SAME_TEXT]
            holding = live.paragraphs_holding(connection, [summary.scope], same)
            if not any(pk in found for found in holding.values()):
                yield missed
                break
        if pk not in chunk_vectors:
            yield missed
        terms = fulltext.paragraph_terms(paragraph).indexed.terms
        if terms and not fulltext.finds(connection, summary.scope, pk, terms):
            yield Unfound(summary.scope, summary.id, paragraph.number, "words")

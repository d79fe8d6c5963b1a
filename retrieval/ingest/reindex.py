"""Everything indexed anew from the ledger: for another encoder, another splitter, or a doubt.

Uploads have no source file to go back to, so the texts of the ledger are what is read. The work can be cut
short at any moment: until the one transaction that switches over, the store is what it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from retrieval.index import fulltext
from retrieval.index.encoder import Encoder
from retrieval.index.vector_index import IndexSync
from retrieval.ingest.committing import Chunked, Guard, Progress, chunk, embed_missing
from retrieval.ledger import INDEX_IDENTITY, REINDEXING, Ledger, history, live, revisions, vectors
from retrieval.ledger.history import AuditEntry
from retrieval.ledger.leases import my_turn, utc_now
from retrieval.ledger.vectors import text_digest
from retrieval.models import Readout

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What was done.

    Attributes:
        revisions: Superseded ones that are still kept included.
        embedded: Texts that this encoder had not embedded before.
        is_whole: False: another process uses the old vector index; it, or the next ingest, will replace it.
    """

    revisions: int
    paragraphs: int
    embedded: int
    is_whole: bool


class Reindexer:
    """Makes the vectors and the terms of a store anew.

    Args:
        identity: What they are made with from now on.
    """

    def __init__(self, ledger: Ledger, index_sync: IndexSync, encoder: Encoder, identity: str) -> None:
        self._ledger = ledger
        self._index_sync = index_sync
        self._encoder = encoder
        self._identity = identity

    def run(self, *, actor: str = "command line", progress: Progress) -> Reindexed:
        """Index everything anew.

        Raises:
            IngestBusyError: An ingest is running.
        """
        with my_turn(self._ledger, f"reindex by {actor}", timeout_s=_PATIENCE_S) as turn:

            def alive(stage: str, done: int, total: int) -> None:
                turn.keep_alive()
                progress(stage, done, total)

            with self._ledger.write() as connection:
                turn.guard(connection)
                revisions.begin(connection, self._ledger, self._identity)
                kept = revisions.kept_revisions(connection)
            paragraphs, embedded = self._embed(kept, alive, turn.guard)
            with self._ledger.write() as connection:
                turn.guard(connection)
                self._switch(connection, kept, actor)
        progress("indexing", 0, 0)
        return Reindexed(len(kept), paragraphs, embedded, self._index_sync.rewrite(timeout_s=_PATIENCE_S))

    def _embed(self, kept: list[int], progress: Progress, guard: Guard) -> tuple[int, int]:
        paragraphs = embedded = 0
        for done, (readout, chunked) in enumerate(self._readouts(kept), start=1):
            texts = (text for each in chunked.texts for text in each)
            embedded += embed_missing(self._ledger, self._encoder, texts, lambda _: None, guard)
            paragraphs += len(readout.paragraphs)
            progress("embedding", done, len(kept))
        return paragraphs, embedded

    def _readouts(self, kept: list[int]) -> Iterator[tuple[Readout, Chunked]]:
        for revision in kept:
            with self._ledger.read() as connection:
                readout = revisions.readout_of(connection, revision)
            yield readout, chunk(readout, self._encoder)

    def _switch(self, connection: Connection, kept: list[int], actor: str) -> None:
        """Let the new vectors and terms be the ones that count; nothing is in the vector index yet."""
        for revision in kept:
            chunked = chunk(revisions.readout_of(connection, revision), self._encoder)
            pks = vectors.embedding_pks(connection, (text_digest(t) for each in chunked.texts for t in each))
            revisions.replace_chunks(connection, revision, chunked.keyed(pks))
        for scope in revisions.scopes_with_words(connection):
            fulltext.drop(connection, scope)
        write_words(connection)
        revisions.forget_old_vectors(connection)
        for scope in revisions.live_scopes(connection):
            vectors.expect(connection, scope, vectors.live_embeddings(connection, scope))
        self._ledger.set_meta(connection, INDEX_IDENTITY, self._identity)
        self._ledger.set_meta(connection, REINDEXING, "")
        done = {"identity": self._identity, "revisions": len(kept)}
        history.record(connection, AuditEntry(utc_now(), actor, "reindex", "shared", "", None, done))


def write_words(connection: Connection) -> None:
    """Index the words of every live paragraph; none of them is indexed yet."""
    for scope in revisions.live_scopes(connection):
        for summary in live.readouts(connection, [scope]):
            pks = revisions.revision_paragraphs(connection, summary.revision_pk)
            paragraphs = live.live_paragraphs(connection, pks)  # what was altered has no words
            terms = {pk: fulltext.paragraph_terms(p).indexed for pk, p in paragraphs.items()}
            fulltext.add(connection, scope, terms)

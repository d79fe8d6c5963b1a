"""The later life of a readout: its history, going back, taking it away, indexing everything anew, old texts erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from retrieval.comparison.differences import diff_paragraphs
from retrieval.errors import NotFoundError
from retrieval.index import fulltext
from retrieval.index.encoder import Encoder
from retrieval.index.vector_index import IndexSync
from retrieval.ingest.committing import Chunked, Committer, Guard, Progress, chunk, embed_missing
from retrieval.ledger import INDEX_IDENTITY, REINDEXING, Ledger, history, live, revisions, vectors
from retrieval.ledger.history import AuditEntry, KnownReadout, KnownRevision
from retrieval.ledger.leases import Turn, my_turn, utc_now
from retrieval.ledger.vectors import text_digest
from retrieval.models import SHARED, ParagraphDiff, Readout

_PATIENCE_S = 10.0
_REWRITE_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class History:
    """One readout over time.

    Attributes:
        revisions: The newest first.
        audit: Who did what when, the newest first.
    """

    readout: KnownReadout
    revisions: tuple[KnownRevision, ...]
    audit: tuple[AuditEntry, ...]

    @property
    def live(self) -> KnownRevision | None:
        """The revision that answers are taken from; None: the readout was removed."""
        return next((v for v in self.revisions if v.pk == self.readout.live_pk), None)

    @property
    def kept(self) -> list[KnownRevision]:
        """Those whose text is still there."""
        return [v for v in self.revisions if not v.erased]

    def named(self, revision: str | None) -> list[KnownRevision]:
        """Return those kept whose id begins so; without one, the latest before what is live, if there is one."""
        if revision is None:
            return [v for v in self.kept if self.live is None or v.pk < self.live.pk][:1]
        begun = revision.strip().lower()
        return [v for v in self.kept if begun and v.id.startswith(begun)]


@dataclass(frozen=True, slots=True)
class Removal:
    """What was taken away.

    Attributes:
        source: Where the readout came from: while it is there, the next ingest of it brings the readout back.
        everywhere: False: another process uses the store, whose files hold what was purged until the vector index
            is written anew (by that process, or the next ingest) and the ledger's log is emptied (when the last
            process that has it open ends, or by the next purge).
    """

    readout: str
    source: str
    purged: bool = False
    everywhere: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """What going back to a revision would change."""

    live: KnownRevision | None
    to: KnownRevision
    paragraphs: ParagraphDiff


class Lifecycle:
    """Changes what is live without a source: every method is one commit."""

    def __init__(self, ledger: Ledger, index_sync: IndexSync, encoder: Encoder) -> None:
        self._ledger = ledger
        self._index_sync = index_sync
        self._encoder = encoder

    def history(self, document: str, scopes: Sequence[str] = (SHARED,)) -> History:
        """Return a readout's revisions and who made them.

        Raises:
            NotFoundError: None of `scopes` ever held it.
        """
        with self._ledger.read() as connection:
            known = history.readout(connection, scopes, document)
            return History(
                known,
                tuple(history.revisions_of(connection, known.pk)),
                tuple(history.audit(connection, known.scope, known.id)),
            )

    def known(self, scope: str | None = None) -> list[KnownReadout]:
        """Return every readout that is or was in `scope`, or in any, by id."""
        with self._ledger.read() as connection:
            return history.known(connection, scope)

    def audit(self, scope: str) -> list[AuditEntry]:
        """Return what was done in a scope, the newest first."""
        with self._ledger.read() as connection:
            return history.audit(connection, scope)

    def difference(self, past: History, to: KnownRevision) -> Difference:
        """Return what making the revision `to` live would change."""
        with self._ledger.read() as connection:
            before = live.paragraphs_of_revision(connection, past.live.pk) if past.live else []
            after = live.paragraphs_of_revision(connection, to.pk)
        return Difference(past.live, to, diff_paragraphs(before, after))

    def roll_back(
        self, document: str, revision: str | None = None, *, scope: str = SHARED, actor: str = "command line"
    ) -> History:
        """Make an earlier revision live again and pin it there; without `revision`, the one before.

        Raises:
            NotFoundError: There is no such revision, or its text is no longer kept.
            DamagedError: Its text is not what was ingested.
            IngestBusyError: An ingest is running.
        """
        with self._turn("rollback", actor) as turn:
            past = self.history(document, [scope])
            to = _target(past, revision)
            with self._ledger.write() as connection:
                turn.guard(connection)
                live.paragraphs_of_revision(connection, to.pk)  # all of it is as it was ingested
                self._committer(turn, scope, actor).roll_back(connection, past.readout, to)
            self._index_sync.catch_up()
        return self.history(document, [scope])

    def unpin(self, document: str, *, scope: str = SHARED, actor: str = "command line") -> History:
        """Let the next ingest replace a revision that was rolled back to.

        Raises:
            NotFoundError: `scope` never held the readout.
        """
        with self._turn("unpin", actor) as turn, self._ledger.write() as connection:
            turn.guard(connection)
            known = history.readout(connection, [scope], document)
            revisions.unpin(connection, known.pk)
            committer = self._committer(turn, scope, actor)
            committer.record(connection, "unpin", known.id, None, {"source": known.source})
        return self.history(document, [scope])

    def remove(
        self, document: str, *, purge: bool = False, scope: str = SHARED, actor: str = "command line"
    ) -> Removal:
        """Take a readout out of every answer; its revisions stay for the retention, unless purged.

        Args:
            purge: Erase every revision of it, its vectors and what was worked out from it, at once.

        Raises:
            NotFoundError: The readout is not there; with `purge`, it never was.
        """
        with self._turn("remove", actor) as turn:
            with self._ledger.write() as connection:
                turn.guard(connection)
                known = history.readout(connection, [scope], document)
                summary = live.readouts_by_id(connection, scope, [known.id]).get(known.id)
                if summary is None and not purge:
                    todo = f'"rapporteur rollback {known.id}" brings it back; --purge erases it.'
                    raise NotFoundError(f'"{known.id}" was removed before.', todo)
                committer = self._committer(turn, scope, actor)
                if summary is not None:
                    committer.withdraw(connection, summary)
                if purge:
                    revisions.forget_source(connection, scope, known.source)
                    history.erase_readout(connection, known)
                    committer.record(connection, "purge", known.id, None, {"source": known.source})
            if not purge:
                self._index_sync.catch_up()
                return Removal(known.id, known.source)
            with self._ledger.write() as connection:
                fulltext.merge(connection, scope)
            self._ledger.checkpoint()  # first of all: to write the index anew may take long, and be cut short
            is_rewritten = self._index_sync.rewrite(timeout_s=_REWRITE_PATIENCE_S)
            everywhere = self._ledger.checkpoint() and is_rewritten
            return Removal(known.id, known.source, True, everywhere)

    def _turn(self, what: str, actor: str) -> AbstractContextManager[Turn]:
        return my_turn(self._ledger, f"{what} by {actor}", timeout_s=_PATIENCE_S)

    def _committer(self, turn: Turn, scope: str, actor: str) -> Committer:
        return Committer(self._ledger, self._encoder, scope, actor, turn.guard, utc_now())


def _target(past: History, revision: str | None) -> KnownRevision:
    found = past.named(revision)
    if len(found) == 1:
        return found[0]
    if revision is None:
        raise NotFoundError(f'"{past.readout.id}" has no earlier revision that is still kept.')
    names = ", ".join(v.id for v in past.kept) or "none"
    problem = f'"{past.readout.id}" has no revision "{revision}" that is still kept. There are: {names}.'
    raise NotFoundError(problem)


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases the text of revisions that were superseded long ago; that they were there stays known."""

    ledger: Ledger
    days: int

    def erase_outlived(self, guard: Guard) -> None:
        """Erase what outlived its time, one transaction a revision."""
        before = (datetime.now(UTC) - timedelta(days=self.days)).isoformat(timespec="seconds")
        with self.ledger.read() as connection:
            outlived = history.outlived(connection, before)
        for revision in outlived:
            with self.ledger.write() as connection:
                guard(connection)
                history.erase_text(connection, [revision])


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


@dataclass(frozen=True, slots=True)
class Reindexer:
    """Makes the vectors and the terms of a store anew, from the texts in it: uploads have no source to go back to.

    It can be cut short at any moment: until the one transaction that switches over, the store is what it was.

    Attributes:
        identity: What they are made with from now on.
    """

    ledger: Ledger
    index_sync: IndexSync
    encoder: Encoder
    identity: str

    def run(self, *, actor: str = "command line", progress: Progress) -> Reindexed:
        """Index everything anew.

        Raises:
            IngestBusyError: An ingest is running.
        """
        with my_turn(self.ledger, f"reindex by {actor}", timeout_s=_PATIENCE_S) as turn:

            def alive(stage: str, done: int, total: int) -> None:
                turn.keep_alive()
                progress(stage, done, total)

            with self.ledger.write() as connection:
                turn.guard(connection)
                revisions.begin(connection, self.ledger, self.identity)
                kept = revisions.kept_revisions(connection)
            paragraphs, embedded = self._embed(kept, alive, turn.guard)
            with self.ledger.write() as connection:
                turn.guard(connection)
                self._switch(connection, kept, actor)
        progress("indexing", 0, 0)
        return Reindexed(len(kept), paragraphs, embedded, self.index_sync.rewrite(timeout_s=_PATIENCE_S))

    def _embed(self, kept: list[int], progress: Progress, guard: Guard) -> tuple[int, int]:
        paragraphs = embedded = 0
        for done, (readout, chunked) in enumerate(self._readouts(kept), start=1):
            texts = (text for each in chunked.texts for text in each)
            embedded += embed_missing(self.ledger, self.encoder, texts, lambda _: None, guard)
            paragraphs += len(readout.paragraphs)
            progress("embedding", done, len(kept))
        return paragraphs, embedded

    def _readouts(self, kept: list[int]) -> Iterator[tuple[Readout, Chunked]]:
        for revision in kept:
            with self.ledger.read() as connection:
                readout = revisions.readout_of(connection, revision)
            yield readout, chunk(readout, self.encoder)

    def _switch(self, connection: Connection, kept: list[int], actor: str) -> None:
        """Let the new vectors and terms be the ones that count; nothing is in the vector index yet."""
        for revision in kept:
            chunked = chunk(revisions.readout_of(connection, revision), self.encoder)
            pks = vectors.embedding_pks(connection, (text_digest(t) for each in chunked.texts for t in each))
            revisions.replace_chunks(connection, revision, chunked.keyed(pks))
        for scope in revisions.scopes_with_words(connection):
            fulltext.drop(connection, scope)
        write_words(connection)
        revisions.forget_old_vectors(connection)
        for scope in revisions.live_scopes(connection):
            vectors.expect(connection, scope, vectors.live_embeddings(connection, scope))
        self.ledger.set_meta(connection, INDEX_IDENTITY, self.identity)
        self.ledger.set_meta(connection, REINDEXING, "")
        done = {"identity": self.identity, "revisions": len(kept)}
        history.record(connection, AuditEntry(utc_now(), actor, "reindex", "shared", "", None, done))


def write_words(connection: Connection) -> None:
    """Index the words of every live paragraph; none of them is indexed yet."""
    for scope in revisions.live_scopes(connection):
        for summary in live.readouts(connection, [scope]):
            pks = revisions.revision_paragraphs(connection, summary.revision_pk)
            paragraphs = live.live_paragraphs(connection, pks)  # what was altered has no words
            terms = {pk: fulltext.paragraph_terms(p).indexed for pk, p in paragraphs.items()}
            fulltext.add(connection, scope, terms)

"""Making planned changes live: chunk, embed what is new, and commit, whole readouts at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from retrieval.index import fulltext
from retrieval.index.encoder import Encoder, Vector, chunk_spans, embedding_text, title_for_embedding
from retrieval.ingest.planning import Change, Plan
from retrieval.language.sentences import sentence_spans
from retrieval.ledger import Ledger, history, live, revisions, vectors
from retrieval.ledger.history import AuditEntry, KnownReadout, KnownRevision
from retrieval.ledger.live import ReadoutSummary
from retrieval.ledger.vectors import text_digest
from retrieval.models import ChangedReadout, Initiative, Readout
from retrieval.precedence import Courtesy, Precedence

Progress = Callable[[str, int, int], None]
"""Called with the stage ("reading", "embedding"), how many are done, and of how many (0: unknown)."""

Guard = Callable[[Connection], None]
"""Called in every transaction that writes: raises when the lease went to somebody else."""

_CHUNKS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Chunked:
    """A readout cut up: for each paragraph the spans, and the text each is embedded as."""

    spans: list[list[tuple[int, int]]]
    texts: list[list[str]]

    @property
    def size(self) -> int:
        """How many chunks there are."""
        return sum(len(each) for each in self.texts)

    def keyed(self, pks: dict[bytes, int]) -> list[list[tuple[int, int, int]]]:
        """Return, for each paragraph, its chunks as (start, end, embedding primary key)."""
        return [
            [(start, end, pks[text_digest(text)]) for (start, end), text in zip(spans, texts, strict=True)]
            for spans, texts in zip(self.spans, self.texts, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Prepared:
    change: Change
    chunked: Chunked
    initiatives: tuple[Initiative, ...]


def chunk(readout: Readout, encoder: Encoder) -> Chunked:
    """Cut every paragraph into what is embedded."""
    count_tokens, max_tokens = encoder.count_tokens, encoder.max_text_tokens
    title = title_for_embedding(readout.title, count_tokens=count_tokens, max_tokens=max_tokens)
    cut = partial(chunk_spans, count_tokens=count_tokens, max_tokens=max_tokens, language=readout.language)
    spans = [cut(title, p.text) for p in readout.paragraphs]
    texts = [
        [embedding_text(title, p.text[start:end]) for start, end in each]
        for p, each in zip(readout.paragraphs, spans, strict=True)
    ]
    return Chunked(spans, texts)


@dataclass(frozen=True, slots=True)
class Committer:
    """Carries out a plan in one scope.

    Attributes:
        guard: Asked in every transaction whether this ingest still may write.
        now: UTC, ISO 8601.
        courtesy: How it gives way to questions.
        stops: Whether to leave what is not begun yet.
    """

    ledger: Ledger
    encoder: Encoder
    scope: str
    actor: str
    guard: Guard
    now: str
    courtesy: Courtesy = field(default_factory=lambda: Precedence().courtesy())
    stops: Callable[[], bool] = bool

    def carry_out(self, plan: Plan, progress: Progress) -> int:
        """Make `plan` so, or, where it is stopped, what was begun of it; return how many texts had to be embedded."""
        total = sum(len(change.readout.paragraphs) for change in plan.changes)
        embedded = done = 0
        for group in self._groups(plan):
            embedded += self._embed(group, done, total, progress)
            done += sum(len(each.change.readout.paragraphs) for each in group)
            with self._write() as connection:
                for prepared in group:
                    self._make_live(connection, prepared)
            plan.done += [prepared.change for prepared in group]
        if plan.is_cut_short:
            return embedded
        with self._write() as connection:
            for summary in plan.removals:
                self.withdraw(connection, summary)
            for seen in plan.seen:
                revisions.remember_source(connection, self.scope, seen, self.now)
        return embedded

    def _groups(self, plan: Plan) -> Iterator[list[_Prepared]]:
        """Cut the work into commits: whole readouts, enough of them to keep every core embedding."""
        group: list[_Prepared] = []
        for change in plan.changes:
            if self.stops():
                break
            initiatives, problems = change.initiatives(self.courtesy.between)
            plan.warnings += problems
            group.append(_Prepared(change, chunk(change.readout, self.encoder), initiatives))
            if sum(each.chunked.size for each in group) >= _CHUNKS_AT_ONCE:
                yield group
                group = []
        if group:
            yield group

    def _embed(self, group: Sequence[_Prepared], done: int, total: int, progress: Progress) -> int:
        texts = (text for each in group for texts in each.chunked.texts for text in texts)
        paragraphs = (p for each in group for p in each.change.readout.paragraphs)
        sentences = (p.text[start:end] for p in paragraphs for start, end in sentence_spans(p.text))
        return embed_missing(
            self.ledger,
            self.encoder,
            texts,
            lambda n: progress("embedding", min(done + n, total), total),
            self.guard,
            sentences=sentences,
        )

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        self.courtesy.give_way()
        with self.ledger.write() as connection, self.courtesy.in_haste():
            self.guard(connection)
            yield connection

    def _make_live(self, connection: Connection, prepared: _Prepared) -> None:
        change, readout = prepared.change, prepared.change.readout
        texts = (text for each in prepared.chunked.texts for text in each)
        pks = vectors.embedding_pks(connection, (text_digest(text) for text in texts))
        gone = self._superseded(connection, change.live)
        self.courtesy.give_way()
        paragraph_pks = revisions.add_revision(
            connection,
            readout,
            scope=self.scope,
            source=change.source,
            revision=change.revision,
            chunks=prepared.chunked.keyed(pks),
            now=self.now,
        )
        self.courtesy.give_way()
        summary = live.readout(connection, [self.scope], readout.id)
        revisions.keep_initiatives(connection, summary.revision_pk, prepared.initiatives)
        self.show(connection, paragraph_pks, superseded=len(gone - set(pks.values())))
        told: dict[str, object] = {"source": change.source, "paragraphs": len(readout.paragraphs)}
        if change.diff is not None:
            told |= _counts(change.diff.counted(readout.id))
        action = "add" if change.diff is None else "change"
        self.record(connection, action, readout.id, change.revision, told)

    def _superseded(self, connection: Connection, before: ReadoutSummary | None) -> set[int]:
        """Take what was live out of the words, and return the embeddings it held."""
        if before is None:
            return set()
        pks = revisions.revision_paragraphs(connection, before.revision_pk)
        fulltext.remove(connection, self.scope, self.courtesy.between(pks))
        return vectors.embeddings_of(connection, pks)

    def show(self, connection: Connection, pks: Sequence[int], *, superseded: int) -> None:
        """Let the paragraphs of a revision that has just become live be found."""
        paragraphs = live.live_paragraphs(connection, pks)
        each = self.courtesy.between(paragraphs.items())
        terms = {pk: fulltext.paragraph_terms(p).indexed for pk, p in each}
        self.courtesy.give_way()
        fulltext.add(connection, self.scope, terms)
        self.courtesy.give_way()
        vectors.expect(connection, self.scope, vectors.embeddings_of(connection, pks))
        vectors.scope_changed(connection, self.scope, superseded=superseded)

    def withdraw(self, connection: Connection, summary: ReadoutSummary) -> None:
        """Take a readout out of every answer; its revisions stay."""
        gone = self._superseded(connection, summary)
        revisions.make_live(connection, summary.pk, None, self.now)
        vectors.scope_changed(connection, self.scope, superseded=len(gone))
        self.record(connection, "remove", summary.id, summary.revision, {"source": summary.source})

    def roll_back(self, connection: Connection, known: KnownReadout, to: KnownRevision) -> None:
        """Make an earlier revision live again, and pin it."""
        before = live.readouts_by_id(connection, self.scope, [known.id]).get(known.id)
        gone = self._superseded(connection, before)
        revisions.make_live(connection, known.pk, to.pk, self.now, pinned=True)
        pks = revisions.revision_paragraphs(connection, to.pk)
        embeddings = vectors.embeddings_of(connection, pks)
        # scanned again even where the index holds them: it may be being written anew without them
        vectors.forget(connection, self.scope, embeddings)
        self.show(connection, pks, superseded=len(gone - embeddings))
        self.record(connection, "rollback", known.id, to.id, {"from": before.revision if before else None})

    def record(
        self,
        connection: Connection,
        action: str,
        readout: str,
        revision: str | None,
        summary: dict[str, object],
    ) -> None:
        """Write down what was done; `revision` is None where all of a readout is meant."""
        line = AuditEntry(self.now, self.actor, action, self.scope, readout, revision, summary)
        history.record(connection, line)


def embed_missing(
    ledger: Ledger,
    encoder: Encoder,
    texts: Iterable[str],
    report: Callable[[int], None],
    guard: Guard,
    *,
    sentences: Iterable[str] = (),
) -> int:
    """Embed the texts never embedded before and keep their vectors at once: work done stays done.

    Who lost its turn keeps nothing: the store may be another encoder's by now.

    Args:
        report: Told how many of the texts are done, as if all of them had to be embedded: how many were known
            before would say what another scope holds.
        sentences: What questions compare themselves with; the first ones would have to embed them.

    Returns:
        How many of `texts` had to be embedded.
    """
    wanted, spoken = ({text_digest(text): text for text in each} for each in (texts, sentences))
    with ledger.read() as connection:
        known = vectors.embedding_pks(connection, wanted)
        heard = vectors.sentence_vectors(connection, spoken)
    missing = {key: text for key, text in wanted.items() if key not in known}
    unheard = {key: text for key, text in spoken.items() if key not in heard}
    every = [*missing.values(), *unheard.values()]
    fresh: list[Vector] = []
    for vector in encoder.embed_each(every):
        fresh.append(vector)
        report(len(wanted) * len(fresh) // len(every))
    with ledger.write() as connection:
        guard(connection)
        vectors.add_embeddings(connection, dict(zip(missing, fresh, strict=False)))
        vectors.keep_sentence_vectors(connection, dict(zip(unheard, fresh[len(missing) :], strict=True)))
    return len(missing)


def _counts(diff: ChangedReadout) -> dict[str, int]:
    return {
        "paragraphs_added": diff.paragraphs_added,
        "paragraphs_changed": diff.paragraphs_changed,
        "paragraphs_removed": diff.paragraphs_removed,
    }

"""Sources -> live revisions: parse everything, compare, embed what is new, commit, report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from retrieval.diff import diff_paragraphs
from retrieval.errors import CorpusError
from retrieval.index import lexical
from retrieval.index.chunking import chunk_spans, embedding_text, title_for_embedding
from retrieval.index.digests import digest
from retrieval.index.encoder import Encoder, Vector
from retrieval.index.preparation import prepare
from retrieval.index.upkeep import IndexKeeper
from retrieval.initiatives import apply_corrections, extract_initiatives, parse_corrections
from retrieval.ledger import initiatives as kept
from retrieval.ledger import live, revisions, vectors
from retrieval.ledger.ledger import Ledger
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import ChangedReadout, FailedSource, IngestReport, Initiative, Readout
from retrieval.revision import revision_id
from retrieval.sources import LoadedSource, load
from retrieval.store_lock import StoreLock

SHARED = "shared"
"""The scope of the operator's corpus."""

Progress = Callable[[str, int, int], None]
"""Called with the stage ("reading", "embedding"), how many are done, and of how many (0: unknown)."""

_CHUNKS_AT_ONCE = 512
_LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Change:
    """A readout that differs from what is live."""

    source: str
    readout: Readout
    revision: str
    live: ReadoutSummary | None
    diff: ChangedReadout | None
    corrections: Mapping[str, Any]


@dataclass(slots=True)
class _Plan:
    """What an ingest is going to do."""

    changes: list[_Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[FailedSource] = field(default_factory=list)
    removals: list[ReadoutSummary] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    paragraphs: int = 0


@dataclass(frozen=True, slots=True)
class _Chunked:
    """A change with its chunks: for each paragraph the spans and the text each is embedded as."""

    change: _Change
    spans: list[list[tuple[int, int]]]
    texts: list[list[str]]
    initiatives: tuple[Initiative, ...]


class IngestService:
    """Changes what is live.

    Args:
        corpus_dir: The shipped or configured corpus; its sources are named relative to it, so that moving
            the folder does not make them other sources.
    """

    def __init__(
        self, ledger: Ledger, keeper: IndexKeeper, lock: StoreLock, encoder: Encoder, corpus_dir: Path
    ) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._lock = lock
        self._encoder = encoder
        self._corpus_dir = corpus_dir

    def ingest(
        self,
        paths: Sequence[Path] = (),
        *,
        scope: str = SHARED,
        actor: str = "command line",
        dry_run: bool = False,
        replace: bool = False,
        prune: bool = False,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Bring the store up to date with `paths`; with none, with the corpus.

        Args:
            dry_run: Report what would change and change nothing.
            replace: Let a source take over an id that another source holds.
            prune: Withdraw readouts whose source is gone from the folders named.

        Returns:
            The report; a source that failed is in it, and left what was live untouched.

        Raises:
            CorpusError: A path is missing, or the folders hold no readout at all.
            StoreHeldError: Another process owns the store.
            StoreUnwritableError: The store cannot be written; nothing was lost.
        """
        started = time.perf_counter()
        progress = progress or _silent
        paths = [_absolute(path) for path in paths or [self._corpus_dir]]
        loaded = self._load(paths, progress)
        plan = self._plan(loaded, paths, scope, replace=replace, prune=prune)
        embedded = 0
        if dry_run:
            for change in plan.changes:
                plan.warnings += _initiatives(change)[1]
        elif plan.changes or plan.removals:
            with self._lock.owned(timeout_s=_LOCK_TIMEOUT_S):
                # whoever held the lock until now may have made the same readouts live
                plan = self._plan(loaded, paths, scope, replace=replace, prune=prune)
                embedded = self._carry_out(plan, scope, actor, progress)
        return IngestReport(
            added=tuple(c.readout.id for c in plan.changes if c.diff is None),
            changed=tuple(c.diff for c in plan.changes if c.diff is not None),
            unchanged=tuple(plan.unchanged),
            removed=tuple(r.id for r in plan.removals),
            failed=tuple(plan.failed),
            warnings=tuple(plan.warnings),
            paragraphs=plan.paragraphs,
            embedded=embedded,
            elapsed_ms=(time.perf_counter() - started) * 1000,
        )

    # --- what is to be done ---

    def _load(self, paths: Sequence[Path], progress: Progress) -> list[LoadedSource]:
        """Parse everything, before anything is compared or changed."""
        found = []
        for loaded in load(paths):
            found.append(loaded)
            progress("reading", len(found), 0)
        if not found:
            folders = ", ".join(str(path) for path in paths)
            raise CorpusError(f"{folders}: there is no readout here. Name files or a folder that holds some.")
        return found

    def _plan(
        self,
        sources: Sequence[LoadedSource],
        paths: Sequence[Path],
        scope: str,
        *,
        replace: bool,
        prune: bool,
    ) -> _Plan:
        plan = _Plan()
        brought: dict[str, str] = {}  # id -> the source that brings it in this run
        with self._ledger.read() as connection:
            known = {summary.id: summary for summary in live.readouts(connection, [scope])}
            for loaded in sources:
                source = self._name(loaded.source)
                corrections = loaded.overrides.initiatives if loaded.overrides else {}
                if loaded.error is not None:
                    plan.failed.append(FailedSource(source, loaded.error.line, loaded.error.problem))
                for readout in loaded.readouts:
                    problem = _unstorable(readout)
                    revision = "" if problem else revision_id(readout, corrections)
                    problem = problem or _claim(readout, revision, source, known, brought, replace=replace)
                    if problem:
                        plan.failed.append(FailedSource(source, None, problem))
                        continue
                    plan.paragraphs += len(readout.paragraphs)
                    before = known.get(readout.id)
                    change = self._compare(connection, source, readout, revision, corrections, before)
                    if change is None:
                        plan.unchanged.append(readout.id)
                    else:
                        plan.changes.append(change)
        if prune:
            failed = {each.source for each in plan.failed}
            plan.removals = [s for s in known.values() if self._is_gone(s, paths, failed, brought)]
        return plan

    def _name(self, source: str) -> str:
        path, corpus = _absolute(Path(source)), _absolute(self._corpus_dir)
        return path.relative_to(corpus).as_posix() if path.is_relative_to(corpus) else str(path)

    def _is_gone(
        self, summary: ReadoutSummary, paths: Sequence[Path], failed: set[str], brought: dict[str, str]
    ) -> bool:
        """Whether a live readout came from one of the folders and its source no longer brings it."""
        came_from = _absolute(self._corpus_dir) / summary.source
        from_a_folder = any(path.is_dir() and came_from.is_relative_to(path) for path in paths)
        return from_a_folder and summary.source not in failed and summary.id not in brought

    def _compare(
        self,
        connection: Connection,
        source: str,
        readout: Readout,
        revision: str,
        corrections: Mapping[str, Any],
        before: ReadoutSummary | None,
    ) -> _Change | None:
        if before is None:
            return _Change(source, readout, revision, None, None, corrections)
        if before.revision == revision:
            return None
        paragraphs = live.paragraphs_of(connection, before).values()
        diff = diff_paragraphs(list(paragraphs), readout.paragraphs).counted(readout.id)
        return _Change(source, readout, revision, before, diff, corrections)

    # --- doing it; the lock is held ---

    def _carry_out(self, plan: _Plan, scope: str, actor: str, progress: Progress) -> int:
        chunked = [self._chunk(change, plan.warnings) for change in plan.changes]
        total = sum(len(each) for change in chunked for each in change.texts)
        embedded = done = 0
        for group in _groups(chunked):
            embedded += self._embed(group, done, total, progress)
            done += sum(len(each) for change in group for each in change.texts)
            self._commit(group, scope, actor)
        for summary in plan.removals:
            self._withdraw(summary, scope, actor)
        self._keeper.seal()
        return embedded

    def _chunk(self, change: _Change, warnings: list[str]) -> _Chunked:
        readout = change.readout
        count_tokens, max_tokens = self._encoder.count_tokens, self._encoder.max_text_tokens
        title = title_for_embedding(readout.title, count_tokens=count_tokens, max_tokens=max_tokens)
        spans = [
            chunk_spans(
                title,
                paragraph.text,
                count_tokens=count_tokens,
                max_tokens=max_tokens,
                language=readout.language,
            )
            for paragraph in readout.paragraphs
        ]
        texts = [
            [embedding_text(title, paragraph.text[start:end]) for start, end in each]
            for paragraph, each in zip(readout.paragraphs, spans, strict=True)
        ]
        initiatives, problems = _initiatives(change)
        warnings += problems
        return _Chunked(change, spans, texts, initiatives)

    def _embed(self, group: Sequence[_Chunked], done: int, total: int, progress: Progress) -> int:
        """Embed the texts never embedded before and keep their vectors at once: work done stays done."""
        texts = {digest(text): text for change in group for each in change.texts for text in each}
        with self._ledger.read() as connection:
            known = vectors.embedding_pks(connection, texts)
        missing = {key: text for key, text in texts.items() if key not in known}
        fresh: dict[bytes, Vector] = {}
        for key, vector in zip(missing, self._encoder.embed_each(list(missing.values())), strict=True):
            fresh[key] = vector
            progress("embedding", done + len(fresh), total)
        with self._ledger.write() as connection:
            vectors.add_embeddings(connection, fresh)
        return len(fresh)

    def _commit(self, group: Sequence[_Chunked], scope: str, actor: str) -> None:
        """Index the vectors, then make the revisions live in one transaction."""
        texts = {digest(text) for change in group for each in change.texts for text in each}
        with self._ledger.read() as connection:
            pks = vectors.embedding_pks(connection, texts)
        findable = self._keeper.write(scope, list(pks.values()))
        now = _now()
        with self._ledger.write() as connection:
            vectors.mark_indexed(connection, scope, findable)
            for chunked in group:
                self._make_live(connection, chunked, pks, scope, actor, now)

    def _make_live(
        self,
        connection: Connection,
        chunked: _Chunked,
        pks: dict[bytes, int],
        scope: str,
        actor: str,
        now: str,
    ) -> None:
        change, readout = chunked.change, chunked.change.readout
        if change.live is not None:
            lexical.remove(
                connection, scope, revisions.revision_paragraphs(connection, change.live.revision_pk)
            )
        chunks = [
            [(start, end, pks[digest(text)]) for (start, end), text in zip(spans, texts, strict=True)]
            for spans, texts in zip(chunked.spans, chunked.texts, strict=True)
        ]
        paragraph_pks = revisions.add_revision(
            connection,
            readout,
            scope=scope,
            source=change.source,
            revision=change.revision,
            chunks=chunks,
            now=now,
        )
        summary = live.readout(connection, [scope], readout.id)
        kept.keep(connection, summary.revision_pk, chunked.initiatives)
        live_now = live.live_paragraphs(connection, paragraph_pks)
        lexical.add(
            connection,
            scope,
            {
                pk: lexical.IndexedTerms.of(prepare(paragraph, readout.language))
                for pk, paragraph in live_now.items()
            },
        )
        revisions.record(
            connection,
            now=now,
            actor=actor,
            action="add" if change.diff is None else "change",
            scope=scope,
            readout=readout.id,
            revision=change.revision,
            summary={"source": change.source, "paragraphs": len(readout.paragraphs)}
            | ({} if change.diff is None else _counts(change.diff)),
        )

    def _withdraw(self, summary: ReadoutSummary, scope: str, actor: str) -> None:
        with self._ledger.write() as connection:
            lexical.remove(connection, scope, revisions.revision_paragraphs(connection, summary.revision_pk))
            revisions.withdraw(connection, summary)
            revisions.record(
                connection,
                now=_now(),
                actor=actor,
                action="remove",
                scope=scope,
                readout=summary.id,
                revision=summary.revision,
                summary={"source": summary.source},
            )


def _absolute(path: Path) -> Path:
    """Return one name for a path however it was typed: `../notes` and `/home/me/notes` are one folder."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute keeps the ".."


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def _unstorable(readout: Readout) -> str | None:
    """Say which character of the readout no database keeps: JSON can spell halves of characters."""
    try:
        json.dumps(asdict(readout), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        character = f"U+{ord(error.object[error.start]):04X}"
        return f"its text holds half of a character ({character}). Save it again as UTF-8."
    return None


def _initiatives(change: _Change) -> tuple[tuple[Initiative, ...], tuple[str, ...]]:
    """Return the corrected list of a readout, and what in the corrections cannot be used any more."""
    corrections, unusable = parse_corrections(change.corrections)
    found = extract_initiatives(change.readout)
    corrected, gone = apply_corrections(found, corrections, change.readout)
    return corrected, tuple(f"{change.source}: {problem}" for problem in (*unusable, *gone))


def _claim(
    readout: Readout,
    revision: str,
    source: str,
    known: dict[str, ReadoutSummary],
    sources: dict[str, str],
    *,
    replace: bool,
) -> str | None:
    """Let `source` bring the readout's id, or say which source already does."""
    holder = sources.get(readout.id)
    if holder is not None:
        return f'its id "{readout.id}" is also that of {holder}. Rename one of the two files.'
    before = known.get(readout.id)
    taken = before is not None and before.source != source and before.revision != revision
    if taken and not replace and before is not None:
        return (
            f'its id "{readout.id}" is already that of {before.source}. Rename the file, or use --replace to '
            "let it take over."
        )
    sources[readout.id] = source
    return None


def _groups(changes: Iterable[_Chunked]) -> Iterator[list[_Chunked]]:
    """Cut the work into commits: whole readouts, enough of them to keep every core embedding."""
    group: list[_Chunked] = []
    size = 0
    for change in changes:
        group.append(change)
        size += sum(len(each) for each in change.texts)
        if size >= _CHUNKS_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def _counts(diff: ChangedReadout) -> dict[str, int]:
    return {
        "paragraphs_added": diff.paragraphs_added,
        "paragraphs_changed": diff.paragraphs_changed,
        "paragraphs_removed": diff.paragraphs_removed,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

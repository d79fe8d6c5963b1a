"""The one way to change what is live: sources in, a report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.errors import CorpusError
from retrieval.fetching import Fetcher, Validators
from retrieval.index.encoder import Encoder
from retrieval.index.vector_index import IndexSync
from retrieval.ingest.committing import Committer, Progress
from retrieval.ingest.lifecycle import Retention
from retrieval.ingest.planning import IngestRequest, Plan, Planner, absolute, source_name, versioned
from retrieval.ledger import Ledger, revisions
from retrieval.ledger.leases import TTL_S, my_turn, utc_now
from retrieval.ledger.revisions import SeenSource
from retrieval.models import SHARED, HeldReadout, IngestReport
from retrieval.observing import count, stage
from retrieval.precedence import Courtesy, Precedence
from retrieval.sources import LoadedSource, load, load_bytes, load_url
from retrieval.sources.loading import passed_over

Stops = Callable[[], int]

_PATIENCE_S = 10.0
_MOST_NAMES = 8


class IngestService:
    """Changes what is live.

    Args:
        corpus_dir: The shipped or configured corpus; its sources are named relative to it, so that moving
            the folder does not make them other sources.
        retention: Run after every ingest.
        fetcher: Fetches the addresses.
        turn_ttl_s: How long an ingest of this process outlives its last sign of life.
        precedence: The questions of this process, which go first.
    """

    def __init__(
        self,
        ledger: Ledger,
        index_sync: IndexSync,
        encoder: Encoder,
        corpus_dir: Path,
        retention: Retention,
        fetcher: Fetcher,
        precedence: Precedence,
        *,
        turn_ttl_s: float = TTL_S,
    ) -> None:
        self._ledger = ledger
        self._index_sync = index_sync
        self._encoder = encoder
        self._corpus_dir = corpus_dir
        self._retention = retention
        self._fetcher = fetcher
        self._turn_ttl_s = turn_ttl_s
        self._precedence = precedence

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
        """Bring the store up to date with `paths`; with none, with the corpus. See `run`."""
        named = tuple(map(str, paths))
        request = IngestRequest(named, scope=scope, actor=actor, replace=replace, prune=prune)
        return self.run(request, dry_run=dry_run, progress=progress)

    def run(
        self,
        request: IngestRequest,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
        stops: Stops = int,
    ) -> IngestReport:
        """Do what `request` says.

        Args:
            dry_run: Report what would change and change nothing.
            stops: How often somebody asked to stop. Once ends the reading, and what was read is still made live;
                once more, or for the first time after the reading, leaves what is not begun.

        Returns:
            The report; a source that failed is in it, and left what was live untouched.

        Raises:
            CorpusError: A path is missing, or the folders hold no readout at all.
            IngestBusyError: Another ingest is running.
            StoreUnwritableError: The store cannot be written; nothing was lost.
        """
        if dry_run:
            return self._run(request, dry_run, progress, stops)
        with stage("ingest") as told:
            report = self._run(request, dry_run, progress, stops)
            told["outcome"] = "partly" if report.failed else "done"
        for result in ("added", "changed", "unchanged", "removed", "failed"):
            count("ingested_readouts", len(getattr(report, result)), result=result)
        return report

    def _run(
        self, request: IngestRequest, dry_run: bool, progress: Progress | None, stops: Stops
    ) -> IngestReport:
        started = time.perf_counter()
        courtesy = self._precedence.courtesy()
        progress = _told_between(progress or _silent, courtesy)
        request = self.in_full(request)
        loaded = self.load(request, progress, stops)
        stopped = stops()
        if stopped:  # what was not read is not gone
            request = replace(request, prune=False)
        plan, embedded, skipped = self.plan(request, loaded), 0, _skipped(request)
        if dry_run:
            plan.warnings += [problem for change in plan.changes for problem in change.initiatives()[1]]
        elif plan.changes_anything or plan.seen:
            plan, embedded = self._carry_out(request, loaded, progress, courtesy, lambda: stops() > stopped)
        plan.warnings += skipped
        report = _report(plan, embedded, (time.perf_counter() - started) * 1000, dry_run=dry_run)
        return replace(report, stopped=bool(stopped) or report.stopped)

    def plan(self, request: IngestRequest, loaded: Sequence[LoadedSource]) -> Plan:
        """Return what `run` would do with sources that were loaded; changes nothing."""
        with self._ledger.read() as connection:
            return Planner(connection, request, self._corpus_dir).plan(loaded)

    def load(
        self, request: IngestRequest, progress: Progress | None = None, stops: Stops = int
    ) -> list[LoadedSource]:
        """Parse everything, until it is stopped, before anything is compared or changed.

        Raises:
            CorpusError: A path is missing, or there is no readout at all.
        """
        progress = progress or _silent
        request = self.in_full(request)
        found = []
        for loaded in self._sources(request):
            found.append(loaded)
            progress("reading", len(found), 0)
            if stops():
                break
        if not found:
            folders = ", ".join(request.paths) or "nothing was named"
            raise CorpusError(f"{folders}: there is no readout here. Name files or a folder that holds some.")
        return found

    def in_full(self, request: IngestRequest) -> IngestRequest:
        """Name every path in full, and the corpus where nothing is named: it is the shared scope's own."""
        paths = [str(absolute(Path(path))) for path in request.paths]
        if request.scope == SHARED and not (paths or request.urls or request.uploads):
            paths = [str(absolute(self._corpus_dir))]
        urls = dict.fromkeys(url.strip() for url in request.urls)
        return replace(request, paths=tuple(paths), urls=tuple(urls))

    def _sources(self, request: IngestRequest) -> Iterator[LoadedSource]:
        corpus = absolute(self._corpus_dir)

        def seen(source: str) -> SeenSource | None:
            if request.details:
                return None
            with self._ledger.read() as connection:
                return revisions.seen_source(connection, request.scope, source_name(source, corpus))

        def is_known(source: str, content_hash: str) -> bool:
            known = seen(source)
            return known is not None and known.content_hash == versioned(content_hash)

        if request.paths:
            yield from load(map(Path, request.paths), is_known)
        for url in request.urls:
            yield load_url(url, self._fetcher, _validators(seen(url)), is_known)
        for upload in request.uploads:
            yield load_bytes(f"upload:{upload.name}", upload.data, name=upload.name)

    def _carry_out(
        self,
        request: IngestRequest,
        loaded: Sequence[LoadedSource],
        progress: Progress,
        courtesy: Courtesy,
        stops: Callable[[], bool],
    ) -> tuple[Plan, int]:
        purpose, ttl_s = f"ingest by {request.actor}", self._turn_ttl_s
        with my_turn(self._ledger, purpose, timeout_s=_PATIENCE_S, ttl_s=ttl_s) as turn:

            def alive(stage: str, done: int, total: int) -> None:
                turn.keep_alive()
                progress(stage, done, total)

            courtesy.give_way()
            # whoever had the turn until now may have made the same readouts live
            plan = self.plan(request, loaded)
            scope, actor = request.scope, request.actor
            committer = Committer(
                self._ledger, self._encoder, scope, actor, turn.guard, utc_now(), courtesy, stops
            )
            embedded = committer.carry_out(plan, alive)
            courtesy.give_way()
            self._retention.erase_outlived(turn.guard)
            courtesy.give_way()
        if plan.changes_anything:
            progress("indexing", 0, 0)
            self._index_sync.catch_up(at_leisure=True)
        return plan, embedded


def _skipped(request: IngestRequest) -> list[str]:
    """Return a sentence on the files of folders that were passed over, where there are any."""
    names = passed_over(map(Path, request.paths))
    if not names:
        return []
    shown = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return [f"Files of no format that is read were passed over ({len(names)}): {shown}."]


def _validators(seen: SeenSource | None) -> Validators | None:
    """Return what to ask a server with; nothing where the same bytes would be read another way by now."""
    if seen is None or not seen.content_hash.startswith(versioned("")):
        return None
    return Validators(seen.etag, seen.last_modified)


def _report(plan: Plan, embedded: int, elapsed_ms: float, *, dry_run: bool) -> IngestReport:
    changes = plan.changes if dry_run else plan.done
    stopped = plan.is_cut_short and not dry_run
    return IngestReport(
        added=tuple(c.readout.id for c in changes if c.diff is None),
        changed=tuple(c.diff.counted(c.readout.id) for c in changes if c.diff is not None),
        unchanged=tuple(plan.unchanged),
        removed=() if stopped else tuple(r.id for r in plan.removals),
        failed=tuple(plan.failed),
        held=tuple(
            HeldReadout(c.live.id, c.live.revision, c.diff.counted(c.live.id))
            for c in plan.held
            if c.live is not None and c.diff is not None
        ),
        diffs={c.readout.id: c.diff for c in changes if c.diff is not None},
        warnings=tuple(plan.warnings),
        paragraphs=plan.paragraphs,
        embedded=embedded,
        elapsed_ms=elapsed_ms,
        left_out=tuple(plan.left_out),
        alike=tuple(plan.alike),
        stopped=stopped,
    )


def _told_between(progress: Progress, courtesy: Courtesy) -> Progress:
    """Return `progress` that gives way to questions as well: it is told between any two steps."""

    def told(stage: str, done: int, total: int) -> None:
        courtesy.give_way()
        progress(stage, done, total)

    return told


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""

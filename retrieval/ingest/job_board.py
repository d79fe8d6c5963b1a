"""Handing an ingest to the process that keeps the store, and carrying out what was handed over.

A job is a row of the ledger: it survives the process that asked for it and the one that runs it. One that was
running when its process ended is started again, which is safe, since an ingest of the same sources is one.

Whoever holds the lease of the worker starts jobs, and asks for it in the transaction that starts one: a process
that stalled and lost it starts none, and what it says of a job that another one took over is not kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from retrieval.errors import IndexMismatchError, IngestBusyError, RapporteurError
from retrieval.index.sync.index_sync import IndexSync
from retrieval.ingest.committing import Progress
from retrieval.ingest.request import IngestRequest, Upload
from retrieval.ingest.service import IngestService
from retrieval.ledger import holdings, jobs, leases
from retrieval.ledger.holdings import Usage
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.leases import Lease, utc_now
from retrieval.ledger.ledger import Ledger
from retrieval.models import Alike, ChangedReadout, FailedSource, HeldReadout, IngestReport, LeftOutOf

log = logging.getLogger(__name__)

WORKER = "worker"
"""The lease of the one process that carries jobs out."""

TTL_S = 20.0
"""How long a worker counts as there after its last sign of life."""

_POLL_S = 0.5
_PROGRESS_EVERY_S = 0.5
_TIDY_EVERY_S = 60.0


class JobBoard:
    """Asking for ingests and following them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def worker(self) -> Lease | None:
        """Return the process that carries jobs out, if one does."""
        with self._ledger.read() as connection:
            return leases.current(connection, WORKER)

    def submit(self, request: IngestRequest, also: Callable[[Connection, int], None] | None = None) -> int:
        """Queue an ingest and return the job's number.

        Args:
            also: Called with the number in the same transaction: what it raises leaves nothing queued.
        """
        with self._ledger.write() as connection:
            job = jobs.add(
                connection,
                scope=request.scope,
                actor=request.actor,
                request=request.as_json(),
                uploads=[(upload.name, upload.data) for upload in request.uploads],
                now=utc_now(),
            )
            if also is not None:
                also(connection, job)
        return job

    def get(self, job: int) -> JobRow | None:
        """Return a job as it stands."""
        with self._ledger.read() as connection:
            return jobs.get(connection, job)

    def waiting(self) -> int:
        """Return how many jobs are not done, the one at hand included."""
        with self._ledger.read() as connection:
            return len(jobs.open_jobs(connection))

    def usage(self, scope: str, since: str = "", within: Connection | None = None) -> Usage:
        """Return how much `scope` holds, and the ingests asked for since a moment (UTC, ISO 8601).

        Args:
            within: The transaction to look in, where there is one.
        """
        with nullcontext(within) if within is not None else self._ledger.read() as connection:
            return holdings.usage(connection, scope, since)

    def forget(self, scope: str) -> None:
        """Forget the ingests of `scope`, those that wait included, with the files that were given to them."""
        with self._ledger.write() as connection:
            holdings.forget_jobs(connection, scope)

    def follow(self, job: int, progress: Progress) -> JobRow:
        """Wait until a job has ended, telling how far it is.

        Raises:
            RapporteurError: The process that carried jobs out is gone; the job stays queued.
        """
        while True:
            row = self.get(job)
            if row is None or row.state in ("done", "failed"):
                break
            if self.worker() is None:
                raise RapporteurError(
                    f"The bot that was to carry out job {job} has stopped. The job waits for its next start; "
                    'or run "rapporteur ingest" again.'
                )
            if row.stage:
                progress(row.stage, row.done, row.total)
            time.sleep(_POLL_S)
        if row is None:
            raise RapporteurError(f"Job {job} is no longer known.")
        return row


class JobWorker:
    """Carries out the jobs of a ledger, one after the other, on a thread of its own.

    Args:
        purpose: What this process is, for whoever hands it a job.
        on_ended: Told of every job that ended here.
        ttl_s: How long this worker counts as there after its last sign of life.
    """

    def __init__(
        self,
        ledger: Ledger,
        ingesting: IngestService,
        index_sync: IndexSync,
        *,
        purpose: str,
        on_ended: Callable[[JobRow], None] | None = None,
        ttl_s: float = TTL_S,
    ) -> None:
        self._ledger = ledger
        self._ingesting = ingesting
        self._index_sync = index_sync
        self._purpose = purpose
        self._on_ended = on_ended or _nobody
        self._ttl_s = ttl_s
        self._holder = leases.new_holder()
        self._lease: Lease | None = None
        self._is_told = False  # why nothing is carried out
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name="jobs", daemon=True),
            threading.Thread(target=self._stay, name="jobs-lease", daemon=True),
        ]
        self._tidied = 0.0

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """End after the job at hand; one that takes longer is started again by the next worker."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)
        lease, self._lease = self._lease, None
        if lease is not None:
            with self._ledger.write() as connection:
                leases.release(connection, lease)

    def run_once(self) -> bool:
        """Carry out one job, if there is one and this is the worker; returns whether one was carried out."""
        row = self._claim()
        if row is None:
            return False
        request = self._request(row)
        try:
            report = self._ingesting.run(request, progress=self._reporter(row.pk))
            outcome: dict[str, Any] = {"report": report_json(report)}
        except IngestBusyError as error:  # whoever has the turn may have stalled: that is no fault of the job
            log.info("job %d waits: %s", row.pk, error)
            with self._ledger.write() as connection:
                jobs.give_back(connection, row.pk, self._holder)
            return False
        except RapporteurError as error:
            outcome = {"error": str(error)}
        except Exception:
            log.exception("job %d failed", row.pk)
            outcome = {"error": "Something went wrong inside Rapporteur; the log of the bot says what."}
        with self._ledger.write() as connection:
            is_kept = jobs.finish(connection, row.pk, self._holder, now=utc_now(), **outcome)
            ended = jobs.get(connection, row.pk)
        if not is_kept or ended is None:
            log.warning("job %d was taken over by another process, which says how it ended", row.pk)
        else:
            self._on_ended(ended)
        return True

    # --- the two threads ---

    def _stay(self) -> None:
        """Hold the lease, also while a job takes long."""
        while not self._stopping.is_set():
            try:
                self._hold()
            except RapporteurError as error:
                log.warning("%s", error)
            self._stopping.wait(self._ttl_s / 4)

    def _hold(self) -> None:
        with self._ledger.write() as connection:
            self._take_lease(connection)

    def _take_lease(self, connection: Connection) -> bool:
        """Become or stay the worker; returns whether this is it now."""
        if not self._can_write(connection):
            if self._lease is not None:
                leases.release(connection, self._lease)
                self._lease = None
            return False
        holder, ttl_s = self._holder, self._ttl_s
        taken = leases.take(connection, WORKER, holder, self._purpose, now=utc_now(), ttl_s=ttl_s)
        self._lease = taken if taken.holder == holder else None
        return self._lease is not None

    def _can_write(self, connection: Connection) -> bool:
        """Whether what this process embeds fits the store; jobs are left to one whose does."""
        try:
            self._ledger.check_identity(connection, writing=True)
        except IndexMismatchError as error:
            if not self._is_told:
                log.error("no ingest is carried out here: %s", error)
            self._is_told = True
            return False
        self._is_told = False
        return True

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._lease is not None and self.run_once()
                if not busy:
                    self._tidy()
            except RapporteurError as error:
                log.warning("%s", error)
                busy = False
            if not busy:
                self._stopping.wait(_POLL_S)

    def _tidy(self) -> None:
        """Let the index catch up with what other processes committed."""
        if self._lease is not None and time.monotonic() - self._tidied > _TIDY_EVERY_S:
            self._tidied = time.monotonic()
            self._index_sync.catch_up()

    def _claim(self) -> JobRow | None:
        with self._ledger.read() as connection:
            if not jobs.open_jobs(connection):
                return None
        with self._ledger.write() as connection:
            waiting = jobs.open_jobs(connection) if self._take_lease(connection) else []
            if waiting:
                jobs.start(connection, waiting[0].pk, self._holder, utc_now())
        return waiting[0] if waiting else None

    def _request(self, row: JobRow) -> IngestRequest:
        with self._ledger.read() as connection:
            files = tuple(Upload(name, data) for name, data in jobs.uploads(connection, row.pk))
        return IngestRequest.from_json(row.request, files)

    def _reporter(self, job: int) -> Progress:
        told = 0.0

        def report(stage: str, done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > _PROGRESS_EVERY_S:
                told = time.monotonic()
                with self._ledger.write() as connection:
                    jobs.progress(connection, job, self._holder, stage, done, total)

        return report


def report_json(report: IngestReport) -> dict[str, Any]:
    """Return a report as JSON: what `ingest --json` prints, and a job's row keeps."""
    kept = {name: value for name, value in asdict(report).items() if name != "diffs"}
    return kept | {"elapsed_ms": round(report.elapsed_ms, 1)}


def report_from_json(kept: dict[str, Any]) -> IngestReport:
    """Return the report that a job's row kept; the words that changed are not in it."""
    changed = tuple(ChangedReadout(**each) for each in kept["changed"])
    held = tuple(
        HeldReadout(each["id"], each["revision"], ChangedReadout(**each["difference"]))
        for each in kept["held"]
    )
    failed = tuple(FailedSource(**each) for each in kept["failed"])
    lists = {name: tuple(kept[name]) for name in ("added", "unchanged", "removed", "warnings")}
    left_out = tuple(LeftOutOf(**each) for each in kept.get("left_out", ()))
    alike = tuple(Alike(**each) for each in kept.get("alike", ()))
    rows = {"changed": changed, "held": held, "failed": failed, "left_out": left_out, "alike": alike}
    return IngestReport(**{**kept, **lists, **rows})


def _nobody(_row: JobRow) -> None:
    """Nobody wants to know."""

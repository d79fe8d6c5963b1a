"""Carrying out what was handed over, one job after the other.

A job that was running when its process ended is started again, which is safe, since an ingest of the same sources is one.

Whoever holds the lease of the worker starts jobs, and asks for it in the transaction that starts one: a process
that stalled and lost it starts none, and what it says of a job that another one took over is not kept.

A job that fails for a reason that may pass is tried again, later each time; one that fails for good, that this version
cannot read, or that was begun too often without coming to an end, is set aside as failed, and the next one has its turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from retrieval.errors import IndexMismatchError, IngestBusyError, RapporteurError
from retrieval.index.vector_index import IndexSync
from retrieval.ingest.committing import Progress
from retrieval.ingest.job_board import POLL_S, WORKER, pause_s, report_json, unreadable
from retrieval.ingest.planning import IngestRequest, Upload
from retrieval.ingest.service import IngestService
from retrieval.ledger import Ledger, jobs, leases
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.leases import Lease, utc_now

log = logging.getLogger(__name__)

TTL_S = 60.0
"""How long a worker counts as there after its last sign of life; its own ingest may hold the store for a while."""

MOST_ATTEMPTS = 5
"""So often a job is begun before it is set aside."""

RETRIED_AFTER_S = 10.0
"""When a job is tried again that failed for a reason that may pass; three times as long after each further time."""

KEPT_S = 30 * 86_400.0
"""How long a job is known after its end."""

_GIVEN_UP_AFTER = 3
"""Errors in a row after which this process leaves the jobs to another one, until it can do them again."""

_POISONED = (
    "Job %d was begun %d times and never came to its end, so it was set aside. Look into the bot's log, then ask for "
    "it again, a part at a time."
)
_PROGRESS_EVERY_S = 0.5
_TIDY_EVERY_S = 60.0


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
        self._on_ended = on_ended or (lambda _: None)
        self._ttl_s = ttl_s
        self._holder = leases.new_holder()
        self._lease: Lease | None = None
        self._job: int | None = None  # at hand
        self._is_told = False  # why nothing is carried out
        self._stopping = threading.Event()
        self._failures = 0  # in a row
        self._threads = [
            threading.Thread(target=self._again, args=(self._work,), name="jobs", daemon=True),
            threading.Thread(target=self._again, args=(self._hold,), name="jobs-lease", daemon=True),
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
        job = self._job
        with self._ledger.write() as connection:
            if job is not None:
                jobs.give_back(connection, job, self._holder)
            if lease is not None:
                leases.release(connection, lease)

    def run_once(self) -> bool:
        """Carry out one job, if there is one and this is the worker; returns whether one was carried out."""
        self._job, attempts = self._claim() or (None, 0)
        if self._job is None:
            return False
        try:
            return self._carry_out(self._job, attempts)
        finally:
            self._job = None

    def _carry_out(self, job: int, attempts: int) -> bool:
        try:
            if attempts > MOST_ATTEMPTS:
                raise RapporteurError(_POISONED % (job, MOST_ATTEMPTS))
            report = self._ingesting.run(self._request(job), progress=self._reporter(job))
        except IngestBusyError as error:  # whoever has the turn may have stalled: that is no fault of the job
            log.info("job %d waits: %s", job, error)
            with self._ledger.write() as connection:
                jobs.give_back(connection, job, self._holder)
            return False
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a library in Rust is no Exception
            self._fail(job, attempts, error)
        else:
            self._end(job, report=report_json(report))
        return True

    def _fail(self, job: int, attempts: int, error: BaseException) -> None:
        """Put a job off, where trying again may help, or end it."""
        if isinstance(error, RapporteurError):
            may_pass, told = error.retry, str(error)
        else:
            log.error("job %d failed", job, exc_info=error)
            may_pass = isinstance(error, OSError | MemoryError)
            told = "Something went wrong inside Rapporteur; the log of the bot says what."
        if not may_pass or attempts >= MOST_ATTEMPTS:
            self._end(job, error=told)
            return
        wait_s = RETRIED_AFTER_S * 3 ** (attempts - 1)
        log.warning("job %d is tried again in %.0f s: %s", job, wait_s, told)
        with self._ledger.write() as connection:
            jobs.put_off(connection, job, self._holder, error=told, not_before=utc_now(wait_s))

    def _end(self, job: int, **outcome: Any) -> None:
        with self._ledger.write() as connection:
            is_kept = jobs.finish(connection, job, self._holder, now=utc_now(), **outcome)
            ended = jobs.get(connection, job)
        if not is_kept or ended is None:
            log.warning("job %d was taken over by another process, which says how it ended", job)
        else:
            self._on_ended(ended)

    # --- the two threads ---

    def _again(self, step: Callable[[], float]) -> None:
        """Do `step` until the end, waiting between as many seconds as it says; longer each time that it fails."""
        failures = 0
        while not self._stopping.is_set():
            try:
                wait_s, failures = step(), 0
            except BaseException as error:  # whatever it is: nobody else would do it
                failures += 1
                wait_s = pause_s(failures)
                unexpected = None if isinstance(error, RapporteurError) else error
                log.warning("jobs, again in %.1f s: %s", wait_s, error, exc_info=unexpected)
            self._stopping.wait(wait_s)

    def _hold(self) -> float:
        """Hold the lease, also while a job takes long; give it up where this process does not get on."""
        with self._ledger.write() as connection:
            if self._failures < _GIVEN_UP_AFTER:
                self._take_lease(connection)
            else:
                self._leave(connection)
        return self._ttl_s / 4

    def _leave(self, connection: Connection) -> None:
        if self._lease is not None:
            leases.release(connection, self._lease)
            self._lease = None

    def _take_lease(self, connection: Connection) -> bool:
        """Become or stay the worker; returns whether this is it now."""
        if not self._can_write(connection):
            self._leave(connection)
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

    def _work(self) -> float:
        self._failures += 1  # until it has gone well
        is_busy = (self._lease is not None or self._failures > 1) and self.run_once()
        if not is_busy:
            self._tidy()
        self._failures = 0
        return 0.0 if is_busy else POLL_S

    def _tidy(self) -> None:
        """Let the index catch up with what other processes committed, and forget the jobs of long ago."""
        if self._lease is not None and time.monotonic() - self._tidied > _TIDY_EVERY_S:
            self._tidied = time.monotonic()
            with self._ledger.write() as connection:
                jobs.forget_ended(connection, utc_now(-KEPT_S))
            self._index_sync.catch_up()

    def _claim(self) -> tuple[int, int] | None:
        """Begin the next job; returns it, and how often it was begun."""
        with self._ledger.read() as connection:
            if jobs.due(connection, utc_now()) is None:
                return None
        with self._ledger.write() as connection:
            job = jobs.due(connection, utc_now()) if self._take_lease(connection) else None
            return None if job is None else (job, jobs.start(connection, job, self._holder, utc_now()))

    def _request(self, job: int) -> IngestRequest:
        with self._ledger.read() as connection:
            kept = jobs.request(connection, job)
            files = tuple(Upload(name, data) for name, data in jobs.uploads(connection, job))
        try:
            return IngestRequest.from_json(kept or {}, files)
        except (KeyError, TypeError, AttributeError) as error:
            raise unreadable(job) from error

    def _reporter(self, job: int) -> Progress:
        told = 0.0

        def report(stage: str, done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > _PROGRESS_EVERY_S:
                told = time.monotonic()
                with self._ledger.write() as connection:
                    jobs.progress(connection, job, self._holder, stage, done, total)

        return report

"""Handing an ingest to the process that keeps the store, and following it.

A job is a row of the ledger: it survives the process that asked for it and the one that runs it (`job_worker`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from retrieval.errors import RapporteurError, RowUnreadableError, StoreError
from retrieval.ingest.committing import Progress
from retrieval.ingest.planning import IngestRequest
from retrieval.ledger import Ledger, history, jobs, leases
from retrieval.ledger.history import Usage
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.leases import Lease, utc_now
from retrieval.models import Alike, ChangedReadout, FailedSource, HeldReadout, IngestReport, LeftOutOf

WORKER = "worker"
"""The lease of the one process that carries jobs out."""

POLL_S = 0.5
_MOST_PAUSE_S = 30.0

_PATIENCE = 8
"""Errors in a row, about a minute and a half of them, after which nobody goes on asking how a job is."""


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
            return jobs.waiting(connection)

    def usage(self, scope: str, since: str = "", within: Connection | None = None) -> Usage:
        """Return how much `scope` holds, and the ingests asked for since a moment (UTC, ISO 8601).

        Args:
            within: The transaction to look in, where there is one.
        """
        with nullcontext(within) if within is not None else self._ledger.read() as connection:
            return history.usage(connection, scope, since)

    def forget(self, scope: str) -> None:
        """Forget the ingests of `scope`, those that wait included, with the files that were given to them."""
        with self._ledger.write() as connection:
            jobs.forget_all(connection, scope)

    def follow(self, job: int, progress: Progress) -> JobRow:
        """Wait until a job has ended, telling how far it is.

        Raises:
            RapporteurError: The process that carried jobs out is gone; the job stays queued.
        """
        failures = 0
        while True:
            try:
                row, worker = self.get(job), self.worker()
            except StoreError as error:
                failures += 1
                if failures > _PATIENCE:
                    problem = f"How job {job} went on cannot be seen; it goes on all the same. {error}"
                    raise StoreError(problem) from error
                time.sleep(pause_s(failures))
                continue
            failures = 0
            if row is None:
                raise RapporteurError(f"Job {job} is no longer known.")
            if row.state in ("done", "failed"):
                return row
            if worker is None:
                raise RapporteurError(
                    f"The bot that was to carry out job {job} has stopped. The job waits for its next start; "
                    'or run "rapporteur ingest" again.'
                )
            if row.stage:
                progress(row.stage, row.done, row.total)
            time.sleep(POLL_S)


def report_json(report: IngestReport) -> dict[str, Any]:
    """Return a report as JSON: what `ingest --json` prints, and a job's row keeps."""
    kept = {name: value for name, value in asdict(report).items() if name != "diffs"}
    return kept | {"elapsed_ms": round(report.elapsed_ms, 1)}


def report_of(row: JobRow) -> IngestReport:
    """Return the report of a job that is done; the words that changed are not in it.

    Raises:
        RowUnreadableError: Its row holds none that this version knows.
    """
    try:
        return report_from_json(row.report or {})
    except (KeyError, TypeError, AttributeError) as error:
        raise unreadable(row.pk) from error


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


def pause_s(failures: int) -> float:
    """Return how many seconds to leave a store alone after so many errors in a row."""
    return min(POLL_S * 2.0**failures, _MOST_PAUSE_S)


def unreadable(job: int) -> RowUnreadableError:
    """Return the error for a job of whose row this version makes nothing."""
    return RowUnreadableError(
        f"What is kept of job {job} was written by another version of Rapporteur, or is damaged. Ask for it again."
    )

"""Jobs: ingests that one process asks for and another carries out, as rows that outlive both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from retrieval.ledger import schema


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the ledger has it.

    Attributes:
        state: "queued", "running", "done" or "failed".
        report: What `ingest --json` prints, once it is done.
        error: One sentence, where it failed.
    """

    pk: int
    scope: str
    actor: str
    request: dict[str, Any]
    state: str
    holder: str | None
    stage: str
    done: int
    total: int
    report: dict[str, Any] | None
    error: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None


def add(
    connection: Connection,
    *,
    scope: str,
    actor: str,
    request: dict[str, Any],
    uploads: Sequence[tuple[str, bytes]],
    now: str,
) -> int:
    """Queue a job and return its key."""
    values = {"scope": scope, "actor": actor, "request": request, "state": "queued", "created_at": now}
    key = connection.execute(insert(schema.jobs).values(**values)).inserted_primary_key
    if key is None:
        raise TypeError("an INSERT has a key")
    for ordinal, (name, data) in enumerate(uploads):
        row = {"job": key[0], "ordinal": ordinal, "name": name, "data": data}
        connection.execute(insert(schema.uploads).values(**row))
    return int(key[0])


def get(connection: Connection, pk: int) -> JobRow | None:
    """Return one job."""
    row = connection.execute(select(schema.jobs).where(schema.jobs.c.pk == pk)).first()
    return None if row is None else JobRow(**row._asdict())


def open_jobs(connection: Connection) -> list[JobRow]:
    """Return the jobs that are queued or running, oldest first."""
    j = schema.jobs
    rows = connection.execute(select(j).where(j.c.state.in_(("queued", "running"))).order_by(j.c.pk))
    return [JobRow(**row._asdict()) for row in rows]


def uploads(connection: Connection, pk: int) -> list[tuple[str, bytes]]:
    """Return the files of a job, as (name, data)."""
    u = schema.uploads
    rows = connection.execute(select(u.c.name, u.c.data).where(u.c.job == pk).order_by(u.c.ordinal))
    return [(row.name, row.data) for row in rows]


def start(connection: Connection, pk: int, holder: str, now: str) -> None:
    """`holder` carries the job out from now on, and whoever did before no longer does."""
    j = schema.jobs
    values = {"state": "running", "holder": holder, "started_at": now, "stage": "", "done": 0, "total": 0}
    connection.execute(update(j).where(j.c.pk == pk).values(**values))


def progress(connection: Connection, pk: int, holder: str, stage: str, done: int, total: int) -> None:
    """Keep how far a job is, where it is still the holder's."""
    values = {"stage": stage, "done": done, "total": total}
    connection.execute(update(schema.jobs).where(_is_run_by(pk, holder)).values(**values))


def give_back(connection: Connection, pk: int, holder: str) -> None:
    """Let a job wait again, where it is still the holder's."""
    values = {"state": "queued", "holder": None}
    connection.execute(update(schema.jobs).where(_is_run_by(pk, holder)).values(**values))


def finish(
    connection: Connection,
    pk: int,
    holder: str,
    *,
    now: str,
    report: dict[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """Keep how a job ended, and its files no longer; False, and nothing, where another holder took it over."""
    u = schema.uploads
    state = "done" if error is None else "failed"
    values = {"state": state, "report": report, "error": error, "finished_at": now}
    if connection.execute(update(schema.jobs).where(_is_run_by(pk, holder)).values(**values)).rowcount != 1:
        return False
    connection.execute(delete(u).where(u.c.job == pk))
    return True


def _is_run_by(pk: int, holder: str) -> ColumnElement[bool]:
    j = schema.jobs
    return (j.c.pk == pk) & (j.c.holder == holder) & (j.c.state == "running")


def delete_old(connection: Connection, before: str) -> None:
    """Forget jobs that ended before a moment (UTC, ISO 8601)."""
    connection.execute(delete(schema.jobs).where(schema.jobs.c.finished_at < before))

"""Jobs: ingests that one process asks for and another carries out, as rows that outlive both.

Which job is next is asked of columns that every version has; what is JSON in a row is read for that job alone, so that one
that another version wrote, or that is damaged, is in nobody's way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, func, insert, or_, select, update

from retrieval.ledger import front_end_schema, schema
from retrieval.ledger.engine import inserted
from retrieval.ledger.watches import watched_links


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the ledger has it.

    Attributes:
        state: "queued", "running", "done" or "failed".
        report: What `ingest --json` prints, once it is done; None also where the row holds no such thing.
        error: One sentence, where it failed, or why it is tried again.
        attempts: How often it was begun.
        not_before: When it is tried again, UTC, ISO 8601; None: at once.
    """

    pk: int
    scope: str
    actor: str
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
    attempts: int
    not_before: str | None


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
    job = inserted(connection, insert(schema.jobs).values(**values))
    for ordinal, (name, data) in enumerate(uploads):
        row = {"job": job, "ordinal": ordinal, "name": name, "data": data}
        connection.execute(insert(schema.uploads).values(**row))
    return job


def get(connection: Connection, pk: int) -> JobRow | None:
    """Return one job."""
    j = schema.jobs
    columns = [j.c[name] for name in JobRow.__slots__ if name != "report"]
    wanted = select(*columns, cast(j.c.report, Text).label("report")).where(j.c.pk == pk)
    row = connection.execute(wanted).first()
    return None if row is None else JobRow(**row._asdict() | {"report": _object(row.report)})


def due(connection: Connection, now: str) -> int | None:
    """Return the oldest job that is queued or running and may be begun."""
    j = schema.jobs
    is_due = or_(j.c.not_before.is_(None), j.c.not_before <= now)
    wanted = select(j.c.pk).where(j.c.state.in_(("queued", "running")), is_due).order_by(j.c.pk).limit(1)
    pk: int | None = connection.scalar(wanted)
    return pk


def waiting(connection: Connection) -> int:
    """Return how many jobs are not done, the one at hand included."""
    is_open = schema.jobs.c.state.in_(("queued", "running"))
    return connection.execute(select(func.count()).select_from(schema.jobs).where(is_open)).scalar_one()


def request(connection: Connection, pk: int) -> dict[str, Any] | None:
    """Return what a job is asked to do; None where its row holds nothing of that kind."""
    j = schema.jobs
    return _object(connection.scalar(select(cast(j.c.request, Text)).where(j.c.pk == pk)))


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def uploads(connection: Connection, pk: int) -> list[tuple[str, bytes]]:
    """Return the files of a job, as (name, data)."""
    u = schema.uploads
    rows = connection.execute(select(u.c.name, u.c.data).where(u.c.job == pk).order_by(u.c.ordinal))
    return [(row.name, row.data) for row in rows]


def start(connection: Connection, pk: int, holder: str, now: str) -> int:
    """`holder` carries the job out from now on, and whoever did before no longer does; returns the attempts."""
    j = schema.jobs
    values = {"state": "running", "holder": holder, "started_at": now, "stage": "", "done": 0, "total": 0}
    connection.execute(update(j).where(j.c.pk == pk).values(attempts=j.c.attempts + 1, **values))
    return int(connection.scalar(select(j.c.attempts).where(j.c.pk == pk)) or 0)


def progress(connection: Connection, pk: int, holder: str, stage: str, done: int, total: int) -> None:
    """Keep how far a job is, where it is still the holder's."""
    _change(connection, pk, holder, {"stage": stage, "done": done, "total": total})


def give_back(connection: Connection, pk: int, holder: str) -> None:
    """Let a job wait again as if it had not been begun, where it is still the holder's."""
    attempts = schema.jobs.c.attempts - 1
    _change(connection, pk, holder, {"state": "queued", "holder": None, "attempts": attempts})


def put_off(connection: Connection, pk: int, holder: str, *, error: str, not_before: str) -> None:
    """Let a job be tried again from a moment on (UTC, ISO 8601), where it is still the holder's."""
    values = {"state": "queued", "holder": None, "error": error, "not_before": not_before}
    _change(connection, pk, holder, values)


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
    state = "done" if error is None else "failed"
    values = {"state": state, "report": report, "error": error, "finished_at": now}
    if not _change(connection, pk, holder, values):
        return False
    connection.execute(delete(schema.uploads).where(schema.uploads.c.job == pk))
    return True


def _change(connection: Connection, pk: int, holder: str, values: Mapping[str, Any]) -> bool:
    j = schema.jobs
    is_run_by_it = (j.c.pk == pk) & (j.c.holder == holder) & (j.c.state == "running")
    return connection.execute(update(j).where(is_run_by_it).values(values)).rowcount == 1


def forget_ended(connection: Connection, before: str) -> None:
    """Forget the jobs that ended before a moment (UTC, ISO 8601), unless how one ended is still to be told or noted."""
    j, waiting, links = schema.jobs, front_end_schema.watches, watched_links
    noted = select(links.c.job).where(links.c.state == "taken", links.c.job.is_not(None))
    is_old = j.c.state.in_(("done", "failed")) & (j.c.finished_at < before)
    connection.execute(delete(j).where(is_old, j.c.pk.not_in(select(waiting.c.job)), j.c.pk.not_in(noted)))


def forget_all(connection: Connection, scope: str) -> None:
    """Forget the ingests of `scope`, those that wait included, with the files that were given to them."""
    j, u = schema.jobs, schema.uploads
    connection.execute(delete(u).where(u.c.job.in_(select(j.c.pk).where(j.c.scope == scope))))
    connection.execute(delete(j).where(j.c.scope == scope))

"""What a scope holds: how much, which readouts there are or were, which ingests were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, cast, delete, func, select

from retrieval.ledger import schema
from retrieval.ledger.history import KnownReadout


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a scope holds.

    Attributes:
        readouts: Live ones.
        paragraphs: Of the live readouts.
        bytes: Text that is kept, in UTF-8, earlier revisions included.
        ingests: Those asked for since a moment.
        open_jobs: Numbers of the ingests that are queued or running.
    """

    readouts: int = 0
    paragraphs: int = 0
    bytes: int = 0
    ingests: int = 0
    open_jobs: tuple[int, ...] = ()


def usage(connection: Connection, scope: str, since: str) -> Usage:
    """Return how much `scope` holds, and which ingests were asked for there since a moment (UTC, ISO 8601)."""
    r, v, p, j = schema.readouts, schema.revisions, schema.paragraphs, schema.jobs
    live = select(func.count()).select_from(r).where(r.c.scope == scope, r.c.live_revision.is_not(None))
    paragraphs = (
        select(func.count())
        .select_from(p)
        .join(r, r.c.live_revision == p.c.revision)
        .where(r.c.scope == scope)
    )
    on_sqlite = connection.dialect.name == "sqlite"  # which counts bytes by this name from 3.43 on
    size = func.length(cast(p.c.text, LargeBinary)) if on_sqlite else func.octet_length(p.c.text)
    kept = (
        select(func.coalesce(func.sum(size), 0))
        .select_from(p)
        .join(v, v.c.pk == p.c.revision)
        .join(r, r.c.pk == v.c.readout)
        .where(r.c.scope == scope)
    )
    asked_for = select(func.count()).select_from(j).where(j.c.scope == scope, j.c.created_at >= since)
    is_open = (j.c.scope == scope) & j.c.state.in_(("queued", "running"))
    open_jobs = connection.scalars(select(j.c.pk).where(is_open).order_by(j.c.pk))
    counts = [int(connection.scalar(each) or 0) for each in (live, paragraphs, kept, asked_for)]
    return Usage(counts[0], counts[1], counts[2], counts[3], tuple(open_jobs))


def known(connection: Connection, scope: str | None = None) -> list[KnownReadout]:
    """Return every readout that is or was in `scope`, or in any, by id."""
    r = schema.readouts
    wanted = select(r.c.pk, r.c.id, r.c.scope, r.c.source, r.c.live_revision.label("live_pk"), r.c.pinned)
    if scope is not None:
        wanted = wanted.where(r.c.scope == scope)
    rows = connection.execute(wanted.order_by(r.c.id))
    return [KnownReadout(**row._asdict()) for row in rows]


def forget_jobs(connection: Connection, scope: str) -> None:
    """Forget the ingests of `scope`, those that wait included, with the files that were given to them."""
    j, u = schema.jobs, schema.uploads
    connection.execute(delete(u).where(u.c.job.in_(select(j.c.pk).where(j.c.scope == scope))))
    connection.execute(delete(j).where(j.c.scope == scope))

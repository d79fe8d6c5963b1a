"""What a scope holds: how much, which readouts there are or were, which ingests were asked for."""

from __future__ import annotations

from collections.abc import Sequence
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
    """

    readouts: int = 0
    paragraphs: int = 0
    bytes: int = 0


def usage(connection: Connection, scope: str) -> Usage:
    """Return how much `scope` holds."""
    r, v, p = schema.readouts, schema.revisions, schema.paragraphs
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
    return Usage(*(int(connection.scalar(each) or 0) for each in (live, paragraphs, kept)))


def known(connection: Connection, scope: str) -> list[KnownReadout]:
    """Return every readout that is or was in `scope`, by id."""
    r = schema.readouts
    rows = connection.execute(
        select(r.c.pk, r.c.id, r.c.scope, r.c.source, r.c.live_revision.label("live_pk"), r.c.pinned)
        .where(r.c.scope == scope)
        .order_by(r.c.id)
    )
    return [KnownReadout(**row._asdict()) for row in rows]


def scopes_with_readouts(connection: Connection) -> list[str]:
    """Return every scope that holds a readout, live or not."""
    r = schema.readouts
    return list(connection.scalars(select(r.c.scope).distinct().order_by(r.c.scope)))


def jobs_since(connection: Connection, scope: str, since: str) -> int:
    """Return how many ingests were asked for in `scope` since a moment (UTC, ISO 8601)."""
    j = schema.jobs
    wanted = select(func.count()).select_from(j).where(j.c.scope == scope, j.c.created_at >= since)
    return int(connection.scalar(wanted) or 0)


def open_jobs(connection: Connection, scope: str) -> Sequence[int]:
    """Return the numbers of the ingests of `scope` that are queued or running."""
    j = schema.jobs
    wanted = select(j.c.pk).where(j.c.scope == scope, j.c.state.in_(("queued", "running"))).order_by(j.c.pk)
    return list(connection.scalars(wanted))


def forget_jobs(connection: Connection, scope: str) -> None:
    """Forget the ingests of `scope`, those that wait included, with the files that were given to them."""
    j, u = schema.jobs, schema.uploads
    connection.execute(delete(u).where(u.c.job.in_(select(j.c.pk).where(j.c.scope == scope))))
    connection.execute(delete(j).where(j.c.scope == scope))

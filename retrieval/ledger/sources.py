"""What each source held when it was last read, to know at once that it still does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from retrieval.ledger import schema, seals
from retrieval.ledger.engine import upsert


@dataclass(frozen=True, slots=True)
class SeenSource:
    """One source as it was last read.

    Attributes:
        source: File or address, as the ledger calls it.
        content_hash: Of its bytes, and the versions of what reads them.
        revisions: Readout id -> the revision it brought.
        etag: As the server wrote it; for addresses.
        last_modified: As the server wrote it; for addresses.
    """

    source: str
    content_hash: str
    revisions: Mapping[str, str]
    etag: str | None = None
    last_modified: str | None = None


def seen_source(connection: Connection, scope: str, source: str) -> SeenSource | None:
    """Return what `source` held when it was last read, where all of that is live now, as it was read."""
    s, r, v = schema.sources, schema.readouts, schema.revisions
    row = connection.execute(select(s).where(s.c.scope == scope, s.c.source == source)).first()
    if row is None:
        return None
    live = connection.execute(
        select(r.c.id, v.c.id.label("revision"), v.c.pk)
        .join(v, v.c.pk == r.c.live_revision)
        .where(r.c.scope == scope, r.c.id.in_(row.revisions), r.c.source == source, ~r.c.pinned)
    ).all()
    if {each.id: each.revision for each in live} != row.revisions:
        return None
    if any(seals.damage(connection, each.pk) for each in live):
        return None
    return SeenSource(source, row.content_hash, row.revisions, row.etag, row.last_modified)


def remember(connection: Connection, scope: str, seen: SeenSource, now: str) -> None:
    """Keep what a source holds."""
    values = {
        "content_hash": seen.content_hash,
        "revisions": dict(seen.revisions),
        "etag": seen.etag,
        "last_modified": seen.last_modified,
        "at": now,
    }
    connection.execute(
        upsert(connection, schema.sources)
        .values(scope=scope, source=seen.source, **values)
        .on_conflict_do_update(index_elements=["scope", "source"], set_=values)
    )


def forget(connection: Connection, scope: str, source: str) -> None:
    """The source is no longer anybody's."""
    s = schema.sources
    connection.execute(delete(s).where(s.c.scope == scope, s.c.source == source))

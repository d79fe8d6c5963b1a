"""Writing revisions: the one place that changes what is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from retrieval.ledger import schema
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import Readout


def add_revision(
    connection: Connection,
    readout: Readout,
    *,
    scope: str,
    source: str,
    revision: str,
    chunks: Sequence[Sequence[tuple[int, int, int]]],
    now: str,
) -> list[int]:
    """Write a revision and make it live.

    Args:
        revision: Id of the revision.
        chunks: For each paragraph its chunks as (start, end, embedding primary key).
        now: UTC, ISO 8601.

    Returns:
        The paragraphs' primary keys, in reading order.
    """
    readout_pk = _readout_pk(connection, scope, readout.id, source)
    known = connection.scalar(
        select(schema.revisions.c.pk).where(
            schema.revisions.c.readout == readout_pk, schema.revisions.c.id == revision
        )
    )
    revision_pk = known or _insert_revision(connection, readout_pk, readout, revision, chunks, now)
    connection.execute(
        update(schema.readouts)
        .where(schema.readouts.c.pk == readout_pk)
        .values(live_revision=revision_pk, source=source)
    )
    return revision_paragraphs(connection, revision_pk)


def _readout_pk(connection: Connection, scope: str, document: str, source: str) -> int:
    r = schema.readouts
    pk = connection.scalar(select(r.c.pk).where(r.c.scope == scope, r.c.id == document))
    if pk is None:
        pk = _inserted(connection, insert(r).values(scope=scope, id=document, source=source))
    return int(pk)


def _insert_revision(
    connection: Connection,
    readout_pk: int,
    readout: Readout,
    revision: str,
    chunks: Sequence[Sequence[tuple[int, int, int]]],
    now: str,
) -> int:
    revision_pk = _inserted(
        connection,
        insert(schema.revisions).values(
            readout=readout_pk,
            id=revision,
            title=readout.title,
            date=readout.date,
            issuer=readout.issuer,
            source_url=readout.source_url,
            language=readout.language,
            numbering=readout.numbering,
            warnings=list(readout.warnings),
            created_at=now,
        ),
    )
    connection.execute(
        insert(schema.paragraphs),
        [
            {
                "revision": revision_pk,
                "ordinal": ordinal,
                "number": paragraph.number,
                "numbering": paragraph.numbering.value,
                "heading": paragraph.heading,
                "text": paragraph.text,
            }
            for ordinal, paragraph in enumerate(readout.paragraphs)
        ],
    )
    pks = revision_paragraphs(connection, revision_pk)
    connection.execute(
        insert(schema.chunks),
        [
            {"paragraph": pk, "start": start, "end": end, "embedding": embedding}
            for pk, spans in zip(pks, chunks, strict=True)
            for start, end, embedding in spans
        ],
    )
    return revision_pk


def revision_paragraphs(connection: Connection, revision_pk: int) -> list[int]:
    """Return the primary keys of a revision's paragraphs, in reading order."""
    p = schema.paragraphs
    return list(connection.scalars(select(p.c.pk).where(p.c.revision == revision_pk).order_by(p.c.ordinal)))


def withdraw(connection: Connection, document: ReadoutSummary) -> None:
    """Take a readout out of every answer; its revisions stay."""
    connection.execute(
        update(schema.readouts).where(schema.readouts.c.pk == document.pk).values(live_revision=None)
    )


def record(
    connection: Connection,
    *,
    now: str,
    actor: str,
    action: str,
    scope: str,
    readout: str,
    revision: str | None,
    summary: Mapping[str, Any],
) -> None:
    """Write one line of the audit trail."""
    connection.execute(
        insert(schema.audit).values(
            at=now,
            actor=actor,
            action=action,
            scope=scope,
            readout=readout,
            revision=revision,
            summary=dict(summary),
        )
    )


def _inserted(connection: Connection, statement: Any) -> int:
    key = connection.execute(statement).inserted_primary_key
    if key is None:
        raise TypeError("only an INSERT has a key")
    return int(key[0])

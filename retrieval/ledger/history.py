"""What a scope holds and held: its readouts, live or not, their revisions, who changed what; and erasing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, cast, delete, func, insert, select, update

from retrieval.errors import NotFoundError
from retrieval.ledger import schema
from retrieval.ledger.engine import batches, is_postgres
from retrieval.ledger.vectors import text_digest
from retrieval.sources.identity import make_id


@dataclass(frozen=True, slots=True)
class KnownReadout:
    """A readout that is or was there.

    Attributes:
        live_pk: Primary key of its live revision, or None: it was removed.
    """

    pk: int
    id: str
    scope: str
    source: str
    live_pk: int | None
    pinned: bool


@dataclass(frozen=True, slots=True)
class KnownRevision:
    """One revision, live or not.

    Attributes:
        superseded_at: UTC, ISO 8601; None while it is live.
        erased: Its text is gone, it can only be named.
    """

    pk: int
    id: str
    title: str
    date: str | None
    created_at: str
    superseded_at: str | None
    erased: bool
    paragraphs: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit trail."""

    at: str
    actor: str
    action: str
    scope: str
    readout: str
    revision: str | None
    summary: dict[str, Any]


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
    size = (
        func.octet_length(p.c.text) if is_postgres(connection) else func.length(cast(p.c.text, LargeBinary))
    )
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
    return _known(connection, *(() if scope is None else (schema.readouts.c.scope == scope,)))


def readout(connection: Connection, scopes: Sequence[str], document: str) -> KnownReadout:
    """Return a readout that is or was there; of two scopes that hold the id, the later in `scopes`.

    Raises:
        NotFoundError: None of `scopes` ever held it.
    """
    r = schema.readouts
    found = _known(connection, r.c.id == make_id(document), r.c.scope.in_(scopes))
    if not found:
        raise NotFoundError(
            f'There is and was no readout "{document}".', '"rapporteur documents" lists the ids.'
        )
    return max(found, key=lambda known: list(scopes).index(known.scope))


def _known(connection: Connection, *where: ColumnElement[bool]) -> list[KnownReadout]:
    r = schema.readouts
    columns = (r.c.pk, r.c.id, r.c.scope, r.c.source, r.c.live_revision.label("live_pk"), r.c.pinned)
    rows = connection.execute(select(*columns).where(*where).order_by(r.c.id))
    return [KnownReadout(**row._asdict()) for row in rows]


def revisions_of(connection: Connection, readout_pk: int) -> list[KnownRevision]:
    """Return the revisions of a readout, the newest first."""
    v, p = schema.revisions, schema.paragraphs
    count = select(func.count()).where(p.c.revision == v.c.pk).correlate(v).scalar_subquery()
    columns = (v.c.pk, v.c.id, v.c.title, v.c.date, v.c.created_at, v.c.superseded_at, v.c.erased)
    rows = connection.execute(
        select(*columns, count.label("paragraphs")).where(v.c.readout == readout_pk).order_by(v.c.pk.desc())
    )
    return [KnownRevision(**row._asdict()) for row in rows]


def audit(connection: Connection, scope: str, document: str | None = None) -> list[AuditEntry]:
    """Return the latest 100 lines of the audit trail of one readout or of a whole scope, the newest first."""
    a = schema.audit
    columns = [a.c[name] for name in AuditEntry.__slots__]
    wanted = select(*columns).where(a.c.scope == scope).order_by(a.c.pk.desc()).limit(100)
    if document is not None:
        wanted = wanted.where(a.c.readout == document)
    return [AuditEntry(**row._asdict()) for row in connection.execute(wanted)]


def record(connection: Connection, entry: AuditEntry) -> None:
    """Write one line of the audit trail."""
    connection.execute(insert(schema.audit).values(**asdict(entry)))


def outlived(connection: Connection, before: str) -> list[int]:
    """Return the revisions superseded before a moment (UTC, ISO 8601) whose text is still there."""
    v = schema.revisions
    old = (v.c.superseded_at < before) & ~v.c.erased
    return list(connection.scalars(select(v.c.pk).where(old).order_by(v.c.pk)))


def erase_text(connection: Connection, revision_pks: Iterable[int]) -> None:
    """Take the text and the initiatives of revisions away; that they were there stays known."""
    from retrieval.language.sentences import sentence_spans

    p, v, s = schema.paragraphs, schema.revisions, schema.sentence_vectors
    for pk in revision_pks:
        texts = list(connection.scalars(select(p.c.text).where(p.c.revision == pk)))
        sentences = {text_digest(t[start:end]) for t in texts for start, end in sentence_spans(t)}
        for some in batches(sentences):
            connection.execute(delete(s).where(s.c.digest.in_(some)))
        embeddings = _embeddings_of(connection, pk)
        connection.execute(delete(p).where(p.c.revision == pk))
        connection.execute(delete(schema.initiatives).where(schema.initiatives.c.revision == pk))
        connection.execute(update(v).where(v.c.pk == pk).values(erased=True, left_out=[]))
        _drop_unheld(connection, embeddings)


def _embeddings_of(connection: Connection, revision_pk: int) -> list[int]:
    p, c = schema.paragraphs, schema.chunks
    of_revision = select(c.c.embedding).join(p, p.c.pk == c.c.paragraph).where(p.c.revision == revision_pk)
    return list(connection.scalars(of_revision.distinct()))


def _drop_unheld(connection: Connection, embeddings: Sequence[int]) -> None:
    """Vectors speak of the text they were made from: they go with the last paragraph that holds it."""
    c = schema.chunks
    for some in batches(embeddings):
        held = set(connection.scalars(select(c.c.embedding).where(c.c.embedding.in_(some))))
        gone = [pk for pk in some if pk not in held]
        connection.execute(delete(schema.indexed).where(schema.indexed.c.embedding.in_(gone)))
        connection.execute(delete(schema.embeddings).where(schema.embeddings.c.pk.in_(gone)))


def erase_readout(connection: Connection, known: KnownReadout) -> None:
    """Take a readout away with every revision of it; only the audit trail still names it."""
    r, v = schema.readouts, schema.revisions
    pks = list(connection.scalars(select(v.c.pk).where(v.c.readout == known.pk)))
    erase_text(connection, pks)
    connection.execute(update(r).where(r.c.pk == known.pk).values(live_revision=None))
    connection.execute(delete(v).where(v.c.readout == known.pk))
    connection.execute(delete(r).where(r.c.pk == known.pk))

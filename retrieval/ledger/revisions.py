"""Writing revisions, the one place that changes what is live: what they came from, what is said in them, indexing them anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, String, cast, delete, insert, literal, select, update

from retrieval.ledger import INDEX_IDENTITY, REINDEXING, Ledger, schema, seals
from retrieval.ledger.engine import inserted, put, rows_of
from retrieval.models import Initiative, LiveParagraph, Numbering, Paragraph, Readout


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
    v = schema.revisions
    known = connection.execute(
        select(v.c.pk, v.c.erased).where(v.c.readout == readout_pk, v.c.id == revision)
    ).first()
    if known is not None and (known.erased or seals.damage(connection, known.pk)):
        # its text comes back; what it was is still the same
        r = schema.readouts
        connection.execute(update(r).where(r.c.live_revision == known.pk).values(live_revision=None))
        connection.execute(delete(v).where(v.c.pk == known.pk))
        known = None
    revision_pk = (
        known.pk if known else _insert_revision(connection, readout_pk, readout, revision, chunks, now)
    )
    make_live(connection, readout_pk, revision_pk, now)
    connection.execute(
        update(schema.readouts).where(schema.readouts.c.pk == readout_pk).values(source=source)
    )
    return revision_paragraphs(connection, revision_pk)


def make_live(
    connection: Connection, readout_pk: int, revision_pk: int | None, now: str, *, pinned: bool = False
) -> None:
    """Let a revision be the live one, or, for None, none; the one that was is superseded from `now` on."""
    r, v = schema.readouts, schema.revisions
    was = select(r.c.live_revision).where(r.c.pk == readout_pk).scalar_subquery()
    connection.execute(update(v).where(v.c.pk == was).values(superseded_at=now))
    connection.execute(update(v).where(v.c.pk == revision_pk).values(superseded_at=None))
    connection.execute(update(r).where(r.c.pk == readout_pk).values(live_revision=revision_pk, pinned=pinned))


def unpin(connection: Connection, readout_pk: int) -> None:
    """Let the next ingest replace what is live."""
    r = schema.readouts
    connection.execute(update(r).where(r.c.pk == readout_pk).values(pinned=False))


def _readout_pk(connection: Connection, scope: str, document: str, source: str) -> int:
    r = schema.readouts
    pk = connection.scalar(select(r.c.pk).where(r.c.scope == scope, r.c.id == document))
    if pk is None:
        pk = inserted(connection, insert(r).values(scope=scope, id=document, source=source))
    return int(pk)


def _insert_revision(
    connection: Connection,
    readout_pk: int,
    readout: Readout,
    revision: str,
    chunks: Sequence[Sequence[tuple[int, int, int]]],
    now: str,
) -> int:
    cited = (readout.title, readout.date, readout.issuer, readout.source_url)
    own_seals = [
        seals.paragraph_seal(
            LiveParagraph(
                readout.id, revision, ordinal, p.number, p.numbering, p.text, cited[0], p.heading, *cited[1:], p.part
            )
        )
        for ordinal, p in enumerate(readout.paragraphs)
    ]  # fmt: skip
    revision_pk = inserted(
        connection,
        insert(schema.revisions).values(
            readout=readout_pk,
            id=revision,
            title=readout.title,
            date=readout.date,
            issuer=readout.issuer,
            source_url=readout.source_url,
            series=readout.series,
            language=readout.language,
            numbering=readout.numbering,
            warnings=list(readout.warnings),
            left_out=[[left.reason, left.text, left.place] for left in readout.left_out],
            created_at=now,
            seal=seals.revision_seal(own_seals),
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
                "part": paragraph.part,
                "text": paragraph.text,
                "seal": own_seals[ordinal],
            }
            for ordinal, paragraph in enumerate(readout.paragraphs)
        ],
    )
    add_chunks(connection, revision_paragraphs(connection, revision_pk), chunks)
    return revision_pk


def add_chunks(
    connection: Connection, paragraph_pks: Sequence[int], chunks: Sequence[Sequence[tuple[int, int, int]]]
) -> None:
    """Write the chunks of paragraphs: (start, end, embedding primary key) for each of them."""
    connection.execute(
        insert(schema.chunks),
        [
            {"paragraph": pk, "start": start, "end": end, "embedding": embedding}
            for pk, spans in zip(paragraph_pks, chunks, strict=True)
            for start, end, embedding in spans
        ],
    )


def keep_initiatives(connection: Connection, revision_pk: int, initiatives: Sequence[Initiative]) -> None:
    """Write the list of a revision that is about to become live."""
    i = schema.initiatives
    connection.execute(delete(i).where(i.c.revision == revision_pk))
    rows = [
        {
            "revision": revision_pk,
            "ordinal": ordinal,
            "name": entry.name,
            "kind": entry.kind,
            "actor": entry.actor,
            "when": entry.when,
            "citations": [
                [c.paragraph, c.evidence.start, c.evidence.end, c.evidence.quote] for c in entry.citations
            ],
        }
        for ordinal, entry in enumerate(initiatives)
    ]
    if rows:
        connection.execute(insert(i), [row | {"seal": seals.initiative_seal(row)} for row in rows])


def revision_paragraphs(connection: Connection, revision_pk: int) -> list[int]:
    """Return the primary keys of a revision's paragraphs, in reading order."""
    p = schema.paragraphs
    return list(connection.scalars(select(p.c.pk).where(p.c.revision == revision_pk).order_by(p.c.ordinal)))


def those_of(connection: Connection, pks: Sequence[int], revision_pks: Collection[int]) -> list[int]:
    """Return those paragraphs of `pks` that belong to one of the revisions, in their order."""
    p, wanted = schema.paragraphs, set(revision_pks)
    of = {row.pk: row.revision for row in rows_of(connection, select(p.c.pk, p.c.revision), p.c.pk, pks)}
    return [pk for pk in pks if of.get(pk) in wanted]


# --- what sources held, to know at once that they still do ---


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


def remember_source(connection: Connection, scope: str, seen: SeenSource, now: str) -> None:
    """Keep what a source holds."""
    values = {
        "content_hash": seen.content_hash,
        "revisions": dict(seen.revisions),
        "etag": seen.etag,
        "last_modified": seen.last_modified,
        "at": now,
    }
    put(connection, schema.sources, {"scope": scope, "source": seen.source}, values)


def forget_source(connection: Connection, scope: str, source: str) -> None:
    """The source is no longer anybody's."""
    s = schema.sources
    connection.execute(delete(s).where(s.c.scope == scope, s.c.source == source))


# --- indexing anew ---


def begin(connection: Connection, ledger: Ledger, identity: str) -> None:
    """Put the vectors of another encoder out of reach of a look-up by text; one cut short goes on where it was."""
    begun = ledger.meta(connection, REINDEXING)
    if begun == identity:
        return
    if begun or ledger.meta(connection, INDEX_IDENTITY) != identity:
        e = schema.embeddings
        out_of_reach = cast(literal("of another encoder ") + cast(e.c.pk, String), LargeBinary)
        connection.execute(update(e).values(digest=out_of_reach))
    ledger.set_meta(connection, REINDEXING, identity)


def kept_revisions(connection: Connection) -> list[int]:
    """Return every revision whose text is kept."""
    v = schema.revisions
    return list(connection.scalars(select(v.c.pk).where(~v.c.erased).order_by(v.c.pk)))


def readout_of(connection: Connection, revision_pk: int) -> Readout:
    """Return a revision as it was parsed, as far as indexing needs it."""
    v, r, p = schema.revisions, schema.readouts, schema.paragraphs
    found = connection.execute(
        select(r.c.id, v.c.title, v.c.date, v.c.language)
        .join(r, r.c.pk == v.c.readout)
        .where(v.c.pk == revision_pk)
    ).one()
    rows = connection.execute(
        select(p.c.number, p.c.text, p.c.numbering, p.c.heading)
        .where(p.c.revision == revision_pk)
        .order_by(p.c.ordinal)
    )
    paragraphs = tuple(Paragraph(row.number, row.text, Numbering(row.numbering), row.heading) for row in rows)
    return Readout(found.id, found.title, paragraphs, date=found.date, language=found.language)


def replace_chunks(
    connection: Connection, revision_pk: int, chunks: Sequence[Sequence[tuple[int, int, int]]]
) -> None:
    """Let the paragraphs of a revision have these chunks: (start, end, embedding) for each."""
    c, pks = schema.chunks, revision_paragraphs(connection, revision_pk)
    p = schema.paragraphs
    of_revision = select(p.c.pk).where(p.c.revision == revision_pk)
    connection.execute(delete(c).where(c.c.paragraph.in_(of_revision)))
    add_chunks(connection, pks, chunks)


def forget_old_vectors(connection: Connection) -> None:
    """Drop what no chunk refers to any more, and all that was said about the vector index."""
    e, c, s = schema.embeddings, schema.chunks, schema.scopes
    connection.execute(delete(schema.indexed))
    connection.execute(delete(schema.sentence_vectors))
    connection.execute(delete(e).where(e.c.pk.not_in(select(c.c.embedding))))
    connection.execute(update(s).values(generation=s.c.generation + 1, records=0, superseded=0))


def live_scopes(connection: Connection) -> list[str]:
    """Return the scopes that hold a live readout."""
    r = schema.readouts
    return list(connection.scalars(select(r.c.scope).where(r.c.live_revision.is_not(None)).distinct()))


def scopes_with_words(connection: Connection) -> list[str]:
    """Return the scopes that have a full-text index."""
    return list(connection.scalars(select(schema.lexical_statistics.c.scope)))

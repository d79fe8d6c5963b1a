"""What reindexing reads and replaces."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, LargeBinary, String, cast, delete, literal, select, update

from retrieval.ledger import revisions, schema
from retrieval.ledger.ledger import INDEX_IDENTITY, REINDEXING, Ledger
from retrieval.models import Numbering, Paragraph, Readout


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
    c, pks = schema.chunks, revisions.revision_paragraphs(connection, revision_pk)
    p = schema.paragraphs
    of_revision = select(p.c.pk).where(p.c.revision == revision_pk)
    connection.execute(delete(c).where(c.c.paragraph.in_(of_revision)))
    revisions.add_chunks(connection, pks, chunks)


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

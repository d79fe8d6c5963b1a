"""The seals of what is shown, so that what is altered in the file is noticed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Connection, LargeBinary, select, update

from retrieval.ledger import schema, seals
from retrieval.ledger.vectors import text_digest

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add them for what stands there; what was altered before, as the digests of its chunks tell, gets none."""
    for table in ("revisions", "paragraphs", "initiatives"):
        op.add_column(table, Column("seal", LargeBinary(32)))
    connection = op.get_bind()
    v, p, i = schema.revisions, schema.paragraphs, schema.initiatives
    for revision_pk in connection.scalars(select(v.c.pk).where(~v.c.erased)).all():
        altered = _altered(connection, revision_pk)
        rows = connection.execute(seals.PARAGRAPHS.where(p.c.revision == revision_pk).order_by(p.c.ordinal))
        own = {row.pk: seals.paragraph_seal(row) for row in rows.all()}
        for pk in own.keys() - altered:
            connection.execute(update(p).where(p.c.pk == pk).values(seal=own[pk]))
        whole = seals.revision_seal(list(own.values()))
        connection.execute(update(v).where(v.c.pk == revision_pk).values(seal=whole))
        for entry in connection.execute(select(i).where(i.c.revision == revision_pk)).mappings().all():
            its_own = (i.c.revision == revision_pk) & (i.c.ordinal == entry["ordinal"])
            connection.execute(update(i).where(its_own).values(seal=seals.initiative_seal(entry)))


def _altered(connection: Connection, revision_pk: int) -> set[int]:
    """Return the paragraphs that are not what was embedded; none where nothing is: a long title was cut for that."""
    v, p, c, e = schema.revisions, schema.paragraphs, schema.chunks, schema.embeddings
    rows = connection.execute(
        select(p.c.pk, v.c.title, p.c.text, c.c.start, c.c.end, e.c.digest)
        .join(v, v.c.pk == p.c.revision)
        .join(c, c.c.paragraph == p.c.pk)
        .join(e, e.c.pk == c.c.embedding)
        .where(v.c.pk == revision_pk)
    ).all()
    same = {
        (row.pk, row.start): row.digest == text_digest(f"{row.title}\n\n{row.text[row.start : row.end]}")
        for row in rows
    }
    return {pk for (pk, _), is_same in same.items() if not is_same} if any(same.values()) else set()

"""The seals of what is shown, so that what is altered in the file is noticed.

Tables and hashes stand here as they were: what is sealed later is for a later step.
"""

from __future__ import annotations

import hashlib
import json

from alembic import op
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    select,
    update,
)

revision = "0009"
down_revision = "0008"

_metadata = MetaData()


_r = Table("readouts", _metadata, Column("pk", Integer), Column("id", String))
_v = Table(
    "revisions",
    _metadata,
    *(Column(name, Integer) for name in ("pk", "readout")),
    *(Column(name, Text) for name in ("id", "title", "date", "issuer", "source_url")),
    Column("erased", Boolean),
    Column("seal", LargeBinary),
)
_p = Table(
    "paragraphs",
    _metadata,
    *(Column(name, Integer) for name in ("pk", "revision", "ordinal")),
    *(Column(name, Text) for name in ("number", "numbering", "heading", "part", "text")),
    Column("seal", LargeBinary),
)
_i = Table(
    "initiatives",
    _metadata,
    *(Column(name, Integer) for name in ("revision", "ordinal")),
    *(Column(name, Text) for name in ("name", "kind", "actor", "when")),
    Column("citations", JSON),
    Column("seal", LargeBinary),
)
_c = Table(
    "chunks", _metadata, *(Column(name, Integer) for name in ("paragraph", "start", "end", "embedding"))
)
_e = Table("embeddings", _metadata, Column("pk", Integer), Column("digest", LargeBinary))


def upgrade() -> None:
    """Add them for what stands there; what was altered before, as the digests of its chunks tell, gets none."""
    for table in ("revisions", "paragraphs", "initiatives"):
        op.add_column(table, Column("seal", LargeBinary(32)))
    connection = op.get_bind()
    for revision_pk in connection.scalars(select(_v.c.pk).where(~_v.c.erased)).all():
        altered = _altered(connection, revision_pk)
        own = _paragraph_seals(connection, revision_pk)
        for pk in own.keys() - altered:
            connection.execute(update(_p).where(_p.c.pk == pk).values(seal=own[pk]))
        whole = _seal(*(each.hex() for each in own.values()))
        connection.execute(update(_v).where(_v.c.pk == revision_pk).values(seal=whole))
        shown = (_i.c.ordinal, _i.c.name, _i.c.kind, _i.c.actor, _i.c.when, _i.c.citations)
        for entry in connection.execute(select(*shown).where(_i.c.revision == revision_pk)).all():
            its_own = (_i.c.revision == revision_pk) & (_i.c.ordinal == entry.ordinal)
            connection.execute(update(_i).where(its_own).values(seal=_seal(revision_pk, *entry)))


def _seal(*content: object) -> bytes:
    return _sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _paragraph_seals(connection: Connection, revision_pk: int) -> dict[int, bytes]:
    """Return the seal of each paragraph by its key, in order: of its words, its number, and what they are cited with."""
    rows = connection.execute(
        select(
            *(_p.c.pk, _r.c.id, _v.c.id, _v.c.title, _v.c.date, _v.c.issuer, _v.c.source_url),
            *(_p.c.ordinal, _p.c.number, _p.c.numbering, _p.c.heading, _p.c.part, _p.c.text),
        )
        .join(_v, _v.c.pk == _p.c.revision)
        .join(_r, _r.c.pk == _v.c.readout)
        .where(_v.c.pk == revision_pk)
        .order_by(_p.c.ordinal)
    )
    return {pk: _seal(*shown) for pk, *shown in rows.all()}


def _altered(connection: Connection, revision_pk: int) -> set[int]:
    """Return the paragraphs that are not what was embedded; none where nothing is: a long title was cut for that."""
    rows = connection.execute(
        select(_p.c.pk, _v.c.title, _p.c.text, _c.c.start, _c.c.end, _e.c.digest)
        .join(_v, _v.c.pk == _p.c.revision)
        .join(_c, _c.c.paragraph == _p.c.pk)
        .join(_e, _e.c.pk == _c.c.embedding)
        .where(_v.c.pk == revision_pk)
    ).all()
    same = {
        (row.pk, row.start): row.digest == _sha256(f"{row.title}\n\n{row.text[row.start : row.end]}")
        for row in rows
    }
    return {pk for (pk, _), is_same in same.items() if not is_same} if any(same.values()) else set()

"""Seals: how a paragraph leaves the ledger, and only as it was ingested.

Beside each paragraph stands the SHA-256 of all that it is shown with, written when it was ingested. Whoever reads one
gets it from `sound`, which compares the two, and so never one that was altered since, by a disk or by hand. A readout of
which something was found altered is left out whole by this process from then on; it is told once, with what to do.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Row, RowMapping, Select, event, select

from retrieval.ledger import schema
from retrieval.models import LiveParagraph, Numbering

log = logging.getLogger(__name__)

_KNOWN = "damaged"


@dataclass(frozen=True, slots=True)
class Damage:
    """A revision whose words in the ledger are other than those that were ingested.

    Attributes:
        what: What of it, in words: "¶7", "its list of initiatives".
        source: What it was read from.
    """

    scope: str
    document: str
    revision: str
    what: str
    source: str

    def __str__(self) -> str:
        return (
            f'"{self.document}" is left out: {self.what} in the ledger is not what was ingested. Ingest its source '
            f"again to mend it: {self.source}"
        )


def share_damage(engine: Engine) -> dict[int, Damage]:
    """Let all connections of `engine` know what one of them found: revision's key -> what is wrong with it."""
    known: dict[int, Damage] = {}
    event.listen(engine, "connect", lambda _connection, record: record.info.__setitem__(_KNOWN, known))
    return known


def known_damage(connection: Connection) -> dict[int, Damage]:
    """Return what this process found altered."""
    found: dict[int, Damage] = connection.info.setdefault(_KNOWN, {})
    return found


def note(connection: Connection, revision_pk: int, damage: Damage) -> None:
    """Leave a revision out from now on, and say so, once."""
    known = known_damage(connection)
    if revision_pk not in known:
        known[revision_pk] = damage
        log.warning("%s", damage)


def seal(*content: object) -> bytes:
    """Return the SHA-256 of values that JSON can say."""
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()


_SEALED = (
    *("document", "revision", "title", "date", "issuer", "source_url"),
    *("ordinal", "number", "numbering", "heading", "part", "text"),
)
_shown = attrgetter(*_SEALED)


def paragraph_seal(paragraph: LiveParagraph | Row[Any]) -> bytes:
    """Return the seal of a paragraph: of its words, its number, and what they are cited with."""
    return seal(*_shown(paragraph))


_listed = itemgetter("revision", "ordinal", "name", "kind", "actor", "when", "citations")


def initiative_seal(entry: Mapping[str, Any] | RowMapping) -> bytes:
    """Return the seal of an entry in a readout's list, a row of `schema.initiatives`."""
    return seal(*_listed(entry))


def revision_seal(paragraph_seals: Sequence[bytes]) -> bytes:
    """Return the seal of a whole revision: of all of its paragraphs, in order."""
    return seal(*(each.hex() for each in paragraph_seals))


def _paragraph_select() -> Select[Any]:
    p, v, r = schema.paragraphs, schema.revisions, schema.readouts
    return (
        select(
            *(p.c.pk, p.c.seal, p.c.ordinal, p.c.number, p.c.numbering, p.c.heading, p.c.part, p.c.text),
            *(p.c.revision.label("revision_pk"), v.c.id.label("revision"), v.c.title, v.c.date, v.c.issuer),
            *(v.c.source_url, r.c.id.label("document"), r.c.scope, r.c.source),
        )
        .join(v, v.c.pk == p.c.revision)
        .join(r, r.c.pk == v.c.readout)
    )


PARAGRAPHS = _paragraph_select()
"""What `sound` reads; to be narrowed down."""


def sound(connection: Connection, rows: Iterable[Row[Any]]) -> dict[int, LiveParagraph]:
    """Return the paragraphs that are as they were ingested, by primary key, in the order of `rows` of `PARAGRAPHS`."""
    read = list(rows)
    for row in read:
        if paragraph_seal(row) != row.seal:
            note(connection, row.revision_pk, _damage(row, f"¶{row.number}"))
    damaged = known_damage(connection)
    return {row.pk: _paragraph(row) for row in read if row.revision_pk not in damaged}


def _paragraph(row: Row[Any]) -> LiveParagraph:
    values = dict(zip(_SEALED, _shown(row), strict=True))
    return LiveParagraph(**values | {"numbering": Numbering(row.numbering), "scope": row.scope})


def _damage(about: Any, what: str) -> Damage:
    return Damage(about.scope, about.document, about.revision, what, about.source)


def damage(connection: Connection, revision_pk: int) -> Damage | None:
    """Look at all of a revision, live or not, whose text is kept; return what is wrong with it, or None."""
    v, p, i, r = schema.revisions, schema.paragraphs, schema.initiatives, schema.readouts
    rows = connection.execute(PARAGRAPHS.where(p.c.revision == revision_pk).order_by(p.c.ordinal)).all()
    altered = [f"¶{row.number}" for row in rows if paragraph_seal(row) != row.seal]
    entries = connection.execute(select(i).where(i.c.revision == revision_pk)).mappings()
    if any(initiative_seal(entry) != entry["seal"] for entry in entries):
        altered.append("its list of initiatives")
    about = connection.execute(
        select(r.c.scope, r.c.id.label("document"), v.c.id.label("revision"), r.c.source, v.c.seal)
        .join(v, v.c.readout == r.c.pk)
        .where(v.c.pk == revision_pk)
    ).one()
    if not altered and about.seal != revision_seal([row.seal for row in rows]):
        altered.append("the number of its paragraphs")
    return _damage(about, ", ".join(altered)) if altered else None

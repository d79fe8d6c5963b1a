"""Whether a new readout is one that is there already, under another name or in another format."""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from retrieval.ledger import schema
from retrieval.models import Readout, is_beside

_WORD = re.compile(r"\w+")
_FEWEST = 4  # words of a title that names one document rather than a kind: "Joint Statement"


def likest(connection: Connection, scope: str, readout: Readout) -> tuple[str, str] | None:
    """Return the id of a live readout that `readout` repeats, with what they share, or None."""
    r, v = schema.readouts, schema.revisions
    rows = connection.execute(
        select(r.c.id, v.c.pk, v.c.title, v.c.date)
        .join(v, r.c.live_revision == v.c.pk)
        .where(r.c.scope == scope, r.c.id != readout.id)
    ).all()
    title = _words(readout.title)
    same = [row for row in rows if _words(row.title) == title]
    for row in same:
        if _texts(connection, row.pk) == [
            _plain(p.text) for p in readout.paragraphs if not is_beside(p.number)
        ]:
            return row.id, "the same content"
    if len(title.split()) >= _FEWEST and readout.date is not None:
        twin = next((row.id for row in same if row.date == readout.date), None)
        return None if twin is None else (twin, "the same title and date")
    return None


def _texts(connection: Connection, revision_pk: int) -> list[str]:
    p = schema.paragraphs
    rows = connection.execute(
        select(p.c.number, p.c.text).where(p.c.revision == revision_pk).order_by(p.c.ordinal)
    )
    return [_plain(row.text) for row in rows if not is_beside(row.number)]


def _plain(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))

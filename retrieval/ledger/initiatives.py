"""The initiatives of every revision, as extracted and corrected when it was ingested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_

from retrieval.ledger import schema, seals
from retrieval.ledger.engine import batches
from retrieval.models import Evidence, Initiative, InitiativeCitation


def keep(connection: Connection, revision_pk: int, initiatives: Sequence[Initiative]) -> None:
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


def live_initiatives(
    connection: Connection, scopes: Sequence[str]
) -> dict[tuple[str, str], list[Initiative]]:
    """Return (scope, readout id) -> initiatives of its live revision, in reading order, where all is as it was ingested."""
    i, r, v = schema.initiatives, schema.readouts, schema.revisions
    rows = connection.execute(
        select(r.c.scope, r.c.id, r.c.source, v.c.id.label("revision_id"), i)
        .join(r, r.c.live_revision == i.c.revision)
        .join(v, v.c.pk == i.c.revision)
        .where(r.c.scope.in_(scopes))
        .order_by(r.c.pk, i.c.ordinal)
    ).all()
    for row in rows:
        if seals.initiative_seal(row._mapping) != row.seal:
            damage = seals.Damage(row.scope, row.id, row.revision_id, "its list of initiatives", row.source)
            seals.note(connection, row.revision, damage)
    cited = dict.fromkeys((row.revision, number) for row in rows for number, *_ in row.citations)
    for some in batches(cited):
        p = schema.paragraphs
        wanted = seals.PARAGRAPHS.where(tuple_(p.c.revision, p.c.number).in_(some))
        seals.sound(connection, connection.execute(wanted))
    found: dict[tuple[str, str], list[Initiative]] = {}
    for row in rows:
        if row.revision not in seals.known_damage(connection):
            found.setdefault((row.scope, row.id), []).append(_initiative(row))
    return found


def actors(connection: Connection, scopes: Sequence[str]) -> list[str]:
    """Return who announces something in the live readouts of `scopes`, as it is written there."""
    i, r = schema.initiatives, schema.readouts
    return list(
        connection.scalars(
            select(i.c.actor)
            .distinct()
            .join(r, r.c.live_revision == i.c.revision)
            .where(r.c.scope.in_(scopes), i.c.actor.is_not(None))
        )
    )


def _initiative(row: Row[Any]) -> Initiative:
    return Initiative(
        name=row.name,
        kind=row.kind,
        actor=row.actor,
        when=row.when,
        citations=tuple(
            InitiativeCitation(paragraph, Evidence(start, end, quote))
            for paragraph, start, end, quote in row.citations
        ),
    )

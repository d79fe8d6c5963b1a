"""Reading what is live: readouts, their paragraphs and initiatives, and which of them a new readout repeats.

Every function takes an open connection, so that all that one question reads is one snapshot: the whole old
revision of a readout or the whole new one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, tuple_

from retrieval.errors import DamagedError, NotFoundError
from retrieval.ledger import schema, seals
from retrieval.ledger.engine import batches, rows_of
from retrieval.models import (
    Evidence,
    Initiative,
    InitiativeCitation,
    LeftOut,
    LiveParagraph,
    Readout,
    is_beside,
)
from retrieval.sources.identity import make_id

_SIGNS = re.compile(r"[\s¶§]+")
_NAMED = re.compile(r"^(?:paragraph|para|number|no|article|art)\.?(?=\d)")


def finds(typed: str, paragraphs: Sequence[LiveParagraph]) -> LiveParagraph | None:
    """Return the paragraph that `typed` names: by its number, else by its part and its number there; or None."""
    wanted = _spoken(typed)
    exact = (p for p in paragraphs if p.number.casefold() == typed.strip().casefold())
    plain = (p for p in paragraphs if _spoken(p.number) == wanted)
    within = (
        p for p in paragraphs if p.part and wanted == _spoken(p.part) + _spoken(p.number.partition("#")[0])
    )
    return next((found for group in (exact, plain, within) for found in group), None)


def _spoken(text: str) -> str:
    """Return what two ways of typing one number have in common."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    plain = _NAMED.sub("", _SIGNS.sub("", plain))
    return plain.strip(".,:;)([]") if not plain.endswith(")") or "(" not in plain else plain


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


@dataclass(frozen=True, slots=True)
class ReadoutSummary:
    """One live readout, as lists show it."""

    pk: int
    id: str
    scope: str
    source: str
    revision: str
    revision_pk: int
    title: str
    date: str | None
    issuer: str | None
    source_url: str | None
    language: str
    numbering: str
    warnings: tuple[str, ...]
    pinned: bool
    paragraphs: int
    left_out: tuple[LeftOut, ...] = ()
    series: str | None = None


def readouts(connection: Connection, scopes: Sequence[str]) -> list[ReadoutSummary]:
    """Return the live readouts of `scopes`, newest first, undated ones last."""
    v, r = schema.revisions, schema.readouts
    statement = (
        _summaries().where(r.c.scope.in_(scopes)).order_by(v.c.date.is_(None), v.c.date.desc(), r.c.id)
    )
    return [_summary(row) for row in connection.execute(statement)]


def readout(connection: Connection, scopes: Sequence[str], document: str) -> ReadoutSummary:
    """Return one live readout; of two scopes that both hold the id, the later in `scopes`.

    Raises:
        NotFoundError: None of `scopes` holds it; the message names the nearest ids.
    """
    r = schema.readouts
    known_as = make_id(document)  # as people type it: capitals, or a long file name
    rows = connection.execute(_summaries().where(r.c.id == known_as, r.c.scope.in_(scopes)))
    found = [_summary(row) for row in rows]
    if not found:
        raise NotFoundError(
            _no_such_readout(connection, scopes, document), '"rapporteur documents" lists the ids.'
        )
    return max(found, key=lambda summary: list(scopes).index(summary.scope))


def readouts_by_id(connection: Connection, scope: str, ids: Iterable[str]) -> dict[str, ReadoutSummary]:
    """Return id -> live readout of one scope, for those of `ids` that are live."""
    r = schema.readouts
    wanted = _summaries().where(r.c.scope == scope)
    return {row.id: _summary(row) for row in rows_of(connection, wanted, r.c.id, ids)}


def _no_such_readout(connection: Connection, scopes: Sequence[str], document: str) -> str:
    import difflib

    ids = [summary.id for summary in readouts(connection, scopes)]
    near = difflib.get_close_matches(document.lower(), ids, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f'There is no readout "{document}".{hint}'


def is_untouched(connection: Connection, scopes: Sequence[str]) -> bool:
    """Whether `scopes` never held a readout: one that was removed does not come back by itself."""
    a = schema.audit
    return connection.execute(select(a.c.pk).where(a.c.scope.in_(scopes)).limit(1)).first() is None


def live_paragraphs(connection: Connection, pks: Iterable[int]) -> dict[int, LiveParagraph]:
    """Return the paragraphs with these primary keys that belong to a live revision."""
    return seals.sound(connection, rows_of(connection, _LIVE, schema.paragraphs.c.pk, pks))


def paragraphs_of(connection: Connection, summary: ReadoutSummary) -> dict[int, LiveParagraph]:
    """Return every paragraph of a live readout by primary key, in reading order.

    Raises:
        DamagedError: One of them is not what was ingested.
    """
    return _whole(connection, summary.revision_pk)


def paragraphs_of_revision(connection: Connection, revision_pk: int) -> list[LiveParagraph]:
    """Return the paragraphs of a revision, live or not, in reading order; none where its text is gone.

    Raises:
        DamagedError: One of them is not what was ingested.
    """
    return list(_whole(connection, revision_pk).values())


def _whole(connection: Connection, revision_pk: int) -> dict[int, LiveParagraph]:
    p = schema.paragraphs
    rows = connection.execute(seals.PARAGRAPHS.where(p.c.revision == revision_pk).order_by(p.c.ordinal))
    found = seals.sound(connection, rows)
    if (damage := seals.known_damage(connection).get(revision_pk)) is not None:
        raise DamagedError(str(damage))
    return found


def paragraph(connection: Connection, scopes: Sequence[str], document: str, number: str) -> LiveParagraph:
    """Return one paragraph of a live readout by the number it is cited with.

    Raises:
        NotFoundError: No such readout, or no such paragraph in it; the message names those there are.
    """
    paragraphs = paragraphs_of(connection, readout(connection, scopes, document)).values()
    found = finds(number, list(paragraphs))
    if found is not None:
        return found
    numbers = ", ".join(p.number for p in paragraphs)
    raise NotFoundError(f'"{document}" has no paragraph "{number}". It has {numbers}.')


def quoted_paragraph(
    connection: Connection, scopes: Sequence[str], document: str, revision: str, number: str
) -> tuple[LiveParagraph, str | None]:
    """Return a paragraph of the revision that an answer named, and when that was superseded, if it was.

    Raises:
        NotFoundError: There was no such revision, or its text is no longer kept.
        DamagedError: It is not what was ingested.
    """
    p, v, r = schema.paragraphs, schema.revisions, schema.readouts
    rows = connection.execute(
        seals.PARAGRAPHS.add_columns(v.c.superseded_at).where(
            r.c.id == document, r.c.scope.in_(scopes), v.c.id == revision, p.c.number == number
        )
    )
    found = max(rows, key=lambda row: list(scopes).index(row.scope), default=None)
    if found is None:
        raise NotFoundError(
            f'Paragraph {number} of "{document}" as it was (revision {revision}) is no longer kept.'
        )
    shown = seals.sound(connection, [found]).get(found.pk)
    if shown is None:
        raise DamagedError(str(seals.known_damage(connection)[found.revision_pk]))
    return shown, found.superseded_at


def paragraphs_holding(
    connection: Connection, scopes: Sequence[str], embedding_pks: Iterable[int]
) -> dict[int, list[int]]:
    """Return embedding -> live paragraphs that hold its text."""
    holding: dict[int, list[int]] = {}
    for some in batches(embedding_pks):
        for embedding, paragraph, scope in connection.execute(_HOLDING, {"some": some}):
            if scope in scopes:
                holding.setdefault(embedding, []).append(paragraph)
    return holding


def paragraphs_with(connection: Connection, revision_pks: Iterable[int], words: str) -> list[LiveParagraph]:
    """Return the live paragraphs of some revisions that hold `words`, as they are written."""
    p = schema.paragraphs
    wanted = _LIVE.where(p.c.text.contains(words, autoescape=True)).order_by(p.c.pk)
    found = seals.sound(connection, rows_of(connection, wanted, p.c.revision, revision_pks))
    return [each for each in found.values() if words in each.text]


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
    place = tuple_(schema.paragraphs.c.revision, schema.paragraphs.c.number)
    seals.sound(
        connection, rows_of(connection, seals.PARAGRAPHS, place, cited)
    )  # which notes those that are not
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


def _summaries() -> Select[Any]:
    v, r, p = schema.revisions, schema.readouts, schema.paragraphs
    count = select(func.count()).where(p.c.revision == v.c.pk).correlate(v).scalar_subquery()
    return select(
        *(r.c.pk, r.c.id, r.c.scope, r.c.source, r.c.pinned),
        *(v.c.id.label("revision"), v.c.pk.label("revision_pk")),
        *(v.c.title, v.c.date, v.c.issuer, v.c.source_url),
        *(v.c.language, v.c.numbering, v.c.warnings, v.c.left_out, v.c.series, count.label("paragraphs")),
    ).join(v, r.c.live_revision == v.c.pk)


def _summary(row: Row[Any]) -> ReadoutSummary:
    left_out = tuple(LeftOut(*left) for left in row.left_out)
    return ReadoutSummary(**row._asdict() | {"warnings": tuple(row.warnings), "left_out": left_out})


_LIVE = seals.PARAGRAPHS.where(schema.readouts.c.live_revision == schema.revisions.c.pk)


def _holding_select() -> Select[Any]:
    # The scope is compared outside: given it, SQLite starts from all readouts of the scope.
    p, r, c = schema.paragraphs, schema.readouts, schema.chunks
    return (
        select(c.c.embedding, c.c.paragraph, r.c.scope)
        .join(p, p.c.pk == c.c.paragraph)
        .join(r, r.c.live_revision == p.c.revision)
        .where(c.c.embedding.in_(bindparam("some", expanding=True)))
    )


_HOLDING = _holding_select()
"""Built once: putting a statement together costs as much as running it, and every question runs this one."""

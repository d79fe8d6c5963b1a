"""What a preview showed and a confirmation will do, in the ledger: it outlives the process that showed it.

A draft holds the files it was made from until it is confirmed, cancelled or an hour old.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from bot.discord.records import Database, metadata, prepare
from retrieval.ingest import Upload

Kind = Literal["ingest", "remove", "purge", "rollback"]

LIFETIME_MS = 3_600_000
"""How long a preview can be confirmed."""

_MAX_OPEN = 5
"""Drafts that one person has at a time; the oldest goes when there would be more."""

_MAX_OF_ONE_SCOPE = 20
"""Drafts that there are of one scope: each may hold files."""

drafts = Table(
    "discord_drafts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("scope", String, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("guild", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

draft_files = Table(
    "discord_draft_files",
    metadata,
    Column("draft", ForeignKey("discord_drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Editable:
    """What the form for one readout starts from; `source` names what brings it."""

    source: str
    id: str
    title: str
    date: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One page of a preview; `edits` is the readout on it that can be corrected, by its place in the draft."""

    text: str
    edits: int | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """What a scope will hold more: live readouts, live paragraphs, bytes of text."""

    readouts: int = 0
    paragraphs: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A preview.

    Attributes:
        request: What to do, as JSON: of an ingest its request, else the readout and its revisions.
        documents: Ids of the readouts it is about.
        confirmable: Whether there is anything to do.
    """

    id: str
    kind: Kind
    scope: str
    user: int
    guild: int | None
    at: int
    request: dict[str, Any]
    pages: tuple[DraftPage, ...] = ()
    editable: tuple[Editable, ...] = ()
    growth: Growth = field(default_factory=Growth)
    documents: tuple[str, ...] = ()
    confirmable: bool = True
    files: tuple[Upload, ...] = field(default=(), repr=False)


class Drafts:
    """Reads and writes drafts; synchronous, so it is called off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            prepare(connection, drafts, draft_files)

    def add(self, draft: Draft) -> None:
        """Keep a draft; of one person, and of one scope, only the latest few are kept."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.at < draft.at - LIFETIME_MS)
            _forget_all_but(connection, drafts.c.user == draft.user, _MAX_OPEN - 1)
            _forget_all_but(connection, drafts.c.scope == draft.scope, _MAX_OF_ONE_SCOPE - 1)
            connection.execute(insert(drafts).values(**_row(draft)))
            for ordinal, file in enumerate(draft.files):
                row = {"draft": draft.id, "ordinal": ordinal, "name": file.name, "data": file.data}
                connection.execute(insert(draft_files).values(**row))

    def revise(self, draft: Draft) -> bool:
        """Write over a draft, its files excepted; False where it is gone."""
        with self._database.write() as connection:
            statement = update(drafts).where(drafts.c.id == draft.id).values(**_row(draft))
            return connection.execute(statement).rowcount == 1

    def get(self, draft_id: str, *, files: bool = False) -> Draft | None:
        """Return a draft, with its files where they are wanted; None where it is gone."""
        with self._database.read() as connection:
            row = connection.execute(select(drafts).where(drafts.c.id == draft_id)).mappings().first()
            kept = _files(connection, draft_id) if row and files else ()
        return _draft(dict(row), kept) if row else None

    def drop(self, draft_id: str) -> bool:
        """Forget a draft; False where it was gone."""
        with self._database.write() as connection:
            return take(connection, draft_id)

    def forget_before(self, at: int) -> None:
        """Forget the drafts that were made before a moment (milliseconds since 1970)."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.at < at)

    def forget_document(self, scope: str, document: str) -> None:
        """Forget the drafts that hold words of a readout."""
        with self._database.write() as connection:
            rows = connection.execute(select(drafts.c.id, drafts.c.body).where(drafts.c.scope == scope))
            about = [row.id for row in rows if document in json.loads(row.body)["documents"]]
            _forget(connection, drafts.c.id.in_(about))

    def forget_scope(self, scope: str) -> None:
        """Forget every draft of a scope."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.scope == scope)


def take(connection: Connection, draft_id: str) -> bool:
    """Forget a draft in a transaction; False where somebody took it before."""
    connection.execute(delete(draft_files).where(draft_files.c.draft == draft_id))
    return connection.execute(delete(drafts).where(drafts.c.id == draft_id)).rowcount == 1


def _forget(connection: Connection, which: Any) -> None:
    gone = select(drafts.c.id).where(which)
    connection.execute(delete(draft_files).where(draft_files.c.draft.in_(gone)))
    connection.execute(delete(drafts).where(which))


def _forget_all_but(connection: Connection, which: Any, latest: int) -> None:
    found = connection.scalars(select(drafts.c.id).where(which).order_by(drafts.c.at.desc()))
    _forget(connection, drafts.c.id.in_(list(found)[latest:]))


def _files(connection: Connection, draft_id: str) -> tuple[Upload, ...]:
    f = draft_files
    rows = connection.execute(select(f.c.name, f.c.data).where(f.c.draft == draft_id).order_by(f.c.ordinal))
    return tuple(Upload(row.name, row.data) for row in rows)


def _row(draft: Draft) -> dict[str, Any]:
    columns = {name: getattr(draft, name) for name in ("id", "kind", "scope", "user", "guild", "at")}
    body = {
        "request": draft.request,
        "pages": [asdict(page) for page in draft.pages],
        "editable": [asdict(each) for each in draft.editable],
        "growth": asdict(draft.growth),
        "documents": draft.documents,
        "confirmable": draft.confirmable,
    }
    return {**columns, "body": json.dumps(body)}


def _draft(row: dict[str, Any], files: Sequence[Upload]) -> Draft:
    body = json.loads(row.pop("body"))
    return Draft(
        **row,
        request=body["request"],
        pages=tuple(DraftPage(**page) for page in body["pages"]),
        editable=tuple(Editable(**each) for each in body["editable"]),
        growth=Growth(**body["growth"]),
        documents=tuple(body["documents"]),
        confirmable=body["confirmable"],
        files=tuple(files),
    )

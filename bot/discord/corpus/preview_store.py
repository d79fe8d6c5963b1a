"""What a preview showed and a confirmation will do, in the ledger: it outlives the process that showed it.

A preview holds the files it was made from until it is confirmed, cancelled or an hour old.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from bot.admission import BusyError
from bot.discord.discord_errors import RefusedError
from retrieval.front_end_store import Database, draft_files, drafts
from retrieval.ingest import Upload
from retrieval.models import Alike

Kind = Literal["ingest", "remove", "purge", "rollback", "unpin"]

LIFETIME_MS = 3_600_000
"""How long a preview can be confirmed."""

MAX_FIELD = {"title": 1_000, "date": 10, "issuer": 500, "id": 64}
"""The longest text of each field of a form, in characters."""

_MAX_OPEN = 5
"""Previews that one person has at a time; the oldest goes when there would be more."""

_MADE_AT_ONCE = 8
_MADE_OF_ONE_SCOPE = 2

_MAX_OF_ONE_SCOPE = 20
"""Previews that there are of one scope: each may hold files."""


@dataclass(frozen=True, slots=True)
class Editable:
    """What the form for one readout starts from; `source` names what brings it.

    Attributes:
        typed: What was typed into it last and could not be used, by field.
    """

    source: str
    id: str
    title: str
    date: str | None = None
    issuer: str | None = None
    typed: dict[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, str]:
        """Return what the form's fields hold before anything is typed."""
        return {name: (getattr(self, name) or "")[:limit] for name, limit in MAX_FIELD.items()}


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """One page of a preview; `edits` is the readout on it that can be corrected, by its place in the preview.

    `tone` is the colour beside it, red, green and blue; 0 is none.
    """

    text: str
    edits: int | None = None
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """What a scope will hold more: live readouts, live paragraphs, bytes of text."""

    readouts: int = 0
    paragraphs: int = 0
    bytes: int = 0

    def __add__(self, more: Growth) -> Growth:
        together = self.readouts + more.readouts, self.paragraphs + more.paragraphs, self.bytes + more.bytes
        return Growth(*together)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview.

    Attributes:
        request: What to do, as JSON: of an ingest its request, else the readout and its revisions.
        documents: Ids of the readouts it is about.
        confirmable: Whether there is anything to do, and nothing to ask.
        alike: What is asked about before: whether a source is a readout that is there already.
    """

    id: str
    kind: Kind
    scope: str
    user: int
    guild: int | None
    at: int
    request: dict[str, Any]
    pages: tuple[PreviewPage, ...] = ()
    editable: tuple[Editable, ...] = ()
    growth: Growth = field(default_factory=Growth)
    documents: tuple[str, ...] = ()
    confirmable: bool = True
    alike: Alike | None = None
    files: tuple[Upload, ...] = field(default=(), repr=False)


class PreviewSlots:
    """Counts the previews in the making: each holds its files in memory, and none is to keep another server's out."""

    def __init__(self) -> None:
        self._scopes: Counter[str] = Counter()

    @contextmanager
    def taken(self, scope: str) -> Iterator[None]:
        """Take room for one, before its files are fetched.

        Raises:
            RefusedError: As many of this scope are being made as may be.
            BusyError: As many are altogether.
        """
        if self._scopes[scope] >= _MADE_OF_ONE_SCOPE:
            raise RefusedError("corpus.previewing")
        if self._scopes.total() >= _MADE_AT_ONCE:
            raise BusyError("too many previews are being made")
        self._scopes[scope] += 1
        try:
            yield
        finally:
            self._scopes[scope] -= 1


class PreviewStore:
    """Reads and writes previews; synchronous, so it is called off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, preview: Preview) -> None:
        """Keep a preview; of one person, and of one scope, only the latest few are kept."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.at < preview.at - LIFETIME_MS)
            _forget_all_but(connection, drafts.c.user == preview.user, _MAX_OPEN - 1)
            _forget_all_but(connection, drafts.c.scope == preview.scope, _MAX_OF_ONE_SCOPE - 1)
            connection.execute(insert(drafts).values(**_row(preview)))
            for ordinal, file in enumerate(preview.files):
                row = {"draft": preview.id, "ordinal": ordinal, "name": file.name, "data": file.data}
                connection.execute(insert(draft_files).values(**row))

    def revise(self, preview: Preview, before: Preview | None = None) -> bool:
        """Write over a preview, its files excepted; False where it is gone, or no longer says what `before` does."""
        with self._database.write() as connection:
            statement = update(drafts).where(drafts.c.id == preview.id).values(**_row(preview))
            if before is not None:
                statement = statement.where(drafts.c.body == _row(before)["body"])
            return connection.execute(statement).rowcount == 1

    def get(self, preview_id: str, *, files: bool = False) -> Preview | None:
        """Return a preview, with its files where they are wanted; None where it is gone."""
        with self._database.read() as connection:
            row = connection.execute(select(drafts).where(drafts.c.id == preview_id)).mappings().first()
            kept = _files(connection, preview_id) if row and files else ()
        return _preview(dict(row), kept) if row else None

    def drop(self, preview_id: str) -> bool:
        """Forget a preview; False where it was gone."""
        with self._database.write() as connection:
            return take(connection, preview_id)

    def forget_before(self, at: int) -> None:
        """Forget the previews that were made before a moment (milliseconds since 1970)."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.at < at)

    def forget_document(self, scope: str, document: str) -> None:
        """Forget the previews that hold words of a readout."""
        with self._database.write() as connection:
            rows = connection.execute(select(drafts.c.id, drafts.c.body).where(drafts.c.scope == scope))
            about = [row.id for row in rows if document in json.loads(row.body)["documents"]]
            _forget(connection, drafts.c.id.in_(about))

    def forget_scope(self, scope: str) -> None:
        """Forget every preview of a scope."""
        with self._database.write() as connection:
            _forget(connection, drafts.c.scope == scope)


def take(connection: Connection, preview_id: str) -> bool:
    """Forget a preview in a transaction; False where somebody took it before."""
    connection.execute(delete(draft_files).where(draft_files.c.draft == preview_id))
    return connection.execute(delete(drafts).where(drafts.c.id == preview_id)).rowcount == 1


def _forget(connection: Connection, which: Any) -> None:
    gone = select(drafts.c.id).where(which)
    connection.execute(delete(draft_files).where(draft_files.c.draft.in_(gone)))
    connection.execute(delete(drafts).where(which))


def _forget_all_but(connection: Connection, which: Any, latest: int) -> None:
    found = connection.scalars(select(drafts.c.id).where(which).order_by(drafts.c.at.desc()))
    _forget(connection, drafts.c.id.in_(list(found)[latest:]))


def _files(connection: Connection, preview_id: str) -> tuple[Upload, ...]:
    f = draft_files
    rows = connection.execute(select(f.c.name, f.c.data).where(f.c.draft == preview_id).order_by(f.c.ordinal))
    return tuple(Upload(row.name, row.data) for row in rows)


def _row(preview: Preview) -> dict[str, Any]:
    columns = {name: getattr(preview, name) for name in ("id", "kind", "scope", "user", "guild", "at")}
    kept = asdict(replace(preview, files=()))
    body = {name: value for name, value in kept.items() if name not in columns and name != "files"}
    return {**columns, "body": json.dumps(body)}


def _preview(row: dict[str, Any], files: Sequence[Upload]) -> Preview:
    body = json.loads(row.pop("body"))
    body |= {
        "pages": tuple(PreviewPage(**page) for page in body["pages"]),
        "editable": tuple(Editable(**each) for each in body["editable"]),
        "growth": Growth(**body["growth"]),
        "documents": tuple(body["documents"]),
        "alike": Alike(**body["alike"]) if body.get("alike") else None,
    }
    return Preview(**row, **body, files=tuple(files))

"""The ledger: opening it, its transactions, and what it knows about itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, bindparam, select

from retrieval.errors import IndexMismatchError, StoreError, StoreUnwritableError
from retrieval.ledger import migrations, schema
from retrieval.ledger.engine import Database, put

log = logging.getLogger(__name__)

INDEX_IDENTITY = "index_identity"
"""The fact that says what the vectors and terms of a store are made with."""

REINDEXING = "reindexing_to"
"""The fact that says for what identity vectors are being made; empty when none are."""


_META = select(schema.meta.c.value).where(schema.meta.c.key == bindparam("fact"))


class Ledger:
    """The database that is the truth about a store.

    Args:
        address: A file for SQLite, whose folder exists, or the address of a database of PostgreSQL.

    Attributes:
        address: As it was given; it may hold a password.
        place: Where it is, for people to read.
        read, write, checkpoint, size, close: The database's own, see `engine.Database`.

    Raises:
        StoreError: It cannot be opened, or a newer Rapporteur wrote it.
        SettingsError: It is no address, or what PostgreSQL needs is not installed.
    """

    def __init__(self, address: Path | str) -> None:
        self.address = address if isinstance(address, Path) else SecretStr(address)
        self._database = database = _open(address)
        self.place, self.size, self.close = database.place, database.size, database.close
        self.read, self.write, self.checkpoint = database.read, database.write, database.checkpoint
        self._claimed: str | None = None
        try:
            self.id = self._own_id()
        except BaseException:
            self.close()
            raise

    def damaged(self, scopes: Sequence[str], documents: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the ids of live readouts that this process left out, as they are not what was ingested.

        Args:
            documents: Only of these, where there are any.
        """
        known = list(self._database.damaged)
        if not known:
            return ()
        r = schema.readouts
        with self.read() as connection:
            is_there = r.c.live_revision.in_(known) & r.c.scope.in_(scopes)
            found = sorted(set(connection.scalars(select(r.c.id).where(is_there))))
        return tuple(each for each in found if not documents or each in documents)

    def schema_revision(self) -> str:
        """Return which revision the tables are at."""
        with self.read() as connection:
            return migrations.revision_of(connection) or ""

    # --- what the ledger knows about itself ---

    def _own_id(self) -> str:
        """Return the ledger's own id; an empty database becomes a ledger, and an older one today's."""
        with self.read() as connection:
            found = self._revision(connection)
            own = self.meta(connection, "ledger_id") if found == migrations.head() else None
        try:
            return own or self._create_or_upgrade()
        except StoreUnwritableError as error:
            if found is None:
                raise
            raise StoreUnwritableError(
                f"{error} An earlier Rapporteur wrote this store, and its tables (schema revision {found}) are "
                f"brought to revision {migrations.head()} before it is read."
            ) from error

    def _revision(self, connection: Connection) -> str | None:
        """Return the revision of the tables, or None for an empty database."""
        found = migrations.revision_of(connection)
        if found is not None and found not in migrations.revisions():
            raise StoreError(
                f"{self.place}: this store has schema revision {found}, and this Rapporteur reads revision "
                f"{migrations.head()}. Use the Rapporteur that wrote it, or {self._database.another}."
            )
        return found

    def _create_or_upgrade(self) -> str:
        with self._database.restructure() as connection:
            found = self._revision(connection)  # another process may have been quicker
            if found is None:
                migrations.create(connection)
            elif found != migrations.head():
                log.warning("%s: bringing the store to schema revision %s", self.place, migrations.head())
                migrations.upgrade(connection, found)
            own = self.meta(connection, "ledger_id") or uuid.uuid4().hex
            self.set_meta(connection, "ledger_id", own)
            return own

    def claim_identity(self, identity: str) -> None:
        """Record what the vectors are made with, or find that they were made with something else.

        Raises:
            IndexMismatchError: The store was built with another encoder, template or splitter.
        """
        with self.read() as connection:
            found = self.meta(connection, INDEX_IDENTITY)
        if found is None:
            with self.write() as connection:  # another process may have been quicker
                found = self.meta(connection, INDEX_IDENTITY) or identity
                self.set_meta(connection, INDEX_IDENTITY, found)
        if found != identity:
            raise IndexMismatchError(
                f"{self._store}: this store was indexed with {found}, and the settings ask for {identity}. "
                'Run "rapporteur reindex", which needs no source file, or use the earlier settings.'
            )
        self._claimed = identity

    def check_identity(self, connection: Connection, *, writing: bool = False) -> None:
        """Notice that another process had the store indexed anew, with something else than this one claimed.

        Args:
            writing: Notice one that was begun and cut short, too: vectors of both would get mixed.

        Raises:
            IndexMismatchError: It did: what this process embeds means nothing there.
        """
        if self._claimed is None:
            return
        found = self.meta(connection, INDEX_IDENTITY)
        if found != self._claimed:
            raise IndexMismatchError(
                f"{self._store}: this store was indexed anew with {found} while this process works with "
                f"{self._claimed}. Start it again with the settings of that reindex."
            )
        begun = self.meta(connection, REINDEXING) if writing else None
        if begun and begun != self._claimed:
            raise IndexMismatchError(
                f"{self._store}: a reindex for {begun} was cut short, and until it is finished nothing can be "
                'changed here. Run "rapporteur reindex" with its settings to finish it, or with the earlier '
                "ones to give it up."
            )

    @property
    def _store(self) -> str:
        return str(self.address.parent) if isinstance(self.address, Path) else self.place

    def meta(self, connection: Connection, key: str) -> str | None:
        """Return one fact that the ledger keeps about its store."""
        value: str | None = connection.scalar(_META, {"fact": key})
        return value

    def set_meta(self, connection: Connection, key: str, value: str) -> None:
        """Keep one fact about the store."""
        put(connection, schema.meta, {"key": key}, {"value": value})


def _open(address: Path | str) -> Database:
    """Return the database at a path (SQLite), or at an address of PostgreSQL."""
    if isinstance(address, Path):
        from retrieval.ledger.sqlite import SqliteDatabase

        return SqliteDatabase(address)
    from retrieval.ledger.postgres import PostgresDatabase

    return PostgresDatabase(address)

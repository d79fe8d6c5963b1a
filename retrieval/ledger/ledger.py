"""The ledger's file: opening it, its transactions, and what it knows about itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval.errors import IndexMismatchError, StoreError
from retrieval.ledger import schema
from retrieval.ledger.engine import BUSY_TIMEOUT_MS, open_engine, translated
from retrieval.ledger.migration import OLDEST, migrate

log = logging.getLogger(__name__)

INDEX_IDENTITY = "index_identity"
"""The fact that says what the vectors and terms of a store are made with."""


def schema_is_older(version: str) -> bool:
    """Whether a store of this schema version can be brought to today's."""
    return version.isdigit() and OLDEST <= int(version) < schema.SCHEMA_VERSION


class Ledger:
    """The SQLite file that is the truth about a store.

    Args:
        path: The database file; its folder exists.

    Raises:
        StoreError: It cannot be opened, or a newer Rapporteur wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = open_engine(path)
        self._writer = self._engine.execution_options(transaction="IMMEDIATE")
        with self.read() as connection:
            own = self._checked_id(connection)
        if own is None:
            with self._restructuring() as connection:
                own = self._checked_id(connection) or self._create_or_migrate(connection)
        self.id = own

    def close(self) -> None:
        """Give the database file back."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot for as long as the block lasts."""
        with translated(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, patient: bool = True) -> Iterator[Connection]:
        """One transaction: all of the block or nothing of it.

        Args:
            patient: Wait for another writer to finish; or else fail at once.
        """
        with translated(self.path), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            if not patient:
                driver.execute("PRAGMA busy_timeout=0")
            try:
                with connection.begin():
                    yield connection
            finally:
                if not patient:
                    driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
                driver.close()

    def checkpoint(self) -> None:
        """Bring what was committed into the database file, so that what was erased is in no file any more.

        A reader at work keeps the log from being emptied; the next checkpoint does it then.
        """
        with translated(self.path), self._engine.connect() as connection:
            driver = connection.connection.cursor()
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            driver.close()

    # --- what the ledger knows about itself ---

    def _checked_id(self, connection: Connection) -> str | None:
        """Return the ledger's own id, or None for a file without today's tables."""
        found = self._schema_version(connection)
        if found is None or schema_is_older(found):
            return None
        if found != str(schema.SCHEMA_VERSION):
            raise StoreError(
                f"{self.path}: this store has schema version {found}, and this Rapporteur reads "
                f"version {schema.SCHEMA_VERSION}. Use the Rapporteur that wrote it, or name another "
                "store with --store."
            )
        return self.meta(connection, "ledger_id")

    def _schema_version(self, connection: Connection) -> str | None:
        if not inspect(connection).has_table(schema.meta.name):
            return None
        return self.meta(connection, "schema_version")

    def _create_or_migrate(self, connection: Connection) -> str:
        if self._schema_version(connection) is None:
            schema.metadata.create_all(connection)
            self.set_meta(connection, "ledger_id", uuid.uuid4().hex)
        else:
            log.warning("%s: bringing the store to schema version %d", self.path, schema.SCHEMA_VERSION)
            migrate(connection)
        self.set_meta(connection, "schema_version", str(schema.SCHEMA_VERSION))
        return self.meta(connection, "ledger_id") or ""

    @contextmanager
    def _restructuring(self) -> Iterator[Connection]:
        """One transaction that may rebuild tables which others refer to."""
        with translated(self.path), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
                driver.close()

    def claim_identity(self, identity: str) -> None:
        """Record what the vectors are made with, or find that they were made with something else.

        Raises:
            IndexMismatchError: The store was built with another encoder, template or splitter.
        """
        with self.read() as connection:
            found = self.meta(connection, INDEX_IDENTITY)
        if found is None:
            with self.write() as connection:
                self.set_meta(connection, INDEX_IDENTITY, identity)
        elif found != identity:
            raise IndexMismatchError(
                f"{self.path.parent}: this store was indexed with {found}, and the settings ask for "
                f"{identity}. "
                'Run "rapporteur reindex", which needs no source file, or use the earlier settings.'
            )

    def meta(self, connection: Connection, key: str) -> str | None:
        """Return one fact that the ledger keeps about its store."""
        value: str | None = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == key))
        return value

    def set_meta(self, connection: Connection, key: str, value: str) -> None:
        """Keep one fact about the store."""
        connection.execute(
            upsert(schema.meta)
            .values(key=key, value=value)
            .on_conflict_do_update(index_elements=["key"], set_={"value": value})
        )

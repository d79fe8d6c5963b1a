"""The ledger's file: opening it, its transactions, and what it knows about itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval.errors import IndexMismatchError, StoreError
from retrieval.ledger import schema
from retrieval.ledger.engine import BUSY_TIMEOUT_MS, open_engine, translated


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
            with self.write() as connection:
                own = self._checked_id(connection) or self._create(connection)
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
        """Return the ledger's own id, or None for a file without tables."""
        if not inspect(connection).has_table(schema.meta.name):
            return None
        found = self.meta(connection, "schema_version")
        if found != str(schema.SCHEMA_VERSION):
            raise StoreError(
                f"{self.path}: this store has schema version {found}, and this Rapporteur reads "
                f"version {schema.SCHEMA_VERSION}. Use the Rapporteur that wrote it, or name another "
                "store with --store."
            )
        return self.meta(connection, "ledger_id")

    def _create(self, connection: Connection) -> str:
        own = uuid.uuid4().hex
        schema.metadata.create_all(connection)
        self.set_meta(connection, "schema_version", str(schema.SCHEMA_VERSION))
        self.set_meta(connection, "ledger_id", own)
        return own

    def claim_identity(self, identity: str) -> None:
        """Record what the vectors are made with, or find that they were made with something else.

        Raises:
            IndexMismatchError: The store was built with another encoder, template or splitter.
        """
        with self.read() as connection:
            found = self.meta(connection, "index_identity")
        if found is None:
            with self.write() as connection:
                self.set_meta(connection, "index_identity", identity)
        elif found != identity:
            raise IndexMismatchError(
                f"{self.path.parent}: this store was indexed with {found}, and the settings ask for "
                f"{identity}. "
                "Name another store with --store and ingest again, or use the earlier version."
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

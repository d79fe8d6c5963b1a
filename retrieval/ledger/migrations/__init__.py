"""The history of a store's tables: one step in `versions/` for each change of `schema.py`, taken by Alembic.

A new store takes none of them: its tables are made as they are today, which is faster, and it is at the last
revision. A test holds the history to the same end. The first three revisions are the schema versions of before.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from retrieval.ledger import schema, watches
from retrieval.ledger.engine import is_postgres

_VERSIONS = Path(__file__).parent / "versions"

_TABLES = watches.watches.metadata
"""Those of `schema.py` and, beside them, of `watches.py`."""

_version = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), primary_key=True),
)

_SCHEMA_VERSION = "schema_version"
"""The fact by which stores of before this history said what they are, and by which their programs refuse others."""


def revisions() -> list[str]:
    """Return every revision that a store can be brought to, oldest first; none of it needs Alembic."""
    return sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def head() -> str:
    """Return today's revision."""
    return revisions()[-1]


def revision_of(connection: Connection) -> str | None:
    """Return which revision a store's tables are at, known here or not; None for a database without a store."""
    known = inspect(connection)
    if known.has_table(_version.name):
        found: str | None = connection.scalar(select(_version.c.version_num))
    elif known.has_table(schema.meta.name):
        fact = select(schema.meta.c.value).where(schema.meta.c.key == _SCHEMA_VERSION)
        found = connection.scalar(fact)
    else:
        return None
    return found and found.zfill(4)


def create(connection: Connection) -> None:
    """Make today's tables in an empty database."""
    declared = _TABLES
    if is_postgres(connection):
        # A copy: SQLAlchemy remembers of a key that was added by ALTER TABLE, as the one from a readout to its live
        # revision is there, that it is no part of its table, and would leave it out of a file made next.
        declared = MetaData()
        for table in (*_TABLES.sorted_tables, *schema.postings_metadata.sorted_tables):
            table.to_metadata(declared)
    declared.create_all(connection)
    _version.create(connection, checkfirst=True)
    connection.execute(insert(_version).values(version_num=head()))
    connection.execute(insert(schema.meta).values(key=_SCHEMA_VERSION, value="4"))


def upgrade(connection: Connection, found: str) -> None:
    """Bring a store at revision `found` to today's, within the transaction of `connection`."""
    from alembic import command  # a tenth of a second, spent only where there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "retrieval.ledger:migrations")
    config.attributes["connection"] = connection
    command.stamp(config, found)  # stores of before this history have no such mark yet
    command.upgrade(config, "head")

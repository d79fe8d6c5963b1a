"""Bringing a ledger that an earlier Rapporteur wrote to today's tables, in one transaction.

Every table is written anew from the old one (https://www.sqlite.org/lang_altertable.html, section 7), because
SQLite cannot give a table AUTOINCREMENT afterwards. The full-text tables stay as they are.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, inspect

from retrieval.ledger import schema
from retrieval.ledger.schema import words_table

OLDEST = 1
"""The first schema version that can still be read."""

OLDEST_IN_PLACE = 2
"""The first to which columns are added while its tables stay."""

_NEW_COLUMNS = {
    ("readouts", "pinned"): "0",
    ("revisions", "erased"): "0",
    ("revisions", "superseded_at"): (
        "CASE WHEN pk IN (SELECT live_revision FROM old_readouts) THEN NULL"
        " ELSE strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now') END"
    ),
    ("revisions", "left_out"): "'[]'",
    ("indexed", "in_index"): "1",
}
"""What a column that a table did not have yet holds for the rows that were there."""

_COUNT_SCOPES = (
    "INSERT INTO scopes (scope, generation, records, superseded)"
    " SELECT scope, 1, count(*), 0 FROM indexed GROUP BY scope"
)


def migrate(connection: Connection) -> None:
    """Rewrite the tables of an older ledger; foreign keys must not be enforced on `connection`."""
    known = set(inspect(connection).get_table_names())
    old = [table for table in schema.metadata.sorted_tables if table.name in known]
    connection.exec_driver_sql(
        "PRAGMA legacy_alter_table=ON"
    )  # or references would follow the renamed tables
    for table in old:
        for index in inspect(connection).get_indexes(table.name):
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{index["name"]}"')
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO old_{table.name}")
    schema.metadata.create_all(connection)
    for table in old:
        _copy(connection, table)
    for table in old:
        connection.exec_driver_sql(f"DROP TABLE old_{table.name}")
    connection.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    if "scopes" not in known:
        _count(connection)


def add_columns(connection: Connection) -> None:
    """Add to the tables of schema version 2 or 3, where they may stay as they are, what today's have beside."""
    columns = {"left_out": "JSON NOT NULL DEFAULT '[]'", "part": "TEXT", "series": "TEXT"}
    for table, name in (
        (schema.revisions, "left_out"),
        (schema.paragraphs, "part"),
        (schema.revisions, "series"),
    ):
        if name not in {column["name"] for column in inspect(connection).get_columns(table.name)}:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} {columns[name]}")


def _count(connection: Connection) -> None:
    """Count what version 1 did not: the records of each scope, and in how many paragraphs each term stands."""
    connection.exec_driver_sql(_COUNT_SCOPES)
    for (scope,) in connection.exec_driver_sql("SELECT scope FROM lexical_statistics").all():
        connection.exec_driver_sql(
            f"INSERT INTO lexical_terms SELECT ?, term, doc FROM {words_table(scope)}_vocabulary", (scope,)
        )


def _copy(connection: Connection, table: Table) -> None:
    before = {column["name"] for column in inspect(connection).get_columns(f"old_{table.name}")}
    columns = [c.name for c in table.columns if c.name in before or (table.name, c.name) in _NEW_COLUMNS]
    values = [f'"{name}"' if name in before else _NEW_COLUMNS[table.name, name] for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM old_{table.name}"
    )

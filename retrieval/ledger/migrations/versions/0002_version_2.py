"""The tables of schema version 2, written anew from those of version 1, which only SQLite ever held.

SQLite cannot give a table AUTOINCREMENT afterwards, so every row moves to a new one
(https://www.sqlite.org/lang_altertable.html, section 7). The full-text tables stay as they are.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from alembic import op
from sqlalchemy import Connection, inspect

revision = "0002"
down_revision = "0001"

_TABLES = Path(__file__).with_suffix(".sql")

_NEW_COLUMNS = {
    ("readouts", "pinned"): "0",
    ("revisions", "erased"): "0",
    ("revisions", "superseded_at"): (
        "CASE WHEN pk IN (SELECT live_revision FROM old_readouts) THEN NULL"
        " ELSE strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now') END"
    ),
    ("indexed", "in_index"): "1",
}
"""What a column that a table did not have yet holds for the rows that were there."""

_COUNT_SCOPES = (
    "INSERT INTO scopes (scope, generation, records, superseded)"
    " SELECT scope, 1, count(*), 0 FROM indexed GROUP BY scope"
)


def upgrade() -> None:
    """Move what the old tables hold into new ones; foreign keys are not enforced meanwhile."""
    connection = op.get_bind()
    tables = _TABLES.read_text(encoding="utf-8")
    known = set(inspect(connection).get_table_names())
    old = [name for name in re.findall(r'^CREATE TABLE "?(\w+)', tables, re.MULTILINE) if name in known]
    # or references would follow the renamed tables
    connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    for name in old:
        for index in inspect(connection).get_indexes(name):
            connection.exec_driver_sql(f'DROP INDEX "{index["name"]}"')
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO old_{name}")
    for statement in tables.split(";\n"):
        connection.exec_driver_sql(statement)
    for name in old:
        _copy(connection, name)
    for name in old:
        connection.exec_driver_sql(f"DROP TABLE old_{name}")
    connection.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    _count(connection)


def _copy(connection: Connection, table: str) -> None:
    before, now = (
        [column["name"] for column in inspect(connection).get_columns(name)]
        for name in (f"old_{table}", table)
    )
    columns = [name for name in now if name in before or (table, name) in _NEW_COLUMNS]
    values = [f'"{name}"' if name in before else _NEW_COLUMNS[table, name] for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM old_{table}")


def _count(connection: Connection) -> None:
    """Count what version 1 did not: the records of each scope, and in how many paragraphs each term stands."""
    connection.exec_driver_sql(_COUNT_SCOPES)
    for (scope,) in connection.exec_driver_sql("SELECT scope FROM lexical_statistics").all():
        words = f"lexical_{hashlib.sha256(scope.encode()).hexdigest()[:16]}_vocabulary"
        connection.exec_driver_sql(f"INSERT INTO lexical_terms SELECT ?, term, doc FROM {words}", (scope,))

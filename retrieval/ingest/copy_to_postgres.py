"""A ledger moves from its file to PostgreSQL, with everything in it: one transaction there, no change here."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, insert, select, update

from retrieval.errors import StoreError
from retrieval.index.vector_index import INDEX_NAME
from retrieval.ingest.committing import Progress
from retrieval.ingest.job_board import WORKER
from retrieval.ingest.reindex import write_words
from retrieval.ledger import Ledger, leases, schema
from retrieval.ledger.leases import my_turn

_AT_ONCE = 1000
_PATIENCE_S = 10.0

_NOT_COPIED = {schema.meta, schema.leases, schema.lexical_statistics, schema.lexical_terms}
"""What is another ledger's own, or is worked out anew there."""


def copy_ledger(source: Ledger, target: Ledger, progress: Progress) -> int:
    """Copy every row of `source` into `target`, which holds none, and return how many those were.

    The vector index is not copied: whoever opens the new ledger first has it written where it is to stand.

    Args:
        source: In SQLite.
        target: In PostgreSQL.

    Raises:
        StoreError: A bot runs on `source`, or `target` is not empty.
        IngestBusyError: `source` is being changed.
    """
    with my_turn(source, "copy-ledger", timeout_s=_PATIENCE_S), source.read() as old:
        worker = leases.current(old, WORKER)
        if worker is not None:
            raise StoreError(
                f"{source.place}: in use by {worker.purpose} since {worker.since}. Stop it first."
            )
        with target.write() as new:
            if new.execute(select(schema.audit.c.pk).limit(1)).first() is not None:
                raise StoreError(f"{target.place}: this ledger is not empty. Name an empty database.")
            copied = _copy_tables(old, new, progress)
            _copy_facts(target, old, new)
            _go_on_counting(old, new)
            write_words(new)
    return copied


def _copy_tables(old: Connection, new: Connection, progress: Progress) -> int:
    wanted = [table for table in schema.metadata.sorted_tables if table not in _NOT_COPIED]
    copied = 0
    for done, table in enumerate(wanted, start=1):
        copied += _copy(old, new, table)
        progress("copying", done, len(wanted))
    r = schema.readouts
    for pk, revision in old.execute(select(r.c.pk, r.c.live_revision)):
        new.execute(update(r).where(r.c.pk == pk).values(live_revision=revision))
    return copied


def _copy(old: Connection, new: Connection, table: Table) -> int:
    # readouts and their revisions name each other: the readouts come first, and are told later which one is live
    later = {"live_revision": None} if table is schema.readouts else {}
    copied = 0
    for rows in old.execute(select(table)).partitions(_AT_ONCE):
        new.execute(insert(table), [row._asdict() | later for row in rows])
        copied += len(rows)
    return copied


def _copy_facts(target: Ledger, old: Connection, new: Connection) -> None:
    m = schema.meta
    for key, value in old.execute(select(m.c.key, m.c.value)).all():
        if key not in (INDEX_NAME, "schema_version"):
            target.set_meta(new, key, value)


def _go_on_counting(old: Connection, new: Connection) -> None:
    """Keys are never given out again, those of rows that are gone included."""
    given_out = {name: last for name, last in old.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")}  # noqa: C416
    for table in schema.metadata.sorted_tables:
        if "pk" in table.c:
            last = max(given_out.get(table.name, 0), old.scalar(select(func.max(table.c.pk))) or 0)
            if last:
                new.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "pk"), last)))

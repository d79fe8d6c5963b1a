"""What is counted for each scope, so that nothing has to be counted when a question is asked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from retrieval.ledger import schema
from retrieval.ledger.engine import upsert


@dataclass(frozen=True, slots=True)
class ScopeState:
    """The counts of one scope.

    Attributes:
        generation: Goes up with every change of what is live or scanned there.
        records: In the vector index, superseded ones included.
        superseded: Of them, about how many no live paragraph holds.
    """

    scope: str
    generation: int = 0
    records: int = 0
    superseded: int = 0


def states(connection: Connection) -> list[ScopeState]:
    """Return the state of every scope that ever held a readout."""
    s = schema.scopes
    return [ScopeState(**row._asdict()) for row in connection.execute(select(s).order_by(s.c.scope))]


def state(connection: Connection, scope: str) -> ScopeState:
    """Return the state of one scope."""
    s = schema.scopes
    row = connection.execute(select(s).where(s.c.scope == scope)).first()
    return ScopeState(scope) if row is None else ScopeState(**row._asdict())


def generation(connection: Connection, scope: str) -> int:
    """Return the generation of `scope`; 0 for one that never held anything."""
    return int(connection.scalar(_GENERATION, {"in_scope": scope}) or 0)


_GENERATION = select(schema.scopes.c.generation).where(schema.scopes.c.scope == bindparam("in_scope"))


def changed(connection: Connection, scope: str, *, records: int = 0, superseded: int = 0) -> None:
    """Count a change: so many records more in the index, so many more of them superseded."""
    s = schema.scopes
    connection.execute(
        upsert(connection, s)
        .values(scope=scope, generation=1, records=records, superseded=superseded)
        .on_conflict_do_update(
            index_elements=["scope"],
            set_={
                "generation": s.c.generation + 1,
                "records": s.c.records + records,
                "superseded": s.c.superseded + superseded,
            },
        )
    )


def rewritten(connection: Connection, scope: str, records: int) -> None:
    """The vector index of `scope` was written anew, with so many records and none superseded."""
    changed(connection, scope)
    s = schema.scopes
    connection.execute(update(s).where(s.c.scope == scope).values(records=records, superseded=0))

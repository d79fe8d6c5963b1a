"""Look-ups that a vector index is owed, and which of its records have their turn.

A graph (HNSW) gives links of older records to those that are added, now and then the last one a record was found by
("unreachable points": Xiao et al. 2024, arXiv:2407.07871). So what is added owes look-ups, of itself and of older
ones in turns. They are kept in the ledger with what was added: a process that is killed leaves them to the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from retrieval.ledger.ledger import Ledger

_FACT = "look_ups_owed:"

OLDER_FOR_EACH = 2
"""So many older records have their turn for each that is added."""


@dataclass(frozen=True, slots=True)
class Round:
    """Where the look-ups of one scope stand.

    Attributes:
        owed: How many are to be made.
        after: The embedding that had its turn last.
    """

    owed: int = 0
    after: int = 0


def due(ledger: Ledger, connection: Connection, scope: str) -> Round:
    """Return what the index of `scope` is owed."""
    kept = ledger.meta(connection, _FACT + scope)
    return Round(*map(int, kept.split())) if kept else Round()


def owe(ledger: Ledger, connection: Connection, scope: str, look_ups: int) -> None:
    """So many more are to be made."""
    now = due(ledger, connection, scope)
    _keep(ledger, connection, scope, replace(now, owed=now.owed + look_ups))


def pay(
    ledger: Ledger, connection: Connection, scope: str, look_ups: int, *, after: int | None = None
) -> None:
    """So many were looked up: of those that had their turn, the last was the embedding `after`."""
    now = due(ledger, connection, scope)
    paid = Round(max(now.owed - look_ups, 0), now.after if after is None else after)
    _keep(ledger, connection, scope, paid)


def settle(ledger: Ledger, connection: Connection, scope: str) -> None:
    """Nothing is owed: the index was written anew, and all of it looked up."""
    _keep(ledger, connection, scope, Round())


def _keep(ledger: Ledger, connection: Connection, scope: str, now: Round) -> None:
    ledger.set_meta(connection, _FACT + scope, f"{now.owed} {now.after}")

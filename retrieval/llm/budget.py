"""What language models may cost in a day, for each server and for all together; kept in the ledger's file.

A call reserves what it may cost at most before it is made, and is settled afterwards: calls side by side, and
processes side by side, cannot overspend together, and a process that dies leaves its reservation standing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, delete, func, select

from retrieval.errors import BudgetSpentError
from retrieval.ledger import schema
from retrieval.ledger.statements import upsert
from retrieval.llm.types import Usage
from retrieval.observing import count

KEPT_DAYS = 60

spending = schema.llm_spending


class Database(Protocol):
    """The ledger, as far as this module needs it."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Most a day, in tokens and in money; 0 is no limit."""

    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per million tokens, in whatever currency the allowances are in."""

    input_tokens: float = 0.0
    output_tokens: float = 0.0

    def micros(self, usage: Usage) -> int:
        """Return the price of `usage` in millionths: per million tokens, so the factors cancel."""
        return round(usage.input_tokens * self.input_tokens + usage.output_tokens * self.output_tokens)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a call may cost at most, until it is settled."""

    day: str
    payer: str
    tokens: int
    micros: int


class Budget:
    """Counts what was spent today (UTC).

    Args:
        clock: Seconds since 1970.

    Raises:
        StoreError: The ledger cannot be written.
    """

    def __init__(
        self,
        database: Database,
        *,
        overall: Allowance,
        per_payer: Allowance,
        prices: Prices,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._overall = overall
        self._per_payer = per_payer
        self._prices = prices
        self._clock = clock
        with database.write() as connection:
            oldest = (date.fromisoformat(self._today()) - timedelta(days=KEPT_DAYS)).isoformat()
            connection.execute(delete(spending).where(spending.c.day < oldest))

    def reserve(self, payer: str, most: Usage) -> Reservation:
        """Set aside what a call may cost at most.

        Args:
            payer: Whose allowance it is, for example "guild:1".

        Raises:
            BudgetSpentError: It might cost more than is left today.
        """
        wanted = Reservation(
            self._today(), payer, most.input_tokens + most.output_tokens, self._prices.micros(most)
        )
        with self._database.write() as connection:
            for limit, spent in (
                (self._overall, self._spent(connection, wanted.day, None)),
                (self._per_payer, self._spent(connection, wanted.day, payer)),
            ):
                if not _fits(limit, spent, wanted):
                    raise BudgetSpentError("The language model's daily budget is spent.")
            self._add(connection, wanted, wanted.tokens, wanted.micros)
        return wanted

    def settle(self, reserved: Reservation, used: Usage | None) -> None:
        """Put what was used in the place of what was reserved; None leaves it: the provider did not say."""
        if used is None:
            return
        tokens = used.input_tokens + used.output_tokens - reserved.tokens
        with self._database.write() as connection:
            self._add(connection, reserved, tokens, self._prices.micros(used) - reserved.micros)
        count("model_tokens", used.input_tokens, kind="input")
        count("model_tokens", used.output_tokens, kind="output")
        count("model_cost", self._prices.micros(used) / 1e6)

    def spent_today(self, payer: str | None = None) -> tuple[int, float]:
        """Return tokens and money spent today, by `payer` or by all."""
        with self._database.read() as connection:
            tokens, micros = self._spent(connection, self._today(), payer)
        return tokens, micros / 1e6

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()

    def _spent(self, connection: Connection, day: str, payer: str | None) -> tuple[int, int]:
        wanted = select(
            func.coalesce(func.sum(spending.c.tokens), 0), func.coalesce(func.sum(spending.c.micros), 0)
        ).where(spending.c.day == day)
        if payer is not None:
            wanted = wanted.where(spending.c.payer == payer)
        tokens, micros = connection.execute(wanted).one()
        return int(tokens), int(micros)

    def _add(self, connection: Connection, of: Reservation, tokens: int, micros: int) -> None:
        row = upsert(connection, spending).values(day=of.day, payer=of.payer, tokens=tokens, micros=micros)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["day", "payer"],
                set_={"tokens": spending.c.tokens + tokens, "micros": spending.c.micros + micros},
            )
        )


def _fits(limit: Allowance, spent: tuple[int, int], wanted: Reservation) -> bool:
    tokens, micros = spent[0] + wanted.tokens, spent[1] + wanted.micros
    return not (limit.tokens and tokens > limit.tokens) and not (limit.cost and micros > limit.cost * 1e6)

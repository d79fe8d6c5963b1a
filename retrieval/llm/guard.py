"""A model behind its guards: what it may cost in a day, time, retries, how many at once, and a circuit breaker.

The budget stands in the ledger's file. A call reserves what it may cost at most before it is made, and is settled
afterwards: calls and processes side by side cannot overspend together, and one that dies leaves its reservation.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import Connection, delete, func, select
from tenacity import RetryCallState, stop_after_attempt

from retrieval.errors import (
    BudgetSpentError,
    ModelUnavailableError,
    ModelUnusableError,
    NoTurnError,
    RequestRefusedError,
)
from retrieval.ledger import Ledger, schema
from retrieval.ledger.engine import add_up
from retrieval.llm import ChatModel, Prompt, Reply, Usage
from retrieval.llm.providers import retrying
from retrieval.observing import count, stage

log = logging.getLogger(__name__)

KEPT_DAYS = 60
FAILURES = 4
REST_S = 60.0
LEFT_ALONE = "The language model failed several times and is left alone."

_NOTHING = Usage()

spending = schema.llm_spending


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
        ledger: Ledger,
        *,
        overall: Allowance,
        per_payer: Allowance,
        prices: Prices,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._overall = overall
        self._per_payer = per_payer
        self._prices = prices
        self._clock = clock
        with ledger.write() as connection:
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
        with self._ledger.write() as connection:
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
        with self._ledger.write() as connection:
            self._add(connection, reserved, tokens, self._prices.micros(used) - reserved.micros)
        count("model_tokens", used.input_tokens, kind="input")
        count("model_tokens", used.output_tokens, kind="output")
        count("model_cost", self._prices.micros(used) / 1e6)

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
        key = {"day": of.day, "payer": of.payer}
        add_up(connection, spending, key, {"tokens": tokens, "micros": micros})


def _fits(limit: Allowance, spent: tuple[int, int], wanted: Reservation) -> bool:
    tokens, micros = spent[0] + wanted.tokens, spent[1] + wanted.micros
    return not (limit.tokens and tokens > limit.tokens) and not (limit.cost and micros > limit.cost * 1e6)


class Breaker:
    """Closed while calls succeed; open after `failures` in a row; then one call at a time tries again.

    Args:
        rest_s: How long it stays open, in seconds.
        ticks: Seconds, never going back.
    """

    def __init__(
        self, failures: int = FAILURES, rest_s: float = REST_S, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._ticks = ticks
        self._lock = threading.Lock()
        self._failed = 0
        self._closed_again_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a call would not be let through now."""
        with self._lock:
            return self._failed >= self._limit and self._ticks() < self._closed_again_at

    def admit(self) -> None:
        """Let a call through.

        Raises:
            ModelUnavailableError: The breaker is open.
        """
        with self._lock:
            now = self._ticks()
            if self._failed >= self._limit:
                if now < self._closed_again_at:
                    raise ModelUnavailableError(LEFT_ALONE)
                self._closed_again_at = now + self._rest_s  # this call tries; the others keep waiting

    def succeeded(self) -> None:
        """Close it."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """Count a failure."""
        with self._lock:
            self._failed += 1
            self._closed_again_at = self._ticks() + self._rest_s


class _TooSlowError(ModelUnavailableError):
    """Nothing came in time; whether it was billed is unknown."""

    retry = False


class GuardedModel:
    """The only way to a language model: bounded in time, number and money, whatever the provider does.

    Args:
        timeout_s: For one reply, waiting for a turn and all attempts included.
        attempts: At most so many where trying again may help.
        concurrency: Calls at the same time; more wait for their turn.
        max_output_tokens: What one reply may have, for the budget.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        model: ChatModel,
        budget: Budget,
        *,
        timeout_s: float = 30.0,
        attempts: int = 3,
        concurrency: int = 4,
        max_output_tokens: int = 800,
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = model.name
        self.budget = budget
        self._model = model
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._turns = threading.BoundedSemaphore(concurrency)
        self._max_output_tokens = max_output_tokens
        self._breaker = breaker or Breaker()
        self._sleep = sleep
        self._ticks = ticks

    @stage("model")
    def ask(self, prompt: Prompt, *, payer: str, schema: type[BaseModel] | None = None) -> Reply:
        """Return the model's reply.

        Args:
            payer: Whose allowance pays, for example "guild:1".

        Raises:
            ModelUnavailableError: Too slow, too busy, not reached, or left alone after failures.
            NoTurnError: It was not asked: other questions had its turns.
            ModelRefusedError: The provider does not take the request.
            BudgetSpentError: The day's tokens or money are spent.
            StoreError: What is spent cannot be kept.
        """
        until = self._ticks() + self._timeout_s
        self._take_turn(until)
        try:
            reserved = self.budget.reserve(payer, Usage(prompt.estimated_tokens, self._max_output_tokens))
            self._admit(reserved)  # last: whom the breaker lets through to try has to try
        except BaseException:
            self._turns.release()
            raise
        started = self._ticks()
        try:
            reply = self._in_time(lambda: self._attempted(prompt, schema, until), until)
        except Exception as error:
            had_time = until - started >= self._timeout_s / 2
            self._failed(error, reserved, is_providers=had_time or not isinstance(error, _TooSlowError))
            raise
        self._breaker.succeeded()
        self.budget.settle(reserved, reply.usage or Usage(prompt.estimated_tokens, len(reply.text) // 3 + 1))
        return reply

    def _take_turn(self, until: float) -> None:
        """Wait for a turn; waiting in vain costs nothing and says nothing of the provider.

        Raises:
            NoTurnError: Other questions had them all.
            ModelUnavailableError: There is no use in waiting: the model is left alone.
        """
        if self._breaker.is_open:
            raise ModelUnavailableError(LEFT_ALONE)
        if not self._turns.acquire(timeout=max(0.0, until - self._ticks())):
            raise NoTurnError("The language model is busy with other questions.")

    def _admit(self, reserved: Reservation) -> None:
        try:
            self._breaker.admit()
        except ModelUnavailableError:
            self.budget.settle(reserved, _NOTHING)
            raise

    def _failed(self, error: Exception, reserved: Reservation, *, is_providers: bool) -> None:
        """Settle; what was wrong with one request, or little time after the wait, is no fault of the provider."""
        if is_providers and not isinstance(error, RequestRefusedError | ModelUnusableError):
            self._breaker.failed()
        self.budget.settle(reserved, None if isinstance(error, _TooSlowError) else _NOTHING)
        log.warning("the language model %s gave no answer: %s", self.name, error)

    def _attempted(self, prompt: Prompt, schema: type[BaseModel] | None, until: float) -> Reply:
        enough = stop_after_attempt(self._attempts)

        def stop(state: RetryCallState) -> bool:
            return enough(state) or self._ticks() >= until

        attempts = retrying(stop, lambda seconds: self._sleep(min(seconds, max(0.0, until - self._ticks()))))
        reply: Reply = attempts(lambda: self._model.complete(prompt, schema))
        return reply

    def _in_time(self, call: Callable[[], Reply], until: float) -> Reply:
        """Call on a thread of its own, which gives the turn back: nobody waits longer for a stuck socket."""
        future: Future[Reply] = Future()
        try:
            threading.Thread(target=self._work, args=(call, future), name="llm", daemon=True).start()
        except RuntimeError:  # no thread can be had, so none gives the turn back
            self._turns.release()
            raise ModelUnavailableError("There is no thread left for the language model.") from None
        try:
            return future.result(max(0.0, until - self._ticks()))
        except FutureTimeout:
            raise _TooSlowError("The language model did not answer in time.") from None

    def _work(self, call: Callable[[], Reply], future: Future[Reply]) -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._turns.release()

"""A model behind its guards: what it costs, how long it may take, and when it is left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from retrieval.bootstrap import build_budget
from retrieval.errors import (
    BudgetSpentError,
    ModelRefusedError,
    ModelUnavailableError,
    NoTurnError,
    RequestRefusedError,
    SettingsError,
)
from retrieval.ledger import Ledger, schema
from retrieval.llm import Prompt, Reply, Usage
from retrieval.llm.guard import Allowance, Breaker, Budget, GuardedModel, Prices
from retrieval.settings import RetrievalSettings

PROMPT = Prompt("system", "user")
FREE = Allowance()


class Scripted:
    """Replies, or raises, one after the other; the last again and again."""

    name = "fake:model"

    def __init__(self, *script: Reply | Exception | Callable[[], Reply]) -> None:
        self.script: Sequence[Reply | Exception | Callable[[], Reply]] = script
        self.calls = 0

    def complete(self, prompt: Prompt, schema: type[BaseModel] | None = None) -> Reply:
        step = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Reply) else step()


def budget(
    ledger: Ledger,
    overall: Allowance = FREE,
    each: Allowance = FREE,
    now: Callable[[], float] = lambda: 0.0,
) -> Budget:
    return Budget(ledger, overall=overall, per_payer=each, prices=Prices(1.0, 10.0), clock=now)


def spent(ledger: Ledger, payer: str | None = None) -> tuple[int, float]:
    """Return tokens and money, of `payer` or of all."""
    s = schema.llm_spending
    with ledger.read() as connection:
        rows = connection.execute(select(s).where(True if payer is None else s.c.payer == payer)).all()
    return sum(row.tokens for row in rows), sum(row.micros for row in rows) / 1e6


def guarded(model: Scripted, spending: Budget, **options: object) -> GuardedModel:
    fields: dict[str, object] = {"sleep": lambda _: None, "breaker": Breaker(100), **options}
    return GuardedModel(model, spending, **fields)  # type: ignore[arg-type]


def test_what_the_provider_counted_is_what_is_spent(ledger: Ledger) -> None:
    spending = budget(ledger)

    reply = guarded(Scripted(Reply("yes", usage=Usage(100, 20))), spending).ask(PROMPT, payer="guild:1")

    assert reply.text == "yes"
    assert spent(ledger, "guild:1") == spent(ledger) == (120, 0.0003)
    assert spent(ledger, "guild:2") == (0, 0.0)


@pytest.mark.parametrize(
    ("overall", "each"),
    [(Allowance(tokens=900), FREE), (FREE, Allowance(tokens=900)), (FREE, Allowance(cost=0.0081))],
    ids=["all", "server", "money"],
)
def test_a_call_that_might_overspend_is_not_made(ledger: Ledger, overall: Allowance, each: Allowance) -> None:
    model = Scripted(Reply("yes", usage=Usage(10, 100)))
    asked = guarded(model, budget(ledger, overall, each))
    asked.ask(PROMPT, payer="guild:1")

    with pytest.raises(BudgetSpentError):
        asked.ask(PROMPT, payer="guild:1")

    assert model.calls == 1


def test_one_server_that_spent_its_budget_leaves_the_others_theirs(ledger: Ledger) -> None:
    asked = guarded(Scripted(Reply("yes", usage=Usage(10, 100))), budget(ledger, each=Allowance(tokens=900)))
    asked.ask(PROMPT, payer="guild:1")

    assert asked.ask(PROMPT, payer="guild:2").text == "yes"


def test_a_new_day_has_a_new_budget(ledger: Ledger) -> None:
    now = [0.0]
    asked = guarded(
        Scripted(Reply("yes", usage=Usage(10, 100))),
        budget(ledger, Allowance(tokens=900), now=lambda: now[0]),
    )
    asked.ask(PROMPT, payer="guild:1")
    now[0] = 86_400.0

    assert asked.ask(PROMPT, payer="guild:1").text == "yes"


def test_what_may_pass_is_tried_again_and_a_refusal_is_not(ledger: Ledger) -> None:
    passing = Scripted(ModelUnavailableError("busy"), ModelUnavailableError("busy"), Reply("yes"))
    refusing = Scripted(ModelRefusedError("no such model"))
    spending = budget(ledger)

    assert guarded(passing, spending).ask(PROMPT, payer="shared").text == "yes"
    with pytest.raises(ModelRefusedError):
        guarded(refusing, spending).ask(PROMPT, payer="shared")

    assert (passing.calls, refusing.calls) == (3, 1)


def test_a_call_that_failed_costs_nothing(ledger: Ledger) -> None:
    spending = budget(ledger)
    with pytest.raises(ModelUnavailableError):
        guarded(Scripted(ModelUnavailableError("busy")), spending).ask(PROMPT, payer="shared")

    assert spent(ledger) == (0, 0.0)


def test_nobody_waits_longer_than_the_timeout_and_the_reservation_stands(ledger: Ledger) -> None:
    never = threading.Event()
    spending = budget(ledger)
    model = Scripted(lambda: Reply(str(never.wait(20))))

    with pytest.raises(ModelUnavailableError, match="did not answer in time"):
        guarded(model, spending, timeout_s=0.05, concurrency=1).ask(PROMPT, payer="shared")

    assert spent(ledger)[0] == PROMPT.estimated_tokens + 800
    with pytest.raises(ModelUnavailableError, match=r"busy with other questions|did not answer"):
        guarded(model, spending, timeout_s=0.05).ask(PROMPT, payer="shared")
    never.set()


def test_no_more_calls_at_once_than_the_bound(ledger: Ledger) -> None:
    go, lock, running, most = threading.Event(), threading.Lock(), [0], [0]

    def work() -> Reply:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(5)
        with lock:
            running[0] -= 1
        return Reply("yes")

    asked = guarded(Scripted(work), budget(ledger), concurrency=2)
    threads = [threading.Thread(target=lambda: asked.ask(PROMPT, payer="shared")) for _ in range(6)]
    for thread in threads:
        thread.start()
    threading.Timer(0.2, go.set).start()
    for thread in threads:
        thread.join(10)

    assert most == [2]


def test_waiting_in_vain_for_a_turn_costs_nothing_and_is_no_failure_of_the_provider(ledger: Ledger) -> None:
    go, spending, breaker = threading.Event(), budget(ledger), Breaker(failures=1)
    model = Scripted(lambda: Reply("yes" if go.wait(20) else "no", usage=Usage(10, 5)))
    slow = guarded(model, spending, timeout_s=20.0, concurrency=2, breaker=breaker)
    hurried = guarded(model, spending, timeout_s=0.05, breaker=breaker)
    hurried._turns = slow._turns
    threads = [threading.Thread(target=lambda: slow.ask(PROMPT, payer="shared")) for _ in range(2)]
    for thread in threads:
        thread.start()
    while model.calls < 2:
        time.sleep(0.01)

    for _ in range(6):
        with pytest.raises(NoTurnError):
            hurried.ask(PROMPT, payer="shared")
    go.set()
    for thread in threads:
        thread.join(10)

    assert (spent(ledger)[0], breaker.is_open, model.calls) == (30, False, 2)


def test_one_members_request_that_is_refused_leaves_the_model_to_the_others(ledger: Ledger) -> None:
    refusing = Scripted(*[RequestRefusedError("too long")] * 5, Reply("yes"))
    asked = guarded(refusing, budget(ledger), breaker=Breaker(failures=2))
    for _ in range(5):
        with pytest.raises(RequestRefusedError):
            asked.ask(PROMPT, payer="guild:1")

    assert asked.ask(PROMPT, payer="guild:2").text == "yes"


def test_whoever_waited_long_for_a_turn_and_had_no_time_left_is_no_failure_of_the_provider(
    ledger: Ledger,
) -> None:
    now, breaker, never = [0.0], Breaker(failures=1), threading.Event()

    class Waited:  # for 29.97 of 30 seconds
        def acquire(self, timeout: float) -> bool:
            now[0] += timeout - 0.03
            return True

        def release(self) -> None:
            return

    model = Scripted(lambda: Reply(str(never.wait(5))))
    asked = guarded(model, budget(ledger), breaker=breaker, ticks=lambda: now[0])
    asked._turns = Waited()  # type: ignore[assignment]

    with pytest.raises(ModelUnavailableError, match="did not answer in time"):
        asked.ask(PROMPT, payer="shared")
    never.set()

    assert not breaker.is_open


def test_what_is_not_ours_gives_turn_and_reservation_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    spending = budget(ledger)
    asked = guarded(Scripted(KeyError("odd"), Reply("yes", usage=Usage(10, 5))), spending, concurrency=1)

    with pytest.raises(KeyError):
        asked.ask(PROMPT, payer="shared")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", lambda _: exec("raise RuntimeError('no thread')"))
        with pytest.raises(ModelUnavailableError):
            asked.ask(PROMPT, payer="shared")

    assert spent(ledger) == (0, 0.0)
    assert asked.ask(PROMPT, payer="shared").text == "yes"


def test_a_spent_budget_does_not_use_up_the_one_call_that_tries_again(ledger: Ledger) -> None:
    now = [0.0]
    breaker = Breaker(failures=1, rest_s=60, ticks=lambda: now[0])
    asked = guarded(
        Scripted(ModelUnavailableError("busy"), Reply("yes", usage=Usage(1, 1))),
        budget(ledger, each=Allowance(tokens=900)),
        breaker=breaker,
        attempts=1,
    )
    asked.budget.settle(asked.budget.reserve("guild:poor", Usage(0, 0)), Usage(900, 0))
    with pytest.raises(ModelUnavailableError):
        asked.ask(PROMPT, payer="guild:2")
    now[0] = 61.0
    with pytest.raises(BudgetSpentError):
        asked.ask(PROMPT, payer="guild:poor")

    assert asked.ask(PROMPT, payer="guild:2").text == "yes"


def test_a_model_that_keeps_failing_is_left_alone_and_then_tried_once() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, rest_s=60, ticks=lambda: now[0])
    for _ in range(2):
        breaker.admit()
        breaker.failed()
    with pytest.raises(ModelUnavailableError):
        breaker.admit()
    now[0] = 61.0
    breaker.admit()  # one tries
    with pytest.raises(ModelUnavailableError):
        breaker.admit()  # the others do not
    breaker.succeeded()
    breaker.admit()


def test_a_limit_on_money_without_prices_is_refused(ledger: Ledger) -> None:
    with pytest.raises(SettingsError, match="limits nothing without prices"):
        build_budget(RetrievalSettings(llm_daily_cost=5), ledger)

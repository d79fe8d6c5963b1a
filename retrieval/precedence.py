"""Questions first: work in the background gives way to the questions of its process.

Python runs one thread at a time. A question gives the interpreter away at every row it reads, and whoever is
busy then keeps it for five milliseconds, so an ingest beside it makes a short question several times as long.
An ingest therefore stops between its steps while a question is being answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 8
"""So many questions are answered at the same time, however many are asked: more would only take turns at the interpreter,
and each holds a connection to the ledger while it may ask for another one (`ledger.engine.MOST_CONNECTIONS`)."""

_MOST_WAITED_S = 0.5
"""How long work that has long been left alone stands still for questions that never end."""

_WAITED_PER_WORKED = 3.0
"""And how long for each second that it was at work: a quarter of the time is its own, whatever is asked."""

_WAITED_IN_HASTE = 0.5
"""And while it keeps others waiting, for the store: a question's own answer is written there, too."""


class Precedence:
    """Lets the questions of one process go before its work in the background."""

    def __init__(self) -> None:
        self._asking = 0
        self._none = threading.Condition()
        self._turns = threading.Semaphore(AT_ONCE)

    @contextmanager
    def question(self) -> Iterator[None]:
        """A question is being answered for as long as the block lasts, which waits for its turn."""
        with self._none:
            self._asking += 1
        try:
            with self._turns:
                yield
        finally:
            with self._none:
                self._asking -= 1
                if not self._asking:
                    self._none.notify_all()

    def courtesy(self, clock: Callable[[], float] = time.monotonic) -> Courtesy:
        """Return what one piece of background work is to call between its steps."""
        return Courtesy(self, clock)

    @property
    def is_asked(self) -> bool:
        """Whether a question is being answered right now."""
        return self._asking > 0

    def wait(self, timeout_s: float) -> None:
        """Wait until no question is being answered."""
        with self._none:
            self._none.wait_for(lambda: not self._asking, timeout_s)


class Courtesy:
    """How one piece of work, on one thread, gives way: willingly, but never for good.

    It waits for questions as long as it has patience left, which grows while it works and has a bound. So
    single questions pass at once, and under questions without a pause it goes on, more slowly.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(self, precedence: Precedence, clock: Callable[[], float]) -> None:
        self._precedence = precedence
        self._clock = clock
        self._patience_s = _MOST_WAITED_S
        self._waited_per_worked = _WAITED_PER_WORKED
        self._went_on = clock()

    @contextmanager
    def in_haste(self) -> Iterator[None]:
        """Others wait for what is done in the block."""
        self._patience_s, self._waited_per_worked = 0.0, _WAITED_IN_HASTE
        self._went_on = self._clock()
        try:
            yield
        finally:
            self._waited_per_worked = _WAITED_PER_WORKED

    def give_way(self) -> None:
        """Stand still while questions are being answered; at once where there are none."""
        if not self._precedence.is_asked:
            return
        stopped = self._clock()
        earned = (stopped - self._went_on) * self._waited_per_worked
        patience = min(self._patience_s + earned, _MOST_WAITED_S)
        self._precedence.wait(patience)
        self._went_on = self._clock()
        self._patience_s = max(patience - (self._went_on - stopped), 0.0)

    def between(self, steps: Iterable[T]) -> Iterator[T]:
        """Yield `steps`, giving way before each of them."""
        for step in steps:
            self.give_way()
            yield step

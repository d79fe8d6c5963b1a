"""Who is let in, and when: questions a minute, threads and those who wait for one, what is in flight."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from retrieval.errors import RapporteurError

SETTLING_S = 1.0
"""How long before its deadline a shutdown has every question answered with what was found."""

_CANCELLING_S = 0.3
_MANY = 10_000

P = ParamSpec("P")
T = TypeVar("T")


class LimitedError(RapporteurError):
    """A member or a server asks faster than allowed.

    Attributes:
        seconds: Whole seconds until the next question is taken.
        whole_server: The server's limit was reached, not the member's.
    """

    def __init__(self, seconds: int, *, whole_server: bool = False) -> None:
        self.seconds = seconds
        self.whole_server = whole_server
        super().__init__(
            f"too many questions from one {'server' if whole_server else 'member'}; wait {seconds} s"
        )


class BusyError(RapporteurError):
    """As many questions wait as may wait."""


class ClosingError(RapporteurError):
    """The bot is shutting down and takes no more questions."""


class Buckets:
    """A token bucket per key: `per_minute` at once, refilled at that rate.

    Args:
        per_minute: 0 is no limit.
        clock: Seconds, never going back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._size = per_minute
        self._clock = clock
        self._full_at: dict[int, float] = {}

    def wait_s(self, key: int) -> int:
        """Return how many whole seconds `key` has to wait; 0 is none."""
        if not self._size:
            return 0
        missing_s = self._full_at.get(key, 0.0) - self._clock()
        room_s = 60.0 - 60.0 / self._size
        return max(0, math.ceil(missing_s - room_s - 1e-9))

    def take(self, key: int) -> None:
        """Count one question of `key`."""
        if self._size:
            now = self._clock()
            self._full_at[key] = max(self._full_at.get(key, now), now) + 60.0 / self._size
            if len(self._full_at) > _MANY:
                self._full_at = {k: full for k, full in self._full_at.items() if full > now}


class Limits:
    """Per-member and per-server limits together."""

    def __init__(self, user_per_minute: int, server_per_minute: int, clock: Callable[[], float]) -> None:
        self._users = Buckets(user_per_minute, clock)
        self._servers = Buckets(server_per_minute, clock)

    def admit(self, user: int, server: int | None) -> None:
        """Count one question, or refuse it; a refused one is not counted.

        Raises:
            LimitedError: With the seconds to wait.
        """
        if seconds := self._users.wait_s(user):
            raise LimitedError(seconds)
        if server is not None and (seconds := self._servers.wait_s(server)):
            raise LimitedError(seconds, whole_server=True)
        self._users.take(user)
        if server is not None:
            self._servers.take(server)


class Workers:
    """So many threads, and so many calls that may wait for one.

    Args:
        running: Calls that run at the same time.
        waiting: Calls that may wait; one more is refused at once rather than left in a silent queue.
    """

    def __init__(self, running: int, waiting: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=running, thread_name_prefix=name)
        self._room = running + waiting
        self._most_waiting = waiting
        self._futures = set[asyncio.Future[Any]]()

    async def run(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Return what `call` returns for these arguments, from a thread.

        Raises:
            BusyError: Too many calls wait already.
        """
        if self._room <= 0:
            raise BusyError("too many questions wait for their turn")
        self._room -= 1
        work = partial(copy_context().run, call, *args, **more)
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # On the future, not around the await: a caller that gives up leaves its thread busy all the same.
        self._futures.add(future)
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return max(0, self._most_waiting - self._room)

    def _leave(self, future: asyncio.Future[Any]) -> None:
        self._room += 1
        self._futures.discard(future)
        if not future.cancelled():
            future.exception()  # the caller may be gone; its error is not news to the loop

    async def close(self, timeout_s: float | None = None) -> bool:
        """Drop calls that have not begun and wait for those that have; False when that takes too long.

        Then nothing that they work with may be closed: native code that loses its store under its feet takes the
        process down.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._futures:
            await asyncio.wait(self._futures, timeout=timeout_s)
        return not self._futures


class InFlight:
    """Counts what has begun and is not finished, so that a shutdown can wait for it.

    `with in_flight as admitted:` counts the block, the whole of a task; `admitted` is False once the door is
    closed. What is refused counts too: its sentence has to arrive as well.
    """

    def __init__(self) -> None:
        self._tasks: Counter[asyncio.Task[Any]] = Counter()
        self._open = True
        self._idle = asyncio.Event()
        self._idle.set()
        self._settling = asyncio.Event()

    def __enter__(self) -> bool:
        task = asyncio.current_task()
        assert task is not None
        self._tasks[task] += 1
        self._idle.clear()
        return self._open

    def __exit__(self, *_: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks[task] -= 1
        self._tasks += Counter()  # leaves out those that count nothing any more
        if not self._tasks:
            self._idle.set()

    async def unless_settling(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns, unless the shutdown can wait no longer.

        Raises:
            ClosingError: It cannot.
        """
        task, told = asyncio.ensure_future(work), asyncio.ensure_future(self._settling.wait())
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClosingError("shutting down")
        finally:
            task.cancel()
            told.cancel()

    async def close(self, timeout_s: float) -> bool:
        """Close the door and wait until nothing is in flight; False when that takes too long.

        Shortly before the time is up, whatever waits for an answer makes do with what it has; afterwards what is
        still in flight is cancelled.
        """
        self._open = False
        if await self._finished(max(0.0, timeout_s - SETTLING_S)):
            return True
        self._settling.set()
        if await self._finished(SETTLING_S):
            return True
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(list(self._tasks), timeout=_CANCELLING_S)
        return False

    async def _finished(self, timeout_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        return self._idle.is_set()

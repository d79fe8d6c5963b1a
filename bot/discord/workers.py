"""The one place where Discord's event loop hands blocking work to threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.discord.errors import BusyError

T = TypeVar("T")


class Workers:
    """So many threads, and so many calls that may wait for one.

    Args:
        running: Calls that run at the same time.
        waiting: Calls that may wait; one more is refused at once rather than left in a silent queue.
    """

    def __init__(self, running: int, waiting: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=running, thread_name_prefix=name)
        self._room = running + waiting

    async def run(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, from a thread.

        Raises:
            BusyError: Too many calls wait already.
        """
        if self._room <= 0:
            raise BusyError("too many questions wait for their turn")
        self._room -= 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        # On the future, not around the await: a caller that gives up leaves its thread busy all the same.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def _leave(self, future: asyncio.Future[T]) -> None:
        self._room += 1
        if not future.cancelled():
            future.exception()  # the caller may be gone; its error is not news to the loop

    async def close(self) -> None:
        """Drop calls that have not begun and wait for those that have.

        However long: what they work with is closed next, and native code that loses its store under its
        feet takes the process down.
        """
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)


class InFlight:
    """Counts what has begun and is not finished, so that a shutdown can wait for it.

    `with in_flight as admitted:` counts the block; `admitted` is False once the door is closed. What is
    refused counts too: its sentence has to arrive as well.
    """

    def __init__(self) -> None:
        self._count = 0
        self._open = True
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> bool:
        self._count += 1
        self._idle.clear()
        return self._open

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def close(self, timeout_s: float) -> bool:
        """Close the door and wait until nothing is in flight; False when that takes too long."""
        self._open = False
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

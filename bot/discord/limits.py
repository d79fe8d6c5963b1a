"""How many questions a member and a server may ask: one bucket each, refilled steadily."""

from __future__ import annotations

import math
from collections.abc import Callable

from bot.discord.errors import LimitedError

_MANY = 10_000


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

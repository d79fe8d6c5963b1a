"""A circuit breaker: a model that keeps failing is left alone for a while, so that nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from retrieval.errors import ModelUnavailableError

FAILURES = 4
REST_S = 60.0
LEFT_ALONE = "The language model failed several times and is left alone."


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

"""How many previews are in the making."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.discord.errors import BusyError, RefusedError

_AT_ONCE = 8
_OF_ONE_SCOPE = 2


class Making:
    """Counts the previews in the making: each holds its files in memory, and none is to keep another server's out."""

    def __init__(self) -> None:
        self._scopes: Counter[str] = Counter()

    @contextmanager
    def room(self, scope: str) -> Iterator[None]:
        """Take room for one, before its files are fetched.

        Raises:
            RefusedError: As many of this scope are being made as may be.
            BusyError: As many are altogether.
        """
        if self._scopes[scope] >= _OF_ONE_SCOPE:
            raise RefusedError("corpus.previewing")
        if self._scopes.total() >= _AT_ONCE:
            raise BusyError("too many previews are being made")
        self._scopes[scope] += 1
        try:
            yield
        finally:
            self._scopes[scope] -= 1

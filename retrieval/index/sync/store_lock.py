"""Who may touch the vector index: many readers, or one writer.

Embedded Chroma gives wrong answers, without an error, when a second process writes under it. The lock is the
operating system's (portalocker), so it ends with its process, however that ends.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import portalocker

from retrieval.errors import StoreHeldError, StoreUnwritableError

_POLL_S = 0.1


class StoreLock:
    """The lock of one store folder.

    Args:
        folder: The store's folder; it exists.
        purpose: What this process does there, in a word or two, for whoever has to wait.
    """

    def __init__(self, folder: Path, purpose: str) -> None:
        self._path = folder / "store.lock"
        self._purpose = purpose
        self._stream: IO[str] | None = None
        self._turn: IO[str] | None = None

    def share(self) -> bool:
        """Try to become one of the readers; False when somebody else is writing."""
        if self._turn is not None:  # a thread of this process is writing: nobody else can
            return True
        return self._lock(portalocker.LockFlags.SHARED)

    def own(self, *, timeout_s: float) -> None:
        """Become the only one, waiting for readers to finish.

        A shared lock that is raised to an exclusive one is given up in between (flock(2)). Only who holds the
        turn may raise its lock, so nobody can write in that moment.

        Raises:
            StoreHeldError: Another process was still there after `timeout_s`; the message says which. Who
                was sharing the store before still does.
        """
        shared = self._stream is not None
        deadline = time.monotonic() + timeout_s
        while not (self._take_turn() and self._lock(portalocker.LockFlags.EXCLUSIVE)):
            if time.monotonic() >= deadline:
                holder = self._holder()
                if shared and self._turn is not None:
                    self._lock(portalocker.LockFlags.SHARED)
                self._end_turn()
                raise StoreHeldError(
                    f"{self._path.parent}: the store is held by {holder}. Wait for it to finish or stop it, "
                    "then try again.",
                    holder,
                )
            time.sleep(_POLL_S)

    def release(self) -> None:
        """Give the lock back."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._end_turn()

    @contextmanager
    def owned(self, *, timeout_s: float) -> Iterator[None]:
        """Own the store for the block, then go back to sharing it."""
        self.own(timeout_s=timeout_s)
        try:
            yield
        finally:
            self._lock(portalocker.LockFlags.SHARED)
            self._end_turn()

    def _take_turn(self) -> bool:
        if self._turn is None:
            try:
                stream = self._path.with_suffix(".turn").open("a+", encoding="utf-8")
            except OSError as error:
                raise StoreUnwritableError(
                    f"{self._path.parent}: the store cannot be written ({error.strerror}). Make its folder "
                    "writable, or name another one with --store."
                ) from error
            try:
                portalocker.lock(stream, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
            except portalocker.LockException:
                stream.close()
                return False
            self._turn = stream
        return True

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.close()
            self._turn = None

    def _lock(self, how: portalocker.LockFlags) -> bool:
        try:
            stream = self._stream or self._path.open("a+", encoding="utf-8")
        except OSError:  # where nobody can sign, nobody writes
            return False
        try:
            portalocker.lock(stream, how | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.LockException:
            if self._stream is None:
                stream.close()
            return False
        self._stream = stream
        self._sign(stream)
        return True

    def _sign(self, stream: IO[str]) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # a full disk: the lock holds, unsigned
            stream.seek(0)
            stream.truncate()
            stream.write(json.dumps({"pid": os.getpid(), "purpose": self._purpose, "since": since}))
            stream.flush()

    def _holder(self) -> str:
        try:
            signed = json.loads(self._path.read_text(encoding="utf-8"))
            return f"process {signed['pid']} ({signed['purpose']}, since {signed['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

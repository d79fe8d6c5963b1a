"""The folder of an embedded index: who may touch it, whether its files are as they were, and whether it is whole.

Embedded Chroma gives wrong answers, without an error, when a second process writes under it: many may read, or one
write. The lock is the operating system's (portalocker), so it ends with its process, however that ends.

A damaged index can end the process that touches it (SIGSEGV), which no `except` catches. So it is checked in a child:
`python -m retrieval.index.index_folder PATH [LEDGER]`; exit status 0: nothing is wrong with it. Without LEDGER, a
ledger that several hosts share, the environment says where it is.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import portalocker
from pydantic import SecretStr

from retrieval.errors import StoreError, StoreHeldError, StoreUnwritableError
from retrieval.index.chroma import EmbeddedStore
from retrieval.index.index_writer import problem_of
from retrieval.ledger import Ledger

log = logging.getLogger(__name__)

LEDGER_VARIABLE = "LEDGER_URL"
"""Tells the child about a ledger whose address may hold a password."""

_TIMEOUT_S = 120

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


class Fingerprint:
    """What the files of one index folder were when they were last known to be whole: `NAME.fingerprint` beside it.

    Args:
        folder: The index's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder.with_name(folder.name + ".fingerprint")

    def matches(self) -> bool:
        """Whether the files are what they were when it was kept."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(kept == self._of_now())

    def keep(self) -> None:
        """Say that the files are whole as they are now."""
        try:
            self.path.write_text(json.dumps(self._of_now()), encoding="utf-8")
        except OSError as error:  # without one it costs a check at the next start, nothing else
            log.debug("cannot keep the fingerprint of the vector index: %s", error)

    def drop(self) -> None:
        """The files are about to change."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("cannot drop the fingerprint of the vector index: %s", error)

    def _of_now(self) -> dict[str, list[int]]:
        """Name -> size and time of each file; Chroma touches its SQLite file even to read it."""
        found = {}
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and not path.name.endswith(("-wal", "-shm", "-journal")):
                status = path.stat()
                times = [] if path.suffix == ".sqlite3" else [status.st_mtime_ns]
                found[path.relative_to(self._folder).as_posix()] = [status.st_size, *times]
        return found


def is_intact(path: Path, ledger: Path | SecretStr) -> bool:
    """Open, count and query every scope of the index at `path` in a process that may crash."""
    command = [sys.executable, "-P", "-m", "retrieval.index.index_folder", str(path)]
    # the child finds this very package, whatever folder it is started from
    home = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
    if isinstance(ledger, Path):
        command.append(str(ledger))
    else:  # everybody on this machine can read the arguments of a process
        environment[LEDGER_VARIABLE] = ledger.get_secret_value()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        log.warning("checking the vector index took more than %d s", _TIMEOUT_S)
        return False
    if done.returncode:
        log.warning("the vector index failed its check: %s", done.stderr.strip().rpartition("\n")[2])
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Return the exit status; what is wrong goes to standard error."""
    path = Path(arguments[0])
    ledger = Ledger(Path(arguments[1]) if arguments[1:] else os.environ[LEDGER_VARIABLE])
    try:
        problem = problem_of(EmbeddedStore(path, ledger.id), ledger)
    except StoreError as error:
        problem = str(error)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The vector index in a folder of the store: one writer, and never trusted after an unclean stop.

A fingerprint beside the index says what its files were when they were last known to be whole; an index that doesn't
match it is checked in a child process first, because a damaged one can end the process that opens it (SIGSEGV). One
that fails is written again from the ledger, beside the old one, without embedding anything.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from retrieval.errors import StoreError, StoreHeldError
from retrieval.index.chroma import EmbeddedStore
from retrieval.index.encoder import Vector
from retrieval.index.index_folder import Fingerprint, StoreLock, is_intact
from retrieval.index.index_writer import Backlog, IndexWriter
from retrieval.index.vector_index import REMOTE, Hit, IndexSync, LedgerScan
from retrieval.ledger import Ledger

log = logging.getLogger(__name__)

Index = EmbeddedStore | LedgerScan
Some = TypeVar("Some", EmbeddedStore, LedgerScan)

_MANY_SCANNED = 5000
"""Scanning so many beside every query takes a few milliseconds."""

_FEW_SCANNED = 256
"""Scanning so many beside every query takes a tenth of a millisecond."""

_APART_S = 30.0
"""Chroma keeps Python's interpreter to itself while it adds, for tens of milliseconds even for one vector."""


class EmbeddedSync(IndexSync):
    """The vector index of one store, in its folder.

    Args:
        folder: The store's folder.
        lock: Of that folder; given back with the index.
    """

    place = "Chroma"

    def __init__(self, folder: Path, ledger: Ledger, lock: StoreLock) -> None:
        super().__init__(ledger)
        self._folder = folder
        self._lock = lock
        self._index: Index | None = None
        self._path = folder
        self._users: Counter[int] = Counter()
        self._retired: dict[int, Index] = {}
        self._writing = threading.RLock()
        self._waits = False  # another process was writing when this one wanted to read
        self._failed = False
        self._handed_over: float | None = None  # when, monotonic

    # --- asking ---

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first."""
        try:
            with self._current() as index:
                return index.query(scope, vector, limit)
        except StoreError as error:
            log.warning("%s", error)
            return self._fall_back().query(scope, vector, limit)

    def count(self, scope: str) -> int:
        """Return how many embeddings the index of `scope` holds."""
        with self._current() as index:
            return index.count(scope)

    @property
    def is_whole(self) -> bool:
        """Whether Chroma serves, and not the scan that stands in for it."""
        with self._current() as index:
            return isinstance(index, EmbeddedStore)

    @contextmanager
    def _current(self) -> Iterator[Index]:
        """The index for one query: one that is replaced meanwhile is closed only afterwards."""
        with self._guard:
            index = self._index
            if index is None or (self._waits and self._lock.share()):
                index = self._index = self._open()
            self._users[id(index)] += 1
        try:
            yield index
        finally:
            with self._guard:
                self._users[id(index)] -= 1
                self._close_retired()

    def _fall_back(self) -> Index:
        """The index failed in use: scan the ledger until it is repaired."""
        with self._guard:
            self._failed = True
            Fingerprint(self._path).drop()
            return self._use(self._scan, self._path)

    def _use(self, index: Some, path: Path) -> Some:
        """Answer from `index` from now on."""
        with self._guard:
            if self._index is not None:
                self._retired[id(self._index)] = self._index
            self._index, self._path = index, path
            self._close_retired()
            return index

    def _close_retired(self) -> None:
        for key in [key for key in self._retired if not self._users[key]]:
            self._retired.pop(key).close()

    # --- opening ---

    def _open(self) -> Index:
        self._waits = False
        if not os.access(self._folder, os.W_OK):  # Chroma writes even to read
            return self._scan
        if not self._lock.share():
            log.info("the vector index is being written by another process; scanning the ledger instead")
            self._waits = True
            return self._scan
        self._path = self._named_folder()
        if Fingerprint(self._path).matches():
            try:
                return EmbeddedStore(self._path, self._ledger.id)
            except StoreError as error:
                log.warning("%s", error)
        elif not self._path.exists() and not self._records():
            return self._scan  # nothing was indexed yet
        self._begin_repair(self._check_and_repair)
        return self._scan

    def _check_and_repair(self) -> None:
        """Check the index and, if it is broken, write it anew; questions are answered meanwhile."""
        try:
            if self._is_intact(self._path):
                self._use(EmbeddedStore(self._path, self._ledger.id), self._path)
                return
            with self._writing, self._lock.owned(timeout_s=0):
                log.warning(
                    "the vector index is damaged, or stood elsewhere; writing it again from the ledger"
                )
                self._rewrite()
                log.warning("the vector index is whole again")
        except StoreHeldError:
            log.warning("the vector index is damaged and in use elsewhere; scanning the ledger instead")
        except StoreError as error:
            log.warning("the vector index cannot be written (%s); scanning the ledger instead", error)

    def _is_intact(self, path: Path) -> bool:
        return path.exists() and is_intact(path, self._ledger.address)

    def open(self) -> None:
        """Open the index, where that was not done yet."""
        with self._current():
            pass

    def close(self) -> None:
        """Give the index and its lock back, after a repair that is soon done."""
        try:
            super().close()
        finally:
            self._lock.release()

    def _give_back(self) -> None:
        with self._guard:
            index, self._index = self._index, None
            for retired in self._retired.values():
                retired.close()
            self._retired.clear()
        if index is None:
            return
        index.close()
        if isinstance(index, EmbeddedStore):
            Fingerprint(self._path).keep()  # now that Chroma has written what it held back

    def _named_folder(self) -> Path:
        """Return the folder of the index in use; one that isn't there where a server had the index before."""
        name = self._index_name() or "chroma"
        return self._next_folder() if name.startswith(REMOTE) else self._folder / name

    # --- writing ---

    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:
        """Hand the index what it misses, or write it anew; where much is missing, wait ten seconds at least."""
        if at_leisure and self._is_being_repaired():
            return False
        self._join()
        backlog = Backlog.of(self._ledger)
        if backlog.is_empty and not self._failed and not self._leftovers():
            return True
        if at_leisure and not backlog.rewrite and not self._failed and self._can_wait(backlog):
            return False
        if backlog.most_missing > _MANY_SCANNED:
            timeout_s = max(timeout_s, 10.0)
        try:
            with self._writing, self._lock.owned(timeout_s=timeout_s):
                if backlog.rewrite or self._failed:
                    self._rewrite()
                else:
                    index = self._writable()
                    Fingerprint(self._path).drop()
                    IndexWriter(self._ledger, index, self._stopping).hand_over(backlog)
                    self._handed_over = time.monotonic()
                self._sweep()
        except StoreHeldError as error:
            log.info("the vector index catches up later: %s", error)
            return False
        except StoreError as error:
            log.warning("%s What is missing from it is scanned.", error)
            return False
        return True

    def _can_wait(self, backlog: Backlog) -> bool:
        recently = self._handed_over is not None and time.monotonic() - self._handed_over < _APART_S
        return recently and backlog.most_missing <= _FEW_SCANNED

    def _writable(self) -> EmbeddedStore:
        """Return Chroma, opened or written anew where something else stands in for it."""
        if isinstance(self._index, EmbeddedStore):
            return self._index
        path = self._named_folder()
        is_fresh = not self._index_name().startswith(REMOTE) and not self._records()
        if is_fresh or Fingerprint(path).matches() or self._is_intact(path):
            return self._use(EmbeddedStore(path, self._ledger.id), path)
        return self._rewrite()

    def _rewrite(self) -> EmbeddedStore:
        """Write a new index beside the old one, then use it; the lock is owned.

        It is used before the ledger says so: what the ledger calls missing is scanned beside it, and what it
        calls found is there.
        """
        path = self._next_folder()
        index = EmbeddedStore(path, self._ledger.id)
        writer = IndexWriter(self._ledger, index, self._stopping)
        try:
            filled = writer.fill()
        except BaseException:
            index.close()
            raise
        self._use(index, path)
        writer.switch(path.name, filled)
        self._failed = False
        self._sweep()
        return index

    def _next_folder(self) -> Path:
        """Return a folder that no index was ever in: an old one may still be open somewhere."""
        named = self._index_name() or "chroma"
        used = [name.partition("-")[2] for name in (named, *(p.name for p in self._folder.glob("chroma-*")))]
        return self._folder / f"chroma-{max((int(n) for n in used if n.isdigit()), default=1) + 1}"

    def _sweep(self) -> None:
        """Remove folders and fingerprints of indexes that nobody uses any more."""
        for path in self._leftovers():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _leftovers(self) -> list[Path]:
        kept = self._named_folder()
        return [p for p in self._folder.glob("chroma*") if p not in (kept, Fingerprint(kept).path)]

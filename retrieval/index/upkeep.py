"""Keeping the vector index true to the ledger: opening, checking, adding, writing anew.

A commit needs the ledger alone: what it brings is scanned exactly beside every query until the vector index
holds it, so an ingest waits for nobody and is never half visible. The index catches up when this process can
own it. A seal beside the index says what its files were when they were last known to be whole; one without a
fitting seal is checked in a child process first, because a damaged one can end the process that opens it
(SIGSEGV). One that fails is written again from the ledger, beside the old one, without embedding anything.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import StoreError, StoreHeldError
from retrieval.index.encoder import Vector
from retrieval.index.seal import Seal
from retrieval.index.soundness import is_sound
from retrieval.index.store import ChromaStore
from retrieval.index.vectors import SAME_TEXT, Hit, LedgerScan, VectorIndex, VectorRecord, nearest
from retrieval.ledger import scopes, vectors
from retrieval.ledger.ledger import Ledger
from retrieval.store_lock import StoreLock

log = logging.getLogger(__name__)

INDEX_FOLDER = "index_folder"
"""The ledger's fact that names the folder of the index in use."""

_REWRITE_DUE = "rewrite_due"
_BATCH = 1000
_QUICKLY_MENDED = 20_000
"""So many records are written anew in about ten seconds: worth waiting for when a command ends."""

_MANY_SCANNED = 5000
"""Scanning so many beside every query takes a few milliseconds."""

_FEW_SCANNED = 256
"""Scanning so many beside every query takes a tenth of a millisecond."""

_APART_S = 30.0
"""Chroma keeps Python's interpreter to itself while it adds, for tens of milliseconds even for one vector."""

_SUPERSEDED_SHARE = 0.3
_SUPERSEDED_AT_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Scanned:
    """What is scanned exactly beside every query of one scope.

    Attributes:
        vectors: float32, (n, dimensions), one row for each of `pks`.
    """

    generation: int
    pks: Sequence[int]
    vectors: Vector

    def nearest(self, vector: Vector, limit: int) -> list[Hit]:
        """Return the nearest of them, closest first."""
        return nearest(self.pks, self.vectors, vector, limit) if self.pks else []


class IndexKeeper:
    """The vector index of one store, kept true to the ledger.

    Args:
        folder: The store's folder.
    """

    def __init__(self, folder: Path, ledger: Ledger, lock: StoreLock) -> None:
        self._folder = folder
        self._ledger = ledger
        self._lock = lock
        self._index: VectorIndex | None = None
        self._path = folder
        self._guard = threading.RLock()  # questions come from several threads
        self._users: Counter[int] = Counter()
        self._retired: dict[int, VectorIndex] = {}
        self._scanned: dict[str, Scanned] = {}
        self._mending: threading.Thread | None = None
        self._stopping = threading.Event()
        self._writing = threading.RLock()
        self._waits = False  # another process was writing when this one wanted to read
        self._failed = False
        self._handed_over: float | None = None  # when, monotonic

    # --- asking ---

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first.

        From Chroma where it is whole and free, else from an exact scan of the ledger.
        """
        try:
            with self._current() as index:
                return index.query(scope, vector, limit)
        except StoreError as error:
            log.warning("%s", error)
            return self._fall_back().query(scope, vector, limit)

    def scanned(self, connection: Connection, scope: str) -> Scanned:
        """Return what is scanned beside every query, as the snapshot of `connection` has it."""
        generation = scopes.generation(connection, scope)
        known = self._scanned.get(scope)
        if known is None or known.generation != generation:
            found = vectors.vectors(connection, vectors.scanned(connection, scope))
            matrix = np.stack(list(found.values())) if found else np.empty((0, 0), np.float32)
            known = self._scanned[scope] = Scanned(generation, list(found), matrix)
        return known

    def count(self, scope: str) -> int:
        """Return how many embeddings the index of `scope` holds."""
        with self._current() as index:
            return index.count(scope)

    @property
    def is_whole(self) -> bool:
        """Whether Chroma serves, and not the scan that stands in for it."""
        with self._current() as index:
            return isinstance(index, ChromaStore)

    @contextmanager
    def _current(self) -> Iterator[VectorIndex]:
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

    def _fall_back(self) -> VectorIndex:
        """The index failed in use: scan the ledger until it is mended."""
        with self._guard:
            self._failed = True
            Seal(self._path).take_off()
            return self._use(LedgerScan(self._ledger), self._path)

    def _use(self, index: VectorIndex, path: Path) -> VectorIndex:
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

    def _open(self) -> VectorIndex:
        self._waits = False
        if not self._lock.share():
            log.info("the vector index is being written by another process; scanning the ledger instead")
            self._waits = True
            return LedgerScan(self._ledger)
        self._path = self._named_folder()
        if Seal(self._path).fits():
            try:
                return ChromaStore(self._path, self._ledger.id)
            except StoreError as error:
                log.warning("%s", error)
        elif not self._path.exists() and not self._records():
            return LedgerScan(self._ledger)  # nothing was indexed yet
        self._mending = threading.Thread(target=self._mend, name="mend-index", daemon=True)
        self._mending.start()
        return LedgerScan(self._ledger)

    def _mend(self) -> None:
        """Check the index and, if it is broken, write it anew; questions are answered meanwhile."""
        try:
            if self._path.exists() and is_sound(self._path, self._ledger.path):
                self._use(ChromaStore(self._path, self._ledger.id), self._path)
                return
            with self._writing, self._lock.owned(timeout_s=0):
                log.warning("the vector index is damaged; writing it again from the ledger")
                self._rewrite()
                log.warning("the vector index is whole again")
        except StoreHeldError:
            log.warning("the vector index is damaged and in use elsewhere; scanning the ledger instead")
        except StoreError as error:
            log.warning("the vector index cannot be written (%s); scanning the ledger instead", error)

    def settle(self) -> None:
        """Open the index, and wait until a check or a repair in the background has ended."""
        with self._current():
            pass
        self._join()

    def _join(self) -> None:
        mending = self._mending
        if mending is not None and mending is not threading.current_thread():
            mending.join()

    def close(self) -> None:
        """Give the index back, after a repair that is soon done."""
        if self._records() > _QUICKLY_MENDED:
            self._stopping.set()
        self._join()
        with self._guard:
            index, self._index = self._index, None
            for retired in self._retired.values():
                retired.close()
            self._retired.clear()
        if index is None:
            return
        index.close()
        if isinstance(index, ChromaStore):
            Seal(self._path).put_on()  # now that Chroma has written what it held back

    def _named_folder(self) -> Path:
        with self._ledger.read() as connection:
            return self._folder / (self._ledger.meta(connection, INDEX_FOLDER) or "chroma")

    def _records(self) -> int:
        try:
            with self._ledger.read() as connection:
                return sum(state.records for state in scopes.states(connection))
        except StoreError:
            return 0

    # --- writing ---

    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:
        """Hand the vector index what it misses, and write it anew when too much of it is superseded.

        Args:
            timeout_s: How long to wait for other processes; where much is missing, ten seconds at least.
            at_leisure: Leave the little that is missing for later, where the last time is not long ago:
                questions stand still meanwhile.

        Returns:
            Whether it holds all now; if not, what it misses goes on being scanned.
        """
        self._join()
        with self._ledger.read() as connection:
            states = scopes.states(connection)
            missing = {state.scope: vectors.pending(connection, state.scope) for state in states}
            due = self._ledger.meta(connection, _REWRITE_DUE) == "yes" or any(map(_is_stale, states))
        if not due and not self._failed and not any(missing.values()) and not self._leftovers():
            return True
        if at_leisure and not due and not self._failed and self._can_wait(missing):
            return False
        if max(map(len, missing.values()), default=0) > _MANY_SCANNED:
            timeout_s = max(timeout_s, 10.0)
        try:
            with self._writing, self._lock.owned(timeout_s=timeout_s):
                if due or self._failed:
                    self._rewrite()
                else:
                    self._add_missing(missing)
                self._sweep()
        except StoreHeldError as error:
            log.info("the vector index catches up later: %s", error)
            return False
        except StoreError as error:
            log.warning("%s What is missing from it is scanned.", error)
            return False
        return True

    def _can_wait(self, missing: Mapping[str, Sequence[int]]) -> bool:
        recently = self._handed_over is not None and time.monotonic() - self._handed_over < _APART_S
        return recently and max(map(len, missing.values()), default=0) <= _FEW_SCANNED

    def rewrite(self, *, timeout_s: float) -> bool:
        """Write the index anew, without what no live paragraph holds; later, where it is in use elsewhere."""
        with self._ledger.write() as connection:
            self._ledger.set_meta(connection, _REWRITE_DUE, "yes")
        return self.catch_up(timeout_s=timeout_s)

    def _add_missing(self, missing: Mapping[str, Sequence[int]]) -> None:
        index = self._writable()
        Seal(self._path).take_off()
        for scope, pks in missing.items():
            for batch in _batches(pks):
                with self._ledger.read() as connection:
                    held = vectors.held(connection, scope, batch)
                found = self._add(index, scope, held)
                with self._ledger.write() as connection:
                    vectors.forget(connection, scope, set(batch) - set(held))
                    vectors.mark_indexed(connection, scope, found)
                    scopes.changed(connection, scope, records=len(found))
        self._handed_over = time.monotonic()

    def _writable(self) -> VectorIndex:
        """Return Chroma, opened or written anew where something else stands in for it."""
        index = self._index
        if not isinstance(index, ChromaStore):
            path = self._named_folder()
            if self._records() and not (Seal(path).fits() or is_sound(path, self._ledger.path)):
                index = self._rewrite()
            else:
                index = self._use(ChromaStore(path, self._ledger.id), path)
        return index

    def _add(self, index: VectorIndex, scope: str, embeddings: Sequence[int]) -> dict[int, bool]:
        """Add embeddings and look each one up by its own vector; returns whether it finds itself."""
        if not embeddings:
            return {}
        with self._ledger.read() as connection:
            found = vectors.vectors(connection, embeddings)
            texts = vectors.chunk_texts(connection, embeddings)
        index.add(scope, [VectorRecord(pk, found[pk], texts.get(pk, "")) for pk in embeddings])
        own = index.query_each(scope, np.stack([found[pk] for pk in embeddings]), 1)
        return {
            pk: bool(hits) and hits[0].distance <= SAME_TEXT for pk, hits in zip(embeddings, own, strict=True)
        }

    def _rewrite(self) -> VectorIndex:
        """Write a new index beside the old one, then use it; the lock is owned.

        It is used before the ledger says so: what the ledger calls missing is scanned beside it, and what it
        calls found is there.
        """
        path = self._next_folder()
        index = ChromaStore(path, self._ledger.id)
        with self._ledger.read() as connection:
            names = [state.scope for state in scopes.states(connection)]
            wanted = {scope: vectors.live_embeddings(connection, scope) for scope in names}
        try:
            added = {scope: self._add_all(index, scope, pks) for scope, pks in wanted.items()}
        except BaseException:
            index.close()
            raise
        self._use(index, path)
        with self._ledger.write() as connection:
            for scope, found in added.items():
                vectors.forget_indexed(connection, scope)
                vectors.expect(connection, scope, vectors.live_embeddings(connection, scope))
                vectors.mark_indexed(connection, scope, found)
                scopes.rewritten(connection, scope, len(found))
            self._ledger.set_meta(connection, INDEX_FOLDER, path.name)
            self._ledger.set_meta(connection, _REWRITE_DUE, "no")
        self._failed = False
        self._sweep()
        return index

    def _add_all(self, index: VectorIndex, scope: str, pks: Sequence[int]) -> dict[int, bool]:
        added: dict[int, bool] = {}
        for batch in _batches(pks):
            if self._stopping.is_set():
                raise StoreError("The program is ending.")
            added |= self._add(index, scope, batch)
        return added

    def _next_folder(self) -> Path:
        """Return a folder that no index was ever in: an old one may still be open somewhere."""
        used = [
            path.name.partition("-")[2] for path in (self._named_folder(), *self._folder.glob("chroma-*"))
        ]
        return self._folder / f"chroma-{max((int(n) for n in used if n.isdigit()), default=1) + 1}"

    def _sweep(self) -> None:
        """Remove folders and seals of indexes that nobody uses any more."""
        for path in self._leftovers():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _leftovers(self) -> list[Path]:
        kept = self._named_folder()
        return [p for p in self._folder.glob("chroma*") if p not in (kept, Seal.path(kept))]


def _is_stale(state: scopes.ScopeState) -> bool:
    return state.superseded > max(_SUPERSEDED_AT_LEAST, _SUPERSEDED_SHARE * state.records)


def _batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(pks), _BATCH):
        yield pks[start : start + _BATCH]

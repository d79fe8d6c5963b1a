"""Keeping the vector index true to the ledger: opening, checking, rebuilding, adding.

A seal beside the index says what its files were when they were last known to be whole. An index without a
fitting seal is checked in a child process first, because a damaged one can end the process that opens it
(SIGSEGV); one that fails is set aside and written again from the ledger, without embedding anything.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from retrieval.errors import StoreError, StoreHeldError
from retrieval.index.encoder import Vector
from retrieval.index.store import ChromaStore
from retrieval.index.vectors import SAME_TEXT, LedgerScan, VectorIndex, VectorRecord
from retrieval.ledger import live, vectors
from retrieval.ledger.ledger import Ledger
from retrieval.store_lock import StoreLock

log = logging.getLogger(__name__)

_CHECK_TIMEOUT_S = 120
_BATCH = 1000


class IndexKeeper:
    """The vector index of one store, kept true to the ledger.

    Args:
        folder: The store's folder.
    """

    def __init__(self, folder: Path, ledger: Ledger, lock: StoreLock) -> None:
        self._chroma = folder / "chroma"
        self._seal = folder / "chroma.seal"
        self._ledger = ledger
        self._lock = lock
        self._index: VectorIndex | None = None
        self._unfindable: dict[str, list[int]] = {}
        self._opening = threading.RLock()  # questions come from several threads
        self._whole = False  # whether what Chroma holds is known to be what the ledger says

    @property
    def index(self) -> VectorIndex:
        """The index to ask: Chroma where it is whole and free, else an exact scan of the ledger."""
        with self._opening:
            if self._index is None:
                self._index = self._open()
            return self._index

    def unfindable(self, connection: Connection, scope: str) -> list[int]:
        """Return the embeddings to scan beside every query; they change only when the index is written."""
        if scope not in self._unfindable:
            self._unfindable[scope] = vectors.unfindable(connection, scope)
        return self._unfindable[scope]

    def fall_back(self) -> VectorIndex:
        """The index failed in use: scan the ledger from now on; the next start checks and mends."""
        self._seal.unlink(missing_ok=True)
        self._index = LedgerScan(self._ledger)
        return self._index

    def close(self) -> None:
        """Give the index back."""
        if self._index is None:
            return
        self._index.close()
        if self._whole and isinstance(self._index, ChromaStore):
            self._write_seal()  # now that Chroma has written what it held back
        self._index = None

    def _open(self) -> VectorIndex:
        if not self._lock.share():
            log.info("the vector index is being written by another process; scanning the ledger instead")
            return LedgerScan(self._ledger)
        if self._is_sound():
            try:
                opened = ChromaStore(self._chroma, self._ledger.id)
                self._whole = True
                return opened
            except StoreError as error:
                log.warning("%s", error)
        return self._mend()

    def _mend(self) -> VectorIndex:
        """Rebuild, when no other process is in the way; until then the ledger is scanned."""
        try:
            with self._lock.owned(timeout_s=0):
                return self._rebuild()
        except StoreHeldError:
            log.warning("the vector index is damaged and in use elsewhere; scanning the ledger instead")
        except StoreError as error:
            log.warning("the vector index cannot be rebuilt (%s); scanning the ledger instead", error)
        return LedgerScan(self._ledger)

    # --- is it whole? ---

    def _expected(self) -> dict[str, int]:
        with self._ledger.read() as connection:
            counts = {scope: len(vectors.indexed(connection, scope)) for scope in live.all_scopes(connection)}
        return {scope: count for scope, count in counts.items() if count}

    def _is_sound(self) -> bool:
        expected = self._expected()
        if not self._chroma.is_dir():
            return not expected
        if self._read_seal() == self._fingerprint():
            return True
        return _check_in_child(self._chroma, self._ledger.path, expected)

    def _fingerprint(self) -> dict[str, list[int]]:
        """Name -> size and time of each file; Chroma touches its SQLite file even to read it."""
        found = {}
        for path in sorted(self._chroma.rglob("*")):
            if path.is_file() and not path.name.endswith(("-wal", "-shm", "-journal")):
                status = path.stat()
                times = [] if path.suffix == ".sqlite3" else [status.st_mtime_ns]
                found[path.relative_to(self._chroma).as_posix()] = [status.st_size, *times]
        return found

    def _read_seal(self) -> object:
        try:
            return json.loads(self._seal.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _write_seal(self) -> None:
        try:
            self._seal.write_text(json.dumps(self._fingerprint()), encoding="utf-8")
        except OSError as error:  # an unsealed index costs a check at the next start, nothing else
            log.debug("cannot seal the vector index: %s", error)

    # --- writing; the caller owns the lock ---

    def write(self, scope: str, embeddings: Sequence[int]) -> dict[int, bool]:
        """Add embeddings to the index and look each one up by its own vector.

        Args:
            embeddings: Primary keys of vectors that the ledger holds.

        Returns:
            Embedding -> whether it finds itself; only those that were not in the index before.
        """
        with self._ledger.read() as connection:
            known = vectors.indexed(connection, scope)
        missing = [pk for pk in dict.fromkeys(embeddings) if pk not in known]
        if not missing:
            return {}
        index = self.index
        self._whole = False
        self._unfindable.clear()
        self._seal.unlink(missing_ok=True)
        return self._add(index, scope, missing)

    def _add(self, index: VectorIndex, scope: str, embeddings: Sequence[int]) -> dict[int, bool]:
        for start in range(0, len(embeddings), _BATCH):
            index.add(scope, self._records(embeddings[start : start + _BATCH]))
        return self._findable(index, scope, embeddings)

    def seal(self) -> None:
        """What was written is committed: Chroma and the ledger say the same."""
        self._unfindable.clear()
        self._whole = True

    def _records(self, embeddings: Sequence[int]) -> list[VectorRecord]:
        with self._ledger.read() as connection:
            found = vectors.vectors(connection, embeddings)
            texts = vectors.chunk_texts(connection, embeddings)
        return [VectorRecord(pk, found[pk], texts.get(pk, "")) for pk in embeddings]

    def _findable(self, index: VectorIndex, scope: str, embeddings: Sequence[int]) -> dict[int, bool]:
        with self._ledger.read() as connection:
            found = vectors.vectors(connection, embeddings)
        return {pk: _finds_itself(index, scope, pk, found) for pk in embeddings}

    def _rebuild(self) -> VectorIndex:
        """Write the index again from the ledger's vectors."""
        log.warning("rebuilding the vector index from the ledger")
        self._seal.unlink(missing_ok=True)
        self._set_aside()
        with self._ledger.read() as connection:
            live_now = {
                scope: vectors.live_embeddings(connection, scope) for scope in live.all_scopes(connection)
            }
        self._index = index = ChromaStore(self._chroma, self._ledger.id)
        findable = {scope: self._add(index, scope, embeddings) for scope, embeddings in live_now.items()}
        # only now: until it is whole, the ledger goes on missing what the index does not hold
        with self._ledger.write() as connection:
            for scope, found in findable.items():
                vectors.forget_indexed(connection, scope)
                vectors.mark_indexed(connection, scope, found)
        self.seal()
        return index

    def _set_aside(self) -> None:
        if not self._chroma.exists():
            return
        aside = self._chroma.with_name("chroma.broken")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            self._chroma.rename(aside)
        except OSError as error:
            raise StoreError(f"{self._chroma}: cannot be set aside ({error.strerror}).") from error


def _finds_itself(index: VectorIndex, scope: str, pk: int, found: dict[int, Vector]) -> bool:
    hits = index.query(scope, found[pk], 1)
    return bool(hits) and hits[0].distance <= SAME_TEXT


def _check_in_child(path: Path, ledger: Path, expected: dict[str, int]) -> bool:
    """Open, count and query every scope of the index in a process that may crash."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "retrieval.index.check",
        str(path),
        str(ledger),
        json.dumps(expected),
    ]
    # the child finds this very package, whatever folder it is started from
    home = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        log.warning("checking the vector index took more than %d s", _CHECK_TIMEOUT_S)
        return False
    if done.returncode:
        log.warning("the vector index failed its check: %s", done.stderr.strip().rpartition("\n")[2])
    return done.returncode == 0

"""The vector index of one store: what every kind offers, and how one is kept true to the ledger wherever it stands.

A commit needs the ledger alone: what it brings is scanned exactly beside every query until the index holds it, so an
ingest waits for nobody and is never half visible. The index catches up when somebody can own it: `embedded_sync` where
it is a folder of this machine, `remote_sync` where it is a server that several hosts use.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import StoreError
from retrieval.index.encoder import Vector
from retrieval.ledger import Ledger, vectors

INDEX_NAME = "index_folder"
"""The ledger's fact that names the index in use: a folder of the store, or `remote:` and a generation."""

REMOTE = "remote:"
"""What the name of an index on a server begins with; its generation follows."""

REWRITE_DUE = "rewrite_due"

SAME_TEXT = 1e-5
"""A hit at this cosine distance or less is the same text's vector: in float32, one of 4,000 is 1.1e-6 from itself."""

_SCANNED_AT_ONCE = 8192
MOST_SCANNED = 100_000

_QUICKLY_MENDED = 20_000
"""So many records are written anew in about ten seconds: worth waiting for when a command ends."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One embedding near a question.

    Attributes:
        embedding: Its primary key in the ledger.
        distance: Cosine distance, 0 (same direction) to 2 (opposite).
    """

    embedding: int
    distance: float


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """One embedding to index: its key in the ledger, its unit vector (float32), its words."""

    embedding: int
    vector: Vector
    text: str


def finds_itself(embedding: int, hits: Sequence[Hit]) -> bool:
    """Whether a search for an embedding's own vector found it, or a twin of it."""
    return bool(hits) and (hits[0].embedding == embedding or hits[0].distance <= SAME_TEXT)


def nearest(pks: Sequence[int], matrix: Vector, vector: Vector, limit: int) -> list[Hit]:
    """Return the exact nearest of `matrix`'s rows, closest first.

    Args:
        pks: Embedding of each row.
        matrix: float32, (n, dimensions), unit rows.
        vector: float32, (dimensions,), unit length.
    """
    distances = 1.0 - matrix @ vector
    order = np.argsort(distances, kind="stable")[:limit]
    return [Hit(pks[i], float(distances[i])) for i in order]


class LedgerScan:
    """The vectors of the ledger, scanned exactly: slower than an index, and never wrong.

    Serves while Chroma is written by another process, checked or written anew. It holds what Chroma would;
    what Chroma misses is scanned beside it, as it is beside Chroma. Beyond `MOST_SCANNED` vectors a scan would take
    seconds a question: then it finds none, and the words alone put paragraphs forward.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the nearest of `scope`, closest first."""
        with self._ledger.read() as connection:
            if vectors.scope_state(connection, scope).records > MOST_SCANNED:
                return []
            pks, best = vectors.findable(connection, scope), list[Hit]()
            for start in range(0, len(pks), _SCANNED_AT_ONCE):  # a bounded part of them is in memory
                found = vectors.vectors(connection, pks[start : start + _SCANNED_AT_ONCE])
                best += nearest(list(found), np.stack(list(found.values())), vector, limit)
                best = sorted(best, key=lambda hit: hit.distance)[:limit]
            return best

    def count(self, scope: str) -> int:
        """Return how many embeddings `scope` holds."""
        with self._ledger.read() as connection:
            return len(vectors.findable(connection, scope))

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What is scanned exactly beside every query of one scope.

    Attributes:
        vectors: float32, (n, dimensions), one row for each of `pks`.
        records: How many embeddings the index of the scope holds beside them.
    """

    generation: int
    pks: Sequence[int]
    vectors: Vector
    records: int

    @classmethod
    def of(cls, connection: Connection, scope: str, pks: Sequence[int]) -> Scanned:
        """Read the vectors of `pks`."""
        found = vectors.vectors(connection, pks)
        matrix = np.stack(list(found.values())) if found else np.empty((0, 0), np.float32)
        state = vectors.scope_state(connection, scope)
        return cls(state.generation, list(found), matrix, state.records)

    def nearest(self, vector: Vector, limit: int) -> list[Hit]:
        """Return the nearest of them, closest first."""
        return nearest(self.pks, self.vectors, vector, limit) if self.pks else []


class IndexSync(ABC):
    """The vector index of one store, kept true to the ledger.

    Attributes:
        place: Where the index stands, in words.
        problem: What somebody has to repair before Chroma serves again; None where it does so itself.
    """

    place: str
    problem: str | None = None

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._scan = LedgerScan(ledger)
        self._scanned: dict[str, Scanned] = {}
        self._guard = threading.RLock()  # questions come from several threads
        self._repair: threading.Thread | None = None
        self._stopping = threading.Event()

    # --- asking ---

    @abstractmethod
    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first.

        From Chroma where it is whole and free, else from an exact scan of the ledger.
        """

    @abstractmethod
    def count(self, scope: str) -> int:
        """Return how many embeddings the index of `scope` holds."""

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """Whether Chroma serves, and not the scan that stands in for it."""

    def scanned(self, connection: Connection, scope: str) -> Scanned:
        """Return what is scanned beside every query, as the snapshot of `connection` has it."""
        known = self._scanned.get(scope)
        if known is None or known.generation != vectors.generation(connection, scope):
            known = Scanned.of(connection, scope, vectors.scanned(connection, scope))
            self._scanned[scope] = known
        return known

    # --- a life ---

    @abstractmethod
    def open(self) -> None:
        """Open or reach the index, where that was not done yet."""

    def settle(self) -> None:
        """Open the index, and wait until a check or a repair in the background has ended."""
        self.open()
        self._join()

    def close(self) -> None:
        """Give the index back, after a repair that is soon done."""
        try:
            is_quick = self._records() <= _QUICKLY_MENDED
        except StoreError:
            is_quick = True
        if not is_quick:
            self._stopping.set()
        self._join()
        self._give_back()

    @abstractmethod
    def _give_back(self) -> None: ...

    @abstractmethod
    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:
        """Hand the index what it misses, and write it anew when that is due.

        Args:
            timeout_s: How long to wait for other processes.
            at_leisure: Leave what is missing for later while the index is checked or written anew in the background, and the
                little that is missing where questions would stand still meanwhile and the last time is not long ago.

        Returns:
            Whether it holds all now; if not, what it misses goes on being scanned.
        """

    def rewrite(self, *, timeout_s: float) -> bool:
        """Write the index anew, without what no live paragraph holds; later, where it is in use elsewhere."""
        self._demand_rewrite()
        return self.catch_up(timeout_s=timeout_s)

    def _demand_rewrite(self) -> None:
        with self._ledger.write() as connection:
            self._ledger.set_meta(connection, REWRITE_DUE, "yes")

    def _begin_repair(self, work: Callable[[], object]) -> None:
        """Do `work` in the background, where nothing is done there yet."""
        with self._guard:
            if self._repair is None or not self._repair.is_alive():
                self._repair = threading.Thread(target=work, name="repair-index", daemon=True)
                self._repair.start()

    def _is_being_repaired(self) -> bool:
        repair = self._repair
        return repair is not None and repair.is_alive() and repair is not threading.current_thread()

    def _join(self) -> None:
        if self._repair is not None and self._is_being_repaired():
            self._repair.join()

    def _index_name(self) -> str:
        """Return which index counts; "" where none was written yet."""
        with self._ledger.read() as connection:
            return self._ledger.meta(connection, INDEX_NAME) or ""

    def _records(self) -> int:
        with self._ledger.read() as connection:
            return sum(state.records for state in vectors.scope_states(connection))


class NoSync(IndexSync):
    """Leaves an index in a folder to the process that owns it: what it holds is scanned in the ledger, exactly.

    For processes that only read, for long, beside a bot: sharing the folder, they would keep the bot from writing there.
    The vectors of a scope are held in memory until something changes there (1.5 KiB each).
    """

    place = "exact scan of the ledger"

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._held: dict[str, Scanned] = {}

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first; none where there are too many to scan."""
        with self._ledger.read() as connection:
            state, held = vectors.scope_state(connection, scope), self._held.get(scope)
            if not 0 < state.records <= MOST_SCANNED:
                return []
            if held is None or held.generation != state.generation:
                held = Scanned.of(connection, scope, vectors.findable(connection, scope))
                self._held[scope] = held
        return held.nearest(vector, limit)

    def count(self, scope: str) -> int:
        """Return how many embeddings of `scope` the index holds."""
        return self._scan.count(scope)

    @property
    def is_whole(self) -> bool:
        """Never."""
        return False

    def open(self) -> None:
        """There is nothing to open."""

    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:  # noqa: ARG002
        """Leave it to the owner."""
        return False

    def _give_back(self) -> None:
        self._held.clear()

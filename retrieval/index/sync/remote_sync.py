"""The vector index on a server that other processes and hosts use too.

Whoever adds to it or writes it anew holds the lease "index" meanwhile; asking needs none. An index that was
written anew is another generation, under other names: every process learns of it from the ledger, with the next
question. A server that is gone, hangs or lost what it held is done without: the ledger is scanned meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection

from retrieval.errors import IngestBusyError, StoreError, StoreHeldError, StoreUnwritableError
from retrieval.index.chroma.server import RemoteStore
from retrieval.index.encoder import Vector
from retrieval.index.sync.index_sync import REMOTE, IndexSync, Scanned, Work
from retrieval.index.sync.integrity import problem_of
from retrieval.index.vector_index import Hit, LedgerScan, VectorIndex
from retrieval.ledger import scopes
from retrieval.ledger.leases import Turn, my_turn
from retrieval.ledger.ledger import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")

INDEX_LEASE = "index"

_PAUSES_S = (1.0, 30.0)
"""How long a server that failed is left alone: twice as long each time, between these bounds."""

Connect = Callable[[str], RemoteStore]
"""Generation -> the store that holds it; raises StoreError where the server cannot be reached."""


class RemoteSync(IndexSync):
    """The vector index of one ledger on a server.

    Args:
        place: The server's address, for messages.
        purpose: What this process is, for whoever has to wait for it.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        ledger: Ledger,
        connect: Connect,
        *,
        place: str,
        purpose: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(ledger)
        self._connect = connect
        self._place = place
        self._purpose = purpose
        self._clock = clock
        self._scan = LedgerScan(ledger)
        self._guard = threading.RLock()  # questions come from several threads
        self._store: RemoteStore | None = None
        self._whole: set[str] = set()  # scopes whose records were counted since the server was reached
        self._sampled = False
        self._problem: str | None = None
        self._pause_s, self._until = 0.0, 0.0
        self._mending: threading.Thread | None = None

    # --- asking ---

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first."""
        if self._is_known_empty(scope):
            return []
        return self._ask(scope, lambda index: index.query(scope, vector, limit))

    @property
    def is_hybrid(self) -> bool:
        """Whether what is reached searches by words too."""
        store = self._reached()
        return store is not None and store.is_hybrid

    def search(
        self, scope: str, vector: Vector, weights: Mapping[str, float], limit: int
    ) -> list[int] | None:
        """Return embeddings by vector and words together, best first; None where the index can't."""
        if self._is_known_empty(scope):
            return []
        return self._ask(scope, lambda index: index.search(scope, vector, weights, limit))

    def _is_known_empty(self, scope: str) -> bool:
        """Most servers have no readouts of their own: they are not asked about."""
        known = self._scanned.get(scope)
        return known is not None and not known.records

    def count(self, scope: str) -> int:
        """Return how many embeddings the index of `scope` holds."""
        return self._ask(scope, lambda index: index.count(scope))

    @property
    def is_whole(self) -> bool:
        """Whether the server serves, and not the scan that stands in for it."""
        return self._reached() is not None

    @property
    def place(self) -> str:
        """Where the index stands, in words."""
        return f"Chroma at {self._place}"

    @property
    def problem(self) -> str | None:
        """Why the server does not serve."""
        return self._problem

    def scanned(self, connection: Connection, scope: str) -> Scanned:
        """Return what is scanned beside every query, and notice where the index was written anew."""
        before = self._scanned.get(scope)
        found, store = super().scanned(connection, scope), self._store
        if found is not before and store is not None:
            self._moved(store)
        return found

    def _ask(self, scope: str, question: Callable[[VectorIndex], T]) -> T:
        """Ask the server, once more where another process has just written the index anew, or else the ledger."""
        for _ in range(2):
            store = self._reached()
            if store is None:
                break
            try:
                self._count_once(store, scope)
                found = question(store)
                self._pause_s = 0.0  # not sooner: a server can be reached and yet answer nothing
                return found
            except StoreError as error:
                if not self._moved(store):
                    self._lost(store, error)
        return question(self._scan)

    def _reached(self) -> RemoteStore | None:
        """Return the store of the generation that counts; None while the server is left alone."""
        with self._guard:
            if self._store is not None or self._clock() < self._until or self._is_being_mended():
                return self._store
            self._until = self._clock() + _PAUSES_S[0]  # one thread tries, the others scan
        name = self._index_name() or ""
        if not name.startswith(REMOTE):
            if self._records():
                self._begin_mending()
            return None
        try:
            return self._use(self._connect(name.removeprefix(REMOTE)))
        except StoreError as error:
            self._lost(None, error)
            return None

    def _count_once(self, store: RemoteStore, scope: str) -> None:
        """Compare what the server holds with what it was handed: it may have been set up anew, or restored."""
        if scope in self._whole:
            return
        with self._ledger.read() as connection:
            expected = scopes.state(connection, scope).records
        found = store.count(scope)
        if found < expected:
            self._demand_rewrite()
            self._begin_mending()
            raise StoreError(
                f"{self._place}: the vector index holds {found} embeddings of {scope} instead of {expected}; "
                "it is written again from the ledger."
            )
        self._whole.add(scope)

    # --- reaching the server, and doing without it ---

    def _use(self, store: RemoteStore) -> RemoteStore:
        with self._guard:
            if self._problem is not None:
                log.warning("%s: the vector index is reached again", self._place)
            self._drop()
            self._store, self._problem = store, None
        return store

    def _moved(self, store: RemoteStore) -> bool:
        """Whether another generation counts by now, or another thread has dealt with this store."""
        named = self._index_name()
        with self._guard:
            if self._store is not store:
                return True
            if named == REMOTE + store.generation:
                return False
            self._drop()
            self._until = 0.0
            return True

    def _lost(self, store: RemoteStore | None, error: StoreError) -> None:
        """Leave the server alone for a while."""
        with self._guard:
            if self._store is not store:
                return
            if self._problem is None:
                log.warning("%s The ledger is scanned instead.", error)
            self._drop()
            self._problem = str(error)
            self._pause_s = min(max(self._pause_s * 2, _PAUSES_S[0]), _PAUSES_S[1])
            self._until = self._clock() + self._pause_s

    def _drop(self) -> None:
        """Close the connection; a question that another thread has under way on it fails, and is asked again."""
        store, self._store = self._store, None
        self._whole.clear()
        self._sampled = False
        if store is not None:
            store.close()

    def _begin_mending(self) -> None:
        """Write the index anew in the background: the ledger alone knows what it should hold."""
        with self._guard:
            if self._mending is None or not self._mending.is_alive():
                self._mending = threading.Thread(target=self.catch_up, name="mend-index", daemon=True)
                self._mending.start()

    def _is_being_mended(self) -> bool:
        mending = self._mending
        return mending is not None and mending.is_alive() and mending is not threading.current_thread()

    # --- a life ---

    def open(self) -> None:
        """Reach the server, where that was not done yet."""
        self._reached()

    def settle(self) -> None:
        """Reach the server, look whether it is sound, and wait until a repair in the background has ended."""
        store = self._reached()
        if store is not None and not self._is_intact(store):
            self._begin_mending()
        self._join()

    def _is_intact(self, store: RemoteStore) -> bool:
        """Look up some vectors by themselves, once: a server that was killed can count what it no longer finds."""
        if self._sampled:
            return True
        try:
            problem = problem_of(store, self._ledger)
        except StoreError as error:
            self._lost(store, error)
            return True  # nobody knows
        self._sampled = problem is None
        if problem is not None:
            log.warning("%s: %s; the vector index is written again from the ledger", self._place, problem)
            self._demand_rewrite()
        return problem is None

    def _join(self) -> None:
        if self._is_being_mended() and self._mending is not None:
            self._mending.join()

    def close(self) -> None:
        """Give the connection back, after a repair that is soon done."""
        if not self._is_quickly_mended():
            self._stopping.set()
        self._join()
        with self._guard:
            self._drop()

    # --- writing ---

    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:  # noqa: ARG002
        """Hand the index what it misses, or write it anew; questions go on meanwhile, so nothing is left for later."""
        self._join()
        store = self._reached()
        if store is not None:
            self._is_intact(store)
        if self._is_done(self._work()):
            return True
        before = self._index_name()
        try:
            with self._turn(timeout_s) as turn:
                self._catch_up(turn, self._work())  # whoever had the turn until now may have done it
        except (IngestBusyError, StoreHeldError, StoreUnwritableError) as error:
            log.info("the vector index catches up later: %s", error)
            return False
        except StoreError as error:
            if self._index_name() == before:
                self._lost(self._store, error)
            else:  # this process stood still, and what it was writing is swept away
                log.info("another process has written the vector index: %s", error)
                self._until = 0.0
            return False
        return True

    def _is_done(self, work: Work) -> bool:
        nothing = work.is_none and not any(work.unfound.values())
        return nothing and (self._is_named() or not self._records())

    def _is_named(self) -> bool:
        return (self._index_name() or "").startswith(REMOTE)

    def _catch_up(self, turn: Turn, work: Work) -> None:
        if work.rewrite or not self._is_named():
            self._rewrite(turn)
            return
        store = self._reached()
        if store is None:
            raise StoreError(self._problem or f"{self._place}: the vector index cannot be reached.")
        self._look_again(store, work.unfound, turn.guard)
        self._hand_over(store, work, turn.guard)

    def _turn(self, timeout_s: float) -> AbstractContextManager[Turn]:
        purpose = f"{self._purpose}, writing the vector index"
        return my_turn(self._ledger, purpose, timeout_s=timeout_s, name=INDEX_LEASE)

    def _rewrite(self, turn: Turn) -> None:
        """Write another generation, then let it be the one that counts; the old one goes when that is done."""

        def go_on() -> None:
            self._unless_stopping()
            turn.keep_alive()

        store = self._connect(uuid.uuid4().hex[:12])
        try:
            added = self._fill(store, go_on)
            self._switch(REMOTE + store.generation, added, turn.guard)
        except BaseException:
            store.close()
            raise
        self._use(store)
        self._sampled = True
        store.sweep()

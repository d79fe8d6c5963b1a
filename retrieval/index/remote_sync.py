"""The vector index on a server that other processes and hosts use too.

Whoever adds to it or writes it anew holds the lease "index" meanwhile; asking needs none. An index that was
written anew is another generation, under other names: every process learns of it from the ledger, with the next
question. A server that is gone, hangs or lost what it held is done without: the ledger is scanned meanwhile.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from retrieval.errors import IngestBusyError, StoreError, StoreHeldError, StoreUnwritableError
from retrieval.index.chroma.server import ServerStore
from retrieval.index.encoder import Vector
from retrieval.index.index_writer import Backlog, IndexWriter, problem_of
from retrieval.index.vector_index import REMOTE, Hit, IndexSync, LedgerScan, Scanned
from retrieval.ledger import Ledger, vectors
from retrieval.ledger.leases import Turn, my_turn

log = logging.getLogger(__name__)

T = TypeVar("T")

INDEX_LEASE = "index"

_PAUSES_S = (1.0, 30.0)
"""How long a server that failed is left alone: twice as long each time, between these bounds."""

Connect = Callable[[str], ServerStore]
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
        self._address = place
        self.place = f"Chroma at {place}"
        self._purpose = purpose
        self._clock = clock
        self._store: ServerStore | None = None
        self._whole: set[str] = set()  # scopes whose records were counted since the server was reached
        self._sampled = False
        self._pause_s, self._until = 0.0, 0.0

    # --- asking ---

    def query(self, scope: str, vector: Vector, limit: int) -> list[Hit]:
        """Return the indexed embeddings nearest to `vector`, closest first."""
        known = self._scanned.get(scope)
        if known is not None and not known.records:  # most servers have no readouts of their own
            return []
        return self._ask(scope, lambda index: index.query(scope, vector, limit))

    def count(self, scope: str) -> int:
        """Return how many embeddings the index of `scope` holds."""
        return self._ask(scope, lambda index: index.count(scope))

    @property
    def is_whole(self) -> bool:
        """Whether the server serves, and not the scan that stands in for it."""
        return self._reached() is not None

    def scanned(self, connection: Connection, scope: str) -> Scanned:
        """Return what is scanned beside every query, and notice where the index was written anew."""
        before = self._scanned.get(scope)
        found, store = super().scanned(connection, scope), self._store
        if found is not before and store is not None:
            self._moved(store)
        return found

    def _ask(self, scope: str, question: Callable[[ServerStore | LedgerScan], T]) -> T:
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

    def _reached(self) -> ServerStore | None:
        """Return the store of the generation that counts; None while the server is left alone."""
        with self._guard:
            if self._store is not None or self._clock() < self._until or self._is_being_repaired():
                return self._store
            self._until = self._clock() + _PAUSES_S[0]  # one thread tries, the others scan
        name = self._index_name()
        if not name.startswith(REMOTE):
            if self._records():
                self._begin_repair(self.catch_up)
            return None
        try:
            return self._use(self._connect(name.removeprefix(REMOTE)))
        except StoreError as error:
            self._lost(None, error)
            return None

    def _count_once(self, store: ServerStore, scope: str) -> None:
        """Compare what the server holds with what it was handed: it may have been set up anew, or restored."""
        if scope in self._whole:
            return
        with self._ledger.read() as connection:
            expected = vectors.scope_state(connection, scope).records
        found = store.count(scope)
        if found < expected:
            self._demand_rewrite()
            self._begin_repair(self.catch_up)
            raise StoreError(
                f"{self._address}: the vector index holds {found} embeddings of {scope} instead of {expected}; "
                "it is written again from the ledger."
            )
        self._whole.add(scope)

    # --- reaching the server, and doing without it ---

    def _use(self, store: ServerStore) -> ServerStore:
        with self._guard:
            if self.problem is not None:
                log.warning("%s: the vector index is reached again", self._address)
            self._drop()
            self._store, self.problem = store, None
        return store

    def _moved(self, store: ServerStore) -> bool:
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

    def _lost(self, store: ServerStore | None, error: StoreError) -> None:
        """Leave the server alone for a while."""
        with self._guard:
            if self._store is not store:
                return
            if self.problem is None:
                log.warning("%s The ledger is scanned instead.", error)
            self._drop()
            self.problem = str(error)
            self._pause_s = min(max(self._pause_s * 2, _PAUSES_S[0]), _PAUSES_S[1])
            self._until = self._clock() + self._pause_s

    def _drop(self) -> None:
        """Close the connection; a question that another thread has under way on it fails, and is asked again."""
        store, self._store = self._store, None
        self._whole.clear()
        self._sampled = False
        if store is not None:
            store.close()

    # --- a life ---

    def open(self) -> None:
        """Reach the server, where that was not done yet."""
        self._reached()

    def settle(self) -> None:
        """Reach the server, check its integrity, and wait until a repair in the background has ended."""
        store = self._reached()
        if store is not None and not self._is_intact(store):
            self._begin_repair(self.catch_up)
        self._join()

    def _is_intact(self, store: ServerStore) -> bool:
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
            log.warning("%s: %s; the vector index is written again from the ledger", self._address, problem)
            self._demand_rewrite()
        return problem is None

    def _give_back(self) -> None:
        with self._guard:
            self._drop()

    # --- writing ---

    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:
        """Hand the index what it misses, or write it anew; questions go on meanwhile, so little is left for later."""
        if at_leisure and self._is_being_repaired():
            return False
        self._join()
        store = self._reached()
        if store is not None:
            self._is_intact(store)
        if self._is_done(Backlog.of(self._ledger)):
            return True
        before = self._index_name()
        try:
            purpose = f"{self._purpose}, writing the vector index"
            with my_turn(self._ledger, purpose, timeout_s=timeout_s, name=INDEX_LEASE) as turn:
                # anew: whoever had the turn until now may have done it
                self._catch_up(turn, Backlog.of(self._ledger))
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

    def _is_done(self, backlog: Backlog) -> bool:
        nothing = backlog.is_empty and not any(backlog.unfound.values())
        return nothing and (self._is_named() or not self._records())

    def _is_named(self) -> bool:
        return self._index_name().startswith(REMOTE)

    def _catch_up(self, turn: Turn, backlog: Backlog) -> None:
        if backlog.rewrite or not self._is_named():
            self._rewrite(turn)
            return
        store = self._reached()
        if store is None:
            raise StoreError(self.problem or f"{self._address}: the vector index cannot be reached.")
        writer = IndexWriter(self._ledger, store, self._stopping, turn)
        writer.look_again(backlog.unfound)
        writer.hand_over(backlog)

    def _rewrite(self, turn: Turn) -> None:
        """Write another generation, then let it be the one that counts; the old one goes when that is done."""
        store = self._connect(uuid.uuid4().hex[:12])
        writer = IndexWriter(self._ledger, store, self._stopping, turn)
        try:
            writer.switch(REMOTE + store.generation, writer.fill())
        except BaseException:
            store.close()
            raise
        self._use(store)
        self._sampled = True
        store.sweep()

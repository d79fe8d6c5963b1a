"""Writing to a Chroma index: handing over what it misses, looking that up, and filling a new one.

What is added is looked up by its own vector when all is there, and scanned beside every query until it is found. A
graph (HNSW) also gives links of older records to those that are added, now and then the last one a record was found by
("unreachable points": Xiao et al. 2024, arXiv:2407.07871). So each record that is added puts itself and two older ones,
in turns, into a recheck queue. It is in the ledger: a process that is killed leaves it to the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import StoreError
from retrieval.index.chroma import Collections
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import INDEX_NAME, REWRITE_DUE, VectorRecord, finds_itself
from retrieval.ledger import Ledger, vectors
from retrieval.ledger.engine import batches
from retrieval.ledger.leases import Turn

_RECHECKS = "look_ups_owed:"
_OLDER_FOR_EACH = 2
_BATCH = 1000
_LOOKED_UP_AT_ONCE = 50
"""Look-ups keep Chroma's threads to themselves: a question waits for so many of them at most."""

_SUPERSEDED_SHARE = 0.3
_SUPERSEDED_AT_LEAST = 1000

_SAMPLE = 1000
"""Looked up in about a second."""

_HIDDEN = 0.01
"""An intact graph may hide one vector in hundreds of others; that has its turn to be looked up (`IndexWriter`)."""

Found = dict[int, bool]
"""Embedding -> whether the index returns it for its own vector."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an index is behind with.

    Attributes:
        missing: Scope -> the embeddings that it was not handed yet.
        unfound: Scope -> the embeddings that it was handed and did not find.
        rechecks: Scope -> how many look-ups are still to be made.
        rewrite: Writing it anew is due: somebody asked for it, or too much of it is superseded.
    """

    missing: Mapping[str, Sequence[int]]
    unfound: Mapping[str, Sequence[int]]
    rechecks: Mapping[str, int]
    rewrite: bool

    @classmethod
    def of(cls, ledger: Ledger) -> Backlog:
        """Read it."""
        with ledger.read() as connection:
            states = vectors.scope_states(connection)
            return cls(
                missing={state.scope: vectors.pending(connection, state.scope) for state in states},
                unfound={state.scope: vectors.unfound(connection, state.scope) for state in states},
                rechecks={s.scope: RecheckQueue.of(ledger, connection, s.scope).length for s in states},
                rewrite=ledger.meta(connection, REWRITE_DUE) == "yes" or any(map(_is_stale, states)),
            )

    @property
    def is_empty(self) -> bool:
        """Whether the index holds all it should, and little else."""
        return not self.rewrite and not any(self.missing.values()) and not any(self.rechecks.values())

    @property
    def most_missing(self) -> int:
        """How many embeddings of one scope the index was not handed yet, at most."""
        return max(map(len, self.missing.values()), default=0)


@dataclass(frozen=True, slots=True)
class RecheckQueue:
    """The look-ups that the index of one scope is owed.

    Attributes:
        length: How many are to be made.
        after: The embedding that had its turn last.
    """

    length: int = 0
    after: int = 0

    @classmethod
    def of(cls, ledger: Ledger, connection: Connection, scope: str) -> RecheckQueue:
        """Read it."""
        kept = ledger.meta(connection, _RECHECKS + scope)
        return cls(*map(int, kept.split())) if kept else cls()

    def keep(self, ledger: Ledger, connection: Connection, scope: str) -> None:
        """Write it."""
        ledger.set_meta(connection, _RECHECKS + scope, f"{max(self.length, 0)} {self.after}")


class IndexWriter:
    """Writes one index for the one process that may.

    Args:
        stopping: Set when the program is ending.
        turn: Says in every transaction that nobody else may write by now; None where nobody else can.

    Raises:
        StoreError: From every method, where ledger or index cannot do it, the turn is over or the program ends.
    """

    def __init__(
        self, ledger: Ledger, index: Collections, stopping: threading.Event, turn: Turn | None = None
    ) -> None:
        self._ledger = ledger
        self._index = index
        self._stopping = stopping
        self._turn = turn

    def hand_over(self, backlog: Backlog) -> None:
        """Add what is missing, forget what no live paragraph holds any more, and make the look-ups that are owed."""
        for scope, missing in backlog.missing.items():
            with self._ledger.read() as connection:
                older = vectors.scope_state(connection, scope).records
            new = list(backlog.unfound[scope]) if backlog.rechecks[scope] else []
            for batch in batches(missing, _BATCH):
                rechecks = min(_OLDER_FOR_EACH * len(batch), older)
                older -= rechecks
                new += self._add_missing(scope, batch, rechecks)
            for batch in batches(new, _BATCH):
                found = self._look_up(scope, batch)
                self._mark(scope, found, rechecked=len(found))
            self._recheck_older(scope)

    def look_again(self, unfound: Mapping[str, Sequence[int]]) -> None:
        """Look up once more what was not found when it was added: some engines index it a while later."""
        for scope, pks in unfound.items():
            for batch in batches(pks, _BATCH):
                late = {pk: True for pk, is_found in self._look_up(scope, batch).items() if is_found}
                if late:
                    self._mark(scope, late)

    def fill(self) -> dict[str, Found]:
        """Add every embedding that a live paragraph holds to an index that is new; returns what it finds of them."""
        with self._ledger.read() as connection:
            names = [state.scope for state in vectors.scope_states(connection)]
            wanted = {scope: vectors.live_embeddings(connection, scope) for scope in names}
        filled: dict[str, Found] = {scope: {} for scope in wanted}
        for scope, pks in wanted.items():
            for batch in batches(pks, _BATCH):
                self._go_on()
                self._add(scope, batch)
            for batch in batches(pks, _BATCH):
                self._go_on()
                filled[scope] |= self._look_up(scope, batch)
        return filled

    def switch(self, name: str, filled: Mapping[str, Found]) -> None:
        """Let the index `name` be the one that counts: it was written anew and holds `filled`."""
        with self._write() as connection:
            for scope, found in filled.items():
                vectors.forget_indexed(connection, scope)
                vectors.expect(connection, scope, vectors.live_embeddings(connection, scope))
                vectors.mark_indexed(connection, scope, found)
                RecheckQueue().keep(self._ledger, connection, scope)
                vectors.index_rewritten(connection, scope, len(found))
            self._ledger.set_meta(connection, INDEX_NAME, name)
            self._ledger.set_meta(connection, REWRITE_DUE, "no")

    def _add_missing(self, scope: str, batch: Sequence[int], rechecks: int) -> Sequence[int]:
        with self._ledger.read() as connection:
            held = vectors.held(connection, scope, batch)
        self._add(scope, held)
        with self._write() as connection:
            vectors.forget(connection, scope, set(batch) - set(held))
            vectors.mark_indexed(connection, scope, dict.fromkeys(held, False))
            queue = RecheckQueue.of(self._ledger, connection, scope)
            longer = RecheckQueue(queue.length + len(held) + rechecks, queue.after)
            longer.keep(self._ledger, connection, scope)
            vectors.scope_changed(connection, scope, records=len(held))
        return held

    def _recheck_older(self, scope: str) -> None:
        """Look up those that have their turn, as many as are owed."""
        while not self._stopping.is_set():
            with self._ledger.read() as connection:
                queue = RecheckQueue.of(self._ledger, connection, scope)
                if not queue.length:
                    return
                known = vectors.in_index(
                    connection, scope, after=queue.after, limit=min(queue.length, _BATCH)
                )
                held = vectors.held(connection, scope, known)
            found = self._look_up(scope, held)
            other = {pk: is_found for pk, is_found in found.items() if is_found != known[pk]}
            last = next(reversed(known), 0)
            self._mark(scope, other, rechecked=len(known) or queue.length, after=last)

    def _mark(self, scope: str, found: Found, *, rechecked: int = 0, after: int | None = None) -> None:
        """Note what was found and what was not, and that so many look-ups are no longer owed."""
        with self._write() as connection:
            if found:
                vectors.mark_indexed(connection, scope, found)
                vectors.scope_changed(connection, scope)
            if rechecked:
                queue = RecheckQueue.of(self._ledger, connection, scope)
                shorter = RecheckQueue(queue.length - rechecked, queue.after if after is None else after)
                shorter.keep(self._ledger, connection, scope)

    def _add(self, scope: str, embeddings: Sequence[int]) -> None:
        if not embeddings:
            return
        with self._ledger.read() as connection:
            found = vectors.vectors(connection, embeddings)
            texts = vectors.chunk_texts(connection, embeddings)
        self._index.add(scope, [VectorRecord(pk, found[pk], texts.get(pk, "")) for pk in embeddings])

    def _look_up(self, scope: str, embeddings: Sequence[int]) -> Found:
        """Return for each embedding whether a search for its own vector finds it."""
        with self._ledger.read() as connection:
            own = vectors.vectors(connection, embeddings)
        return dict(_looked_up(self._index, scope, own))

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise StoreError("The program is ending.")
        if self._turn is not None:
            self._turn.keep_alive()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._ledger.write() as connection:
            if self._turn is not None:
                self._turn.guard(connection)
            yield connection


def problem_of(index: Collections, ledger: Ledger) -> str | None:
    """Return what is wrong with an index, or None.

    Every scope of the ledger must hold at least what the ledger says it was handed, and return nearly all of a sample
    that the ledger says can be found for their own vectors: a damaged one can open, count and answer nonsense.
    """
    with ledger.read() as connection:
        expected = [state for state in vectors.scope_states(connection) if state.records]
    for scope, count in ((state.scope, state.records) for state in expected):
        found = index.count(scope)
        if found < count:  # more is what an addition left that was cut short: those are scanned
            return f"{scope}: {found} embeddings instead of {count}"
        with ledger.read() as connection:
            findable = vectors.findable(connection, scope)
            sample = vectors.vectors(connection, findable[:: -(-len(findable) // _SAMPLE) or 1])
        missed = 0
        for _, is_found in _looked_up(index, scope, sample):
            missed += not is_found
            if missed > _HIDDEN * len(sample):
                return f"{scope}: embeddings are missing from its graph"
    return None


def _looked_up(index: Collections, scope: str, own: Mapping[int, Vector]) -> Iterator[tuple[int, bool]]:
    """Yield each embedding with whether a search for its own vector finds it."""
    for some in batches(own, _LOOKED_UP_AT_ONCE):
        hits = index.query_each(scope, np.stack([own[pk] for pk in some]), 1)
        yield from ((pk, finds_itself(pk, each)) for pk, each in zip(some, hits, strict=True))


def _is_stale(state: vectors.ScopeState) -> bool:
    return state.superseded > max(_SUPERSEDED_AT_LEAST, _SUPERSEDED_SHARE * state.records)

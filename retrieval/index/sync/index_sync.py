"""What keeping an index takes wherever it stands: what is missing from it, handing that over, writing it anew."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from retrieval.errors import StoreError
from retrieval.index import fulltext
from retrieval.index.encoder import Vector
from retrieval.index.sync import rechecks
from retrieval.index.vector_index import Hit, VectorIndex, VectorRecord, finds_itself, nearest
from retrieval.ledger import scopes, vectors
from retrieval.ledger.ledger import Ledger

INDEX_NAME = "index_folder"
"""The ledger's fact that names the index in use: a folder of the store, or `remote:` and a generation."""

REMOTE = "remote:"

_REWRITE_DUE = "rewrite_due"
_BATCH = 1000
_LOOKED_UP_AT_ONCE = 50
"""Look-ups keep Chroma's threads to themselves: a question waits for so many of them at most."""

_QUICKLY_MENDED = 20_000
"""So many records are written anew in about ten seconds: worth waiting for when a command ends."""

_SUPERSEDED_SHARE = 0.3
_SUPERSEDED_AT_LEAST = 1000

Guard = Callable[[Connection], None]
"""Called in every transaction that writes: raises when somebody else may write by now."""

Found = Mapping[int, bool]
"""Embedding -> whether the index returns it for its own vector."""


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

    def nearest(self, vector: Vector, limit: int) -> list[Hit]:
        """Return the nearest of them, closest first."""
        return nearest(self.pks, self.vectors, vector, limit) if self.pks else []


@dataclass(frozen=True, slots=True)
class Work:
    """What an index is behind with.

    Attributes:
        missing: Scope -> the embeddings that it was not handed yet.
        unfound: Scope -> the embeddings that it was handed and did not find.
        owed: Scope -> look-ups that a process left undone, see `rechecks`.
        rewrite: Writing it anew is due: somebody asked for it, or too much of it is superseded.
    """

    missing: Mapping[str, Sequence[int]]
    unfound: Mapping[str, Sequence[int]]
    owed: Mapping[str, int]
    rewrite: bool

    @property
    def is_none(self) -> bool:
        """Whether the index holds all it should, and little else."""
        return not self.rewrite and not any(self.missing.values()) and not any(self.owed.values())


class IndexSync(ABC):
    """The vector index of one store, kept true to the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._scanned: dict[str, Scanned] = {}
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
    def is_hybrid(self) -> bool:
        """Whether the index searches by words too at the moment, so that nobody else has to."""
        return False

    def search(
        self,
        scope: str,  # noqa: ARG002
        vector: Vector,  # noqa: ARG002
        weights: Mapping[str, float],  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> list[int] | None:
        """Return embeddings by vector and words together, as `VectorIndex.search` does; None where it can't."""
        return None

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """Whether Chroma serves, and not the scan that stands in for it."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the index stands, in words."""

    @property
    def problem(self) -> str | None:
        """What somebody has to mend before Chroma serves again; None where it mends itself."""
        return None

    def scanned(self, connection: Connection, scope: str) -> Scanned:
        """Return what is scanned beside every query, as the snapshot of `connection` has it."""
        generation = scopes.generation(connection, scope)
        known = self._scanned.get(scope)
        if known is None or known.generation != generation:
            found = vectors.vectors(connection, vectors.scanned(connection, scope))
            matrix = np.stack(list(found.values())) if found else np.empty((0, 0), np.float32)
            records = scopes.state(connection, scope).records
            known = self._scanned[scope] = Scanned(generation, list(found), matrix, records)
        return known

    # --- a life ---

    @abstractmethod
    def open(self) -> None:
        """Open or reach the index, where that was not done yet."""

    @abstractmethod
    def settle(self) -> None:
        """Open the index, and wait until a check or a repair in the background has ended."""

    @abstractmethod
    def close(self) -> None:
        """Give the index back, after a repair that is soon done."""

    @abstractmethod
    def catch_up(self, *, timeout_s: float = 0.0, at_leisure: bool = False) -> bool:
        """Hand the index what it misses, and write it anew when that is due.

        Args:
            timeout_s: How long to wait for other processes.
            at_leisure: Leave the little that is missing for later where questions would stand still meanwhile and the
                last time is not long ago.

        Returns:
            Whether it holds all now; if not, what it misses goes on being scanned.
        """

    def rewrite(self, *, timeout_s: float) -> bool:
        """Write the index anew, without what no live paragraph holds; later, where it is in use elsewhere."""
        self._demand_rewrite()
        return self.catch_up(timeout_s=timeout_s)

    # --- what both do alike ---

    def _demand_rewrite(self) -> None:
        with self._ledger.write() as connection:
            self._ledger.set_meta(connection, _REWRITE_DUE, "yes")

    def _work(self) -> Work:
        with self._ledger.read() as connection:
            states = scopes.states(connection)
            missing = {state.scope: vectors.pending(connection, state.scope) for state in states}
            unfound = {state.scope: vectors.unfound(connection, state.scope) for state in states}
            owed = {s.scope: rechecks.due(self._ledger, connection, s.scope).owed for s in states}
            due = self._ledger.meta(connection, _REWRITE_DUE) == "yes"
        return Work(missing, unfound, owed, due or any(map(_is_stale, states)))

    def _index_name(self) -> str | None:
        with self._ledger.read() as connection:
            return self._ledger.meta(connection, INDEX_NAME)

    def _records(self) -> int:
        with self._ledger.read() as connection:
            return sum(state.records for state in scopes.states(connection))

    def _is_quickly_mended(self) -> bool:
        try:
            return self._records() <= _QUICKLY_MENDED
        except StoreError:
            return True

    def _unless_stopping(self) -> None:
        if self._stopping.is_set():
            raise StoreError("The program is ending.")

    def _hand_over(self, index: VectorIndex, work: Work, guard: Guard) -> None:
        """Add what is missing; what no live paragraph holds any more is forgotten.

        All is looked up when all is there, and scanned until then. What a process left undone is done as well.
        """
        for scope, pks in work.missing.items():
            added: list[int] = []
            with self._ledger.read() as connection:
                older = scopes.state(connection, scope).records
            for batch in _batches(pks):
                turns = min(rechecks.OLDER_FOR_EACH * len(batch), older)
                older -= turns
                added += self._hand_over_batch(index, scope, batch, turns, guard)
            self._look_up_new(
                index, scope, [*work.unfound[scope], *added] if work.owed[scope] else added, guard
            )
            self._go_round(index, scope, guard)

    def _hand_over_batch(
        self, index: VectorIndex, scope: str, batch: Sequence[int], turns: int, guard: Guard
    ) -> Sequence[int]:
        with self._ledger.read() as connection:
            held = vectors.held(connection, scope, batch)
        self._add(index, scope, held)
        with self._ledger.write() as connection:
            guard(connection)
            vectors.forget(connection, scope, set(batch) - set(held))
            vectors.mark_indexed(connection, scope, dict.fromkeys(held, False))
            rechecks.owe(self._ledger, connection, scope, len(held) + turns)
            scopes.changed(connection, scope, records=len(held))
        return held

    def _look_up_new(self, index: VectorIndex, scope: str, pks: Sequence[int], guard: Guard) -> None:
        """Look up what was not looked up before, and mark what is found."""
        for batch in _batches(pks):
            found = self._look_up(index, scope, batch)
            with self._ledger.write() as connection:
                guard(connection)
                vectors.mark_indexed(connection, scope, found)
                rechecks.pay(self._ledger, connection, scope, len(batch))
                scopes.changed(connection, scope)

    def _go_round(self, index: VectorIndex, scope: str, guard: Guard) -> None:
        """Look up those that have their turn, as many as are owed."""
        while not self._stopping.is_set():
            with self._ledger.read() as connection:
                now = rechecks.due(self._ledger, connection, scope)
                if not now.owed:
                    return
                turn = vectors.in_index(connection, scope, after=now.after, limit=min(now.owed, _BATCH))
                held = vectors.held(connection, scope, turn)
            found = self._look_up(index, scope, held)
            other = {pk: is_found for pk, is_found in found.items() if is_found != turn[pk]}
            with self._ledger.write() as connection:
                guard(connection)
                if other:
                    vectors.mark_indexed(connection, scope, other)
                    scopes.changed(connection, scope)
                last = next(reversed(turn), 0)
                rechecks.pay(self._ledger, connection, scope, len(turn) or now.owed, after=last)

    def _fill(self, index: VectorIndex, go_on: Callable[[], None]) -> dict[str, Found]:
        """Add every embedding that a live paragraph holds to an index that is new.

        Args:
            go_on: Called between batches; what it raises ends the work.
        """
        with self._ledger.read() as connection:
            names = [state.scope for state in scopes.states(connection)]
            wanted = {scope: vectors.live_embeddings(connection, scope) for scope in names}
        added: dict[str, dict[int, bool]] = {scope: {} for scope in wanted}
        for scope, pks in wanted.items():
            for batch in _batches(pks):
                go_on()
                self._add(index, scope, batch)
            for batch in _batches(pks):
                go_on()
                added[scope] |= self._look_up(index, scope, batch)
        return dict(added)

    def _switch(self, name: str, added: Mapping[str, Found], guard: Guard) -> None:
        """Let the index `name` be the one that counts: it was written anew and holds `added`."""
        with self._ledger.write() as connection:
            guard(connection)
            for scope, found in added.items():
                vectors.forget_indexed(connection, scope)
                vectors.expect(connection, scope, vectors.live_embeddings(connection, scope))
                vectors.mark_indexed(connection, scope, found)
                rechecks.settle(self._ledger, connection, scope)
                scopes.rewritten(connection, scope, len(found))
            self._ledger.set_meta(connection, INDEX_NAME, name)
            self._ledger.set_meta(connection, _REWRITE_DUE, "no")

    def _add(self, index: VectorIndex, scope: str, embeddings: Sequence[int]) -> None:
        if not embeddings:
            return
        with self._ledger.read() as connection:
            found = vectors.vectors(connection, embeddings)
            texts = vectors.chunk_texts(connection, embeddings)
            terms = fulltext.terms_of_chunks(connection, scope, texts) if index.is_hybrid else {}
        index.add(scope, [VectorRecord(pk, found[pk], texts.get(pk, ""), terms.get(pk)) for pk in embeddings])

    def _look_up(self, index: VectorIndex, scope: str, embeddings: Sequence[int]) -> dict[int, bool]:
        """Return for each embedding whether a search for its own vector finds it."""
        with self._ledger.read() as connection:
            own = vectors.vectors(connection, embeddings)
        found: dict[int, bool] = {}
        for some in _batches(list(own), _LOOKED_UP_AT_ONCE):
            hits = index.query_each(scope, np.stack([own[pk] for pk in some]), 1)
            found |= {pk: finds_itself(pk, each) for pk, each in zip(some, hits, strict=True)}
        return found

    def _look_again(self, index: VectorIndex, unfound: Mapping[str, Sequence[int]], guard: Guard) -> None:
        """Look up once more what was not found when it was added: some engines index it a while later."""
        for scope, pks in unfound.items():
            for batch in _batches(pks):
                late = {pk: True for pk, is_found in self._look_up(index, scope, batch).items() if is_found}
                if late:
                    with self._ledger.write() as connection:
                        guard(connection)
                        vectors.mark_indexed(connection, scope, late)
                        scopes.changed(connection, scope)


def unguarded(_connection: Connection) -> None:
    """Nobody else can write."""


def _is_stale(state: scopes.ScopeState) -> bool:
    return state.superseded > max(_SUPERSEDED_AT_LEAST, _SUPERSEDED_SHARE * state.records)


def _batches(pks: Sequence[int], size: int = _BATCH) -> Iterator[Sequence[int]]:
    for start in range(0, len(pks), size):
        yield pks[start : start + size]

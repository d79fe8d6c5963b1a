"""A question -> live paragraphs in order: dense and lexical candidates, fused, best sentences speaking."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from cachetools import LRUCache
from sqlalchemy import Connection

from retrieval.errors import StoreError
from retrieval.index import fulltext
from retrieval.index.encoder import Encoder, Vector
from retrieval.index.fulltext import TermStatistics
from retrieval.index.vector_index import Hit, IndexSync, Scanned
from retrieval.ledger import Ledger, live, revisions, seals, vectors
from retrieval.ledger.live import ReadoutSummary
from retrieval.ledger.vectors import text_digest
from retrieval.models import LiveParagraph
from retrieval.observing import stage
from retrieval.search.ranking import (
    Candidate,
    Holds,
    PreparedParagraph,
    RankedParagraph,
    prepare,
    rank,
    resolve_names,
    shortlist,
)

log = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

CANDIDATES = 24
"""Paragraphs that each of the dense and the lexical search puts forward."""

SCANNED = 2_000
"""Paragraphs of chosen readouts that are compared with the question one by one; of more, the index is asked."""

SHORTLIST = 12
"""Candidates whose sentences are compared with the question one by one."""

_WIDEST = 4096
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        text: What to embed.
        terms: What to look up, stemmed; repetitions left out.
        other_names: Term -> another name of the same, see `resolve_names`.
        expects: What a sentence that answers should hold.
    """

    text: str
    terms: Sequence[str]
    other_names: Sequence[tuple[str, str]] = ()
    expects: Holds = Holds.NOTHING

    @property
    def wanted(self) -> list[str]:
        """Its terms, and by what other names they may stand there."""
        return [*self.terms, *(other for _, other in self.other_names)]


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found.

    Attributes:
        ranked: Best first.
        statistics: Of what was searched: the scopes, or the one readout.
        query: The question's unit vector: float32, (dimensions,).
    """

    ranked: Sequence[RankedParagraph]
    statistics: TermStatistics
    query: Vector


@dataclass(frozen=True, slots=True)
class _Ready:
    """A paragraph with its chunk vectors, float32 (n_chunks, dimensions), as kept in memory."""

    prepared: PreparedParagraph
    chunk_vectors: Vector


_Put = tuple[Vector, list[int], TermStatistics]
"""The question's vector, the paragraphs that stage one puts forward, and what was searched."""


class Retriever:
    """Searches the live paragraphs of a store.

    Paragraph rows never change, so what was worked out for one is remembered by its primary key; whether it
    is live is asked anew for every question.
    """

    def __init__(self, ledger: Ledger, index_sync: IndexSync, encoder: Encoder) -> None:
        self._ledger = ledger
        self._index_sync = index_sync
        self._encoder = encoder
        self._pool = ThreadPoolExecutor(thread_name_prefix="question")
        self._is_opened = False
        self._ready: _Memory[int, _Ready] = _Memory()
        self._damaged = 0  # revisions that were known to be when `_ready` began to fill
        self._sentence_vectors: _Memory[LiveParagraph, Vector] = _Memory()

    @stage("search")
    def find(
        self,
        connection: Connection,
        *,
        query: Query,
        scopes: Sequence[str],
        readouts: Sequence[ReadoutSummary] | None = None,
    ) -> Found:
        """Return the paragraphs nearest to a question, best first.

        Args:
            connection: An open snapshot of the ledger.
            query: What to look for.
            readouts: Search these alone; one of them, or a few, exactly. At least one.

        Raises:
            IndexMismatchError: The store was indexed anew with something else.
        """
        self._ledger.check_identity(connection)
        if readouts is not None and len(readouts) == 1:
            vector = self._encoder.embed(query.text)
            pks = self._within(connection, readouts[0], vector, query.terms)
            statistics = self._readout_statistics(connection, readouts[0])
        elif readouts is not None:
            vector = self._encoder.embed(query.text)
            pks = self._among(connection, readouts, vector, query)
            statistics = fulltext.statistics(connection, scopes, query.wanted)
        else:
            vector, pks, statistics = self._by_both(connection, scopes, query)
        resolved = resolve_names(query.terms, query.other_names, statistics)
        candidates = [
            Candidate(ready.prepared, float((ready.chunk_vectors @ vector).max()))
            for ready in self._prepared(connection, pks).values()
        ]
        short = shortlist(resolved, candidates, statistics, SHORTLIST)
        ranked = rank(resolved, vector, self._with_sentences(connection, short), statistics, query.expects)
        return Found(ranked, statistics, vector)

    # --- stage one ---

    def _by_both(self, connection: Connection, scopes: Sequence[str], query: Query) -> _Put:
        """Search by vector in the index, and by words here."""
        # first of all: what the index is handed after this snapshot is still scanned by it
        exact = {scope: self._index_sync.scanned(connection, scope) for scope in scopes}
        # embedding needs no Python, and no connection: one is used by the thread alone that has it to give back
        embedding = self._pool.submit(self._encoder.embed, query.text)
        if not self._is_opened:  # the first question: what both import and load takes seconds
            self._is_opened = True
            self._pool.submit(self._index_sync.open)
        by_words, statistics = self._by_words(connection, scopes, query)
        vector = embedding.result()
        hits = {scope: self._index_sync.query(scope, vector, CANDIDATES) for scope in scopes}
        dense = [pk for s in scopes for pk in self._dense(connection, s, vector, hits[s], exact[s])]
        return vector, list(dict.fromkeys([*dense, *by_words])), statistics

    def _by_words(
        self,
        connection: Connection,
        scopes: Sequence[str],
        query: Query,
    ) -> tuple[list[int], TermStatistics]:
        found = [
            pk
            for scope in scopes
            for pk in fulltext.search(connection, scope, query.wanted, limit=CANDIDATES)
        ]
        return found, fulltext.statistics(connection, scopes, query.wanted)

    def _dense(
        self,
        connection: Connection,
        scope: str,
        vector: Vector,
        hits: Sequence[Hit],
        scanned: Scanned,
        most: int = CANDIDATES,
    ) -> list[int]:
        """Widen the search until it has enough live paragraphs: superseded texts stay in the index."""
        limit = most
        exact = scanned.nearest(vector, CANDIDATES)
        while True:
            nearest = sorted([*hits, *exact], key=lambda hit: hit.distance)
            holding = live.paragraphs_holding(connection, [scope], (hit.embedding for hit in nearest))
            pks = [pk for hit in nearest for pk in holding.get(hit.embedding, ())]
            if len(pks) >= most or len(hits) < limit or limit >= _WIDEST:
                return pks[:most]
            limit *= 4
            hits = self._index_sync.query(scope, vector, limit)

    def _within(
        self, connection: Connection, readout: ReadoutSummary, vector: Vector, terms: Sequence[str]
    ) -> list[int]:
        """One readout is scanned exactly: all of a short one, the nearest of a long one."""
        ready = self._of_readout(connection, readout)
        if len(ready) <= CANDIDATES:
            return list(ready)
        similarity = {pk: float((each.chunk_vectors @ vector).max()) for pk, each in ready.items()}
        nearest = sorted(ready, key=lambda pk: -similarity[pk])[:CANDIDATES]
        by_words = fulltext.search(
            connection, readout.scope, terms, limit=CANDIDATES, revision_pks=[readout.revision_pk]
        )
        return list(dict.fromkeys([*nearest, *by_words]))

    def _among(
        self, connection: Connection, readouts: Sequence[ReadoutSummary], vector: Vector, query: Query
    ) -> list[int]:
        """Search several readouts: all of their vectors, or, of many, what the index finds that is of them."""
        scopes = list(dict.fromkeys(readout.scope for readout in readouts))
        revisions_of = [readout.revision_pk for readout in readouts]
        if sum(readout.paragraphs for readout in readouts) <= SCANNED:
            pks = [pk for each in revisions_of for pk in revisions.revision_paragraphs(connection, each)]
            each_of = vectors.paragraph_vectors(connection, pks)
            dense = sorted(each_of, key=lambda pk: -float((each_of[pk] @ vector).max()))[:CANDIDATES]
        else:
            dense = []
            for scope in scopes:
                hits = self._index_sync.query(scope, vector, _WIDEST)
                found = self._dense(
                    connection, scope, vector, hits, self._index_sync.scanned(connection, scope), _WIDEST
                )
                dense += revisions.those_of(connection, found, revisions_of)[:CANDIDATES]
        words = [
            pk
            for scope in scopes
            for pk in fulltext.search(
                connection, scope, query.wanted, limit=CANDIDATES,
                revision_pks=[r.revision_pk for r in readouts if r.scope == scope],
            )
        ]  # fmt: skip
        return list(dict.fromkeys([*dense, *words]))

    def _readout_statistics(self, connection: Connection, readout: ReadoutSummary) -> TermStatistics:
        return term_statistics(self.of_readout(connection, readout))

    # --- what is remembered ---

    def of_readout(self, connection: Connection, readout: ReadoutSummary) -> list[PreparedParagraph]:
        """Return all of a readout, prepared, in reading order."""
        return [ready.prepared for ready in self._of_readout(connection, readout).values()]

    def _of_readout(self, connection: Connection, readout: ReadoutSummary) -> dict[int, _Ready]:
        return self._prepared(connection, revisions.revision_paragraphs(connection, readout.revision_pk))

    def _prepared(self, connection: Connection, pks: Iterable[int]) -> dict[int, _Ready]:
        wanted = list(pks)
        damaged = len(seals.known_damage(connection))
        if damaged != self._damaged:  # what was read of it before is left out as well
            self._ready.forget()
            self._damaged = damaged
        found = self._ready.known(wanted)
        missing = [pk for pk in wanted if pk not in found]
        if missing:
            paragraphs = live.live_paragraphs(connection, missing)
            chunk_vectors = vectors.paragraph_vectors(connection, paragraphs)
            fresh = {pk: _Ready(prepare(p), chunk_vectors[pk]) for pk, p in paragraphs.items()}
            found |= fresh
            self._ready.keep(fresh)
        if len(seals.known_damage(connection)) != damaged:
            return self._prepared(connection, wanted)
        return {pk: found[pk] for pk in wanted if pk in found}

    def _with_sentences(self, connection: Connection, candidates: Sequence[Candidate]) -> list[Candidate]:
        each = self._of_sentences(connection, [candidate.prepared for candidate in candidates])
        return [replace(c, sentence_vectors=found) for c, found in zip(candidates, each, strict=True)]

    def sentence_vectors(
        self, connection: Connection, paragraphs: Sequence[PreparedParagraph]
    ) -> list[Vector]:
        """Return the vectors of every paragraph's sentences: float32, (n_sentences, dimensions) each.

        Raises:
            IndexMismatchError: The store was indexed anew with something else.
        """
        self._ledger.check_identity(connection)
        return self._of_sentences(connection, paragraphs)

    def _of_sentences(self, connection: Connection, paragraphs: Sequence[PreparedParagraph]) -> list[Vector]:
        found = self._sentence_vectors.known(p.paragraph for p in paragraphs)
        missing = [p for p in paragraphs if p.paragraph not in found]
        if missing:
            texts = {text_digest(text): text for p in missing for text in p.sentence_texts}
            embedded = self._embedded_sentences(connection, texts)
            fresh = {
                p.paragraph: self._stacked([embedded[text_digest(t)] for t in p.sentence_texts])
                for p in missing
            }
            found |= fresh
            self._sentence_vectors.keep(fresh)
        return [found[p.paragraph] for p in paragraphs]

    def _stacked(self, rows: Sequence[Vector]) -> Vector:
        return np.stack(rows) if rows else np.empty((0, self._encoder.dimensions), np.float32)

    def _embedded_sentences(self, connection: Connection, texts: Mapping[bytes, str]) -> dict[bytes, Vector]:
        known = vectors.sentence_vectors(connection, texts)
        missing = {key: text for key, text in texts.items() if key not in known}
        fresh = dict(zip(missing, self._encoder.embed_each(list(missing.values())), strict=True))
        self._keep(fresh)
        return known | fresh

    def _keep(self, fresh: Mapping[bytes, Vector]) -> None:
        """Save the work for the next process; a store that is read-only or busy just does it again."""
        try:
            with self._ledger.write(patient=False) as connection:
                self._ledger.check_identity(connection)
                vectors.keep_sentence_vectors(connection, fresh)
        except StoreError as error:
            log.debug("sentence vectors are not kept: %s", error)


def term_statistics(paragraphs: Sequence[PreparedParagraph]) -> TermStatistics:
    """Count terms over `paragraphs`, for a search within them alone."""
    frequency: Counter[str] = Counter()
    for p in paragraphs:
        frequency.update(set(p.counts) | p.title_terms | p.heading_terms)
    length = sum(p.length for p in paragraphs) / max(len(paragraphs), 1)
    return TermStatistics(len(paragraphs), length, frequency)


class _Memory(Generic[K, V]):
    """What was worked out, as much of it as was used last; threads share it."""

    def __init__(self) -> None:
        self._values: LRUCache[K, V] = LRUCache(_REMEMBERED)
        self._lock = Lock()

    def known(self, keys: Iterable[K]) -> dict[K, V]:
        """Return what is remembered of `keys`."""
        with self._lock:
            return {key: self._values[key] for key in keys if key in self._values}

    def keep(self, fresh: Mapping[K, V]) -> None:
        with self._lock:
            self._values.update(fresh)

    def forget(self) -> None:
        with self._lock:
            self._values.clear()

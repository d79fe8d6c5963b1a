"""Vectors of embedded chunks, and, as a cache, of sentences; and what of them the vector index of each scope holds.

That is kept here as it changes, so that nothing has to be counted when a question is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, select, update

from retrieval.ledger import live, schema
from retrieval.ledger.engine import add_up, batches, rows_of, upsert

Vector = NDArray[np.float32]


def text_digest(text: str) -> bytes:
    """Return what a text's vector is kept under: its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


# --- of chunks ---


def embedding_pks(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    """Return digest -> primary key for the texts embedded before."""
    e = schema.embeddings
    return {
        row.digest: row.pk for row in rows_of(connection, select(e.c.digest, e.c.pk), e.c.digest, digests)
    }


def add_embeddings(connection: Connection, vectors: Mapping[bytes, Vector]) -> None:
    """Keep the vectors of texts never embedded before."""
    _keep(connection, schema.embeddings, vectors)


def vectors(connection: Connection, embedding_pks: Iterable[int]) -> dict[int, Vector]:
    """Return embedding -> vector: float32, (dimensions,)."""
    e = schema.embeddings
    rows = rows_of(connection, select(e.c.pk, e.c.vector), e.c.pk, embedding_pks)
    return {pk: _from_blob(vector) for pk, vector in rows}


def paragraph_vectors(connection: Connection, pks: Iterable[int]) -> dict[int, Vector]:
    """Return paragraph -> vectors of its chunks: float32, (n_chunks, dimensions)."""
    c, e = schema.chunks, schema.embeddings
    wanted = select(c.c.paragraph, e.c.vector).join(e, e.c.pk == c.c.embedding)
    found: dict[int, list[Vector]] = {}
    for row in rows_of(connection, wanted.order_by(c.c.paragraph, c.c.start), c.c.paragraph, pks):
        found.setdefault(row.paragraph, []).append(_from_blob(row.vector))
    return {paragraph: np.stack(each) for paragraph, each in found.items()}


def live_embeddings(connection: Connection, scope: str) -> list[int]:
    """Return every embedding that a live paragraph of `scope` holds, ascending."""
    p, r, c = schema.paragraphs, schema.readouts, schema.chunks
    return list(
        connection.scalars(
            select(c.c.embedding)
            .join(p, p.c.pk == c.c.paragraph)
            .join(r, r.c.live_revision == p.c.revision)
            .where(r.c.scope == scope)
            .distinct()
            .order_by(c.c.embedding)
        )
    )


def embeddings_of(connection: Connection, paragraph_pks: Iterable[int]) -> set[int]:
    """Return the embeddings that the chunks of these paragraphs hold."""
    c = schema.chunks
    return {row.embedding for row in rows_of(connection, select(c.c.embedding), c.c.paragraph, paragraph_pks)}


def held(connection: Connection, scope: str, embeddings: Iterable[int]) -> list[int]:
    """Return those of `embeddings` that a live paragraph of `scope` holds, ascending."""
    return sorted(live.paragraphs_holding(connection, [scope], embeddings))


def chunk_texts(connection: Connection, embedding_pks: Iterable[int]) -> dict[int, str]:
    """Return embedding -> the words of one chunk that holds it, without the title."""
    p, c = schema.paragraphs, schema.chunks
    wanted = select(c.c.embedding, c.c.start, c.c.end, p.c.text).join(p, p.c.pk == c.c.paragraph)
    texts: dict[int, str] = {}
    for row in rows_of(connection, wanted, c.c.embedding, embedding_pks):
        texts.setdefault(row.embedding, row.text[row.start : row.end])
    return texts


# --- of sentences ---


def sentence_vectors(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, Vector]:
    """Return digest -> vector for the sentences met before."""
    s = schema.sentence_vectors
    rows = rows_of(connection, select(s.c.digest, s.c.vector), s.c.digest, digests)
    return {digest: _from_blob(vector) for digest, vector in rows}


def keep_sentence_vectors(connection: Connection, vectors: Mapping[bytes, Vector]) -> None:
    """Remember the vectors of sentences for the next question."""
    _keep(connection, schema.sentence_vectors, vectors)


def _keep(connection: Connection, table: Table, vectors: Mapping[bytes, Vector]) -> None:
    if vectors:
        connection.execute(
            upsert(connection, table).on_conflict_do_nothing(),
            [{"digest": digest, "vector": _to_blob(vector)} for digest, vector in vectors.items()],
        )


def _to_blob(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _from_blob(blob: bytes) -> Vector:
    return np.frombuffer(blob, dtype="<f4")


# --- in the vector index of a scope ---

_I = schema.indexed


def findable(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index returns for their own vector, ascending."""
    return _of(connection, scope, _I.c.findable)


def pending(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index of `scope` was not handed yet, ascending."""
    return _of(connection, scope, ~_I.c.findable, ~_I.c.in_index)


def unfound(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index of `scope` was handed and did not find, ascending."""
    return _of(connection, scope, ~_I.c.findable, _I.c.in_index)


def _of(connection: Connection, scope: str, *where: ColumnElement[bool]) -> list[int]:
    wanted = select(_I.c.embedding).where(_I.c.scope == scope, *where).order_by(_I.c.embedding)
    return list(connection.scalars(wanted))


def scanned(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings to scan exactly beside every query: not in the index yet, or not found there."""
    return list(connection.scalars(_SCANNED, {"in_scope": scope}))


_SCANNED = select(_I.c.embedding).where(_I.c.scope == bindparam("in_scope"), ~_I.c.findable)


def in_index(connection: Connection, scope: str, *, after: int, limit: int) -> dict[int, bool]:
    """Return embeddings in the vector index of `scope` -> whether it finds them, ascending from `after` and round."""
    there = select(_I.c.embedding, _I.c.findable).where(_I.c.scope == scope, _I.c.in_index)
    found: dict[int, bool] = {}
    for part in (_I.c.embedding > after, _I.c.embedding <= after):
        wanted = there.order_by(_I.c.embedding).where(part).limit(limit - len(found))
        found |= {row.embedding: row.findable for row in connection.execute(wanted)}
    return found


def expect(connection: Connection, scope: str, embeddings: Iterable[int]) -> None:
    """A live paragraph of `scope` holds these: until the vector index does too, they are scanned."""
    rows = [{"scope": scope, "embedding": pk, "in_index": False, "findable": False} for pk in set(embeddings)]
    if rows:
        connection.execute(upsert(connection, _I).on_conflict_do_nothing(), rows)


def mark_indexed(connection: Connection, scope: str, findable: Mapping[int, bool]) -> None:
    """Record what was added to the vector index of `scope`, and whether it finds itself there."""
    rows = [
        {"scope": scope, "embedding": pk, "in_index": True, "findable": found}
        for pk, found in findable.items()
    ]
    if rows:
        row = upsert(connection, _I)
        changed = {"findable": row.excluded.findable, "in_index": row.excluded.in_index}
        connection.execute(
            row.on_conflict_do_update(index_elements=["scope", "embedding"], set_=changed), rows
        )


def forget(connection: Connection, scope: str, embeddings: Iterable[int]) -> None:
    """These were expected, and no live paragraph holds them any more."""
    for some in batches(embeddings):
        connection.execute(delete(_I).where(_I.c.scope == scope, _I.c.embedding.in_(some)))


def forget_indexed(connection: Connection, scope: str) -> None:
    """The vector index of `scope` was written anew: what stood in the old one no longer counts."""
    connection.execute(delete(_I).where(_I.c.scope == scope, _I.c.in_index))


@dataclass(frozen=True, slots=True)
class ScopeState:
    """The counts of one scope.

    Attributes:
        generation: Goes up with every change of what is live or scanned there.
        records: In the vector index, superseded ones included.
        superseded: Of them, about how many no live paragraph holds.
    """

    scope: str
    generation: int = 0
    records: int = 0
    superseded: int = 0


def scope_states(connection: Connection) -> list[ScopeState]:
    """Return the state of every scope that ever held a readout."""
    s = schema.scopes
    return [ScopeState(**row._asdict()) for row in connection.execute(select(s).order_by(s.c.scope))]


def scope_state(connection: Connection, scope: str) -> ScopeState:
    """Return the state of one scope."""
    row = connection.execute(select(schema.scopes).where(schema.scopes.c.scope == scope)).first()
    return ScopeState(scope) if row is None else ScopeState(**row._asdict())


def generation(connection: Connection, scope: str) -> int:
    """Return the generation of `scope`; 0 for one that never held anything."""
    return int(connection.scalar(_GENERATION, {"in_scope": scope}) or 0)


_GENERATION = select(schema.scopes.c.generation).where(schema.scopes.c.scope == bindparam("in_scope"))


def scope_changed(connection: Connection, scope: str, *, records: int = 0, superseded: int = 0) -> None:
    """Count a change: so many records more in the index, so many more of them superseded."""
    amounts = {"generation": 1, "records": records, "superseded": superseded}
    add_up(connection, schema.scopes, {"scope": scope}, amounts)


def index_rewritten(connection: Connection, scope: str, records: int) -> None:
    """The vector index of `scope` was written anew, with so many records and none superseded."""
    scope_changed(connection, scope)
    s = schema.scopes
    connection.execute(update(s).where(s.c.scope == scope).values(records=records, superseded=0))

"""Reading and keeping vectors: of embedded chunks, and, as a cache, of sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, select

from retrieval.ledger import live, schema
from retrieval.ledger.engine import batches, upsert

Vector = NDArray[np.float32]


def text_digest(text: str) -> bytes:
    """Return what a text's vector is kept under: its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def embedding_pks(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    """Return digest -> primary key for the texts embedded before."""
    e = schema.embeddings
    known: dict[bytes, int] = {}
    for some in batches(digests):
        rows = connection.execute(select(e.c.digest, e.c.pk).where(e.c.digest.in_(some)))
        known |= {digest: pk for digest, pk in rows}  # noqa: C416  # a row is no typed pair
    return known


def add_embeddings(connection: Connection, vectors: Mapping[bytes, Vector]) -> None:
    """Keep the vectors of texts never embedded before."""
    if vectors:
        connection.execute(
            upsert(connection, schema.embeddings).on_conflict_do_nothing(),
            [{"digest": digest, "vector": _to_blob(vector)} for digest, vector in vectors.items()],
        )


def vectors(connection: Connection, embedding_pks: Iterable[int]) -> dict[int, Vector]:
    """Return embedding -> vector: float32, (dimensions,)."""
    e = schema.embeddings
    found: dict[int, Vector] = {}
    for some in batches(embedding_pks):
        rows = connection.execute(select(e.c.pk, e.c.vector).where(e.c.pk.in_(some)))
        found |= {pk: _from_blob(vector) for pk, vector in rows}
    return found


def paragraph_vectors(connection: Connection, pks: Iterable[int]) -> dict[int, Vector]:
    """Return paragraph -> vectors of its chunks: float32, (n_chunks, dimensions)."""
    c, e = schema.chunks, schema.embeddings
    vectors: dict[int, list[Vector]] = {}
    for some in batches(pks):
        rows = connection.execute(
            select(c.c.paragraph, e.c.vector)
            .join(e, e.c.pk == c.c.embedding)
            .where(c.c.paragraph.in_(some))
            .order_by(c.c.paragraph, c.c.start)
        )
        for paragraph, vector in rows:
            vectors.setdefault(paragraph, []).append(_from_blob(vector))
    return {paragraph: np.stack(each) for paragraph, each in vectors.items()}


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
    found: set[int] = set()
    for some in batches(paragraph_pks):
        found.update(connection.scalars(select(c.c.embedding).where(c.c.paragraph.in_(some))))
    return found


def held(connection: Connection, scope: str, embeddings: Iterable[int]) -> list[int]:
    """Return those of `embeddings` that a live paragraph of `scope` holds, ascending."""
    return sorted(live.paragraphs_holding(connection, [scope], embeddings))


def chunk_texts(connection: Connection, embedding_pks: Iterable[int]) -> dict[int, str]:
    """Return embedding -> the words of one chunk that holds it, without the title."""
    p, c = schema.paragraphs, schema.chunks
    texts: dict[int, str] = {}
    for some in batches(embedding_pks):
        rows = connection.execute(
            select(c.c.embedding, c.c.start, c.c.end, p.c.text)
            .join(p, p.c.pk == c.c.paragraph)
            .where(c.c.embedding.in_(some))
        )
        for embedding, start, end, text in rows:
            texts.setdefault(embedding, text[start:end])
    return texts


def indexed(connection: Connection, scope: str) -> set[int]:
    """Return the embeddings that stand in the vector index of `scope`."""
    i = schema.indexed
    return set(connection.scalars(select(i.c.embedding).where(i.c.scope == scope, i.c.in_index)))


def in_index(connection: Connection, scope: str, *, after: int, limit: int) -> dict[int, bool]:
    """Return embeddings in the vector index of `scope` -> whether it finds them, ascending from `after` and round."""
    i = schema.indexed
    there = (
        select(i.c.embedding, i.c.findable).where(i.c.scope == scope, i.c.in_index).order_by(i.c.embedding)
    )
    found: dict[int, bool] = {}
    for part in (i.c.embedding > after, i.c.embedding <= after):
        rows = connection.execute(there.where(part).limit(limit - len(found)))
        found |= {embedding: is_found for embedding, is_found in rows}  # noqa: C416  # a row is no typed pair
    return found


def findable(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index returns for their own vector, ascending."""
    i = schema.indexed
    wanted = select(i.c.embedding).where(i.c.scope == scope, i.c.findable).order_by(i.c.embedding)
    return list(connection.scalars(wanted))


def scanned(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings to scan exactly beside every query: not in the index yet, or not found there."""
    return list(connection.scalars(_SCANNED, {"in_scope": scope}))


_SCANNED = select(schema.indexed.c.embedding).where(
    schema.indexed.c.scope == bindparam("in_scope"), ~schema.indexed.c.findable
)


def pending(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index of `scope` was not handed yet, ascending."""
    i = schema.indexed
    wanted = select(i.c.embedding).where(i.c.scope == scope, ~i.c.findable, ~i.c.in_index)
    return list(connection.scalars(wanted.order_by(i.c.embedding)))


def unfound(connection: Connection, scope: str) -> list[int]:
    """Return the embeddings that the vector index of `scope` was handed and did not find, ascending."""
    i = schema.indexed
    wanted = select(i.c.embedding).where(i.c.scope == scope, ~i.c.findable, i.c.in_index)
    return list(connection.scalars(wanted.order_by(i.c.embedding)))


def expect(connection: Connection, scope: str, embeddings: Iterable[int]) -> None:
    """A live paragraph of `scope` holds these: until the vector index does too, they are scanned."""
    rows = [{"scope": scope, "embedding": pk, "in_index": False, "findable": False} for pk in set(embeddings)]
    if rows:
        connection.execute(upsert(connection, schema.indexed).on_conflict_do_nothing(), rows)


def mark_indexed(connection: Connection, scope: str, findable: Mapping[int, bool]) -> None:
    """Record what was added to the vector index of `scope`, and whether it finds itself there."""
    rows = [
        {"scope": scope, "embedding": pk, "in_index": True, "findable": found}
        for pk, found in findable.items()
    ]
    if rows:
        statement = upsert(connection, schema.indexed)
        excluded = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["scope", "embedding"],
                set_={"findable": excluded.findable, "in_index": excluded.in_index},
            ),
            rows,
        )


def forget(connection: Connection, scope: str, embeddings: Iterable[int]) -> None:
    """These were expected, and no live paragraph holds them any more."""
    i = schema.indexed
    for some in batches(embeddings):
        connection.execute(delete(i).where(i.c.scope == scope, i.c.embedding.in_(some)))


def forget_indexed(connection: Connection, scope: str) -> None:
    """The vector index of `scope` was written anew: what stood in the old one no longer counts."""
    i = schema.indexed
    connection.execute(delete(i).where(i.c.scope == scope, i.c.in_index))


def sentence_vectors(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, Vector]:
    """Return digest -> vector for the sentences met before."""
    s = schema.sentence_vectors
    found: dict[bytes, Vector] = {}
    for some in batches(digests):
        rows = connection.execute(select(s.c.digest, s.c.vector).where(s.c.digest.in_(some)))
        found |= {digest: _from_blob(vector) for digest, vector in rows}
    return found


def keep_sentence_vectors(connection: Connection, vectors: Mapping[bytes, Vector]) -> None:
    """Remember the vectors of sentences for the next question."""
    if vectors:
        connection.execute(
            upsert(connection, schema.sentence_vectors).on_conflict_do_nothing(),
            [{"digest": digest, "vector": _to_blob(vector)} for digest, vector in vectors.items()],
        )


def _to_blob(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _from_blob(blob: bytes) -> Vector:
    return np.frombuffer(blob, dtype="<f4")

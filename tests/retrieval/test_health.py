"""The audit finds what questions would miss, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from retrieval.bootstrap import Services
from retrieval.health import Audit, Unfound, audit
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import Hit
from retrieval.ledger import schema, vectors
from tests.conftest import OpenStore, WriteReadout


@pytest.fixture
def services(open_store: OpenStore, write_readout: WriteReadout, tmp_path: Path) -> Iterator[Services]:
    with open_store(corpus=tmp_path / "readouts") as built:
        write_readout(
            "talks", ["Norland will open a ferry line.", "Estmark welcomed it.", "Estmark welcomed it."]
        )
        built.ingesting.ingest()
        yield built


def _audit(services: Services) -> Audit:
    return audit(services.ledger, services.index_sync, lambda *_: None)


def test_a_sound_store_passes_with_identical_paragraphs_too(services: Services) -> None:
    assert _audit(services) == Audit(3, ())


def test_a_paragraph_lost_from_the_words_is_named(services: Services) -> None:
    with services.ledger.write() as connection:
        connection.execute(text(f"DELETE FROM {schema.words_table('shared')} WHERE rowid = 2"))

    assert _audit(services).unfound == (Unfound("shared", "talks", "2", "words"),)


def test_a_vector_that_float32_leaves_a_little_from_itself_is_found(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = services.index_sync.query

    def rounded(scope: str, vector: Vector, limit: int) -> list[Hit]:
        return [Hit(hit.embedding, hit.distance + 1.1e-6) for hit in query(scope, vector, limit)]

    monkeypatch.setattr(services.index_sync, "query", rounded)

    assert _audit(services) == Audit(3, ())


def test_a_vector_in_neither_index_nor_list_is_named(services: Services, write_readout: WriteReadout) -> None:
    services.index_sync.settle()
    services.index_sync.catch_up = lambda **_: False  # type: ignore[method-assign]
    write_readout("late", ["A radar was lent."])
    services.ingesting.ingest()
    before = _audit(services)
    with services.ledger.write() as connection:
        connection.execute(update(schema.indexed).values(findable=True))
        vectors.scope_changed(connection, "shared")

    assert (before, _audit(services)) == (Audit(4, ()), Audit(4, (Unfound("shared", "late", "1", "vector"),)))

"""Any number of questions at once: they wait for their turn, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.seeded import SeededEncoder
from retrieval.bootstrap import Services
from retrieval.errors import RapporteurError, StoreError
from retrieval.index.encoder import Vector
from retrieval.ledger import Ledger, schema
from retrieval.ledger.engine import MOST_CONNECTIONS
from tests.conftest import OpenStore, WriteReadout

QUESTIONS = 64


class SlowEncoder(SeededEncoder):
    """Takes its time for sentences, as the real one does on a busy machine."""

    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:  # type: ignore[override]
        for text in texts:
            time.sleep(0.001)
            yield self.embed(text)


@pytest.fixture
def services(open_store: OpenStore, write_readout: WriteReadout) -> Iterator[Services]:
    said = [
        f"Norland will open ferry line {n}. Its harbour {n} is deep. Estmark welcomed it." for n in range(60)
    ]
    path = write_readout("talks", said)
    with open_store(corpus=path.parent, encoder=SlowEncoder()) as built:
        built.ensure_corpus()
        with built.ledger.write() as connection:
            connection.execute(schema.sentence_vectors.delete())
        yield built


@pytest.mark.usefixtures("either_ledger")
def test_sixty_four_questions_at_once_with_cold_caches_are_all_answered(services: Services) -> None:
    def ask(number: int) -> str:
        try:
            services.answering.ask(f"What was said of harbour {number}?")
        except RapporteurError as error:
            return str(error)
        return "answered"

    with ThreadPoolExecutor(QUESTIONS) as pool:
        outcomes = list(pool.map(ask, range(QUESTIONS)))

    assert outcomes == ["answered"] * QUESTIONS


@pytest.mark.usefixtures("either_ledger")
def test_a_question_that_fails_leaves_nobody_at_its_connection(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What works for a question on another thread must have ended, or need no connection, when it gives its own back."""
    released: list[float] = []
    looked_up: list[float] = []
    by_words = services.retriever._by_words

    def slowly(*arguments: object) -> object:
        time.sleep(0.2)
        looked_up.append(time.monotonic())
        return by_words(*arguments)  # type: ignore[arg-type]

    def fail(_text: str) -> Vector:
        raise StoreError("The index cannot be asked.")

    monkeypatch.setattr(services.retriever, "_by_words", slowly)
    monkeypatch.setattr(services.retriever._encoder, "embed", fail)
    with pytest.raises(StoreError):
        services.answering.ask("What was said of harbour 7?")
    released.append(time.monotonic())
    time.sleep(0.3)

    assert [each for each in looked_up if each > released[0]] == []


def test_who_finds_all_connections_in_use_is_told_so(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger._database._engine.pool, "_timeout", 0.05)  # type: ignore[attr-defined]
    held = [ledger.read() for _ in range(MOST_CONNECTIONS)]
    for each in held:
        each.__enter__()
    try:
        with pytest.raises(StoreError, match="all connections of this process to the store are in use"):
            ledger.read().__enter__()
    finally:
        for each in held:
            each.__exit__(None, None, None)

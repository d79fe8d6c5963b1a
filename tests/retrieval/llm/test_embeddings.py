"""Vectors from elsewhere: whole, of one length, and tried again."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.bootstrap import index_identity
from retrieval.errors import ModelError
from retrieval.llm.langchain_models import BATCH, RemoteEncoder
from retrieval.llm.providers import ModelName
from tests.retrieval.llm.test_chat_models import KEY, HttpError

NAME = ModelName("openai", "text-embedding-3-small")


class Fake:
    """Three numbers a text; fails as often as it is told."""

    def __init__(self, *errors: Exception, rows: list[list[float]] | None = None) -> None:
        self.errors = list(errors)
        self.rows = rows
        self.batches: list[int] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append(len(texts))
        return [[3.0, 4.0, float(len(text))] for text in texts] if self.rows is None else self.rows

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


def test_vectors_have_unit_length_and_come_in_batches() -> None:
    fake = Fake()
    encoder = RemoteEncoder(fake, NAME)

    found = np.stack(list(encoder.embed_each(["x" * n for n in range(BATCH + 1)])))

    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0)
    assert fake.batches == [BATCH, 1]
    assert encoder.dimensions == 3


def test_the_store_knows_which_model_made_it() -> None:
    assert index_identity(RemoteEncoder(Fake(), NAME)).startswith("openai:text-embedding-3-small/chunking-")


def test_a_busy_provider_is_tried_again_and_a_refusal_says_nothing_of_the_key() -> None:
    assert RemoteEncoder(Fake(HttpError(429), HttpError(503)), NAME).embed("a").shape == (3,)
    with pytest.raises(ModelError) as caught:
        RemoteEncoder(Fake(HttpError(401)), NAME).embed("a")

    assert str(caught.value).startswith(
        "RETRIEVAL_EMBEDDINGS: openai:text-embedding-3-small: the key was refused"
    )
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "rows", [[[0.0, 0.0]], [[float("nan"), 1.0]], [], [[1.0], [2.0]]], ids=["zero", "nan", "none", "two"]
)
def test_what_is_no_vector_is_refused(rows: list[list[float]]) -> None:
    with pytest.raises(ModelError):
        list(RemoteEncoder(Fake(rows=rows), NAME).embed_each(["a"]))

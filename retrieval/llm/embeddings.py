"""Vectors from a model elsewhere, as an `Encoder`; imported only when one is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
from langchain.embeddings import init_embeddings
from pydantic import SecretStr
from tenacity import stop_after_attempt

from retrieval.errors import LanguageModelError, ModelError
from retrieval.index.encoder import Encoder, Vector
from retrieval.llm.providers import ModelName, access, opened, retrying, translated
from retrieval.llm.transport import MAX_VECTORS_BYTES, bounded_client, bounded_options

BATCH = 64
"""Texts in one request."""

TIMEOUT_S = 60.0
"""For one batch, in seconds."""

_SETTING = "RETRIEVAL_EMBEDDINGS"


class Embedding(Protocol):
    """What LangChain's embeddings can do, as far as it is used here."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""


class RemoteEncoder(Encoder):
    """An encoder whose vectors come from a provider; words are counted as the shipped one counts them.

    Args:
        attempts: At most so many where the provider is busy or not reached.
    """

    def __init__(self, embedding: Embedding, name: ModelName, *, attempts: int = 3) -> None:
        super().__init__()
        self.provider = name.provider
        self._name = name
        self._embedding = embedding
        self._attempts = attempts

    @cached_property
    def identity(self) -> str:
        """The model's name."""
        return self._name.model

    @cached_property
    def dimensions(self) -> int:  # type: ignore[override]  # asked for, not known beforehand
        """How long its vectors are."""
        return len(self.embed("length"))

    def embed(self, text: str) -> Vector:
        """Return the unit vector of a question.

        Raises:
            ModelError: The provider gave none.
        """
        (unit,) = self._units([self._asked(partial(self._embedding.embed_query, text))])
        found: Vector = unit
        return found

    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:
        """Yield the vector of every text in order.

        Raises:
            ModelError: The provider gave none, or not as many as it was asked for.
        """
        for start in range(0, len(texts), BATCH):
            batch = list(texts[start : start + BATCH])
            found = self._asked(partial(self._embedding.embed_documents, batch))
            if len(found) != len(batch):
                raise ModelError(f"{self._name} returned {len(found)} vectors for {len(batch)} texts.")
            yield from self._units(found)

    def _units(self, rows: Sequence[Sequence[float]]) -> Vector:
        try:
            vectors = np.asarray(rows, dtype=np.float32)
        except ValueError:
            vectors = np.empty(0, np.float32)
        if vectors.ndim != 2 or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise ModelError(f"{self._name} returned something that is no vector.")
        units: Vector = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return units

    def _asked(self, call: Callable[[], Any]) -> Any:
        def once() -> Any:
            try:
                return call()
            except Exception as error:
                raise translated(error, str(self._name)) from None  # its text may hold the key

        try:
            return retrying(stop_after_attempt(self._attempts))(once)
        except LanguageModelError as error:
            raise ModelError(f"{_SETTING}: {error}") from None


def open_encoder(name: ModelName, *, api_key: SecretStr | None, base_url: str | None) -> RemoteEncoder:
    """Return the encoder that `name` names; nothing is sent yet.

    Raises:
        SettingsError: Its package is missing, or it cannot be set up.
    """
    options = access(name, api_key, base_url)
    if name.provider == "openai":
        options["http_client"] = opened(
            name, _SETTING, lambda: bounded_client("openai", TIMEOUT_S, MAX_VECTORS_BYTES)
        )
    if name.provider == "ollama":
        options["sync_client_kwargs"] = {"timeout": TIMEOUT_S, **bounded_options(MAX_VECTORS_BYTES)}
    if base_url is not None and name.provider == "openai":
        options["check_embedding_ctx_length"] = False  # other servers take texts, not OpenAI's tokens

    def build() -> Any:
        if name.provider == "fastembed":
            return _FastEmbed(name.model)
        return init_embeddings(name.model, provider=name.provider, **options)

    return RemoteEncoder(opened(name, _SETTING, build), name)


class _FastEmbed:
    """Models that the fastembed package runs on this machine; LangChain has no factory for them."""

    def __init__(self, model: str) -> None:
        from fastembed import TextEmbedding

        self._model = TextEmbedding(model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self._model.passage_embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        found: list[float] = next(iter(self._model.query_embed(text))).tolist()
        return found

"""LangChain's chat and embedding models as ours; imported only when one is configured."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from langchain.chat_models import init_chat_model
from langchain.embeddings import init_embeddings
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, SecretStr
from tenacity import stop_after_attempt

from retrieval.errors import LanguageModelError, ModelError, RequestRefusedError
from retrieval.index.encoder import Encoder, Vector
from retrieval.llm import Prompt, Reply, Usage
from retrieval.llm.providers import (
    MAX_REPLY_BYTES,
    MAX_VECTORS_BYTES,
    ModelName,
    access,
    bounded_client,
    opened,
    retrying,
    translated,
)

log = logging.getLogger(__name__)

Form = Literal["auto", "structured", "plain"]


SCHEMA_REFUSALS = 3
"""So many requests in a row whose schema was refused, and which went through without, say that none is taken."""


class LangChainModel:
    """A LangChain chat model that is asked once and answers once.

    Args:
        structured: Ask for JSON of a schema first; a model that cannot is asked without from then on.
    """

    def __init__(self, chat: BaseChatModel, name: str, *, structured: bool) -> None:
        self._chat = chat
        self.name = name
        self.structured = structured
        self._schema_refusals = 0

    def complete(self, prompt: Prompt, schema: type[BaseModel] | None = None) -> Reply:
        """Return the model's reply; see `ChatModel`."""
        messages = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        try:
            if schema is not None and self.structured:
                return self._in_form(messages, schema)
            return _reply(self._chat.invoke(messages, **self._bounds(prompt)))
        except LanguageModelError:
            raise
        except Exception as error:
            raise translated(error, self.name) from None  # its text may hold the key

    def _bounds(self, prompt: Prompt) -> dict[str, Any]:
        """How long this reply may be, where the provider takes that with a request."""
        takes = self.name.startswith(("openai:", "anthropic:"))
        return {"max_tokens": prompt.max_tokens} if takes and prompt.max_tokens is not None else {}

    def _in_form(self, messages: list[BaseMessage], schema: type[BaseModel]) -> Reply:
        try:
            found: Any = self._structured(schema).invoke(messages)
        except NotImplementedError:
            log.info("%s takes no schema; asking it without", self.name)
            self.structured = False
            return _reply(self._chat.invoke(messages))
        except Exception as error:
            failure = translated(error, self.name)
            if not isinstance(failure, RequestRefusedError):
                raise failure from None
            return self._without_schema(messages)
        self._schema_refusals = 0
        reply = _reply(found["raw"])
        return Reply(reply.text, found["parsed"] if "parsed" in found else _fields(found["raw"]), reply.usage)

    def _structured(self, schema: type[BaseModel]) -> Any:
        """The chat asked for `schema`, as a dict: a reply that misfits is then text, not an error."""
        options = {"strict": True} if self.name.startswith("openai:") else {}
        made = self._chat.with_structured_output(schema.model_json_schema(), include_raw=True, **options)
        # its first step asks; the next would parse, in time that grows with the square of a reply
        return getattr(made, "first", made)

    def _without_schema(self, messages: list[BaseMessage]) -> Reply:
        """Ask again; one request that is refused says nothing of the next, several in a row do."""
        reply = _reply(self._chat.invoke(messages))
        self._schema_refusals += 1
        if self._schema_refusals >= SCHEMA_REFUSALS:
            log.info(
                "%s takes no schema (%d refusals in a row); asking it without", self.name, SCHEMA_REFUSALS
            )
            self.structured = False
        return reply


def _fields(message: Any) -> Mapping[str, Any] | None:
    """The fields of a reply in form; None where it is in none, and is read as text."""
    calls = getattr(message, "tool_calls", None)
    if calls:
        return dict(calls[0]["args"])
    try:
        found = json.loads(str(message.text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def open_model(
    name: ModelName,
    *,
    api_key: SecretStr | None,
    base_url: str | None,
    timeout_s: float,
    max_output_tokens: int,
    form: Form = "auto",
) -> LangChainModel:
    """Return the model that `name` names; nothing is sent yet.

    Raises:
        SettingsError: Its package is missing, or it cannot be set up.
    """
    reached = access(name, "RETRIEVAL_LLM", api_key, base_url, timeout_s, MAX_REPLY_BYTES)
    options = {"temperature": 0, **reached}
    if name.provider == "ollama":
        options["num_predict"] = max_output_tokens
    else:
        # the guard retries: two layers would multiply
        options |= {"max_tokens": max_output_tokens, "timeout": timeout_s, "max_retries": 0}

    def build() -> Any:
        chat = init_chat_model(name.model, model_provider=name.provider, **options)
        if name.provider == "anthropic":  # it takes no client, but the one it made can be given another
            client = bounded_client("anthropic", timeout_s, MAX_REPLY_BYTES)
            vars(chat)["_client"] = chat._client.with_options(http_client=client)
        return chat

    chat = opened(name, "RETRIEVAL_LLM", build)
    assert isinstance(chat, BaseChatModel)
    structured = form == "structured" or (form == "auto" and base_url is None and name.provider != "ollama")
    return LangChainModel(chat, str(name), structured=structured)


def _reply(message: Any) -> Reply:
    if not isinstance(message, AIMessage):
        return Reply(str(getattr(message, "content", message)))
    text = str(message.text)
    if not text and message.tool_calls:
        text = json.dumps(message.tool_calls[0]["args"])
    usage = message.usage_metadata
    counted = Usage(usage["input_tokens"], usage["output_tokens"]) if usage else None
    return Reply(text, usage=counted)


BATCH = 64
"""Texts in one request."""

TIMEOUT_S = 60.0
"""For one batch, in seconds."""

ATTEMPTS = 3
"""At most so many where the provider is busy or not reached."""

_SETTING = "RETRIEVAL_EMBEDDINGS"


class RemoteEncoder(Encoder):
    """An encoder whose vectors come from a provider; words are counted as the shipped one counts them."""

    def __init__(self, embedding: Embeddings, name: ModelName) -> None:
        super().__init__()
        self.provider = name.provider
        self._name = name
        self._embedding = embedding

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
            return retrying(stop_after_attempt(ATTEMPTS))(once)
        except LanguageModelError as error:
            raise ModelError(f"{_SETTING}: {error}") from None


def open_encoder(name: ModelName, *, api_key: SecretStr | None, base_url: str | None) -> RemoteEncoder:
    """Return the encoder that `name` names; nothing is sent yet.

    Raises:
        SettingsError: Its package is missing, or it cannot be set up.
    """
    options = access(name, _SETTING, api_key, base_url, TIMEOUT_S, MAX_VECTORS_BYTES)
    if base_url is not None and name.provider == "openai":
        options["check_embedding_ctx_length"] = False  # other servers take texts, not OpenAI's tokens

    def build() -> Any:
        if name.provider == "fastembed":
            return _FastEmbed(name.model)
        return init_embeddings(name.model, provider=name.provider, **options)

    return RemoteEncoder(opened(name, _SETTING, build), name)


class _FastEmbed(Embeddings):
    """Models that the fastembed package runs on this machine; LangChain has no factory for them."""

    def __init__(self, model: str) -> None:
        from fastembed import TextEmbedding

        self._model = TextEmbedding(model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self._model.passage_embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        found: list[float] = next(iter(self._model.query_embed(text))).tolist()
        return found

"""LangChain's models as ours: what they return, and what they raise."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from langchain.chat_models import base
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel, SecretStr

from retrieval.bootstrap import build_encoder
from retrieval.errors import (
    LanguageModelError,
    ModelRefusedError,
    ModelUnavailableError,
    RequestRefusedError,
    SettingsError,
)
from retrieval.llm import Prompt, Usage
from retrieval.llm.langchain_models import LangChainModel, open_model
from retrieval.llm.providers import ModelName
from retrieval.settings import RetrievalSettings

PROMPT = Prompt("system", "user")
KEY = "sk-very-secret"


class Form(BaseModel):
    """What is asked for."""

    keys: list[str]


class Raising(FakeListChatModel):
    """Raises what it is given."""

    error: Any = None

    def _call(self, *args: Any, **kwargs: Any) -> str:
        raise self.error


class HttpError(Exception):
    """As providers' libraries raise them."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Incorrect API key provided: {KEY}")
        self.status_code = status


def test_text_and_usage_come_through() -> None:
    message = AIMessage("yes", usage_metadata={"input_tokens": 7, "output_tokens": 2, "total_tokens": 9})
    model = LangChainModel(GenericFakeChatModel(messages=iter([message])), "fake:m", structured=False)

    reply = model.complete(PROMPT)

    assert (reply.text, reply.fields, reply.usage) == ("yes", None, Usage(7, 2))


def test_a_model_without_structured_output_is_asked_without_from_then_on() -> None:
    model = LangChainModel(
        FakeListChatModel(responses=["[P1] Yes.", "[P1] Again."]), "fake:m", structured=True
    )

    assert model.complete(PROMPT, Form).text == "[P1] Yes."
    assert model.structured is False
    assert model.complete(PROMPT, Form).text == "[P1] Again."


class Picky(FakeListChatModel):
    """Takes no schema: answers 400 to one, or as it is told; answers without.

    Attributes:
        refusals: Statuses for requests with a schema, one after the other; 200 takes it.
    """

    refusals: list[int]

    def with_structured_output(self, schema: Any, **_: Any) -> Any:
        def invoke(_messages: Any) -> dict[str, Any]:
            if (status := self.refusals.pop(0)) != 200:
                raise HttpError(status)
            return {"raw": AIMessage("{}"), "parsed": {"keys": ["S1"]}}

        return RunnableLambda(invoke)


def test_a_request_whose_schema_is_refused_is_asked_without_and_the_next_with_it_again() -> None:
    model = LangChainModel(
        Picky(responses=["S2"], refusals=[400, 400, 200, 400, 400, 400]), "openai:m", structured=True
    )

    fields = [model.complete(PROMPT, Form).fields for _ in range(3)]
    assert (fields, model.structured) == ([None, None, {"keys": ["S1"]}], True)

    replies = [model.complete(PROMPT, Form).text for _ in range(4)]  # the fourth needs no refusal
    assert (replies, model.structured) == (["S2"] * 4, False)


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (401, ModelRefusedError, False),
        (403, ModelRefusedError, False),
        (404, ModelRefusedError, False),
        (400, RequestRefusedError, False),
        (429, ModelUnavailableError, True),
        (500, ModelUnavailableError, True),
        (529, ModelUnavailableError, True),
    ],
)
def test_a_providers_error_becomes_ours_and_its_text_stays_out(
    status: int, kind: type[LanguageModelError], retry: bool
) -> None:
    model = LangChainModel(Raising(responses=[""], error=HttpError(status)), "openai:m", structured=False)

    with pytest.raises(kind) as caught:
        model.complete(PROMPT)

    assert caught.value.retry is retry
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", [TimeoutError, ConnectionError])
def test_a_broken_line_may_be_tried_again(kind: type[Exception]) -> None:
    model = LangChainModel(Raising(responses=[""], error=kind("gone")), "openai:m", structured=False)

    with pytest.raises(ModelUnavailableError):
        model.complete(PROMPT)


@pytest.mark.parametrize("text", ["gpt-4", ":m", "openai:", " : "])
def test_a_model_without_its_provider_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="provider:model"):
        ModelName.parse(text, "RETRIEVAL_LLM")


def test_a_models_own_colons_are_its_own() -> None:
    assert ModelName.parse("Ollama:llama3.1:8b", "RETRIEVAL_LLM") == ModelName("ollama", "llama3.1:8b")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_missing_package_is_named_with_what_to_install(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base._get_chat_model_creator.cache_clear()  # it remembers what an earlier test found
    monkeypatch.setitem(sys.modules, f"langchain_{provider}", None)

    with pytest.raises(SettingsError) as caught:
        open_model(
            ModelName(provider, "m"), api_key=SecretStr(KEY), base_url=None, timeout_s=1, max_output_tokens=10
        )

    assert str(caught.value) == (
        f"RETRIEVAL_LLM={provider}:m: its package is not installed. Run: pip install langchain-{provider}"
    )


def test_an_unknown_provider_is_refused_without_the_key() -> None:
    with pytest.raises(SettingsError) as caught:
        open_model(
            ModelName("nobody", "m"), api_key=SecretStr(KEY), base_url=None, timeout_s=1, max_output_tokens=10
        )

    assert "RETRIEVAL_LLM=nobody:m" in str(caught.value)
    assert KEY not in str(caught.value)


def test_secrets_do_not_show_in_the_settings() -> None:
    settings = RetrievalSettings(llm_api_key=SecretStr(KEY), embeddings_api_key=SecretStr(KEY))

    assert KEY not in repr(settings)


def test_no_provider_is_imported_unless_configured() -> None:
    assert build_encoder(RetrievalSettings()).provider == "builtin"

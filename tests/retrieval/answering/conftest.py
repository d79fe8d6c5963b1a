"""A model that says what it is told, on the shipped readout."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel

from retrieval.answering.conversation import Rewriter
from retrieval.answering.selectors.language_model import LanguageModelSelector
from retrieval.answering.service import AnsweringService, Assistant
from retrieval.bootstrap import Services
from retrieval.llm import Prompt, Reply


@dataclass
class Told:
    """Replies with `reply`, or as it says; keeps what it was asked.

    Attributes:
        reply: A reply, an error to raise, or what makes one from the prompt.
    """

    reply: str | Exception | Callable[[Prompt], str] = "NONE"
    name: str = "fake:told"
    prompts: list[Prompt] = field(default_factory=list)
    payers: list[str] = field(default_factory=list)

    def ask(self, prompt: Prompt, *, payer: str, schema: type[BaseModel] | None = None) -> Reply:
        self.prompts.append(prompt)
        self.payers.append(payer)
        if isinstance(self.reply, Exception):
            raise self.reply
        return Reply(self.reply if isinstance(self.reply, str) else self.reply(prompt))


def assisted(
    services: Services, model: Told, *, translates: bool = False, structured: bool = False
) -> AnsweringService:
    """Return what answers from the store of `services` with `model`."""
    selector = LanguageModelSelector(model, structured=structured)
    return AnsweringService(
        services.ledger, services.retriever, Assistant(selector, Rewriter(model), translates)
    )


def key_of(prompt: Prompt, words: str) -> str:
    """Return the key under which the model was shown the sentence that holds `words`."""
    found = next(line for line in prompt.user.splitlines() if words in line)
    return re.match(r"S\d+", found)[0]  # type: ignore[index]


@pytest.fixture
def model() -> Told:
    return Told()


@pytest.fixture
def answering(shipped: Services, model: Told) -> AnsweringService:
    return assisted(shipped, model)

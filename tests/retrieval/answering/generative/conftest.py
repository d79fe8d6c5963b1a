"""A model that says what it is told, on the shipped readout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel

from retrieval.answering.generative.writer import Writer
from retrieval.answering.service import AnsweringService
from retrieval.bootstrap import Services
from retrieval.index.encoder import Encoder
from retrieval.llm.types import Prompt, Reply


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


@pytest.fixture
def model() -> Told:
    return Told()


@pytest.fixture
def answering(shipped: Services, model: Told) -> AnsweringService:
    writer = Writer(model, plain=True, similarity=Encoder().similarities)
    return AnsweringService(shipped.ledger, shipped.retriever, writer)

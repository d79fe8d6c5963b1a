"""A model that says what it is told, on the shipped readout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel

from retrieval.answering.generative.writer import Writer
from retrieval.answering.service import AnsweringService
from retrieval.bootstrap import Services
from retrieval.index.encoder import Encoder
from retrieval.llm.types import Prompt, Reply
from retrieval.models import Answer


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
    encoder = Encoder()
    writer = Writer(
        model, plain=True, similarity=lambda text, others: encoder.embed_all(others) @ encoder.embed(text)
    )
    return AnsweringService(shipped.ledger, shipped.retriever, writer)


def inexact(answer: Answer, services: Services) -> Iterable[str]:
    """Return every quote shown that is not, word for word, at its place in the paragraph of its number."""
    for statement in answer.statements:
        for c in statement.citations:
            text = services.browser.paragraph(c.document, c.paragraph).text
            if text[c.evidence.start : c.evidence.end] != c.evidence.quote or not c.evidence.quote.strip():
                yield c.evidence.quote

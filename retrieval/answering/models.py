"""What answering returns: frozen, and without a word that is not a place in a paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from retrieval.models import Statement


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a language model returned and nothing was made of, with the reason; for the log, never shown."""

    text: str
    reason: str


class Status(StrEnum):
    """What an answer is."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    CLOSEST = "closest"
    """What is nearest may answer: it is offered, and nothing is claimed."""
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Translations:
    """A language model's translations of an answer's statements: shown under them, never instead of them.

    Attributes:
        by: The model, `provider:model`.
        texts: One for each statement, in their order.
    """

    by: str
    texts: tuple[str, ...]


Talk = Literal["greeting", "about", "members"]
"""Small talk, a question about the bot itself, or talk that is not meant for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sources say about a question, or that they do not say.

    Attributes:
        statements: The best first; empty where nothing is claimed to answer.
        nearest: Offered when there are no statements.
        may_answer: Whether `nearest` may answer: then it is `closest`, not `not_found`.
        confidence: Calibrated probability, 0..1, that the sources answer the question.
        partial: Whether the statements leave a part of the question open.
        unanswered: That part in the asker's own words, where it is known, or None.
        notice: One more sentence the reader needs ("The readouts are in English; …"), or None.
        model_failure: Why a language model that is configured had no part in this, in a sentence, or None.
        mode: Who chose the sentences: "extractive", or "llm:<provider>:<model>".
        rejected: What a language model returned and nothing was made of.
        read_as: The question as it was understood, where that is not as it was asked, or None.
        translations: Where they were asked for.
        parts: The answers to the questions it was made of, in their order, where there were several; the
            statements and what is open are theirs.
        talk: What was said where nothing was asked, or None.
        damaged: Readouts that were left out, as what is in the store is not what was ingested.
    """

    question: str
    statements: tuple[Statement, ...] = ()
    nearest: tuple[Statement, ...] = ()
    may_answer: bool = False
    confidence: float = 0.0
    partial: bool = False
    unanswered: str | None = None
    notice: str | None = None
    model_failure: str | None = None
    mode: str = "extractive"
    rejected: tuple[Rejected, ...] = ()
    read_as: str | None = None
    translations: Translations | None = None
    parts: tuple[Answer, ...] = ()
    talk: Talk | None = None
    damaged: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """Follows from the statements, so that the two cannot disagree."""
        if self.statements:
            return Status.PARTIAL if self.partial else Status.ANSWERED
        return Status.CLOSEST if self.may_answer and self.nearest else Status.NOT_FOUND

"""Answers, what they are made of, and the fixed words that are said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from retrieval.models import Difference, Statement


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


NOT_FOUND = "The sources do not answer this."
CLOSEST = "The sources may not answer this. Closest:"
NEAREST = "Nearest paragraphs, which may not be about it:"
NOTHING_MORE = "The sources say nothing more on this."

MODEL_FAILED = "The language model gave no answer; these sentences were chosen without it."
MODEL_UNUSABLE = "The language model’s reply named no sentence; these were chosen without it."
MODEL_OVER_BUDGET = "The language model’s budget for today is spent; these sentences were chosen without it."


DIFFERENCES = {
    "year": "This is about {value}.",
    "ordinal": "This is the {value}.",
    "number": "This says {value}.",
    "party": "This is about {value}.",
}
TALK: dict[Talk, str] = {
    "greeting": "Ask something about the readouts, for example: What was announced?",
    "about": "Rapporteur answers questions about official readouts with their own sentences, each with its paragraph.",
    "members": "This asks nothing of the readouts.",
}


def difference_sentence(difference: Difference) -> str:
    """Return what a statement or its readout has in place of what was asked."""
    return DIFFERENCES[difference.kind].format(value=difference.value)


def also_places(statement: Statement) -> list[str]:
    """Return the years in which a statement's words stand too, newest first; the id of a readout without a date."""
    return list(dict.fromkeys(p.date[:4] if p.date else p.document for p in statement.also))


def answer_text(answer: Answer) -> str:
    """Return the answer as one text: every statement followed by its paragraph, "… [¶7]"."""
    if answer.talk:
        return TALK[answer.talk]
    if not answer.statements:
        return answer.notice or (CLOSEST if answer.status is Status.CLOSEST else NOT_FOUND)
    sentences = [f"{statement.text} {mark(statement)}" for statement in answer.statements]
    if answer.notice:
        sentences.insert(0, answer.notice)
    if answer.partial:
        sentences.append(partial_sentence(answer.unanswered))
    return " ".join(sentences)


def partial_sentence(part: str | None) -> str:
    """Return the sentence that says which part of a question stays open, where that is known."""
    return f"The sources do not answer this part: {part}." if part else NOTHING_MORE


def mark(statement: Statement) -> str:
    """Return where a statement stands, "[¶7]"."""
    return f"[{statement.paragraph.place}]"


def translation_note(model: str) -> str:
    """Return what stands beside a translation."""
    return f"machine translation by {model}, not checked"


def told(answer: Answer) -> list[str]:
    """Return what is said of an answer in fixed words, a line each."""
    found = [f"Read as: {answer.read_as}"] if answer.read_as else []
    found += [answer.notice] if answer.notice else []
    if not answer.statements and not answer.notice:
        found.append(CLOSEST if answer.status is Status.CLOSEST else NOT_FOUND)
    if answer.partial:
        found.append(partial_sentence(answer.unanswered))
    if answer.nearest and answer.status is not Status.CLOSEST:
        found.append(NEAREST)
    found += [damaged_sentence(answer.damaged)] if answer.damaged else []
    return found + ([answer.model_failure] if answer.model_failure else [])


def damaged_sentence(documents: Sequence[str]) -> str:
    """Return the sentence on readouts that were left out."""
    names = ", ".join(f'"{each}"' for each in documents)
    return f"Left out, as its text in the store is not what was ingested: {names}. Ingest its source again."

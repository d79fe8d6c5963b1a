"""The fixed sentences around an answer, and the answer as one plain text."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.answering.models import Answer, Status, Talk
from retrieval.models import Difference, Statement

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

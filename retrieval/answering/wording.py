"""The fixed sentences around an answer, and the answer as one plain text."""

from __future__ import annotations

from retrieval.models import Answer, Statement, Status

NOT_FOUND = "The sources do not answer this."
CLOSEST = "The sources may not answer this. Closest:"
NEAREST = "Nearest paragraphs, which may not be about it:"
NOTHING_MORE = "The sources say nothing more on this."

MODEL_FAILED = "The language model gave no answer; these sentences were chosen without it."
MODEL_UNUSABLE = "The language model’s reply named no sentence; these were chosen without it."
MODEL_OVER_BUDGET = "The language model’s budget for today is spent; these sentences were chosen without it."


def answer_text(answer: Answer) -> str:
    """Return the answer as one text: every statement followed by its paragraph, "… [¶7]"."""
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
    return found + ([answer.model_failure] if answer.model_failure else [])

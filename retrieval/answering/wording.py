"""The fixed sentences around an answer, and the answer as one plain text."""

from __future__ import annotations

from retrieval.models import Answer, Statement

NOT_FOUND = "The sources do not answer this."

MODEL_FAILED = "The language model gave no answer; this is quoted word for word."
MODEL_OVER_BUDGET = "The language model’s budget for today is spent; this is quoted word for word."
MODEL_WITHHELD = "What the language model wrote could not be verified; this is quoted word for word."


def answer_text(answer: Answer) -> str:
    """Return the answer as one text: every statement followed by its paragraphs, "… [¶7]"."""
    if not answer.statements:
        return answer.notice or NOT_FOUND
    sentences = [f"{statement.text} {marks(statement)}" for statement in answer.statements]
    if answer.notice:
        sentences.insert(0, answer.notice)
    if answer.unanswered:
        sentences.append(unanswered_sentence(answer.unanswered))
    return " ".join(sentences)


def unanswered_sentence(part: str) -> str:
    """Return the sentence that says which part of a question stays open."""
    return f"The sources do not answer this part: {part}."


def marks(statement: Statement) -> str:
    """Return the paragraph numbers of a statement, "[¶7]" or "[¶7, ¶10]"."""
    numbers = dict.fromkeys(f"¶{citation.paragraph}" for citation in statement.citations)
    return f"[{', '.join(numbers)}]"

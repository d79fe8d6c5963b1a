"""The one function everybody calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval.answering.verification.citing import Cited, resolve
from retrieval.answering.verification.drafts import Checked, Draft, Outcome, Shown
from retrieval.models import Statement

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""(statement, evidence texts) -> the cosine of the statement and each of them, -1..1."""


def verify(
    draft: Draft,
    shown: Sequence[Shown],
    *,
    question: str = "",
    language: str = "en",
    similarity: Similarity | None = None,
) -> Checked:
    """Return `draft` as a statement whose every citation holds, or why it may not be shown.

    Args:
        shown: The paragraphs the model was given, by key.
        question: What was asked; words of it need no evidence of their own.
        language: ISO 639-1 code of the statement. Words are compared in English only; numbers, dates and
            quotes in every language.
        similarity: The encoder's view of statement and evidence, where one is at hand.
    """
    text = " ".join(draft.text.split())
    del question, language, similarity  # the judgement of words comes next
    if not text:
        return _rejected(draft, ["The statement is empty."])
    if not draft.citations:
        return _rejected(draft, ["The statement cites nothing."])
    resolved = [resolve(citation, shown) for citation in draft.citations]
    lost = [entry for entry in resolved if isinstance(entry, str)]
    held = [entry for entry in resolved if isinstance(entry, Cited)]
    if not held:
        return _rejected(draft, lost)
    citations = tuple(dict.fromkeys(c for entry in held for c in entry.citations))
    repairs = [repair for entry in held for repair in entry.repairs] + lost
    outcome = Outcome.REPAIRED if repairs else Outcome.VERIFIED
    return Checked(draft, outcome, Statement(text, citations), tuple(repairs))


def _rejected(draft: Draft, reasons: Sequence[str]) -> Checked:
    return Checked(draft, Outcome.REJECTED, None, tuple(dict.fromkeys(reasons)))

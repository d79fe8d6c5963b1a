"""The one function everybody calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval.answering.verification.citing import Cited, resolve
from retrieval.answering.verification.coverage import MIN_SIMILARITY
from retrieval.answering.verification.differences import Difference
from retrieval.answering.verification.drafts import Checked, Draft, Outcome, Shown
from retrieval.answering.verification.judging import Ground, around, differences, ground
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
    if not text:
        return _rejected(draft, ["The statement is empty."])
    if not draft.citations:
        return _rejected(draft, ["The statement cites nothing."])
    resolved = [resolve(citation, shown) for citation in draft.citations]
    lost = [entry for entry in resolved if isinstance(entry, str)]
    held = [entry for entry in resolved if isinstance(entry, Cited)]
    if not held:
        return _rejected(draft, lost)
    english = language.partition("-")[0].lower() == "en"
    held, found = _judged(text, held, english=english, question=question)
    reasons = [difference.reason for difference in found] or _unrelated(text, held, similarity)
    if reasons:
        return _rejected(draft, [*reasons, *lost])
    citations = tuple(dict.fromkeys(c for entry in held for c in entry.citations))
    repairs = tuple(dict.fromkeys([*(repair for entry in held for repair in entry.repairs), *lost]))
    outcome = Outcome.REPAIRED if repairs else Outcome.VERIFIED
    return Checked(draft, outcome, Statement(text, citations), repairs)


def _judged(
    text: str, held: list[Cited], *, english: bool, question: str
) -> tuple[list[Cited], tuple[Difference, ...]]:
    """What `text` says beyond its evidence; a quote that stops too early is widened to its sentence."""
    found = differences(text, _ground(held), english=english, question=question)
    if not found or any(difference.contradicts for difference in found):
        return held, found
    wide = [_widened(entry) for entry in held]
    remaining = differences(text, _ground(wide), english=english, question=question)
    return (held, found) if remaining else (wide, ())


def _ground(held: Sequence[Cited]) -> Ground:
    return ground([(entry.paragraph, entry.evidence) for entry in held])


def _widened(entry: Cited) -> Cited:
    wide = tuple(dict.fromkeys(around(entry.paragraph.text, span) for span in entry.evidence))
    if wide == entry.evidence:
        return entry
    note = "The quote was widened to its sentence, which holds the rest of the statement."
    return Cited(entry.paragraph, wide, (*entry.repairs, note))


def _unrelated(text: str, held: Sequence[Cited], similarity: Similarity | None) -> list[str]:
    """Why the statement is about something else than its evidence, as far as the encoder sees."""
    if similarity is None:
        return []
    sentences = [around(entry.paragraph.text, span).quote for entry in held for span in entry.evidence]
    if max(similarity(text, sentences), default=1.0) >= MIN_SIMILARITY:
        return []
    return ["The evidence is about something else than the statement."]


def _rejected(draft: Draft, reasons: Sequence[str]) -> Checked:
    return Checked(draft, Outcome.REJECTED, None, tuple(dict.fromkeys(reasons)))

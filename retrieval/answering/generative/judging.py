"""Drafts -> what of them may be shown; pure and total, whatever the model put out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from retrieval.answering.generative import control
from retrieval.answering.generative.parsing import Parsed, parse
from retrieval.answering.verification import Checked, Draft, Outcome, Shown, verify
from retrieval.answering.verification.verify import Similarity
from retrieval.index.terms import terms
from retrieval.llm.types import Reply
from retrieval.models import LiveParagraph, Rejected, Statement, Written

MOST_STATEMENTS = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reply amounts to.

    Attributes:
        statements: May be shown.
        rejected: May not, each with its reason.
        counts: How many drafts there were of each outcome.
    """

    statements: tuple[Statement, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    counts: Written = field(default_factory=Written)


def judge(
    reply: Reply,
    shown: Sequence[Shown],
    *,
    question: str,
    language: str | None = None,
    similarity: Similarity | None = None,
) -> Judged:
    """Return what of `reply` may be shown as an answer from `shown`.

    Args:
        question: In English.
        language: The code of the language it should be written in; None is English.
        similarity: See `verify`.
    """
    judging = _Judge(shown, question, language, similarity)
    outcomes = [judging.checked(parsed) for parsed in parse(reply)]
    good = [checked.statement for checked in outcomes if checked.statement is not None]
    rejected = tuple(
        Rejected(checked.draft.text, " ".join(checked.reasons))
        for checked in outcomes
        if checked.statement is None
    )
    count = {outcome: sum(c.outcome is outcome for c in outcomes) for outcome in Outcome}
    counts = Written(count[Outcome.VERIFIED], count[Outcome.REPAIRED], count[Outcome.REJECTED])
    return Judged(_distinct(_to_the_point(good, question)), rejected, counts)


def _to_the_point(statements: Sequence[Statement], question: str) -> Sequence[Statement]:
    """Leave out what only repeats a paragraph and shares no word with the question: weak models copy everything."""
    asked = set(terms(question))
    return [
        s
        for s in statements
        if asked & set(terms(s.text)) or not any(s.text in c.evidence.quote for c in s.citations)
    ] or statements


def _distinct(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    by_text: dict[str, Statement] = {}
    for statement in statements:
        by_text.setdefault(statement.text.casefold(), statement)
    return tuple(by_text.values())[:MOST_STATEMENTS]


@dataclass(frozen=True, slots=True)
class _Judge:
    """What all drafts of one reply are judged by; see `judge`."""

    shown: Sequence[Shown]
    question: str
    language: str | None
    similarity: Similarity | None

    def checked(self, parsed: Parsed) -> Checked:
        draft = replace(parsed.draft, text=control.cleaned(parsed.draft.text))
        if self.language is None:
            return self._verified(draft)
        return self._translated(draft, parsed.english, self.language)

    def _translated(self, draft: Draft, english: str | None, language: str) -> Checked:
        """Verify a statement in another language by its English: what it says of numbers is looked at itself."""
        if not english:
            return _refused(draft, "It has no English by which it could be verified.")
        gloss = self._verified(replace(draft, text=control.cleaned(english)))
        if gloss.statement is None:
            return Checked(draft, Outcome.REJECTED, None, gloss.reasons)
        own = verify(draft, self.shown, question=self.question, language=language)
        if own.statement is None:
            return own
        cited = self._cited(gloss.statement)
        known = " ".join(
            [gloss.statement.text, *(p.text for p in cited), *(f"{p.title} {p.date}" for p in cited)]
        )
        problem = control.objection(draft.text, cited, (), english=False) or _foreign_objection(
            draft.text, known
        )
        if problem:
            return _refused(draft, problem)
        return Checked(draft, gloss.outcome, replace(gloss.statement, text=draft.text), gloss.reasons)

    def _verified(self, draft: Draft) -> Checked:
        checked = verify(draft, self.shown, question=self.question, similarity=self.similarity)
        if checked.statement is None:
            return checked
        quotes = [citation.evidence.quote for citation in checked.statement.citations]
        problem = control.objection(checked.statement.text, self._cited(checked.statement), quotes)
        return _refused(checked.draft, problem) if problem else checked

    def _cited(self, statement: Statement) -> list[LiveParagraph]:
        cited = {(c.document, c.revision, c.paragraph) for c in statement.citations}
        shown = (s.paragraph for s in self.shown)
        return [p for p in shown if (p.document, p.revision, p.number) in cited]


def _refused(draft: Draft, reason: str) -> Checked:
    return Checked(draft, Outcome.REJECTED, None, (reason,))


_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CAPITALS = re.compile(r"\b[A-Z][A-Z]{2,}\b")
_LATIN_WORD = re.compile(r"[A-Za-z]{3,}")


def _foreign_objection(text: str, known: str) -> str | None:
    """What can be seen in a sentence of another language: its figures, abbreviations and foreign names."""
    if _figures(text) - _figures(known) - _months(known):
        return "It holds a number that neither its evidence nor its English holds."
    folded = known.casefold()
    if any(word.casefold() not in folded for word in _CAPITALS.findall(text)):
        return "It names what its evidence does not hold."
    letters = [character for character in text if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    if latin * 2 < len(letters) and any(w.casefold() not in folded for w in _LATIN_WORD.findall(text)):
        return "It names what its evidence does not hold."
    return None


def _figures(text: str) -> set[str]:
    """The numbers in `text` by value: full-width and Thai digits are digits too, "10,000" is "10000"."""
    plain = "".join(
        str(unicodedata.digit(c)) if c.isdigit() else c for c in unicodedata.normalize("NFKC", text)
    )
    return {
        found.lstrip("0") or "0" for found in re.findall(r"\d+", re.sub(r"(?<=\d)[,.](?=\d{3}\b)", "", plain))
    }


def _months(text: str) -> set[str]:
    folded = text.casefold()
    return {str(number) for number, name in enumerate(_MONTH_NAMES, 1) if re.search(rf"\b{name}", folded)}

"""Whether the evidence is about what a statement is about, and whether a clause of it stands on nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.names import same
from retrieval.index.terms import terms

MIN_SIMILARITY = 0.1
"""Cosine below which statement and evidence are about different things, whatever words they share."""
_ADDED = re.compile(
    r", (?:which|who|whose|of which|of whom|where|(?=\w+ing\b)|and (?:will|has|have|is|are|was|would)\b)([^,;]*)|\band will\b([^,;]*)"
)


def compare(statement: str, sentence: str, context: str, question: str = "") -> Iterator[Difference]:
    """Yield a clause that was added to a statement and shares no word with its evidence."""
    known = set(terms(f"{sentence} {context} {question}"))
    for clause in _ADDED.finditer(statement):
        content = [t for t in terms(clause.group()) if t.isalpha()]
        if len(content) >= 2 and not any(_known(t, known) for t in content if len(t) > 2):
            reason = f"Nothing in the evidence stands behind “{clause.group().strip(' ,')}”."
            yield Difference(Kind.ADDITION, reason, contradicts=False)


def shared(statement: str, text: str) -> float:
    """Return the share, 0..1, of the statement's content words that stand in `text`."""
    own, known = set(terms(statement)), set(terms(text))
    return sum(_known(t, known) for t in own) / len(own) if own else 0.0


def _known(term: str, known: set[str]) -> bool:
    return term in known or any(same(term, other) for other in known)

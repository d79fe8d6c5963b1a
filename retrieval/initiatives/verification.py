"""The one check every entry passes, whoever extracted it: its words stand in the paragraph it cites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from retrieval.models import Initiative, InitiativeKind, Readout, Rejected

_KINDS = frozenset(get_args(InitiativeKind))


def verify(initiative: Initiative, readout: Readout) -> str | None:
    """Return why an entry cannot be shown, or None where every citation holds.

    An entry holds when it has a name, a known kind and at least one citation, and every citation's span
    slices
    its paragraph to its quote.
    """
    if not initiative.name.strip():
        return "it has no name"
    if initiative.kind not in _KINDS:
        return f"{initiative.kind!r} is not a kind of initiative"
    if not initiative.citations:
        return "it cites no paragraph"
    texts = paragraph_texts(readout)
    for citation in initiative.citations:
        text, evidence = texts.get(citation.paragraph), citation.evidence
        if text is None:
            return f"there is no paragraph {citation.paragraph} in {readout.id}"
        inside = 0 <= evidence.start < evidence.end <= len(text)
        if not inside or text[evidence.start : evidence.end] != evidence.quote:
            return f"its quote is not in ¶{citation.paragraph} of {readout.id}"
    return None


def verified(
    initiatives: Iterable[Initiative], readout: Readout
) -> tuple[tuple[Initiative, ...], tuple[Rejected, ...]]:
    """Split entries into those that hold and those that do not, the latter with the reason, to be counted."""
    kept: list[Initiative] = []
    rejected: list[Rejected] = []
    for initiative in initiatives:
        reason = verify(initiative, readout)
        if reason is None:
            kept.append(initiative)
        else:
            rejected.append(Rejected(initiative.name, reason))
    return tuple(kept), tuple(rejected)


def paragraph_texts(readout: Readout) -> dict[str, str]:
    """The text of every paragraph by its number; of two with one number, the first."""
    return {p.number: p.text for p in reversed(readout.paragraphs)}

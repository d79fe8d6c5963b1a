"""What goes into verification and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from retrieval.models import LiveParagraph, Statement


@dataclass(frozen=True, slots=True)
class Shown:
    """A paragraph that was put before the model.

    Attributes:
        key: What the model cites it by, "P3": opaque, never a bare number.
    """

    key: str
    paragraph: LiveParagraph


@dataclass(frozen=True, slots=True)
class DraftCitation:
    """A citation as a model wrote it: nothing about it is known to be true."""

    key: str
    quote: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One statement as a model wrote it."""

    text: str
    citations: tuple[DraftCitation, ...]


class Outcome(StrEnum):
    """What verification made of a draft."""

    VERIFIED = "verified"
    REPAIRED = "repaired"
    """Shown, after something that could be proved was put right; the reasons say what."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft with its outcome.

    Attributes:
        statement: What may be shown; None exactly when the outcome is `REJECTED`.
        reasons: Sentences a reader understands: what was put right, or why it was rejected.
    """

    draft: Draft
    outcome: Outcome
    statement: Statement | None
    reasons: tuple[str, ...] = ()

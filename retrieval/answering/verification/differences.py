"""What a comparison of a statement with its evidence finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """In what a statement and its evidence differ."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    ACTOR = "actor"
    NEGATION = "negation"
    MODALITY = "modality"
    SCOPE = "scope"
    DIRECTION = "direction"
    ADDITION = "addition"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a statement says that its evidence does not hold.

    Attributes:
        contradicts: The evidence says something else on the same point; otherwise it says nothing.
        reason: One sentence a reader understands.
    """

    kind: Kind
    reason: str
    contradicts: bool

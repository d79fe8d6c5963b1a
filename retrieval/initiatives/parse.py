"""What the stages after the parse work on: a parsed sentence, and one promise in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.standing import Standing
from retrieval.initiatives.tokens import Token
from retrieval.models import InitiativeKind


@dataclass(frozen=True)
class Parse:
    """One sentence, parsed."""

    text: str
    words: Sequence[Token]
    found: Sequence[Predicate]
    standings: Sequence[Standing]


@dataclass(frozen=True)
class Item:
    """One promise, by tokens.

    Attributes:
        predicate: Index of the verb that promises it.
        start, end: Tokens of the name; `lead` is put before them.
        vague: Says nothing unless "this area" in it can be resolved.
    """

    predicate: int
    start: int
    end: int
    lead: str
    kind: InitiativeKind
    vague: bool = False

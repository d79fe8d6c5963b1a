"""What one place of the text offers for the list, before duplicates are merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from retrieval.models import InitiativeKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name at one place.

    Attributes:
        start, end: The evidence: characters of the paragraph.
        name_start, name_end: The name's own characters, inside the paragraph.
        named: Whether it is a proper name rather than words of the sentence.
    """

    name: str
    kind: InitiativeKind
    actor: str | None
    when: str | None
    paragraph: str
    start: int
    end: int
    name_start: int
    name_end: int
    named: bool = False

    def renamed(self, name: str) -> Self:
        """The same place under another name."""
        return replace(self, name=name)

"""What changed between two revisions of a readout, paragraph by paragraph; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.models import ChangedReadout, LiveParagraph, Paragraph


@dataclass(frozen=True, slots=True)
class ParagraphDiff:
    """Numbers of the paragraphs that differ, in reading order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def counted(self, document: str) -> ChangedReadout:
        """Return the counts that a report shows."""
        return ChangedReadout(document, len(self.added), len(self.changed), len(self.removed))


def diff_paragraphs(
    before: Sequence[LiveParagraph | Paragraph], after: Sequence[LiveParagraph | Paragraph]
) -> ParagraphDiff:
    """Compare by printed number: the number is what people cite, so a text that moved has changed."""
    old = {p.number: p.text for p in before}
    new = {p.number: p.text for p in after}
    return ParagraphDiff(
        added=tuple(number for number in new if number not in old),
        changed=tuple(number for number in new if number in old and new[number] != old[number]),
        removed=tuple(number for number in old if number not in new),
    )

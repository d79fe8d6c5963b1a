"""The citations of a draft -> citations that hold, repaired only where there is proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.answering.verification.drafts import DraftCitation, Shown
from retrieval.answering.verification.quotes import Located, locate, locate_cut
from retrieval.models import Citation, Evidence, LiveParagraph


@dataclass(frozen=True, slots=True)
class Cited:
    """Evidence for a draft: spans of one paragraph that was shown.

    Attributes:
        repairs: What had to be put right, one sentence each.
    """

    paragraph: LiveParagraph
    evidence: tuple[Evidence, ...]
    repairs: tuple[str, ...] = ()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """One for each span."""
        return tuple(Citation.of(self.paragraph, evidence) for evidence in self.evidence)


def resolve(citation: DraftCitation, shown: Sequence[Shown]) -> Cited | str:
    """Return the evidence that `citation` points at, or why there is none.

    In this order: the quote as it is in the paragraph of its key; as it is in exactly one other
    paragraph; cut back in its own; cut back in exactly one other.
    """
    key, quote = _short(citation.key), _short(citation.quote)
    own = next((s for s in shown if s.key == citation.key), None)
    wrong = f"The quote {quote!r} is not in {key}" if own else f"{key!r} is not a paragraph that was shown"
    if not citation.quote.strip():
        return f"{key} is cited without a quote." if own else f"{wrong}."
    for find in (locate, locate_cut) if own else (locate,):
        here = find(citation.quote, own.paragraph.text) if own else None
        if own and here:
            return Cited(own.paragraph, here.evidence, _cut_words(here))
        there = _elsewhere(citation.quote, [s for s in shown if s.key != citation.key], find)
        if len(there) == 1:
            ((source, located),) = there
            moved = f"{wrong}; it stands in ¶{source.paragraph.number}, which is cited instead."
            return Cited(source.paragraph, located.evidence, (moved, *_cut_words(located)))
        if there:
            return f"{wrong}, and it is in several others ({', '.join(s.key for s, _ in there)})."
    return f"{wrong}."


def _elsewhere(
    quote: str, others: Sequence[Shown], find: Callable[[str, str], Located | None]
) -> list[tuple[Shown, Located]]:
    found = ((other, find(quote, other.paragraph.text)) for other in others)
    return [(other, located) for other, located in found if located is not None]


def _cut_words(located: Located) -> tuple[str, ...]:
    return (
        (f"The words {_short(located.cut)!r} are not in the paragraph and were cut.",) if located.cut else ()
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"

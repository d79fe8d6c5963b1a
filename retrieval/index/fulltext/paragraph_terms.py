"""What a paragraph is found by: the terms of its text, its heading and its readout's title and date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.language.terms import indexed_terms, initials, terms
from retrieval.models import LiveParagraph

MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """What one paragraph is found by.

    Attributes:
        terms: Of its text, its heading and its readout's title.
        length: Terms of the text alone.
    """

    terms: Sequence[str]
    length: int


@dataclass(frozen=True, slots=True)
class ParagraphTerms:
    """The terms of a paragraph alone, as in a prepared one: all that it is indexed by."""

    counts: Mapping[str, int]
    title_terms: frozenset[str]
    heading_terms: frozenset[str]
    length: int

    @property
    def indexed(self) -> IndexedTerms:
        """What a paragraph with these terms is found by."""
        elsewhere = sorted(self.title_terms | self.heading_terms)
        return IndexedTerms([*Counter(self.counts).elements(), *elsewhere], self.length)


def paragraph_terms(paragraph: LiveParagraph) -> ParagraphTerms:
    """Tokenise `paragraph` without looking at its sentences, which takes twice as long."""
    found = terms(paragraph.text)
    return ParagraphTerms(
        counts=Counter(found + initials(paragraph.text)),
        title_terms=_title_terms(paragraph.title, paragraph.date),
        heading_terms=frozenset(terms(paragraph.heading or "")),
        length=len(found),
    )


@lru_cache
def _title_terms(title: str, date: str | None) -> frozenset[str]:
    return frozenset(indexed_terms(f"{title} {_date_words(date)}"))


def _date_words(date: str | None) -> str:
    """Return "2022 June" for "2022-06-22": how a question names a readout."""
    year, _, rest = (date or "").partition("-")
    month = rest.partition("-")[0]
    return f"{year} {MONTHS[int(month) - 1]}" if month.isdigit() and 1 <= int(month) <= 12 else year

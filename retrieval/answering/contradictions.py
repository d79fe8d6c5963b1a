"""What a question asks otherwise than a statement or its readout says it: a year, a meeting, a number, a party.

Checked after the selection, whoever selected: a statement that differs is shown as closest and claimed by nobody.
Each rule needs both sides: what the question names, and what the source has in its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise

from retrieval.answering.models import Answer
from retrieval.answering.question import Question, capital_terms
from retrieval.language.place_names import capitals
from retrieval.language.terms import stem, terms
from retrieval.language.times import Times, numbers_of_title, ordinals_in, times_in
from retrieval.models import Difference, LiveParagraph, Statement
from retrieval.search.scoping import Shelf, spans_of
from retrieval.sources.titles import names_document

_NOUNS_AFTER = 4
"""So many words after an ordinal may say what it counts: "the 6th informal defence ministers' meeting"."""

_AUXILIARY = r"(?:did|do|does|will|would|has|have|had|is|was|are|were|can|could|should|shall|must)"
_SUBJECT = re.compile(rf"\b{_AUXILIARY}\s+(?:the\s+)?(\w+)|(\w+)['’]s?\s", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_CLAUSES = re.compile(r"(?:;|, (?:and|but|while|whereas))\s")
_HEAD = 4
"""Words at the beginning of a sentence that name who it is about."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """A question with the readouts that its times leave of those it is asked of.

    Attributes:
        times: That it names.
        shelf: All the readouts that it is asked of.
        chosen: (Id, revision) of those that its times choose; None: all.
    """

    question: Question
    times: Times
    shelf: Shelf
    today: date
    chosen: frozenset[tuple[str, str]] | None = None

    def judged(self, answer: Answer) -> Answer:
        """Return `answer` without the claim of what differs, and with what differs said of what is offered."""
        if not answer.statements:
            return replace(answer, nearest=tuple(map(self._said, answer.nearest)))
        told = tuple(map(self._said, answer.statements))
        agreeing = tuple(s for s in told if not s.differs)
        if agreeing:
            return replace(answer, statements=agreeing)
        return replace(answer, statements=(), nearest=told, may_answer=True, partial=False, unanswered=None)

    def _said(self, statement: Statement) -> Statement:
        found = (
            self._time(statement),
            self._meeting(statement),
            self._number(statement),
            self._party(statement),
        )
        return replace(statement, differs=tuple(difference for difference in found if difference))

    def _time(self, statement: Statement) -> Difference | None:
        paragraph, times = statement.paragraph, self.times
        own = spans_of(paragraph.date, paragraph.title)
        if times.place is not None and self._is_passed_over(paragraph):
            return _year(own[0][0].year) if own else None
        if not times.spans or any(map(times.meet, own)):
            return None
        if not times.explicit and not self._is_passed_over(paragraph):
            return None  # "this year" in a lone readout of another year is that year's
        read_on = date.fromisoformat(paragraph.date) if paragraph.date else self.today
        said = times_in(statement.text, read_on).spans
        around = said or times_in(f"{paragraph.heading or ''} {paragraph.text}", read_on).spans
        if any(map(times.meet, around)) or not (own or said):
            return None
        return _year((own or list(said))[0][0].year)

    def _is_passed_over(self, paragraph: LiveParagraph) -> bool:
        """Whether another readout of its series was chosen in its place."""
        place = (paragraph.document, paragraph.revision)
        readout = self.shelf.by_place.get(place)
        return (
            readout is not None
            and place not in (self.chosen or (place,))
            and bool(self.shelf.siblings(readout))
        )

    def _meeting(self, statement: Statement) -> Difference | None:
        paragraph = statement.paragraph
        numbers = numbers_of_title(paragraph.title)
        if not numbers or not self.times.ordinals:
            return None
        known = frozenset(terms(paragraph.title))
        named = {n for n, _ in ordinals_in(f"{paragraph.heading or ''} {paragraph.text}")} | numbers
        for number, end in self.times.ordinals:
            after = _WORD.findall(self.question.core[end:])[:_NOUNS_AFTER]
            if number not in named and any(stem(w.lower()) in known or names_document(w) for w in after):
                return Difference("ordinal", _nth(max(numbers)))
        return None

    def _number(self, statement: Statement) -> Difference | None:
        """ "The 12 ships" over "8 ships": another number before the same word."""
        asked, said = terms(self.question.core), terms(statement.text)
        around = frozenset(terms(statement.paragraph.text))
        for place, number in enumerate(asked[:-1]):
            if not number.isdigit() or number in around or _is_time(number, self.times):
                continue
            head = asked[place + 1]
            others = [a for a, b in pairwise(said) if b == head and a.isdigit()]
            if others:
                return Difference("number", others[0])
        return None

    def _party(self, statement: Statement) -> Difference | None:
        paragraph, parties = statement.paragraph, self.shelf.parties | _countries()
        subjects = [_one(stem((a or b).lower())) for a, b in _SUBJECT.findall(self.question.core)]
        subject = next((each for each in subjects if each in parties), None)
        clause = self._clause(statement.text)
        if subject is None or subject in _governments(f"{clause} {paragraph.heading or ''}"):
            return None
        around = f"{paragraph.title} {paragraph.issuer or ''}"
        if subject in _governments(
            f"{paragraph.text} {around}"
        ):  # then it is another one's only where that is said
            other = _first_party(_WORD.findall(clause)[:_HEAD], parties)
        else:
            other = _first_party(_WORD.findall(f"{statement.text} {around}"), parties)
        return Difference("party", other) if other else None

    def _clause(self, text: str) -> str:
        """Return the part of a sentence that has most of the question's words: what else it says is of others."""
        asked = set(self.question.terms)
        return max(_CLAUSES.split(text), key=lambda clause: len(asked.intersection(terms(clause))))


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(map(stem, capitals().values()))


def _one(term: str) -> str:
    """Return one term for a country and its capital."""
    return capital_terms().get(term, term)


def _governments(text: str) -> frozenset[str]:
    return frozenset(map(_one, terms(text)))


def _first_party(words: Iterable[str], parties: Collection[str]) -> str | None:
    return next((w for w in words if w[0].isupper() and _one(stem(w.lower())) in parties), None)


def _is_time(number: str, times: Times) -> bool:
    return len(number) == 4 and any(start.year <= int(number) <= end.year for start, end in times.spans)


def _year(year: int) -> Difference:
    return Difference("year", str(year))


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

"""What every readout says of its meeting: where and when it was, who chaired it; where and when the next will be.

Such a question has hardly a word that its answer has ("Where was the 8th held?": "Leaders gathered in Lunde …"), but
it asks about nothing else than the meeting, and that can be told: no word of it is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from retrieval.answering.models import Answer
from retrieval.answering.question import Kind, Question
from retrieval.index.index_terms import MONTHS
from retrieval.language.terms import stem, terms
from retrieval.language.times import numbers_of_title, ordinals_in, times_in
from retrieval.models import LiveParagraph, Statement
from retrieval.search.preparation import Holds, PreparedParagraph
from retrieval.search.series import is_of_meeting
from retrieval.sources.identity import names_document

NEXT = re.compile(r"\b(?:next|upcoming)\b", re.IGNORECASE)
_AGAIN = re.compile(
    rf"{NEXT.pattern} (?:\w+ ){{0,4}}(?:meeting|summit|council|conference|session|dialogue|forum)"
    r"|\b(?:meet(?:ing)?|convene|gather) again\b|\bnext (?:meet|convene|gather)",
    re.IGNORECASE,
)
"""Words for the meeting to come; its number tells it, too."""

_SOMEWHERE = re.compile(rf"\b(?:in|at|by) (?:the )?(?!(?:{'|'.join(MONTHS)})\b)[A-Z]")
_TIME_WORDS = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|upcoming|last|next|current|previous|preceding|recent|this year['’]s)\b",
    re.IGNORECASE,
)
_TAKES_PLACE = re.compile(
    r"\b(?:met|meets?|held|hold|convened?|hosted|gather(?:ed)?|assembled?|(?:took|takes?) place|happen(?:ed)?)\b",
    re.IGNORECASE,
)
_CHAIR = re.compile(r"\b(?:co-?)?chair(?:ed|s|ing|manship|person|man|woman)?\b|\bpresided\b", re.IGNORECASE)
_THOSE_WHO_MEET = re.compile(
    r"""
    # whoever meets, whatever it is called, and what is asked of it
    \b(?:they|both\ sides|sides|ministers?|leaders|heads\ of\ (?:state|government)|governments?|parties|delegations?
    |meetings?|summits?|councils?|conferences?|dialogues?|forums?|sessions?|talks|year|city|country|venue)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PLACE = re.compile(r"\bwhere\b|\b(?:what|which|in which) (?:city|town|country|venue|place)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_NOUNS_AFTER = 4
"""So many words after an ordinal may say what it counts."""

_OPENING = 3
"""So many paragraphs may say where and when those who speak have met."""


class Fact(Enum):
    """What of a meeting is asked for, and what a sentence that says it holds."""

    PLACE = Holds.PLACE
    DATE = Holds.DATE
    CHAIR = Holds.NAME


@dataclass(frozen=True, slots=True)
class MeetingQuestion:
    """A question about nothing but a meeting itself.

    Attributes:
        ordinals: Those that it names.
        name: The terms of it that have to be the meeting's name.
        said: Those, and what kind of meeting it is.
    """

    asked: Question
    fact: Fact
    ordinals: frozenset[int]
    name: frozenset[str]
    said: frozenset[str]

    def closeness(self, title: str) -> int:
        """Return how many of its words a readout's title has; less than 0 where it names another meeting."""
        known = frozenset(terms(title))
        return len(self.said & known) if self.name <= known else -1

    def answer(self, paragraphs: Sequence[PreparedParagraph]) -> Answer | None:
        """Answer from all the paragraphs of a readout, in reading order; None where it isn't said in so many words."""
        found = next(self._sentences(paragraphs), None)
        return None if found is None else Answer(self.asked.text, (found,), confidence=1.0)

    def _sentences(self, paragraphs: Sequence[PreparedParagraph]) -> Iterator[Statement]:
        for place, prepared in enumerate(paragraphs):
            paragraph = prepared.paragraph
            own = numbers_of_title(paragraph.title)
            others = self.ordinals - own
            is_next = bool(NEXT.search(self.asked.core) or (own and others == {max(own) + 1}))
            for sentence in prepared.sentences:
                text = paragraph.text[sentence.start : sentence.end]
                named = {number for number, _ in ordinals_in(text)}
                if not self._is_held(text, sentence.holds) or is_next != looks_ahead(paragraph, text):
                    continue
                if is_next:
                    following = max(own, default=-1) + 1
                    says = following in meetings_in(text, paragraph.title) or bool(_AGAIN.search(text))
                elif self.fact is Fact.CHAIR:
                    says = bool(_CHAIR.search(text))
                else:
                    says = place < _OPENING and named <= own and bool(_TAKES_PLACE.search(text))
                if says and not (others and not is_next):
                    yield Statement(paragraph, sentence.start, sentence.end)

    def _is_held(self, text: str, holds: Holds) -> bool:
        return bool(_SOMEWHERE.search(text) if self.fact is Fact.PLACE else holds & self.fact.value)


def meeting_question(asked: Question, without_times: str) -> MeetingQuestion | None:
    """Return what of a meeting is asked for; None where anything else is asked.

    Args:
        without_times: The question without the days that it names.
    """
    fact = _fact(asked)
    if fact is None or not (is_of_meeting(asked.core) or _TAKES_PLACE.search(asked.core)):
        return None
    left = without_times
    for known in (_TIME_WORDS, _TAKES_PLACE, _CHAIR, _PLACE):
        left = known.sub(" ", left)
    said = frozenset(terms(left))
    left = _THOSE_WHO_MEET.sub(" ", left)
    ordinals = frozenset(number for number, _ in ordinals_in(left))
    spelt = {term for number in ordinals for term in terms(_nth(number))}
    return MeetingQuestion(asked, fact, ordinals, frozenset(terms(left)) - spelt, said)


def _fact(asked: Question) -> Fact | None:
    if _CHAIR.search(asked.core):
        return Fact.CHAIR if asked.kind is Kind.WHO else None
    if _PLACE.search(asked.core):
        return Fact.PLACE
    return Fact.DATE if asked.kind is Kind.WHEN else None


def _nth(number: int) -> str:
    return next(word for word in (f"{number}{end}" for end in ("st", "nd", "rd", "th")) if ordinals_in(word))


def meetings_in(text: str, title: str) -> set[int]:
    """Return the numbers that `text` gives to meetings such as that of a readout: "the 6th informal ministers' meeting"."""
    known = frozenset(terms(title))
    after = ((number, _WORD.findall(text[end:])[:_NOUNS_AFTER]) for number, end in ordinals_in(text))
    return {n for n, said in after if any(stem(w.lower()) in known or names_document(w) for w in said)}


def looks_ahead(paragraph: LiveParagraph, text: str) -> bool:
    """Whether words of a paragraph speak of what comes after its meeting: the next, its number, or a later time."""
    following = max(numbers_of_title(paragraph.title), default=-1) + 1
    if NEXT.search(text) or any(number == following for number, _ in ordinals_in(text)):
        return True
    if paragraph.date is None:
        return False
    day = date.fromisoformat(paragraph.date)
    return any(start > day for start, _ in times_in(text, day).spans)

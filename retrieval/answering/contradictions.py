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
from itertools import takewhile

from retrieval.answering.models import Answer
from retrieval.answering.question import Question, capital_terms
from retrieval.language.place_names import capitals
from retrieval.language.terms import STOP_WORDS, stem, terms, words
from retrieval.language.times import Times, numbers_of_title, ordinals_in, times_in
from retrieval.models import Difference, LiveParagraph, Statement
from retrieval.search.scoping import Shelf, spans_of
from retrieval.sources.identity import names_document

_NOUNS_AFTER = 4
"""So many words after an ordinal may say what it counts: "the 6th informal defence ministers' meeting"."""

_AUXILIARY = r"(?:did|do|does|will|would|has|have|had|is|was|are|were|can|could|should|shall|must)"
_SUBJECT = re.compile(rf"\b(?:{_AUXILIARY}|that)\s+(?:the\s+)?(\w+)|(\w+)['’]s?\s", re.IGNORECASE)
_NAME = r"[A-Z]\w+(?:[ -][A-Z]\w+)*"
_DOER = re.compile(
    rf"\b(?i:did|do|does|will|would|has|have|had|can|could|should|shall)\s+(?:the\s+)?({_NAME})\s+(\w+)(.*)"
)
_OTHER = re.compile(rf"(?:(\b[a-z]+)\s+)?(?:the\s+)?({_NAME})(['’]s?)?")
_BE = frozenset("be been being is are was were".split())
_ARTICLES = frozenset("a an the its their".split())
_PARTITIVE = _ARTICLES | {"of", "per"}
_NO_ACT = _BE | {"meet"}  # who met whom is all one
_MUTUAL = {"with", "and"}
_RELATIONS = _MUTUAL | frozenset("of from by in on at against over".split())
_NEXT = re.compile(r"\bnext\b", re.IGNORECASE)
_SHORT = 12
_WORD = re.compile(r"\w+")
_CLAUSES = re.compile(r"(?:;|, (?:and|but|while|whereas))\s")
_COUNTED = 3  # words after a number may name what it counts: "70 young coast guards"
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
        # what has fewer of the question's words than the words of another party was found by the names alone
        others = [s for s in told if any(d.kind == "party" for d in s.differs)]
        least = max((self._shared(s.text) for s in others), default=0)
        agreeing = tuple(s for s in told if not s.differs and self._shared(s.text) >= least)
        if agreeing:
            return replace(answer, statements=agreeing)
        return replace(answer, statements=(), nearest=told, may_answer=True, partial=False, unanswered=None)

    def _said(self, statement: Statement) -> Statement:
        found = (
            self._time(statement),
            self._meeting(statement),
            self._number(statement),
            self._party(statement) or self._roles(statement),
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
        known = frozenset(terms(paragraph.title))
        own = numbers & {n for n, _ in ordinals_in(statement.text)}
        if own and _NEXT.search(self.question.core) and not _NEXT.search(statement.text):
            return Difference("ordinal", _nth(max(own)))  # the next one is not this one
        named = {n for n, _ in ordinals_in(f"{paragraph.heading or ''} {paragraph.text}")} | numbers
        for number, end in self.times.ordinals:
            after = _WORD.findall(self.question.core[end:])[:_NOUNS_AFTER]
            if (
                numbers
                and number not in named
                and any(stem(w.lower()) in known or names_document(w) for w in after)
            ):
                return Difference("ordinal", _nth(max(numbers)))
        return None

    def _number(self, statement: Statement) -> Difference | None:
        """ "The 12 new ships" over "8 ships": another number of the same."""
        around = frozenset(terms(f"{statement.paragraph.text} {statement.paragraph.title}"))
        for number, counted in _counts(self.question.core):
            if number in around or _is_time(number, self.times):
                continue
            others = [n for n, of in _counts(statement.text) if counted[-1] in of or of[-1] in counted]
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
        if subject in _governments(f"{paragraph.text} {around}"):
            # then it is another one's only where that is said
            other = _first_party(_WORD.findall(clause)[:_HEAD], parties)
        else:
            other = _first_party(_WORD.findall(f"{statement.text} {around}"), parties)
        return Difference("party", other) if other else None

    def _roles(self, statement: Statement) -> Difference | None:
        """ "Did A lend B ships?" over "B lent A ships": the same verb, and the two in each other's place."""
        clause = self._clause(statement.text)
        for doer, verb, rest in _DOER.findall(self.question.core):
            for before, other, owns in _OTHER.findall(rest):
                places = [[f.span() for f in re.finditer(rf"\b{name}\b", clause)] for name in (doer, other)]
                if verb in _NO_ACT or doer == other or any(len(found) != 1 for found in places):
                    continue
                first, last = sorted(found[0] for found in places)
                between = clause[first[1] : last[0]]
                acts = [w for w in _WORD.findall(between) if _is_verb(w, verb)]
                if not acts or _BE.intersection(between[: between.index(acts[0])].split()):
                    continue
                asked = _relation(before, owns)
                leading = [w for w in between.split() if w not in _ARTICLES]
                said = _relation(leading[-1], clause[last[1] :])
                if asked == said not in _MUTUAL and first == places[1][0]:
                    return Difference("party", other)
        return None

    def _shared(self, text: str) -> int:
        """Return how many of the question's words a text has."""
        return len(set(self.question.terms).intersection(terms(text)))

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


def _relation(before: str, after: str) -> str:
    """Return how a name hangs on the verb, by the word before it: "lent A" and "lent to A" are one."""
    return "of" if after[:1] in {"'", "’"} else before if before in _RELATIONS else ""


def _is_verb(word: str, verb: str) -> bool:
    """Whether two words are forms of a verb; of short ones that change inside ("give", "gave") by their consonants."""
    bones, others = (re.sub("[aeiou]", "", w.lower()) for w in (word, verb))
    is_close = bones == others or (len(word + verb) <= _SHORT and bones[:2] == others[:2])
    return is_close or stem(word.lower()) == stem(verb.lower())


def _counts(text: str) -> list[tuple[str, list[str]]]:
    """Return the numbers of a text, each with the terms of what it may count: up to the next small word."""
    said, found = words(text), []
    for place, word in enumerate(said[:-1]):
        number = (terms(word) or [""])[0]
        if number.isdigit():
            following = said[place + 1 : place + 1 + _COUNTED]
            named = takewhile(lambda w: w not in STOP_WORDS, (w for w in following if w not in _PARTITIVE))
            if counted := terms(" ".join(named)):
                found.append((number, counted))
    return found


def _is_time(number: str, times: Times) -> bool:
    return len(number) == 4 and any(start.year <= int(number) <= end.year for start, end in times.spans)


def _year(year: int) -> Difference:
    return Difference("year", str(year))


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

"""What a question asks otherwise than a statement or its readout says it: a year, a meeting, a number, a party.

Checked after the selection, whoever selected: a statement that differs is shown as closest and claimed by nobody.
Each rule needs both sides: what the question names, and what the source has in its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile

from retrieval.answering import roles
from retrieval.answering.direct import NEXT, looks_ahead, meetings_in
from retrieval.answering.models import Answer
from retrieval.answering.question import Kind, Question
from retrieval.language.terms import STOP_WORDS, in_digits, stem, terms, words
from retrieval.language.times import Span, Times, numbers_of_title, ordinals_in, times_in, years_in
from retrieval.models import Difference, LiveParagraph, Statement
from retrieval.search.scoping import Shelf, spans_of
from retrieval.search.series import is_of_meeting

_AUXILIARY = r"(?:did|do|does|will|would|has|have|had|is|was|are|were|can|could|should|shall|must)"
_SUBJECT = re.compile(rf"\b(?:{_AUXILIARY}|that)\s+(?:the\s+)?(\w+)|(\w+)['’]s?\s", re.IGNORECASE)
_PARTITIVE = frozenset("a an the its their of per".split())
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_AMOUNT = re.compile(
    r"(?<![\w.,:/-])[^\w\s]?(\d+(?:,\d{3})*(?:\.\d+)?)(?![\w/:-]|[.,]\d)(?: ?(thousand|[mbtr]+illion|%|per ?cent))?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_CLAUSES = re.compile(r"(?:;|, (?:and|but|while|whereas))\s")
_COUNTED = 3  # words after a number may name what it counts: "70 young coast guards"
_GROUP = 10
"""Up to this a figure may count those who speak: "what did the 10 members say?"."""

_WORDS = 8
"""After an ordinal, that may name the meeting."""

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
        least = max((self.question.shared(s.text) for s in others), default=0)
        agreeing = tuple(s for s in told if not s.differs and self.question.shared(s.text) >= least)
        if agreeing:
            return replace(answer, statements=agreeing)
        return replace(answer, statements=(), nearest=told, may_answer=True, partial=False, unanswered=None)

    def is_of_other_time(self, answer: Answer) -> bool:
        """Whether the first sentence that is claimed names a time, and it is not the question's."""
        named = self._times_of(answer.statements[0]) if answer.statements and self.times.explicit else ()
        return bool(named) and not any(map(self.times.meet, named))

    def of_its_time(self, answer: Answer, other: Answer) -> Answer | None:
        """Return what of an answer names the question's time, if that says as much of it as `other`, which doesn't."""
        kept = [s for s in answer.statements if any(map(self.times.meet, self._times_of(s)))]
        least = self.question.shared(other.statements[0].text)
        return (
            replace(answer, statements=tuple(kept))
            if kept and self.question.shared(kept[0].text) >= least
            else None
        )

    def is_of_another(self, whenever: Answer, answer: Answer) -> bool:
        """Whether what is claimed says less of the question than what a readout of another time says: "Did it enter into
        force in 2024?" is not answered by what was said of it in 2024, if it did in 2025.
        """
        if not whenever.statements:
            return False
        best = max(whenever.statements, key=lambda s: self.question.shared(s.text))
        place = (best.paragraph.document, best.paragraph.revision)
        said = max(self.question.shared(s.text) for s in answer.statements)
        return place not in (self.chosen or ()) and self.question.shared(best.text) > said

    def _times_of(self, statement: Statement) -> Sequence[Span]:
        return times_in(statement.text, self._read_on(statement.paragraph)).spans

    def _read_on(self, paragraph: LiveParagraph) -> date:
        """Return the day that "last year" in a paragraph is relative to."""
        return date.fromisoformat(paragraph.date) if paragraph.date else self.today

    def holds(self, paragraph: LiveParagraph) -> bool:
        """Whether a paragraph speaks of what is to come, where the question asks for what comes next."""
        return not NEXT.search(self.question.core) or looks_ahead(paragraph, paragraph.text)

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
        numbers = numbers_of_title(paragraph.title)
        asked = meetings_in(self.question.core, paragraph.title)
        if asked and numbers and not asked & numbers:
            own = []  # what it says of another meeting is not of its own day
        said = self._times_of(statement)
        if self.question.kind is Kind.YES_NO and times.explicit and _are_before(said, times.spans):
            return _year(said[0][0].year)
        if not times.spans or any(map(times.meet, own)):
            return None
        if not times.explicit and not self._is_passed_over(paragraph):
            return None  # "this year" in a lone readout of another year is that year's
        text = f"{paragraph.heading or ''} {paragraph.text}"
        around = said or times_in(text, self._read_on(paragraph)).spans
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
        after = NEXT.search(self.question.core)
        if after and numbers and not NEXT.search(statement.text):
            name = takewhile(lambda w: w not in STOP_WORDS, words(self.question.core[after.end() :]))
            asked = set(terms(" ".join(name)))
            told = [
                (n, " ".join(statement.text[end:].split()[:_WORDS])) for n, end in ordinals_in(statement.text)
            ]
            others = [
                n for n, of in told if n in numbers or (is_of_meeting(of) and not asked & set(terms(of)))
            ]
            if others and is_of_meeting(self.question.core) and max(numbers) + 1 not in others:
                return Difference("ordinal", _nth(max(others)))  # the next one is not this one
        named = {n for n, _ in ordinals_in(f"{paragraph.heading or ''} {paragraph.text}")} | numbers
        is_other = numbers and meetings_in(self.question.core, paragraph.title) - named
        return Difference("ordinal", _nth(max(numbers))) if is_other else None

    def _number(self, statement: Statement) -> Difference | None:
        """ "The 12 new ships" over "8 ships": another number of the same; "fall to 12" over "fell to 8"."""
        paragraph = statement.paragraph
        around = f"{paragraph.text} {paragraph.title} {paragraph.heading or ''}"
        known = frozenset(terms(in_digits(around)))
        for number, counted in _counts(self.question.core):
            if number in known or _is_time(number, self.times):
                continue
            others = [n for n, of in _counts(statement.text) if counted[-1] in of or of[-1] in counted]
            if others:
                return Difference("number", others[0])
        held, said = _amounts(around), _amounts(statement.text)
        for asked in _amounts(self.times.rest):
            if asked.tells and said and not any(asked.is_about(each) for each in held):
                return Difference("number", said[0].written)
        return None

    def _party(self, statement: Statement) -> Difference | None:
        paragraph, parties = statement.paragraph, self._parties()
        subjects = [roles.government(stem((a or b).lower())) for a, b in _SUBJECT.findall(self.question.core)]
        subject = next((each for each in subjects if each in parties), None)
        clause = self._clause(statement.text)
        if subject is None or subject in _governments(f"{clause} {paragraph.heading or ''}"):
            return None
        around = f"{paragraph.title} {paragraph.issuer or ''}"
        if subject in _governments(f"{paragraph.text} {around}"):
            # then it is another one's only where that is said
            head = takewhile(lambda w: w[0].isupper() or w in STOP_WORDS, _WORD.findall(clause)[:_HEAD])
            other = _first_party(head, parties)
        else:
            other = _first_party(_WORD.findall(f"{statement.text} {around}"), parties)
        return Difference("party", other) if other and not roles.is_of(other, self.question.core) else None

    def _roles(self, statement: Statement) -> Difference | None:
        """ "Did A lend B ships?" over "B lent A ships", or over "C lent B ships"."""
        core, text = self._capitalised(statement.paragraph), statement.text
        other = (
            roles.other_doer(core, text, self._sort)
            or roles.changed_places(core, text, self._sort)
            or roles.other_owner(core, text, self._sort, self._is_made_of_party)
        )
        return Difference("party", other) if other else None

    def _capitalised(self, paragraph: LiveParagraph) -> str:
        """Return the question with the names that a paragraph has, typed without capitals, as it has them."""
        names = {
            name.lower(): name for name in re.findall(r"\b[A-Z]\w+", f"{paragraph.title} {paragraph.text}")
        }
        return re.sub(r"\b[a-z]\w+", lambda word: self._named(word[0], names), self.question.core)

    def _named(self, word: str, names: Mapping[str, str]) -> str:
        name = names.get(word)
        return name if name and self._sort(name) else word

    def _parties(self) -> frozenset[str]:
        return self.shelf.parties | roles.countries()

    def _sort(self, name: str) -> roles.Sort | None:
        known = self._parties()
        words = _WORD.findall(name)
        if any(roles.government(stem(w.lower())) in known for w in words):
            return roles.Sort.PARTY
        if all(map(self.shelf.is_common, words)):
            return None
        return roles.Sort.PARTY if len(words) == 1 else roles.Sort.PERSON  # "Minister Holm", "Dr Ida Holm"

    def _is_made_of_party(self, word: str) -> bool:
        return roles.is_made_of(word, self._parties())

    def _clause(self, text: str) -> str:
        """Return the part of a sentence that has most of the question's words: what else it says is of others."""
        return max(_CLAUSES.split(text), key=self.question.shared)


def _governments(text: str) -> frozenset[str]:
    return frozenset(map(roles.government, terms(text)))


def _first_party(words: Iterable[str], parties: Collection[str]) -> str | None:
    return next((w for w in words if w[0].isupper() and roles.government(stem(w.lower())) in parties), None)


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number in digits, with what makes it larger: "4.4 million", "15 %"."""

    written: str
    scale: float
    is_share: bool

    @property
    def value(self) -> float:
        return float(self.written.replace(",", "")) * self.scale

    @property
    def tells(self) -> bool:
        """Whether it is no year, and too large to count those who speak: "what did the 10 members say?"."""
        is_bare = self.scale == 1 and not self.is_share
        return not (is_bare and (years_in(self.written) or self.value in range(_GROUP + 1)))

    def is_about(self, other: _Amount) -> bool:
        """Whether this is the other, or what it is rounded to."""
        digits = len(self.written.partition(".")[2])
        rounding = 0.5 * 10.0**-digits * self.scale if self.scale > 1 or self.is_share else 0.0
        return self.is_share == other.is_share and abs(self.value - other.value) <= rounding


def _amounts(text: str) -> list[_Amount]:
    return [
        _Amount(number, _SCALES.get((unit or "").lower(), 1.0), bool(unit) and unit.lower() not in _SCALES)
        for number, unit in _AMOUNT.findall(in_digits(text))
    ]


def _counts(text: str) -> list[tuple[str, list[str]]]:
    """Return the numbers of a text, each with the terms of what it may count: up to the next small word."""
    said, found = words(in_digits(text)), []
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


def _are_before(spans: Sequence[Span], others: Sequence[Span]) -> bool:
    return bool(spans) and max(end for _, end in spans) < min(
        (start for start, _ in others), default=date.min
    )


def _year(year: int) -> Difference:
    return Difference("year", str(year))


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

"""Questions answered from a whole readout rather than by ranking: look-ups, mentions, summaries, and what a readout says of
its meeting itself: where and when it was, who chaired it; where and when the next will be.

A question about a meeting has hardly a word that its answer has ("Where was the 8th held?": "Leaders gathered in Lunde
…"), but it asks about nothing else, and that can be told: no word of it is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.models import Answer
from retrieval.answering.question import Kind, Question
from retrieval.index.index_terms import MONTHS
from retrieval.language.terms import initials_term, stem, terms
from retrieval.language.times import Times, numbers_of_title, ordinals_in, times_in
from retrieval.models import LiveParagraph, Statement, is_beside
from retrieval.search.ranking import Holds, PreparedParagraph, prepare
from retrieval.search.series import is_of_meeting
from retrieval.sources.identity import names_document

DIRECT_KINDS = frozenset({Kind.LOOKUP, Kind.MENTIONS, Kind.SUMMARY})
SUMMARY_SENTENCES = 3
MOST_MENTIONS = 12
FEWEST_TERMS = 4
"""A sentence with fewer says little by itself; a summary takes one only for want of better."""


@dataclass(frozen=True, slots=True)
class ReadoutName:
    """What a question may call a readout by."""

    document: str
    title: str
    date: str | None = None
    issuer: str | None = None


def named_readout(question: Question, readouts: Sequence[ReadoutName]) -> str | None:
    """Return the id of the one readout that `question` names, or None when it names none or several.

    Every name and number in the question must stand in the title, date, issuer or id of that readout, so
    that a readout which is not in the collection is never taken for its neighbour.
    """
    if len(readouts) == 1 and not question.names - _numbers(question):
        return readouts[0].document
    asked = set(question.names) - _numbers(question)
    if not asked:
        return None
    scored = []
    for readout in readouts:
        known = set(terms(f"{readout.title} {readout.date or ''} {readout.issuer or ''} {readout.document}"))
        known |= set(terms((readout.date or "").replace("-", " ")))
        if asked <= known:
            scored.append((len(set(question.terms) & known), readout.document))
    scored.sort(reverse=True)
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def look_up(question: Question, paragraphs: Sequence[LiveParagraph]) -> Answer:
    """Answer "What does paragraph 5 say?" from all `paragraphs` of one readout, in reading order."""
    by_number: dict[str, LiveParagraph] = {}
    for paragraph in paragraphs:
        by_number.setdefault(_key(paragraph.number), paragraph)
    found = {n: by_number[_key(n)] for n in question.numbers if _key(n) in by_number}
    absent = [n for n in question.numbers if n not in found]
    notice = _absence(absent, paragraphs) if absent else None
    statements = tuple(_whole(p) for p in dict.fromkeys(found.values()) if p.text.strip())
    return Answer(
        question.text,
        statements,
        confidence=1.0 if statements else 0.0,
        partial=bool(absent and statements),
        unanswered=f"paragraph {', '.join(absent)}" if absent else None,
        notice=notice,
    )


def list_mentions(question: Question, paragraphs: Sequence[LiveParagraph]) -> Answer:
    """Answer "In which paragraphs is X mentioned?" from all `paragraphs` of one readout, in reading order."""
    statements = [s for p in paragraphs if (s := _mention(question.subject, prepare(p)))]
    if not statements:
        notice = f"No paragraph here mentions “{question.subject}” in these words."
        return Answer(question.text, notice=notice)
    numbers = ", ".join(s.paragraph.place for s in statements)
    readouts = len({s.paragraph.document for s in statements})
    where = f": {numbers}" if readouts == 1 else f" of {readouts} readouts"
    return Answer(
        question.text,
        tuple(statements[:MOST_MENTIONS]),
        confidence=1.0,
        notice=f"Mentioned in {len(statements)} paragraph{'s' * (len(statements) > 1)}{where}.",
    )


def summarise(
    question: Question, paragraphs: Sequence[PreparedParagraph], vectors: Sequence[NDArray[np.float32]]
) -> Answer:
    """Answer "Give me a summary" with the sentences nearest to what the readout is about as a whole.

    Each sentence is chosen for its closeness to the mean of all sentences, less its closeness to those
    already chosen (maximal marginal relevance, Carbonell & Goldstein 1998), at most one a paragraph.

    Args:
        paragraphs: All of one readout, in reading order.
        vectors: Sentence vectors of each paragraph: float32, (n_sentences, dimensions).
    """
    places = [
        (row, place)
        for row, p in enumerate(paragraphs)
        for place, s in enumerate(p.sentences)
        if not is_beside(p.paragraph.number)
    ]
    asked = _sentences_asked(question)
    full = [(r, s) for r, s in places if len(paragraphs[r].sentences[s].term_set) >= FEWEST_TERMS]
    places = full if len({row for row, _ in full}) >= asked else places
    if not places:
        return Answer(question.text)
    matrix = np.stack([vectors[row][place] for row, place in places])
    order = _marginal_relevance(matrix, _rows(places), asked)
    statements = []
    for row, place in sorted(places[i] for i in order):
        sentence = paragraphs[row].sentences[place]
        statements.append(Statement(paragraphs[row].paragraph, sentence.start, sentence.end))
    return Answer(question.text, tuple(statements), confidence=1.0)


def _marginal_relevance(matrix: NDArray[np.float32], rows: NDArray[np.int64], count: int) -> list[int]:
    relevance = matrix @ matrix.mean(axis=0)
    chosen: list[int] = []
    while len(chosen) < count:
        open_rows = ~np.isin(rows, rows[chosen])
        if not open_rows.any():
            break
        likeness = (matrix @ matrix[chosen].T).max(axis=1) if chosen else np.zeros(len(matrix))
        score = np.where(open_rows, 0.7 * relevance - 0.3 * likeness, -np.inf)
        chosen.append(int(score.argmax()))
    return chosen


def _rows(places: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array([row for row, _ in places], dtype=np.int64)


_COUNTS: Mapping[str, int] = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SENTENCES = re.compile(
    r"\b(\d|one|two|three|four|five|six)[- ](?:sentences?|points?|lines?|bullets?)\b", re.I
)


def _sentences_asked(question: Question) -> int:
    found = _SENTENCES.search(question.text)
    if not found:
        return SUMMARY_SENTENCES
    word = found[1].lower()
    return max(1, _COUNTS.get(word) or int(word))


def _numbers(question: Question) -> set[str]:
    return {term for number in question.numbers for term in terms(number)}


def _key(number: str) -> str:
    folded = number.casefold().replace(" ", "")
    return "intro" if folded == "introduction" else folded


def _absence(absent: Sequence[str], paragraphs: Sequence[LiveParagraph]) -> str:
    body = list(dict.fromkeys(p.number for p in paragraphs if not is_beside(p.number)))
    missing = f"There is no paragraph {' or '.join(absent)}"
    if not body:
        return f"{missing}: this readout has no numbered paragraphs."
    if len(body) == 1:
        return f"{missing}: this readout has one, {body[0]}."
    return f"{missing}: this readout has {len(body)}, numbered {body[0]} to {body[-1]}."


def _whole(paragraph: LiveParagraph) -> Statement:
    return Statement(paragraph, 0, len(paragraph.text))


def _mention(subject: str, ready: PreparedParagraph) -> Statement | None:
    """Return the first sentence that mentions `subject` literally, else by all of its terms."""
    paragraph = ready.paragraph
    literal = re.compile(r"\s+".join(map(re.escape, _bare(subject).split())), re.IGNORECASE)
    for sentence in ready.sentences:
        quote = paragraph.text[sentence.start : sentence.end]
        if _bare(subject) and (found := literal.search(quote)):
            return Statement(paragraph, sentence.start, sentence.end, (found.span(),))
    wanted = terms(subject)
    for sentence in ready.sentences:
        if wanted and all(t in sentence.term_set or initials_term(t) in sentence.term_set for t in wanted):
            return Statement(paragraph, sentence.start, sentence.end)
    return None


def _bare(subject: str) -> str:
    return re.sub(r"^(?:the|a|an)\s+", "", subject.strip(), flags=re.IGNORECASE)


# --- a meeting itself ---

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
_ATTENDED = re.compile(r"\b(?:attended|took part in|participated in|travell?ed to|visited)\b", re.IGNORECASE)
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
        of_next: Whether the one to come is meant.
    """

    asked: Question
    fact: Fact
    ordinals: frozenset[int]
    name: frozenset[str]
    said: frozenset[str]
    of_next: bool

    def closeness(self, title: str) -> int:
        """Return how many of its words a readout's title has; less than 0 where it names another meeting."""
        known = frozenset(terms(title))
        return len(self.said & known) if self.name <= known else -1

    def answer(self, paragraphs: Sequence[PreparedParagraph]) -> Answer | None:
        """Answer from all the paragraphs of a readout, in reading order; None where it isn't said in so many words."""
        held = next(self._sentences(paragraphs, _TAKES_PLACE), None)
        found = held or next(self._sentences(paragraphs, _ATTENDED), None)
        return None if found is None else Answer(self.asked.text, (found,), confidence=1.0)

    def _sentences(
        self, paragraphs: Sequence[PreparedParagraph], held: re.Pattern[str]
    ) -> Iterator[Statement]:
        own = numbers_of_title(paragraphs[0].paragraph.title) if paragraphs else set()
        following, others = max(own, default=-1) + 1, self.ordinals - own
        is_next = self.of_next or bool(own and others == {following})
        if others and not is_next:
            return
        for place, prepared in enumerate(paragraphs):
            paragraph = prepared.paragraph
            for sentence in prepared.sentences:
                text = paragraph.text[sentence.start : sentence.end]
                named = {number for number, _ in ordinals_in(text)}
                if not self._is_held(text, sentence.holds) or is_next != looks_ahead(paragraph, text):
                    continue
                if is_next:
                    says = following in meetings_in(text, paragraph.title) or bool(_AGAIN.search(text))
                elif self.fact is Fact.CHAIR:
                    says = bool(_CHAIR.search(text))
                else:
                    says = place < _OPENING and named <= own and bool(held.search(text))
                if says:
                    yield Statement(paragraph, sentence.start, sentence.end)

    def _is_held(self, text: str, holds: Holds) -> bool:
        return bool(_SOMEWHERE.search(text) if self.fact is Fact.PLACE else holds & self.fact.value)


def meeting_question(asked: Question, times: Times, today: date) -> MeetingQuestion | None:
    """Return what of a meeting is asked for; None where anything else is asked.

    Args:
        times: Those that the question names.
    """
    fact = _fact(asked)
    of_next = bool(NEXT.search(asked.core)) or (bool(times.spans) and all(s > today for s, _ in times.spans))
    if fact is None or not (of_next or _TAKES_PLACE.search(asked.core) or is_of_meeting(asked.core)):
        return None
    left = times.rest
    for known in (_TIME_WORDS, _TAKES_PLACE, _CHAIR, _PLACE):
        left = known.sub(" ", left)
    said = frozenset(terms(left))
    left = _THOSE_WHO_MEET.sub(" ", left)
    ordinals = frozenset(number for number, _ in ordinals_in(left))
    spelt = {f"{number}{end}" for number in ordinals for end in ("st", "nd", "rd", "th")}
    return MeetingQuestion(asked, fact, ordinals, frozenset(terms(left)) - spelt, said, of_next)


def _fact(asked: Question) -> Fact | None:
    if _CHAIR.search(asked.core):
        return Fact.CHAIR if asked.kind is Kind.WHO else None
    if _PLACE.search(asked.core):
        return Fact.PLACE
    return Fact.DATE if asked.kind is Kind.WHEN else None


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

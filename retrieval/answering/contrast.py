"""Signs that a sentence looks like an answer and is none: another number, another name, the opposite.

Unanswerable questions that stay on topic differ from the text in one word: "the Royal Proclamation of 1736", "never
reached", "the smallest". Similarity hardly sees that; these few checks do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from retrieval.answering.question import Kind, Question
from retrieval.index.preparation import NEGATION, Holds, PreparedSentence
from retrieval.index.terms import stem

_OPPOSITES = (
    ("increase rise grow gain higher more raise improve expand", "decrease fall decline lose lost lower less fewer reduce drop shrink"),
    ("first earliest oldest begin start initial", "last latest final newest end finish youngest"),
    ("most largest biggest greatest highest major best maximum", "least smallest lowest minor worst minimum"),
    ("before prior precede earlier", "after follow later since"),
    ("same equal identical similar", "different unequal distinct"),
    ("allow permit enable require support accept approve win victory include", "prohibit forbid ban prevent oppose reject refuse lose defeat exclude"),
    ("always", "never sometimes"),
    ("north northern", "south southern"),
    ("east eastern", "west western"),
    ("new modern recent", "old ancient former ongoing existing"),
    ("large big long high strong", "small short low weak"),
    ("create build introduce establish found join enter arrive", "destroy demolish abolish remove leave withdraw depart dissolve"),
    ("rich", "poor"),
    ("public", "private"),
    ("male men father son", "female women mother daughter"),
    ("inside internal domestic", "outside external foreign"),
    ("even", "odd"),
    ("positive", "negative"),
    ("winter", "summer"),
    ("import", "export"),
    ("infinite", "finite"),
    ("open", "close"),
    ("upper", "lower"),
    ("agree", "disagree"),
    ("buy", "sell"),
    ("easy", "difficult hard"),
    ("fast", "slow"),
    ("hot warm", "cold cool"),
    ("peace", "war"),
    ("friend ally", "enemy"),
)  # fmt: skip


def negated(question: Question) -> bool:
    """Return whether `question` asks for what is not, only or least so; "list only the new ones" does not."""
    return question.kind not in (Kind.LIST, Kind.TOPIC) and bool(NEGATION.search(question.core))


def one_sided_negation(question: Question, sentence: PreparedSentence) -> bool:
    """Return whether the question denies something and the sentence denies nothing."""
    return negated(question) and not sentence.holds & Holds.NEGATION


def opposed(question: Question, sentence: PreparedSentence) -> bool:
    """Return whether the sentence has the opposite of a word of the question instead of the word."""
    opposites = _opposites()
    return any(
        term not in sentence.term_set and opposites.get(term, frozenset()) & sentence.term_set
        for term in question.terms
    )


def other_number(question: Question, sentence: PreparedSentence, title_terms: frozenset[str]) -> bool:
    """Return whether a number of the question stands neither in the sentence nor in the readout's title."""
    return any(
        term not in sentence.term_set and term not in title_terms
        for term in question.terms
        if _NUMBER.match(term)
    )


_NUMBER = re.compile(r"\d")


@lru_cache(maxsize=1)
def _opposites() -> Mapping[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _OPPOSITES:
        left, right = ({stem(word) for word in side.split()} for side in pair)
        for own, other in ((left, right), (right, left)):
            for word in own:
                table.setdefault(word, set()).update(other)
    return {word: frozenset(others) for word, others in table.items()}

"""What "this area" and "these problems" are: the nearest earlier phrase that says something in particular."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.initiatives.phrases import content, text_of, trim
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.tokens import Token

_POINTING = re.compile(
    r"\b(?P<preposition>in|on|for|to|of|about|within)\s+(?:this|these|those|that|such)\s+(?:\w+\s+)?"
    r"(?:areas?|fields?|matters?|issues?|problems?|topics?|sectors?|subjects?|domains?|challenges?)$",
    re.IGNORECASE,
)


def topic_before(words: Sequence[Token], found: Sequence[Predicate], index: int, text: str) -> str | None:
    """The nearest complement before a predicate, in its sentence, that says something in particular."""
    for predicate in reversed(found[:index]):
        start, end = trim(words, predicate.end, predicate.limit)
        if content(words, start, end):
            start -= start > predicate.end and words[start - 1].lower == "the"
            return text_of(words, text, start, end)
    return None


def last_topic(words: Sequence[Token], found: Sequence[Predicate], text: str) -> str | None:
    """The same for the whole sentence: what a following "these problems" points to."""
    return topic_before(words, found, len(found), text)


def points_back(name: str) -> bool:
    """Whether a name ends in "in this area" or the like."""
    return _POINTING.search(name) is not None


def resolved(name: str, topic: str | None) -> str:
    """The name with what it points to in place of "this area"."""
    match = _POINTING.search(name)
    if match is None or topic is None:
        return name
    return f"{name[: match.start()]}{match.group('preposition')} {topic}"

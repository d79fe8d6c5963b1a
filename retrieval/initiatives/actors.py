"""Who does it, as the text says: the subject, and who "he" and "they" are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.initiatives.lexicon import PREPOSITIONS, Verb, word_set
from retrieval.initiatives.phrases import text_of
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.standing import is_party
from retrieval.initiatives.tokens import Token

MAX_ACTOR_CHARS = 160

_SINGULAR = frozenset({"he", "she"})
_GROUP = word_set(
    """leaders ministers sides parties countries governments participants delegations members nsas
    presidents both advisors advisers officials"""
)


@dataclass
class Actors:
    """Named actors so far in the readout: the last single person and the last group."""

    person: str | None = None
    group: str | None = None

    def resolve(self, subject: str) -> str:
        """The actor a subject means; as written where it is no pronoun or nothing was named."""
        lower = subject.lower()
        if lower in _SINGULAR:
            return self.person or subject
        if lower == "they":
            return self.group or subject
        return subject

    def note(self, words: Sequence[Token], found: Sequence[Predicate], text: str) -> None:
        """Remember who the subjects of one sentence name."""
        for predicate in found:
            if (
                predicate.subject is None
                or not is_party(words, predicate.subject)
                or predicate.verb is Verb.BE
            ):
                continue
            first, last = predicate.subject
            subject = actor_text(words, text, first, last)
            plain = [w.lower for w in words[first:last]]
            if subject is None or plain[0] in {"he", "she", "they", "we", "it"}:
                continue
            if "and" in plain or any(w in _GROUP for w in plain):
                self.group = subject
            elif plain[0] not in {"this", "these", "such"}:
                self.person = subject


def actor_text(words: Sequence[Token], text: str, start: int, end: int) -> str | None:
    """The subject as it stands, without a leading conjunction; None for one too long to be a name."""
    while (
        start < end
        and words[start].lower in {"and", "that", "but", ",", "both"}
        and words[start].lower != "both"
    ):
        start += 1
    if start < end and words[start].lower in PREPOSITIONS:
        return None
    actor = text_of(words, text, start, end)
    return actor if actor and len(actor) <= MAX_ACTOR_CHARS else None

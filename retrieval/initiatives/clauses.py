"""How far a verb reaches, who its subject is, which verb it depends on."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.initiatives.lexicon import (
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    SUBORDINATORS,
    Verb,
    word_set,
)
from retrieval.initiatives.predicate import Predicate, word_before
from retrieval.initiatives.tokens import Token


def reach(words: Sequence[Token], found: list[Predicate]) -> None:
    """Set `limit`, `hard` and the subject of every predicate."""
    for index, predicate in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        if predicate.shape in ("finite", "modal", "passive"):
            predicate.subject = _subject(words, predicate, found[index - 1] if index else None)
        predicate.hard = _hard(words, predicate.end)
        if (
            following is not None
            and following.shape == "noun"
            and following.verb is Verb.SUPPORT
            and index + 2 <= len(found)
        ):
            following = (
                found[index + 2] if index + 2 < len(found) else None
            )  # "provide support to": one phrase
        predicate.limit = predicate.hard if following is None else min(predicate.hard, following.start)
    for index, predicate in enumerate(found):
        later = next((p for p in found[index + 1 :] if p.subject is not None), None)
        if later is not None and later.subject is not None:
            predicate.hard = min(predicate.hard, later.subject[0])
            predicate.limit = min(predicate.limit, later.subject[0])


def _hard(words: Sequence[Token], start: int) -> int:
    for i in range(start, len(words)):
        word = words[i].lower
        if word == ";" or (word in SUBORDINATORS and i > start):
            return i
        if word in RELATIVES and i > start and not (word == "that" and i == start):
            return i
    return len(words)


def _subject(
    words: Sequence[Token], predicate: Predicate, previous: Predicate | None
) -> tuple[int, int] | None:
    """The tokens of a verb group's subject, None where it shares the one before ("… and confirmed")."""
    end = predicate.start
    while end > 0 and words[end - 1].adverb:
        end -= 1
    if end and words[end - 1].lower in PRONOUNS | {"which", "who", "that"}:
        return end - 1, end
    floor = previous.end if previous is not None else 0
    start = end
    while start > floor and not _opens_clause(words[start - 1]):
        start -= 1
    while start < end and (words[start].lower in CONJUNCTIONS or words[start].text == ","):
        start += 1
    if previous is None or (start > floor and _opens_clause(words[start - 1])):
        start = _after_adjunct(words, start, end)
    elif start > floor or end > floor:
        start = _last_conjunct(words, floor, end)
    return (start, end) if start < end else None


def _opens_clause(word: Token) -> bool:
    return word.text in {";", ":", "—"} or word.lower in SUBORDINATORS or word.lower == "that"


def _after_adjunct(words: Sequence[Token], start: int, end: int) -> int:
    """Past "In the field of the environment," or "in the area of cybersecurity" before the subject proper."""
    if start >= end:
        return start
    first = words[start]
    verbal = first.lower.endswith("ing") or (first.form is not None and first.form.past)
    stray = not first.capital and not first.function_word and any(w.text == "," for w in words[start:end])
    if stray and first.lower not in _SUBJECT_OPENERS:  # "(to that) end, the Minister"
        verbal = True
    if not (first.lower in PREPOSITIONS | {"as", "once"} or first.adverb or verbal):
        return start
    commas = [i for i in range(start, end) if words[i].text == ","]
    if commas:
        return commas[-1] + 1
    inner = [
        i
        for i in range(start + 3, end)
        if words[i].lower in DETERMINERS and words[i - 1].lower not in PREPOSITIONS
    ]
    return inner[-1] if inner else start


_SUBJECT_OPENERS = word_set(
    """both our leaders ministers participants delegations officials experts members"""
)


def _last_conjunct(words: Sequence[Token], start: int, end: int) -> int:
    """The subject after a complement: what follows the last "and" or comma that a noun phrase opens."""
    for i in range(end - 1, start - 1, -1):
        if words[i].lower in {"and", "but"} or words[i].text == ",":
            after = words[i + 1] if i + 1 < end else None
            if after is None:
                return end
            if after.lower in DETERMINERS | PRONOUNS or after.capital:
                return i + 1
    return end


def attach(words: Sequence[Token], found: list[Predicate]) -> None:
    """Set the parent, and the sibling in a list, of every predicate."""
    for index, predicate in enumerate(found):
        predicate.parent = _parent(words, found, index)


def _parent(words: Sequence[Token], found: Sequence[Predicate], index: int) -> int | None:
    """What a predicate depends on: the one before it, or that one's parent when they are listed."""
    if index == 0:
        return None
    predicate, previous = found[index], found[index - 1]
    if predicate.subject is not None:
        opener = words[predicate.subject[0] - 1].lower if predicate.subject[0] > 0 else ""
        return index - 1 if opener in {"that", "how", "whether"} else None
    before = word_before(words, predicate.start)
    listed = before in CONJUNCTIONS or before in {",", ";", ":", "-"}
    if before == ":" and predicate.shape == "infinitive":
        return index - 1
    if listed:
        for other in range(index - 1, -1, -1):
            if found[other].shape == predicate.shape and (
                predicate.shape != "infinitive" or not found[other].purpose or predicate.purpose
            ):
                predicate.sibling = other
                return found[other].parent
            if found[other].subject is not None and predicate.shape in ("infinitive", "gerund"):
                break
    if predicate.shape == "finite" and listed:
        return None
    aside = before in {"while", "whilst"}
    return index - 1 if previous.hard >= predicate.start or listed or aside else None

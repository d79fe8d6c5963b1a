"""Sentence -> its verbs, each with what it depends on and how far it reaches.

A small deterministic parse. It finds verb groups by position (after a modal, after "to", after a subject,
in a
list of its likes), hangs each on the one it depends on, and says what is promised and what is merely
reported.
"""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.initiatives.clauses import attach, reach
from retrieval.initiatives.finite import finite, gerund, unknown_past
from retrieval.initiatives.lexicon import COMMITTED_NOUNS, COPULAS, HAVE_FORMS, MODALS, Verb, verb_forms
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.tokens import Token
from retrieval.initiatives.verb_groups import (
    auxiliary,
    infinitive,
    modal_group,
    promise_noun,
    run_together,
    verb_position,
)


def predicates(words: Sequence[Token]) -> list[Predicate]:
    """The verbs of one sentence, in reading order."""
    found: list[Predicate] = []
    position = 0
    while position < len(words):
        predicate = _at(words, position, found)
        if predicate is None:
            position += 1
            continue
        if predicate.end < len(words) and words[predicate.end].lower in {
            "up",
            "out",
        }:  # "set up", "carry out"
            predicate.end += 1
        found.append(predicate)
        position = predicate.end
    reach(words, found)
    attach(words, found)
    return found


def _at(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    word = words[i].lower
    if word in MODALS:
        return modal_group(words, i)
    if word == "to":
        return infinitive(words, i)
    if word in HAVE_FORMS or word in COPULAS:
        return auxiliary(words, i)
    if word in COMMITTED_NOUNS:
        return promise_noun(words, i)
    if (
        word == "support"
        and i + 1 < len(words)
        and words[i + 1].lower in {"for", "of", "to"}
        and not verb_position(words, i)
    ):
        return Predicate("support", Verb.SUPPORT, "noun", i, i + 1)
    if run_together(word):
        return Predicate(word[2:], verb_forms()[word[2:]].verb, "infinitive", i, i + 1)
    form = words[i].form
    if form is None:
        return unknown_past(words, i) if not found else None
    if form.gerund:
        return gerund(words, i, found)
    return finite(words, i, found)

"""Verb groups that a word announces: a modal, "to", "have", "be", a noun of commitment."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.initiatives.lexicon import (
    AMBIGUOUS_BASES,
    COMMITTED_ADJECTIVES,
    HAVE_FORMS,
    MODALS,
    PRONOUNS,
    Verb,
    verb_forms,
)
from retrieval.initiatives.predicate import Predicate, object_follows, word_before
from retrieval.initiatives.tokens import Token


def modal_group(words: Sequence[Token], i: int) -> Predicate | None:
    """ "will (also) hold", "would be held": the group that a modal opens."""
    j = _skip_adverbs(words, i + 1)
    if j >= len(words):
        return None
    negated = any(w.lower in {"not", "never"} for w in words[i:j])
    word = words[j].lower
    if word in ("be", "have"):
        inner = auxiliary(words, j)
        if inner is not None:
            inner.start, inner.modal, inner.negated = i, words[i].lower, negated
            inner.shape = "modal" if inner.shape == "finite" else inner.shape
            return inner
        return Predicate("be", Verb.BE, "modal", i, j + 1, modal=words[i].lower, negated=negated)
    if not words[j].is_word:
        return None
    form = words[j].form
    lemma, verb = (form.lemma, form.verb) if form and form.base else (word, Verb.ACT)
    return Predicate(lemma, verb, "modal", i, j + 1, modal=words[i].lower, negated=negated)


def infinitive(words: Sequence[Token], i: int) -> Predicate | None:
    """ "to (further) strengthen", "in order to be held"; None where "to" is a preposition."""
    j = _skip_adverbs(words, i + 1)
    if j >= len(words):
        return None
    purpose = i >= 2 and words[i - 1].lower in ("order", "as") and words[i - 2].lower in ("in", "so")
    if words[j].lower in ("be", "have"):
        inner = auxiliary(words, j)
        if inner is None:
            return Predicate("be", Verb.BE, "infinitive", i, j + 1, purpose=purpose)
        inner.start, inner.shape = i, "passive" if inner.shape == "passive" else "infinitive"
        return inner
    form = words[j].form
    if form is None or not form.base or words[j].possessive or (words[j].capital and not words[j].shouted):
        return None
    if form.lemma in AMBIGUOUS_BASES and _noun_after_to(words, i, j):
        return None
    return Predicate(form.lemma, form.verb, "infinitive", i, j + 1, purpose=purpose)


def _noun_after_to(words: Sequence[Token], i: int, j: int) -> bool:
    """Whether "to support" is "to (the) support": nothing follows that a verb could take."""
    following = words[j + 1].lower if j + 1 < len(words) else "."
    return (
        following in {",", ".", ";", "of", "and"}
        and i > 0
        and words[i - 1].lower in {"contribution", "thanks", "due"}
    )


def auxiliary(words: Sequence[Token], i: int) -> Predicate | None:
    """have/be + participle, be + adjective of commitment, or the plain copula."""
    j = _skip_adverbs(words, i + 1)
    have = words[i].lower in HAVE_FORMS or words[i].lower == "have"
    if have and j < len(words) and words[j].lower == "been":
        j = _skip_adverbs(words, j + 1)
        have = False
    if j >= len(words):
        return None
    word, form = words[j].lower, words[j].form
    if not have and word in COMMITTED_ADJECTIVES:
        return Predicate("commit", Verb.COMMIT, "finite", i, j + 1)
    if form and form.past:
        return Predicate(form.lemma, form.verb, "finite" if have else "passive", i, j + 1)
    if form and form.gerund and not have:
        return Predicate(form.lemma, form.verb, "finite", i, j + 1)
    if have:
        return Predicate("have", Verb.BE, "finite", i, i + 1)
    return Predicate("be", Verb.BE, "finite", i, i + 1)


def promise_noun(words: Sequence[Token], i: int) -> Predicate | None:
    """ "commitment to …", "intent to …": the noun promises what follows "to"."""
    after = i + 1
    if after < len(words) and words[after].text == ",":  # "commitment, underpinned by …, to building"
        closing = next(
            (k for k in range(after + 1, min(after + 15, len(words))) if words[k].text == ","), after
        )
        after = closing + 1
    if after < len(words) and words[after].lower == "to":
        return Predicate(words[i].lower, Verb.COMMIT, "noun", i, i + 1)
    return None


def verb_position(words: Sequence[Token], i: int) -> bool:
    """Whether "support" stands where a verb does: "we support", "to support"."""
    before = word_before(words, i)
    return (
        before in MODALS
        or before in PRONOUNS
        or before in {"to", ""}
        or (words[i - 1].lower.endswith("s") and not words[i - 1].possessive)
    )


def run_together(word: str) -> bool:
    """ "totake": a space lost in conversion, common in readouts that were once PDF."""
    form = verb_forms().get(word[2:]) if word.startswith("to") and len(word) > 5 else None
    return form is not None and form.base and word not in verb_forms()


def _skip_adverbs(words: Sequence[Token], i: int) -> int:
    """Past adverbs, and past ", therefore," in the middle of a verb group."""
    while i < len(words):
        if words[i].adverb and not (  # "further" is a verb before an object
            words[i].lower == "further" and object_follows(words, i + 1)
        ):
            i += 1
        elif words[i].text == "," and i + 2 < len(words) and words[i + 1].adverb and words[i + 2].text == ",":
            i += 3
        else:
            break
    return i

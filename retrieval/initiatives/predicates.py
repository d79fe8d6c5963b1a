"""Sentence -> its verbs, each with what it depends on and how far it reaches.

A small deterministic parse. It finds verb groups by position (after a modal, after "to", after a subject, in a
list of its likes), hangs each on the one it depends on, and says what is promised and what is merely reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.initiatives.lexicon import (
    ADJECTIVE_GERUNDS,
    AMBIGUOUS_BASES,
    COMMITTED_ADJECTIVES,
    COMMITTED_NOUNS,
    CONJUNCTIONS,
    COPULAS,
    DETERMINERS,
    HAVE_FORMS,
    MODALS,
    NOUN_GERUNDS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    SUBORDINATORS,
    Verb,
    verb_forms,
)
from retrieval.initiatives.tokens import Token

Shape = Literal["finite", "modal", "passive", "infinitive", "gerund", "noun"]


@dataclass(slots=True)
class Predicate:
    """One verb of a sentence.

    Attributes:
        start: First token of the verb group, auxiliaries and "to" included.
        end: First token after it.
        limit: Where its complement must stop: the next verb, clause or sentence end.
        hard: The same, but running over verbs that depend on it.
        parent: Index of the predicate it depends on, or None.
        subject: Tokens of its subject, `None` where it has none of its own.
        modal: The modal, lower case, or "".
        purpose: Opened by "in order to" or "so as to".
        sibling: Index of the one before it in a list of verbs, or None.
    """

    lemma: str
    verb: Verb
    shape: Shape
    start: int
    end: int
    limit: int = 0
    hard: int = 0
    parent: int | None = None
    subject: tuple[int, int] | None = None
    modal: str = ""
    negated: bool = False
    purpose: bool = False
    sibling: int | None = None


def predicates(words: Sequence[Token]) -> list[Predicate]:
    """The verbs of one sentence, in reading order."""
    found: list[Predicate] = []
    position = 0
    while position < len(words):
        predicate = _at(words, position, found)
        if predicate is None:
            position += 1
            continue
        found.append(predicate)
        position = predicate.end
    _reach(words, found)
    _attach(words, found)
    return found


def _at(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    word = words[i].lower
    if word in MODALS:
        return _modal(words, i)
    if word == "to":
        return _infinitive(words, i)
    if word in HAVE_FORMS or word in COPULAS:
        return _auxiliary(words, i)
    if word in COMMITTED_NOUNS:
        return _promise_noun(words, i)
    if word == "support" and i + 1 < len(words) and words[i + 1].lower in {"for", "of", "to"} and not _verb_position(words, i):
        return Predicate("support", Verb.SUPPORT, "noun", i, i + 1)
    if _run_together(word):
        return Predicate(word[2:], verb_forms()[word[2:]].verb, "infinitive", i, i + 1)
    form = words[i].form
    if form is None:
        return None
    if form.gerund:
        return _gerund(words, i, found)
    return _finite(words, i, found)


def _verb_position(words: Sequence[Token], i: int) -> bool:
    before = _before(words, i)
    return before in MODALS or before in PRONOUNS or before in {"to", ""} or words[i - 1].lower.endswith("s") and not words[i - 1].possessive


def _run_together(word: str) -> bool:
    """ "totake": a space lost in conversion, common in readouts that were once PDF."""
    form = verb_forms().get(word[2:]) if word.startswith("to") and len(word) > 5 else None
    return form is not None and form.base and word not in verb_forms()


def _skip_adverbs(words: Sequence[Token], i: int) -> int:
    """Past adverbs, and past ", therefore," in the middle of a verb group."""
    while i < len(words):
        if words[i].adverb and not (words[i].form and words[i].form.base and words[i].lower == "further" and _object_follows(words, i + 1)):
            i += 1
        elif words[i].text == "," and i + 2 < len(words) and words[i + 1].adverb and words[i + 2].text == ",":
            i += 3
        else:
            break
    return i


def _object_follows(words: Sequence[Token], i: int) -> bool:
    return i < len(words) and (words[i].lower in DETERMINERS or words[i].lower in POSSESSIVES)


def _modal(words: Sequence[Token], i: int) -> Predicate | None:
    j = _skip_adverbs(words, i + 1)
    if j >= len(words):
        return None
    negated = any(w.lower == "not" for w in words[i:j])
    word = words[j].lower
    if word in ("be", "have"):
        inner = _auxiliary(words, j)
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


def _infinitive(words: Sequence[Token], i: int) -> Predicate | None:
    j = _skip_adverbs(words, i + 1)
    if j >= len(words):
        return None
    purpose = i >= 2 and words[i - 1].lower in ("order", "as") and words[i - 2].lower in ("in", "so")
    if words[j].lower in ("be", "have"):
        inner = _auxiliary(words, j)
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
    return following in {",", ".", ";", "of", "and"} and i > 0 and words[i - 1].lower in {"contribution", "thanks", "due"}


def _auxiliary(words: Sequence[Token], i: int) -> Predicate | None:
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


def _promise_noun(words: Sequence[Token], i: int) -> Predicate | None:
    """ "commitment to …", "intent to …": the noun promises what follows "to"."""
    after = i + 1
    if after < len(words) and words[after].text == ",":  # "commitment, underpinned by …, to building"
        closing = next((k for k in range(after + 1, min(after + 15, len(words))) if words[k].text == ","), after)
        after = closing + 1
    if after < len(words) and words[after].lower == "to":
        return Predicate(words[i].lower, Verb.COMMIT, "noun", i, i + 1)
    return None


def _gerund(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    form = words[i].form
    assert form is not None
    before = _before(words, i)
    listed = before in {",", "and", "or", ";"} and any(p.shape == "gerund" for p in found[-3:])
    introduced = before in PREPOSITIONS | {"", ":", "—", "–", "-", "as", "while", "whilst"}
    participle = before == "," and bool(found)
    if words[i].lower in NOUN_GERUNDS and not ((introduced or listed) and _object_follows(words, i + 1)):
        return None
    if words[i].lower in ADJECTIVE_GERUNDS and not (listed or before in {"by", "through", "including", "to"} or i == 0):
        return None
    if words[i].capital and i > 0:
        return None
    if introduced or listed or participle:
        return Predicate(form.lemma, form.verb, "gerund", i, i + 1)
    light = found and found[-1].end == i - (words[i - 1].adverb if i else 0)
    if light and found and found[-1].verb in (Verb.CONTINUE, Verb.LIGHT, Verb.COMMIT, Verb.RESUME):
        return Predicate(form.lemma, form.verb, "gerund", i, i + 1)
    return None


def _before(words: Sequence[Token], i: int) -> str:
    """The word before position `i`, adverbs skipped."""
    i -= 1
    while i >= 0 and words[i].adverb and words[i].lower != "well":
        i -= 1
    if i >= 2 and words[i].lower == "as" and words[i - 1].lower == "well":  # "as well as launch …"
        return "and"
    return words[i].lower if i >= 0 else ""


def _finite(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    form = words[i].form
    assert form is not None
    if form.past and (not form.base) and _finite_past(words, i, found):
        return Predicate(form.lemma, form.verb, "finite", i, i + 1)
    if (form.base or form.third) and _finite_present(words, i, found):
        shape, modal = _listed_shape(words, i, found)
        return Predicate(form.lemma, form.verb, shape, i, i + 1, modal=modal)
    return None


def _finite_past(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    before = _before(words, i)
    if words[i].capital and i > 0 and not words[i].shouted:
        return False
    if before in DETERMINERS | PREPOSITIONS or before in POSSESSIVES:
        return False
    after = words[i + 1].lower if i + 1 < len(words) else "."
    form = words[i].form
    assert form is not None
    fixed = {
        "agree": {"on", "to", "that"},
        "commit": {"to"},
        "call": {"on", "for", "upon"},
        "look": {"forward", "to"},
        "recommit": {"to"},
        "decide": {"to", "on"},
        "resolve": {"to"},
        "plan": {"to"},
        "intend": {"to"},
    }
    taken = after in fixed.get(form.lemma, set()) or (form.verb is Verb.COMMIT and after == "to")
    reduced = (after in PREPOSITIONS or after in {",", "."}) and not taken
    if before in PRONOUNS or before in RELATIVES:
        return True
    if before == "," and not found:
        return not reduced and _object_follows(words, i + 1)
    if before in CONJUNCTIONS or before == ",":
        return bool(found) and any(p.shape in ("finite", "modal") for p in found) and not reduced and not _adjective_before_noun(words, i)
    if before in {"", ";", ":"}:
        return False
    if found and found[-1].shape in ("infinitive", "gerund", "modal") and form.verb not in _PERFORMATIVE:
        return False  # an adjective inside a complement: "enhancing extended deterrence"
    return not reduced and not _pending_verb(found, i)


def _pending_verb(found: Sequence[Predicate], i: int) -> bool:
    """Whether the words right before are the object of a verb: "the plan adopted last year" after "welcomed"."""
    return False if not found else found[-1].end == i


_PERFORMATIVE = frozenset(
    {
        Verb.REPORT, Verb.WELCOME, Verb.COMMIT, Verb.REQUEST, Verb.ANNOUNCE, Verb.TENTATIVE, Verb.AGAINST, Verb.EXPECT,
        Verb.CREATE,
    }
)  # fmt: skip


def _adjective_before_noun(words: Sequence[Token], i: int) -> bool:
    """ "and enhanced cooperation": a participle between "and" and a bare noun."""
    after = words[i + 1] if i + 1 < len(words) else None
    form = words[i].form
    if after is None or form is None:
        return False
    return form.verb not in _PERFORMATIVE and not (after.lower in DETERMINERS or after.lower in PREPOSITIONS or after.lower in ("that", "to"))


def _finite_present(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    form = words[i].form
    assert form is not None
    before, first = _before(words, i), i == 0 or _before(words, i) == ""
    after = words[i + 1] if i + 1 < len(words) else None
    if first:
        operative = words[i].shouted or (after is not None and (after.lower in DETERMINERS or after.shouted))
        return form.base and operative
    if words[i].capital and not words[i].shouted:
        return False
    if before in PRONOUNS:
        return True
    if before in DETERMINERS or before in PREPOSITIONS or words[i - 1].possessive:
        return False
    if before in CONJUNCTIONS | {",", ";", ":"} or before == "-":
        if form.third and not form.base:
            return bool(found) and words[i - 1].adverb and _object_follows(words, i + 1)
        return _continues_list(words, i, found)
    previous = words[i - 1] if not words[i - 1].adverb else words[max(i - 2, 0)]
    subject = (form.base and _plural_subject(previous)) or (form.third and not form.base and previous.is_word and _singular_subject(previous, form.lemma))
    if not subject:
        return False
    if form.lemma in AMBIGUOUS_BASES or form.third:
        return after is not None and (after.lower in DETERMINERS | {"to", "that", "for", "on", "forward", "continued", "and"} or words[i - 1].adverb) and not _inside_complement(found)
    return form.verb in (
        Verb.COMMIT,
        Verb.REPORT,
        Verb.WELCOME,
        Verb.REQUEST,
        Verb.SUPPORT,
        Verb.CONTINUE,
        Verb.EXPECT,
        Verb.AGAINST,
        Verb.ANNOUNCE,
        Verb.LIGHT,
        Verb.GIVE,
        Verb.VALUE,
    )


def _inside_complement(found: Sequence[Predicate]) -> bool:
    return bool(found) and found[-1].shape in ("infinitive", "gerund", "modal")


def _plural_subject(word: Token) -> bool:
    return word.is_word and (word.lower.endswith("s") or word.capital or word.lower in ("sides", "both", "people", "parties")) and not word.possessive


def _singular_subject(word: Token, lemma: str) -> bool:
    return word.capital and not word.possessive and lemma not in ("state", "mark", "address")


def _continues_list(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    """Whether a base form after "and" or "," goes on a list of verbs that a modal or "to" opened."""
    last = next((p for p in reversed(found) if p.shape in ("modal", "infinitive", "finite")), None)
    if last is None:
        return False
    if i + 1 < len(words) and words[i + 1].lower == "to" and words[i].form and words[i].form.verb is Verb.COMMIT:
        return True
    form = words[i].form
    assert form is not None
    after = words[i + 1] if i + 1 < len(words) else None
    if after is None or not after.is_word:
        return False
    if last.shape == "finite" and not _base_spelling(words, last):
        return words[i - 1].text == ":"
    if words[i - 1].adverb:
        return True
    taken = after.lower in DETERMINERS or after.lower in {"with", "to", "on", "for", "that", "upon", "at"} or after.adverb or after.capital
    if form.verb is Verb.ACT and after.lower == "that":  # "skills and research that …"
        return False
    if form.lemma in AMBIGUOUS_BASES:
        return taken and words[i - 1].lower not in {"the"}
    return after.lower not in {"and", "or", "of"}


def _base_spelling(words: Sequence[Token], predicate: Predicate) -> bool:
    form = words[predicate.end - 1].form
    return form is not None and form.base


def _listed_shape(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> tuple[Shape, str]:
    """The shape, and the modal, that a verb in a list takes over from the one that opened it."""
    before = _before(words, i)
    if before == ":" and i >= 2 and words[i - 2].lower == "to":  # "will seek to: promote …; strengthen …"
        return "infinitive", ""
    if before not in CONJUNCTIONS | {",", ";", ":", "-"}:
        return "finite", ""
    last = next((p for p in reversed(found) if p.shape in ("modal", "infinitive", "finite")), None)
    if last is None or last.shape == "finite" and not _base_spelling(words, last):
        return "finite", ""
    return last.shape, last.modal


def _reach(words: Sequence[Token], found: list[Predicate]) -> None:
    """Set `limit`, `hard` and the subject of every predicate."""
    for index, predicate in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        if predicate.shape in ("finite", "modal", "passive"):
            predicate.subject = _subject(words, predicate, found[index - 1] if index else None)
        predicate.hard = _hard(words, predicate.end)
        if following is not None and following.shape == "noun" and following.verb is Verb.SUPPORT and index + 2 <= len(found):
            following = found[index + 2] if index + 2 < len(found) else None  # "provide support to": one phrase
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


def _subject(words: Sequence[Token], predicate: Predicate, previous: Predicate | None) -> tuple[int, int] | None:
    """The tokens of the subject before a verb group, None where it shares the one before ("… and confirmed")."""
    end = predicate.start
    while end > 0 and words[end - 1].adverb:
        end -= 1
    if end and words[end - 1].lower in PRONOUNS:
        return end - 1, end
    floor = previous.end if previous is not None else 0
    start = end
    while start > floor and not _opens_clause(words[start - 1]):
        start -= 1
    while start < end and (words[start].lower in CONJUNCTIONS or words[start].text == ","):
        start += 1
    if previous is None or start > floor and _opens_clause(words[start - 1]):
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
    inner = [i for i in range(start + 3, end) if words[i].lower in DETERMINERS and words[i - 1].lower not in PREPOSITIONS]
    return inner[-1] if inner else start


_SUBJECT_OPENERS = frozenset("both our leaders ministers participants delegations officials experts members".split())


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


def _attach(words: Sequence[Token], found: list[Predicate]) -> None:
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
    before = _before(words, predicate.start)
    listed = before in CONJUNCTIONS or before in {",", ";", ":", "-"}
    if before == ":" and predicate.shape == "infinitive":
        return index - 1
    if listed:
        for other in range(index - 1, -1, -1):
            if found[other].shape == predicate.shape and (predicate.shape != "infinitive" or not found[other].purpose or predicate.purpose):
                predicate.sibling = other
                return found[other].parent
            if found[other].subject is not None and predicate.shape in ("infinitive", "gerund"):
                break
    if predicate.shape == "finite" and listed:
        return None
    aside = before in {"while", "whilst"}
    return index - 1 if previous.hard >= predicate.start or listed or aside else None

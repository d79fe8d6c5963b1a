"""Verbs that nothing announces: finite forms after a subject, members of a list, gerunds."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.initiatives.lexicon import (
    ADJECTIVE_GERUNDS,
    AMBIGUOUS_BASES,
    CONJUNCTIONS,
    DETERMINERS,
    NOUN_GERUNDS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    Verb,
)
from retrieval.initiatives.predicate import PERFORMATIVE, Predicate, Shape, object_follows, word_before
from retrieval.initiatives.tokens import Token


def gerund(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    """A verb in -ing, unless it stands where a noun or an adjective does."""
    form = words[i].form
    assert form is not None
    before = word_before(words, i)
    listed = before in {",", "and", "or", ";"} and any(p.shape == "gerund" for p in found[-3:])
    introduced = before in PREPOSITIONS | {"", ":", "—", "–", "-", "as", "while", "whilst"}
    participle = before == "," and bool(found)
    if words[i].lower in NOUN_GERUNDS and not ((introduced or listed) and object_follows(words, i + 1)):
        return None
    if words[i].lower in ADJECTIVE_GERUNDS and not (
        listed or before in {"by", "through", "including", "to"} or i == 0
    ):
        return None
    if words[i].capital and i > 0:
        return None
    if introduced or listed or participle:
        return Predicate(form.lemma, form.verb, "gerund", i, i + 1)
    light = found and found[-1].end == i - (words[i - 1].adverb if i else 0)
    if light and found and found[-1].verb in (Verb.CONTINUE, Verb.LIGHT, Verb.COMMIT, Verb.RESUME):
        return Predicate(form.lemma, form.verb, "gerund", i, i + 1)
    return None


def finite(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> Predicate | None:
    """A past or present form after a subject, or one that goes on a list of verbs."""
    form = words[i].form
    assert form is not None
    if form.past and (not form.base) and _finite_past(words, i, found):
        return Predicate(form.lemma, form.verb, "finite", i, i + 1)
    if (form.base or form.third) and _finite_present(words, i, found):
        shape, modal = _listed_shape(words, i, found)
        return Predicate(form.lemma, form.verb, shape, i, i + 1, modal=modal)
    return None


def unknown_past(words: Sequence[Token], i: int) -> Predicate | None:
    """A sentence's first verb where the lexicon lacks it: "The minister arrived"."""
    word, after = words[i].lower, words[i + 1].lower if i + 1 < len(words) else "."
    if not word.endswith("ed") or words[i].capital or i == 0 or "-" in word:
        return None
    before = words[i - 1]
    named = before.capital or _plural_subject(before)
    if not named or before.function_word or before.possessive or after in PREPOSITIONS or after == ",":
        return None
    if (
        i + 1 < len(words)
        and words[i + 1].is_word
        and not (object_follows(words, i + 1) or words[i + 1].adverb)
    ):
        return None
    return Predicate(word, Verb.ACT, "finite", i, i + 1)


def _finite_past(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    before = word_before(words, i)
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
    taken = after in fixed.get(form.lemma, set()) or (form.verb is Verb.COMMIT and after in {"to", "on"})
    reduced = (after in PREPOSITIONS or (after in {",", "."} and bool(found))) and not taken
    if before in PRONOUNS or before in RELATIVES:
        return True
    if before == "," and not found:
        return not reduced and object_follows(words, i + 1)
    if before in CONJUNCTIONS or before == ",":
        return (
            bool(found)
            and any(p.shape in ("finite", "modal") for p in found)
            and not reduced
            and not _adjective_before_noun(words, i)
        )
    if before in {"", ";", ":"}:
        return False
    if found and found[-1].shape in ("infinitive", "gerund", "modal") and form.verb not in PERFORMATIVE:
        return False  # an adjective inside a complement: "enhancing extended deterrence"
    return not reduced and not _pending_verb(found, i)


def _pending_verb(found: Sequence[Predicate], i: int) -> bool:
    """Whether a verb stands right before: "welcomed enhanced cooperation" has one verb."""
    return False if not found else found[-1].end == i


def _adjective_before_noun(words: Sequence[Token], i: int) -> bool:
    """ "and enhanced cooperation": a participle between "and" and a bare noun."""
    after = words[i + 1] if i + 1 < len(words) else None
    form = words[i].form
    if after is None or form is None:
        return False
    return form.verb not in PERFORMATIVE and not (
        after.lower in DETERMINERS or after.lower in PREPOSITIONS or after.lower in ("that", "to")
    )


def _finite_present(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    form = words[i].form
    assert form is not None
    before, first = word_before(words, i), i == 0 or word_before(words, i) == ""
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
            return bool(found) and words[i - 1].adverb and object_follows(words, i + 1)
        return _continues_list(words, i, found)
    previous = words[i - 1] if not words[i - 1].adverb else words[max(i - 2, 0)]
    subject = (form.base and _plural_subject(previous)) or (
        form.third and not form.base and previous.is_word and _singular_subject(previous, form.lemma)
    )
    if not subject:
        return False
    if form.lemma in AMBIGUOUS_BASES or form.third:
        return (
            after is not None
            and (
                after.lower in DETERMINERS | {"to", "that", "for", "on", "forward", "continued", "and"}
                or words[i - 1].adverb
            )
            and not _inside_complement(found)
        )
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
    return (
        word.is_word
        and (word.lower.endswith("s") or word.capital or word.lower in ("sides", "both", "people", "parties"))
        and not word.possessive
    )


def _singular_subject(word: Token, lemma: str) -> bool:
    return word.capital and not word.possessive and lemma not in ("state", "mark", "address")


def _continues_list(words: Sequence[Token], i: int, found: Sequence[Predicate]) -> bool:
    """Whether a base form after "and" or "," goes on a list of verbs that a modal or "to" opened."""
    last = next((p for p in reversed(found) if p.shape in ("modal", "infinitive", "finite")), None)
    if last is None:
        return False
    form = words[i].form
    assert form is not None
    if form.verb is Verb.EXPECT and i + 1 < len(words) and words[i + 1].lower == "forward":
        return True
    if form.verb is Verb.COMMIT and i + 1 < len(words) and words[i + 1].lower == "to":
        return True
    after = words[i + 1] if i + 1 < len(words) else None
    if after is None or not after.is_word:
        return False
    if last.shape == "finite" and not _base_spelling(words, last):
        return words[i - 1].text == ":"
    if words[i - 1].adverb:
        return True
    taken = (
        after.lower in DETERMINERS
        or after.lower in {"with", "to", "on", "for", "that", "upon", "at"}
        or after.adverb
        or after.capital
    )
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
    before = word_before(words, i)
    if before == ":" and i >= 2 and words[i - 2].lower == "to":  # "will seek to: promote …; strengthen …"
        return "infinitive", ""
    if before not in CONJUNCTIONS | {",", ";", ":", "-"}:
        return "finite", ""
    last = next((p for p in reversed(found) if p.shape in ("modal", "infinitive", "finite")), None)
    if last is None or (last.shape == "finite" and not _base_spelling(words, last)):
        return "finite", ""
    return last.shape, last.modal

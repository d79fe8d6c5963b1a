"""What a verb's words amount to: promised, continued, asked for, supported, merely welcomed or discussed.

"Welcomed" is not "agreed" and "will consider" is not "will": a verb stands as its own class and the verbs
above it
allow, and nothing is listed that the words do not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from retrieval.initiatives.lexicon import (
    DETERMINERS,
    PROMISING_MODALS,
    RELATIVES,
    Verb,
    head_family,
    word_set,
)
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.tokens import Token


class Standing(StrEnum):
    """How a verb stands."""

    PROMISED = "promised"
    MEANS = "means"  # "by increasing …": how a promise will be kept
    REQUESTED = "requested"
    EXPECTED = "expected"
    SUPPORTED = "supported"
    DONE = "done"  # a plain fact: "established", "was conducted"
    PURPOSE = "purpose"  # "…, to facilitate cooperation": why, not what
    WELCOMED = "welcomed"
    REPORTED = "reported"
    TENTATIVE = "tentative"
    AGAINST = "against"
    NONE = "none"


ACTIVE = frozenset({Standing.PROMISED, Standing.MEANS, Standing.REQUESTED, Standing.EXPECTED})

_PARTY = word_set(
    """leaders leader ministers minister president presidents prime governments government countries
    country sides side parties party nations members member states participants delegations delegation
    delegates officials experts advisors advisers nsas secretary secretaries we they he she both
    ministry ministries mod sdf agencies forces authorities chiefs heads principals chairs chair
    commissioners commission our council vice general partners partner quad committee group groups
    working teams militaries navies troika premier guards guard navies armies police parliaments
    universities"""
)
_OWN_OFFICIALS = word_set(
    """ministers minister officials ministries ministry agencies agency experts teams team negotiators
    delegations delegation governments government secretariat group groups committee our their relevant
    authorities bodies departments advisors advisers staffs sherpas working militaries departments
    institutions"""
)
_EFFORT = word_set("efforts effort steps step action actions forces")
_AFFIRMING = frozenset({"affirm", "reaffirm", "confirm"})
_THINGS = frozenset({"instrument", "framework", "resource", "event"})


def is_party(words: Sequence[Token], span: tuple[int, int] | None) -> bool:
    """Whether a subject names somebody who can promise, rather than "it", "which" or a thing."""
    if span is None:
        return True
    subject = words[span[0] : span[1]]
    if any(w.lower in RELATIVES for w in subject[:1]) or subject[0].lower in {
        "it",
        "there",
        "this",
        "these",
        "that",
    }:
        return False
    if not any(w.bare in _PARTY for w in subject[-1:]) and head_family((subject[-1].bare,)) in _THINGS:
        return False
    return any(
        w.bare in _PARTY or (w.capital and (i > 0 or w.shouted or w.lower not in DETERMINERS))
        for i, w in enumerate(subject)
    )


def standings(words: Sequence[Token], found: Sequence[Predicate]) -> list[Standing]:
    """How each predicate of one sentence stands."""
    known: list[Standing] = []
    for index, predicate in enumerate(found):
        known.append(_standing(words, found, known, index, predicate))
    return known


def _standing(
    words: Sequence[Token],
    found: Sequence[Predicate],
    known: Sequence[Standing],
    index: int,
    predicate: Predicate,
) -> Standing:
    above = known[predicate.parent] if predicate.parent is not None and predicate.parent < index else None
    if predicate.negated:
        return Standing.NONE
    if predicate.shape in ("finite", "modal", "passive"):
        return _clause(words, found, above, predicate, index)
    if predicate.shape == "noun":
        if above in (Standing.TENTATIVE, Standing.AGAINST):
            return Standing.TENTATIVE
        return Standing.SUPPORTED if predicate.verb is Verb.SUPPORT else Standing.PROMISED
    return _dependent(words, found, known, above, predicate)


def _clause(
    words: Sequence[Token],
    found: Sequence[Predicate],
    above: Standing | None,
    predicate: Predicate,
    index: int,
) -> Standing:
    if above in (Standing.TENTATIVE, Standing.AGAINST):
        return above
    if _hoped(words, found, predicate):
        return Standing.TENTATIVE
    if predicate.shape == "passive" and predicate.modal not in PROMISING_MODALS:
        return Standing.DONE if not predicate.modal else Standing.NONE
    if predicate.shape == "passive":
        return Standing.PROMISED
    if not is_party(words, subject_of(words, found, index)) and not _it_is_the_speaker(
        words, found, predicate
    ):
        return Standing.NONE
    own = _OWN.get(predicate.verb)
    if (
        own is None
        and predicate.subject is None
        and predicate.start <= 1
        and words[predicate.end - 1].shouted
    ):
        return Standing.PROMISED  # "STRENGTHEN practical cooperation …": an operative paragraph
    if own is Standing.SUPPORTED and predicate.modal:
        own = Standing.PROMISED
    if own is not None and own is not Standing.PROMISED:
        return own
    if predicate.modal and predicate.modal not in PROMISING_MODALS:
        joint = predicate.modal == "should" and predicate.lemma in (
            "work",
            "cooperate",
            "continue",
            "collaborate",
        )
        return Standing.PROMISED if joint else Standing.NONE
    if predicate.modal or own is Standing.PROMISED:
        return Standing.PROMISED
    return Standing.DONE


def _hoped(words: Sequence[Token], found: Sequence[Predicate], predicate: Predicate) -> bool:
    """ "expressed his hope that an agreement would be signed": nobody promises it."""
    if predicate.parent is None or predicate.subject is None:
        return False
    between = {w.lower for w in words[found[predicate.parent].end : predicate.subject[0]]}
    return bool(between & {"hope", "hopes", "wish", "desire", "expectation", "expectations", "confidence"})


def _it_is_the_speaker(words: Sequence[Token], found: Sequence[Predicate], predicate: Predicate) -> bool:
    """ "Norland announced that it will host …"."""
    if predicate.subject is None or predicate.parent is None or not predicate.modal:
        return False
    first, last = predicate.subject
    speaking = found[predicate.parent].verb in (Verb.REPORT, Verb.ANNOUNCE, Verb.COMMIT)
    return last - first == 1 and words[first].lower == "it" and speaking


_OWN = {
    Verb.COMMIT: Standing.PROMISED,
    Verb.CONTINUE: Standing.PROMISED,
    Verb.LIGHT: Standing.PROMISED,
    Verb.SUPPORT: Standing.SUPPORTED,
    Verb.REQUEST: Standing.REQUESTED,
    Verb.EXPECT: Standing.EXPECTED,
    Verb.WELCOME: Standing.WELCOMED,
    Verb.REPORT: Standing.REPORTED,
    Verb.TENTATIVE: Standing.TENTATIVE,
    Verb.AGAINST: Standing.AGAINST,
    Verb.VALUE: Standing.NONE,
    Verb.BE: Standing.REPORTED,
}


def _dependent(
    words: Sequence[Token],
    found: Sequence[Predicate],
    known: Sequence[Standing],
    above: Standing | None,
    predicate: Predicate,
) -> Standing:
    """An infinitive or a gerund."""
    if predicate.parent is None or above is None:
        return Standing.NONE
    governor = found[predicate.parent]
    if predicate.verb in (Verb.TENTATIVE, Verb.AGAINST):
        return Standing.TENTATIVE
    if predicate.sibling is not None and found[predicate.sibling].verb not in (Verb.TENTATIVE, Verb.AGAINST):
        return known[predicate.sibling]
    if predicate.shape == "gerund":
        return _gerund(words, governor, above, predicate)
    if predicate.purpose:
        return Standing.PURPOSE
    if governor.verb is Verb.REQUEST and above is Standing.REQUESTED:
        addressee = words[governor.end : predicate.start]
        return Standing.REQUESTED if any(w.bare in _OWN_OFFICIALS for w in addressee) else Standing.AGAINST
    if governor.verb in (Verb.COMMIT, Verb.EXPECT):
        if above not in ACTIVE:
            return above
        return (
            Standing.PROMISED
            if _promises_directly(words[governor.end : predicate.start])
            else Standing.PURPOSE
        )
    between = words[governor.end : predicate.start]
    if governor.lemma in _AFFIRMING and all(w.adverb for w in between) and governor.shape == "finite":
        return Standing.PROMISED  # "affirmed to continue …"
    if governor.verb is Verb.BE and "timely" in {w.lower for w in words[governor.end : predicate.start]}:
        return Standing.PROMISED
    if above in (Standing.REPORTED, Standing.DONE) and _new_efforts(between):
        return Standing.PROMISED
    if above in ACTIVE:
        return above if _carries_on(words, governor, predicate) else Standing.PURPOSE
    return Standing.PURPOSE if above is Standing.DONE else above


def _promises_directly(between: Sequence[Token]) -> bool:
    """ "agreed to …", "agreed for the Working Groups to …", but not "agreed on X to …"."""
    if (
        not between
        or all(w.adverb for w in between)
        or between[0].text in {",", "–", "—", ":"}
        or between[0].lower == "to"
    ):
        return True
    if between[0].lower in {"today", "that", "with", "jointly", "among"}:
        return True
    last_for = max((i for i, w in enumerate(between) if w.lower == "for"), default=None)
    return last_for is not None and any(w.bare in _OWN_OFFICIALS for w in between[last_for:])


def _new_efforts(between: Sequence[Token]) -> bool:
    """ "highlighting new efforts to expand …": news, whatever verb brings it."""
    plain = [w.lower for w in between]
    return (
        len(plain) >= 2
        and plain[-1] in {"efforts", "steps", "action", "actions"}
        and plain[-2] in {"new", "additional"}
    )


def _carries_on(words: Sequence[Token], governor: Predicate, predicate: Predicate) -> bool:
    """Whether the infinitive is what is really promised: "work together to", "make efforts to"."""
    between = words[governor.end : predicate.start]
    if governor.verb in (Verb.LIGHT, Verb.COMMIT):
        return True
    if governor.verb in (Verb.CONTINUE, Verb.RESUME, Verb.COOPERATE) and len(between) <= 4:
        return all(
            w.adverb or w.lower in {"with"} or w.capital or w.lower in {"partners", "others"} for w in between
        )
    return any(w.lower in _EFFORT for w in between[-2:])


def _gerund(words: Sequence[Token], governor: Predicate, above: Standing, predicate: Predicate) -> Standing:
    before = words[predicate.start - 1].lower if predicate.start else ""
    if before in {"while", "whilst"}:
        return Standing.MEANS if above in ACTIVE else above
    if predicate.verb in _OWN and before == ",":
        own = _OWN[predicate.verb]
        return (
            own
            if own in (Standing.WELCOMED, Standing.REPORTED, Standing.AGAINST, Standing.REQUESTED)
            else above
        )
    between = words[governor.end : predicate.start]
    direct = all(w.adverb or w.lower == "to" for w in between) or governor.verb is Verb.COMMIT
    if (
        above in ACTIVE
        and direct
        and governor.verb in (Verb.COMMIT, Verb.CONTINUE, Verb.RESUME, Verb.LIGHT, Verb.EXPECT)
    ):
        return Standing.PROMISED
    if above in ACTIVE and _introduces_means(words, predicate):
        return Standing.MEANS
    if before == "including" and governor.parent is not None and governor.shape == "infinitive":
        return Standing.MEANS  # "…, to prepare for the next, including making available …"
    if above in ACTIVE and governor.verb is Verb.REQUEST:
        return above
    return Standing.PURPOSE if above in ACTIVE or above is Standing.DONE else above


def _introduces_means(words: Sequence[Token], predicate: Predicate) -> bool:
    """ "by increasing", "including by upgrading", and the further members of such a list."""
    i = predicate.start - 1
    while i >= 0 and words[i].adverb:
        i -= 1
    before = words[i].lower if i >= 0 else ""
    return before in {"by", "through", "including", ",", "and", ";"}


def subject_of(words: Sequence[Token], found: Sequence[Predicate], index: int) -> tuple[int, int] | None:
    """The subject that governs a predicate: its own, or that of the verb it depends on or is listed with."""
    seen = index
    while found[seen].subject is None:
        parent = found[seen].parent
        if parent is None or parent >= seen:
            break
        seen = parent
    if found[seen].subject is not None:
        return found[seen].subject
    if (
        seen and found[seen].start and words[found[seen].start - 1].text == ","
    ):  # "The Ministers, noting that …, commended"
        comma = next(i for i, w in enumerate(words) if w.text == ",")
        if comma < found[0].start and is_party(words, (0, comma)):
            return 0, comma
    earlier = [s for s in (p.subject for p in found[:seen]) if s is not None]
    parties = [s for s in earlier if is_party(words, s)]
    return parties[-1] if parties else (earlier[-1] if earlier else None)


def above(found: Sequence[Predicate], index: int) -> list[Predicate]:
    """The predicate and everything it depends on, nearest first."""
    chain, seen = [found[index]], found[index].parent
    while seen is not None and len(chain) < 12:
        chain.append(found[seen])
        seen = found[seen].parent
    return chain

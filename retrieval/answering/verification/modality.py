"""How firm a statement is, against how firm its evidence is: welcomed is not agreed, may is not will."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.answering.verification.cues import DONE, LICENCES, PAST, PATTERNS, SPEECH, Cue, found, happened
from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import lowered
from retrieval.answering.verification.polarity import denies
from retrieval.index.terms import STOP_WORDS, stem

_WEAK = frozenset(
    {
        Cue.CONSIDERED,
        Cue.POSSIBLE,
        Cue.PROPOSED,
        Cue.REQUESTED,
        Cue.OFFERED,
        Cue.WELCOMED,
        Cue.NOTED,
        Cue.INTENDED,
        Cue.PERMITTED,
    }
)
_FIRM = frozenset(
    {Cue.FUTURE, Cue.PROMISED, Cue.AGREED, Cue.SIGNED, Cue.EXPECTED, Cue.OBLIGED, Cue.DONE, Cue.ANNOUNCED}
)
_AHEAD = frozenset(
    {
        Cue.FUTURE,
        Cue.INTENDED,
        Cue.PROMISED,
        Cue.REQUESTED,
        Cue.PROPOSED,
        Cue.CONSIDERED,
        Cue.POSSIBLE,
        Cue.OFFERED,
        Cue.EXPECTED,
        Cue.AGREED,
    }
)
_NEEDS_WORDS = frozenset(
    {
        Cue.AGREED,
        Cue.SIGNED,
        Cue.PROMISED,
        Cue.REQUESTED,
        Cue.OPPOSED,
        Cue.CONDEMNED,
        Cue.OBLIGED,
        Cue.CHAIRED,
    }
)
"""What may be said only where the evidence has a word for it; the rest also where it has none of any class."""
_IN_FORCE = re.compile(r"\bin (?:effect|force|operation)\b|\bapplies\b")
_TO_FORCE = re.compile(
    r"\b(?:to|will|would|shall)\b.{0,40}\b(?:into force|into effect|take effect|operational)\b"
)
_NOT_FORCE = re.compile(
    r"\b(?:not|yet|will|would|shall|to be)\b.{0,15}\bin (?:effect|force)\b|\b(?:from|as of)\b"
)


_JOINTLY = re.compile(
    r"\b(?:we|both sides|two sides|leaders|ministers|parties|countries|members|governments) (?:\w+ )?(?:will|shall)\b"
)
"""What several say they will do is agreed between them."""


def compare(statement: str, evidence: str, sentence: str) -> Iterator[Difference]:
    """Yield what `statement` says more firmly, or less so, than its evidence."""
    said, quoted, near = lowered(statement), lowered(evidence), lowered(sentence)
    own, known = found(said), found(quoted)
    if not known & (_WEAK | _FIRM | frozenset(LICENCES)):
        quoted, known = near, found(near)
    if _JOINTLY.search(quoted):
        known |= {Cue.AGREED}
    yield from _stances(said, own, known, found(near), quoted)
    yield from _tense(said, own, known, quoted)
    if _IN_FORCE.search(said) and _TO_FORCE.search(near) and not _NOT_FORCE.search(said):
        yield _difference("It says that something is in effect that, by the evidence, has yet to be.")


def _stances(
    said: str, own: frozenset[Cue], known: frozenset[Cue], near: frozenset[Cue], quoted: str
) -> Iterator[Difference]:
    for cue in sorted(own & LICENCES.keys()):
        if known & LICENCES[cue] or (cue in _FROM_SENTENCE and near & LICENCES[cue]):
            continue
        if denies(quoted) and cue in (Cue.OPPOSED, Cue.POSSIBLE, Cue.CONSIDERED):
            continue
        stated = known & (_WEAK | _FIRM | frozenset(LICENCES))
        if not stated and cue not in _NEEDS_WORDS:
            continue
        if cue in (Cue.POSSIBLE, Cue.CONSIDERED) and not known & (_FIRM | {Cue.INTENDED, Cue.WELCOMED}):
            continue
        if (
            cue in (Cue.NOTED, Cue.CONCERNED, Cue.INTENDED, Cue.WELCOMED, Cue.PROPOSED, Cue.SUPPORTED)
            and not known & _CONTRARY[cue]
        ):
            continue
        word = PATTERNS[cue].search(said)
        instead = next(
            (m.group() for c in sorted(known) if c in PATTERNS and (m := PATTERNS[c].search(quoted))), None
        )
        ending = f"the evidence says “{instead}”" if instead else "the evidence does not"
        yield _difference(f"It says “{word.group() if word else cue.value}”; {ending}.")


_HEDGES = frozenset(
    {
        Cue.POSSIBLE,
        Cue.CONSIDERED,
        Cue.INTENDED,
        Cue.OFFERED,
        Cue.EXPECTED,
        Cue.WANTED,
        Cue.REQUESTED,
        Cue.PERMITTED,
    }
)
"""What keeps a statement about the future from being certain."""
_FROM_SENTENCE = frozenset({Cue.CONCERNED, Cue.NOTED, Cue.SUPPORTED, Cue.WELCOMED, Cue.CHAIRED})
"""What describes a whole sentence: a quote may leave its word out."""
_CONTRARY = {
    Cue.NOTED: frozenset({Cue.OPPOSED, Cue.CONDEMNED}),
    Cue.PROPOSED: frozenset({Cue.AGREED, Cue.SIGNED, Cue.FUTURE, Cue.PROMISED, Cue.OPPOSED}),
    Cue.SUPPORTED: frozenset({Cue.OPPOSED, Cue.CONDEMNED, Cue.NOTED, Cue.CONSIDERED, Cue.POSSIBLE}),
    Cue.CONCERNED: frozenset({Cue.WELCOMED, Cue.SUPPORTED}),
    Cue.INTENDED: frozenset({Cue.CONSIDERED, Cue.POSSIBLE, Cue.WELCOMED, Cue.OPPOSED}),
    Cue.WELCOMED: frozenset({Cue.CONDEMNED, Cue.OPPOSED, Cue.NOTED, Cue.CONSIDERED, Cue.REQUESTED}),
}


_PERFECT = re.compile(
    r"\b(?:has|have|had|was|were|is|are)(?: (?:been|already|now|also|since))* (\w+(?:ed|en|wn|ght|ut|id))\b"
)


_BEFORE_NOUN = re.compile(
    r"\b(?:an?|the|its|their|his|her|our|of|in|for|with|on|and|new|this|these|more|by|as|or|\w+'s) $"
)


def _has_done(said: str) -> bool:
    """Whether a statement has a perfect of more than speech: "has paid", not "has urged"."""
    return any(not SPEECH.search(done.group()) for done in DONE.finditer(_ASIDE.sub(" ", said)))


_ASIDE = re.compile(r"\b(?:how|what|where|once|when|if|until|unless)\b[^,.;]*")


def _told_as_past(said: str) -> bool:
    """Whether a statement tells of something done: participles before nouns ("a renewed offer") do not."""
    plain = PAST.sub(
        lambda m: "" if _BEFORE_NOUN.search(said[max(0, m.start() - 15) : m.start()]) else m[0], said
    )
    return happened(_BE_TO.sub(" ", plain))


_BE_TO = re.compile(r"\b(?:was|were) to\b")


def _still_ahead(said: str, quoted: str) -> str | None:
    """A verb told as done whose every mention in the evidence is "to …" or "will …"."""
    for done in _PERFECT.finditer(said):
        own = stem(done[1])
        places = [m for m in re.finditer(r"[a-z]+", quoted) if m[0] not in STOP_WORDS and stem(m[0]) == own]
        ahead = [_AHEAD_OF.search(quoted[max(0, m.start() - 25) : m.start()]) for m in places]
        if ahead and all(ahead) and not _AHEAD_OF.search(said[max(0, done.start() - 12) : done.start(1)]):
            return done[1]
    return None


_WILL = re.compile(r"\b(?:will|shall|(?:is|are) (?:due|going|set|expected) to)(?: be)?(?: \w+ly)? (\w+)")


def _ahead_of_done(said: str, quoted: str) -> str | None:
    """A verb told with "will" that the evidence has in the past."""
    done = {stem(m.group()) for m in re.finditer(r"(?<!to )(?<!be )\b[a-z]+ed\b", quoted)}
    return next((m[1] for m in _WILL.finditer(said) if stem(m[1]) in done), None)


_DECIDED = r"\b(?:decid(?:e|es|ed)|resolv(?:es|ed)) (?:unanimously |further |also )?to (\w+)"
_ENACTED = frozenset(
    stem(verb)
    for verb in """extend renew establish create appoint elect adopt approve endorse grant admit suspend lift abolish dissolve terminate
    designate authorise authorize mandate request impose repeal amend prolong convene entrust rename""".split()
)
"""What a body does by deciding it: to decide to extend a mandate is to extend it."""


def _decides(done: str, quoted: str) -> bool:
    enacted = {stem(m[1]) for m in re.finditer(_DECIDED, quoted)} & _ENACTED
    return stem(done) in enacted


_AHEAD_OF = re.compile(
    r"\b(?:to|will|would|shall|may|might|could|can|should)(?: be)?(?: \w+ly| also| further)? $"
)


def _tense(said: str, own: frozenset[Cue], known: frozenset[Cue], quoted: str) -> Iterator[Difference]:
    ahead = known & _AHEAD
    waiting = _still_ahead(said, quoted)
    if waiting and not denies(said) and not _decides(waiting, quoted):
        yield _difference(f"It says as done (“{waiting}”) what is yet to come in the evidence.")
        return
    if (
        Cue.FUTURE in own
        and not known & (_AHEAD | {Cue.WANTED, Cue.OBLIGED})
        and not denies(said)
        and (verb := _ahead_of_done(said, quoted))
    ):
        yield _difference(f"It says as yet to come (“{verb}”) what is done in the evidence.")
        return
    if Cue.FUTURE in own and not own & _HEDGES and known & _WEAK and not known & _FIRM:
        yield _difference("It says as certain what the evidence does not.")
    elif _has_done(said) and ahead and not happened(quoted):
        yield _difference("It says as done what is yet to come in the evidence.")
    elif (
        Cue.FUTURE not in own
        and not own & (_AHEAD | {Cue.WANTED})
        and not denies(quoted)
        and _told_as_past(said)
        and ahead
        and not happened(quoted)
    ):
        yield _difference("It tells as past what is yet to come in the evidence.")


def _difference(reason: str) -> Difference:
    return Difference(Kind.MODALITY, reason, contradicts=True)

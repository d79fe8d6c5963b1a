"""Who does it to whom, from where to where, and what belongs to whom.

Two texts can name the same things and still say opposite things. A relation is read where it is plain: a finite
verb with a name or a role ("donors") on either side, "from … to …", an owner and what is owned. Where one side
cannot be read, nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.names import aliased, key, names, same
from retrieval.index.terms import STOP_WORDS, stem

_GIVES = "give supply provide sell export lend pay donate transfer send grant deliver hand owe cede award"
_TAKES = "receive buy import borrow obtain purchase accept acquire get inherit"
_HOSTS = "host welcome invite greet"
_VISITS = "visit"
_IRREGULAR = {
    "gave": "give", "given": "give", "sold": "sell", "lent": "lend", "paid": "pay", "sent": "send", "bought": "buy",
    "got": "get", "told": "tell", "led": "lead", "met": "meet", "taught": "teach", "beat": "beat", "sought": "seek",
    "brought": "bring", "took": "take", "taken": "take", "chose": "choose", "chosen": "choose", "made": "make",
}  # fmt: skip
_CLASSES = {
    stem(verb): name
    for name, verbs in (("give", _GIVES), ("take", _TAKES), ("host", _HOSTS), ("visit", _VISITS))
    for verb in verbs.split()
}
_ASKED = re.compile(
    r"\b(?P<verb>urg|ask|request|invit|instruct|warn|encourag|advis)(?:e|es|ed|s|ing)? (?:the )?"
    r"(?P<whom>[A-Z][\w'-]*(?: [A-Z][\w'-]*)*) to\b"
)
_AUXILIARY = r"(?:will|would|shall|may|might|must|can|could|should|has|have|had|does|did|do|is|are|was|were|be|been|being|also|not|to|now|already|jointly|\w+ly)"
_FINITE = re.compile(
    rf"\b(?P<aux>(?:(?:will|would|shall|may|might|must|can|could|should|has|have|had|is|are|was|were|did|does)\b(?: {_AUXILIARY}\b)* )?)"
    rf"(?P<verb>{'|'.join(_IRREGULAR)}|[a-z]{{2,}}ed|(?<= )[a-z]{{3,}})\b"
)
_BARE = frozenset(
    form
    for v in (
        f"{_GIVES} {_TAKES} {_HOSTS} {_VISITS}"
        " urge ask thank train brief inform tell advise assist help support fund finance pay lead teach follow join"
        " criticise praise warn notify consult request invite instruct succeed replace appoint elect owe represent"
    ).split()
    for form in (v, f"{v}s", f"{v}es", f"{v[:-1]}ies")
)
_PASSIVE = re.compile(r"\b(?:is|are|was|were|be|been|being)\b")
_END = re.compile(
    r"[;:!?]|(?<!Mr)(?<!Ms)(?<!Dr)(?<!Mrs)(?<!Prof)(?<!\b[A-Z])\.(?!\d)|,? \b(?:that|which|who|while|but|whereas|although|though|because|so)\b"
)
_ROLE = r"[a-z]{3,}(?:ers|ors|ees|ists|ents|ants|ians|hosts|states|countries|members|governments|parties|firms|companies|banks|guests|allies|students|workers)"
_ROLES = re.compile(rf"\b{_ROLE}\b")
_PREPOSITION = re.compile(
    r"\b(in|at|on|for|about|of|with|under|during|over|after|before|to|from|by)(?: the)? $"
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that goes from somebody to somebody; either side may be unknown.

    Attributes:
        verb: Stem, or the class of verbs that say the same: "give" for lend, supply and, turned round, import.
        source: Keys of who does it.
        target: Keys of whom it is done to.
    """

    verb: str
    source: frozenset[str]
    target: frozenset[str]
    written: str


def compare(statement: str, evidence: str, sentence: str, context: str) -> Iterator[Difference]:
    """Yield relations of `statement` that the evidence has the other way round, or with somebody else."""
    said, near = aliased(statement), aliased(sentence)
    around = f"{near} {aliased(context)}"
    yield from _turned_round(said, near, around)
    yield from _addressed(said, near, around)
    yield from _moved(said, near)
    yield from _owned(said, near, around)
    yield from _placed(said, aliased(evidence), near, around)


def _turned_round(said: str, near: str, around: str) -> Iterator[Difference]:
    known = acts(near, around)
    for act in acts(said, around):
        alike = [k for k in known if k.verb == act.verb]
        if any(_meet(k.source, act.source) and _meet(k.target, act.target) for k in alike):
            continue
        kept = any(_meet(k.source, act.source) or _meet(k.target, act.target) for k in alike)
        for other in alike:
            crossed = _meet(act.source, other.target), _meet(act.target, other.source)
            if kept and not all(crossed):
                continue
            if all(crossed) or (any(crossed) and not (act.source and act.target)):
                reason = f"It says “{act.written}” the other way round: the evidence says “{other.written}”."
                yield Difference(Kind.ACTOR, reason, contradicts=True)
                break


def _addressed(said: str, near: str, around: str) -> Iterator[Difference]:
    """The same is asked, of somebody else: "urged A to" against "urged B to"."""
    known = [(stem(m["verb"]), m.group(), _addressee(m, around)) for m in _ASKED.finditer(near)]
    for asked in _ASKED.finditer(said):
        own = _addressee(asked, around)
        alike = [(written, whom) for verb, written, whom in known if verb == stem(asked["verb"]) and whom]
        if own and alike and not any(_meet(whom, own) for _, whom in alike):
            reason = f"It says “{asked.group()}”; the evidence says “{alike[0][0]}”."
            yield Difference(Kind.ACTOR, reason, contradicts=True)
            return


def _addressee(asked: re.Match[str], around: str) -> frozenset[str]:
    return _owners(asked["whom"], around) or frozenset({key(asked["whom"])})


def acts(text: str, around: str) -> list[Act]:
    """Return what a sentence has somebody do to somebody."""
    people = [(n.start, n.end, frozenset(n.keys)) for n in names(text, around)]
    people += [(m.start(), m.end(), frozenset({stem(m.group().lower())})) for m in _roles(text)]
    result = []
    for verb in _FINITE.finditer(text):
        lemma = stem(_IRREGULAR.get(verb["verb"], verb["verb"]))
        bare = not verb["verb"].endswith("ed") and verb["verb"] not in _IRREGULAR
        if verb["verb"] in STOP_WORDS or (bare and verb["verb"] not in _BARE):
            continue
        act = _act(text, verb, lemma, people)
        if act is not None:
            result.append(act)
    return result


def _roles(text: str) -> Iterator[re.Match[str]]:
    yield from _ROLES.finditer(text[:1].lower() + text[1:])


def _act(
    text: str, verb: re.Match[str], lemma: str, people: list[tuple[int, int, frozenset[str]]]
) -> Act | None:
    start = max((m.end() for m in _END.finditer(text, 0, verb.start())), default=0)
    stop = next((m.start() for m in _END.finditer(text, verb.end())), len(text))
    subject = _first(text, [p for p in people if start <= p[0] < verb.start()])
    objects: dict[str, frozenset[str]] = {}
    for first, _, keys in people:
        if verb.end() <= first < stop:
            before = _PREPOSITION.search(text[verb.end() : first])
            slot = before[1] if before else ""
            title = text[verb.end() : first]
            if slot == "" and objects.get("") and not re.search(r"\band\b", title):
                continue
            objects[slot] = objects.get(slot, frozenset()) | keys
    passive = _PASSIVE.search(verb["aux"]) is not None
    group = _CLASSES.get(lemma, lemma)
    direct = objects.get("", frozenset())
    if lemma == stem("receive") and direct and "from" not in objects:
        group = "host"
    if passive:
        source, target = objects.get("by", frozenset()), subject
        if group == "give" and objects.get("to"):
            target = objects["to"]
    else:
        source, target = subject, direct or objects.get("to", frozenset())
    if group == "take":
        source, target = (
            objects.get("from", frozenset()),
            objects.get("by", frozenset()) if passive else subject,
        )
        group = "give"
    elif group == "visit":
        source, target = target, source
        group = "host"
    if group == "give" and not passive and objects.get("to"):
        target = objects["to"]
    if not source and not target:
        return None
    return Act(group, source, target, text[max(start, verb.start() - 25) : verb.end() + 25].strip(" ,.;"))


def _first(text: str, people: list[tuple[int, int, frozenset[str]]]) -> frozenset[str]:
    """The subject: the names before the verb that hang on no preposition, or those that do where none else is."""
    free = [keys for first, _, keys in people if not _PREPOSITION.search(text[:first])]
    return frozenset().union(*(free or [keys for _, _, keys in people]))


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    return any(same(a, b) for a in one for b in other)


_TOKEN = (
    r"(?:[A-Z][\w'-]+|\d+(?:[.,]\d+)*|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)"
)
_FROM = re.compile(rf"\bfrom (?:the )?(?P<what>{_TOKEN})")
_TO = re.compile(rf"\bto (?:the )?(?P<what>{_TOKEN})")


def _moved(said: str, near: str) -> Iterator[Difference]:
    """Yield a way told backwards: "from 8 to 12" is not "from 12 to 8"."""
    own, known = _way(said), _way(near)
    if own and known and own[0] != own[1] and own == known[::-1]:
        reason = f"It goes from {own[0]} to {own[1]}; in the evidence it is the other way round."
        yield Difference(Kind.DIRECTION, reason, contradicts=True)


def _way(text: str) -> tuple[str, str] | None:
    starts, ends = _FROM.findall(text), _TO.findall(text)
    if len(starts) != 1 or len(ends) != 1:
        return None
    return key(starts[0]), key(ends[0])


_RUN = r"[A-Z][\w-]+(?: [A-Z][\w-]+)*"
_OWNED = (
    re.compile(rf"\b(?P<owner>{_RUN})'s? (?P<what>(?:[a-z]+ )?[a-z]{{4,}})\b"),
    re.compile(rf"\b(?P<owner>{_RUN}) (?P<what>[a-z]{{4,}})\b"),
    re.compile(rf"\b(?P<what>[a-z]{{4,}}) (?:of|in|from|on) (?:the )?(?P<owner>{_RUN})\b"),
)
_NO_THING = re.compile(
    r"(?:will|would|shall|must|could|should|have|been|were|also|that|which|with|from|into|this|their|than|when|while|after|before|until"
    r"|held|took|place|gave|made|said|says|sent|lent|hold|took|part|interest|\w+ed|\w+ly|\w+ing|in|of)"
)


def _owned(said: str, near: str, around: str) -> Iterator[Difference]:
    """Yield things that belong to somebody else in the evidence: "hospitals in Arden", "Solvik's hospitals"."""
    known = _things(near, around)
    for what, (owners, written) in _things(said, around).items():
        theirs = known.get(what)
        if theirs and not _meet(owners, theirs[0]) and _meet(owners, _owners(around, around)):
            reason = f"It puts “{what}” with {written}; in the evidence it is {theirs[1]}."
            yield Difference(Kind.ACTOR, reason, contradicts=True)


def _things(text: str, around: str) -> dict[str, tuple[frozenset[str], str]]:
    """Stem of a thing -> the keys of its owners, and one as written; only owners that are names."""
    owners = _owners(text, around)
    plain = text if _meet(frozenset({key(text.split()[0])}), owners) else text[:1].lower() + text[1:]
    found: dict[str, tuple[frozenset[str], str]] = {}
    for pattern in _OWNED:
        for match in pattern.finditer(plain):
            what, keys = match["what"].split()[-1], frozenset(key(w) for w in match["owner"].split()) & owners
            if what not in STOP_WORDS and not _NO_THING.fullmatch(what) and keys:
                before = found.get(stem(what), (frozenset(), ""))[0]
                found[stem(what)] = (before | keys, match["owner"])
    return found


def _owners(text: str, around: str) -> frozenset[str]:
    return frozenset(k for name in names(text, around) for k in name.keys)


_EVENT = re.compile(
    r"\b(?:held|took place|takes place|take place|met|meets|convened|hosted|gathered|opened|assembled|signed|venue|came together)\b"
)
_PLACED = re.compile(
    r"\b(?:in|at) (?:the )?(?P<place>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)(?P<more>(?:, [A-Z][\w'-]+(?: [A-Z][\w'-]+)*)*)"
)


def _placed(said: str, evidence: str, near: str, around: str) -> Iterator[Difference]:
    """Yield a place of an event that is another one in the evidence."""
    if not (_EVENT.search(said) and _EVENT.search(evidence)):
        return
    known = _places(evidence, around)
    if not known or not known.isdisjoint(_owners(said, around)):
        return
    elsewhere = known | _places(near, around)
    mentioned = _owners(around, around) | _owners(evidence, around)
    for place in _places(said, around):
        if not _meet(frozenset({place}), elsewhere) and _meet(frozenset({place}), mentioned):
            reason = "It puts the event in another place than the evidence."
            yield Difference(Kind.NAME, reason, contradicts=True)
            return


def _places(text: str, around: str) -> frozenset[str]:
    """The keys of the names after "in" and "at", with what follows a comma: "Teld, Vendara"."""
    own = _owners(text, around)
    found = {
        key(word)
        for match in _PLACED.finditer(text)
        for word in re.findall(r"[\w'-]+", match["place"] + match["more"])
    }
    return frozenset(found) & own

"""Who did it: the subjects of a statement against those of its evidence.

Shallow on purpose: the names right before a finite verb, those after "by", and whom "he" and "they" mean.
Where a subject cannot be read, nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.answering.verification.cues import Cue, found
from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.names import (
    Name,
    aliased,
    is_country,
    is_person,
    names,
    same,
)
from retrieval.index.terms import stem

_AUXILIARY = (
    r"will|would|shall|may|might|must|can|could|should|has|have|had|does|did|do|is|are|was|were|be|been"
)
_IRREGULAR = (
    r"took|gave|made|held|met|led|rose|fell|paid|brought|began|became|went|came|got|set|won|sent|kept|stood|spoke|sat|said|says|told|put"
    r"|chose|drew|grew|built|bought|sold|wrote|heard|saw|left|found|thought|sought|undertook|withdrew|overtook|lent|spent|struck|shook"
)
_PRESENT = (
    r"supports?|urges?|welcomes?|intends?|plans?|offers?|wants?|expects?|backs?|condemns?|opposes?|hopes?|agrees?|calls?|holds?|remains?"
    r"|means|needs|seeks?|proposes?|stands?|favou?rs?"
)
_VERB = re.compile(rf"\b(?:{_AUXILIARY}|{_IRREGULAR}|{_PRESENT}|[a-z]{{2,}}ed)\b")
_NOT_VERBS = re.compile(
    r"\b(?:said (?:agreement|treaty)|united|need(?:s)? of|plans? of|calls? of|means of|shared|hundred|limited|combined|related|based|renewed|continued|increased|advanced|unprecedented|detailed|full-fledged|fledged|indeed|speed|seed|feed|red)\b"
)
_BOUNDARY = re.compile(r"[,;:()]|\b(?:that|which|who|while|whilst|but|whereas|where|when|if|because|as)\b")
_SKIP = re.compile(
    r"(?:\s|\b(?:also|jointly|further|then|now|again|strongly|fully|gratefully|formally|once more|still|furthermore|\w+ly)\b)+$"
)
_BE = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?|got)\b(?: \w+ly| not| to be| now| already)*$")
_PARTICIPLE = re.compile(
    r"(?:\w+ed|given|made|held|taken|led|put|sent|paid|set|brought|built|chosen|written|heard|told|seen|shown|sold|won|kept|found|let|said|done)\b"
)
_BY = re.compile(r"\bby (?:the )?(?=[A-Z]|former |then |its )")
_CLEFT = re.compile(
    r"\b[Ii]t (?:was|is) (?P<who>.{2,60}?) (?:that|who|which)\b|\b[Ii]t falls to (?P<who2>.{2,40}?) to\b"
)
_RECEIVES = re.compile(
    r"\b(?:receiv\w+|get|gets|got|obtain\w*|heard|hear|earn\w*|gain\w*|inherit\w*|win|won|benefit\w*|thank\w*|supplied with|be given|was given|were given)\b"
)
_PRONOUN = re.compile(
    r"(?:^|[\s,;])(?:he|she|they|it|we|the latter|the former|the two|both)\s*$", re.IGNORECASE
)
_GROUP = frozenset({"they", "we", "the two", "both"})
_OF_EVENT = re.compile(
    r"\b(?:proposal|initiative|invitation|pledge|contribution|decision|request|offer|readiness|announcement|donation|intention|plan|support|speech|statement|abolition|closure)"
    r"(?: \S+){0,6}? (?:of|by|from|made by) (?:the )?(?=[A-Z])"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a verb is about.

    Attributes:
        passive: They suffer it.
        verb: The verb group and a few words after it.
    """

    who: tuple[Name, ...]
    passive: bool
    verb: str
    pronoun: str | None = None


@dataclass(slots=True)
class Actors:
    """Names by what they do in a sentence: surely, with the verb, or perhaps."""

    doing: list[tuple[Name, str]] = field(default_factory=list)
    perhaps: list[Name] = field(default_factory=list)

    def of(self, verb: str) -> list[Name]:
        """Return who does what `verb` says; where no verb is like it, everybody who does anything."""
        return self.alike(verb) or [name for name, _ in self.doing]

    def alike(self, verb: str) -> list[Name]:
        """Return who does what a verb like `verb` says."""
        return [name for name, other in self.doing if _alike(verb, other)]


def _alike(one: str, other: str) -> bool:
    """Whether two verb groups are of one word or one class of words."""
    if stem(_head(one)) == stem(_head(other)):
        return True
    return bool(found(one.lower()[:25]) & found(other.lower()[:25]) - {Cue.FUTURE, Cue.DONE, Cue.POSSIBLE})


def _head(group: str) -> str:
    """The first word of a verb group that is no auxiliary."""
    words = [w.lower() for w in re.findall(r"[A-Za-z]+", group)]
    return next((w for w in words if not _AUX.fullmatch(w) and not w.endswith("ly")), "")


_AUX = re.compile(rf"{_AUXILIARY}|not|also|now|already|to|going|jointly|said|announced|stated")


def compare(statement: str, evidence: str, sentence: str, before: str, context: str) -> Iterator[Difference]:
    """Yield whom `statement` names as doing what somebody else does in its evidence.

    Args:
        evidence: The words quoted; where they have a subject of their own, that is who did it.
        sentence: The sentences they stand in.
        before: The paragraph up to them: whom "he" means.
        context: Paragraph, heading, title, issuer.
    """
    said, near = aliased(statement), aliased(sentence)
    around = f"{near} {aliased(context)}"
    quoted = actors(aliased(evidence), aliased(before), around)
    known = quoted if quoted.doing else actors(near, aliased(before), around)
    everybody = names(aliased(evidence) if quoted.doing else near, around)
    mentioned = names(said, around)
    claimed = list(_claimed(said, around))
    for name, verb in claimed:
        doing = known.of(verb)
        if any(other_verb == verb and _among(other, doing) for other, other_verb in claimed):
            continue  # "Estoria and the Union consulted": one of them is enough
        if _RECEIVES.search(verb) or not doing or _among(name, doing):
            continue
        aligned = bool(known.alike(verb))
        if _among(name, known.perhaps) and not aligned:
            continue
        rivals = [d for d in doing if _sort(d, around) == _sort(name, around)]
        inside = _among(name, everybody)
        if inside and not aligned and (_HAS.match(verb) or not any(_among(r, mentioned) for r in rivals)):
            continue
        if not rivals or (not inside and any(_among(r, mentioned) for r in doing)):
            continue
        who = " and ".join(dict.fromkeys(r.written for r in rivals[:2]))
        yield Difference(
            Kind.ACTOR, f"It says that {name.written} did it; in the evidence it is {who}.", contradicts=True
        )
    yield from _received(said, known, around)
    yield from _affiliated(said, near, around)


_HAS = re.compile(r"(?:held|holds|has|had|have) (?:the|an?) ")


def _sort(name: Name, around: str) -> str:
    return "country" if is_country(name) else "person" if is_person(name, around) else "other"


def _among(name: Name, others: Sequence[Name]) -> bool:
    return any(
        any(same(k, o) for k in name.keys for o in other.keys)
        or _shortened(name, other)
        or _shortened(other, name)
        for other in others
    )


def _shortened(short: Name, long: Name) -> bool:
    """Whether one name is the initials of the other, "AU" of "Amber Union", titles such as "Union" counted."""
    letters = short.keys[0]
    return len(short.keys) == 1 and 2 <= len(letters) <= 6 and letters == long.initials


def _claimed(said: str, around: str) -> Iterator[tuple[Name, str]]:
    """The names a statement has do something, with the verb."""
    for subject in subjects(said, around):
        if not subject.passive:
            yield from ((name, subject.verb) for name in subject.who)
    yield from _after_by(said, around)
    for cleft in _CLEFT.finditer(said):
        who = cleft["who"] or cleft["who2"]
        for name in names(said, around):
            if cleft.start() < name.start < cleft.end() and name.written in who:
                yield name, said[cleft.end() : cleft.end() + 30]


_STOP_BY = re.compile(r",| (?:for|to|in|at|on|with) ")


def _after_by(text: str, around: str) -> list[tuple[Name, str]]:
    """The names after "by", each with the participle before it: "was opened by Cambodia's minister"."""
    result = []
    for by in _BY.finditer(text):
        participles = list(_PARTICIPLE.finditer(text[max(0, by.start() - 60) : by.start()]))
        for name in names(text, around) if participles else ():
            if by.end() <= name.start <= by.end() + 30 and not _STOP_BY.search(text[by.end() : name.start]):
                result.append((name, participles[-1].group()))
    return result


def subjects(text: str, around: str) -> list[Subject]:
    """Return the subjects of the finite verbs of an aliased text."""
    everybody = names(text, around)
    result: list[Subject] = []
    end = 0
    skipped = [m.span() for m in _NOT_VERBS.finditer(text)]
    for verb in _VERB.finditer(text):
        if any(s <= verb.start() < e for s, e in skipped) or verb.start() < end:
            continue
        left = text[end : verb.start()]
        boundary = max((m.end() for m in _BOUNDARY.finditer(_closed(left))), default=0)
        phrase = left[boundary:]
        group = _group(text, verb)
        end = group
        bare = _SKIP.sub("", phrase)
        if re.search(r"(?:\band|\bor|\bto|^)\s*$", bare) or re.search(
            r"\b(?:to|the|an?|of|by|in|for|with|its|their)$", bare
        ):
            continue
        start = (
            group - len(text[:group]) + end - len(left) + boundary if False else verb.start() - len(phrase)
        )
        who = tuple(n for n in everybody if start <= n.start < verb.start())
        pronoun = _PRONOUN.search(bare)
        if pronoun:
            who = ()  # "the people it holds": what stands before is the object of another verb
        passive = bool(_BE.search(text[verb.start() : group])) and bool(
            _PARTICIPLE.match(text[group:].lstrip())
        )
        passive = passive or _is_passive(text[verb.start() : group + 40])
        copula = _COPULA.match(text, verb.start()) and not passive
        if (who or pronoun) and not copula:
            result.append(
                Subject(
                    who,
                    passive,
                    text[verb.start() : group + 40],
                    pronoun.group().strip() if pronoun else None,
                )
            )
    return result


_COPULA = re.compile(
    r"(?:is|are|was|were)\b(?!(?: \w+ly)? (?:to|going|\w+ing|ready|willing|prepared|committed|determined|able|pleased|glad|grateful|concerned|worried|against|opposed|in favou?r|behind)\b)"
)


def _closed(left: str) -> str:
    """An aside between commas belongs to the subject before it: "Ms X, Minister of Y, said"."""
    return re.sub(
        r",( (?:the )?(?:[A-Z]|supported by|which|who|on behalf)[^,]{2,80}),(?= ?$)",
        lambda m: f" {m[1].replace('which', '     ').replace('who', '   ')} ",
        left,
    )


def _group(text: str, verb: re.Match[str]) -> int:
    """Where a verb group ends: past its auxiliaries and adverbs."""
    end = verb.end()
    if re.fullmatch(_AUXILIARY, verb.group()):
        more = re.match(r"(?: (?:not|also|now|already|be|been|have|to|going|\w+ly))*(?: [a-z]+)?", text[end:])
        end += more.end() if more else 0
    return end


_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\b(?: (?:not|also|now|already|so far|\w+ly|yet|to be))* (\w+)"
)


def _is_passive(group: str) -> bool:
    found = _PASSIVE.match(group) or _PASSIVE.search(group[:25])
    return bool(
        found
        and _PARTICIPLE.fullmatch(found[1])
        and found[1]
        not in {"pleased", "concerned", "worried", "prepared", "committed", "determined", "interested"}
    )


def actors(sentence: str, before: str, around: str) -> Actors:
    """Return who does something in `sentence`; pronouns are looked up in it and `before`."""
    known = Actors()
    last = _last_subjects(before, around)
    for subject in subjects(sentence, around):
        who: Sequence[Name] = subject.who
        if not who and subject.pronoun:
            who = [name for name, _ in known.doing[-1:]] or last
        elif who:
            last = list(who)
        if subject.passive:
            known.perhaps.extend(who)
        else:
            known.doing.extend((name, subject.verb) for name in who)
    known.doing.extend(_after_by(sentence, around))
    for event in _OF_EVENT.finditer(sentence):
        known.perhaps.extend(n for n in names(sentence, around) if event.end() <= n.start <= event.end() + 12)
    known.perhaps.extend(n for n in names(sentence, around) if sentence[n.start : n.end].endswith("'s"))
    known.perhaps.extend(
        n
        for n in names(sentence, around)
        if n.before in {"supported"} or sentence[n.start : n.end + 9].endswith(" 's")
    )
    return known


def _last_subjects(before: str, around: str) -> list[Name]:
    found = [s for s in subjects(before, around) if s.who and not s.passive]
    return list(found[-1].who) if found else []


def _received(said: str, known: Actors, around: str) -> Iterator[Difference]:
    """What is received "from X": X must be one who does something in the evidence."""
    for source in re.finditer(r"\bfrom (?:the )?(?=[A-Z])", said):
        if not _RECEIVES.search(said[: source.start()]):
            continue
        for name in names(said, around):
            doing = [n for n, _ in known.doing]
            if name.start == source.end() and doing and not _among(name, [*doing, *known.perhaps]):
                reason = (
                    f"It says that it came from {name.written}; in the evidence it is {doing[-1].written}."
                )
                yield Difference(Kind.ACTOR, reason, contradicts=True)


_AFFILIATED = re.compile(
    r"(?P<person>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*),?(?: [A-Z][\w'-]+(?: (?:for|of|and) [A-Z][\w'-]+)*)? (?:of|for|from) (?:the )?(?P<body>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*(?: (?:of|for) (?:the )?[A-Z][\w'-]+)?)"
)


def _affiliated(said: str, near: str, around: str) -> Iterator[Difference]:
    """Persons put with the body of another: "Pellegrin of Pellia" is not who represents Sarn."""
    belongs = [(names(m["person"], near), names(m["body"], near)) for m in _AFFILIATED.finditer(near)]
    belongs = [(p, b) for p, b in belongs if p and b and is_person(p[-1], near)]
    own = names(said, around)
    for person, body in belongs:
        if not _among(person[-1], own) or any(_among(b, own) for b in body):
            continue
        others = [b for p, b in belongs if not _among(p[-1], own)]
        wrong = next((b[-1] for b in others if any(_among(x, own) for x in b)), None)
        if wrong is not None and not _among(wrong, person):
            reason = f"It puts {person[-1].written} with {wrong.written}; in the evidence it is {body[-1].written}."
            yield Difference(Kind.ACTOR, reason, contradicts=True)

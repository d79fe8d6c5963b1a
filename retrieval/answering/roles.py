"""Who does what to whom, in a question and in a sentence: "Was A's ship seized by B?" over "the seizure by A of B's ship".

Nothing is parsed: a party is the doer of an act where it stands right before the verb, or after "by" behind it. Only
where both sides say it so plainly, and differ, is anything said of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from retrieval.answering.question import capital_terms
from retrieval.language.terms import STOP_WORDS, capitals, demonyms, stem, terms


class Sort(Enum):
    """Of whom a name is: a minister may speak for a country, so that only what is alike is compared."""

    PARTY = auto()
    PERSON = auto()


SortOf = Callable[[str], Sort | None]
"""Of whom a name is; None where it is nobody's: "Meeting"."""

_NAME = r"[A-Z]\w+(?:[ -][A-Z]\w+)*"
_NAMES = rf"{_NAME}(?:(?:, (?:and )?| and )(?:the )?{_NAME})*"
_OBLIQUE = r"(?:by|from|with|to|for|in|at|on|against|between)"
_BEFORE = re.compile(
    rf"(?:\b(?P<oblique>{_OBLIQUE}) (?:the )?)?(?P<names>{_NAMES})(?:['’]s?(?: \w+)?)?"
    r"(?P<between>(?: (?!(?:of|in|on|at|by|with|for|from|and|that(?! it| they)|which|who|whose)\b)[a-z-]+){0,4}) ?$"
)
"""Those whose act the next word is: nothing between but what verbs take before them ("had also agreed to")."""

_THANKED = re.compile(
    rf"\b(?:thank\w*|gratitude|appreciation|commend\w*|prais\w*|congratulat\w*) (?:was expressed )?(?:to )?(?:the )?"
    rf"(?P<names>{_NAMES})(?:['’]s?)? (?:for|on)(?: (?!by\b)[a-z-]+){{0,3}} ?$"
)
"""Whose act the next word is, because another is grateful for it."""

_BY = re.compile(
    rf"(?P<far>(?:[ ,]+[\w-]+){{0,6}}?)\W+by (?P<names>(?:(?:the|of|and|for|its|Dr|Ms|Mr)\W+|{_NAME}\W*)+)"
)
_ASKED = re.compile(
    r"\b(did|do|does|will|would|has|have|had|is|are|was|were|can|could|should|shall)(?: the)? ?$",
    re.IGNORECASE,
)
_BE = frozenset("be been being is are was were".split())
_LEADS = re.compile(r"(?: \w+ly| also| jointly| to| \w+ to)?")
"""What stands between a doer and the verb in a question: "Did A also lend", "Did A agree to lend"."""

_GRATITUDE = frozenset("thanks gratitude appreciation grateful".split())
_LIGHT = frozenset("hold have make take give get say do".split())
"""Verbs that say nothing without what follows."""

_WHAT = 4
_REACH = 160
"""Characters before and behind a word in which its doer is looked for."""

_MUTUAL = re.compile(r"\b(?:meet|met|agreed?|signe?d?|cooperate|talks?)\b.*\bwith\b|\beach other\b")
"""Who met or signed with whom is all one."""

_RELATED = re.compile(
    rf"(?<!gratitude )(?<!appreciation )(?<!thanks )(?<!expressed )\b(from|against|to) (?:the )?({_NAME})"
)
_MADE_OF_PARTY = re.compile(r"\b([A-Z]\w+) ([a-z]\w+)")
_OF_PARTY = re.compile(rf"\b([a-z]\w+) of (?:the )?({_NAME})")
_PARTICIPLE = re.compile(r"(?:ed|en|[nlf]t|ght|ld|id|un|wn|rn|me|ne|ng|ut)$")
_NOMINAL = re.compile(r"(?:ure|[st]ion|ment|ance|ence|al|ing|over|out|back)s?$")
_WORD = re.compile(r"\w+")
_FEWEST_OF_NAME = 4
"""Letters that a name and what is made of it begin with alike: "Norland", "Norlander"."""

_SHORT = 12


def other_doer(question: str, sentence: str, sort_of: SortOf) -> str | None:
    """Return who does in `sentence` what the question says another does; None where it isn't said so."""
    if _MUTUAL.search(question):
        return None
    other, acts = None, list(_acts(sentence, sort_of))
    asks = list(_acts(question[:1].lower() + question[1:], sort_of, plainly=True))
    for asked in [act for act in asks if act.is_passive] or asks:
        same = [act for act in acts if _is_same_act(act.word, asked.word)]
        if stem(asked.word) in _LIGHT:
            same = [act for act in same if act.what & asked.what]
        said = [name for act in same for name in act.doers]
        if any(is_of(doer, name) for doer in asked.doers for name in said):
            return None
        alike = [name for name in said if sort_of(name) in set(map(sort_of, asked.doers))]
        other = other or next(reversed(alike), None)
    return other


def changed_places(question: str, sentence: str, sort_of: SortOf) -> str | None:
    """Return who stands in `sentence` where the question has another, of two that both name: "from A", "from B"."""
    asked, said = _related(question, sort_of), _related(sentence, sort_of)
    for relation, name in asked:
        other = next((other for of, other in said if of == relation), None)
        holds = any(of == relation and is_of(name, other) for of, other in said)
        if other and not holds and is_of(name, sentence) and is_of(other, question):
            return other
    return None


def other_owner(
    question: str, sentence: str, sort_of: SortOf, is_made_of_party: Callable[[str], bool]
) -> str | None:
    """Return whose thing `sentence` is about where the question asks of another's: "Norlandic ships", "ships of Estmark"."""
    said = _owned(sentence, sort_of, is_made_of_party)
    for whose, what in _owned(question, sort_of, is_made_of_party):
        others = [other for other, of in said if of == what]
        if others and not any(is_of(whose, other) for other in others):
            return others[0]
    return None


def _owned(text: str, sort_of: SortOf, is_made_of_party: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return whose a thing is, and the term of the thing."""
    made = [(whose, stem(what)) for whose, what in _MADE_OF_PARTY.findall(text) if is_made_of_party(whose)]
    return made + [
        (whose, stem(what)) for what, whose in _OF_PARTY.findall(text) if sort_of(whose) is Sort.PARTY
    ]


@dataclass(frozen=True, slots=True)
class _Act:
    """A word that may say what is done, who does it, and the terms of what follows."""

    word: str
    doers: tuple[str, ...]
    what: frozenset[str]
    is_passive: bool


def _acts(text: str, sort_of: SortOf, *, plainly: bool = False) -> Iterator[_Act]:
    """Return the acts of a text.

    Args:
        plainly: Only those right beside their doer, as a question puts it, and of several done by one the first.
    """
    for word in _WORD.finditer(text):
        act, after = word.group(), text[word.end() : word.end() + _REACH]
        leading = text[max(0, word.start() - _REACH) : word.start()]
        if not act.islower() or act in STOP_WORDS - _LIGHT:
            continue
        before, by = _BEFORE.search(leading), _BY.match(after)
        names, is_passive = "", False
        if thanked := _THANKED.search(leading):
            names = thanked["names"]
        elif before and not before["oblique"] and not _BE.intersection(before["between"].split()):
            asked = _ASKED.search(leading[: before.start()])
            is_plain = asked and _LEADS.fullmatch(before["between"])
            is_done_to = asked and asked[1].lower() in _BE and not act.endswith("ing")
            names = "" if is_done_to or (plainly and not is_plain) else before["names"]
        if by and not (names and by["far"]) and (not plainly or _PARTICIPLE.search(act)):
            names, is_passive = by["names"], True  # but of "A's protest against the seizure by B" A's
        if doers := tuple(name for name in re.findall(_NAME, names) if sort_of(name)):
            yield _Act(
                "thank" if act in _GRATITUDE else act,
                doers,
                frozenset(terms(" ".join(_WORD.findall(after)[:_WHAT]))),
                is_passive,
            )


def _related(text: str, sort_of: SortOf) -> list[tuple[str, str]]:
    return [(relation, name) for relation, name in _RELATED.findall(text) if sort_of(name)]


def _is_same_act(word: str, verb: str) -> bool:
    """Whether two words are forms of a verb, or one is made of it ("seizure"); of short ones that change inside
    ("give", "gave") by their consonants.
    """
    word, verb = (re.sub("aid$", "ay", w.lower()) for w in (word, verb))  # "paid", "repaid"
    bones, others = (re.sub("[aeiou]", "", w) for w in (word, verb))
    is_close = bones == others or (len(word + verb) <= _SHORT and bones[:2] == others[:2])
    made = any(_NOMINAL.search(w) for w in (word, verb)) and word[:_FEWEST_OF_NAME] == verb[:_FEWEST_OF_NAME]
    return is_close or made or stem(word) == stem(verb)


def government(term: str) -> str:
    """Return one term for a country and its capital."""
    return capital_terms().get(term, term)


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return the terms of the countries that are known by name."""
    return frozenset(map(stem, capitals().values()))


def is_of(name: str, text: str) -> bool:
    """Whether a text names a party, or what is made of its name: "Ethria", "the Ethrian Government"."""
    ones, others = ([government(term) for term in terms(each)] for each in (name, text))
    return any(_begin_alike(a, b) for a in ones for b in others)


def is_made_of(word: str, parties: Collection[str]) -> bool:
    """Whether a word is an adjective made of the name of one of some parties, which are given by their terms."""
    bare, own = word.lower(), stem(word.lower())
    return bare in demonyms() or any(own != party and _begin_alike(bare, party) for party in parties)


def _begin_alike(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    if word == other or {word, other} <= countries():
        return word == other
    return len(shorter) >= _FEWEST_OF_NAME and longer.startswith(shorter.rstrip("aeiouy"))

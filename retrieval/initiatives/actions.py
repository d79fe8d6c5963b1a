"""Promises -> items: what each verb that promises, asks for or reports a fact puts on the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retrieval.initiatives.kinds import kind_of
from retrieval.initiatives.lexicon import PREPOSITIONS, Verb, word_set
from retrieval.initiatives.lists import bullet_items, invited_items, visit_items
from retrieval.initiatives.objects import MADE_OF, cooperation_item, extent, joint_lead, object_item
from retrieval.initiatives.parse import Item, Parse
from retrieval.initiatives.phrases import content, family, text_of, trim
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.standing import ACTIVE, Standing, above
from retrieval.initiatives.tokens import Token

_PAST_FACTS = (Verb.CREATE, Verb.ANNOUNCE, Verb.RESUME, Verb.GIVE)


_OWN_MEETINGS = word_set("meeting meetings talks summit discussions visit call ceremony")


def items(parse: Parse) -> Iterator[Item]:
    """The promises of one sentence, in reading order."""
    yield from visit_items(parse)
    yield from invited_items(parse)
    yield from bullet_items(parse)
    for index, (predicate, standing) in enumerate(zip(parse.found, parse.standings, strict=True)):
        item = None
        if standing in ACTIVE:
            item = _promised(parse, index, predicate)
        elif standing is Standing.DONE:
            item = _fact(parse, index, predicate)
        elif standing is Standing.SUPPORTED:
            item = object_item(parse, index, predicate, need_family=True)
        if item is not None:
            yield item


def _promised(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    if predicate.shape == "passive":
        return _passive(parse, index, predicate)
    if _handed_on(parse, index, predicate):
        return joint_lead(parse, index, predicate)
    if predicate.verb in (Verb.COMMIT, Verb.REQUEST, Verb.EXPECT):
        return _noun_complement(parse, index, predicate)
    if predicate.verb is Verb.COOPERATE or predicate.lemma == "work":
        return cooperation_item(parse, index, predicate)
    if predicate.verb in MADE_OF:
        return object_item(parse, index, predicate, need_family=predicate.verb in (Verb.CREATE, Verb.LIGHT))
    if predicate.verb is Verb.ACT:
        return object_item(parse, index, predicate, need_family=False)
    return None


def _handed_on(parse: Parse, index: int, predicate: Predicate) -> bool:
    """Whether the next verb says what is promised: "continue to …", "strengthen efforts to …"."""
    if index + 1 >= len(parse.found):
        return False
    following = parse.found[index + 1]
    if following.parent != index or following.shape not in ("infinitive", "gerund"):
        return False
    between = parse.words[predicate.end : following.start]
    carried = parse.standings[index + 1] in ACTIVE and following.shape == "infinitive"
    return all(w.adverb or w.lower in {"to", ":"} for w in between) or (carried and len(between) <= 5)


def _fact(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """ "established a …", "… was conducted": only what has a name of its own, never the meeting itself."""
    if predicate.verb not in _PAST_FACTS:
        return None
    following = parse.found[index + 1] if index + 1 < len(parse.found) else None
    if following is not None and following.shape == "noun" and following.start <= predicate.end + 3:
        return None  # "announced their intent to …": the next verb says what
    item = (
        _passive(parse, index, predicate)
        if predicate.shape == "passive"
        else object_item(parse, index, predicate, need_family=True)
    )
    if item is None or (
        predicate.verb is Verb.GIVE and family(parse.words, item.start, item.end) != "resource"
    ):
        return None
    own = (
        any(w.lower in _OWN_MEETINGS for w in parse.words[item.start : item.end])
        and family(parse.words, item.start, item.end) == "event"
    )
    return None if own else item


def _passive(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """The subject is what happens: "the 12th Forum will be held"."""
    if predicate.subject is None or predicate.verb not in (
        Verb.CREATE,
        Verb.RESUME,
        Verb.GIVE,
        Verb.CONTINUE,
    ):
        return None
    start, end = trim(parse.words, *predicate.subject)
    if start >= end or family(parse.words, start, end) is None or not content(parse.words, start, end):
        return None
    return Item(index, start, end, "", kind_of(parse, index, start, end))


def _noun_complement(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """ "agreed on the …", "called for a …", "looked forward to a …"."""
    words, start = parse.words, predicate.end
    prepared = start < len(words) and words[start].lower in {"on", "to"}
    if predicate.verb is Verb.COMMIT and not prepared and not _amount(words[start : start + 4]):
        return None
    steps = [i for i in range(start, min(start + 6, len(words))) if words[i].lower in {"step", "steps"}]
    if (
        steps and steps[0] + 2 < len(words) and words[steps[0] + 1].lower in PREPOSITIONS
    ):  # "on the next steps over the …"
        return _underway(parse, index, steps[0] + 2)
    following = parse.found[index + 1] if index + 1 < len(parse.found) else None
    if following is not None and following.parent == index and following.start <= start + 2:
        return None
    if predicate.verb is Verb.REQUEST and not (start < len(words) and words[start].lower == "for"):
        return None
    return object_item(parse, index, predicate, need_family=True)


def _amount(words: Sequence[Token]) -> bool:
    """ "pledged 10 billion yen", "committed $5 million"."""
    return any(w.lower in {"million", "billion"} or w.text[0] in "$€£¥" for w in words)


def _underway(parse: Parse, index: int, start: int) -> Item | None:
    first, last = extent(parse, index, start, parse.found[index].limit)
    if first >= last or family(parse.words, first, last) is None or not content(parse.words, first, last):
        return None
    return Item(index, first, last, "", "continuing")


def evidence_start(parse: Parse, index: int) -> int:
    """Where the evidence starts: at the subject for the first verb of a list, else at the verb itself."""
    predicate = parse.found[index]
    if predicate.sibling is not None or predicate.shape == "gerund":
        return predicate.start
    for one in above(parse.found, index):
        if one.subject is not None:
            return one.subject[0]
    return above(parse.found, index)[-1].start


def name_of(parse: Parse, item: Item) -> str:
    """The item as a reader would write it in a list."""
    body = text_of(parse.words, parse.text, item.start, item.end)
    name = f"{item.lead} {body}".strip()
    return name[:1].upper() + name[1:]

"""Promises -> names: what each verb that promises, asks for or reports a fact puts on the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.initiatives.lexicon import DETERMINERS, LOOSE_ACTS, PREPOSITIONS, Verb
from retrieval.initiatives.phrases import content, family, text_of, trim
from retrieval.initiatives.predicates import Predicate
from retrieval.initiatives.standing import ACTIVE, Standing, above
from retrieval.initiatives.tokens import Token
from retrieval.initiatives.topics import points_back
from retrieval.models import InitiativeKind


@dataclass(frozen=True)
class Parse:
    """One sentence, parsed."""

    text: str
    words: Sequence[Token]
    found: Sequence[Predicate]
    standings: Sequence[Standing]


@dataclass(frozen=True)
class Item:
    """One promise, by tokens.

    Attributes:
        predicate: Index of the verb that promises it.
        start, end: Tokens of the name; `lead` is put before them.
        vague: Says nothing unless "this area" in it can be resolved.
    """

    predicate: int
    start: int
    end: int
    lead: str
    kind: InitiativeKind
    vague: bool = False


_NOMINAL = {
    "cooperate": "Cooperation", "co-operate": "Cooperation", "collaborate": "Collaboration", "coordinate": "Coordination",
    "co-ordinate": "Coordination", "consult": "Consultations", "partner": "Partnership", "exchange": "Exchange of",
    "share": "Sharing", "visit": "Visit to", "engage": "Engagement", "train": "Training", "meet": "Meetings",
    "converse": "Conversations", "confer": "Consultations", "liaise": "Liaison", "interact": "Exchanges",
}  # fmt: skip
_CONTINUING_WORDS = frozenset("continued ongoing existing continuing regular annual current further enhanced".split())
_MADE_OF = (
    Verb.CREATE,
    Verb.FOSTER,
    Verb.CONTINUE,
    Verb.RESUME,
    Verb.GIVE,
    Verb.SUPPORT,
    Verb.LIGHT,
    Verb.ANNOUNCE,
)
_NOUN_OF = {
    "review": "Review of", "implement": "Implementation of", "reform": "Reform of", "produce": "Production of",
    "deploy": "Deployment of", "construct": "Construction of", "identify": "Identification of", "prepare": "Preparation of",
    "expand": "Expansion of", "upgrade": "Upgrade of", "return": "Return of", "transfer": "Transfer of", "acquire": "Acquisition of",
}  # fmt: skip
_BULLETS = frozenset({"-", "•", "–", "*", "·"})
_PAST_FACTS = (Verb.CREATE, Verb.ANNOUNCE, Verb.RESUME, Verb.GIVE)
_OWN_MEETINGS = frozenset({"meeting", "meetings", "talks", "summit", "discussions", "visit", "call", "ceremony"})


def items(parse: Parse) -> Iterator[Item]:
    """The promises of one sentence, in reading order."""
    yield from _visits(parse)
    yield from _listed(parse)
    for index, (predicate, standing) in enumerate(zip(parse.found, parse.standings, strict=True)):
        item = None
        if standing in ACTIVE:
            item = _promised(parse, index, predicate, standing)
        elif standing is Standing.DONE:
            item = _fact(parse, index, predicate)
        elif standing is Standing.SUPPORTED:
            item = _object(parse, index, predicate, need_family=True)
        if item is not None:
            yield item


def _promised(parse: Parse, index: int, predicate: Predicate, standing: Standing) -> Item | None:
    if predicate.shape == "passive":
        return _passive(parse, index, predicate)
    if _handed_on(parse, index, predicate):
        return _joint_lead(parse, index, predicate)
    if predicate.verb in (Verb.COMMIT, Verb.REQUEST, Verb.EXPECT):
        return _noun_complement(parse, index, predicate)
    if predicate.verb is Verb.COOPERATE:
        return _cooperation(parse, index, predicate)
    if predicate.verb in _MADE_OF:
        return _object(parse, index, predicate, need_family=predicate.verb in (Verb.CREATE, Verb.LIGHT))
    if predicate.verb is Verb.ACT:
        return _object(parse, index, predicate, need_family=False)
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
    return all(w.adverb or w.lower in {"to", ":"} for w in between) or carried and len(between) <= 5


def _joint_lead(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """ "collaborate to lead the world in developing …": a loose verb, so the cooperation is what is named."""
    following = parse.found[index + 1]
    if predicate.verb is not Verb.COOPERATE or following.lemma not in LOOSE_ACTS:
        return None
    start, end = trim(parse.words, following.start, following.limit)
    if family(parse.words, following.end, following.limit) is not None or content(parse.words, start, end) < 2:
        return None
    return Item(index, following.start, end, _NOMINAL[predicate.lemma], kind_of(parse, index, start, end))


def _listed(parse: Parse) -> Iterator[Item]:
    """ "The following were signed: - … - …": every line of the list."""
    words = parse.words
    colon = next((i for i, w in enumerate(words) if w.text == ":" and i + 1 < len(words) and words[i + 1].text in _BULLETS), None)
    governors = [k for k, p in enumerate(parse.found) if colon is not None and p.end <= colon]
    if colon is None or not governors or not any(parse.found[k].verb in (Verb.CREATE, Verb.ANNOUNCE) for k in governors):
        return
    signed = next(k for k in governors if parse.found[k].verb in (Verb.CREATE, Verb.ANNOUNCE))
    if parse.standings[signed] not in ACTIVE | {Standing.DONE}:
        return
    marks = [i for i in range(colon + 1, len(words)) if words[i].text in _BULLETS] + [len(words)]
    for mark, after in pairwise(marks):
        start, end = trim(words, mark + 1, after)
        if start < end:
            yield Item(signed, start, end, "", "new")


def _visits(parse: Parse) -> Iterator[Item]:
    """ "accepted an invitation … for an official visit", "extended an invitation to … to visit …"."""
    words = parse.words
    for i, word in enumerate(words):
        if word.lower != "invitation" or not parse.found:
            continue
        governors = [k for k, p in enumerate(parse.found) if p.end <= i]
        if not governors or parse.found[governors[-1]].lemma not in ("accept", "extend", "renew", "reiterate", "issue", "convey"):
            continue
        governor = governors[-1]
        visit = next((k for k in range(i, min(i + 40, len(words))) if words[k].lower in {"visit", "attend"}), None)
        if visit is None:
            continue
        if parse.found[governor].lemma == "accept":
            opening = [k for k in range(i, visit) if words[k].lower in {"for", "to"}]
            first = opening[-1] + 1 if opening else visit
            acting = words[first].form is not None and words[first].lower not in {"visit", "attend"}  # "to undertake a visit"
            start, end = trim(words, first + acting, len(words))
        else:
            start, end = trim(words, i, len(words))
        yield Item(governor, start, end, "", "new")


def _fact(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """ "established a …", "… was conducted": only what has a name of its own, never the meeting itself."""
    if predicate.verb not in _PAST_FACTS:
        return None
    following = parse.found[index + 1] if index + 1 < len(parse.found) else None
    if following is not None and following.shape == "noun" and following.start <= predicate.end + 3:
        return None  # "announced their intent to …": the next verb says what
    item = _passive(parse, index, predicate) if predicate.shape == "passive" else _object(parse, index, predicate, need_family=True)
    if item is None or predicate.verb is Verb.GIVE and family(parse.words, item.start, item.end) != "resource":
        return None
    own = any(w.lower in _OWN_MEETINGS for w in parse.words[item.start : item.end]) and family(parse.words, item.start, item.end) == "event"
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
    if predicate.verb is Verb.COMMIT and not (start < len(words) and words[start].lower in {"on", "to"}):
        return None
    steps = [i for i in range(start, min(start + 6, len(words))) if words[i].lower in {"step", "steps"}]
    if steps and steps[0] + 2 < len(words) and words[steps[0] + 1].lower in PREPOSITIONS:  # "on the next steps over the …"
        return _underway(parse, index, steps[0] + 2)
    following = parse.found[index + 1] if index + 1 < len(parse.found) else None
    if following is not None and following.parent == index and following.start <= start + 2:
        return None
    if predicate.verb is Verb.REQUEST and not (start < len(words) and words[start].lower == "for"):
        return None
    return _object(parse, index, predicate, need_family=True)


def _underway(parse: Parse, index: int, start: int) -> Item | None:
    first, last = _extent(parse, index, start, parse.found[index].limit)
    if first >= last or family(parse.words, first, last) is None or not content(parse.words, first, last):
        return None
    return Item(index, first, last, "", "continuing")


def _cooperation(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """The verb is the initiative: "cooperate on …", "exchange information", "our ministers will meet"."""
    following = parse.found[index + 1] if index + 1 < len(parse.found) else None
    start, end = _extent(parse, index, predicate.end, predicate.limit)
    lead = _NOMINAL.get(predicate.lemma) or _gerund(parse, predicate)
    if predicate.lemma == "visit" and predicate.shape == "gerund":  # "visiting exhibitions"
        return None
    first = predicate.end
    while first < end and parse.words[first].adverb:
        first += 1
    transitive = first < end and parse.words[first].lower not in PREPOSITIONS
    if predicate.lemma in ("meet", "converse"):
        opening = parse.words[first].lower if first < len(parse.words) else ""
        lasting = opening in {"with", "at", "in", "on", "every", ".", ";", ",", "twice", "once"} or first >= end
        return _meeting(parse, index, predicate, lead) if lasting else None
    if start >= end or not content(parse.words, start, end):
        return None
    if transitive and lead.split()[-1] not in {"of", "Sharing", "to"}:
        lead = f"{lead} of"
    return Item(
        index,
        start if transitive else first,
        end,
        lead,
        kind_of(parse, index, start, end),
    )


def _meeting(parse: Parse, index: int, predicate: Predicate, lead: str) -> Item | None:
    from retrieval.initiatives.standing import subject_of

    subject = subject_of(parse.words, parse.found, index)
    if subject is None:
        return None
    start, end = trim(parse.words, *subject)
    if start >= end or parse.words[start].lower in {"we", "they", "he", "she"}:
        return None
    return Item(index, start, end, f"{lead} of", kind_of(parse, index, start, end))


def _object(parse: Parse, index: int, predicate: Predicate, *, need_family: bool) -> Item | None:
    start, end = _extent(parse, index, predicate.end, predicate.limit)
    short = trim(parse.words, _past_adjunct(parse, predicate.end, predicate.limit), predicate.limit)
    if short[0] < short[1] and family(parse.words, *short) is None and predicate.verb is not Verb.ACT:
        start, end = short  # a value does not become a measure by what it is for
    if start >= end:
        return None
    opening = parse.words[start]
    if opening.lower in PREPOSITIONS or opening.lower in {"as", "so"} or opening.text in {"“", "("} and start + 1 >= end:
        return None
    head = family(parse.words, start, end)
    if head is None and (need_family or predicate.lemma in LOOSE_ACTS):
        return None
    much = content(parse.words, start, end)
    vague = not much and points_back(text_of(parse.words, parse.text, start, end))
    if not vague and much < (2 if head is None and predicate.verb in (Verb.FOSTER, Verb.ACT, Verb.GIVE) else 1):
        return None
    if head is None and (predicate.verb is Verb.CONTINUE and not predicate.modal or predicate.verb is Verb.SUPPORT):
        return None
    bare = head is not None and end - start > 1 and predicate.verb in _MADE_OF + (Verb.COMMIT, Verb.REQUEST, Verb.EXPECT)
    lead = "" if bare else _NOUN_OF.get(predicate.lemma) or _gerund(parse, predicate)
    if lead and parse.words[start - 1].lower in {"the", "a", "an"} and start - 1 >= predicate.end:
        start -= 1  # "Review of the accident", not "Review of accident"
    return Item(index, start, end, lead, kind_of(parse, index, start, end), vague)


def _extent(parse: Parse, index: int, start: int, limit: int) -> tuple[int, int]:
    """The object, drawn on over what depends on it until it says something in particular."""
    start = _past_adjunct(parse, start, limit)
    first, last = trim(parse.words, start, limit)
    following = index + 1
    enough = 2 if parse.found[index].verb in (Verb.ACT, Verb.COOPERATE) else 1
    while content(parse.words, first, last) < enough and following < len(parse.found):
        later = parse.found[following]
        if later.subject is not None or later.start > parse.found[index].hard or later.sibling is not None and later.sibling <= index:
            break
        first, last = trim(parse.words, start, min(later.limit, parse.found[index].hard))
        following += 1
    return first, last


def _past_adjunct(parse: Parse, start: int, limit: int) -> int:
    """Past "forward in the context of the next meeting" to the object that follows it: "a vision for …"."""
    words = parse.words
    while start < limit and words[start].adverb:
        start += 1
    if start < limit and words[start].text == ",":  # "establish, through …, a …"
        closing = next((i for i in range(start + 1, limit) if words[i].text == ","), None)
        return start if closing is None else closing + 1
    if start >= limit or words[start].lower not in {"in", "within", "at", "during", "with", "through"}:
        return start
    inner = [i for i in range(start + 3, limit) if words[i].lower in DETERMINERS and words[i - 1].lower not in PREPOSITIONS]
    return inner[0] if inner else start


def _gerund(parse: Parse, predicate: Predicate) -> str:
    """ "increase" -> "Increasing"."""
    from retrieval.initiatives.lexicon import verb_forms

    return next((s for s, f in verb_forms().items() if f.lemma == predicate.lemma and f.gerund), predicate.lemma).capitalize()


def kind_of(parse: Parse, index: int, start: int, end: int) -> InitiativeKind:
    """The kind that the governing verbs and the phrase's own adjectives say."""
    chain = above(parse.found, index)
    verbs = {p.verb for p in chain}
    phrase = {w.lower for w in parse.words[start:end]}
    lead = {w.lower for w in parse.words[max(0, start - 3) : start + 3]}
    if chain[0].verb is Verb.CREATE:
        lead -= {"annual", "regular", "enhanced"}  # "will hold an annual …" is new
    if Verb.RESUME in verbs or "resumed" in lead or _first_in_years(parse, chain[0]):
        return "resumed"
    if chain[0].verb is not Verb.REQUEST and Verb.REQUEST in verbs or chain[0].verb is Verb.REQUEST:
        return "request"
    if Verb.SUPPORT in {p.verb for p in chain[:2]} or chain[0].verb is Verb.GIVE and "support" in phrase:
        return "support"
    if Verb.CONTINUE in verbs or lead & _CONTINUING_WORDS or _reaffirmed(chain):
        return "continuing"
    return "new"


def _first_in_years(parse: Parse, predicate: Predicate) -> bool:
    after = [w.lower for w in parse.words[predicate.end : predicate.hard]]
    return any(after[i : i + 3] == ["first", "time", "in"] for i in range(len(after)))


def _reaffirmed(chain: Sequence[Predicate]) -> bool:
    return any(p.shape == "noun" for p in chain) and any(p.lemma in ("reaffirm", "reiterate", "renew", "affirm") for p in chain)


def evidence_start(parse: Parse, index: int) -> int:
    """The first token of the clause that promises: its subject for the first of a list, else the verb itself."""
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


def is_determined(word: Token) -> bool:
    return word.lower in DETERMINERS

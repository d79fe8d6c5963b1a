"""The object of a promise -> its name: "strengthen cooperation on …" is the cooperation itself."""

from __future__ import annotations

from functools import cache

from retrieval.initiatives.kinds import kind_of
from retrieval.initiatives.lexicon import DETERMINERS, LOOSE_ACTS, PREPOSITIONS, Verb, singular, verb_forms
from retrieval.initiatives.parse import Item, Parse
from retrieval.initiatives.phrases import content, family, text_of, trim
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.standing import subject_of
from retrieval.initiatives.topics import points_back

NOMINAL = {
    "cooperate": "Cooperation",
    "co-operate": "Cooperation",
    "collaborate": "Collaboration",
    "coordinate": "Coordination",
    "co-ordinate": "Coordination",
    "consult": "Consultations",
    "partner": "Partnership",
    "exchange": "Exchange of",
    "share": "Sharing",
    "work": "Work",
    "visit": "Visit to",
    "engage": "Engagement",
    "train": "Training",
    "meet": "Meetings",
    "converse": "Conversations",
    "confer": "Consultations",
    "liaise": "Liaison",
    "interact": "Exchanges",
}
"""The noun of a verb of cooperation, which names what it promises."""


MADE_OF = (
    Verb.CREATE,
    Verb.FOSTER,
    Verb.CONTINUE,
    Verb.RESUME,
    Verb.GIVE,
    Verb.SUPPORT,
    Verb.LIGHT,
    Verb.ANNOUNCE,
)


_FORMING = frozenset({"establish", "create", "launch", "sign", "inaugurate", "announce", "form", "set"})
_COMING_TO_BE = frozenset({"establishment", "launch", "creation", "signing", "announcement", "inauguration"})
_TELLING_EVENTS = frozenset({"exercise", "training", "dialogue", "forum", "seminar", "workshop", "symposium"})
_FORMS = frozenset({"body", "event", "instrument", "framework", "resource"})
"""A "joint committee" says little, but establishing one is news."""
_NOUN_OF = {
    "review": "Review of",
    "implement": "Implementation of",
    "reform": "Reform of",
    "produce": "Production of",
    "deploy": "Deployment of",
    "construct": "Construction of",
    "identify": "Identification of",
    "prepare": "Preparation of",
    "expand": "Expansion of",
    "upgrade": "Upgrade of",
    "return": "Return of",
    "transfer": "Transfer of",
}
"""The noun of other verbs, where English has a plain one; the rest become gerunds."""


def object_item(parse: Parse, index: int, predicate: Predicate, *, need_family: bool) -> Item | None:
    """The object as an item, where it says something in particular; its verb before it where it must."""
    start, end = extent(parse, index, predicate.end, predicate.limit)
    short = trim(parse.words, past_adjunct(parse, predicate.end, predicate.limit), predicate.limit)
    if short[0] < short[1] and family(parse.words, *short) is None and predicate.verb is not Verb.ACT:
        start, end = short  # a value does not become a measure by what it is for
    if start >= end:
        return None
    opening = parse.words[start]
    if (
        opening.lower in PREPOSITIONS
        or opening.lower in {"as", "so"}
        or (opening.text in {"“", "("} and start + 1 >= end)
    ):
        return None
    head = family(parse.words, start, end)
    if head is None and (need_family or predicate.lemma in LOOSE_ACTS):
        return None
    much = content(parse.words, start, end)
    formed = head in _FORMS and end - start >= 2 and _forms(parse, predicate, start, end)
    vague = not much and points_back(text_of(parse.words, parse.text, start, end))
    if not (vague or formed) and much < (
        2 if head is None and predicate.verb in (Verb.FOSTER, Verb.ACT, Verb.GIVE) else 1
    ):
        return None
    if head is None and (
        (predicate.verb is Verb.CONTINUE and not predicate.modal) or predicate.verb is Verb.SUPPORT
    ):
        return None
    if parse.words[start].lower in _COMING_TO_BE and start + 2 < end and parse.words[start + 1].lower == "of":
        start, end = trim(
            parse.words, start + 2, end
        )  # "announced the establishment of a network": the network
    bare = (
        head is not None
        and end - start > 1
        and predicate.verb in (*MADE_OF, Verb.COMMIT, Verb.REQUEST, Verb.EXPECT)
    )
    lead = "" if bare else _NOUN_OF.get(predicate.lemma) or _gerund(predicate)
    if lead and parse.words[start - 1].lower in {"the", "a", "an"} and start - 1 >= predicate.end:
        start -= 1  # "Review of the accident", not "Review of accident"
    return Item(index, start, end, lead, kind_of(parse, index, start, end), vague)


def _forms(parse: Parse, predicate: Predicate, start: int, end: int) -> bool:
    """Whether the verb makes even a "joint committee" news, or the words say which meeting it is."""
    words = {w.lower for w in parse.words[start:end]}
    if predicate.lemma in _FORMING:
        return not words & {"initiatives", "initiative", "plans", "measures"}
    telling = any(singular(w) in _TELLING_EVENTS for w in words)
    dated = (
        telling
        or any(w.text[0].isdigit() for w in parse.words[start:end])
        or bool(words & {"next", "first", "inaugural"})
    )
    if predicate.verb in (Verb.CONTINUE, Verb.RESUME):
        return telling
    return bool(predicate.modal) and predicate.verb is Verb.CREATE and dated


def extent(parse: Parse, index: int, start: int, limit: int) -> tuple[int, int]:
    """The object, drawn on over what depends on it until it says something in particular."""
    start = past_adjunct(parse, start, limit)
    first, last = trim(parse.words, start, limit)
    following = index + 1
    enough = 2 if parse.found[index].verb in (Verb.ACT, Verb.COOPERATE) else 1
    while content(parse.words, first, last) < enough and following < len(parse.found):
        later = parse.found[following]
        if (
            later.subject is not None
            or later.start > parse.found[index].hard
            or (later.sibling is not None and later.sibling <= index)
        ):
            break
        first, last = trim(parse.words, start, min(later.limit, parse.found[index].hard))
        following += 1
    return first, last


def past_adjunct(parse: Parse, start: int, limit: int) -> int:
    """Past "forward in the context of the next meeting" to the object that follows it: "a vision for …"."""
    words = parse.words
    while start < limit and words[start].adverb:
        start += 1
    if start < limit and words[start].text == ",":  # "establish, through …, a …"
        closing = next((i for i in range(start + 1, limit) if words[i].text == ","), None)
        return start if closing is None else closing + 1
    if start >= limit or words[start].lower not in {"in", "within", "at", "during", "with", "through"}:
        return start
    inner = [
        i
        for i in range(start + 3, limit)
        if words[i].lower in DETERMINERS and words[i - 1].lower not in PREPOSITIONS
    ]
    return inner[0] if inner else start


def _gerund(predicate: Predicate) -> str:
    """ "increase" -> "Increasing"; a verb the grammar does not know stays as it is."""
    return _gerunds().get(predicate.lemma, predicate.lemma).capitalize()


@cache
def _gerunds() -> dict[str, str]:
    return {form.lemma: spelling for spelling, form in verb_forms().items() if form.gerund}


def cooperation_item(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """The verb is the initiative: "cooperate on …", "exchange information", "our ministers will meet"."""
    start, end = extent(parse, index, predicate.end, predicate.limit)
    lead = NOMINAL.get(predicate.lemma) or _gerund(predicate)
    if predicate.lemma == "visit" and predicate.shape == "gerund":  # "visiting exhibitions"
        return None
    first = predicate.end
    while first < end and parse.words[first].adverb:
        first += 1
    transitive = first < end and parse.words[first].lower not in PREPOSITIONS
    if predicate.lemma in ("meet", "converse"):
        opening = parse.words[first].lower if first < len(parse.words) else ""
        lasting = (
            opening in {"with", "at", "in", "on", "every", ".", ";", ",", "twice", "once"} or first >= end
        )
        return _meeting(parse, index, lead) if lasting else None
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


def _meeting(parse: Parse, index: int, lead: str) -> Item | None:
    subject = subject_of(parse.words, parse.found, index)
    if subject is None:
        return None
    start, end = trim(parse.words, *subject)
    if start >= end or parse.words[start].lower in {"we", "they", "he", "she"}:
        return None
    return Item(index, start, end, f"{lead} of", kind_of(parse, index, start, end))


def joint_lead(parse: Parse, index: int, predicate: Predicate) -> Item | None:
    """ "collaborate to lead the world in developing …": a loose verb, so the cooperation is what is named."""
    following = parse.found[index + 1]
    if predicate.verb is not Verb.COOPERATE or following.lemma not in LOOSE_ACTS:
        return None
    start, end = trim(parse.words, following.start, following.limit)
    if (
        family(parse.words, following.end, following.limit) is not None
        or content(parse.words, start, end) < 2
    ):
        return None
    return Item(index, following.start, end, NOMINAL[predicate.lemma], kind_of(parse, index, start, end))

"""Proper names of initiatives, and what the words around them say about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.initiatives.actions import Parse
from retrieval.initiatives.lexicon import (
    BE_FORMS,
    CONJUNCTIONS,
    DETERMINERS,
    EVENT_NOUNS,
    HAVE_FORMS,
    MODALS,
    NOT_INITIATIVE,
    PROGRESS_NOUNS,
    TALLIED,
    UNDERWAY_NOUNS,
    Verb,
    head_family,
    singular,
)
from retrieval.initiatives.phrases import content, family, trim
from retrieval.initiatives.standing import ACTIVE, Standing
from retrieval.initiatives.tokens import Token
from retrieval.models import InitiativeKind


@dataclass(frozen=True)
class Mention:
    """A name at one place, by tokens.

    Attributes:
        kind: What the words around it say, or None where they say nothing.
        rejected: The words around it take it off the list at this place ("discussed", "at the … Summit").
    """

    start: int
    end: int
    family: str
    kind: InitiativeKind | None
    rejected: bool
    governor: int | None
    named: bool = True


_LINKS = frozenset(
    {
        "of",
        "on",
        "for",
        "to",
        "the",
        "and",
        "in",
        "with",
        "de",
        "&",
        "against",
        "among",
    }
)
_TITLES = frozenset(
    {
        "president",
        "minister",
        "ministers",
        "prime",
        "secretary",
        "general",
        "mr",
        "ms",
        "mrs",
        "dr",
        "vice",
        "leaders",
    }
)
_FRAMEWORK_LEADS = (
    ("under",), ("pursuant", "to"), ("in", "line", "with"), ("in", "accordance", "with"), ("building", "on"), ("consistent", "with"),
    ("within",), ("framework", "of"), ("context", "of"), ("based", "on"), ("guided", "by"), ("through",), ("utilizing",), ("utilising",),
    ("using",), ("build", "on"), ("part", "of"),
)  # fmt: skip
_MONTHS = frozenset(
    """january february march april may june july august september october november december""".split()
)
_ONGOING = frozenset("ongoing annual existing continued regular established current".split())
_COMING = frozenset("upcoming forthcoming next future first inaugural".split())
_ORDINAL_WORDS = frozenset("second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split())
_PLAIN_HEADS = frozenset(
    """programme program fund scheme scholarship fellowship project plan strategy framework agreement partnership
    initiative roadmap alliance treaty memorandum""".split()
)
_INTERNATIONAL = frozenset({"international", "united", "world", "european", "un"})
_GATHERINGS = frozenset({"event", "body"})
_PLACED = frozenset(
    {
        "at",
        "during",
        "since",
        "after",
        "from",
        "before",
        "in",
        "as",
        "like",
        "and",
        "or",
        ",",
        "by",
        "between",
        "with",
        "including",
    }
)


def mentions(parse: Parse) -> Iterator[Mention]:
    """The proper names of one sentence that have an initiative's head noun, in reading order."""
    position = 0
    while position < len(parse.words):
        span = _name_at(parse, position)
        if span is None:
            position += 1
            continue
        start, end = span
        head = _named_family(parse, start, end)
        if head is not None:
            end = _past_acronym(parse, end)
            yield _judged(parse, start, end, head)
        position = max(end, position + 1)


def _past_acronym(parse: Parse, end: int) -> int:
    """Over the short form in brackets that a name brings with it."""
    words = parse.words
    if end + 2 < len(words) and words[end].text == "(" and words[end + 1].shouted and words[end + 2].text == ")":
        return end + 3
    return end


def _name_at(parse: Parse, i: int) -> tuple[int, int] | None:
    words = parse.words
    if words[i].text == "“":
        closing = next((k for k in range(i + 1, min(i + 18, len(words))) if words[k].text == "”"), None)
        if closing is not None and words[i + 1].capital:
            return i + 1, _after_quote(parse, closing)
        return None
    if not (words[i].capital and words[i].is_word) or words[i].lower in DETERMINERS:
        return None
    if i == 0 and (words[i].function_word or words[i].adverb or words[i].lower.endswith("ing")):
        return None
    if words[i].form is not None and words[i].shouted or words[i].lower in _MONTHS:
        return None
    if words[i].lower == "article":  # "Article 5 of the … Treaty"
        return None
    return i, _run_end(parse, i)


def _after_quote(parse: Parse, closing: int) -> int:
    """A quoted title and the plain nouns that follow it: “Official Assistance” cooperation framework."""
    end = closing + 1
    while end < len(parse.words) and end <= closing + 3 and parse.words[end].is_word and not parse.words[end].function_word:
        if head_family((parse.words[end].bare,)):
            return end + 1
        end += 1
    return closing


def _run_end(parse: Parse, start: int) -> int:
    words, end = parse.words, start + 1
    while end < len(words):
        word = words[end]
        if word.capital or word.text[0].isdigit() and words[end - 1].capital and end > start:
            end += 1
            continue
        if word.text in {"–", "-"} and end - start <= 2 and words[end - 1].capital and end + 1 < len(words) and words[end + 1].capital:
            end += 2  # "Viet Nam - Australia Dialogue", set with spaces
            continue
        following = _past_links(parse, end)
        if following is not None and not (word.lower in CONJUNCTIONS and _complete(parse, start, end) and _complete_after(parse, following)):
            end = following + 1
            continue
        break
    return _with_plain_head(parse, start, end)


def _with_plain_head(parse: Parse, start: int, end: int) -> int:
    """Over lower-case words to the head they lead to: "Australian development cooperation programme"."""
    words, last = parse.words, end
    for i in range(end, min(end + 4, len(words))):
        if not words[i].is_word or words[i].function_word or words[i].adverb or words[i].lower in MODALS | BE_FORMS | HAVE_FORMS:
            break
        if words[i].form is not None and (words[i].form.third or words[i].form.past) and not words[i].form.base and head_family((words[i].bare,)) is None:
            break
        if singular(words[i].bare) in _PLAIN_HEADS:
            last = i + 1
    return last


def _past_links(parse: Parse, i: int) -> int | None:
    """The capitalised word after one or two small words ("of", "for the"), or after a comma within a list of them."""
    words, j = parse.words, i
    while j < len(words) and j - i < 2 and words[j].lower in _LINKS:
        j += 1
    if words[i].lower in CONJUNCTIONS and j - i > 1:  # "AOIP and the … Strategy" are two
        return None
    return j if j > i and j < len(words) and words[j].capital and words[j].is_word else None


def _complete(parse: Parse, start: int, end: int) -> bool:
    return head_family(tuple(w.bare for w in parse.words[start:end])) is not None


def _complete_after(parse: Parse, start: int) -> bool:
    return _complete(parse, start, _run_end(parse, start)) if start < len(parse.words) else False


def _named_family(parse: Parse, start: int, end: int) -> str | None:
    """The family of a proper name, by its last head noun; None for texts, offices and single words."""
    plain = [w.bare for w in parse.words[start:end] if w.is_word]
    if len(plain) == 1 and parse.words[start].shouted and _announced(parse, start):
        return "framework"
    if plain[0] in _INTERNATIONAL and not _announced(parse, start):
        return None
    if len(plain) < 2 or plain[-1] in NOT_INITIATIVE or plain[0] in _TITLES:
        return None
    heads = [(i, head_family(tuple(plain[: i + 1]))) for i in range(len(plain))]
    found = [(i, f) for i, f in heads if f is not None and parse_capital(parse, start, end, i)]
    first_link = next((i for i, w in enumerate(plain) if w in {"of", "for", "on", "to", "against"}), len(plain))
    before_link = [f for i, f in found if i < first_link]
    chosen = before_link[-1] if before_link else (found[-1][1] if found else None)
    if chosen is None or {"missile", "missiles", "weapons", "nuclear"} & set(plain) and plain[-1] in {"programs", "programmes", "program", "programme"} and "submarine" not in plain:
        return None
    if any(w in NOT_INITIATIVE for w in plain[max(0, first_link - 1) : first_link]):
        return None
    return None if chosen == "cooperation" and len(plain) < 3 else chosen


def _announced(parse: Parse, start: int) -> bool:
    """ "the announcement of AUKUS": an acronym that a noun brings into being."""
    left = _left(parse, start, 2)
    return len(left) == 2 and left[1] == "of" and left[0] in EVENT_NOUNS


def parse_capital(parse: Parse, start: int, end: int, i: int) -> bool:
    """Whether the i-th word of a name is itself part of the title (capital), or follows a quotation."""
    word = [w for w in parse.words[start:end] if w.is_word][i]
    return word.capital or i == len([w for w in parse.words[start:end] if w.is_word]) - 1


def _judged(parse: Parse, start: int, end: int, head: str) -> Mention:
    governor = _governor(parse, start)
    kind = _kind(parse, start, end, head, governor)
    return Mention(start, end, head, kind, _rejected(parse, start, end, head, kind, governor), governor)


def _governor(parse: Parse, start: int) -> int | None:
    before = [i for i, p in enumerate(parse.found) if p.end <= start]
    return before[-1] if before else None


def _left(parse: Parse, start: int, size: int = 6) -> list[str]:
    return [w.lower for w in parse.words[max(0, start - size) : start]]


def _kind(parse: Parse, start: int, end: int, head: str, governor: int | None) -> InitiativeKind | None:
    left = _left(parse, start)
    near = set(left[-3:])
    standing = parse.standings[governor] if governor is not None else None
    if _ends_with(left, "of") and any(w in EVENT_NOUNS for w in left[-4:]):
        if "announcement" in left:
            return "framework"
        return "support" if standing is Standing.SUPPORTED or "support" in left else "new"
    if _ends_with(left, "of") and {"meeting", "meetings", "session", "round"} & set(left[-4:]) and head == "body":
        return "new" if {"inaugural", "first"} & set(left) else "continuing"
    if _supported(parse, start, left, standing, governor):
        return "support"
    if near & _ONGOING or "ongoing" in {w.lower for w in parse.words[start:end]}:
        return "continuing"
    if governor is not None and standing in ACTIVE | {Standing.DONE} and _direct(parse, governor, start) and not (
        standing is Standing.DONE and parse.found[governor].verb not in (Verb.CREATE, Verb.ANNOUNCE, Verb.RESUME, Verb.GIVE)
    ):
        return _by_verb(parse, governor, start)
    if any(_ends_phrase(left, lead) for lead in _FRAMEWORK_LEADS) and head in (
        "framework",
        "instrument",
        "resource",
    ):
        return "framework"
    if near & {"new", "novel"}:
        return "new"
    if near & _COMING or near & _ORDINAL_WORDS:
        return "continuing" if near & _ORDINAL_WORDS else "new"
    if head != "event" and any(w in PROGRESS_NOUNS for w in left) and {"on", "of", "in", "under", "made"} & set(left):
        return "continuing"
    return None


def _supported(
    parse: Parse, start: int, left: list[str], standing: Standing | None, governor: int | None
) -> bool:
    if "support" in left and "for" in left:
        after = left[len(left) - left[::-1].index("for") :]
        return "of" not in after or bool(set(after) & (EVENT_NOUNS | UNDERWAY_NOUNS))
    return standing is Standing.SUPPORTED and governor is not None and _direct(parse, governor, start)


def _ends_with(left: list[str], word: str) -> bool:
    stripped = [w for w in left if w not in DETERMINERS and w not in {"new", "bilateral", "proposed"}]
    return bool(stripped) and stripped[-1] == word


def _ends_phrase(left: list[str], phrase: tuple[str, ...]) -> bool:
    stripped = list(left)
    while stripped and stripped[-1] not in phrase and len(left) - len(stripped) < 3:
        stripped.pop()
    return tuple(stripped[-len(phrase) :]) == phrase


def _direct(parse: Parse, governor: int, start: int) -> bool:
    """Whether the name is the object of its verb rather than something said further on."""
    predicate = parse.found[governor]
    between = parse.words[predicate.end : start]
    return start < predicate.limit and len(between) <= 6 and not any(w.lower in {"of", "in", "at", "with", "between", "among", "by", "under", "through", "to", "on"} for w in between)


def _by_verb(parse: Parse, governor: int, start: int) -> InitiativeKind | None:
    verb = parse.found[governor].verb
    if verb in (Verb.CREATE, Verb.ANNOUNCE, Verb.GIVE):
        return "new"
    if verb is Verb.RESUME:
        return "resumed"
    if verb is Verb.SUPPORT:
        return "support"
    if verb is Verb.REQUEST:
        return "request"
    if verb in (Verb.CONTINUE, Verb.FOSTER, Verb.ACT, Verb.EXPECT, Verb.COOPERATE):
        return "continuing"
    return None


def _rejected(parse: Parse, start: int, end: int, head: str, kind: InitiativeKind | None, governor: int | None) -> bool:
    standing = parse.standings[governor] if governor is not None else None
    last = singular(next((w.bare for w in reversed(parse.words[start:end]) if w.is_word), ""))
    if kind is not None:
        return standing in (Standing.TENTATIVE, Standing.AGAINST) and kind not in ("new", "continuing")
    if standing in (Standing.TENTATIVE, Standing.AGAINST, Standing.WELCOMED):
        return True
    if head == "resource" and set(_left(parse, start, 2)) & _PLACED:
        return True
    if head == "instrument" and not any("-" in w.text and w.text.rsplit("-")[-1][:1].isupper() for w in parse.words[start:end]):
        return True  # a treaty of others, referred to
    if not _has_own_words(parse, start, end):
        return True
    return head in _GATHERINGS or last in {"summit", "meeting", "forum"} or head == "cooperation"


def _has_own_words(parse: Parse, start: int, end: int) -> bool:
    """Whether a name says more than whose it is: "the G20’s initiative" does not."""
    own = [w for w in parse.words[start:end] if w.is_word and not w.possessive and not w.function_word]
    return len(own) > 1 or own == [] and False


def plain_mentions(parse: Parse) -> Iterator[Mention]:
    """Lower-case initiatives that a noun brings into being: "the establishment of a … working group", "ongoing …"."""
    words = parse.words
    for i, word in enumerate(words):
        if word.lower in EVENT_NOUNS and i + 1 < len(words) and words[i + 1].lower == "of":
            yield from _plain(parse, i + 2, "new")
        elif word.lower in UNDERWAY_NOUNS and i + 1 < len(words) and words[i + 1].lower == "of":
            yield from _plain(parse, i + 2, "continuing")
        elif word.lower in TALLIED and i + 2 < len(words) and words[i + 1].lower in {"initiatives", "programmes", "programs"} and words[i + 2].lower in {"in", "on", "for", "to"}:
            yield from _plain(parse, i, "new")
        elif word.lower in {"ongoing", "upcoming", "forthcoming", "annual", "future"}:
            yield from _plain(parse, i + 1, "continuing" if word.lower in {"ongoing", "annual"} else "new")


def _plain(parse: Parse, i: int, kind: InitiativeKind) -> Iterator[Mention]:
    words = parse.words
    governor = _governor(parse, i)
    standing = parse.standings[governor] if governor is not None else None
    if standing in (Standing.TENTATIVE, Standing.AGAINST):
        return
    starts = [p.start if p.subject is None else min(p.start, p.subject[0]) for p in parse.found if p.start > i]
    limit = min((s for s in starts if s > i), default=len(parse.words))
    limit = next((k for k in range(i, limit - 1) if words[k].text == "," and words[k + 1].lower == "and"), limit)
    start, end = trim(parse.words, i, limit)
    head = family(parse.words, start, end) if start < end else None
    if head is None or not (content(parse.words, start, end) or any(w.capital for w in parse.words[start:end])):
        return
    if end - start < 2 or head == "cooperation" and kind == "new" and parse.words[i - 1].lower in _COMING:
        return
    if standing is Standing.SUPPORTED:
        kind = "support"
    elif standing is Standing.REQUESTED:
        kind = "request"
    yield Mention(start, end, head, kind, False, governor, named=False)


def is_title(word: Token) -> bool:
    return word.bare in _TITLES

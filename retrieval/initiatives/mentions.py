"""Proper names of initiatives, and what the words around them say about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.initiatives.lexicon import (
    DETERMINERS,
    EVENT_NOUNS,
    PROGRESS_NOUNS,
    TALLIED,
    UNDERWAY_NOUNS,
    Verb,
    singular,
    word_set,
)
from retrieval.initiatives.names import left_of, name_at, named_family, past_acronym
from retrieval.initiatives.parse import Parse
from retrieval.initiatives.phrases import content, family, trim
from retrieval.initiatives.standing import ACTIVE, Standing
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


_FRAMEWORK_LEADS = (
    ("under",), ("pursuant", "to"), ("in", "line", "with"), ("in", "accordance", "with"), ("building",
    "on"), ("consistent", "with"),
    ("within",), ("framework", "of"), ("context", "of"), ("based", "on"), ("guided", "by"), ("through",),
    ("utilizing",), ("utilising",),
    ("using",), ("build", "on"), ("part", "of"),
)  # fmt: skip


_ONGOING = word_set("ongoing annual existing continued regular current")


_COMING = word_set("upcoming forthcoming next future first inaugural")


_ORDINAL_WORDS = word_set("""second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth""")


_FORMED = frozenset({"body", "event", "instrument", "framework"})
_GATHERINGS = frozenset({"event", "body"})


_PLACED = word_set("""at during since after from before in as like and or , by between with including""")


def mentions(parse: Parse) -> Iterator[Mention]:
    """The proper names of one sentence that have an initiative's head noun, in reading order."""
    position = 0
    while position < len(parse.words):
        span = name_at(parse, position)
        if span is None:
            position += 1
            continue
        start, end = span
        head = named_family(parse, start, end)
        if head is not None:
            end = past_acronym(parse, end)
            yield _judged(parse, start, end, head)
        position = max(end, position + 1)


def _judged(parse: Parse, start: int, end: int, head: str) -> Mention:
    governor = _governor(parse, start)
    kind = _kind(parse, start, end, head, governor)
    return Mention(start, end, head, kind, _rejected(parse, start, end, head, kind, governor), governor)


def _governor(parse: Parse, start: int) -> int | None:
    before = [i for i, p in enumerate(parse.found) if p.end <= start]
    return before[-1] if before else None


def _kind(parse: Parse, start: int, end: int, head: str, governor: int | None) -> InitiativeKind | None:
    left = left_of(parse, start)
    near = set(left[-3:])
    standing = parse.standings[governor] if governor is not None else None
    if _ends_with(left, "of") and any(w in EVENT_NOUNS for w in left[-4:]):
        if "announcement" in left:
            return "framework"
        return "support" if standing is Standing.SUPPORTED or "support" in left else "new"
    if (
        _ends_with(left, "of")
        and {"meeting", "meetings", "session", "round"} & set(left[-4:])
        and head == "body"
    ):
        return "new" if {"inaugural", "first"} & set(left) else "continuing"
    if _supported(parse, start, left, standing, governor):
        return "support"
    if near & _ONGOING or "ongoing" in {w.lower for w in parse.words[start:end]}:
        return "continuing"
    if (
        governor is not None
        and standing in ACTIVE | {Standing.DONE}
        and _direct(parse, governor, start)
        and not (
            standing is Standing.DONE
            and parse.found[governor].verb not in (Verb.CREATE, Verb.ANNOUNCE, Verb.RESUME, Verb.GIVE)
        )
    ):
        return _by_verb(parse, governor)
    if any(_ends_phrase(left, lead) for lead in _FRAMEWORK_LEADS) and head in (
        "framework",
        "instrument",
        "resource",
    ):
        return "framework"
    if {"new", "novel"} & (near | {w.lower for w in parse.words[start : start + 3]}):
        return "new"
    if near & _COMING or near & _ORDINAL_WORDS:
        return "continuing" if near & _ORDINAL_WORDS else "new"
    if (
        head != "event"
        and any(w in PROGRESS_NOUNS for w in left)
        and {"on", "of", "in", "under", "made"} & set(left)
    ):
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
    return (
        start < predicate.limit
        and len(between) <= 6
        and not any(
            w.lower in {"of", "in", "at", "with", "between", "among", "by", "under", "through", "to", "on"}
            for w in between
        )
    )


def _by_verb(parse: Parse, governor: int) -> InitiativeKind | None:
    verb = parse.found[governor].verb
    if parse.standings[governor] is Standing.REQUESTED:
        return "request"
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


def _rejected(
    parse: Parse, start: int, end: int, head: str, kind: InitiativeKind | None, governor: int | None
) -> bool:
    standing = parse.standings[governor] if governor is not None else None
    last = singular(next((w.bare for w in reversed(parse.words[start:end]) if w.is_word), ""))
    if not _has_own_words(parse, start, end):
        return True
    if kind is not None:
        return standing in (Standing.TENTATIVE, Standing.AGAINST)
    if standing in (Standing.TENTATIVE, Standing.AGAINST, Standing.WELCOMED):
        return True
    if head == "resource" and set(left_of(parse, start, 2)) & _PLACED:
        return True
    if head == "instrument" and not any(
        "-" in w.text and w.text.rsplit("-")[-1][:1].isupper() for w in parse.words[start:end]
    ):
        return True  # a treaty of others, referred to
    return head in _GATHERINGS or last in {"summit", "meeting", "forum"} or head == "cooperation"


def _has_own_words(parse: Parse, start: int, end: int) -> bool:
    """Whether a name says more than whose it is: "the G20’s new initiative" does not."""
    own = [
        w
        for w in parse.words[start:end]
        if w.is_word and not w.possessive and not w.function_word and w.lower not in {"new", "proposed"}
    ]
    return len(own) > 1 or (len(own) == 1 and own[0].shouted)


def plain_mentions(parse: Parse) -> Iterator[Mention]:
    """Lower-case initiatives that a noun brings into being: "the launch of a …", "ongoing …"."""
    words = parse.words
    for i, word in enumerate(words):
        if word.lower in EVENT_NOUNS and i + 1 < len(words) and words[i + 1].lower == "of":
            yield from _plain(parse, i + 2, "new")
        elif word.lower in UNDERWAY_NOUNS and i + 1 < len(words) and words[i + 1].lower == "of":
            yield from _plain(parse, i + 2, "continuing")
        elif (
            word.lower in TALLIED
            and i + 2 < len(words)
            and words[i + 1].lower in {"initiatives", "programmes", "programs"}
            and words[i + 2].lower in {"in", "on", "for", "to"}
        ):
            yield from _plain(parse, i, "new")
        elif word.lower in {"ongoing", "upcoming", "forthcoming", "annual", "future"}:
            yield from _plain(parse, i + 1, "continuing" if word.lower in {"ongoing", "annual"} else "new")


def _plain(parse: Parse, i: int, kind: InitiativeKind) -> Iterator[Mention]:
    words = parse.words
    if i >= len(words):
        return
    governor = _governor(parse, i)
    standing = parse.standings[governor] if governor is not None else None
    tallied = words[i].lower in TALLIED
    if standing in (Standing.TENTATIVE, Standing.AGAINST) or (tallied and standing is Standing.WELCOMED):
        return
    starts = [
        p.start if p.subject is None else min(p.start, p.subject[0]) for p in parse.found if p.start > i
    ]
    limit = min((s for s in starts if s > i), default=len(parse.words))
    limit = next(
        (k for k in range(i, limit - 1) if words[k].text == "," and words[k + 1].lower == "and"), limit
    )
    start, end = trim(parse.words, i, limit)
    head = family(parse.words, start, end) if start < end else None
    if head is None or not (
        content(words, start, end)
        or any(w.capital for w in words[start:end])
        or (kind == "new" and head in _FORMED)
    ):
        return
    if end - start < 2 or (head == "cooperation" and kind == "new" and parse.words[i - 1].lower in _COMING):
        return
    if standing is Standing.SUPPORTED:
        kind = "support"
    elif standing is Standing.REQUESTED:
        kind = "request"
    yield Mention(start, end, head, kind, False, governor, named=False)

"""Readout -> initiatives: one entry for one initiative, however often and in however many readouts it is named.

Names are compared by keys: one initiative written in two ways has one. Linking readouts ("also in … ¶4") is
conservative on purpose: a wrong link tells a false history. Two entries are one only where their names have the same
stems (ordinals, articles and word order aside: "12th Japan-ASEAN Forum" is "ASEAN-Japan Forum") and the name is a
proper one, or where one name is the acronym that the other brings with it, and no readout uses that acronym for anything
else. "Working group" or "maritime cooperation" never links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from retrieval.initiatives.tagging import CLOSED_CLASS, Mention, Passage, lead_in, shipped_tagger
from retrieval.language.sentences import sentence_spans
from retrieval.language.terms import stem
from retrieval.models import Evidence, Initiative, InitiativeCitation, Paragraph, Readout

_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_SPAN = r"(?:year|month|week|quarter|decade|half|day)s?"
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|several|a few|the)"
_DATE = (
    rf"(?:\d{{1,2}}(?:[-–]\d{{1,2}})?\s+{_MONTH}(?:\s+\d{{4}})?"
    rf"|{_MONTH}(?:\s+\d{{1,2}}(?:[-–]\d{{1,2}})?)?(?:,?\s+\d{{4}})?)"
)
_YEAR = r"(?:(?:FY|fiscal year)\s?)?(?:19|20)\d\d(?:[-–/]\d{2,4})?"
_PART = (
    r"(?:(?:the\s+)?(?:early|mid|late|(?:end|beginning|middle|(?:first|second)\s+half"
    r"|(?:first|second|third|fourth)\s+quarter)\s+of)[\s-]+)?"
)
_FIRST_TIME = rf"for\s+the\s+first\s+time(?:\s+in\s+{_NUMBER}\s+{_SPAN})?"
_WHEN = re.compile(
    rf"""\b(?:
    (?:later\s+|earlier\s+|early\s+)?(?:this|next|last)\s+
        (?:year|month|week|autumn|spring|summer|winter|fall|decade|fiscal\ year|{_MONTH})(?:\s+{_FIRST_TIME})?
    | {_FIRST_TIME}
    | (?:by|in|on|before|from|since|until|during|at|through|for|beginning|starting|after|no\s+later\s+than)
        \s+{_PART}(?:{_DATE}|{_YEAR})(?:\s*(?:[-–]|to|and|until)\s*(?:{_DATE}|{_YEAR}))?
    | (?:by|at|before)\s+the\s+(?:end|time|beginning|start)\s+of\s+(?:the\s+)?
        (?:{_YEAR}|{_MONTH}|next\s+[\w+]+\s+\w+|(?:this|next)\s+\w+|year|decade)
    | (?:at|on)\s+an?\s+(?:early|appropriate|mutually\s+convenient|convenient)\s+(?:date|time|opportunity)
    | at\s+the\s+earliest\s+(?:possible\s+)?(?:date|opportunity|time)
    | as\s+(?:soon|early|promptly|quickly|swiftly|expeditiously)\s+as\s+(?:possible|practicable)
    | (?:in|over|within)\s+(?:the\s+)?(?:coming|next|following|near)\s+(?:{_NUMBER}\s+)?
        (?:{_SPAN}|future|term)
    | (?:in|over|within|for)\s+(?:the\s+next\s+|a\s+(?:further\s+)?period\s+of\s+|the\s+coming\s+)?
        {_NUMBER}\s+{_SPAN}
    | in\s+due\s+course
    | (?:at\s+least\s+)?(?:once|twice|\w+\s+times)\s+(?:a|every|per)\s+\w+
    | at\s+least\s+annually
    | (?:on\s+)?(?:an?\s+)?(?:regular|annual|biennial|quarterly|monthly|yearly)\s+basis
    | every\s+(?:\w+\s+)?(?:years?|months?)
    | beginning\s+this\s+year
    | annually
    | at\s+a\s+time\s+convenient\s+to\s+\w+
    )(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)


def when_near(text: str, sentence: tuple[int, int], span: tuple[int, int]) -> str | None:
    """Return the expression of time in a sentence that is nearest to a span of it, as written, or None.

    Args:
        sentence, span: Half-open spans of `text`.
    """
    found = _WHEN.finditer(text, *sentence)
    nearest = min(found, key=lambda m: max(m.start() - span[1], span[0] - m.end(), 0), default=None)
    return nearest.group() if nearest else None


_PRIORITY = {"resumed": 0, "new": 1, "request": 2, "support": 3, "continuing": 4, "framework": 5}
"""What is announced in one place and referred to in another was announced."""

_LONGEST_QUOTE = 600
"""Characters of a sentence that is quoted whole; of a longer one the span alone is the evidence."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A mention with its words, what identifies them, and whether they are written as a proper name."""

    mention: Mention
    name: str
    key: tuple[str, ...]
    proper: bool


def merge(mentions: Iterable[Mention], readout: Readout) -> tuple[Initiative, ...]:
    """Return the list of a readout, in reading order of what each entry cites first.

    Args:
        mentions: In reading order.
    """
    order = {p.number: i for i, p in reversed(list(enumerate(readout.paragraphs)))}
    texts = {p.number: p.text for p in reversed(readout.paragraphs)}
    entries = [_entry(group, texts) for group in _grouped(_named(m, texts) for m in mentions)]
    entries = [_cited_again(entry, order, texts) for entry in entries]
    entries.sort(key=lambda e: (order[e.citations[0].paragraph], e.citations[0].evidence.start))
    return tuple(entries)


def _named(mention: Mention, texts: dict[str, str]) -> _Named:
    name = texts[mention.paragraph][mention.start : mention.end]
    return _Named(mention, name, name_key(name) or (name,), is_proper(name))


def _grouped(mentions: Iterable[_Named]) -> list[list[_Named]]:
    groups: list[list[_Named]] = []
    known: dict[str | tuple[str, ...], list[_Named]] = {}  # by key, and by the acronym a name brings with it
    endings: dict[tuple[str, ...], list[list[_Named]]] = {}  # of proper names, by their last two words
    for one in mentions:
        alike = endings.setdefault(one.key[-2:], []) if one.proper else []
        ending = next((each for each in alike if _ends(one, each[0])), None)
        group = known.get(one.name) or known.get(one.key) or ending
        if group is None:
            group = []
            groups.append(group)
            alike.append(group)
        group.append(one)
        known.setdefault(one.key, group)
        known.setdefault(acronym_in(one.name) or one.key, group)
    return groups


def _ends(one: _Named, other: _Named) -> bool:
    """Whether one name ends as the other does: "Norland-Estmark Ferry Forum", "Ferry Forum"."""
    size = min(len(one.key), len(other.key))
    return one.key[-size:] == other.key[-size:]


def _entry(group: Sequence[_Named], texts: dict[str, str]) -> Initiative:
    lead = min(group, key=lambda named: _PRIORITY[named.mention.kind])
    mentions = [lead.mention, *(named.mention for named in group)]
    cited = {m.paragraph: m for m in reversed(mentions)}
    actors = (texts[m.paragraph][slice(*m.actor)] for m in mentions if m.actor)
    times = (when_near(texts[m.paragraph], m.sentence, (m.start, m.end)) for m in mentions)
    return Initiative(
        name=lead.name,
        kind=lead.mention.kind,
        actor=next(actors, None),
        when=next(filter(None, times), None),
        citations=tuple(_citation(cited[p], texts) for p in dict.fromkeys(m.paragraph for m in mentions)),
    )


def _citation(mention: Mention, texts: dict[str, str]) -> InitiativeCitation:
    start, end = mention.sentence
    if end - start > _LONGEST_QUOTE:
        start, end = mention.start, mention.end
    return InitiativeCitation(mention.paragraph, Evidence.of(texts[mention.paragraph], start, end))


def _cited_again(entry: Initiative, order: dict[str, int], texts: dict[str, str]) -> Initiative:
    """The entry with the later paragraphs that hold its proper name, or the acronym it brings with it."""
    if not is_proper(entry.name):
        return entry
    full, acronym = without_acronym(entry.name).strip(), acronym_in(entry.name) or ""
    forms = [form for form, known in ((full, len(name_key(full)) > 2), (acronym, len(acronym) > 2)) if known]
    cited = {citation.paragraph for citation in entry.citations}
    first = order[entry.citations[0].paragraph]
    lead, *others = entry.citations
    for number, text in texts.items():
        if order[number] > first and number not in cited and not number.startswith("header"):
            spans = [span for form in forms if (span := _word_span(form, text))]
            others += [InitiativeCitation(number, Evidence.of(text, *span)) for span in spans[:1]]
    others.sort(key=lambda citation: order[citation.paragraph])
    return Initiative(entry.name, entry.kind, entry.actor, entry.when, (lead, *others))


def _word_span(form: str, text: str) -> tuple[int, int] | None:
    """Where whole words of a text say `form` for the first time."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        if not any(c.isalnum() or c == "-" for c in (*text[max(0, start - 1) : start], *text[end : end + 1])):
            return start, end
        start = text.find(form, start + 1)
    return None


Paced = Callable[[Iterable[Paragraph]], Iterable[Paragraph]]
"""Yields what it is given, at a pace of its own."""

LANGUAGE = "en"
"""What the tagger was trained on; it would tag another language at random."""

_AT_ONCE = 32
"""Paragraphs that are tagged side by side, before others get their turn."""


def extract_initiatives(readout: Readout, paced: Paced = iter) -> tuple[Initiative, ...]:
    """List what the parties announce, will do, continue, resume, support or ask for, in reading order.

    The same readout has the same list, always. Every name and quote is cut out of its paragraph. A readout
    that is not in English has an empty list.

    Args:
        paced: When to look at the next paragraph, where others are waiting.

    Raises:
        ModelError: A file of the tagger is missing, damaged or unusable.
    """
    if readout.language != LANGUAGE:
        return ()
    tagger = shipped_tagger()
    found: list[Mention] = []
    passages = _passages(readout, paced)
    while group := list(islice(passages, _AT_ONCE)):
        found += chain.from_iterable(tagger.tag_each(group))
    return merge(found, readout)


def _passages(readout: Readout, paced: Paced) -> Iterator[Passage]:
    """The paragraphs to tag: of two with one number the first, and no header, which only names the readout."""
    before, heading, seen = "", None, set[str]()
    for paragraph in paced(readout.paragraphs):
        if paragraph.number in seen or paragraph.number.startswith("header"):
            continue
        seen.add(paragraph.number)
        if paragraph.heading != heading:
            heading = paragraph.heading
            before = heading or ""
        sentences = tuple(sentence_spans(paragraph.text, readout.language))
        yield Passage(paragraph.number, paragraph.text, sentences, before)
        before = lead_in(before, paragraph.text)


_ACRONYM = re.compile(r"\(([A-Z][\w&/-]{1,11})\)")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th)$")
_SPELLING = {"defence": "defense", "programme": "program", "programmes": "programs", "centre": "center"}
_WORDS = re.compile(r"[^\W_]+(?:\.\d+)?")
_CAPITAL = re.compile(r"\b[^\W\d_a-z][\w.]*")


@lru_cache(maxsize=20_000)
def name_key(name: str) -> tuple[str, ...]:
    """The stems that identify a name, in order: no acronym in brackets, ordinals, articles or accents."""
    plain = unicodedata.normalize("NFKD", without_acronym(name)).casefold().replace("’", "'")
    plain = re.sub(r"'s?(?!\w)", "", plain).replace("u.s.", "us").replace("u.k.", "uk")
    words = [w for w in _WORDS.findall(plain) if w[-1] < "\u0300"]
    kept = [w for w in words if w not in CLOSED_CLASS and not _ORDINAL.match(w)]
    return tuple(stem(_SPELLING.get(w, w)) for w in kept or words)


def acronym_in(name: str) -> str | None:
    """The short form a name brings with it: "… Awareness (IPMDA)" -> "IPMDA"."""
    match = _ACRONYM.search(name)
    return match.group(1) if match else None


def without_acronym(name: str) -> str:
    """The name without its short form in brackets."""
    return _ACRONYM.sub(" ", name)


def is_proper(name: str) -> bool:
    """Whether a name is written as one initiative's own: two words with capitals, and two that mean."""
    plain = without_acronym(name)
    return len(_CAPITAL.findall(plain)) >= 2 and len(set(name_key(name))) >= 2


Identity = frozenset[str]

_FORMS = """action agenda agreement annual arrangement bilateral business ceremony commission committee
    conference consultation cooperation council dialogue economic forum framework fund group high initiative
    international joint leader leaders level meeting memorandum minister ministerial ministers national new
    official officials partnership plan policy program programme project regional roadmap security seminar
    senior statement strategic strategy summit task taskforce understanding vision working workshop"""
"""What many initiatives are called: a name of these alone identifies none."""

_IS_ACRONYM = re.compile(r"^[A-Z][A-Z0-9&/-]{2,11}$")


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another place where an initiative is listed."""

    document: str
    paragraph: str


def link(
    initiatives_by_readout: Mapping[str, Sequence[Initiative]], *, dates: Mapping[str, str | None]
) -> dict[str, tuple[tuple[AlsoIn, ...], ...]]:
    """Say of every entry in which other readouts it is listed.

    Args:
        initiatives_by_readout: The list of every readout, by its id.
        dates: ISO 8601 date by readout id; readouts without one come last.

    Returns:
        For every readout, one tuple per entry in the order given: the other readouts' places, oldest first.
    """
    named = identities(initiatives_by_readout)
    places: dict[Identity | None, list[AlsoIn]] = {}
    for document in sorted(initiatives_by_readout, key=lambda d: (dates.get(d) or "9999", d)):
        for entry, identity in zip(initiatives_by_readout[document], named[document], strict=True):
            if identity is not None:
                found = [AlsoIn(document, c.paragraph) for c in entry.citations]
                places.setdefault(identity, []).extend(p for p in found if p not in places.get(identity, []))
    return {
        document: tuple(tuple(p for p in places.get(each, ()) if p.document != document) for each in own)
        for document, own in named.items()
    }


def identities(
    initiatives_by_readout: Mapping[str, Sequence[Initiative]],
) -> dict[str, tuple[Identity | None, ...]]:
    """Return what the entries of one initiative have in common, by readout; None for one that nothing links."""
    acronyms = _acronyms(initiatives_by_readout)
    return {
        document: tuple(_identity(entry.name, acronyms) for entry in entries)
        for document, entries in initiatives_by_readout.items()
    }


def _acronyms(lists: Mapping[str, Sequence[Initiative]]) -> dict[str, Identity]:
    """What each acronym stands for, where every readout that spells it out agrees."""
    meanings: dict[str, set[Identity]] = {}
    for name in (entry.name for entries in lists.values() for entry in entries):
        if acronym := acronym_in(name):
            meanings.setdefault(acronym, set()).add(frozenset(name_key(name)))
    return {acronym: next(iter(found)) for acronym, found in meanings.items() if len(found) == 1}


def _identity(name: str, acronyms: Mapping[str, Identity]) -> Identity | None:
    """What two names must share to be one initiative, or None for a name that identifies nothing."""
    if _IS_ACRONYM.match(name):
        return acronyms.get(name, frozenset({name}))
    key = frozenset(name_key(name))
    return key if is_proper(name) and key - set(name_key(_FORMS)) else None

"""Readout -> initiatives: sentences, verbs, promises, names, one list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from retrieval.initiatives.actions import evidence_start, items, name_of
from retrieval.initiatives.actors import Actors, actor_text
from retrieval.initiatives.candidates import Candidate
from retrieval.initiatives.mentions import Mention, mentions, plain_mentions
from retrieval.initiatives.merging import merge
from retrieval.initiatives.parse import Item, Parse
from retrieval.initiatives.phrases import text_of
from retrieval.initiatives.predicates import predicates
from retrieval.initiatives.references import with_references
from retrieval.initiatives.standing import above, is_party, standings, subject_of
from retrieval.initiatives.tokens import tokens
from retrieval.initiatives.topics import last_topic, points_back, resolved, topic_before
from retrieval.initiatives.when import when_in
from retrieval.models import Initiative, Paragraph, Readout
from retrieval.sentences import sentence_spans

_BROKEN = re.compile(r"(?:\b[A-Z]|\bNo|\bMr|\bMs|\bDr|\bSt|\bPh)\.$")


Paced = Callable[[Iterable[Paragraph]], Iterable[Paragraph]]
"""Yields what it is given, at a pace of its own."""


def extract_initiatives(readout: Readout, paced: Paced = iter) -> tuple[Initiative, ...]:
    """List what the parties announce, will do, continue, resume, support or ask for, in reading order.

    Pure and deterministic, without a language model. Every citation's span is cut out of its paragraph.

    Args:
        paced: When to look at the next paragraph, where others are waiting.
    """
    actors = Actors()
    seen: set[str] = set()
    candidates: list[Candidate] = []
    for paragraph in paced(readout.paragraphs):
        if paragraph.number in seen or paragraph.number.startswith("header"):
            continue
        seen.add(paragraph.number)
        candidates.extend(_candidates(paragraph, actors, readout.language))
    return with_references(merge(candidates, readout), readout)


def _candidates(paragraph: Paragraph, actors: Actors, language: str) -> Iterator[Candidate]:
    topic: str | None = None
    for start, end in _sentences(paragraph.text, language):
        words = tokens(paragraph.text, start, end)
        if not words:
            continue
        found = predicates(words)
        parse = Parse(paragraph.text, words, found, standings(words, found))
        actors.note(words, found, paragraph.text)
        for item in items(parse):
            candidate = _from_item(parse, item, paragraph, actors)
            if not candidate.name or (
                item.vague and not (points_back(candidate.name) and (topic or item.predicate))
            ):
                continue
            if points_back(candidate.name):
                nearest = topic_before(words, found, item.predicate, paragraph.text) or topic
                candidate = candidate.renamed(resolved(candidate.name, nearest))
            yield candidate
        for mention in [*mentions(parse), *plain_mentions(parse)]:
            named = _from_mention(parse, mention, paragraph, actors)
            if named is not None:
                yield named
        topic = last_topic(words, found, paragraph.text) or topic


def _sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Sentence spans, with a sentence broken inside "U.S." or after "No." put together again."""
    whole: list[tuple[int, int]] = []
    for start, end in sentence_spans(text, language):
        if whole and start - whole[-1][1] <= 1 and _BROKEN.search(text, whole[-1][0], whole[-1][1]):
            glued = start == whole[-1][1] or not text[start : start + 1].isupper()
            if glued or (
                _BROKEN.search(text[max(0, whole[-1][1] - 3) : whole[-1][1]])
                and text[start : start + 2] == "S."
            ):
                whole[-1] = (whole[-1][0], end)
                continue
        whole.append((start, end))
    return whole


def _from_item(parse: Parse, item: Item, paragraph: Paragraph, actors: Actors) -> Candidate:
    words = parse.words
    predicate = parse.found[item.predicate]
    first = min(evidence_start(parse, item.predicate), item.start)
    last = max(item.end, predicate.end)
    if predicate.shape == "passive" or item.start < predicate.start:
        last = max(last, predicate.limit)
    while last > item.end and not words[last - 1].is_word:
        last -= 1
    return Candidate(
        name=name_of(parse, item),
        kind=item.kind,
        actor=_actor(parse, item.predicate, actors, passive=predicate.shape == "passive"),
        when=when_in(paragraph.text[words[first].start : words[min(predicate.hard, len(words)) - 1].end]),
        paragraph=paragraph.number,
        start=words[first].start,
        end=words[last - 1].end,
        name_start=words[item.start].start,
        name_end=words[item.end - 1].end,
    )


def _actor(parse: Parse, index: int, actors: Actors, *, passive: bool = False) -> str | None:
    if passive:
        return None
    owner = _owner(parse, index)
    if owner is not None:
        return owner
    subject = next((s for s in _subjects(parse, index) if is_party(parse.words, s)), None)
    if subject is None:
        return None
    text = actor_text(parse.words, parse.text, *subject)
    return actors.resolve(text) if text else None


def _owner(parse: Parse, index: int) -> str | None:
    """Whose intent, commitment or decision it is: "welcomed Japan’s decision to …"."""
    for predicate in above(parse.found, index):
        if predicate.shape != "noun":
            continue
        for i in range(predicate.start - 1, max(predicate.start - 5, -1), -1):
            if parse.words[i].possessive:
                first = i
                while (
                    first > 0
                    and parse.words[first - 1].is_word
                    and (parse.words[first - 1].capital or parse.words[first - 1].lower == "the")
                ):
                    first -= 1
                return (
                    parse.text[parse.words[first].start : parse.words[i].end].rstrip("s").rstrip("’'") or None
                )
    return None


def _subjects(parse: Parse, index: int) -> Iterator[tuple[int, int]]:
    """The governing subject, then those before it: "confirmed it was timely to" is done by who confirmed."""
    governing = subject_of(parse.words, parse.found, index)
    if governing is not None:
        yield governing
    yield from (p.subject for p in reversed(parse.found[:index]) if p.subject is not None)


def _from_mention(parse: Parse, mention: Mention, paragraph: Paragraph, actors: Actors) -> Candidate | None:
    if mention.rejected:
        return None
    words = parse.words
    name = text_of(words, parse.text, mention.start, mention.end)
    if not name:
        return None
    governor = mention.governor
    first = mention.start
    if governor is not None and mention.start - parse.found[governor].start < 30:
        first = min(first, parse.found[governor].start)
        subject = parse.found[governor].subject
        first = min(first, subject[0]) if subject else first
    return Candidate(
        name=name[:1].upper() + name[1:],
        kind=mention.kind or ("continuing" if mention.family in ("resource", "body") else "framework"),
        actor=_actor(parse, governor, actors) if governor is not None else None,
        when=when_in(parse.text[words[first].start : words[-1].end]) if mention.kind else None,
        paragraph=paragraph.number,
        start=words[first].start,
        end=words[mention.end - 1].end,
        name_start=words[mention.start].start,
        name_end=words[mention.end - 1].end,
        named=mention.named,
    )

"""Mentions -> entries: one initiative named in several places is one entry with several citations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.initiatives.mentions import Mention
from retrieval.initiatives.naming import acronym_in, is_proper, name_key, without_acronym
from retrieval.initiatives.when import when_near
from retrieval.models import Evidence, Initiative, InitiativeCitation, Readout

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
    return tuple(sorted(entries, key=lambda entry: _place(entry, order)))


def _named(mention: Mention, texts: dict[str, str]) -> _Named:
    name = texts[mention.paragraph][mention.start : mention.end]
    return _Named(mention, name, name_key(name) or (name,), is_proper(name))


def _place(entry: Initiative, order: dict[str, int]) -> tuple[int, int]:
    first = entry.citations[0]
    return order[first.paragraph], first.evidence.start


def _grouped(mentions: Iterable[_Named]) -> list[list[_Named]]:
    groups: list[list[_Named]] = []
    known: dict[str | tuple[str, ...], list[_Named]] = {}  # by key, and by the acronym a name brings with it
    endings: dict[tuple[str, ...], list[list[_Named]]] = {}  # of proper names, by their last two words
    for one in mentions:
        alike = endings.setdefault(one.key[-2:], []) if one.proper else []
        group = (
            known.get(one.name) or known.get(one.key) or next((g for g in alike if _ends(one, g[0])), None)
        )
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

"""Readouts and initiatives -> pages, and questions that they answer; which initiatives a reader wants to see."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Self, get_args

from bot.discord.discord_markdown import code, escape, length, link, place_link, source_link
from bot.discord.pages import (
    MAX_TEXT,
    MAX_TITLE,
    Block,
    Cited,
    Page,
    Piece,
    Source,
    Tone,
    flat,
    paged,
    plain_label,
    source_head,
)
from bot.locales import Phrases
from retrieval.models import Citation, Initiative, InitiativeKind, Numbering
from retrieval.search.browsing import ListedInitiative, ReadoutSummary
from retrieval.search.scoping import Filters, Shelf
from retrieval.search.series import series_name

if TYPE_CHECKING:
    from retrieval.answering.models import Answer
    from retrieval.search.browsing import Browser


def render_documents(readouts: Sequence[ReadoutSummary], phrases: Phrases) -> tuple[Page, ...]:
    """Return the list of readouts, newest first, as pages."""
    if not readouts:
        return (Page(phrases("documents.none")),)
    ordered = sorted(readouts, key=lambda r: (r.date or "", r.title), reverse=True)
    shelf = Shelf(tuple(ordered))
    head = f"### {phrases('documents.title', count=len(ordered))}"
    blocks = [Block(_document_line(r, shelf.series_of(r), phrases), head, joint="\n") for r in ordered]
    return paged(blocks, phrases, tone=Tone.LISTED)


def _document_line(readout: ReadoutSummary, series: str | None, phrases: Phrases) -> str:
    line = document_line(readout, phrases)
    called = series_name(series, readout.title, readout.series) if series else None
    notes = [phrases("documents.series", series=flat(called, MAX_TITLE))] if called else []
    notes += _numbering_notes(readout, phrases)
    return f"{line}\n-# {' · '.join(notes)}" if notes else line


def document_line(readout: ReadoutSummary, phrases: Phrases) -> str:
    """Return the line that lists a readout."""
    url = source_link(readout.source_url)
    title = link(flat(readout.title, MAX_TITLE), url if url and length(url) < _MAX_LINK else None)
    date = phrases.date(readout.date) or phrases("documents.undated")
    return phrases(
        "documents.line", title=title, date=escape(date), paragraphs=readout.paragraphs, id=code(readout.id)
    )


KINDS: tuple[InitiativeKind, ...] = get_args(InitiativeKind)

_MAX_PLACES = 8
"""Paragraphs that one line names, here and elsewhere each; a page offers to open `MAX_CITED`."""

_MAX_LINK = 200
"""Of an address in a list: what is long is left out, so that more readouts fit on a page."""

_MAX_NAME = 200
_MAX_DETAIL = 100
_MAX_ELSEWHERE_TITLE = 40
_MAX_WANTED = 60
_MAX_LINKED = 800
_MAX_TOLD = 600
_MANY = 99_999
_MOST_TRIED = 9
_MAX_BUTTON = 80


@dataclass(frozen=True, slots=True)
class InitiativeFilter:
    """Which initiatives to list; what is None does not matter.

    Attributes:
        document: Id of a readout.
        text: Words that all stand in what a line shows: name, actor, time.
        since, until, issuer, title: Of which readouts, as in `Filters`.
    """

    document: str | None = None
    kind: InitiativeKind | None = None
    text: str | None = None
    since: str | None = None
    until: str | None = None
    issuer: str | None = None
    title: str | None = None

    @property
    def filters(self) -> Filters:
        """Which readouts."""
        named = (self.document,) if self.document else ()
        return Filters(named, self.since, self.until, self.issuer, self.title)

    def matching(self, listed: Iterable[ListedInitiative]) -> list[ListedInitiative]:
        """Return those that hold the words; document and kind are the ledger's to select."""
        words = _folded(self.text or "").split()
        return [each for each in listed if _holds(each.initiative, words)]

    def dump(self) -> str:
        """Return what `load` reads."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Self:
        """Return what `dump` wrote."""
        return cls(**json.loads(text))


def _holds(entry: Initiative, words: Sequence[str]) -> bool:
    shown = _folded(" ".join(part for part in (entry.name, entry.actor, entry.when) if part))
    return all(word in shown for word in words)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def render_initiatives(
    listed: Sequence[ListedInitiative],
    readouts: Iterable[ReadoutSummary],
    wanted: InitiativeFilter,
    phrases: Phrases,
    damaged: Sequence[str] = (),
) -> tuple[Page, ...]:
    """Return the pages that show every initiative once, in the order given, under its readout.

    Every page says how many there are in all. Its pieces are numbered by their place in `listed`.

    Args:
        readouts: Those that "also in" may name.
        wanted: What was asked for; `listed` already is what it leaves.
        damaged: Readouts that were left out, as what is in the store is not what was ingested.
    """
    told = phrases("answer.damaged", readouts=", ".join(damaged)) if damaged else ""
    last = [Block(f"-# {flat(told, _MAX_TOLD)}", joint="\n\n")] if told else []
    if not listed:
        asked_for = " · ".join(_asked_for(wanted, phrases))
        none = (
            phrases("initiatives.none_such", wanted=asked_for) if asked_for else phrases("initiatives.none")
        )
        return paged([Block(none), *last], phrases)
    known = {line.id: line for line in readouts}
    blocks = [*(_block(number, each, known, phrases) for number, each in enumerate(listed)), *last]
    room = MAX_TEXT - length(_heading(len(listed), _MANY, _MANY, wanted, phrases)) - len("\n")
    pages = paged(blocks, phrases, room=room, tone=Tone.LISTED)
    return tuple(
        replace(page, text=f"{_heading(len(listed), number, len(pages), wanted, phrases)}\n{page.text}")
        for number, page in enumerate(pages, 1)
    )


def _heading(total: int, number: int, pages: int, wanted: InitiativeFilter, phrases: Phrases) -> str:
    parts = [phrases("initiatives.total", total=total), *_asked_for(wanted, phrases)]
    if pages > 1:
        parts.append(phrases("initiatives.page", number=number, pages=pages))
    return f"-# {' · '.join(parts)}"


def _asked_for(wanted: InitiativeFilter, phrases: Phrases) -> list[str]:
    kind = phrases(f"initiatives.kind.{wanted.kind}") if wanted.kind else None
    document = flat(wanted.document, _MAX_WANTED) if wanted.document else None
    text = phrases("initiatives.text", text=flat(wanted.text, _MAX_WANTED)) if wanted.text else None
    others = (each for each in (wanted.issuer, wanted.title, wanted.since, wanted.until) if each)
    return [part for part in (document, kind, text, *(flat(each, _MAX_WANTED) for each in others)) if part]


def _block(
    number: int, listed: ListedInitiative, readouts: Mapping[str, ReadoutSummary], phrases: Phrases
) -> Block:
    entry, readout = listed.initiative, listed.readout
    citations = listed.citations
    piece = Piece(number, entry.name, citations[:_MAX_PLACES])
    lines = [f"- {_what(entry, phrases)} — {_marks(citations, phrases)}"]
    if listed.also_in:
        lines.append(f"-# {_elsewhere(listed, readouts, phrases)}")
    also, source = tuple(_elsewhere_cited(listed, readouts, phrases)), Source(readout.title, readout.date)
    head = source_head(source, phrases, f"`{code(readout.id)}`", *_numbering_notes(readout, phrases))
    return Block("\n".join(lines), head, piece, also, source)


def _what(entry: Initiative, phrases: Phrases) -> str:
    details = [phrases(f"initiatives.kind.{entry.kind}")]
    details += [flat(detail, _MAX_DETAIL) for detail in (entry.actor, entry.when) if detail]
    return f"{flat(entry.name, _MAX_NAME)} — {', '.join(details)}"


def _numbering_notes(readout: ReadoutSummary, phrases: Phrases) -> list[str]:
    told = readout.numbering in ("counted", "mixed")
    return [phrases(f"documents.numbering_{readout.numbering}")] if told else []


def _marks(citations: Sequence[Citation], phrases: Phrases) -> str:
    shown = citations[:_MAX_PLACES]
    linked = " ".join(link(_mark(c.paragraph), place_link(c, c.evidence.quote, phrases.room)) for c in shown)
    plain = " ".join(_mark(c.paragraph) for c in shown)
    return _with_rest(linked if length(linked) <= _MAX_LINKED else plain, len(citations), phrases)


def _mark(number: str) -> str:
    return f"¶{escape(number)}"


def _with_rest(marks: str, total: int, phrases: Phrases) -> str:
    rest = total - _MAX_PLACES
    return f"{marks} {phrases('initiatives.more', count=rest)}" if rest > 0 else marks


def _elsewhere(listed: ListedInitiative, readouts: Mapping[str, ReadoutSummary], phrases: Phrases) -> str:
    places = _places(listed, readouts, phrases, linked=True)
    if length(places) > _MAX_LINKED:
        places = _places(listed, readouts, phrases, linked=False)
    return phrases("initiatives.also_in", places=_with_rest(places, len(listed.also_in), phrases))


def _places(
    listed: ListedInitiative, readouts: Mapping[str, ReadoutSummary], phrases: Phrases, *, linked: bool
) -> str:
    """Return "Title, date ¶4 ¶9; …", oldest first, as the places are given."""
    marks: dict[str, list[str]] = {}
    for place in listed.also_in[:_MAX_PLACES]:
        line = readouts.get(place.document)
        url = place_link((line, place.paragraph), "", phrases.room) if linked and line else None
        marks.setdefault(place.document, []).append(link(_mark(place.paragraph), url))
    return "; ".join(
        f"{_named(document, readouts.get(document), phrases)} {' '.join(found)}"
        for document, found in marks.items()
    )


def _named(document: str, line: ReadoutSummary | None, phrases: Phrases) -> str:
    title = flat(line.title if line and line.title.strip() else document, _MAX_ELSEWHERE_TITLE)
    date = phrases.date(line.date) if line else None
    return f"{title}, {escape(date)}" if date else title


def _elsewhere_cited(
    listed: ListedInitiative, readouts: Mapping[str, ReadoutSummary], phrases: Phrases
) -> Iterator[tuple[Cited, Source]]:
    for place in listed.also_in[:_MAX_PLACES]:
        if line := readouts.get(place.document):
            numbering = Numbering.COUNTED if line.numbering == "counted" else Numbering.PRINTED
            label = plain_label(place.paragraph, numbering, phrases)
            cited = Cited(place.document, line.revision, place.paragraph, label, ())
            yield cited, Source(line.title, line.date)


def example_questions(
    browser: Browser, scopes: Sequence[str], quote: Callable[[str], Answer], phrases: Phrases
) -> list[str]:
    """Return questions that the readouts of `scopes` answer, one of each kind: each was asked, and its readout answers."""
    initiatives, readouts = browser.initiatives(scopes), browser.documents(scopes)
    named = ((phrases("card.readout", title=re.sub(r"^The ", "", r.title)), r.id) for r in readouts)
    announced = (
        (phrases("card.initiative", name=each.initiative.name), each.readout.id)
        for each in initiatives
        if _is_name(each.initiative.name)
    )
    kinds = announced, _of_actors(initiatives, phrases), named
    found = [next(_answered(kind, quote), None) for kind in kinds]
    return list(dict.fromkeys(question for question in found if question is not None))


_Candidate = tuple[str, str]
"""A question, and the readout that has to answer it."""


def _answered(candidates: Iterable[_Candidate], quote: Callable[[str], Answer]) -> Iterator[str]:
    for question, readout in islice(candidates, _MOST_TRIED):
        if len(question) <= _MAX_BUTTON and any(
            statement.paragraph.document == readout for statement in quote(question).statements
        ):
            yield question


def _of_actors(initiatives: Sequence[ListedInitiative], phrases: Phrases) -> Iterator[_Candidate]:
    seen = set[str]()
    for entry in initiatives:
        actor = entry.initiative.actor
        if actor and actor not in seen and _is_name(actor, fewest=1):
            seen.add(actor)
            yield phrases("card.actor", actor=actor), entry.readout.id


def _is_name(text: str, fewest: int = 2) -> bool:
    """Whether something is called by a proper name rather than described: it begins and goes on in capitals."""
    words = text.split()
    capital = sum(word[:1].isupper() for word in words)
    return bool(words) and text[:1].isupper() and capital >= fewest and 2 * capital >= len(words)

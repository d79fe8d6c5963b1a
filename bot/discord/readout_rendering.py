"""Pure: paragraphs, readouts, citations and initiatives -> pages; which initiatives a reader wants to see."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self, get_args

from bot.discord.discord_markdown import (
    code,
    code_block,
    emphasise,
    escape,
    length,
    link,
    place_link,
    source_link,
)
from bot.discord.pages import (
    MAX_TEXT,
    MAX_TITLE,
    Block,
    Cited,
    Page,
    Piece,
    Source,
    flat,
    fragments,
    label_of,
    paged,
    plain_label,
    source_line,
)
from bot.locales import Phrases
from retrieval.models import Citation, Initiative, InitiativeKind, LiveParagraph, Numbering, is_beside
from retrieval.search.browsing import ListedInitiative, ReadoutSummary, Table
from retrieval.search.scoping import Filters, Shelf


def render_paragraph(
    paragraph: LiveParagraph,
    spans: Sequence[tuple[int, int]],
    phrases: Phrases,
    *,
    changed: bool = False,
    superseded: str | None = None,
    table: Table | None = None,
) -> tuple[Page, ...]:
    """Return one paragraph in full with `spans` of it in bold.

    Args:
        changed: The readout has another revision than the answer that is being checked.
        superseded: When this very revision stopped being the current one (UTC, ISO 8601).
        table: What the paragraph is a row of.
    """
    words = paragraph.text[slice(*spans[0])] if spans else paragraph.text
    mark = link(label_of(paragraph, phrases), place_link(paragraph, words, phrases.room, spans))
    head = f"{source_line(Source(paragraph.title, paragraph.date), phrases)} · {mark}"
    blocks = [
        Block(emphasise(paragraph.text[start:end], [(s - start, e - start) for s, e in spans]), head)
        for start, end in fragments(paragraph.text, spans, MAX_TEXT - length(head) - 1)
    ]
    if superseded:
        date = phrases.date(superseded[:10])
        blocks.append(Block(f"-# {phrases('paragraph.superseded', date=date)}"))
    if changed:
        blocks.append(Block(f"-# {phrases('paragraph.changed')}"))
    if paragraph.numbering is Numbering.COUNTED and not is_beside(paragraph.number):
        blocks.append(Block(f"-# {phrases('paragraph.counted')}"))
    if table is not None:
        blocks += _table_blocks(table, paragraph.number, phrases)
    return paged(blocks, phrases)


_PHONE = 40
"""Columns that a code block shows on a phone before it breaks lines."""

_MAX_ROWS = 25
_MAX_ROW = 160


def _table_blocks(table: Table, number: str, phrases: Phrases) -> Iterator[Block]:
    """Yield the rows around one, that one marked: as a table where a phone has room for it, else as a list."""
    place = next((i for i, (each, _) in enumerate(table.rows) if each == number), 0)
    first = max(0, min(place - _MAX_ROWS // 2, len(table.rows) - _MAX_ROWS))
    rows = table.rows[first : first + _MAX_ROWS]
    yield Block(phrases("paragraph.table", count=len(table.rows)))
    lines = [
        ("", "¶", *table.heads),
        *((">" if each == number else "", each, *cells) for each, cells in rows),
    ]
    drawn = _aligned([[" ".join(cell.split()) for cell in line] for line in lines])
    if all(_width(line) <= _PHONE and length(line) <= 2 * _PHONE for line in drawn):
        yield Block(code_block("\n".join(drawn)))
    else:
        for each, cells in rows:
            named = "; ".join(
                f"{head}: {cell}" for head, cell in zip(table.heads, cells, strict=True) if cell
            )
            row = f"¶{flat(each, _MAX_NAME)} {flat(named, _MAX_ROW)}"
            yield Block(f"- **{row}**" if each == number else f"- {row}")
    if len(rows) < len(table.rows):
        yield Block(f"-# {phrases('corpus.more', count=len(table.rows) - len(rows))}")


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return [
        " ".join(c + " " * (w - _width(c)) for c, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _width(text: str) -> int:
    """Return how many columns a text takes where every letter is as wide, or twice: East Asian ones."""
    marks = sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


def render_documents(readouts: Sequence[ReadoutSummary], phrases: Phrases) -> tuple[Page, ...]:
    """Return the list of readouts, newest first, as pages."""
    if not readouts:
        return (Page(phrases("documents.none")),)
    ordered = sorted(readouts, key=lambda r: (r.date or "", r.title), reverse=True)
    shelf, head = Shelf(tuple(ordered)), f"**{phrases('documents.title')}**"
    return paged([Block(_document_line(r, shelf.series_of(r), phrases), head) for r in ordered], phrases)


def _document_line(readout: ReadoutSummary, series: str | None, phrases: Phrases) -> str:
    line = phrases(
        "documents.line",
        title=flat(readout.title, MAX_TITLE),
        date=phrases.date(readout.date) or phrases("documents.undated"),
        paragraphs=readout.paragraphs,
        id=readout.id,
    )
    note = {"counted": "documents.numbering_counted", "mixed": "documents.numbering_mixed"}.get(
        readout.numbering
    )
    notes = [phrases("documents.series", series=flat(series, MAX_TITLE))] if series else []
    notes += [phrases(note)] if note else []
    return f"{line}\n-# {' · '.join(notes)}" if notes else line


def citation_text(paragraph: LiveParagraph, spans: Sequence[tuple[int, int]], phrases: Phrases) -> str:
    """Return a citation in a plain form: the words, the title, the date, the number, the address."""
    words = " … ".join(f"“{paragraph.text[start:end]}”" for start, end in spans)
    place = [
        paragraph.title,
        phrases.date(paragraph.date),
        plain_label(paragraph.number, paragraph.numbering, phrases, paragraph.part),
    ]
    named = ", ".join(part for part in place if part)
    words_of = paragraph.text[slice(*spans[0])] if spans else ""
    # what is copied out of here names the source itself, where that has an address
    address = source_link(paragraph.source_url, words_of) or place_link(paragraph, "", phrases.room, spans)
    return " ".join(part for part in (words, "—" if words else "", f"{named}.", address or "") if part)


def render_citations(citations: Sequence[str], phrases: Phrases) -> tuple[Page, ...]:
    """Return citations in code blocks, from where they are copied with one tap."""
    room = MAX_TEXT - 100
    blocks = [
        Block(code_block(text[start:end]), phrases("control.copied"))
        for text in citations
        for start, end in _plain_fragments(text, room)
    ]
    return paged(blocks, phrases)


def _plain_fragments(text: str, room: int) -> list[tuple[int, int]]:
    """Cut by a bound that holds whatever the fence guard adds: two characters to every three."""
    step = room // 2
    return [(start, min(start + step, len(text))) for start in range(0, len(text), step)]


KINDS: tuple[InitiativeKind, ...] = get_args(InitiativeKind)

_MAX_PLACES = 8
"""Paragraphs that one line names, here and elsewhere each; a page offers to open `MAX_CITED`."""

_MAX_NAME = 200

_MAX_DETAIL = 100

_MAX_ELSEWHERE_TITLE = 40

_MAX_WANTED = 60

_MAX_LINKED = 800

_MANY = 99_999


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
) -> tuple[Page, ...]:
    """Return the pages that show every initiative once, in the order given, under its readout.

    Every page says how many there are in all. Its pieces are numbered by their place in `listed`.

    Args:
        readouts: Those that "also in" may name.
        wanted: What was asked for; `listed` already is what it leaves.
    """
    if not listed:
        return (Page(_none_sentence(wanted, phrases)),)
    known = {line.id: line for line in readouts}
    blocks = [_block(number, each, known, phrases) for number, each in enumerate(listed)]
    room = MAX_TEXT - length(_heading(len(listed), _MANY, _MANY, wanted, phrases)) - len("\n\n")
    pages = paged(blocks, phrases, room=room)
    return tuple(
        replace(page, text=f"{_heading(len(listed), number, len(pages), wanted, phrases)}\n\n{page.text}")
        for number, page in enumerate(pages, 1)
    )


def _none_sentence(wanted: InitiativeFilter, phrases: Phrases) -> str:
    asked_for = _asked_for(wanted, phrases)
    if not asked_for:
        return phrases("initiatives.none")
    return phrases("initiatives.none_such", wanted=" · ".join(asked_for))


def _heading(total: int, number: int, pages: int, wanted: InitiativeFilter, phrases: Phrases) -> str:
    parts = [f"**{phrases('initiatives.total', total=total)}**", *_asked_for(wanted, phrases)]
    if pages > 1:
        parts.append(phrases("initiatives.page", number=number, pages=pages))
    return " · ".join(parts)


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
    lines = [f"{_what(entry, phrases)} — {_marks(citations, phrases)}"]
    if listed.also_in:
        lines.append(f"-# {_elsewhere(listed, readouts, phrases)}")
    return Block(
        "\n".join(lines), _head(readout, phrases), piece, _elsewhere_cited(listed, readouts, phrases)
    )


def _what(entry: Initiative, phrases: Phrases) -> str:
    details = [phrases(f"initiatives.kind.{entry.kind}")]
    details += [flat(detail, _MAX_DETAIL) for detail in (entry.actor, entry.when) if detail]
    return f"{flat(entry.name, _MAX_NAME)} — {', '.join(details)}"


def _head(readout: ReadoutSummary, phrases: Phrases) -> str:
    line = f"{source_line(Source(readout.title, readout.date), phrases)} · `{code(readout.id)}`"
    note = {"counted": "documents.numbering_counted", "mixed": "documents.numbering_mixed"}.get(
        readout.numbering
    )
    return f"{line}\n-# {phrases(note)}" if note else line


def _numbering(readout: ReadoutSummary | ReadoutSummary) -> Numbering:
    return Numbering.COUNTED if readout.numbering == "counted" else Numbering.PRINTED


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
) -> tuple[Cited, ...]:
    places = [(place, readouts.get(place.document)) for place in listed.also_in[:_MAX_PLACES]]
    return tuple(
        Cited(
            document=place.document,
            revision=line.revision,
            paragraph=place.paragraph,
            label=plain_label(place.paragraph, _numbering(line), phrases),
            spans=(),
        )
        for place, line in places
        if line is not None
    )

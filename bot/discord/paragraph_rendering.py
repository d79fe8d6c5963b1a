"""Pure: one paragraph, the table it is a row of, and citations to copy -> pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bot.discord.discord_markdown import (
    blockquote,
    code_block,
    emphasise,
    instant,
    length,
    link,
    place_link,
    source_link,
)
from bot.discord.pages import (
    MAX_TEXT,
    RULE,
    Block,
    Page,
    Source,
    Tone,
    flat,
    fragments,
    label_of,
    paged,
    plain_label,
    source_head,
)
from bot.locales import Phrases
from retrieval.models import LiveParagraph, Numbering, is_beside
from retrieval.search.browsing import Table

_MAX_NUMBER = 40


def render_paragraph(
    paragraph: LiveParagraph,
    spans: Sequence[tuple[int, int]],
    phrases: Phrases,
    *,
    changed: bool = False,
    superseded: str | None = None,
    table: Table | None = None,
    lead: str = "",
) -> tuple[Page, ...]:
    """Return one paragraph in full with `spans` of it in bold.

    Args:
        lead: A line above it.
        changed: The readout has another revision than the answer that is being checked.
        superseded: When this very revision stopped being the current one (UTC, ISO 8601).
        table: What the paragraph is a row of.
    """
    words = paragraph.text[slice(*spans[0])] if spans else paragraph.text
    mark = link(label_of(paragraph, phrases), place_link(paragraph, words, phrases.room, spans))
    head = source_head(Source(paragraph.title, paragraph.date), phrases, mark)
    text, blocks = paragraph.text, [Block(f"-# {lead}")] if lead else []
    for start, end in fragments(text, spans, MAX_TEXT - length(head) - length(lead) - _MARKS):
        bold = [(s - start, e - start) for s, e in spans]
        shown = f"{'… ' if start else ''}{emphasise(text[start:end], bold)}{'' if end == len(text) else '…'}"
        blocks.append(Block(blockquote(shown), head))
    notes = list[str]()
    if superseded:
        notes.append(phrases("paragraph.superseded", date=instant(superseded, "D")))
    if changed:
        notes.append(phrases("paragraph.changed"))
    if paragraph.numbering is Numbering.COUNTED and not is_beside(paragraph.number):
        notes.append(phrases("paragraph.counted"))
    blocks += [Block(f"-# {note}") for note in notes]
    if table is not None:
        blocks += _table_blocks(table, paragraph.number, phrases)
    return paged(blocks, phrases, tone=Tone.CLOSEST if changed or superseded else Tone.LISTED)


_MARKS = 20
"""Around a quote: that it is one, and that it goes on."""

_MAX_NUMBERS = 300

_PHONE = 40
"""Columns that a code block shows on a phone before it breaks lines."""

_MAX_ROWS = 25
_MAX_ROW = 160


def _table_blocks(table: Table, number: str, phrases: Phrases) -> Iterator[Block]:
    """Yield the rows around one, that one marked: as a table where a phone has room for it, else as a list."""
    place = next((i for i, (each, _) in enumerate(table.rows) if each == number), 0)
    first = max(0, min(place - _MAX_ROWS // 2, len(table.rows) - _MAX_ROWS))
    rows = table.rows[first : first + _MAX_ROWS]
    yield Block(phrases("paragraph.table", count=len(table.rows)), joint=RULE)
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
            row = f"¶{flat(each, _MAX_NUMBER)} {flat(named, _MAX_ROW)}"
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


def numbers_of(paragraphs: Iterable[LiveParagraph]) -> str:
    """Return the numbers there are, in their order: "1–10, 12(a)"."""
    runs: list[list[str]] = []
    for number in (paragraph.number for paragraph in paragraphs):
        follows = runs and number.isdecimal() and runs[-1][-1].isdecimal()
        if follows and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
    return flat(shown, _MAX_NUMBERS)


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

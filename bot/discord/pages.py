"""Pages of markdown within Discord's limits, and the lines that several kinds of them share.

A page becomes one message made of Discord's second-generation components. Chosen over embeds because a
reader who switched embeds off still sees the answer, no "Embed Links" permission is needed, links in it grow
no previews (so an invite in a source stays text), and all of it counts against a single limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.discord.discord_markdown import emphasise, escape, length, shortened
from bot.locales import Phrases
from retrieval.models import Citation, LiveParagraph, Numbering, is_beside, place_of

MAX_TEXT = 4_000
"""Text of all components of one message together.

Source: discord.py 2.7.1, `ui/view.py`; Discord's OpenAPI, `TextDisplay.maxLength`.
"""

MAX_CITED = 25
"""Paragraphs that one page offers to open: the options of one select."""

MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader is told about a cited readout."""

    title: str
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Cited:
    """A paragraph that a page offers to open, with every span that it is cited for."""

    document: str
    revision: str
    paragraph: str
    label: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A statement, or as much of it as its page holds, as written in the answer."""

    statement: int
    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One message.

    Attributes:
        text: Markdown, at most `MAX_TEXT` long.
        pieces: The answer's text on this page; all pages' pieces together are the whole of it.
        cited: Paragraphs that can be opened from this page, in order of appearance.
        can_translate: Whether its quotes may be translated for whoever asks.
    """

    text: str
    pieces: tuple[Piece, ...] = ()
    cited: tuple[Cited, ...] = ()
    can_translate: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stay together; `head` is shown above them unless the page shows it already.

    `also` can be opened from the page too, though the piece does not rest on it.
    """

    text: str
    head: str = ""
    piece: Piece | None = None
    also: tuple[Cited, ...] = ()


def source_line(source: Source | None, phrases: Phrases) -> str:
    """Return the line that names a readout: its title in bold and its date."""
    title = source.title if source and source.title.strip() else phrases("answer.unknown_title")
    date = phrases.date(source.date) if source else None
    line = f"**{flat(title, MAX_TITLE)}**"
    return f"{line} · {escape(date)}" if date else line


def plain_label(number: str, numbering: Numbering, phrases: Phrases, part: str | None = None) -> str:
    """Return `¶7`, or `Annex I ¶4`, saying so where the number was counted rather than printed."""
    place = place_of(number, part)
    counted = numbering is Numbering.COUNTED and not is_beside(number)
    return f"{place} ({phrases('answer.counted')})" if counted else place


def fragments(text: str, highlights: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """Cut `text` into spans whose markdown fits into `room`, at white space where there is some."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = _last_fitting(text, highlights, start, room)
        if end < len(text):
            space = text.rfind(" ", start + 1, end)
            end = space + 1 if space > start + (end - start) // 2 else end
        spans.append((start, end))
        start = end
    return spans


def _last_fitting(text: str, highlights: Sequence[tuple[int, int]], start: int, room: int) -> int:
    low, high = start + 1, min(len(text), start + room)
    while low < high:
        middle = (low + high + 1) // 2
        clipped = [(s - start, min(e, middle) - start) for s, e in highlights]
        if length(emphasise(text[start:middle], clipped)) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def paged(blocks: Iterable[Block], phrases: Phrases, *, room: int = MAX_TEXT) -> tuple[Page, ...]:
    """Return blocks as pages at most `room` long, each of which offers to open at most `MAX_CITED`."""
    pages: list[Page] = []
    current: list[Block] = []
    for block in blocks:
        grown = [*current, block]
        if current and (length(_joined(grown)) > room or len(_cited(grown, phrases)) > MAX_CITED):
            pages.append(_page(current, phrases))
            grown = [block]
        current = grown
    pages.append(_page(current, phrases))
    return tuple(pages)


def _page(blocks: Sequence[Block], phrases: Phrases) -> Page:
    pieces = tuple(block.piece for block in blocks if block.piece)
    return Page(_joined(blocks), pieces, tuple(_cited(blocks, phrases)))


def _joined(blocks: Sequence[Block]) -> str:
    lines: list[str] = []
    head = ""
    for block in blocks:
        if block.head and block.head != head:
            lines += ["", block.head] if lines else [block.head]
            head = block.head
        lines.append(block.text)
    return "\n".join(lines)


def _cited(blocks: Sequence[Block], phrases: Phrases) -> list[Cited]:
    found: dict[tuple[str, str, str], Cited] = {}
    for cited in (c for block in blocks for c in _offered(block, phrases)):
        key = (*_readout(cited), cited.paragraph)
        known = found.get(key, cited)
        spans = tuple(dict.fromkeys((*known.spans, *cited.spans)))
        found[key] = replace(known, spans=spans)
    return list(found.values())


def _offered(block: Block, phrases: Phrases) -> Iterable[Cited]:
    for citation in block.piece.citations if block.piece else ():
        label = plain_label(citation.paragraph, citation.numbering, phrases, citation.part)
        span = (citation.evidence.start, citation.evidence.end)
        yield Cited(citation.document, citation.revision, citation.paragraph, label, (span,))
    yield from block.also


def _readout(citation: Citation | Cited) -> tuple[str, str]:
    return citation.document, citation.revision


def label_of(citation: Citation | LiveParagraph, phrases: Phrases) -> str:
    """Return what `plain_label` does, as markdown."""
    number = citation.paragraph if isinstance(citation, Citation) else citation.number
    return escape(plain_label(number, citation.numbering, phrases, citation.part))


def flat(text: str, limit: int) -> str:
    """Return `text` as written, on one line, at most `limit` long before it is escaped."""
    return escape(shortened(text, limit))

"""Pages of markdown within Discord's limits, and the lines that several kinds of them share.

A page becomes one message made of Discord's second-generation components: one container, whose first line says
what came out of it, because that is what a notification and a screen reader begin with. Chosen over embeds because
a reader who switched embeds off still sees the answer, no "Embed Links" permission is needed, links in it grow
no previews (so an invite in a source stays text), and all of it counts against a single limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import takewhile

from bot.discord.discord_markdown import blockquote, emphasise, escape, length, shortened
from bot.locales import Phrases
from retrieval.models import Citation, LiveParagraph, Numbering, is_beside, place_of

MAX_TEXT = 4_000
"""Text of all components of one message together.

Source: discord.py 2.7.1, `ui/view.py`; Discord's OpenAPI, `TextDisplay.maxLength`.
"""

MAX_CITED = 25
"""Paragraphs that one page offers to open: the options of one select."""

MAX_TITLE = 200

RULE = "\n---\n"
"""In a page's text, where a line is drawn across the message. No text of a source can hold it: quotes begin every
line with a mark, and all else is on one line."""

MAX_PARTS = 10
"""Of a page; each takes two of Discord's 40 components, and the controls up to 14."""

_MAX_NAME = 28
_FEW_WORDS = 2


class Tone(IntEnum):
    """What a message says at a glance: the colour beside it, red, green and blue; 0 is none."""

    PLAIN = 0
    ANSWERED = 0x2E9E6B
    CLOSEST = 0xE0A030
    NOT_FOUND = 0x80848E
    LISTED = 0x4A7FC1
    FAILED = 0xD0453E


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
        text: Markdown, at most `MAX_TEXT` long; `RULE` stands for a line across.
        pieces: The answer's text on this page; all pages' pieces together are the whole of it.
        cited: Paragraphs that can be opened from this page, in order of appearance.
            Where nothing was found, the closest, which are shown to whoever asks for them.
        can_translate: Whether its quotes may be translated for whoever asks.
    """

    text: str
    pieces: tuple[Piece, ...] = ()
    cited: tuple[Cited, ...] = ()
    can_translate: bool = False
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stay together; `head` is shown above them unless the page shows it already.

    Attributes:
        also: Can be opened from the page too, though no piece rests on it, with the readouts they are of.
        source: The readout that the piece is of.
        joint: What stands between it and the block before.
    """

    text: str
    head: str = ""
    piece: Piece | None = None
    also: tuple[tuple[Cited, Source | None], ...] = ()
    source: Source | None = None
    joint: str = "\n"


def source_line(source: Source | None, phrases: Phrases) -> str:
    """Return what names a readout within a text: its title in bold and its date."""
    head, _, small = source_head(source, phrases).removeprefix("### ").partition("\n-# ")
    return f"**{head}** · {small}" if small else f"**{head}**"


def source_head(source: Source | None, phrases: Phrases, *notes: str) -> str:
    """Return what names a readout above its quotes: its title as a heading, its date and `notes` under it."""
    title = source.title if source and source.title.strip() else phrases("answer.unknown_title")
    date = phrases.date(source.date) if source else None
    small = " · ".join(([escape(date)] if date else []) + list(notes))
    heading = f"### {flat(title, MAX_TITLE)}"
    return f"{heading}\n-# {small}" if small else heading


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


def quoted(text: str, spans: Sequence[tuple[int, int]], room: int) -> Iterator[tuple[str, str]]:
    """Yield a text in parts as written and as markdown within `room`, `spans` of it in bold; a cut is marked."""
    for start, end in fragments(text, spans, room):
        words = emphasise(text[start:end], [(s - start, e - start) for s, e in spans])
        yield text[start:end], f"{'… ' if start else ''}{words}{'' if end == len(text) else '…'}"


def _last_fitting(text: str, highlights: Sequence[tuple[int, int]], start: int, room: int) -> int:
    low, high = start + 1, min(len(text), start + room)
    while low < high:
        middle = (low + high + 1) // 2
        clipped = [(s - start, min(e, middle) - start) for s, e in highlights]
        if length(blockquote(emphasise(text[start:middle], clipped))) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def cut_to_fit(text: str, head: str = "") -> str:
    """Return `head`, and as many lines of a text as a message holds with it."""
    lines = text.split("\n")
    while length(head + "\n".join(lines)) > MAX_TEXT:
        lines[-2:] = ["…"]
    return head + "\n".join(lines)


def paged(
    blocks: Iterable[Block], phrases: Phrases, *, room: int = MAX_TEXT, tone: Tone = Tone.PLAIN
) -> tuple[Page, ...]:
    """Return blocks as pages at most `room` long, each of which offers to open at most `MAX_CITED`."""
    pages: list[Page] = []
    current: list[Block] = []
    for block in blocks:
        grown = [*current, block]
        if current and not _fits(grown, room, phrases):
            pages.append(_page(current, phrases, tone))
            grown = [block]
        current = grown
    pages.append(_page(current, phrases, tone))
    return tuple(pages)


def _fits(blocks: Sequence[Block], room: int, phrases: Phrases) -> bool:
    text = _joined(blocks)
    few = text.count(RULE) < MAX_PARTS and len(_cited(blocks, phrases)) <= MAX_CITED
    return few and length(text) <= room


def _page(blocks: Sequence[Block], phrases: Phrases, tone: Tone) -> Page:
    pieces = tuple(block.piece for block in blocks if block.piece)
    return Page(_joined(blocks), pieces, tuple(_cited(blocks, phrases)), tone=tone)


def _joined(blocks: Sequence[Block]) -> str:
    text = head = ""
    for block in blocks:
        if block.head and block.head != head:
            joint = RULE if head else "\n" if text else ""
            text += f"{joint}{block.head}\n{block.text}"
            head = block.head
        else:
            text += f"{block.joint if text else ''}{block.text}"
    return text


def _cited(blocks: Sequence[Block], phrases: Phrases) -> list[Cited]:
    """Return what can be opened, each paragraph once; of several readouts each is named with its own."""
    found: dict[tuple[str, str, str], tuple[Cited, Source | None]] = {}
    for cited, source in (each for block in blocks for each in _offered(block, phrases)):
        key = (*_readout(cited), cited.paragraph)
        known, named = found.get(key, (cited, source))
        spans = tuple(dict.fromkeys((*known.spans, *cited.spans)))
        found[key] = replace(known, spans=spans), named
    sources = {_readout(cited): source for cited, source in found.values()}
    if len(sources) < 2:
        return [cited for cited, _ in found.values()]
    names = _names(sources, phrases)
    return [replace(c, label=f"{c.label} · {names[_readout(c)]}") for c, _ in found.values()]


def _names(sources: Mapping[tuple[str, str], Source | None], phrases: Phrases) -> dict[tuple[str, str], str]:
    """Return a short name for each readout, its day in it where the year does not tell them apart."""
    words = [source.title.split() if source else [] for source in sources.values()]
    shared = sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, zip(*words, strict=False)))
    cut = shared if _FEW_WORDS < shared < min(map(len, words)) else 0  # a series differs further on
    for whole in (False, True):
        names = {key: _short(key[0], source, cut, phrases, whole=whole) for key, source in sources.items()}
        if len(set(names.values())) == len(names):
            return names
    return {key: f"{name} ({shortened(key[0], _MAX_NAME)})" for key, name in names.items()}


def _short(document: str, source: Source | None, cut: int, phrases: Phrases, *, whole: bool) -> str:
    title = source.title if source and source.title.strip() else document
    title = shortened(f"…{' '.join(title.split()[cut:])}" if cut else title, _MAX_NAME)
    date = source.date if source else None
    shown = (phrases.date(date) if whole else date and date[:4]) or ""
    return title if not shown or shown in title else f"{title}, {shown}"


def _offered(block: Block, phrases: Phrases) -> Iterable[tuple[Cited, Source | None]]:
    for citation in block.piece.citations if block.piece else ():
        yield cited_of(citation, phrases), block.source
    yield from block.also


def cited_of(citation: Citation, phrases: Phrases) -> Cited:
    """Return a citation as it is offered to be opened."""
    label = plain_label(citation.paragraph, citation.numbering, phrases, citation.part)
    span = (citation.evidence.start, citation.evidence.end)
    return Cited(citation.document, citation.revision, citation.paragraph, label, (span,))


def _readout(citation: Citation | Cited) -> tuple[str, str]:
    return citation.document, citation.revision


def label_of(citation: Citation | LiveParagraph, phrases: Phrases) -> str:
    """Return what `plain_label` does, as markdown."""
    number = citation.paragraph if isinstance(citation, Citation) else citation.number
    return escape(plain_label(number, citation.numbering, phrases, citation.part))


def flat(text: str, limit: int) -> str:
    """Return `text` as written, on one line, at most `limit` long before it is escaped."""
    return escape(shortened(text, limit))

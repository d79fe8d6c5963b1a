"""Pure: answers, paragraphs and lists -> pages of markdown within Discord's limits.

A page becomes one message made of Discord's second-generation components. Chosen over embeds because a
reader who switched embeds off still sees the answer, no "Embed Links" permission is needed, links in it grow
no previews (so an invite in a source stays text), and all of it counts against a single limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.locales import Phrases
from bot.markdown import code_block, emphasise, escape, length, link, shortened, source_link
from bot.services import ReadoutLine
from retrieval.answering.claims import ClaimCheck, Verdict
from retrieval.models import Answer, Citation, LiveParagraph, NearestParagraph, Numbering, is_front_matter

MAX_TEXT = 4_000
"""Text of all components of one message together.

Source: discord.py 2.7.1, `ui/view.py`; Discord's OpenAPI, `TextDisplay.maxLength`.
"""

MAX_CITED = 25
"""Paragraphs that one page offers to open: the options of one select."""

_MAX_TITLE = 200
_MAX_QUESTION = 300
_MAX_MARKS = 1_500
_NEAREST_CHARS = 240


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader is told about a cited readout."""

    title: str
    date: str | None = None


Sources = Mapping[tuple[str, str], Source]
"""Readout id and revision -> what is told of it: a server's own readout may have the id of a shared one."""


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
    """

    text: str
    pieces: tuple[Piece, ...] = ()
    cited: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that stay together; `head` is shown above them unless the page shows it already.

    `also` can be opened from the page too, though the piece does not rest on it.
    """

    text: str
    head: str = ""
    piece: Piece | None = None
    also: tuple[Cited, ...] = ()


def render_answer(
    answer: Answer, sources: Sources, phrases: Phrases, *, show_question: bool = False
) -> tuple[Page, ...]:
    """Return the pages that show `answer`: statements with their `¶`, then what the reader has to know.

    Args:
        sources: Title and date of every readout cited.
        show_question: Quote the question first, where the reader has not seen it asked.
    """
    asked = _asked(answer) if show_question else []
    if answer.statements:
        found = [*_statement_blocks(answer, sources, phrases), *_closing(answer, phrases)]
        return _paged([*asked, *found], phrases)
    return _paged([*asked, *_missing_blocks(answer, phrases("answer.not_found"), phrases)], phrases)


def render_found(answer: Answer, sources: Sources, phrases: Phrases, *, show_question: bool = False) -> Page:
    """Return one page of what was found, for the time that a language model needs to write it up."""
    asked = _asked(answer) if show_question else []
    lead = _Block(f"-# {phrases('answer.writing')}")
    return _paged([*asked, lead, *_statement_blocks(answer, sources, phrases)], phrases)[0]


def render_check(check: ClaimCheck, sources: Sources, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages that show the verdict on a claim, the words it rests on, and where the claim differs."""
    answer = Answer(
        check.claim,
        tuple(sided.statement for sided in check.statements),
        nearest=check.nearest,
        notice=check.notice,
    )
    if check.verdict is Verdict.NOT_FOUND:
        return _paged(_missing_blocks(answer, phrases("check.missing"), phrases), phrases)
    lead = _Block(phrases(f"check.{check.verdict.value}"))
    reasons = dict.fromkeys(reason for sided in check.statements for reason in sided.reasons)
    differing = [block for reason in reasons for block in _small(reason)]
    blocks = [lead, *_statement_blocks(answer, sources, phrases), *differing, *_closing(answer, phrases)]
    return _paged(blocks, phrases)


def _asked(answer: Answer) -> list[_Block]:
    return [_Block(f"> {_flat(answer.question, _MAX_QUESTION)}")]


def _missing_blocks(answer: Answer, lead: str, phrases: Phrases) -> list[_Block]:
    # A notice ("The readouts are in English; …") says why there is no answer: better than that there is none.
    said = list(_texts(answer.notice)) if answer.notice else [_Block(lead)]
    return [*said, *_nearest_blocks(answer.nearest, phrases)]


def _statement_blocks(answer: Answer, sources: Sources, phrases: Phrases) -> Iterable[_Block]:
    for index, statement in enumerate(answer.statements):
        readout = _readout(statement.citations[0])
        marks = _marks(statement.citations, readout, sources, phrases)
        head = source_line(sources.get(readout), phrases)
        room = MAX_TEXT - length(head) - length(marks) - len("\n\n \n")
        for start, end in _fragments(statement.text, statement.highlights, room):
            highlights = [(s - start, e - start) for s, e in statement.highlights if s < end and e > start]
            text = statement.text[start:end]
            piece = Piece(index, text, statement.citations)
            yield _Block(f"{emphasise(text, highlights)} {marks}", head, piece)


def _closing(answer: Answer, phrases: Phrases) -> Iterable[_Block]:
    if answer.unanswered:
        yield from _texts(phrases("answer.unanswered", part=answer.unanswered))
    yield from _small(answer.notice)
    if answer.understood:
        yield from _small(phrases("answer.understood", question=answer.understood))
    yield _Block(f"-# {mode_line(answer.mode, phrases)}")


def mode_line(mode: str, phrases: Phrases) -> str:
    """Say whether the words are the readout's own or a model's."""
    if mode == "extractive":
        return phrases("answer.quoted")
    return phrases("answer.written", model=escape(mode.removeprefix("llm:")))


def _small(text: str | None) -> Iterable[_Block]:
    return (_Block(f"-# {block.text}") for block in _texts(text or ""))


def _texts(text: str) -> Iterable[_Block]:
    flat = " ".join(text.split())
    return (_Block(escape(flat[start:end])) for start, end in _fragments(flat, (), MAX_TEXT - 10))


def _nearest_blocks(nearest: Sequence[NearestParagraph], phrases: Phrases) -> Iterable[_Block]:
    if nearest:
        yield _Block(phrases("answer.nearest"))
    for near in nearest:
        citation = Citation.of(near.paragraph, near.evidence)
        mark = link(_label(citation, phrases), source_link(citation.url, near.evidence.quote))
        excerpt = shortened(near.evidence.quote, _NEAREST_CHARS)
        source = Source(near.paragraph.title, near.paragraph.date)
        yield _Block(
            f"{mark} {escape(excerpt)}",
            source_line(source, phrases),
            Piece(-1, near.evidence.quote, (citation,)),
        )


def source_line(source: Source | None, phrases: Phrases) -> str:
    """Return the line that names a readout: its title in bold and its date."""
    title = source.title if source and source.title.strip() else phrases("answer.unknown_title")
    date = phrases.date(source.date) if source else None
    line = f"**{_flat(title, _MAX_TITLE)}**"
    return f"{line} · {escape(date)}" if date else line


def _readout(citation: Citation | Cited) -> tuple[str, str]:
    return citation.document, citation.revision


def _marks(
    citations: Sequence[Citation], readout: tuple[str, str], sources: Sources, phrases: Phrases
) -> str:
    """Return the statement's `¶` marks as links; plain where so many links would crowd out the text."""
    labelled = {
        (*_readout(c), c.paragraph): (_mark_label(c, readout, sources, phrases), c)
        for c in reversed(citations)
    }
    ordered = [labelled[key] for key in dict.fromkeys((*_readout(c), c.paragraph) for c in citations)]
    linked = " ".join(link(label, source_link(c.url, c.evidence.quote)) for label, c in ordered)
    return linked if length(linked) <= _MAX_MARKS else " ".join(label for label, _ in ordered)


def _mark_label(citation: Citation, readout: tuple[str, str], sources: Sources, phrases: Phrases) -> str:
    label = _label(citation, phrases)
    source = sources.get(_readout(citation))
    if _readout(citation) == readout or source is None:
        return label
    return f"{label}, {_flat(source.title, 40)}"


def _label(citation: Citation | LiveParagraph, phrases: Phrases) -> str:
    number = citation.paragraph if isinstance(citation, Citation) else citation.number
    return escape(plain_label(number, citation.numbering, phrases))


def plain_label(number: str, numbering: Numbering, phrases: Phrases) -> str:
    """Return `¶7`, saying so where the number was counted rather than printed."""
    counted = numbering is Numbering.COUNTED and not is_front_matter(number)
    return f"¶{number} ({phrases('answer.counted')})" if counted else f"¶{number}"


def _fragments(text: str, highlights: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
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


def _paged(blocks: Iterable[_Block], phrases: Phrases, *, room: int = MAX_TEXT) -> tuple[Page, ...]:
    pages: list[Page] = []
    current: list[_Block] = []
    for block in blocks:
        grown = [*current, block]
        if current and (length(_joined(grown)) > room or len(_cited(grown, phrases)) > MAX_CITED):
            pages.append(_page(current, phrases))
            grown = [block]
        current = grown
    pages.append(_page(current, phrases))
    return tuple(pages)


def _page(blocks: Sequence[_Block], phrases: Phrases) -> Page:
    pieces = tuple(block.piece for block in blocks if block.piece)
    return Page(_joined(blocks), pieces, tuple(_cited(blocks, phrases)))


def _joined(blocks: Sequence[_Block]) -> str:
    lines: list[str] = []
    head = ""
    for block in blocks:
        if block.head and block.head != head:
            lines += ["", block.head] if lines else [block.head]
            head = block.head
        lines.append(block.text)
    return "\n".join(lines)


def _cited(blocks: Sequence[_Block], phrases: Phrases) -> list[Cited]:
    found: dict[tuple[str, str, str], Cited] = {}
    for cited in (c for block in blocks for c in _offered(block, phrases)):
        key = (*_readout(cited), cited.paragraph)
        known = found.get(key, cited)
        spans = tuple(dict.fromkeys((*known.spans, *cited.spans)))
        found[key] = replace(known, spans=spans)
    return list(found.values())


def _offered(block: _Block, phrases: Phrases) -> Iterable[Cited]:
    for citation in block.piece.citations if block.piece else ():
        label = plain_label(citation.paragraph, citation.numbering, phrases)
        span = (citation.evidence.start, citation.evidence.end)
        yield Cited(citation.document, citation.revision, citation.paragraph, label, (span,))
    yield from block.also


def render_paragraph(
    paragraph: LiveParagraph,
    spans: Sequence[tuple[int, int]],
    phrases: Phrases,
    *,
    changed: bool = False,
    superseded: str | None = None,
) -> tuple[Page, ...]:
    """Return one paragraph in full with `spans` of it in bold.

    Args:
        changed: The readout has another revision than the answer that is being checked.
        superseded: When this very revision stopped being the current one (UTC, ISO 8601).
    """
    words = paragraph.text[slice(*spans[0])] if spans else paragraph.text
    mark = link(_label(paragraph, phrases), source_link(paragraph.source_url, words))
    head = f"{source_line(Source(paragraph.title, paragraph.date), phrases)} · {mark}"
    blocks = [
        _Block(emphasise(paragraph.text[start:end], [(s - start, e - start) for s, e in spans]), head)
        for start, end in _fragments(paragraph.text, spans, MAX_TEXT - length(head) - 1)
    ]
    if superseded:
        date = phrases.date(superseded[:10])
        blocks.append(_Block(f"-# {phrases('paragraph.superseded', date=date)}"))
    if changed:
        blocks.append(_Block(f"-# {phrases('paragraph.changed')}"))
    if paragraph.numbering is Numbering.COUNTED and not is_front_matter(paragraph.number):
        blocks.append(_Block(f"-# {phrases('paragraph.counted')}"))
    return _paged(blocks, phrases)


def render_documents(readouts: Sequence[ReadoutLine], phrases: Phrases) -> tuple[Page, ...]:
    """Return the list of readouts, newest first, as pages."""
    if not readouts:
        return (Page(phrases("documents.none")),)
    ordered = sorted(readouts, key=lambda r: (r.date or "", r.title), reverse=True)
    return _paged(
        [_Block(_document_line(r, phrases), f"**{phrases('documents.title')}**") for r in ordered], phrases
    )


def _document_line(readout: ReadoutLine, phrases: Phrases) -> str:
    line = phrases(
        "documents.line",
        title=_flat(readout.title, _MAX_TITLE),
        date=phrases.date(readout.date) or phrases("documents.undated"),
        paragraphs=readout.paragraphs,
        id=readout.id,
    )
    note = {"counted": "documents.numbering_counted", "mixed": "documents.numbering_mixed"}.get(
        readout.numbering
    )
    return f"{line}\n-# {phrases(note)}" if note else line


def citation_text(paragraph: LiveParagraph, spans: Sequence[tuple[int, int]], phrases: Phrases) -> str:
    """Return a citation in a plain form: the words, the title, the date, the number, the address."""
    words = " … ".join(f"“{paragraph.text[start:end]}”" for start, end in spans)
    place = [
        paragraph.title,
        phrases.date(paragraph.date),
        plain_label(paragraph.number, paragraph.numbering, phrases),
    ]
    named = ", ".join(part for part in place if part)
    address = source_link(paragraph.source_url, paragraph.text[slice(*spans[0])] if spans else "")
    return " ".join(part for part in (words, "—" if words else "", f"{named}.", address or "") if part)


def render_citations(citations: Sequence[str], phrases: Phrases) -> tuple[Page, ...]:
    """Return citations in code blocks, from where they are copied with one tap."""
    room = MAX_TEXT - 100
    blocks = [
        _Block(code_block(text[start:end]), phrases("control.copied"))
        for text in citations
        for start, end in _plain_fragments(text, room)
    ]
    return _paged(blocks, phrases)


def _plain_fragments(text: str, room: int) -> list[tuple[int, int]]:
    """Cut by a bound that holds whatever the fence guard adds: two characters to every three."""
    step = room // 2
    return [(start, min(start + step, len(text))) for start in range(0, len(text), step)]


def _flat(text: str, limit: int) -> str:
    return escape(shortened(text, limit))

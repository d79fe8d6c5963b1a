"""Pure: answers, paragraphs and lists -> pages of markdown within Discord's limits.

A page becomes one message made of Discord's second-generation components. Chosen over embeds because a
reader who switched embeds off still sees the answer, no "Embed Links" permission is needed, links in it grow
no previews (so an invite in a source stays text), and all of it counts against a single limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.discord.markdown import code_block, emphasise, escape, length, link, shortened, source_link
from bot.locales import Phrases
from bot.services import ReadoutLine
from retrieval.answering.wording import also_places
from retrieval.models import (
    Answer,
    Citation,
    LiveParagraph,
    Numbering,
    Statement,
    Status,
    Translations,
    is_beside,
    place_of,
)

MAX_TEXT = 4_000
"""Text of all components of one message together.

Source: discord.py 2.7.1, `ui/view.py`; Discord's OpenAPI, `TextDisplay.maxLength`.
"""

MAX_CITED = 25
"""Paragraphs that one page offers to open: the options of one select."""

_MAX_TITLE = 200
_MAX_QUESTION = 300
_NEAREST_CHARS = 240


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
class _Block:
    """Lines that stay together; `head` is shown above them unless the page shows it already.

    `also` can be opened from the page too, though the piece does not rest on it.
    """

    text: str
    head: str = ""
    piece: Piece | None = None
    also: tuple[Cited, ...] = ()


def render_answer(
    answer: Answer, phrases: Phrases, *, show_question: bool = False, can_translate: bool = False
) -> tuple[Page, ...]:
    """Return the pages that show `answer`: statements with their `¶`, then what the reader has to know.

    Args:
        show_question: Quote the question first, where the reader has not seen it asked.
        can_translate: Offer a translation of its quotes.
    """
    asked = _asked(answer) if show_question else []
    if answer.talk:
        return _paged([*asked, _Block(phrases(f"answer.talk.{answer.talk}"))], phrases)
    if answer.parts:
        each = [block for part in answer.parts for block in (*_asked(part), *_part_blocks(part, phrases))]
        return _paged([*asked, *each], phrases)
    if answer.statements:
        found = [*_statement_blocks(answer, phrases), *_closing(answer, phrases)]
        pages = _paged([*asked, *found], phrases)
        return tuple(replace(page, can_translate=can_translate and bool(page.pieces)) for page in pages)
    return _paged([*asked, *_missing_blocks(answer, phrases)], phrases)


def render_found(answer: Answer, phrases: Phrases, *, show_question: bool = False) -> Page:
    """Return one page of what was found, for the time that a language model needs to choose."""
    asked = _asked(answer) if show_question else []
    lead = _Block(f"-# {phrases('answer.choosing')}")
    return _paged([*asked, lead, *_statement_blocks(answer, phrases)], phrases)[0]


def render_translations(
    statements: Sequence[Statement], found: Translations, phrases: Phrases
) -> tuple[Page, ...]:
    """Return the pages that show quotes with a language model's translation under each."""
    blocks = list[_Block]()
    for place, (statement, text) in enumerate(zip(statements, found.texts, strict=True)):
        blocks += _cut_statement(place, statement, phrases)
        blocks += _translation_blocks(text, found.by, phrases)
    return _paged(blocks, phrases)


def _asked(answer: Answer) -> list[_Block]:
    return [_Block(f"> {_flat(answer.question, _MAX_QUESTION)}")]


def _part_blocks(answer: Answer, phrases: Phrases) -> list[_Block]:
    if answer.statements:
        return [*_statement_blocks(answer, phrases), *_closing(answer, phrases)]
    return _missing_blocks(answer, phrases)


def _missing_blocks(answer: Answer, phrases: Phrases) -> list[_Block]:
    # A notice ("The readouts are in English; …") says why there is no answer: better than that there is none.
    is_closest = answer.status is Status.CLOSEST
    lead = phrases("answer.closest" if is_closest else "answer.not_found")
    said = list(_texts(answer.notice)) if answer.notice else [_Block(lead)]
    if answer.nearest and not is_closest:
        said.append(_Block(phrases("answer.nearest")))
    read_as = _small(phrases("answer.read_as", question=answer.read_as) if answer.read_as else None)
    nearest = _nearest_blocks(answer.nearest, phrases)
    return [*said, *nearest, *read_as, *_small(_model_line(answer, phrases))]


def _statement_blocks(answer: Answer, phrases: Phrases) -> Iterable[_Block]:
    for place, statement in enumerate(answer.statements):
        yield from _cut_statement(place, statement, phrases)
        if answer.translations:
            yield from _translation_blocks(answer.translations.texts[place], answer.translations.by, phrases)


def _cut_statement(place: int, statement: Statement, phrases: Phrases) -> Iterable[_Block]:
    """A statement in as many blocks as it needs, each with its mark."""
    citation = statement.citation
    mark = link(_label(citation, phrases), source_link(citation.url, statement.text))
    head = source_line(Source(statement.paragraph.title, statement.paragraph.date), phrases)
    room = MAX_TEXT - length(head) - length(mark) - len("\n\n \n")
    for start, end in _fragments(statement.text, statement.highlights, room):
        highlights = [(s - start, e - start) for s, e in statement.highlights if s < end and e > start]
        text = statement.text[start:end]
        yield _Block(f"{emphasise(text, highlights)} {mark}", head, Piece(place, text, (citation,)))
    if statement.also:
        yield _Block(f"-# {escape(phrases('answer.also', places=', '.join(also_places(statement))))}", head)


def _translation_blocks(text: str, by: str, phrases: Phrases) -> Iterable[_Block]:
    """As many blocks as it needs, each with its mark: a page may begin between them."""
    mark = f"-# {phrases('answer.translated', model=escape(by))}"
    flat = " ".join(text.split())
    for start, end in _fragments(flat, (), MAX_TEXT - length(mark) - len("> \n")):
        yield _Block(f"> {escape(flat[start:end])}\n{mark}")


def _closing(answer: Answer, phrases: Phrases) -> Iterable[_Block]:
    if answer.partial:
        part = answer.unanswered
        yield from _texts(phrases("answer.unanswered", part=part) if part else phrases("answer.nothing_more"))
    yield from _small(answer.notice)
    if answer.read_as:
        yield from _small(phrases("answer.read_as", question=answer.read_as))
    yield from _small(_model_line(answer, phrases))
    if answer.mode == "extractive":
        yield _Block(f"-# {phrases('answer.quoted')}")


def _model_line(answer: Answer, phrases: Phrases) -> str | None:
    """Say what a language model had to do with it, if anything: never more than a line."""
    if answer.model_failure:
        return answer.model_failure
    model = answer.mode.removeprefix("llm:")
    return None if answer.mode == "extractive" else phrases("answer.chosen", model=model)


def _small(text: str | None) -> Iterable[_Block]:
    return (_Block(f"-# {block.text}") for block in _texts(text or ""))


def _texts(text: str) -> Iterable[_Block]:
    flat = " ".join(text.split())
    return (_Block(escape(flat[start:end])) for start, end in _fragments(flat, (), MAX_TEXT - 10))


def _nearest_blocks(nearest: Sequence[Statement], phrases: Phrases) -> Iterable[_Block]:
    for near in nearest:
        citation = near.citation
        mark = link(_label(citation, phrases), source_link(citation.url, near.text))
        excerpt = shortened(near.text, _NEAREST_CHARS)
        source = Source(near.paragraph.title, near.paragraph.date)
        yield _Block(
            f"{mark} {escape(excerpt)}", source_line(source, phrases), Piece(-1, near.text, (citation,))
        )
        for difference in near.differs:
            said = phrases(f"answer.differs.{difference.kind}", value=escape(difference.value))
            yield _Block(f"-# {said}", source_line(source, phrases))


def source_line(source: Source | None, phrases: Phrases) -> str:
    """Return the line that names a readout: its title in bold and its date."""
    title = source.title if source and source.title.strip() else phrases("answer.unknown_title")
    date = phrases.date(source.date) if source else None
    line = f"**{_flat(title, _MAX_TITLE)}**"
    return f"{line} · {escape(date)}" if date else line


def _readout(citation: Citation | Cited) -> tuple[str, str]:
    return citation.document, citation.revision


def _label(citation: Citation | LiveParagraph, phrases: Phrases) -> str:
    number = citation.paragraph if isinstance(citation, Citation) else citation.number
    return escape(plain_label(number, citation.numbering, phrases, citation.part))


def plain_label(number: str, numbering: Numbering, phrases: Phrases, part: str | None = None) -> str:
    """Return `¶7`, or `Annex I ¶4`, saying so where the number was counted rather than printed."""
    place = place_of(number, part)
    counted = numbering is Numbering.COUNTED and not is_beside(number)
    return f"{place} ({phrases('answer.counted')})" if counted else place


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
        label = plain_label(citation.paragraph, citation.numbering, phrases, citation.part)
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
    if paragraph.numbering is Numbering.COUNTED and not is_beside(paragraph.number):
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
        plain_label(paragraph.number, paragraph.numbering, phrases, paragraph.part),
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

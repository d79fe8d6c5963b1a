"""Pure: answers, translations, checked claims, single paragraphs and citations to copy -> pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len, set_cell_size

from bot.discord.discord_markdown import (
    blockquote,
    code_block,
    escape,
    instant,
    length,
    link,
    place_link,
    shortened,
    source_link,
)
from bot.discord.pages import (
    MAX_TEXT,
    RULE,
    Block,
    Page,
    Piece,
    Source,
    Tone,
    cited_of,
    flat,
    fragments,
    label_of,
    paged,
    plain_label,
    quoted,
    source_head,
)
from bot.locales import Phrases
from retrieval.answering.checking import ClaimCheck, Compared, Verdict
from retrieval.answering.models import Answer, Status, Translations, also_places
from retrieval.models import LiveParagraph, Numbering, Statement, is_beside
from retrieval.search.browsing import Table

_MAX_LEAD = 720
"""What stands above a quote and around it: the line about the outcome with the question, the marks."""

_MARKS = 20
"""Around a quote: that it is one, and that it goes on."""

_PHONE = 40
"""Columns that a code block shows on a phone before it breaks lines."""

_MAX_QUESTION = 300
_NEAREST_CHARS = 240
_MAX_DIFFERENCES = 8
_MAX_DIFFERING = 120
_MAX_NUMBER = 40
_MAX_NUMBERS = 300
_MAX_ROWS = 25
_MAX_ROW = 160
_TONES = {Status.CLOSEST: Tone.CLOSEST, Status.NOT_FOUND: Tone.NOT_FOUND}


def render_answer(
    answer: Answer, phrases: Phrases, *, show_question: bool = False, can_translate: bool = False
) -> tuple[Page, ...]:
    """Return the pages that show `answer`: what came out of it, the quotes with their `¶`, what else is to be known.

    Args:
        show_question: Say what was asked, where the reader has not seen it asked.
        can_translate: Offer a translation of its quotes.
    """
    if answer.talk:
        asked = [Block(_small_question(answer.question))] if show_question else []
        return paged([*asked, Block(phrases(f"answer.talk.{answer.talk}"))], phrases)
    tone = _TONES.get(answer.status, Tone.ANSWERED)
    parts = answer.parts or (answer,)
    blocks = list[Block]()
    for part in parts:
        named = show_question or len(parts) > 1
        shown = _part_blocks(part, phrases, named=named, alone=tone is Tone.NOT_FOUND)
        blocks += [replace(shown[0], joint=RULE), *shown[1:]]
    pages = paged(blocks, phrases, tone=tone)
    if not answer.statements or answer.parts:
        return pages
    return tuple(replace(page, can_translate=can_translate and bool(page.pieces)) for page in pages)


def render_found(answer: Answer, phrases: Phrases, *, show_question: bool = False) -> Page:
    """Return one page of what was found, for the time that a language model needs to choose."""
    lead = _lead(phrases("answer.choosing"), answer.question if show_question else None)
    return paged([lead, *_statement_blocks(answer, phrases)], phrases, tone=Tone.CLOSEST)[0]


def render_translations(
    statements: Sequence[Statement], found: Translations, phrases: Phrases
) -> tuple[Page, ...]:
    """Return the pages that show quotes with a language model's translation under each."""
    blocks = list[Block]()
    for place, (statement, text) in enumerate(zip(statements, found.texts, strict=True)):
        blocks += _cut_statement(place, statement, phrases)
        blocks += _translation_blocks(text, found.by, phrases)
    return paged(blocks, phrases)


def _small_question(question: str) -> str:
    return f"-# “{flat(question, _MAX_QUESTION)}”"


def _lead(outcome: str, question: str | None) -> Block:
    """What came out of it, and of which question, in one line above the quotes."""
    return Block(f"-# {outcome} · {_small_question(question)[3:]}" if question else f"-# {outcome}")


def _part_blocks(answer: Answer, phrases: Phrases, *, named: bool, alone: bool) -> list[Block]:
    """The answer to one question.

    Args:
        named: Say what was asked.
        alone: Nothing was found at all, so that what is closest can be offered.
    """
    if not answer.statements:
        return _missing_blocks(answer, phrases, named=named, alone=alone)
    outcome = phrases("answer.partly" if answer.partial else "answer.answered")
    lead = _lead(outcome, answer.question if named else None)
    return [lead, *_statement_blocks(answer, phrases), *_apart(_closing(answer, phrases))]


def _missing_blocks(answer: Answer, phrases: Phrases, *, named: bool, alone: bool) -> list[Block]:
    # A notice ("The readouts are in English; …") says why there is no answer: better than that there is none.
    is_closest = answer.status is Status.CLOSEST
    said = list(_texts(answer.notice or phrases("answer.closest" if is_closest else "answer.not_found")))
    if named:
        said.append(Block(_small_question(answer.question)))
    if is_closest:
        said += _nearest_blocks(answer.nearest, phrases)
    elif alone:
        places = (
            (near.citation, Source(near.paragraph.title, near.paragraph.date)) for near in answer.nearest
        )
        offered = tuple((cited_of(citation, phrases), source) for citation, source in places)
        said[0] = replace(said[0], also=offered)
    return [*said, *_apart([*_read_as(answer, phrases), *_small(_model_line(answer, phrases))], "\n\n")]


def render_closest(nearest: Sequence[Statement], phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages of what is closest to a question that the readouts do not answer."""
    lead = Block(phrases("answer.nearest"))
    return paged([lead, *_nearest_blocks(nearest, phrases)], phrases, tone=Tone.CLOSEST)


def _apart(blocks: Iterable[Block], joint: str = RULE) -> list[Block]:
    return [replace(block, joint=block.joint if number else joint) for number, block in enumerate(blocks)]


def _statement_blocks(answer: Answer, phrases: Phrases) -> Iterable[Block]:
    for place, statement in enumerate(answer.statements):
        yield from _cut_statement(place, statement, phrases)
        if answer.translations:
            yield from _translation_blocks(answer.translations.texts[place], answer.translations.by, phrases)


def _cut_statement(place: int, statement: Statement, phrases: Phrases) -> Iterable[Block]:
    """A statement in as many blocks as it needs, each with its mark; a cut is marked on both sides of it."""
    citation = statement.citation
    mark = link(label_of(citation, phrases), place_link(citation, statement.text, phrases.room))
    source = Source(statement.paragraph.title, statement.paragraph.date)
    head = source_head(source, phrases)
    room = MAX_TEXT - length(head) - length(mark) - _MAX_LEAD
    for text, shown in quoted(statement.text, statement.highlights, room):
        piece = Piece(place, text, (citation,))
        yield Block(blockquote(f"{shown} {mark}"), head, piece, source=source, joint="\n\n")
    if statement.also:
        yield Block(f"-# {escape(phrases('answer.also', places=', '.join(also_places(statement))))}", head)


def _translation_blocks(text: str, by: str, phrases: Phrases) -> Iterable[Block]:
    """As many blocks as it needs, each with its mark: a page may begin between them."""
    mark = f"-# {phrases('answer.translated', model=escape(by))}"
    flat = " ".join(text.split())
    for start, end in fragments(flat, (), MAX_TEXT - length(mark) - len("> \n")):
        yield Block(f"> {escape(flat[start:end])}\n{mark}", joint="\n\n" if not start else "\n")


def _closing(answer: Answer, phrases: Phrases) -> Iterable[Block]:
    if answer.partial:
        part = answer.unanswered
        yield from _texts(phrases("answer.unanswered", part=part) if part else phrases("answer.nothing_more"))
    yield from _small(answer.notice)
    yield from _read_as(answer, phrases)
    if answer.damaged:
        yield from _small(phrases("answer.damaged", readouts=", ".join(answer.damaged)))
    yield from _small(_model_line(answer, phrases))


def _read_as(answer: Answer, phrases: Phrases) -> Iterable[Block]:
    return _small(phrases("answer.read_as", question=answer.read_as) if answer.read_as else None)


def _model_line(answer: Answer, phrases: Phrases) -> str | None:
    """Say what a language model had to do with it, if anything: never more than a line."""
    if answer.model_failure:
        return answer.model_failure
    model = answer.mode.removeprefix("llm:")
    return None if answer.mode == "extractive" else phrases("answer.chosen", model=model)


def _small(text: str | None) -> Iterable[Block]:
    return (Block(f"-# {block.text}") for block in _texts(text or ""))


def _texts(text: str) -> Iterable[Block]:
    flat = " ".join(text.split())
    return (Block(escape(flat[start:end])) for start, end in fragments(flat, (), MAX_TEXT - 10))


def _nearest_blocks(nearest: Sequence[Statement], phrases: Phrases) -> Iterable[Block]:
    for near in nearest:
        citation = near.citation
        mark = link(label_of(citation, phrases), place_link(citation, near.text, phrases.room))
        source = Source(near.paragraph.title, near.paragraph.date)
        head, quote = source_head(source, phrases), shortened(near.text, _NEAREST_CHARS)
        piece = Piece(-1, near.text, (citation,))
        yield Block(blockquote(f"{escape(quote)} {mark}"), head, piece, source=source, joint="\n\n")
        for difference in near.differs:
            said = phrases(f"answer.differs.{difference.kind}", value=escape(difference.value))
            yield Block(f"-# ⚠ {said}", head)


def render_check(check: ClaimCheck, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages that show the sentences nearest to a claim, what differs, and a model's opinion, if any."""
    if not check.compared:
        return paged([Block(phrases("check.not_found"))], phrases, tone=Tone.NOT_FOUND)
    tone = Tone.ANSWERED if check.verdict is Verdict.VERBATIM else Tone.CLOSEST
    blocks = [Block(phrases(f"check.{check.verdict.value}"))]
    for place, compared in enumerate(check.compared):
        blocks += _cut_statement(place, compared.statement, phrases)
        if check.verdict is Verdict.CLOSE:
            blocks += _difference_blocks(compared, phrases)
        if check.judged is not None:
            opinion = phrases(f"check.opinion.{check.judged.opinions[place].value}")
            judged = phrases("check.judged", opinion=opinion, model=escape(check.judged.by))
            blocks.append(Block(f"-# {judged}"))
    return paged(blocks, phrases, tone=tone)


def _difference_blocks(compared: Compared, phrases: Phrases) -> Iterable[Block]:
    """A line a difference, what a reader should look at first before the rest."""
    ordered = sorted(compared.differences, key=lambda difference: not difference.marks)
    for difference in ordered[:_MAX_DIFFERENCES]:
        claim, source = (
            f"{before}{flat(words, _MAX_DIFFERING)}{before}" if words else "–"
            for words, before in ((difference.claim, "~~"), (difference.source, "**"))
        )
        kinds = ", ".join(phrases(f"check.mark.{mark.value}") for mark in sorted(difference.marks))
        line = phrases("check.differs", claim=claim, source=source)
        yield Block(f"-# {line} ({kinds})" if kinds else f"-# {line}")
    if len(ordered) > _MAX_DIFFERENCES:
        yield Block(f"-# {phrases('initiatives.more', count=len(ordered) - _MAX_DIFFERENCES)}")


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
    blocks = [Block(f"-# {lead}")] if lead else []
    room = MAX_TEXT - length(head) - length(lead) - _MARKS
    blocks += [Block(blockquote(shown), head) for _, shown in quoted(paragraph.text, spans, room)]
    if superseded:
        blocks.append(Block(f"-# {phrases('paragraph.superseded', date=instant(superseded, 'D'))}"))
    if changed:
        blocks.append(Block(f"-# {phrases('paragraph.changed')}"))
    if paragraph.numbering is Numbering.COUNTED and not is_beside(paragraph.number):
        blocks.append(Block(f"-# {phrases('paragraph.counted')}"))
    if table is not None:
        blocks += _table_blocks(table, paragraph.number, phrases)
    return paged(blocks, phrases, tone=Tone.CLOSEST if changed or superseded else Tone.LISTED)


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
    if all(cell_len(line) <= _PHONE and length(line) <= 2 * _PHONE for line in drawn):
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
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return [" ".join(map(set_cell_size, line, widths)).rstrip() for line in lines]


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
    step = (MAX_TEXT - 100) // 2  # whatever the fence guard adds: two characters to every three
    blocks = [
        Block(code_block(text[start : start + step]), phrases("control.copied"))
        for text in citations
        for start in range(0, len(text), step)
    ]
    return paged(blocks, phrases)

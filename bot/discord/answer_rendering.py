"""Pure: answers, translations and claims that were checked -> pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.discord.discord_markdown import emphasise, escape, length, link, place_link, shortened
from bot.discord.pages import (
    MAX_TEXT,
    Block,
    Page,
    Piece,
    Source,
    flat,
    fragments,
    label_of,
    paged,
    source_line,
)
from bot.locales import Phrases
from retrieval.answering.checking import ClaimCheck, Compared, Verdict
from retrieval.answering.models import Answer, Status, Translations
from retrieval.answering.wording import also_places
from retrieval.models import Statement

_MAX_QUESTION = 300

_NEAREST_CHARS = 240


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
        return paged([*asked, Block(phrases(f"answer.talk.{answer.talk}"))], phrases)
    if answer.parts:
        each = [block for part in answer.parts for block in (*_asked(part), *_part_blocks(part, phrases))]
        return paged([*asked, *each], phrases)
    if answer.statements:
        found = [*_statement_blocks(answer, phrases), *_closing(answer, phrases)]
        pages = paged([*asked, *found], phrases)
        return tuple(replace(page, can_translate=can_translate and bool(page.pieces)) for page in pages)
    return paged([*asked, *_missing_blocks(answer, phrases)], phrases)


def render_found(answer: Answer, phrases: Phrases, *, show_question: bool = False) -> Page:
    """Return one page of what was found, for the time that a language model needs to choose."""
    asked = _asked(answer) if show_question else []
    lead = Block(f"-# {phrases('answer.choosing')}")
    return paged([*asked, lead, *_statement_blocks(answer, phrases)], phrases)[0]


def render_translations(
    statements: Sequence[Statement], found: Translations, phrases: Phrases
) -> tuple[Page, ...]:
    """Return the pages that show quotes with a language model's translation under each."""
    blocks = list[Block]()
    for place, (statement, text) in enumerate(zip(statements, found.texts, strict=True)):
        blocks += _cut_statement(place, statement, phrases)
        blocks += _translation_blocks(text, found.by, phrases)
    return paged(blocks, phrases)


def _asked(answer: Answer) -> list[Block]:
    return [Block(f"> {flat(answer.question, _MAX_QUESTION)}")]


def _part_blocks(answer: Answer, phrases: Phrases) -> list[Block]:
    if answer.statements:
        return [*_statement_blocks(answer, phrases), *_closing(answer, phrases)]
    return _missing_blocks(answer, phrases)


def _missing_blocks(answer: Answer, phrases: Phrases) -> list[Block]:
    # A notice ("The readouts are in English; …") says why there is no answer: better than that there is none.
    is_closest = answer.status is Status.CLOSEST
    lead = phrases("answer.closest" if is_closest else "answer.not_found")
    said = list(_texts(answer.notice)) if answer.notice else [Block(lead)]
    if answer.nearest and not is_closest:
        said.append(Block(phrases("answer.nearest")))
    read_as = _small(phrases("answer.read_as", question=answer.read_as) if answer.read_as else None)
    nearest = _nearest_blocks(answer.nearest, phrases)
    return [*said, *nearest, *read_as, *_small(_model_line(answer, phrases))]


def _statement_blocks(answer: Answer, phrases: Phrases) -> Iterable[Block]:
    for place, statement in enumerate(answer.statements):
        yield from _cut_statement(place, statement, phrases)
        if answer.translations:
            yield from _translation_blocks(answer.translations.texts[place], answer.translations.by, phrases)


def _cut_statement(place: int, statement: Statement, phrases: Phrases) -> Iterable[Block]:
    """A statement in as many blocks as it needs, each with its mark."""
    citation = statement.citation
    mark = link(label_of(citation, phrases), place_link(citation, statement.text, phrases.room))
    head = source_line(Source(statement.paragraph.title, statement.paragraph.date), phrases)
    room = MAX_TEXT - length(head) - length(mark) - len("\n\n \n")
    for start, end in fragments(statement.text, statement.highlights, room):
        highlights = [(s - start, e - start) for s, e in statement.highlights if s < end and e > start]
        text = statement.text[start:end]
        yield Block(f"{emphasise(text, highlights)} {mark}", head, Piece(place, text, (citation,)))
    if statement.also:
        yield Block(f"-# {escape(phrases('answer.also', places=', '.join(also_places(statement))))}", head)


def _translation_blocks(text: str, by: str, phrases: Phrases) -> Iterable[Block]:
    """As many blocks as it needs, each with its mark: a page may begin between them."""
    mark = f"-# {phrases('answer.translated', model=escape(by))}"
    flat = " ".join(text.split())
    for start, end in fragments(flat, (), MAX_TEXT - length(mark) - len("> \n")):
        yield Block(f"> {escape(flat[start:end])}\n{mark}")


def _closing(answer: Answer, phrases: Phrases) -> Iterable[Block]:
    if answer.partial:
        part = answer.unanswered
        yield from _texts(phrases("answer.unanswered", part=part) if part else phrases("answer.nothing_more"))
    yield from _small(answer.notice)
    if answer.read_as:
        yield from _small(phrases("answer.read_as", question=answer.read_as))
    if answer.damaged:
        yield from _small(phrases("answer.damaged", readouts=", ".join(answer.damaged)))
    yield from _small(_model_line(answer, phrases))
    if answer.mode == "extractive":
        yield Block(f"-# {phrases('answer.quoted')}")


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
        excerpt = shortened(near.text, _NEAREST_CHARS)
        source = Source(near.paragraph.title, near.paragraph.date)
        yield Block(
            f"{mark} {escape(excerpt)}", source_line(source, phrases), Piece(-1, near.text, (citation,))
        )
        for difference in near.differs:
            said = phrases(f"answer.differs.{difference.kind}", value=escape(difference.value))
            yield Block(f"-# {said}", source_line(source, phrases))


_MAX_DIFFERENCES = 8

_MAX_DIFFERING = 120


def render_check(check: ClaimCheck, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages that show the sentences nearest to a claim, what differs, and a model's opinion, if any."""
    if not check.compared:
        return paged([Block(phrases("check.not_found"))], phrases)
    blocks = [Block(phrases(f"check.{check.verdict.value}"))]
    for place, compared in enumerate(check.compared):
        blocks += _cut_statement(place, compared.statement, phrases)
        if check.verdict is Verdict.CLOSE:
            blocks += _difference_blocks(compared, phrases)
        if check.judged is not None:
            opinion = phrases(f"check.opinion.{check.judged.opinions[place].value}")
            blocks.append(
                Block(f"-# {phrases('check.judged', opinion=opinion, model=escape(check.judged.by))}")
            )
    return paged([*blocks, Block(f"-# {phrases('answer.quoted')}")], phrases)


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

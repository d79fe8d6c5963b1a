"""What /compare, /trace and the files of anything shown need of the services, and the pages of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from bot.discord.answer_store import ShownAnswer
from bot.discord.discord_markdown import cut_quote, escape, length, link, marked, place_link
from bot.discord.pages import MAX_PARTS, MAX_TEXT, RULE, Block, Page, Source, Tone, cited_of, flat, paged
from bot.discord.permissions import guild_scopes
from bot.discord.question_service import LIST, Place, QuestionService, Reply
from bot.discord.readout_rendering import InitiativeFilter
from bot.locales import Phrases
from bot.sheet_formats import FORMATS, headed, png
from bot.sheets import (
    CitationStyle,
    Entry,
    Mark,
    Passage,
    Run,
    Sheet,
    answer_sheet,
    comparison_sheet,
    initiatives_sheet,
    lives_sheet,
    statement_of,
    trace_sheet,
)
from retrieval.comparison.service import ComparisonService as Comparing
from retrieval.errors import NotFoundError
from retrieval.search.scoping import Filters

_MARKS: dict[Mark, str] = {"same": "", "removed": "~~", "added": "**", "found": "**"}
_ROOM = MAX_TEXT - 700
_MAX_HEADING = 300
_MAX_LEAD = 600


def render_sheet(sheet: Sheet, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages of a comparison, a trace or an initiative's life; what is unchanged is named only."""
    columns = zip("AB", sheet.columns, strict=True) if sheet.columns else ()
    names = [f"### {letter}: {flat(name, _MAX_HEADING)}" for letter, name in columns]
    told, *more = (*(flat(line, _MAX_LEAD) for line in sheet.lead), "")
    lead = [
        *([f"-# {told}"] if told else []),  # what came out of it is said first
        *(names or [f"### {flat(sheet.title, _MAX_HEADING)}"] if sheet.title else []),
        *(line for line in more if line),
    ]
    blocks = [Block("\n".join(lead))] if lead else []
    in_a_row = False
    for heading, entry in headed(sheet.entries):
        if entry.unchanged and in_a_row and not heading:  # on one line
            blocks.append(Block(flat(entry.label, _MAX_HEADING), joint=" · "))
            continue
        in_a_row = entry.unchanged
        blocks += _blocks(heading, entry, phrases, two=sheet.columns is not None)
    return paged(blocks, phrases, tone=Tone.LISTED)


def _blocks(heading: str, entry: Entry, phrases: Phrases, *, two: bool) -> Iterator[Block]:
    passages = (*entry.before, *entry.after)
    opening = f"### {flat(heading, _MAX_HEADING)}\n" if heading else ""
    opening += f"-# {flat(entry.label, _MAX_HEADING)}\n" if entry.label else ""
    told: list[tuple[str, list[str], tuple[Passage, ...]]] = []
    if entry.inline:
        told.append(("", ["> ", *_words(entry.inline)], passages))
    if not (entry.unchanged or (two and entry.inline)):
        apart = "\n\n" if told else "\n"  # from the changes above
        told += [(apart, ["> ", *_words(p.runs), f" {_mark_of(p, phrases)}"], (p,)) for p in passages]
    if entry.note:
        told.append(("\n", [f"-# {flat(entry.note, _MAX_LEAD)}"], ()))
    first = RULE if heading else "\n\n"
    for place, (joint, parts, cited) in enumerate(told or [("", [], ())]):
        for rest, text in enumerate(cut_quote(parts, "" if place else opening, _ROOM)):
            # a paragraph opens from the page where its words begin
            opened = (
                () if rest else tuple((cited_of(p.citation, phrases), Source(p.title, p.date)) for p in cited)
            )
            yield Block(text.rstrip("\n"), also=opened, joint="\n" if rest else joint if place else first)


def _words(runs: Iterable[Run]) -> Iterator[str]:
    return marked((run.text, _MARKS[run.mark]) for run in runs)


def _mark_of(passage: Passage, phrases: Phrases) -> str:
    words = "".join(run.text for run in passage.runs)
    return link(escape(passage.place), place_link(passage.citation, words, phrases.room))


COMPARISON, TRACE = "compare", "trace"
"""What stands for the mode where what is remembered is one of these."""

_MOST_ENTRIES = 25
"""Of one initiative; more are looked at one by one."""

Asked = dict[str, str | None]
"""The options that were given; as JSON they stand for the question."""


class ComparisonService:
    """Compares and traces for members, off the event loop.

    Args:
        style: How files cite.
    """

    def __init__(
        self, questions: QuestionService, comparing: Comparing, style: CitationStyle = "plain"
    ) -> None:
        self._questions = questions
        self._comparing = comparing
        self._style = style

    async def look(self, mode: str, asked: Asked, place: Place, phrases: Phrases) -> Reply:
        """Return a comparison or a trace, remembered.

        Raises:
            NotFoundError: There is no such readout here.
            As `QuestionService.ask` does besides.
        """
        work = self._work(mode, asked, place.guild, phrases)
        text = " ".join(value for value in asked.values() if value)
        sheet, picture = await self._questions.admitted(text, place, lambda: _drawn(work()))
        question = json.dumps(asked, ensure_ascii=False)
        pages = render_sheet(sheet, phrases)
        reply = await self._questions.remembered(mode, pages, question, place)
        return replace(reply, picture=picture)

    async def again(self, sheet: str, place: Place, phrases: Phrases) -> Reply:
        """Return what was shown as it is now.

        Raises:
            NotFoundError: It is no longer remembered, or one of its readouts is gone.
        """
        shown = await self._questions.shown(sheet, place.guild)
        if shown.mode not in {COMPARISON, TRACE}:
            raise NotFoundError(f"{sheet} is no comparison")
        work = self._work(shown.mode, json.loads(shown.question), place.guild, phrases)
        found, picture = await self._questions.look_ups.run(lambda: _drawn(work()))
        reply = await self._questions.remembered_again(shown, render_sheet(found, phrases), place)
        return replace(reply, picture=picture)

    async def files(self, answer: str, guild: int | None, phrases: Phrases) -> dict[str, bytes]:
        """Return anything that was shown as files, by name; raises as `again` does."""
        shown = await self._questions.shown(answer, guild)
        name = shown.mode if shown.mode in {COMPARISON, TRACE, LIST} else "answer"
        work = await self._sheet(shown, guild, phrases)

        def made() -> dict[str, bytes]:
            sheet = work()
            return {
                f"{name}.{ending}": render(sheet, self._style, phrases.language)
                for ending, render in FORMATS.items()
            }

        return await self._questions.look_ups.run(made)

    async def with_life(
        self, pages: tuple[Page, ...], wanted: InitiativeFilter, guild: int | None, phrases: Phrases
    ) -> tuple[Page, ...]:
        """Return the pages of a list; where it is of one initiative, the first tells what became of it too."""
        listed = await self._questions.initiatives(wanted, guild)
        if not 0 < len(listed) == len({each.readout.id for each in listed}) <= _MOST_ENTRIES:
            return pages  # two of one readout are two initiatives
        scopes = guild_scopes(guild)
        lives = await self._questions.look_ups.run(lambda: self._comparing.lives(scopes, among=listed))
        if len(lives) != 1:
            return pages
        life, *_ = render_sheet(replace(lives_sheet(lives, (), phrases), title="", lead=()), phrases)
        first = pages[0]
        text = f"{first.text}\n\n{life.text}"
        fits = length(text) <= MAX_TEXT and text.count(RULE) < MAX_PARTS
        return (replace(first, text=text), *pages[1:]) if fits else pages

    def _work(self, mode: str, asked: Asked, guild: int | None, phrases: Phrases) -> Callable[[], Sheet]:
        scopes, comparing = guild_scopes(guild), self._comparing
        if mode == COMPARISON:
            before, after = asked["before"] or "", asked["after"] or ""
            return lambda: comparison_sheet(comparing.compare(before, after, asked["topic"], scopes), phrases)
        phrase = asked["phrase"] or ""
        filters = Filters((), *(asked.get(name) for name in ("since", "until", "issuer", "title")))
        return lambda: trace_sheet(comparing.trace(phrase, filters=filters, scopes=scopes), phrases)

    async def _sheet(self, shown: ShownAnswer, guild: int | None, phrases: Phrases) -> Callable[[], Sheet]:
        if shown.mode in {COMPARISON, TRACE}:
            return self._work(shown.mode, json.loads(shown.question), guild, phrases)
        if shown.mode == LIST:
            wanted = InitiativeFilter.load(shown.question)
            listed = await self._questions.initiatives(wanted, guild)
            damaged = await self._questions.damaged(wanted, guild)
            return lambda: initiatives_sheet(listed, damaged, phrases)
        statements = []
        for cited in dict.fromkeys(each for page in shown.cited for each in page):
            try:
                quoted = cited.document, cited.revision, cited.paragraph, guild_scopes(guild)
                paragraph, _ = await self._questions.look_ups.run(self._questions.readouts.quoted, *quoted)
            except NotFoundError:  # its words are no longer kept
                continue
            statements.append(statement_of(paragraph, cited.spans))
        return lambda: answer_sheet(shown.question, (), statements, phrases)


def _drawn(sheet: Sheet) -> tuple[Sheet, bytes | None]:
    return sheet, png(sheet.years) if sheet.years else None

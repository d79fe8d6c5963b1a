"""Pure: sheets -> pages of Discord's markdown, ~~removed~~ and **added** words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.discord.corpus.preview_rendering import marked
from bot.discord.discord_markdown import escape, length, link, place_link
from bot.discord.pages import MAX_TEXT, RULE, Block, Page, Piece, Source, Tone, flat, paged
from bot.locales import Phrases
from bot.sheet_formats import headed
from bot.sheets import Entry, Mark, Passage, Run, Sheet

_MARKS: dict[Mark, str] = {"same": "", "removed": "~~", "added": "**", "found": "**"}
_RUN = 600
"""Escaped, so many characters still fit into a message."""

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
    for number, (heading, entry) in enumerate(headed(sheet.entries)):
        blocks += _blocks(number, heading, entry, phrases, two=sheet.columns is not None)
    return paged(blocks, phrases, tone=Tone.LISTED)


def _blocks(number: int, heading: str, entry: Entry, phrases: Phrases, *, two: bool) -> Iterator[Block]:
    passages = (*entry.before, *entry.after)
    head = f"### {flat(heading, _MAX_HEADING)}\n" if heading else ""
    label = f"-# {flat(entry.label, _MAX_HEADING)}\n" if entry.label else ""
    texts: list[list[str]] = [["> ", *_parts(entry.inline)]] if entry.inline else []
    if not (entry.unchanged or (two and entry.inline)):
        mark = "\n> " if texts else "> "  # apart from the changes above
        texts += [[mark, *_parts(p.runs), f" {_mark_of(p, phrases)}"] for p in passages]
    note = [[f"-# {flat(entry.note, _MAX_LEAD)}"]] if entry.note else []
    cited = tuple(p.citation for p in passages)
    for place, text in enumerate(_cut([*texts, *note], f"{head}{label}")):
        # the paragraphs open from the page where they begin
        opened = Piece(number, "", cited if not place and not entry.unchanged else ())
        joint = RULE if heading and not place else "\n" if place else "\n\n"
        source = Source(passages[0].title, passages[0].date) if passages else None
        yield Block(text.strip("\n"), "", opened, source=source, joint=joint)


def _mark_of(passage: Passage, phrases: Phrases) -> str:
    words = "".join(run.text for run in passage.runs)
    return link(escape(passage.place), place_link(passage.citation, words, phrases.room))


def _parts(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        for start in range(0, len(run.text), _RUN):
            yield marked(run.text[start : start + _RUN], _MARKS[run.mark])


def _cut(texts: Sequence[Sequence[str]], opening: str) -> Iterator[str]:
    """Yield texts, each on a line of its own, in stretches that fit into a message."""
    out = opening
    for text in texts:
        for place, part in enumerate(text):
            if length(out) + length(part) > _ROOM:
                yield f"{out}…"
                out = "> …"
            out += part if place else f"\n{part}" if out.strip() and not out.endswith("\n") else part
    yield out

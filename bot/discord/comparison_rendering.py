"""Pure: sheets -> pages of Discord's markdown, ~~removed~~ and **added** words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.discord.corpus.preview_rendering import marked
from bot.discord.discord_markdown import escape, length, link, place_link
from bot.discord.pages import MAX_TEXT, RULE, Block, Page, Source, Tone, cited_of, flat, paged
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
        told.append(("", ["> ", *_parts(entry.inline)], passages))
    if not (entry.unchanged or (two and entry.inline)):
        apart = "\n\n" if told else "\n"  # from the changes above
        told += [(apart, ["> ", *_parts(p.runs), f" {_mark_of(p, phrases)}"], (p,)) for p in passages]
    if entry.note:
        told.append(("\n", [f"-# {flat(entry.note, _MAX_LEAD)}"], ()))
    first = RULE if heading else "\n\n"
    for place, (joint, parts, cited) in enumerate(told or [("", [], ())]):
        for rest, text in enumerate(_cut(parts, "" if place else opening)):
            # a paragraph opens from the page where its words begin
            opened = (
                () if rest else tuple((cited_of(p.citation, phrases), Source(p.title, p.date)) for p in cited)
            )
            yield Block(text.rstrip("\n"), also=opened, joint="\n" if rest else joint if place else first)


def _mark_of(passage: Passage, phrases: Phrases) -> str:
    words = "".join(run.text for run in passage.runs)
    return link(escape(passage.place), place_link(passage.citation, words, phrases.room))


def _parts(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        for start in range(0, len(run.text), _RUN):
            yield marked(run.text[start : start + _RUN], _MARKS[run.mark])


def _cut(parts: Iterable[str], opening: str) -> Iterator[str]:
    """Yield a text in stretches that fit into a message, the first below `opening`."""
    out = opening
    for part in parts:
        if length(out) + length(part) > _ROOM:
            yield f"{out}…"
            out = "> …"
        out += part
    yield out

"""Sheets for a terminal: changes in one text, struck out and bold; plain signs when piped."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.sheet_formats import headed, web_address
from bot.sheets import Entry, Mark, Passage, Run, Sheet

_STYLES: dict[Mark, str] = {"same": "", "removed": "strike red", "added": "bold green", "found": "bold"}
_SIGNS: dict[Mark, str] = {"same": "%s", "removed": "[-%s-]", "added": "{+%s+}", "found": "%s"}


def show_sheet(console: Console, sheet: Sheet) -> None:
    """Print `sheet`; paragraphs that are word for word the same are named and not repeated."""
    if sheet.columns:
        for letter, name in zip("AB", sheet.columns, strict=True):
            console.print(Text(f"{letter}: {name}", style="bold"))
    else:
        console.print(Text(sheet.title, style="bold"))
    for line in sheet.lead:
        console.print(Text(line, style="dim"))
    for heading, entry in headed(sheet.entries):
        if heading:
            console.print(Text(f"\n{heading}", style="dim"))
        if entry.label:
            console.print(Text(entry.label, style="cyan"))
        for text in _texts(console, entry, two=sheet.columns is not None):
            console.print(Padding(text, (0, 0, 0, 2), expand=False))
        if entry.note:
            console.print(Padding(Text(entry.note, style="yellow"), (0, 0, 0, 2), expand=False))


def _texts(console: Console, entry: Entry, *, two: bool) -> Iterable[Text]:
    if entry.unchanged:
        return
    if entry.inline:
        yield _text(console, entry.inline)
    if not two:
        yield from (_passage(console, passage) for passage in entry.after)
    elif not entry.inline:
        yield from (_passage(console, passage) for passage in (*entry.before, *entry.after))


def _passage(console: Console, passage: Passage) -> Text:
    url = web_address(passage.citation.url)
    place = Text(f"{passage.place}: ", style="dim" + (f" link {url}" if url else ""))
    return Text.assemble(place, _text(console, passage.runs))


def _text(console: Console, runs: Iterable[Run]) -> Text:
    out = Text()
    for run in runs:
        out.append(run.text if console.is_terminal else _SIGNS[run.mark] % run.text, style=_STYLES[run.mark])
    return out

"""The subcommands over several readouts: two side by side, a phrase through all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bot.cli.options import (
    Command,
    CommonOptions,
    Exports,
    as_json,
    console,
    exporting,
    filtered,
    phrases,
    print_json,
)

if TYPE_CHECKING:
    from bot.sheets import CitationStyle
    from retrieval.comparison.service import Comparison
    from retrieval.comparison.tracing import Trace
    from retrieval.search.scoping import Filters


@click.command(cls=Command)
@click.argument("a")
@click.argument("b")
@click.argument("topic", required=False)
@exporting
@as_json
def compare(options: CommonOptions, a: str, b: str, topic: str | None, exports: Exports) -> None:
    """Show readouts A and B side by side: what is new, gone, moved, and the words that changed.

    Paragraphs are paired by what they say, not by their numbers; TOPIC narrows them down.

    \b
    Examples:
      rapporteur compare dialogue-2024 dialogue-2025
      rapporteur compare dialogue-2024 dialogue-2025 "fisheries" --html fisheries.html
    """
    with options.ready_services("compare") as built:
        found = built.comparing.compare(a, b, topic)
        _show(options, exports, style=built.settings.citation_style, found=found)


@click.command(cls=Command)
@click.argument("phrase")
@filtered
@exporting
@as_json
def trace(options: CommonOptions, phrase: str, filters: Filters, exports: Exports) -> None:
    """Show where PHRASE and its close variants stand, by date, and the words that changed since the time before.

    \b
    Examples:
      rapporteur trace "free and open Indo-Pacific"
      rapporteur trace "settlement of disputes" --since 2020 --issuer Japan --html disputes.html
    """
    with options.ready_services("trace") as built:
        found = built.comparing.trace(phrase, filters=filters)
        _show(options, exports, style=built.settings.citation_style, found=found)


def _show(
    options: CommonOptions, exports: Exports, *, style: CitationStyle, found: Comparison | Trace
) -> None:
    """Write the files asked for, and print as JSON, or as text where nothing was written."""
    from bot.cli.terminal_changes import show_sheet
    from bot.json_output import comparison_json, trace_json
    from bot.sheets import comparison_sheet, trace_sheet
    from retrieval.comparison.service import Comparison

    shown: Mapping[str, object]
    if isinstance(found, Comparison):
        sheet, shown = comparison_sheet(found, phrases()), comparison_json(found)
    else:
        sheet, shown = trace_sheet(found, phrases()), trace_json(found)
    written = exports.write(sheet, style)
    if options.as_json:
        print_json(shown)
    elif not written:
        show_sheet(console(), sheet)


COMMANDS = (compare, trace)

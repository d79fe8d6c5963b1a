"""The subcommands that look something up: documents, paragraph, initiatives, history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Command, CommonOptions, Exports, as_json, exporting, filtered, phrases

if TYPE_CHECKING:
    from retrieval.models import InitiativeKind
    from retrieval.search.scoping import Filters


@click.command(cls=Command)
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write each as JSON that `ingest` takes back.",
)
@filtered
@as_json
def documents(options: CommonOptions, folder: Path | None, filters: Filters) -> None:
    """List the readouts, newest first, and which are of one series."""
    with options.ready_services("documents") as built:
        from bot import json_output
        from bot.cli import terminal

        summaries = built.browser.documents(filters=filters)
        if folder is not None:
            from bot.export import export_readouts

            export_readouts((built.browser.readout(summary.id) for summary in summaries), folder)
    options.show(summaries, json_output.documents_json, terminal.show_documents)


@click.command(cls=Command)
@click.argument("document")
@click.argument("number")
@as_json
def paragraph(options: CommonOptions, document: str, number: str) -> None:
    """Print paragraph NUMBER of readout DOCUMENT.

    \b
    Example:
      rapporteur paragraph asean-japan-2022-06-22 7
    """
    with options.ready_services("paragraph") as built:
        from bot import json_output
        from bot.cli import terminal

        found = built.browser.paragraph(document, number.removeprefix("¶"))
        table = built.browser.table(found)
    options.show(
        found,
        lambda shown: json_output.paragraph_json(shown, table),
        lambda console, shown: terminal.show_paragraph(console, shown, table),
    )


@click.command(cls=Command)
@filtered
@click.option(
    "--kind",
    type=click.Choice(["new", "continuing", "resumed", "framework", "support", "request"]),
    help="Only of this kind.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--series", is_flag=True, help="Tell what became of each: announced, continued, last mentioned."
)
@exporting
@as_json
def initiatives(
    options: CommonOptions,
    filters: Filters,
    kind: InitiativeKind | None,
    as_csv: bool,
    series: bool,
    exports: Exports,
) -> None:
    """List what was announced, launched, continued, resumed, supported or asked for.

    \b
    Examples:
      rapporteur initiatives --kind new
      rapporteur initiatives --csv > initiatives.csv
      rapporteur initiatives --series --docx initiatives.docx
    """
    if as_csv and (options.as_json or series):
        raise click.UsageError(
            "--csv and --json are two formats, and --series has none in CSV; give one of them."
        )
    with options.ready_services("initiatives", quiet=as_csv) as built:
        from bot import json_output
        from bot.cli import terminal

        listed = built.browser.initiatives(filters=filters, kind=kind)
        if series or exports.files:
            from bot.sheets import initiatives_sheet, lives_sheet

            lives = built.comparing.lives(among=listed) if series else []
            sheet = lives_sheet(lives, phrases()) if series else initiatives_sheet(listed, phrases())
            if exports.write(sheet, built.settings.citation_style) and not options.as_json:
                return
        damaged = built.browser.damaged(filters=filters)
    if series:
        from bot.cli.terminal_changes import show_sheet

        options.show(
            lives,
            lambda found: json_output.lives_json(found, damaged),
            lambda console, _lives: show_sheet(console, sheet),
        )
    elif as_csv:
        from bot.export import initiatives_csv

        click.echo(initiatives_csv(listed), nl=False)
    else:
        options.show(
            listed, lambda found: json_output.initiatives_json(found, damaged), terminal.show_initiatives
        )


@click.command(cls=Command)
@click.argument("document")
@as_json
def history(options: CommonOptions, document: str) -> None:
    """Show the revisions of DOCUMENT and who changed what when.

    \b
    Example:
      rapporteur history asean-japan-2022-06-22
    """
    with options.ready_services("history") as built:
        from bot import json_output
        from bot.cli import terminal_changes

        found = built.lifecycle.history(document)
    options.show(found, json_output.history_json, terminal_changes.show_history)


COMMANDS = (documents, paragraph, initiatives, history)

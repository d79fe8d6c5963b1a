"""The subcommands that look something up: documents, paragraph, initiatives, history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Command, CommonOptions, as_json

if TYPE_CHECKING:
    from retrieval.models import InitiativeKind


@click.command(cls=Command)
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write each as JSON that `ingest` takes back.",
)
@as_json
def documents(options: CommonOptions, folder: Path | None) -> None:
    """List the readouts, newest first."""
    with options.ready_services("documents") as built:
        from bot.cli import json_output, terminal

        summaries = built.browser.documents()
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
        from bot.cli import json_output, terminal

        found = built.browser.paragraph(document, number.removeprefix("¶"))
    options.show(found, json_output.paragraph_json, terminal.show_paragraph)


@click.command(cls=Command)
@click.option("--document", metavar="ID", help="Only of this readout.")
@click.option(
    "--kind",
    type=click.Choice(["new", "continuing", "resumed", "framework", "support", "request"]),
    help="Only of this kind.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@as_json
def initiatives(
    options: CommonOptions, document: str | None, kind: InitiativeKind | None, as_csv: bool
) -> None:
    """List what was announced, launched, continued, resumed, supported or asked for.

    \b
    Examples:
      rapporteur initiatives --kind new
      rapporteur initiatives --csv > initiatives.csv
    """
    if as_csv and options.as_json:
        raise click.UsageError("--csv and --json are two formats; give one of them.")
    with options.ready_services("initiatives", quiet=as_csv) as built:
        from bot.cli import json_output, terminal

        listed = built.browser.initiatives(document=document, kind=kind)
    if as_csv:
        from bot.export import initiatives_csv

        click.echo(initiatives_csv(listed), nl=False)
        return
    options.show(listed, json_output.initiatives_json, terminal.show_initiatives)


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
        from bot.cli import json_output, terminal

        found = built.lifecycle.history(document)
    options.show(found, json_output.history_json, terminal.show_history)


COMMANDS = (documents, paragraph, initiatives, history)

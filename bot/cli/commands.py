"""`rapporteur`: all subcommands, those for whoever runs a host among them.

What each needs is imported when it runs, so that none waits for another's libraries.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli import (
    ask_commands,
    browse_commands,
    comparison_commands,
    corpus_commands,
    feedback_commands,
    serving_commands,
    watch_commands,
)
from bot.cli.options import Command, CommonOptions, Group, as_json, print_json

if TYPE_CHECKING:
    from retrieval.health import Check


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Example:  rapporteur ask "Which new initiatives did Japan announce?"',
)
@click.version_option(package_name="rapporteur", message="%(prog)s %(version)s")
def rapporteur() -> None:
    """Answer questions about official readouts, every sentence tied to a paragraph number."""


@rapporteur.command(cls=Command)
@click.option(
    "--audit", is_flag=True, help="Look up every paragraph by its own vector and words: all of a store."
)
@as_json
def doctor(options: CommonOptions, audit: bool) -> None:
    """Check settings, model, corpus and store, and say what to do."""
    from bot.cli.terminal import progress_bar
    from retrieval.health import examine

    with progress_bar(enabled=audit and not options.as_json) as progress:
        checks = [*examine(options.load_settings(), audit=progress if audit else None), *_discord_checks()]
    if options.as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.found}")
    if any(not check.passed for check in checks):
        raise click.exceptions.Exit(1)


def _discord_checks() -> list[Check]:
    """Look at the Discord side, where it is set up: nothing else needs it."""
    from bot.discord.discord_settings import NO_TOKEN, load_settings
    from bot.discord.running import examine_discord
    from retrieval.errors import RapporteurError
    from retrieval.health import Check

    try:
        return [Check("discord", True, found) for found in examine_discord(load_settings())]
    except RapporteurError as error:
        if str(error).startswith(NO_TOKEN):
            return [Check("discord", True, f"not set up: {NO_TOKEN} (docs/discord.md)")]
        return [Check("discord", False, str(error))]


@rapporteur.command(cls=Command)
def run(options: CommonOptions) -> int:
    """Run the Discord bot until it is told to stop.

    \b
    Needs DISCORD_TOKEN, in the environment or in .env; docs/discord.md says where to get it.
    """
    from bot.discord.discord_settings import load_settings

    settings = load_settings()
    with options.ready_services("run") as built:
        from bot import logs
        from bot.discord.running import run as run_bot

        logs.configure(debug=options.debug)
        return run_bot(settings, built)


for _group in (
    ask_commands,
    browse_commands,
    comparison_commands,
    corpus_commands,
    feedback_commands,
    serving_commands,
    watch_commands,
):
    for _command in _group.COMMANDS:
        rapporteur.add_command(_command)

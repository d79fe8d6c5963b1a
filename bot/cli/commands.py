"""`rapporteur`: all subcommands. Here stand those for whoever runs a host, or measures what it answers.

What each needs is imported when it runs, so that none waits for another's libraries.
"""

from __future__ import annotations

import importlib.util
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli import corpus_commands, reading_commands, watch_commands
from bot.cli.options import Command, CommonOptions, Group, phrases, print_json, write_file
from bot.cli.reading_commands import HISTORY_TURNS

if TYPE_CHECKING:
    from bot.discord.answer_store import AnswerStore, Rated
    from bot.discord.pages import Cited
    from retrieval.bootstrap import Services
    from retrieval.errors import SourceError
    from retrieval.evaluation import EvalQuestion, EvalRow
    from retrieval.health import Check
    from retrieval.search.browsing import Browser


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
def doctor(options: CommonOptions, audit: bool) -> None:
    """Check settings, model, corpus and store, and say what to do."""
    from bot.cli.terminal import progress_bar
    from retrieval.health import examine

    with progress_bar(enabled=audit and not options.as_json) as progress:
        checks = [*examine(options.load_settings(), audit=progress if audit else None), *_discord_checks()]
    lines = [f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.found}" for check in checks]
    options.tell({"checks": [asdict(check) for check in checks]}, *lines)
    if any(not check.passed for check in checks):
        raise click.exceptions.Exit(1)


@rapporteur.command(cls=Command, reports=False)
def run(options: CommonOptions) -> int:
    """Run the Discord bot until it is told to stop.

    \b
    Needs DISCORD_TOKEN, in the environment or in .env; docs/discord.md says where to get it.
    """
    from bot.discord.discord_settings import load_settings

    settings = load_settings()
    with options.ready_services("run") as built:
        from bot.discord.running import run as run_bot
        from bot.monitoring import configure_log

        configure_log(debug=options.debug)
        return run_bot(settings, built)


@rapporteur.command(cls=Command, reports=False)
@click.option(
    "--http",
    "address",
    default="127.0.0.1:8080",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen.",
)
def serve(options: CommonOptions, address: str) -> None:
    """Serve the shared readouts over HTTP: a reading room for people, an API for programs.

    Only reads, beside a running bot; what an ingest commits is served at once. An address that other machines reach
    needs SERVE_TOKENS. The API is described at /openapi.json.
    """
    _needs("serve", "fastapi")
    from bot.web.app import build_app
    from bot.web.http_access import listen, load_web_settings, run_server

    settings = load_web_settings()
    with options.ready_services("serve", reading=True) as built, options.monitored(built):
        app = build_app(built, settings, phrases())
        with listen(address, settings) as listening:
            _say("Reading room", listening, "/")
            run_server(app, listening)


@rapporteur.command(cls=Command, reports=False)
@click.option("--http", "address", metavar="HOST:PORT", help="Listen here instead, at the path /mcp.")
def mcp(options: CommonOptions, address: str | None) -> None:
    """Offer the shared readouts to a program that speaks the Model Context Protocol, on standard input and output.

    Tools: ask, search, paragraph, documents, initiatives, compare, check. Only reads, beside a running bot.

    \b
    For a client that starts it by itself:
      {"mcpServers": {"rapporteur": {"command": "rapporteur", "args": ["mcp"]}}}
    """
    _needs("mcp", "mcp")
    from bot.mcp_server import build_server

    with options.ready_services("mcp", quiet=True, reading=True) as built:
        if address is None:
            build_server(built).run()
            return
        from mcp.server.transport_security import TransportSecuritySettings

        from bot.web.http_access import Guard, listen, load_web_settings, run_server

        settings = load_web_settings()
        server = build_server(built, settings.concurrent_questions)
        with options.monitored(built), listen(address, settings) as listening:
            _say("Model Context Protocol", listening, "/mcp")
            # hosts are checked by the guard, for both servers alike
            unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
            app = server.streamable_http_app(transport_security=unchecked)
            run_server(Guard(app, settings, built.settings.reading_room_url), listening)


@rapporteur.command("eval", cls=Command)
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Ask only this many, drawn at random.")
@click.option("--seed", default=0, show_default=True, help="Draws the same ones again.")
@click.option("--language", metavar="CODE", help="Ask only the questions in this language, for example en.")
@click.option(
    "--answers", type=click.Path(path_type=Path), metavar="FILE", help="Write each answer, one JSON a line."
)
def evaluate(
    options: CommonOptions,
    questions: Path,
    limit: int | None,
    seed: int,
    language: str | None,
    answers: Path | None,
) -> None:
    """Ask every question of QUESTIONS.jsonl and print how good the answers are.

    A line that is no question, or names a readout that is not there, is left out and told at the end; the exit status
    is then 1.
    """
    from retrieval.errors import SourceError
    from retrieval.evaluation import each_question, figures, sample

    read = list(each_question(questions))
    failed = [each for each in read if isinstance(each, SourceError)]
    asked = [q for q in read if not isinstance(q, SourceError) and language in (None, q.language)]
    with options.ready_services("eval") as built:
        from bot.cli.terminal import show_figures
        from bot.json_output import answer_json

        rows = _asked(built, questions, sample(asked, limit, seed), failed, quiet=options.as_json)
        if answers is not None:
            told = ({"id": row.question.id} | answer_json(row.answer, row.elapsed) for row in rows)
            write_file(answers.absolute(), "".join(map(_json_line, told)).encode())
    left_out = [{"line": error.line, "error": error.problem} for error in failed]
    options.show(figures(rows), lambda found: {**found, "failed": left_out}, show_figures)
    if failed:
        for error in [] if options.as_json else failed:
            click.echo(str(error), err=True)
        raise click.exceptions.Exit(1)


@rapporteur.group()
def feedback() -> None:
    """What readers in Discord made of the answers."""


@feedback.command("export", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
def export(options: CommonOptions, file: Path) -> None:
    """Write the answers that readers voted on to FILE, as "rapporteur eval" reads them; - is standard output.

    What was liked is taken as right: its paragraphs are the gold ones, and where nothing was found, nothing is there.
    Of what was disliked only the question is known: look through these rows, with the reasons given, and say what
    would have been right, before you measure. Answers from a server's own readouts are left out, because "eval" asks
    the shared ones. No row says who asked or voted.

    \b
    Examples:
      rapporteur feedback export votes.jsonl
      rapporteur eval votes.jsonl
    """
    with options.services("feedback") as built:
        from bot.discord.answer_store import AnswerStore

        answers = AnswerStore(built.ledger)
        rated = answers.rated()
        rows = list(_eval_rows(rated, answers, built.browser))
    write_file(file, "".join(map(_json_line, rows)).encode())
    left_out = len(rated) - len(rows)
    if options.as_json and str(file) != "-":
        print_json({"written": len(rows), "left_out": left_out})
    else:
        note = f"; left out, because they are of a server's own readouts: {left_out}" if left_out else ""
        click.echo(f"Rows written to {file}: {len(rows)}{note}.", err=True)


for _group in (reading_commands, corpus_commands, watch_commands):
    for _command in _group.COMMANDS:
        rapporteur.add_command(_command)


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


def _needs(extra: str, package: str) -> None:
    from retrieval.errors import SettingsError

    if importlib.util.find_spec(package) is None:
        raise SettingsError(
            f'What "rapporteur {extra}" needs is not installed. Run: pip install "rapporteur[{extra}]" (from a clone: '
            f'pip install ".[{extra}]").'
        )


def _say(what: str, listening: socket.socket, path: str) -> None:
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    click.echo(f"{what} at http://{name}:{port}{path}  (Ctrl-C ends it)", err=True)


def _asked(
    services: Services, file: Path, questions: list[EvalQuestion], failed: list[SourceError], *, quiet: bool
) -> list[EvalRow]:
    """Ask, say on a terminal how far it is, and add to `failed` what could not be asked."""
    from rich.console import Console
    from rich.progress import track

    from retrieval.errors import NotFoundError, SourceError
    from retrieval.evaluation import ask_one

    stderr = Console(stderr=True)
    hidden = quiet or not stderr.is_terminal
    rows = []
    for question in track(questions, "Asking", console=stderr, transient=True, disable=hidden):
        try:
            rows.append(ask_one(question, services.answering, services.browser))
        except NotFoundError as error:
            failed.append(SourceError(str(file), str(error), question.line))
    return rows


def _json_line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _eval_rows(rated: Iterable[Rated], answers: AnswerStore, readouts: Browser) -> Iterator[dict[str, Any]]:
    """Yield the rows of a question file, one for each answer that rests on the shared readouts alone."""
    from retrieval.models import SHARED

    shared = {summary.id for summary in readouts.documents([SHARED])}
    for each in rated:
        cited = [c for page in each.answer.cited for c in page if c.document]
        if not {c.document for c in cited} <= shared:
            continue
        liked, answered = each.good > each.bad, bool(each.answer.answered)
        gold = cited if liked and answered else []
        yield {
            "id": each.answer.id,
            "question": each.answer.question,
            "history": list(answers.history(each.answer.parent, HISTORY_TURNS)),
            "answerable": answered or not liked,
            "gold_paragraphs": [{"document": c.document, "paragraph": c.paragraph} for c in gold],
            "gold_answers": [quote for c in gold for quote in _quotes(c, readouts)],
            "votes": {"good": each.good, "bad": each.bad},
            "reasons": list(each.reasons),
        }


def _quotes(cited: Cited, readouts: Browser) -> Iterator[str]:
    """Yield the words that were shown, where they are still kept."""
    from retrieval.errors import NotFoundError
    from retrieval.models import SHARED

    with suppress(NotFoundError):
        paragraph, _ = readouts.quoted(cited.document, cited.revision, cited.paragraph, [SHARED])
        yield from (paragraph.text[start:end] for start, end in cited.spans)

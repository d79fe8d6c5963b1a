"""The subcommands that only read: they ask the readouts, look something up, or lay readouts beside each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import (
    Command,
    CommonOptions,
    Exports,
    console,
    exporting,
    filtered,
    phrases,
    print_json,
    writing,
)

if TYPE_CHECKING:
    from rich.console import Console

    from bot.sheets import CitationStyle, Sheet
    from retrieval.answering.service import AnsweringService
    from retrieval.models import InitiativeKind
    from retrieval.search.scoping import Filters

_FOLDER = click.Path(path_type=Path, file_okay=False)

HISTORY_TURNS = 6
LEAVING = frozenset({"exit", "quit", ":q", "bye"})
HELPING = frozenset({"help", "?"})
CHAT_HELP = """Type a question and press Enter; the next may lean on it: "and on cybersecurity?"
"What does paragraph 9 say?" looks one up, and a word by itself shows where it stands.
"exit", or the end of input, ends it. --document, --since, --until, --issuer and --title, given to "rapporteur chat",
narrow down what is asked."""


@click.command(cls=Command)
@click.argument("question")
@filtered
@click.option("--explain", is_flag=True, help="Print the figures that the answer was decided by, too.")
@exporting
def ask(options: CommonOptions, question: str, filters: Filters, explain: bool, exports: Exports) -> None:
    """Answer QUESTION from the readouts, with the paragraph of every sentence.

    \b
    Examples:
      rapporteur ask "Where was the meeting held?"
      rapporteur ask "What does paragraph 9 say?" --document asean-japan-2022-06-22
      rapporteur ask "What was announced?" --json | jq -r .text
      rapporteur ask "What is new on cybersecurity?" --since 2024 --issuer Japan
      rapporteur ask "What was announced on cybersecurity?" --explain
      rapporteur ask "What was announced?" --docx answer.docx --citations chicago
    """
    from retrieval.answering.rereading import checked

    checked(question)
    with options.ready_services("ask") as built:
        from bot.cli.terminal import choosing, show_answer, show_explanation
        from bot.json_output import answer_json, explanation_json

        with choosing(built.answering.mode, enabled=not options.as_json) as on_found:
            answer, elapsed = built.answering.timed_ask(question, filters=filters, on_found=on_found)
        explained = built.answering.explain(question, filters=filters) if explain else ()
        if exports.files:
            from bot.sheets import answer_sheet
            from retrieval.answering.models import told

            found = answer.statements or answer.nearest
            sheet = answer_sheet(question, told(answer), found, phrases())
            exports.write(sheet, built.settings.citation_style)
    if options.as_json:
        print_json(answer_json(answer, elapsed) | (explanation_json(explained) if explain else {}))
        return
    if not exports.files:
        show_answer(console(), answer)
    if explain:
        show_explanation(console(), explained)


@click.command(cls=Command)
@click.argument("claim")
@click.option("--document", metavar="ID", help="Ask this readout alone.")
def check(options: CommonOptions, claim: str, document: str | None) -> None:
    """Compare CLAIM with the sentences of the readouts that are nearest to it.

    "Verbatim" means whole sentences, word for word. Of others it shows what differs; whether they support the claim is
    for the reader to say, or for a language model, as its opinion.

    \b
    Examples:
      rapporteur check "Japan will resume face-to-face defense exchanges."
      rapporteur check "Minister Kishi announced five initiatives." --json | jq -r .verdict
    """
    from retrieval.answering.checking import MAX_CLAIM_CHARS
    from retrieval.answering.rereading import checked

    if not claim.strip():
        raise click.UsageError('The claim is empty. Check something, for example: "Two seminars were held."')
    checked(claim, MAX_CLAIM_CHARS)
    with options.ready_services("check") as built:
        from bot import json_output
        from bot.cli import terminal

        found = built.checking.check(claim, document=document)
    options.show(found, json_output.check_json, terminal.show_check)


@click.command(cls=Command)
@click.argument("query")
@click.option("-k", "top_k", default=5, show_default=True, type=click.IntRange(1, 24), help="Most hits.")
@filtered
def search(options: CommonOptions, query: str, top_k: int, filters: Filters) -> None:
    """Print the paragraphs nearest to QUERY, best first."""
    from retrieval.answering.rereading import checked

    checked(query)
    with options.ready_services("search") as built:
        from bot import json_output
        from bot.cli import terminal

        hits = built.answering.search(query, filters=filters, top_k=top_k)
        damaged = built.browser.damaged(filters=filters)
    options.show(hits, lambda found: json_output.search_json(query, found, damaged), terminal.show_hits)


@click.command(cls=Command, reports=False)
@filtered
def chat(options: CommonOptions, filters: Filters) -> None:
    """Ask one question after another; "and on cybersecurity?" is understood from those before.

    \b
    An empty line is ignored; "help" says what can be typed; "exit" or end of input ends it.
    """
    with suppress(ImportError):  # arrows and the earlier lines, where the system has them
        import readline  # noqa: F401

    def typed() -> str | None:
        try:
            return input("? " if sys.stdin.isatty() else "")
        except EOFError:
            return None

    with options.ready_services("chat", reading=True) as built:
        if filters:
            built.browser.documents(filters=filters)  # one that is not there ends it now
        converse(built.answering, typed, console(), filters)


def converse(
    answering: AnsweringService,
    ask: Callable[[], str | None],
    console: Console,
    filters: Filters | None = None,
) -> None:
    """Answer until there is nothing more to ask; a question that cannot be answered does not end it.

    Args:
        ask: The next line that was typed; None at the end.
    """
    from bot.cli.terminal import show_answer
    from retrieval.errors import UsageError
    from retrieval.search.scoping import ALL

    history: list[str] = []
    while (typed := ask()) is not None and (question := typed.strip()).lower() not in LEAVING:
        if question.lower() in HELPING:
            console.print(CHAT_HELP, markup=False)
        elif question:
            try:
                recent = history[-HISTORY_TURNS:]
                show_answer(console, answering.ask(question, filters=filters or ALL, history=recent))
            except UsageError as error:
                click.echo(str(error), err=True)
            history.append(question)


@click.command(cls=Command)
@click.option(
    "--export", "folder", type=_FOLDER, metavar="DIR", help="Write each as JSON that `ingest` takes back."
)
@filtered
def documents(options: CommonOptions, folder: Path | None, filters: Filters) -> None:
    """List the readouts, newest first, and which are of one series."""
    with options.ready_services("documents") as built:
        from bot import json_output
        from bot.cli import terminal

        summaries = built.browser.documents(filters=filters)
        if folder is not None:
            from retrieval.sources.interchange import export_readouts

            with writing(folder, "folder"):
                export_readouts((built.browser.readout(summary.id) for summary in summaries), folder)
    options.show(summaries, json_output.documents_json, terminal.show_documents)


@click.command(cls=Command)
@click.argument("document")
@click.argument("number")
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
    if options.as_json:
        print_json(json_output.paragraph_json(found, table))
    else:
        terminal.show_paragraph(console(), found, table)


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
        damaged = built.browser.damaged(filters=filters)
        lives = built.comparing.lives(among=listed) if series else []
    style = built.settings.citation_style
    if series:
        from bot.sheets import lives_sheet

        shown = json_output.lives_json(lives, damaged)
        _show(options, exports, lives_sheet(lives, damaged, phrases()), style, shown)
        return
    if exports.files:
        from bot.sheets import initiatives_sheet

        exports.write(initiatives_sheet(listed, damaged, phrases()), style)
        if not options.as_json:
            return
    if as_csv:
        from bot.sheets import initiatives_csv

        click.echo(initiatives_csv(listed), nl=False)
    else:
        in_json = partial(json_output.initiatives_json, damaged=damaged)
        options.show(listed, in_json, terminal.show_initiatives)


@click.command(cls=Command)
@click.argument("document")
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


@click.command(cls=Command)
@click.argument("a")
@click.argument("b")
@click.argument("topic", required=False)
@exporting
def compare(options: CommonOptions, a: str, b: str, topic: str | None, exports: Exports) -> None:
    """Show readouts A and B side by side: what is new, gone, moved, and the words that changed.

    Paragraphs are paired by what they say, not by their numbers; TOPIC narrows them down.

    \b
    Examples:
      rapporteur compare dialogue-2024 dialogue-2025
      rapporteur compare dialogue-2024 dialogue-2025 "fisheries" --html fisheries.html
    """
    with options.ready_services("compare") as built:
        from bot.json_output import comparison_json
        from bot.sheets import comparison_sheet

        found = built.comparing.compare(a, b, topic)
    style = built.settings.citation_style
    _show(options, exports, comparison_sheet(found, phrases()), style, comparison_json(found))


@click.command(cls=Command)
@click.argument("phrase")
@filtered
@exporting
def trace(options: CommonOptions, phrase: str, filters: Filters, exports: Exports) -> None:
    """Show where PHRASE and its close variants stand, by date, and the words that changed since the time before.

    \b
    Examples:
      rapporteur trace "free and open Indo-Pacific"
      rapporteur trace "settlement of disputes" --since 2020 --issuer Japan --html disputes.html
    """
    with options.ready_services("trace") as built:
        from bot.json_output import trace_json
        from bot.sheets import trace_sheet

        found = built.comparing.trace(phrase, filters=filters)
    style = built.settings.citation_style
    _show(options, exports, trace_sheet(found, phrases()), style, trace_json(found))


def _show(
    options: CommonOptions, exports: Exports, sheet: Sheet, style: CitationStyle, shown: Mapping[str, Any]
) -> None:
    """Write the files asked for, and print as JSON, or as text where nothing was written."""
    from bot.cli.terminal_changes import show_sheet

    exports.write(sheet, style)
    if options.as_json:
        print_json(shown)
    elif not exports.files:
        show_sheet(console(), sheet)


COMMANDS = (ask, check, search, chat, documents, paragraph, initiatives, history, compare, trace)

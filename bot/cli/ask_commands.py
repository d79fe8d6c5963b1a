"""The subcommands that ask the readouts: ask, check, search, chat, eval."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
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
    one_document,
    phrases,
    print_json,
)

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval.answering.service import AnsweringService
    from retrieval.bootstrap import Services
    from retrieval.errors import SourceError
    from retrieval.evaluation import EvalQuestion, EvalRow
    from retrieval.search.scoping import Filters

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
@as_json
def ask(options: CommonOptions, question: str, filters: Filters, explain: bool, exports: Exports) -> None:
    """Answer QUESTION from the readouts, with the paragraph of every sentence.

    \b
    Examples:
      rapporteur ask "Where was the meeting held?"
      rapporteur ask "What does paragraph 9 say?" --document asean-japan-2022-06-22
      rapporteur ask "What was announced?" --json | jq -r .text
      rapporteur ask "What is new on cybersecurity?" --since 2024 --issuer Japan
      rapporteur ask "Who chaired the meeting?" --explain
      rapporteur ask "What was announced?" --docx answer.docx --citations chicago
    """
    from retrieval.answering.rereading import checked

    checked(question)
    with options.ready_services("ask") as built:
        from bot.cli.terminal import choosing, show_answer, show_explanation
        from bot.json_output import answer_json, explanation_json

        with choosing(built.answering.mode, enabled=not options.as_json) as on_found:
            answer, elapsed = built.answering.timed_ask(question, filters=filters, on_found=on_found)
        explained = built.answering.explain(question, filters=filters) if explain else None
        written = False
        if exports.files:
            from bot.sheets import answer_sheet
            from retrieval.answering.wording import told

            found = answer.statements or answer.nearest
            sheet = answer_sheet(question, told(answer), found, phrases())
            written = exports.write(sheet, built.settings.citation_style)
    if options.as_json:
        more = {} if explained is None else explanation_json(explained)
        print_json(answer_json(answer, elapsed) | more)
        return
    if not written:
        show_answer(console(), answer)
    if explained is not None:
        show_explanation(console(), explained)


@click.command(cls=Command)
@click.argument("claim")
@one_document
@as_json
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
@as_json
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


@click.command(cls=Command)
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


@click.command("eval", cls=Command)
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Ask only this many, drawn at random.")
@click.option("--seed", default=0, show_default=True, help="Draws the same ones again.")
@click.option("--language", metavar="CODE", help="Ask only the questions in this language, for example en.")
@click.option(
    "--answers", type=click.Path(path_type=Path), metavar="FILE", help="Write each answer, one JSON a line."
)
@as_json
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
    failed = [row for row in read if isinstance(row, SourceError)]
    asked = [q for q in read if not isinstance(q, SourceError) and language in (None, q.language)]
    with options.ready_services("eval") as built:
        from bot.cli.terminal import show_figures

        done = list(_asked(built, questions, sample(asked, limit, seed), quiet=options.as_json))
        rows = [row for row in done if not isinstance(row, SourceError)]
        failed += [row for row in done if isinstance(row, SourceError)]
        if answers is not None:
            answers.write_text("".join(_line(row) for row in rows), encoding="utf-8")
    told = [{"line": error.line, "error": error.problem} for error in failed]
    options.show(figures(rows), lambda found: {**found, "failed": told}, show_figures)
    if failed:
        for error in [] if options.as_json else failed:
            click.echo(str(error), err=True)
        raise click.exceptions.Exit(1)


def _asked(
    services: Services, file: Path, questions: list[EvalQuestion], *, quiet: bool
) -> Iterator[EvalRow | SourceError]:
    """Ask, and say on a terminal how far it is."""
    from rich.console import Console
    from rich.progress import track

    from retrieval.errors import NotFoundError, SourceError
    from retrieval.evaluation import ask_one

    stderr = Console(stderr=True)
    hidden = quiet or not stderr.is_terminal
    for question in track(questions, "Asking", console=stderr, transient=True, disable=hidden):
        try:
            yield ask_one(question, services.answering, services.browser)
        except NotFoundError as error:
            yield SourceError(str(file), str(error), question.line)


def _line(row: EvalRow) -> str:
    from bot.json_output import answer_json

    content = {"id": row.question.id} | answer_json(row.answer, row.elapsed)
    return json.dumps(content, ensure_ascii=False) + "\n"


COMMANDS = (ask, check, search, chat, evaluate)

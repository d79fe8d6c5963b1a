"""The subcommands; what each needs is imported when it runs, so that none waits for another's libraries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli import comparison_commands, corpus_commands
from bot.cli.options import (
    Exports,
    as_json,
    common,
    console,
    exporting,
    filtered,
    one_document,
    phrases,
    print_json,
    ready_services,
)

if TYPE_CHECKING:
    from retrieval.models import InitiativeKind
    from retrieval.search.scoping import Filters


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Example:  rapporteur ask "Which new initiatives did Japan announce?"',
)
@click.version_option(package_name="rapporteur", message="%(prog)s %(version)s")
def rapporteur() -> None:
    """Answer questions about official readouts, every sentence tied to a paragraph number."""


@rapporteur.command()
@click.argument("question")
@filtered
@click.option("--explain", is_flag=True, help="Print the figures that the answer was decided by, too.")
@exporting
@as_json
@common
def ask(
    question: str,
    filters: Filters,
    explain: bool,
    exports: Exports,
    as_json: bool,
    corpus: Path | None,
    store: Path | None,
    debug: bool,
) -> None:
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
    from retrieval.answering.service import checked

    checked(question)
    with ready_services(corpus, store, purpose="ask", quiet=as_json) as built:
        from bot.cli.terminal import choosing, show_answer, show_explanation

        with choosing(built.answering.mode, enabled=not as_json) as on_found:
            answer, elapsed = built.answering.timed_ask(question, filters=filters, on_found=on_found)
        explained = built.answering.explain(question, filters=filters) if explain else None
        written = False
        if exports.files:
            from bot.sheets import answer_sheet
            from retrieval.answering.wording import told

            found = answer.statements or answer.nearest
            sheet = answer_sheet(question, told(answer), found, phrases())
            written = exports.write(sheet, built.settings.citation_style)
        if as_json:
            from bot.cli.json_output import answer_json, explanation_json

            printed = answer_json(answer, elapsed)
            print_json(printed if explained is None else printed | explanation_json(explained))
            return
        if not written:
            show_answer(console(), answer)
        if explained is not None:
            show_explanation(console(), explained)


@rapporteur.command()
@click.argument("claim")
@one_document
@as_json
@common
def check(
    claim: str, document: str | None, as_json: bool, corpus: Path | None, store: Path | None, debug: bool
) -> None:
    """Compare CLAIM with the sentences of the readouts that are nearest to it.

    "Verbatim" means whole sentences, word for word. Of others it shows what differs; whether they support the claim is
    for the reader to say, or for a language model, as its opinion.

    \b
    Examples:
      rapporteur check "Japan will resume face-to-face defense exchanges."
      rapporteur check "Minister Kishi announced five initiatives." --json | jq -r .verdict
    """
    from retrieval.answering.checking import MAX_CLAIM_CHARS
    from retrieval.answering.service import checked

    if not claim.strip():
        raise click.UsageError('The claim is empty. Check something, for example: "Two seminars were held."')
    checked(claim, MAX_CLAIM_CHARS)
    with ready_services(corpus, store, purpose="check", quiet=as_json) as built:
        found = built.checking.check(claim, document=document)
        if as_json:
            from bot.cli.json_output import check_json

            print_json(check_json(found))
            return
        from bot.cli.terminal import show_check

        show_check(console(), found)


@rapporteur.command()
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write each as JSON that `ingest` takes back.",
)
@filtered
@as_json
@common
def documents(
    folder: Path | None,
    filters: Filters,
    as_json: bool,
    corpus: Path | None,
    store: Path | None,
    debug: bool,
) -> None:
    """List the readouts, newest first, and which are of one series."""
    with ready_services(corpus, store, purpose="documents", quiet=as_json) as built:
        summaries = built.browser.documents(filters=filters)
        if folder is not None:
            from bot.export import export_readouts

            export_readouts((built.browser.readout(summary.id) for summary in summaries), folder)
        if as_json:
            from bot.cli.json_output import documents_json

            print_json(documents_json(summaries))
            return
        from bot.cli.terminal import show_documents

        show_documents(console(), summaries)


@rapporteur.command()
@click.argument("document")
@click.argument("number")
@as_json
@common
def paragraph(
    document: str, number: str, as_json: bool, corpus: Path | None, store: Path | None, debug: bool
) -> None:
    """Print paragraph NUMBER of readout DOCUMENT.

    \b
    Example:
      rapporteur paragraph asean-japan-2022-06-22 7
    """
    with ready_services(corpus, store, purpose="paragraph", quiet=as_json) as built:
        found = built.browser.paragraph(document, number.removeprefix("¶"))
        table = built.browser.table(found)
        if as_json:
            from bot.cli.json_output import paragraph_json

            print_json(paragraph_json(found, table))
            return
        from bot.cli.terminal import show_paragraph

        show_paragraph(console(), found, table)


@rapporteur.command()
@click.argument("query")
@click.option("-k", "top_k", default=5, show_default=True, type=click.IntRange(1, 24), help="Most hits.")
@filtered
@as_json
@common
def search(
    query: str,
    top_k: int,
    filters: Filters,
    as_json: bool,
    corpus: Path | None,
    store: Path | None,
    debug: bool,
) -> None:
    """Print the paragraphs nearest to QUERY, best first."""
    from retrieval.answering.service import checked

    checked(query)
    with ready_services(corpus, store, purpose="search", quiet=as_json) as built:
        hits = built.answering.search(query, filters=filters, top_k=top_k)
        if as_json:
            from bot.cli.json_output import search_json

            print_json(search_json(query, hits))
            return
        from bot.cli.terminal import show_hits

        show_hits(console(), hits)


@rapporteur.command()
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
@common
def initiatives(
    filters: Filters,
    kind: InitiativeKind | None,
    as_csv: bool,
    series: bool,
    exports: Exports,
    as_json: bool,
    corpus: Path | None,
    store: Path | None,
    debug: bool,
) -> None:
    """List what was announced, launched, continued, resumed, supported or asked for.

    \b
    Examples:
      rapporteur initiatives --kind new
      rapporteur initiatives --csv > initiatives.csv
      rapporteur initiatives --series --docx initiatives.docx
    """
    if as_csv and (as_json or series):
        raise click.UsageError(
            "--csv and --json are two formats, and --series has none in CSV; give one of them."
        )
    with ready_services(corpus, store, purpose="initiatives", quiet=as_json or as_csv) as built:
        listed = built.browser.initiatives(filters=filters, kind=kind)
        if series or exports.files:
            from bot.sheets import initiatives_sheet, lives_sheet

            lives = built.comparing.lives(among=listed) if series else []
            sheet = lives_sheet(lives, phrases()) if series else initiatives_sheet(listed, phrases())
            if exports.write(sheet, built.settings.citation_style) and not as_json:
                return
    if series:
        from bot.cli.json_output import lives_json
        from bot.cli.terminal_sheet import show_sheet

        print_json(lives_json(lives)) if as_json else show_sheet(console(), sheet)
        return
    if as_json:
        from bot.cli.json_output import initiatives_json

        print_json(initiatives_json(listed))
    elif as_csv:
        from bot.export import initiatives_csv

        click.echo(initiatives_csv(listed), nl=False)
    else:
        from bot.cli.terminal import show_initiatives

        show_initiatives(console(), listed)


@rapporteur.command("eval")
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Ask only this many, drawn at random.")
@click.option("--seed", default=0, show_default=True, help="Draws the same ones again.")
@click.option("--language", metavar="CODE", help="Ask only the questions in this language, for example en.")
@click.option(
    "--answers", type=click.Path(path_type=Path), metavar="FILE", help="Write each answer, one JSON a line."
)
@as_json
@common
def evaluate(
    questions: Path,
    limit: int | None,
    seed: int,
    language: str | None,
    answers: Path | None,
    as_json: bool,
    corpus: Path | None,
    store: Path | None,
    debug: bool,
) -> None:
    """Ask every question of QUESTIONS.jsonl and print how good the answers are."""
    from bot.cli.evaluating import evaluate_file

    with ready_services(corpus, store, purpose="eval", quiet=as_json) as built:
        found = evaluate_file(
            built, questions, limit=limit, seed=seed, language=language, answers=answers, quiet=as_json
        )
    if as_json:
        print_json(found)
        return
    from bot.cli.terminal import show_figures

    show_figures(console(), found)


@rapporteur.command()
@click.option(
    "--audit", is_flag=True, help="Look up every paragraph by its own vector and words: all of a store."
)
@as_json
@common
def doctor(audit: bool, as_json: bool, corpus: Path | None, store: Path | None, debug: bool) -> None:
    """Check settings, model, corpus and store, and say what to do."""
    from bot.cli.doctor import examine
    from bot.cli.options import load_settings
    from bot.cli.terminal import progress_bar

    with progress_bar(enabled=audit and not as_json) as progress:
        checks = examine(load_settings(corpus, store), audit=progress if audit else None)
    if as_json:
        print_json({"checks": [check.as_json() for check in checks]})
    else:
        for check in checks:
            click.echo(check.line())
    if any(not check.passed for check in checks):
        raise click.exceptions.Exit(1)


@rapporteur.command()
@one_document
@common
def chat(document: str | None, corpus: Path | None, store: Path | None, debug: bool) -> None:
    """Ask one question after another; "and on cybersecurity?" is understood from those before.

    \b
    An empty line is ignored; "exit" or end of input ends it.
    """
    from bot.cli.chat import converse

    def typed() -> str | None:
        try:
            return input("? " if sys.stdin.isatty() else "")
        except EOFError:
            return None

    with ready_services(corpus, store, purpose="chat", quiet=False) as built:
        converse(built.answering, typed, console(), document)


@rapporteur.command()
@common
def run(corpus: Path | None, store: Path | None, debug: bool) -> int:
    """Run the Discord bot until it is told to stop.

    \b
    Needs DISCORD_TOKEN, in the environment or in .env; docs/discord.md says where to get it.
    """
    from bot.settings import load_settings

    settings = load_settings()
    with ready_services(corpus, store, purpose="run", quiet=False) as built:
        from bot.discord.main import run as run_bot

        return run_bot(settings, built)


for _command in (*comparison_commands.COMMANDS, *corpus_commands.COMMANDS):
    rapporteur.add_command(_command)

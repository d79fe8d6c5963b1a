"""`rapporteur feedback export`: what readers made of answers, as a question file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.ask_commands import HISTORY_TURNS
from bot.cli.options import Command, CommonOptions, as_json, print_json

if TYPE_CHECKING:
    from bot.discord.answer_store import Rated
    from bot.discord.pages import Cited
    from retrieval.search.browsing import Browser


@click.group()
def feedback() -> None:
    """What readers in Discord made of the answers."""


@feedback.command("export", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@as_json
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
        from retrieval.errors import StoreUnwritableError
        from retrieval.models import SHARED

        store = AnswerStore(built.ledger)
        rated = store.rated()
        shared = {summary.id for summary in built.browser.documents([SHARED])}
        histories = [store.history(each.answer.parent, HISTORY_TURNS) for each in rated]
        rows = list(eval_rows(rated, shared, histories, built.browser))
    try:
        with click.open_file(str(file), "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as error:
        problem = f"{file}: this file cannot be written ({error.strerror}). Name another one."
        raise StoreUnwritableError(problem) from error
    left_out = len(rated) - len(rows)
    if options.as_json and str(file) != "-":
        print_json({"written": len(rows), "left_out": left_out})
    else:
        note = f"; left out, because they are of a server's own readouts: {left_out}" if left_out else ""
        click.echo(f"Rows written to {file}: {len(rows)}{note}.", err=True)


def eval_rows(
    rated: Sequence[Rated], shared: Set[str], histories: Sequence[Sequence[str]], readouts: Browser
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a question file, one for each answer that rests on the shared readouts alone.

    Args:
        shared: Ids of those readouts.
        histories: The questions before each, oldest first.
    """
    for each, history in zip(rated, histories, strict=True):
        cited = [c for page in each.answer.cited for c in page if c.document]
        if not {c.document for c in cited} <= shared:
            continue
        liked, answered = each.good > each.bad, bool(each.answer.answered)
        gold = cited if liked and answered else []
        yield {
            "id": each.answer.id,
            "question": each.answer.question,
            "history": list(history),
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


COMMANDS = (feedback,)

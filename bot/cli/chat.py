"""`rapporteur chat`: the same conversation as in Discord, in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from bot.cli.terminal import show_answer
from bot.services import Answering
from retrieval.errors import UsageError
from retrieval.search.scoping import Filters

HISTORY_TURNS = 6
LEAVING = frozenset({"exit", "quit", ":q", "bye"})


def converse(
    answering: Answering,
    ask: Callable[[], str | None],
    console: Console,
    document: str | None = None,
) -> None:
    """Answer until there is nothing more to ask; a question that cannot be answered does not end it.

    Args:
        ask: The next line that was typed; None at the end.
    """
    history: list[str] = []
    while (question := ask()) is not None and question.strip().lower() not in LEAVING:
        if question.strip():
            _answer(answering, console, question.strip(), history[-HISTORY_TURNS:], document)
            history.append(question.strip())


def _answer(
    answering: Answering,
    console: Console,
    question: str,
    history: Sequence[str],
    document: str | None,
) -> None:
    try:
        answer = answering.ask(question, filters=Filters((document,) if document else ()), history=history)
    except UsageError as error:
        console.print(str(error))
        return
    show_answer(console, answer)

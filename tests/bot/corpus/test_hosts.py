"""What one process purges, no other shows: neither from the ledger nor from what it remembers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.discord.questions import Desk, Place
from bot.discord.rendering import Cited
from bot.locales import load
from retrieval.answering.service import AnsweringService
from retrieval.errors import NotFoundError
from tests.bot.corpus.conftest import HERE, Process
from tests.retrieval.answering.conftest import Told, assisted

SCOPE = f"guild:{HERE}"
QUESTION = "What will Norland open?"


def choosing(process: Process) -> tuple[AnsweringService, Told]:
    """Answers of a process that has a language model choose, and remembers what it chose."""
    model = Told("S1")
    return assisted(process.services, model), model


async def test_what_another_process_purged_is_not_shown_again(processes: Callable[..., Process]) -> None:
    here, there = processes(), processes()
    answering, model = choosing(here)
    desk = Desk(
        here.settings, answering, here.services.browser, here.records, checking=here.services.checking
    )
    phrases, place = load().of("en-US"), Place(5, HERE)
    first = await desk.ask(QUESTION, place, phrases)
    await desk.ask(QUESTION, place, phrases)
    assert "ferry line" in first.pages[0].text
    assert len(model.prompts) == 1  # the second time it was remembered

    there.desk.purge(SCOPE, "ferry", "somebody elsewhere")

    again = await desk.ask(QUESTION, place, phrases)
    assert not [word for word in ("Norland", "ferry") if word in again.pages[0].text.replace(QUESTION, "")]
    shown = await desk.shown(first.id)
    assert shown is not None
    assert shown.cited == ((Cited("", "", "", "", ()),),)
    with pytest.raises(NotFoundError):
        await desk.quoted(first.pages[0].cited[0], HERE)
    assert await desk.documents(HERE) == []
    await desk.close()

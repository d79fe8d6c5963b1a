"""What one process purges, no other shows: neither from the ledger nor from what it remembers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from retrieval.answering.generative.writer import Writer

from bot.desk import Desk, Place
from bot.locales import load
from bot.rendering import Cited
from retrieval.answering.service import AnsweringService
from retrieval.errors import NotFoundError
from tests.bot.corpus.conftest import HERE, Process
from tests.retrieval.answering.generative.conftest import Told

SCOPE = f"guild:{HERE}"
QUESTION = "What will Norland open?"


def writing(process: Process) -> tuple[AnsweringService, Told]:
    """Answers of a process that has a language model write, and remembers what it wrote."""
    model = Told('[P1] Norland will open a ferry line. ("Norland will open a ferry line.")')
    services = process.services
    return AnsweringService(services.ledger, services.retriever, Writer(model, plain=True)), model


async def test_what_another_process_purged_is_not_shown_again(processes: Callable[..., Process]) -> None:
    here, there = processes(), processes()
    answering, model = writing(here)
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

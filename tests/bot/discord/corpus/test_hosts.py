"""What one process purges, no other shows: neither from the ledger nor from what it remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.discord.pages import Cited
from bot.discord.permissions import guild_scopes
from bot.discord.question_service import Place, QuestionService
from bot.locales import load
from retrieval.answering.service import AnsweringService
from retrieval.errors import NotFoundError
from tests.bot.discord.corpus.conftest import HERE, Process
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
    questions = QuestionService(here.settings, replace(here.services, answering=answering), here.answers)
    phrases, place = load().of("en-US"), Place(5, HERE)
    first = await questions.ask(QUESTION, place, phrases)
    await questions.ask(QUESTION, place, phrases)
    assert "ferry line" in first.pages[0].text
    assert len(model.prompts) == 1  # the second time it was remembered

    there.corpus.purge(SCOPE, "ferry", "somebody elsewhere")

    again = await questions.ask(QUESTION, place, phrases)
    assert not [word for word in ("Norland", "ferry") if word in again.pages[0].text.replace(QUESTION, "")]
    shown = here.answers.get(first.id)
    assert shown is not None
    assert shown.cited == ((Cited("", "", "", "", ()),),)
    cited = first.pages[0].cited[0]
    with pytest.raises(NotFoundError):
        here.services.browser.quoted(cited.document, cited.revision, cited.paragraph, guild_scopes(HERE))
    assert here.services.browser.documents(guild_scopes(HERE)) == []
    await questions.close()

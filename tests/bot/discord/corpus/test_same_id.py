"""A server's own readout may have the id of a shared one: neither is taken for the other."""

from __future__ import annotations

from collections.abc import Callable

from bot.discord.permissions import guild_scopes
from bot.discord.question_service import Place, QuestionService
from bot.locales import load
from retrieval.ingest import IngestRequest, Upload
from tests.bot.discord.corpus.conftest import HERE, Process

SHARED = b"Ferry harbours\n\n9 July 2019\n\n1. Norland opened a ferry harbour in Estmark.\n"


async def test_each_quote_stands_under_its_own_title_and_opens_its_own_words(
    processes: Callable[..., Process],
) -> None:
    process = processes()
    process.services.ingesting.run(IngestRequest(uploads=(Upload("ferry.txt", SHARED),)))
    services = process.services
    questions = QuestionService(
        process.settings, services.answering, services.browser, process.answers, checking=services.checking
    )
    for question, head, text in (
        ("What will Norland open?", "**Ferry talks** · 2 May 2024", "Norland will open a ferry line."),
        (
            "What harbour did Norland open in Estmark?",
            "**Ferry harbours** · 9 July 2019",
            "Norland opened a ferry harbour in Estmark.",
        ),
    ):
        (page,) = (await questions.ask(question, Place(5, HERE), load().of("en-US"))).pages

        assert page.text.splitlines()[0] == head
        assert [
            services.browser.quoted(cited.document, cited.revision, cited.paragraph, guild_scopes(HERE))[
                0
            ].text
            for cited in page.cited
        ] == [text]
    await questions.close()

"""A server's own readout may have the id of a shared one: neither is taken for the other."""

from __future__ import annotations

from collections.abc import Callable

from bot.discord.permissions import guild_scopes
from bot.discord.question_service import Place, QuestionService
from bot.locales import load
from retrieval.ingest import IngestRequest, Upload
from retrieval.models import SHARED as SHARED_SCOPE
from tests.bot.discord.corpus.conftest import HERE, Process

SHARED = b"Ferry harbours\n\n9 July 2019\n\n1. Norland opened a ferry harbour in Estmark.\n"


async def test_each_quote_stands_under_its_own_title_and_opens_its_own_words(
    processes: Callable[..., Process],
) -> None:
    process = processes()
    process.services.ingesting.run(IngestRequest(uploads=(Upload("ferry.txt", SHARED),)))
    services = process.services
    questions = QuestionService(process.settings, services, process.answers)
    for question, head, text in (
        ("What will Norland open?", ["### Ferry talks", "-# 2 May 2024"], "Norland will open a ferry line."),
        (
            "What harbour did Norland open in Estmark?",
            ["### Ferry harbours", "-# 9 July 2019"],
            "Norland opened a ferry harbour in Estmark.",
        ),
    ):
        (page,) = (await questions.ask(question, Place(5, HERE), load().of("en-US"))).pages

        assert page.text.splitlines()[1:3] == head
        assert [
            services.browser.quoted(cited.document, cited.revision, cited.paragraph, guild_scopes(HERE))[
                0
            ].text
            for cited in page.cited
        ] == [text]
    await questions.close()


def test_a_row_stands_in_the_table_of_its_own_readout(processes: Callable[..., Process]) -> None:
    services = processes().services
    for scope, amount in ((SHARED_SCOPE, 12), (f"guild:{HERE}", 40)):
        table = f"# Pledges to the ferry\n\n| Donor | Amount |\n|---|---|\n| Norland | {amount} |\n| Estmark | 9 |\n"
        request = IngestRequest(uploads=(Upload("pledges.md", table.encode()),), scope=scope)
        services.ingesting.run(request)
    rows = {
        scope: next(p for p in services.browser.readout("pledges", [scope]).paragraphs if "Norland" in p.text)
        for scope in (SHARED_SCOPE, f"guild:{HERE}")
    }
    own, shared = (
        services.browser.paragraph("pledges", rows[s].number, [s]) for s in (f"guild:{HERE}", SHARED_SCOPE)
    )

    own_table = services.browser.table(own, guild_scopes(HERE))

    assert own_table is not None
    assert [cells for _, cells in own_table.rows] == [("Norland", "40"), ("Estmark", "9")]
    assert services.browser.table(shared, guild_scopes(HERE)) is None

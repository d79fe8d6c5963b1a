"""A preview of a document that is there under another name asks which it is, and shows what was chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.discord.cogs.previews import preview_view
from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.corpus.preview_store import Preview
from bot.discord.discord_errors import NotAllowedError, RefusedError
from bot.discord.permissions import Caller
from bot.discord.views import Control
from bot.locales import load
from retrieval.ingest import IngestRequest, Upload
from retrieval.ingest.job_worker import JobWorker
from tests.bot.discord.corpus.conftest import HERE, Process

PHRASES = load().of("en-US")
SCOPE = f"guild:{HERE}"
ADMIN = Caller(5, "admin", HERE, manages_guild=True)
LAKE = b"Joint Statement of the Lake Ministers\n\n3 March 2030\n\n1. They met.\n\n2. They lend 40 million.\n"
DIFFERENT = LAKE.replace(b"40", b"45")


@pytest.fixture
def process(processes: Callable[..., Process]) -> Process:
    """A server's store that holds `lake`."""
    process = processes()
    process.services.ingesting.run(IngestRequest(uploads=(Upload("lake.txt", LAKE),), scope=SCOPE))
    return process


async def offered(process: Process, *files: tuple[str, bytes]) -> Preview:
    def attached(name: str, data: bytes) -> AttachedFile:
        async def read() -> bytes:
            return data

        return AttachedFile(name, len(data), read)

    return await process.corpus.previews.add(ADMIN, None, [attached(*file) for file in files], None, PHRASES)


async def settled(process: Process, preview: Preview, question: int = 0, *, replaces: bool) -> Preview:
    return await process.corpus.previews.settle(ADMIN, preview.id, question, PHRASES, replaces=replaces)


async def confirmed(process: Process, preview: Preview) -> None:
    assert (await process.corpus.confirm(ADMIN, preview.id, None, PHRASES)).subscription is not None
    services = process.services
    worker = JobWorker(services.ledger, services.ingesting, services.index_sync, purpose="a test")
    assert worker.run_once()


def controls(preview: Preview, page: int = 0) -> dict[str, str]:
    """Custom ids of the buttons by what they are labelled."""
    return {
        str(item.item.label): item.custom_id
        for item in preview_view(preview, PHRASES, page).walk_children()
        if isinstance(item, Control)
    }


def told(preview: Preview) -> str:
    return "\n".join(page.text for page in preview.pages)


def texts(process: Process) -> dict[str, str]:
    browser = process.services.browser
    ids = [summary.id for summary in browser.documents([SCOPE])]
    return {i: browser.paragraph(i, "2", [SCOPE]).text for i in ids if i != "ferry"}


@pytest.mark.parametrize(
    ("data", "why"), [(LAKE, "has the content of `lake`"), (DIFFERENT, "says other things")]
)
async def test_the_preview_asks_instead_of_offering_to_confirm(
    process: Process, data: bytes, why: str
) -> None:
    preview = await offered(process, ("ministers.md", data))

    assert list(controls(preview)) == ["Replace lake", "Keep both", "Cancel"]
    assert why in told(preview)
    with pytest.raises(RefusedError):
        await process.corpus.confirm(ADMIN, preview.id, None, PHRASES)


async def test_replacing_shows_the_difference_and_confirming_makes_it_so(process: Process) -> None:
    preview = await settled(process, await offered(process, ("ministers.md", DIFFERENT)), replaces=True)

    assert list(controls(preview)) == ["Confirm", "Edit details", "Cancel"]
    assert "Chosen: what comes as `ministers` replaces `lake`." in told(preview)
    assert "~~40~~**45**" in told(preview)
    assert texts(process) == {"lake": "They lend 40 million."}
    await confirmed(process, preview)
    assert texts(process) == {"lake": "They lend 45 million."}


async def test_keeping_both_shows_a_new_readout_and_confirming_adds_it(process: Process) -> None:
    preview = await settled(process, await offered(process, ("ministers.md", DIFFERENT)), replaces=False)

    assert "Chosen: `ministers` is kept beside the readout it looks like." in told(preview)
    assert "### New: Joint Statement of the Lake Ministers" in told(preview)
    await confirmed(process, preview)
    assert texts(process) == {"lake": "They lend 40 million.", "ministers": "They lend 45 million."}


async def test_the_same_content_replaces_nothing(process: Process) -> None:
    preview = await settled(process, await offered(process, ("ministers.txt", LAKE)), replaces=True)

    assert "Nothing would change." in told(preview)
    assert not preview.confirmable


async def test_several_are_asked_about_one_after_the_other(process: Process) -> None:
    preview = await offered(
        process,
        ("a-copy.md", DIFFERENT),
        ("b-copy.md", LAKE),
        ("fish.txt", b"Fish\n\n1. They swam.\n\n2. They ate.\n"),
    )
    assert "Others that look like a readout that is there: 1." in told(preview)

    second = await settled(process, preview, replaces=False)
    stale = await settled(process, preview, replaces=True)

    assert (stale.pages, stale.alike) == (
        second.pages,
        second.alike,
    )  # a second click answers no other question
    last = await settled(process, second, 1, replaces=False)
    assert last.confirmable
    await confirmed(process, last)
    assert sorted(texts(process)) == ["a-copy", "b-copy", "fish", "lake"]


async def test_what_was_chosen_outlives_a_correction_of_the_details(process: Process) -> None:
    preview = await settled(process, await offered(process, ("ministers.md", DIFFERENT)), replaces=True)
    revised = await process.corpus.previews.revise(ADMIN, preview.id, 0, {"issuer": "The Council"}, PHRASES)

    assert "~~40~~**45**" in told(revised)
    await confirmed(process, revised)
    assert texts(process) == {"lake": "They lend 45 million."}


async def test_who_may_not_manage_the_server_settles_nothing(process: Process) -> None:
    preview = await offered(process, ("ministers.md", DIFFERENT))
    for caller in (Caller(6, "eve", HERE, manages_guild=True), Caller(5, "admin", HERE)):
        with pytest.raises((RefusedError, NotAllowedError)):
            await process.corpus.previews.settle(caller, preview.id, 0, PHRASES, replaces=True)

    kept = await process.corpus.previews.open(ADMIN, preview.id)
    assert (kept.pages, kept.alike) == (preview.pages, preview.alike)


async def test_the_buttons_work_after_a_restart(process: Process, processes: Callable[..., Process]) -> None:
    preview = await offered(process, ("ministers.md", DIFFERENT))
    of, action, preview_id, _page, question = controls(preview)["Replace lake"].split(":")

    preview = await processes().corpus.previews.settle(
        ADMIN, preview_id, int(question), PHRASES, replaces=action == "replace"
    )

    assert (of, preview.confirmable) == ("corpus", True)


async def test_what_is_there_changed_meanwhile_is_not_replaced(process: Process) -> None:
    preview = await settled(process, await offered(process, ("ministers.md", DIFFERENT)), replaces=True)
    other = Upload("lake.txt", LAKE.replace(b"40", b"50"))
    process.services.ingesting.run(IngestRequest(uploads=(other,), scope=SCOPE))

    await confirmed(process, preview)

    assert texts(process) == {"lake": "They lend 50 million."}

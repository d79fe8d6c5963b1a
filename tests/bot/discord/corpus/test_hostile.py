"""What somebody who means no good tries with /corpus, and what becomes of it."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable

import pytest

from bot.admission import BusyError
from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.corpus.preview_store import Preview
from bot.discord.corpus.service import CorpusService
from bot.discord.discord_errors import RefusedError
from bot.discord.permissions import Caller
from bot.locales import load
from retrieval.errors import CorpusError
from retrieval.ingest import IngestRequest, Upload
from retrieval.ingest.lifecycle import Removal
from tests.bot.discord.corpus.conftest import HERE, TEXT, THERE, Process

PHRASES = load().of("en-US")


def admin(guild: int = HERE, user: int = 5) -> Caller:
    return Caller(user, "admin", guild, manages_guild=True)


@pytest.fixture
def process(processes: Callable[..., Process]) -> Process:
    return processes()


@pytest.fixture
async def corpus(process: Process) -> CorpusService:
    return process.corpus


def file(name: str, data: bytes = TEXT) -> AttachedFile:
    async def read() -> bytes:
        return data

    return AttachedFile(name, len(data), read)


@pytest.mark.parametrize(
    "name",
    [
        "talks.\u202etxt",
        "a\u202eb.txt",
        "talks.t\nxt",
        "..",
        "",
        "/",
        "..\\..\\etc\\passwd",
        "*",
        "\u2066.md",
    ],
    ids=[
        "direction in the extension",
        "direction",
        "line",
        "dots",
        "none",
        "slash",
        "path",
        "star",
        "isolate",
    ],
)
async def test_a_file_s_name_shows_as_what_it_is(corpus: CorpusService, name: str) -> None:
    preview = await corpus.previews.add(admin(), None, [file(name)], None, PHRASES)

    (stored,) = [
        upload.name for upload in (await corpus.previews.open(admin(), preview.id, files=True)).files
    ]
    assert stored
    assert not [c for c in stored if unicodedata.category(c).startswith("C") or c in "/\\"]
    assert not [
        c
        for page in preview.pages
        for c in page.text
        if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\u200b"
    ]


class Slow:
    """A file that takes its time to come."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_come = asyncio.Event()

    def file(self) -> AttachedFile:
        async def read() -> bytes:
            self.begun += 1
            await self.may_come.wait()
            return TEXT

        return AttachedFile("slow.txt", len(TEXT), read)


async def settled(slow: Slow, tasks: list[asyncio.Task[Preview]]) -> None:
    """Wait until each has been refused, or waits for its file."""
    async with asyncio.timeout(20):
        while slow.begun + sum(task.done() for task in tasks) < len(tasks):
            await asyncio.sleep(0.02)


async def test_one_server_cannot_take_all_the_room_for_previews(corpus: CorpusService) -> None:
    slow = Slow()
    mine = [
        asyncio.create_task(corpus.previews.add(admin(user=n), None, [slow.file()], None, PHRASES))
        for n in range(6)
    ]
    await settled(slow, mine)
    refused = [task.exception() for task in mine if task.done()]
    assert slow.begun == 2
    assert [error.key for error in refused if isinstance(error, RefusedError)] == ["corpus.previewing"] * 4

    quick = file("quick.txt", TEXT.replace(b"Ferry", b"Harbour"))
    there = await corpus.previews.add(admin(THERE), None, [quick], None, PHRASES)
    assert there.confirmable
    slow.may_come.set()
    assert (
        len([d for d in await asyncio.gather(*mine, return_exceptions=True) if isinstance(d, Preview)]) == 2
    )
    assert (
        await corpus.previews.add(
            admin(), None, [file("again.txt", TEXT.replace(b"Ferry", b"Fleet"))], None, PHRASES
        )
    ).confirmable


async def test_files_are_not_fetched_for_previews_that_nobody_has_room_for(corpus: CorpusService) -> None:
    slow = Slow()
    tasks = [
        asyncio.create_task(corpus.previews.add(admin(guild), None, [slow.file()], None, PHRASES))
        for guild in range(1, 40)
    ]
    await settled(slow, tasks)
    begun, full = slow.begun, [t for t in tasks if t.done() and isinstance(t.exception(), BusyError)]
    slow.may_come.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert begun <= 10
    assert len(full) == 39 - begun


async def test_previews_of_one_server_take_no_more_room_than_so_many(corpus: CorpusService) -> None:
    for user in range(30):
        await corpus.previews.remove(admin(user=user), None, "ferry", PHRASES, purge=False)
    await corpus.previews.remove(admin(THERE), None, "ferry", PHRASES, purge=False)

    with corpus.services.ledger.read() as connection:
        kept = connection.exec_driver_sql(
            "SELECT scope, count(*) FROM discord_drafts GROUP BY scope ORDER BY scope"
        ).all()
    assert kept == [(f"guild:{HERE}", 20), (f"guild:{THERE}", 1)]


async def test_two_admins_who_confirm_the_same_at_once_change_it_once(corpus: CorpusService) -> None:
    new = TEXT.replace(b"a ferry line", b"two ferry lines")
    previews = [
        await corpus.previews.add(admin(user=n), None, [file("ferry.txt", new)], None, PHRASES)
        for n in (1, 2)
    ]
    done = await asyncio.gather(
        *(corpus.confirm(admin(user=n), d.id, None, PHRASES) for n, d in enumerate(previews, 1)),
        return_exceptions=True,
    )

    assert [each.key for each in done if isinstance(each, RefusedError)] == ["corpus.busy_here"]
    assert len(corpus.services.jobs.usage(f"guild:{HERE}").open_jobs) == 1


async def test_a_button_that_is_pressed_twice_does_it_once(corpus: CorpusService) -> None:
    preview = await corpus.previews.remove(admin(), None, "ferry", PHRASES, purge=True)
    done = await asyncio.gather(
        *(corpus.confirm(admin(), preview.id, None, PHRASES) for _ in range(2)), return_exceptions=True
    )

    assert len([each for each in done if isinstance(each, RefusedError)]) == 1
    assert corpus.services.lifecycle.known(f"guild:{HERE}") == []
    assert corpus.services.lifecycle.known(f"guild:{THERE}") != []


async def test_a_purge_says_where_files_that_another_process_uses_keep_the_text(
    corpus: CorpusService, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal = Removal("ferry", "ferry.txt", purged=True, everywhere=False)
    monkeypatch.setattr(corpus.services.lifecycle, "remove", lambda *_, **__: removal)
    preview = await corpus.previews.remove(admin(), None, "ferry", PHRASES, purge=True)

    done = await corpus.confirm(admin(), preview.id, None, PHRASES)

    assert (done.sentence.splitlines()[0], done.purged) == ("`ferry` was erased.", f"guild:{HERE}")
    assert "its files keep the text until that process has ended" in done.sentence


@pytest.mark.parametrize("revision", ["", " ", "%", "_", "zz"])
async def test_a_revision_is_named_by_some_of_it(corpus: CorpusService, revision: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await corpus.previews.roll_back(admin(), None, "ferry", revision, PHRASES)

    assert refused.value.key == "corpus.no_revision"


@pytest.mark.parametrize(
    "url", ["/etc/passwd", "file:///etc/passwd", "upload:ferry.txt", " ", "http://127.0.0.1/", "gopher://x/"]
)
async def test_an_address_that_is_none_reads_nothing_of_this_machine(corpus: CorpusService, url: str) -> None:
    preview = await corpus.previews.add(admin(), None, [], url, PHRASES)

    assert not preview.confirmable
    assert "root:" not in "".join(page.text for page in preview.pages)


@pytest.mark.parametrize("where", [None, "server", "shared", "guild:8388608", "../shared"])
async def test_a_scope_that_is_not_offered_is_not_reached(corpus: CorpusService, where: str | None) -> None:
    outsider = Caller(7, "eve", HERE)
    for work in (
        corpus.status(outsider, where, PHRASES),
        corpus.history(outsider, where, "ferry", PHRASES),
        corpus.export(outsider, where, None, 10**9),
        corpus.previews.reingest(outsider, where, None, PHRASES),
        corpus.insights(outsider, where, PHRASES),
        corpus.previews.unpin(outsider, where, "ferry", PHRASES),
    ):
        with pytest.raises(RefusedError):
            await work
    assert await corpus.choices(outsider, where, gone=True) == []
    assert await corpus.revisions(outsider, where, "ferry") == []


def test_a_request_that_lost_its_files_does_not_bring_the_corpus_into_a_server(process: Process) -> None:
    (process.services.settings.corpus_dir / "shared.txt").write_bytes(TEXT)

    with pytest.raises(CorpusError):
        process.services.ingesting.run(IngestRequest(scope=f"guild:{HERE}"))


def test_progress_does_not_say_how_much_another_server_has_of_it(process: Process) -> None:
    paragraphs = b"".join(b"\n\n%d. Norland opens line %d." % (n, n) for n in range(1, 9))
    lines, shares = b"Lines\n\n2 May 2024" + paragraphs, []
    more = lines + b"\n\n9. Estmark opens a port.\n\n10. Sudland opens a road."
    ingest = process.services.ingesting.run
    ingest(IngestRequest(uploads=(Upload("lines.txt", lines),), scope=f"guild:{HERE}"))
    ingest(
        IngestRequest(uploads=(Upload("more.txt", more),), scope=f"guild:{THERE}"),
        progress=lambda stage, done, total: shares.append(done / total) if stage == "embedding" else None,
    )

    # two paragraphs are new, and the sentence of each
    assert shares == [pytest.approx(share, abs=0.1) for share in (0.25, 0.5, 0.75, 1.0)]

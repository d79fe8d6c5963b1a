"""What is announced where, by whom it may be chosen, and what a server's bounds leave to its admins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from bot.discord.corpus.watch_desk import Letter
from bot.discord.discord_errors import NotAllowedError, RefusedError
from bot.discord.permissions import Caller
from bot.discord.shards import Shards
from bot.locales import load
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.ingest import IngestRequest, Upload
from retrieval.watching import WatchService
from tests.bot.discord.corpus.conftest import HERE, TEXT, THERE, Process
from tests.retrieval.fetching.site import Site, answer

ONE, OTHER, CHANNEL = 11, 22, 33
ADMIN = Caller(5, "ann", HERE, manages_guild=True, application=ONE)
MEMBER = Caller(6, "bob", HERE, application=ONE)
ENGLISH = load().languages["en"]


def ingest(process: Process, *numbers: int, scope: str = f"guild:{HERE}") -> None:
    uploads = tuple(
        Upload(f"talks-{n}.txt", TEXT.replace(b"Ferry talks", f"{n}th Harbour talks".encode()))
        for n in numbers
    )
    process.services.ingesting.run(IngestRequest(uploads=uploads, scope=scope, separate=True))


def announced(process: Process, shards: Shards) -> list[str]:
    """Return what a process announces, and let it be known."""
    announcing = process.corpus.watching.announcing
    said = []
    for letter, guild, after in list(announcing.due(shards, load())):
        assert isinstance(letter, Letter)
        assert (letter.place["channel"], len(letter.key) <= 25) == (CHANNEL, True)
        said.append(letter.text.splitlines()[0])
        announcing.told(guild, after)
    return said


async def test_what_becomes_live_is_announced_once_by_the_bot_that_was_told_to(
    processes: Callable[..., Process],
) -> None:
    process = processes()
    await process.corpus.watching.announce(ADMIN, CHANNEL, ENGLISH)
    assert announced(process, Shards(ONE)) == []

    ingest(process, 1)
    ingest(process, 2, scope="shared")
    ingest(process, 3, scope=f"guild:{THERE}")

    assert announced(process, Shards(OTHER)) == []
    assert announced(process, Shards(ONE, 2, {0})) == []
    assert announced(process, Shards(ONE)) == [
        "📄 **1th Harbour talks** · 2 May 2024 · paragraphs: 3 · `talks-1`",
        "📄 **2th Harbour talks** · 2 May 2024 · paragraphs: 3 · `talks-2`",
    ]
    assert announced(process, Shards(ONE)) == []
    await process.corpus.watching.announce(ADMIN, None, ENGLISH)
    ingest(process, 4)
    assert announced(process, Shards(ONE)) == []


async def test_what_was_told_before_a_channel_was_chosen_anew_is_not_told_there(
    processes: Callable[..., Process],
) -> None:
    process = processes()
    announcing = process.corpus.watching.announcing
    await process.corpus.watching.announce(ADMIN, CHANNEL, ENGLISH)
    ingest(process, 1)
    ingest(process, 2)
    (_, guild, after), _ = announcing.due(Shards(ONE), load())

    await process.corpus.watching.announce(ADMIN, CHANNEL, ENGLISH)  # while the first is on its way
    announcing.told(guild, after)

    assert announced(process, Shards(ONE)) == []


async def test_of_many_at_once_a_few_are_announced_and_the_others_counted(
    processes: Callable[..., Process],
) -> None:
    process = processes()
    await process.corpus.watching.announce(ADMIN, CHANNEL, ENGLISH)
    ingest(process, *range(1, 9))

    said = announced(process, Shards(ONE))

    assert (len(said), said[-1]) == (6, "More new readouts: 3. `/documents` lists them.")
    assert announced(process, Shards(ONE)) == []


async def test_nothing_is_announced_where_the_bot_is_gone(processes: Callable[..., Process]) -> None:
    process = processes()
    await process.corpus.watching.announce(ADMIN, CHANNEL, ENGLISH)
    process.corpus.watching.left(HERE)
    ingest(process, 1)

    assert announced(process, Shards(ONE)) == []


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        html = "<html lang=en><body><h1>Reef talks</h1><p>1. The reef station opens.</p><p>2. It is new.</p></body></html>"
        served.replies["/reef"] = answer(html.encode(), content_type="text/html")
        yield served


@pytest.fixture
def process(processes: Callable[..., Process], site: Site) -> Process:
    """One whose server has as many readouts of its own as it may."""
    started = processes(server_readouts=1)
    services = started.services
    fetcher = Fetcher(FetchPolicy(allowed=site.allowed))
    watching = WatchService(services.ledger, services.ingesting, services.jobs, fetcher, wait=lambda _s: None)
    object.__setattr__(services, "watching", watching)
    services.ingesting._fetcher = fetcher
    return started


async def test_what_a_server_has_no_room_for_is_put_before_its_admins(process: Process, site: Site) -> None:
    desk = process.corpus.watching
    said = await desk.watch(ADMIN, None, f"{site.url}/reef", 6, True, CHANNEL, ENGLISH)
    assert said.endswith("What is found is taken at once, and told here.")

    desk.ask(load(), threading.Event())
    (letter,) = desk.letters(Shards(ONE), load())

    assert "### New: Reef talks" in letter.text
    assert letter.link is not None
    request = await desk.offered(letter.link)
    with pytest.raises(RefusedError, match="bound"):
        await process.corpus.previews.found(ADMIN, request, ENGLISH)
    with pytest.raises(NotAllowedError):
        await process.corpus.previews.found(MEMBER, request, ENGLISH)
    desk.sent(letter)
    assert desk.letters(Shards(ONE), load()) == []


async def test_who_is_no_admin_neither_watches_nor_announces_nor_looks(process: Process, site: Site) -> None:
    desk = process.corpus.watching
    await desk.watch(ADMIN, None, f"{site.url}/reef", 6, False, CHANNEL, ENGLISH)
    ((watch, _),) = await desk.watched(ADMIN, None)
    elsewhere = Caller(5, "ann", THERE, manages_guild=True, application=ONE)

    for caller in (MEMBER, elsewhere):
        with pytest.raises(NotAllowedError):
            await desk.change(caller, watch.pk, "drop")
    for refused in (
        desk.watch(MEMBER, None, f"{site.url}/other", 6, False, CHANNEL, ENGLISH),
        desk.watch(ADMIN, "shared", f"{site.url}/other", 6, False, CHANNEL, ENGLISH),
        desk.watched(MEMBER, None),
        desk.announce(MEMBER, CHANNEL, ENGLISH),
    ):
        with pytest.raises(NotAllowedError):
            await refused
    assert await desk.watched(elsewhere, None) == []
    assert [each.pk for each, _ in await desk.watched(ADMIN, None)] == [watch.pk]

"""Several bot processes on one ledger: shards of one bot on two hosts, and two bots that share a corpus."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import Scene, answered, text_of
from tests.integration.test_discord_corpus import Corpus, Elsewhere, eventually, rows, told
from tests.standin import StandIn
from tests.standin.process import BotProcess
from tests.standin.world import Guild

pytestmark = pytest.mark.slow  # a process for each


@asynccontextmanager
async def host(standin: StandIn, folder: Path, name: str, **settings: str) -> AsyncIterator[BotProcess]:
    """A bot process with a folder of its own, on the store that all of them share."""
    own = folder / name
    own.mkdir(exist_ok=True)
    settings = {"RETRIEVAL_STORE_DIR": str(folder / "store"), "DISCORD_PURGE_AFTER_DAYS": "0", **settings}
    async with BotProcess(standin, own, **settings) as running:
        yield running


def shard_of(guild: Guild) -> str:
    return str((int(guild.id) >> 22) % 2)


@pytest.fixture
def corpus(scene: Scene) -> Corpus:
    return Corpus(scene)


@pytest.fixture
def elsewhere(corpus: Corpus) -> Elsewhere:
    """A server that another shard looks after."""
    while True:
        made = Elsewhere(corpus)
        if shard_of(made.guild) != shard_of(corpus.scene.guild):
            return made
        corpus.standin.world.guilds.pop(made.guild.id)
        time.sleep(0.001)  # an id begins with its millisecond


async def test_two_hosts_serve_the_servers_of_their_shards_and_purge_no_others(
    corpus: Corpus, elsewhere: Elsewhere, folder: Path
) -> None:
    standin, guild = corpus.standin, corpus.scene.guild
    here = {"DISCORD_SHARDS": "2", "DISCORD_SHARD_IDS": shard_of(guild)}
    there = {"DISCORD_SHARDS": "2", "DISCORD_SHARD_IDS": shard_of(elsewhere.guild)}
    own = "SELECT scope FROM readouts WHERE scope <> 'shared'"
    async with host(standin, folder, "here", **here):
        await standin.connected()
        async with host(standin, folder, "there", **there) as second:
            await standin.connected(times=2)
            assert {session.shard for session in standin.gateway.sessions.values()} == {(0, 2), (1, 2)}
            await corpus.added()
            await corpus.added(by=elsewhere.eve, channel=elsewhere.channel)
            for who, where in ((corpus.scene.ann, corpus.scene.channel), (elsewhere.eve, elsewhere.channel)):
                assert "November" in told(await corpus.asked(who, where))
            await second.stop()
        async with host(standin, folder, "there", **there) as second:
            await standin.connected(times=3)
            assert "November" in told(await corpus.asked(elsewhere.eve, elsewhere.channel))
            await eventually(lambda: "ready as" in second.logged())
            assert f"(shards {there['DISCORD_SHARD_IDS']} of 2)" in second.logged()
            assert len(rows(folder, own)) == 2
            await standin.leave(elsewhere.guild)
            await eventually(lambda: rows(folder, own) == [(f"guild:{guild.id}",)])
    assert standin.rest.syncs == 1


async def test_a_second_bot_on_the_same_ledger_keeps_what_is_not_its_own(
    corpus: Corpus, folder: Path
) -> None:
    own = "SELECT count(*) FROM readouts WHERE scope <> 'shared'"
    async with host(corpus.standin, folder, "one") as first:
        await corpus.standin.connected()
        await corpus.added()
        await first.stop()
    async with StandIn() as elsewhere:
        scene = Scene(elsewhere)
        async with host(elsewhere, folder, "other") as other:
            await elsewhere.connected()
            answer = await answered(await elsewhere.slash(scene.ann, scene.channel, "documents"))
            await eventually(lambda: "ready as" in other.logged())
            assert await other.stop() == 0

    assert "Ferry" not in "".join(map(text_of, answer.shown))
    assert rows(folder, own) == [(1,)]
    assert rows(folder, "SELECT count(*) FROM discord_departures") == [(0,)]


async def test_of_two_processes_with_one_token_the_second_stands_back_until_the_first_ends(
    corpus: Corpus, folder: Path
) -> None:
    standin = corpus.standin
    async with host(standin, folder, "first") as first:
        await standin.connected()
        async with host(standin, folder, "second") as second:
            await eventually(lambda: "standing back until it ends" in second.logged())
            assert standin.gateway.identified == 1
            await first.stop()
            await standin.connected(times=2)
            asked = await corpus.scene.ask()

    assert "¶7" in text_of(asked.shown[0])
    assert "Traceback" not in second.logged()

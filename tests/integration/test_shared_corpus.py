"""Two hosts of one bot over one PostgreSQL and one Chroma server: what one commits, the other answers from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retrieval.ledger import Ledger, leases, vectors
from retrieval.ledger.leases import INGEST
from tests.integration.conftest import Scene, text_of
from tests.integration.test_discord_corpus import CORRECTED, QUESTION, Corpus, Elsewhere, eventually, told
from tests.integration.test_discord_hosts import elsewhere, shard_of
from tests.servers import ChromaServer
from tests.standin.process import BotProcess

__all__ = ["elsewhere"]  # a fixture

LONG = "Joint Communique of the Long Dialogue\n\n2 May 2024\n\n" + "\n\n".join(
    f"{n}. Norland will lend Estmark lighthouse number {n} for {n + 1} years and paint it anew."
    for n in range(1, 301)
)


@pytest.fixture
def corpus(scene: Scene) -> Corpus:
    return Corpus(scene)


@pytest.fixture
def shared(postgres_address: str) -> Iterator[Ledger]:
    """The ledger of both hosts, looked at from outside."""
    with closing(Ledger(postgres_address)) as ledger:
        yield ledger


class Hosts:
    """One bot on two machines, as far as one can play that: each with a folder and a shard of its own."""

    def __init__(self, corpus: Corpus, folder: Path, **settings: str) -> None:
        self._corpus = corpus
        self._folder = folder
        self._settings = settings

    def host(self, name: str, shard: str) -> BotProcess:
        own = self._folder / name
        own.mkdir(exist_ok=True)
        shards = {"DISCORD_SHARDS": "2", "DISCORD_SHARD_IDS": shard}
        return BotProcess(self._corpus.standin, own, **self._settings, **shards)


@pytest.fixture
def hosts(corpus: Corpus, tmp_path: Path, chroma: ChromaServer, postgres_address: str) -> Hosts:
    operator = {"DISCORD_OPERATORS": corpus.admin["id"]}
    return Hosts(corpus, tmp_path, LEDGER_URL=postgres_address, RETRIEVAL_STORE=chroma.address, **operator)


def _to_be_scanned(ledger: Ledger) -> int:
    with ledger.read() as connection:
        return len(vectors.scanned(connection, "shared"))


async def test_what_one_host_commits_another_answers_from(
    corpus: Corpus, elsewhere: Elsewhere, hosts: Hosts, shared: Ledger
) -> None:
    eve, there = elsewhere.eve, elsewhere.channel
    async with hosts.host("one", shard_of(corpus.scene.guild)) as one:
        await corpus.standin.connected()
        async with hosts.host("two", shard_of(elsewhere.guild)) as two:
            await corpus.standin.connected(times=2)
            before = told(await corpus.asked(eve, there))
            await corpus.added(where="shared")
            first = told(await corpus.asked(eve, there))
            await corpus.added(CORRECTED, where="shared")
            corrected = told(await corpus.asked(eve, there))
            await corpus.press(await corpus.run("rollback", document="ferry", where="shared"), "yes")
            rolled_back = told(await corpus.asked(eve, there))
            await eventually(lambda: _to_be_scanned(shared) == 0)
            indexed = told(await corpus.asked(eve, there, QUESTION + " "))
            assert (await two.stop(), await one.stop()) == (0, 0)

    answers = (before, first, corrected, rolled_back, indexed)
    assert ["November" in each for each in answers] == [False, True, False, True, True]
    assert ["October" in each for each in answers] == [False, False, True, False, False]
    for each in (one, two):
        assert "ERROR" not in each.logged()
        assert "chroma" not in {path.name for path in (each.log.parent / "store").iterdir()}


async def test_a_host_killed_while_it_ingests_leaves_the_job_to_another(
    corpus: Corpus, elsewhere: Elsewhere, hosts: Hosts, shared: Ledger
) -> None:
    eve, there = elsewhere.eve, elsewhere.channel
    question = "For how many years will Norland lend Estmark lighthouse number 217?"
    shard = shard_of(corpus.scene.guild)
    async with hosts.host("one", shard) as one:
        await corpus.standin.connected()
        async with hosts.host("two", shard_of(elsewhere.guild)) as two:
            await corpus.standin.connected(times=2)
            preview = await corpus.preview(LONG.encode(), where="shared")
            await corpus.press(preview, "yes")
            await _ingesting(shared)
            await one.kill()
            died = time.monotonic()
            while "218 years" not in told(await corpus.asked(eve, there, question)):
                assert time.monotonic() - died < 60, two.logged()
                await asyncio.sleep(0.5)
            async with hosts.host("one", shard) as back:
                await corpus.standin.connected(times=3)
                ending = text_of(await corpus.scene.next_answer(corpus.standin.world.dm(corpus.admin)))
                assert (await back.stop(), await two.stop()) == (0, 0)

    assert ending == "**Job 1 is done.**\nAdded: `ferry`"


async def _ingesting(ledger: Ledger) -> None:
    """Wait until one of the hosts holds the lease."""

    def held() -> bool:
        with ledger.read() as connection:
            return leases.current(connection, INGEST) is not None

    await eventually(held)

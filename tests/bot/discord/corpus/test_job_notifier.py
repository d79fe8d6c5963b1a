"""Whoever started a job is told how it ended: by a bot that reaches them, once, and after all that goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest
import simcord
from sqlalchemy import update

from bot.admission import BusyError
from bot.discord.cogs.previews import PreviewsCog
from bot.discord.corpus.job_notifier import (
    CLAIMED_MS,
    Ending,
    JobNotifier,
    Subscription,
    SubscriptionStore,
    subscribe,
)
from bot.discord.pages import MAX_TEXT, Tone
from bot.discord.shards import Shards
from bot.locales import load
from retrieval.errors import RapporteurError, StoreError
from retrieval.ingest import IngestRequest, Upload
from retrieval.ingest.job_worker import JobWorker
from retrieval.ledger import Ledger
from retrieval.ledger.schema import jobs
from tests.bot.discord.cogs.test_asking import text_of
from tests.bot.discord.corpus.conftest import HERE, TEXT, THERE, Process

ONE, OTHER = 11, 22


def waiting(job: int, guild: int | None = HERE, application: int | None = ONE) -> Subscription:
    return Subscription(job, f"guild:{guild}", 5, guild, None, "en", application)


@pytest.fixture
def subscriptions(ledger: Ledger) -> SubscriptionStore:
    kept = SubscriptionStore(ledger)
    with ledger.write() as connection:
        for each in (waiting(1), waiting(2, THERE), waiting(3, None), waiting(4, HERE, OTHER)):
            subscribe(connection, each)
    return kept


@pytest.mark.parametrize(
    ("shards", "jobs"),
    [
        (Shards(ONE), [1, 2, 3]),
        (Shards(ONE, 2, {1}), [1]),
        (Shards(ONE, 2, {0}), [2, 3]),
        (Shards(OTHER), [4]),
        (Shards(OTHER, 2, {0}), []),
    ],
    ids=["all of one", "its server's shard", "the other shard and direct messages", "the other", "neither"],
)
def test_a_process_takes_up_what_its_own_application_and_shards_reach(
    subscriptions: SubscriptionStore, shards: Shards, jobs: list[int]
) -> None:
    assert [each.job for each in subscriptions.of(shards)] == jobs


def test_nobody_waits_for_a_job_that_was_not_queued(ledger: Ledger) -> None:
    subscriptions = SubscriptionStore(ledger)

    def fail() -> None:
        with ledger.write() as connection:
            subscribe(connection, waiting(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert subscriptions.of(Shards(ONE)) == []


def test_one_process_claims_it_and_another_may_when_that_runs_out(subscriptions: SubscriptionStore) -> None:
    assert subscriptions.claim(1, "a", now=0, until=60) == "mine"
    assert subscriptions.claim(1, "a", now=1, until=61) == "mine"
    assert subscriptions.claim(1, "b", now=61, until=121) == "taken"
    assert subscriptions.claim(1, "b", now=62, until=122) == "mine"
    subscriptions.release(1, "a")
    assert subscriptions.claim(1, "a", now=63, until=123) == "taken"
    subscriptions.release(1, "b")
    assert subscriptions.claim(1, "a", now=63, until=123) == "mine"
    subscriptions.told(1)
    assert subscriptions.claim(1, "b", now=200, until=260) == "told"


async def test_a_report_that_fills_a_message_is_cut_so_that_the_mention_fits_before_it(
    simcord_env: simcord.Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel: Any = simcord_env.create_guild().create_text_channel("general")
    bot, report = simcord_env.bot, "\n".join(["abc"] * 999 + ["abcd"])
    refused = discord.Forbidden(Mock(status=403), "closed")
    monkeypatch.setattr(bot, "create_dm", AsyncMock(side_effect=refused))
    place = replace(waiting(1), channel=channel.id)

    for full in (report, report[5:], "a" * MAX_TEXT):
        cog: Any = SimpleNamespace(client=bot, catalogue=load())
        assert await PreviewsCog._announce(cog, place, Ending(full, "", Tone.ANSWERED))

    told = [text_of(message) for message in channel.history()]
    assert (len(report), max(map(len, told))) == (MAX_TEXT, MAX_TEXT)
    assert told == [f"<@5>\n{report[:3_991]}\n…", f"<@5>\n{report[5:]}", "<@5>\n…"]


class Told:
    """What one process told people; `dies` before it can note that it did."""

    def __init__(
        self, process: Process, *, dies: bool = False, reaches: bool = True, later_s: float = 0.0
    ) -> None:
        self.ends: list[Ending] = []
        self.dies = dies
        self.reaches = reaches
        corpus = process.corpus
        self.notifier = JobNotifier(
            process.services.jobs,
            corpus.subscriptions,
            corpus.look_ups,
            load(),
            self._announce,
            clock=lambda: time.time() + later_s,
        )

    async def _announce(self, _whom: Subscription, ending: Ending) -> bool:
        self.ends.append(ending)
        await asyncio.sleep(0.2)  # Discord takes its time
        if self.dies:
            raise asyncio.CancelledError
        return self.reaches

    async def take_up(self) -> None:
        await self.notifier.take_up(Shards(ONE))
        tasks = list(self.notifier._tasks.values())
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)


@pytest.fixture
def done(processes: Callable[..., Process]) -> Process:
    """A process whose job has ended while nobody was told."""
    process = processes()
    request = IngestRequest(uploads=(Upload("ferry.txt", TEXT),), scope=f"guild:{HERE}")
    job = process.services.jobs.submit(
        request, lambda connection, job: subscribe(connection, replace(waiting(0), job=job))
    )
    services = process.services
    assert JobWorker(services.ledger, services.ingesting, services.index_sync, purpose="a test").run_once()
    assert job == 1
    return process


async def test_of_two_processes_that_follow_a_job_one_tells(
    done: Process, processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.discord.corpus.job_notifier._CLAIM_LOOKED_AT_EVERY_S", 0.05)
    told = [Told(done), Told(processes())]
    await asyncio.gather(*(each.take_up() for each in told))

    assert sum(len(each.ends) for each in told) == 1
    assert done.corpus.subscriptions.of(Shards(ONE)) == []


async def test_what_one_process_cannot_reach_another_tells(
    done: Process, processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.discord.corpus.job_notifier._CLAIM_LOOKED_AT_EVERY_S", 0.05)
    there = Told(done, reaches=False)
    await there.take_up()
    here = Told(processes())
    await here.take_up()

    assert (len(there.ends), len(here.ends)) == (1, 1)
    assert done.corpus.subscriptions.of(Shards(ONE)) == []


async def test_a_process_that_dies_while_telling_leaves_it_to_be_told_again(
    done: Process, processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.discord.corpus.job_notifier._CLAIM_LOOKED_AT_EVERY_S", 0.05)
    dead, next_one = Told(done, dies=True), processes()
    await dead.take_up()
    assert next_one.corpus.subscriptions.claim(1, "x", now=0, until=0) == "taken"
    alive = Told(next_one, later_s=CLAIMED_MS / 1000 + 1)
    await alive.take_up()

    assert (len(dead.ends), len(alive.ends)) == (1, 1)
    assert done.corpus.subscriptions.of(Shards(ONE)) == []


@pytest.mark.parametrize(
    "error", [StoreError("locked"), BusyError("too many wait")], ids=["store", "threads"]
)
@pytest.mark.parametrize(
    ("holder", "call"), [("jobs", "get"), ("subscriptions", "claim"), ("subscriptions", "told")]
)
async def test_whoever_started_a_job_is_told_once_though_the_store_failed_meanwhile(
    done: Process, monkeypatch: pytest.MonkeyPatch, holder: str, call: str, error: RapporteurError
) -> None:
    monkeypatch.setattr("bot.discord.corpus.job_notifier.pause_s", lambda _failures: 0.0)
    service: Any = done.services.jobs if holder == "jobs" else done.corpus.subscriptions
    real, failing = getattr(service, call), [error] * 3

    def failing_at_first(*arguments: Any, **more: Any) -> Any:
        if failing:
            raise failing.pop()
        return real(*arguments, **more)

    told = Told(done)
    monkeypatch.setattr(type(service), call, lambda _self, *a, **m: failing_at_first(*a, **m))
    await told.take_up()

    assert (len(told.ends), failing) == (1, [])
    assert done.corpus.subscriptions.of(Shards(ONE)) == []


async def test_of_a_report_that_this_version_cannot_read_it_is_said_that_the_job_is_done(
    done: Process,
) -> None:
    with done.services.ledger.write() as connection:
        connection.execute(update(jobs).values(report={"colour": "blue"}))

    told = Told(done)
    await told.take_up()

    assert told.ends == [Ending("**Job 1 is done.**", "**Job 1 is done.**", Tone.ANSWERED)]

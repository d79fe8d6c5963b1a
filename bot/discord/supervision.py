"""How the bot is: what its log, Prometheus and a supervisor are told of the gateway, the queues and the ledger."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import discord
from discord.ext import commands

from bot.discord.question_service import QuestionService
from bot.logs import StageLog
from bot.monitoring import Metrics, served
from bot.traces import traced
from retrieval.bootstrap import Services
from retrieval.errors import StoreError
from retrieval.observing import count, watched_by

_ALIVE_S = 5.0


class GatewayCog(commands.Cog):
    """Counts connections to the gateway that are made again."""

    def __init__(self) -> None:
        self._connected: set[int] = set()

    @commands.Cog.listener()
    async def on_shard_connect(self, shard: int) -> None:
        """Count a connection that has to begin anew."""
        if shard in self._connected:
            count("gateway_reconnects", how="identified")
        self._connected.add(shard)

    @commands.Cog.listener()
    async def on_shard_resumed(self, _shard: int) -> None:
        """Count a connection that goes on where it was."""
        count("gateway_reconnects", how="resumed")


@contextmanager
def supervised(
    client: commands.AutoShardedBot, services: Services, questions: QuestionService
) -> Iterator[None]:
    """Keep a log of what is done, and serve metrics where the settings say so, while the block lasts.

    Raises:
        SettingsError: The port cannot be had.
    """
    settings, loop = services.settings, asyncio.get_running_loop()

    def answers_at_all() -> str | None:
        try:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(_ALIVE_S)
        except TimeoutError:
            return f"the event loop has not answered for {_ALIVE_S:.0f} s"
        return None

    def gateway() -> str | None:
        return None if is_connected(client) else "not connected"

    def ledger() -> str | None:
        try:
            services.jobs.waiting()
        except StoreError:
            return "cannot be read"
        return None

    with ExitStack() as stack:
        stack.enter_context(traced())
        stack.enter_context(watched_by(StageLog()))
        if settings.metrics_port:
            metrics = Metrics()
            metrics.read("questions_waiting", "Questions that wait for a thread", lambda: questions.waiting)
            metrics.read("jobs_waiting", "Ingests that are not done", lambda: _waiting_jobs(services))
            metrics.read("gateway_connected", "1 where all connections are up", lambda: is_connected(client))
            metrics.read("gateway_latency_seconds", "Heartbeat to answer", lambda: client.latency)
            stack.enter_context(watched_by(metrics))
            stack.enter_context(
                served(
                    metrics,
                    settings.metrics_host,
                    settings.metrics_port,
                    alive={"event loop": answers_at_all},
                    ready={"gateway": gateway, "ledger": ledger},
                )
            )
        yield


def is_connected(client: discord.AutoShardedClient) -> bool:
    """Whether every connection of this process is up, and the servers behind it are known."""
    return client.is_ready() and not any(shard.is_closed() for shard in client.shards.values())


def _waiting_jobs(services: Services) -> float:
    try:
        return services.jobs.waiting()
    except StoreError:
        return math.nan

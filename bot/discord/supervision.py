"""How the bot is: what Prometheus and a supervisor are told of the gateway, the event loop and the queue."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

import discord
from discord.ext import commands

from bot.discord.question_service import QuestionService
from bot.monitoring import monitored
from retrieval.bootstrap import Services
from retrieval.observing import count

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


def supervised(
    client: commands.AutoShardedBot, services: Services, questions: QuestionService
) -> AbstractContextManager[None]:
    """Watch the bot while the block lasts, which is within its event loop.

    Raises:
        SettingsError: The port cannot be had.
    """
    loop = asyncio.get_running_loop()

    def answers_at_all() -> str | None:
        try:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(_ALIVE_S)
        except TimeoutError:
            return f"the event loop has not answered for {_ALIVE_S:.0f} s"
        return None

    return monitored(
        services,
        alive={"event loop": answers_at_all},
        ready={"gateway": lambda: None if is_connected(client) else "not connected"},
        gauges={
            "questions_waiting": ("Questions that wait for a thread", lambda: questions.waiting),
            "gateway_connected": ("1 where all connections are up", lambda: is_connected(client)),
            "gateway_latency_seconds": ("Heartbeat to answer", lambda: client.latency),
        },
    )


def is_connected(client: discord.AutoShardedClient) -> bool:
    """Whether every connection of this process is up, and the servers behind it are known."""
    return client.is_ready() and not any(shard.is_closed() for shard in client.shards.values())

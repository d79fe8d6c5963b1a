"""run"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, suppress

import discord
from discord.backoff import ExponentialBackoff
from discord.ext import commands
from sqlalchemy import Connection

from bot.discord.discord_errors import DISCORD_FAULTS, one_line
from bot.discord.discord_settings import DiscordSettings
from bot.discord.question_service import QuestionService
from bot.monitoring import monitored
from retrieval.bootstrap import Services
from retrieval.errors import RapporteurError, StoreError
from retrieval.front_end_store import Database, Lease, new_holder, release, renew, take, utc_now
from retrieval.observing import count

log = logging.getLogger(__name__)

LEASE_S = 30.0
"""How long after its last sign of life another process may take a shard over."""

_LONGEST_PAUSE_S = 120.0
_LOOKED_AT_EVERY_S = 2.0


class ShardLeases:
    """That one process, and no other, makes a bot's gateway connections: a lease in the ledger for each of them.

    With two of them, every question would be answered twice. Synchronous, so it is called off the event loop.
    """

    def __init__(self, database: Database, application: int, ids: Sequence[int]) -> None:
        self._database = database
        self._names = [f"discord:{application}:{number}" for number in ids]
        self._holder = new_holder()
        self._held: list[Lease] = []

    def take(self) -> Lease | None:
        """Take them all; where somebody else has one, take none, and return that."""
        with self._database.write() as connection:
            for name in self._names:
                lease = take(connection, name, self._holder, "rapporteur run", now=utc_now(), ttl_s=LEASE_S)
                if lease.holder != self._holder:
                    self._give_back(connection)
                    return lease
                self._held.append(lease)
        return None

    def keep(self) -> bool:
        """Give a sign of life; False where another process took over meanwhile."""
        with self._database.write() as connection:
            return all(renew(connection, lease, ttl_s=LEASE_S) for lease in self._held)

    def give_back(self) -> None:
        """Let another process have them."""
        with self._database.write() as connection:
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        for lease in self._held:
            release(connection, lease)
        self._held.clear()


async def serve(client: discord.AutoShardedClient, settings: DiscordSettings, database: Database) -> None:
    """Log in and stay, for as long as no other process does; where Discord cannot be reached, try again.

    Raises:
        RapporteurError: Another process took over, or the ledger cannot be read.
        LoginFailure, PrivilegedIntentsRequired, ConnectionClosed: Discord wants no such client.
    """
    await _reached(client, lambda: client.login(settings.token.get_secret_value()))
    assert client.application_id is not None
    ids = settings.shard_ids or range(max(1, settings.shards))
    leases = ShardLeases(database, client.application_id, ids)
    if (other := await asyncio.to_thread(leases.take)) is not None:
        log.warning(
            "Another process (%s, since %s) runs this bot already: standing back until it ends.",
            other.holder,
            other.since,
        )
        while await asyncio.to_thread(leases.take) is not None:
            await asyncio.sleep(_LOOKED_AT_EVERY_S)
        log.info("the other process ended: taking its place")
    connected = asyncio.create_task(_reached(client, client.connect))
    kept = asyncio.create_task(_kept(leases))
    try:
        await asyncio.wait({connected, kept}, return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            raise RapporteurError("Another process took over as this one stood still: standing back.")
        await connected
    finally:
        connected.cancel()
        kept.cancel()
        with suppress(StoreError):
            await asyncio.to_thread(leases.give_back)


async def _kept(leases: ShardLeases) -> None:
    """Keep the leases; over when another process has them."""
    while True:
        await asyncio.sleep(LEASE_S / 3)
        try:
            if not await asyncio.to_thread(leases.keep):
                return
        except StoreError as error:  # the next time may go better
            log.warning("%s", error)


async def _reached(client: discord.AutoShardedClient, call: Callable[[], Awaitable[None]]) -> None:
    """Do `call`; where Discord cannot be reached, again, ever less often."""
    back_off = ExponentialBackoff()
    while not client.is_closed():
        try:
            await call()
        except (discord.LoginFailure, discord.PrivilegedIntentsRequired, discord.ConnectionClosed):
            raise
        except (*DISCORD_FAULTS, RecursionError) as error:  # discord.py calls itself for every try of a shard
            pause_s = min(back_off.delay() + 1.0, _LONGEST_PAUSE_S)
            log.warning("Discord cannot be reached, again in %.0f s: %s", pause_s, one_line(error))
            if client.application is None:
                await client.http.close()
                client.http.connector = discord.utils.MISSING  # it was closed with its session
            await asyncio.sleep(pause_s)
        else:
            return


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

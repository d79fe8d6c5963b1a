"""Being connected to Discord: one process for each shard, and again after Discord was out of reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import discord
from discord.backoff import ExponentialBackoff

from bot.discord.discord_settings import DiscordSettings
from bot.discord.faults import DISCORD_FAULTS, one_line
from bot.discord.shards import LEASE_S, ShardLeases
from retrieval.errors import RapporteurError, StoreError
from retrieval.front_end_store import Database

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 120.0
_LOOKED_AT_EVERY_S = 2.0


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
            if client.user is None:
                await client.http.close()
                client.http.connector = discord.utils.MISSING  # it was closed with its session
            await asyncio.sleep(pause_s)
        else:
            return

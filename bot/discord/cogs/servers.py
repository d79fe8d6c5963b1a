"""Servers that come and go, and what becomes of their readouts."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import discord
from discord.ext import commands, tasks

from bot.discord.cogs.base import BaseCog, BotServices
from bot.discord.corpus.server_cleanup import ServerCleanup
from bot.discord.corpus.service import CorpusService
from bot.discord.pages import Tone
from bot.discord.permissions import missing_in
from bot.discord.shards import Shards
from bot.discord.views import text_view

log = logging.getLogger(__name__)


class ServersCog(BaseCog):
    """Looks after what servers have of their own while the bot is there, and afterwards."""

    def __init__(
        self,
        bot_services: BotServices,
        corpus: CorpusService,
        server_cleanup: ServerCleanup,
        client: discord.AutoShardedClient,
    ) -> None:
        super().__init__(bot_services)
        self._corpus = corpus
        self._caretaker = server_cleanup
        self._client = client

    async def cog_unload(self) -> None:
        """Stop looking."""
        self._tend.cancel()

    @property
    def _application(self) -> int:
        assert self._client.application_id is not None  # there are no events before the login
        return self._client.application_id

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """See which servers came and went while the bot was off."""
        shards = Shards.of(self._client)
        present = {guild.id for guild in self._client.guilds}
        await asyncio.to_thread(self._caretaker.reconcile, shards, present)
        # Not earlier: a server that is back must not be purged for the time it was away.
        if not self._tend.is_running():
            self._tend.start()

    @tasks.loop(hours=1)
    async def _tend(self) -> None:
        try:
            await asyncio.to_thread(self._corpus.forget_old)
            await asyncio.to_thread(self._caretaker.purge_due)
        except Exception:  # the next hour may go better
            log.exception("looking after readouts of servers that were left failed")

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember since when the bot is gone from a server."""
        await asyncio.to_thread(self._caretaker.left, self._application, guild.id)
        await asyncio.to_thread(self._caretaker.purge_due)  # at once, where nothing is kept for a time

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say what is kept and for how long."""
        kept = await asyncio.to_thread(self._caretaker.joined, self._application, guild.id)
        phrases = self.catalogue.of(guild.preferred_locale)
        told = phrases("corpus.joined", days=self.settings.purge_after_days)
        if kept:
            told = f"{told}\n{phrases('corpus.joined_again')}"
        for channel in (guild.system_channel, *guild.text_channels):
            if channel is not None and missing_in(channel, guild.me) is None:
                with suppress(discord.HTTPException):
                    await channel.send(view=text_view(told, Tone.LISTED))
                    return
        log.info("joined server %d, which has no channel to speak in", guild.id)

"""What is kept, and how it goes: /forget-me, words that were erased, servers that removed the bot."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.discord import Interaction
from bot.discord.answer_store import Withdrawn
from bot.discord.cogs.base_cog import BaseCog, BotServices, guarded
from bot.discord.delivery import in_time, say
from bot.discord.pages import Tone
from bot.discord.permissions import guild_of, missing_in
from bot.discord.shards import Shards
from bot.discord.views import text_view
from bot.locales import DEFAULT, Phrases

log = logging.getLogger(__name__)

_NAMED = 10
"""How many messages that could not be emptied are linked to."""


class PrivacyCog(BaseCog):
    """Forgets a member on demand, and empties messages whose words were purged."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        self._emptying = asyncio.Lock()

    async def cog_unload(self) -> None:
        """Stop looking."""
        self._look.cancel()

    @app_commands.command(
        name="forget-me", description="Delete what you asked and voted here, in every server"
    )
    @guarded
    async def forget_me(self, interaction: Interaction) -> None:
        """Forget whoever asks to be."""
        phrases = self.phrases(interaction)
        work = self.look_up(self.answers.forget_user, interaction.user.id)
        found = await in_time(interaction, work, ephemeral=True)
        told = [phrases("forget.done", questions=found.questions, votes=found.votes)]
        if found.pseudonym:
            told.append(phrases("forget.history", name=found.pseudonym))
        told.append(f"-# {phrases('forget.messages')}")
        await say(interaction, "\n".join(told), Tone.ANSWERED)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begin to look for messages to empty: another process, or the one before, may have purged."""
        if not self._look.is_running():
            self._look.start()

    @tasks.loop(hours=1)
    async def _look(self) -> None:
        try:
            await self.empty()
        except Exception:  # the next hour may go better
            log.exception("emptying messages that quote what was erased failed")

    @commands.Cog.listener()
    async def on_purged(self, interaction: Interaction, sentence: str, scope: str) -> None:
        """Empty what quotes the readout of `scope` that somebody just purged, and tell them how that went."""
        with self.questions.in_flight as admitted:
            if not admitted:
                return
            phrases = self.phrases(interaction)
            emptied, left = await self.empty(guild_of(scope))
            told = [sentence, *_outcome(emptied, left, self.settings.keep_days, phrases)]
            with suppress(discord.HTTPException):  # it may have taken longer than Discord waits
                await interaction.edit_original_response(view=text_view("\n".join(told)))

    async def empty(self, guild: int | None = None) -> tuple[int, list[Withdrawn]]:
        """Empty the messages that quote what was erased; return how many, and those that could not be.

        Those are tried again every hour: a permission may be back.

        Args:
            guild: Those in this server alone: what others erased is not its admins' to know.
        """
        emptied, left = 0, []
        async with self._emptying:
            for each in await self.look_up(self.answers.withdrawn):
                if guild is not None and each.guild != guild:
                    continue
                if await self._emptied(each):
                    await self.look_up(self.answers.emptied, each.message)
                    emptied += 1
                else:
                    left.append(each)
        if emptied or left:
            log.info("emptied %d messages that quoted what was erased; could not: %d", emptied, len(left))
        return emptied, left

    async def _emptied(self, each: Withdrawn) -> bool:
        if each.channel is None:
            return False
        guild = self.client.get_guild(each.guild) if each.guild else None
        phrases = self.catalogue.of(guild.preferred_locale if guild else DEFAULT)
        message = self.client.get_partial_messageable(each.channel).get_partial_message(each.message)
        try:
            await message.edit(
                view=text_view(phrases("answer.withdrawn")),
                attachments=[],
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.NotFound:
            return True  # somebody deleted it
        except discord.HTTPException as error:
            log.warning("message %d quotes what was erased and stays: %s", each.message, error.code)
            return False
        return True


def _outcome(emptied: int, left: list[Withdrawn], keep_days: int, phrases: Phrases) -> list[str]:
    told = [phrases("corpus.remove.emptied", count=emptied)]
    if left:
        links = " ".join(_link(each) for each in left[:_NAMED])
        more = phrases("corpus.more", count=len(left) - _NAMED) if len(left) > _NAMED else ""
        told.append(f"⚠ {phrases('corpus.remove.not_emptied')} {links} {more}".rstrip())
    return [*told, f"-# {phrases('corpus.remove.out_of_reach', days=keep_days)}"]


def _link(each: Withdrawn) -> str:
    if each.channel is None:
        return f"`{each.message}`"
    return f"https://discord.com/channels/{each.guild or '@me'}/{each.channel}/{each.message}"


class ServersCog(BaseCog):
    """Looks after what servers have of their own while the bot is there, and afterwards."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        assert bot_services.server_cleanup is not None
        self._cleanup = bot_services.server_cleanup

    async def cog_unload(self) -> None:
        """Stop looking."""
        self._tend.cancel()

    @property
    def _application(self) -> int:
        assert self.client.application_id is not None  # there are no events before the login
        return self.client.application_id

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """See which servers came and went while the bot was off."""
        shards = Shards.of(self.client)
        present = {guild.id for guild in self.client.guilds}
        await asyncio.to_thread(self._cleanup.reconcile, shards, present)
        # Not earlier: a server that is back must not be purged for the time it was away.
        if not self._tend.is_running():
            self._tend.start()

    @tasks.loop(hours=1)
    async def _tend(self) -> None:
        try:
            await asyncio.to_thread(self.corpus.forget_old)
            await asyncio.to_thread(self._cleanup.purge_due)
        except Exception:  # the next hour may go better
            log.exception("looking after readouts of servers that were left failed")

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember since when the bot is gone from a server."""
        await asyncio.to_thread(self._cleanup.left, self._application, guild.id)
        await asyncio.to_thread(self._cleanup.purge_due)  # at once, where nothing is kept for a time

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say what is kept and for how long."""
        kept = await asyncio.to_thread(self._cleanup.joined, self._application, guild.id)
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

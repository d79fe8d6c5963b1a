"""The Discord client: intents, cogs, commands, and one place where errors end."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.discord.cogs.ask import AskCog
from bot.discord.cogs.base import DeskCog, Equipment
from bot.discord.cogs.browse import BrowseCog
from bot.discord.cogs.check import CheckCog
from bot.discord.cogs.corpus import CorpusCog
from bot.discord.cogs.drafts import DraftsCog
from bot.discord.cogs.initiatives import InitiativesCog
from bot.discord.cogs.servers import ServersCog
from bot.discord.cogs.sources import SourcesCog
from bot.discord.cogs.talk import TalkCog
from bot.discord.command_sync import CHECKED_EVERY_H, Outcome, sync_commands
from bot.discord.corpus.controls import DraftControl
from bot.discord.delivery import guarded
from bot.discord.permissions import missing_in
from bot.discord.shards import Shards
from bot.discord.translation import CatalogueTranslator
from bot.discord.views import Control
from bot.settings import DiscordSettings

log = logging.getLogger(__name__)

_SYNCED: dict[Outcome, str] = {
    "sent": "commands sent to Discord",
    "unchanged": "commands unchanged",
    "newer": "commands left as they are: a newer Rapporteur on another host sent them",
}

_COGS: tuple[type[DeskCog], ...] = (AskCog, BrowseCog, InitiativesCog, SourcesCog)


def intents_for(settings: DiscordSettings) -> discord.Intents:
    """Return the events to receive: servers and messages, and message texts only where that is set."""
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.message_content = settings.message_content
    return intents


class Tree(app_commands.CommandTree[Any]):
    """The commands; an error that no command answered itself ends here."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """Log the error and tell the person who waits."""
        equipment: Equipment = interaction.client.equipment
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        phrases = equipment.catalogue.of(interaction.locale)
        if interaction.type is not discord.InteractionType.autocomplete:
            await guarded(interaction, _raise(cause), phrases, equipment.settings.max_question)


async def _raise(error: BaseException) -> None:
    raise error


class _Rapporteur(commands.bot.BotBase):
    """What the one-connection and the sharded client have in common."""

    equipment: Equipment
    tree: Tree

    async def setup_hook(self) -> None:
        """Add cogs and controls, then tell Discord about commands that changed."""
        equipment = self.equipment
        for cog in _COGS:
            await self.add_cog(cog(equipment))
        await self.add_cog(CheckCog(equipment, self.tree))
        await self.add_cog(TalkCog(equipment, self._client))
        if equipment.corpus and equipment.caretaker:
            await self.add_cog(CorpusCog(equipment, equipment.corpus))
            await self.add_cog(DraftsCog(equipment, equipment.corpus, self._client))
            await self.add_cog(ServersCog(equipment, equipment.corpus, equipment.caretaker, self._client))
        self._client.add_dynamic_items(Control, DraftControl)
        await self.tree.set_translator(CatalogueTranslator(equipment.catalogue))
        await self._sync_commands()
        self._hourly.start()
        log.info("%s", content_note(equipment.settings))

    @property
    def _client(self) -> discord.Client:
        assert isinstance(self, discord.Client)
        return self

    async def _sync_commands(self) -> None:
        application = self._client.application_id
        assert application is not None
        outcome = await sync_commands(self.tree, application, self.equipment.desk)
        log.info("%s", _SYNCED[outcome])

    @tasks.loop(hours=CHECKED_EVERY_H)
    async def _hourly(self) -> None:
        try:
            if forgotten := await self.equipment.desk.forget_old():
                log.info("forgot %d answers older than %d days", forgotten, self.equipment.settings.keep_days)
            if self._hourly.current_loop:  # at the start they were looked at before
                await self._sync_commands()
        except Exception:  # the next hour may go better
            log.exception("forgetting old answers, or looking after the commands, failed")

    async def on_ready(self) -> None:
        """Say in the log that the bot is there, and which ask channels need more rights."""
        client, settings = self._client, self.equipment.settings
        shards = Shards.of(client)
        log.info("ready as %s in %d servers%s", client.user, len(client.guilds), shards.note())
        for channel_id in settings.ask_channels:
            channel = client.get_channel(channel_id)
            if channel is None and not shards.are_all:  # another host's to say
                continue
            if problem := _ask_channel_problem(channel):
                log.warning("Ask channel %d: %s", channel_id, problem)

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs: there are no prefix commands."""

    async def close(self) -> None:
        """Stop taking questions, let answers in flight arrive, then leave."""
        self._hourly.cancel()
        for name in (DraftsCog.__name__, ServersCog.__name__):  # followers stop; the jobs go on
            await self.remove_cog(name)
        if not await self.equipment.desk.close():
            log.warning(
                "some answers took longer than %.0f s and were left",
                self.equipment.settings.shutdown_timeout_s,
            )
        await super().close()


def _ask_channel_problem(channel: object) -> str | None:
    if not isinstance(channel, discord.abc.GuildChannel):
        return "not found. Check DISCORD_ASK_CHANNELS, or invite the bot to that server."
    missing = missing_in(channel, channel.guild.me)
    return f"allow Rapporteur “{missing}” in #{channel}." if missing else None


def content_note(settings: DiscordSettings) -> str:
    """Say what the message-content intent changes, for the start-up line and the doctor."""
    if settings.message_content:
        return "message-content intent on: ask channels and unpinged messages in threads are answered"
    return (
        "message-content intent off: commands, mentions and replies that ping are answered; ask channels "
        "and unpinged messages in threads need it (developer portal, Bot; then DISCORD_MESSAGE_CONTENT=true)"
    )


class Rapporteur(_Rapporteur, commands.Bot):
    """The bot with one gateway connection."""


class ShardedRapporteur(_Rapporteur, commands.AutoShardedBot):
    """The bot with several gateway connections."""


def build_client(equipment: Equipment, **options: Any) -> Rapporteur | ShardedRapporteur:
    """Return the client that the settings ask for, not yet logged in.

    Args:
        options: Further options of `discord.Client`.
    """
    settings = equipment.settings
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing here speaks
    kind: type[Rapporteur | ShardedRapporteur] = Rapporteur
    if settings.shards != 1:
        kind = ShardedRapporteur
        options["shard_count"] = settings.shards or None
        options["shard_ids"] = list(settings.shard_ids) or None
    client = kind(
        command_prefix=(),
        help_command=None,
        intents=intents_for(settings),
        allowed_mentions=discord.AllowedMentions.none(),
        tree_cls=Tree,
        # not where a user installed it: nobody would say when it is to forget that server again
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        chunk_guilds_at_startup=False,
        max_messages=None,
        **options,
    )
    client.equipment = equipment
    return client

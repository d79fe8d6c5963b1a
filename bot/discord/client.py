"""The Discord client: its intents, what it answers, and the commands as Discord has them."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location
from discord.ext import commands, tasks

from bot.discord import Interaction
from bot.discord.answer_store import AnswerStore
from bot.discord.cogs.answers import AnswerControlsCog, AskCog, CheckCog
from bot.discord.cogs.base_cog import BotServices
from bot.discord.cogs.browse import BrowseCog, ComparisonCog, InitiativesCog
from bot.discord.cogs.corpus import CorpusCog
from bot.discord.cogs.messages import MessagesCog
from bot.discord.cogs.paragraphs import ParagraphCog
from bot.discord.cogs.previews import JobLink, JobLinksCog, PreviewsCog
from bot.discord.cogs.servers import PrivacyCog, ServersCog, ServerSettingsCog, SettingControl
from bot.discord.cogs.watching import WatchControl, WatchingCog
from bot.discord.comparison_service import ComparisonService
from bot.discord.corpus.server_cleanup import ServerCleanup
from bot.discord.corpus.service import CorpusService
from bot.discord.delivery import tell_failure
from bot.discord.discord_errors import DISCORD_FAULTS, one_line
from bot.discord.discord_settings import DiscordSettings, content_note
from bot.discord.permissions import missing_in
from bot.discord.question_service import QuestionService
from bot.discord.shards import Shards
from bot.discord.views import Control, DeleteReply, ExampleQuestion
from bot.locales import DEFAULT, Catalogue, load
from retrieval.bootstrap import Services
from retrieval.observing import count

log = logging.getLogger(__name__)

_ALWAYS = (
    AskCog,
    BrowseCog,
    InitiativesCog,
    ComparisonCog,
    ParagraphCog,
    AnswerControlsCog,
    ServerSettingsCog,
    CheckCog,
    MessagesCog,
    PrivacyCog,
)
_KEEPING = (CorpusCog, JobLinksCog, PreviewsCog, WatchingCog, ServersCog)
"""Where there are readouts to keep."""

_FOLLOWERS = (PreviewsCog, WatchingCog, ServersCog, PrivacyCog)
"""Cogs that follow jobs, which go on when the bot ends."""

_DYNAMIC_ITEMS = (Control, JobLink, SettingControl, WatchControl, ExampleQuestion, DeleteReply)
"""What is answered on messages of any age."""

_CONTEXT_MENUS = {"Check against the readouts": "check"}


def build_bot_services(settings: DiscordSettings, services: Services) -> BotServices:
    """Return what the cogs work with, from the services of an open store."""
    answers = AnswerStore(services.ledger)
    questions = QuestionService(settings, services, answers)
    corpus = CorpusService(settings, services, answers)
    server_cleanup = ServerCleanup(services.ledger, corpus, answers, settings.purge_after_days)
    comparing = ComparisonService(questions, services.comparing, services.settings.citation_style)
    catalogue = load(services.settings.reading_room_url)
    return BotServices(questions, comparing, catalogue, settings, corpus, server_cleanup)


class Rapporteur(commands.AutoShardedBot):
    """The bot, with as many gateway connections as the settings say."""

    bot_services: BotServices
    tree: CommandTree
    is_idle = True
    """Once closed: whether no thread works with the store any more."""
    _are_unsent = False

    async def setup_hook(self) -> None:
        """Add cogs and controls, then tell Discord about commands that changed."""
        bot_services, self._connected = self.bot_services, set[int]()
        keeps = bot_services.corpus and bot_services.server_cleanup
        for cog in (*_ALWAYS, *(_KEEPING if keeps else ())):
            await self.add_cog(cog(bot_services, self))
        self.add_dynamic_items(*_DYNAMIC_ITEMS)
        await self.tree.set_translator(CatalogueTranslator(bot_services.catalogue))
        await self._sync_commands()
        self._hourly.start()
        log.info("%s", content_note(bot_services.settings))

    async def _sync_commands(self) -> None:
        """Send the commands that changed; where Discord does not take them now, the next hour may go better."""
        assert self.application_id is not None
        try:
            sent = await sync_commands(self.tree, self.application_id, self.bot_services.questions)
        except DISCORD_FAULTS as error:
            self._are_unsent = True
            log.warning("the commands could not be sent, again within the hour: %s", one_line(error))
        else:
            self._are_unsent = False
            log.info("commands sent to Discord" if sent else "commands unchanged")

    @tasks.loop(hours=1)
    async def _hourly(self) -> None:
        if self._are_unsent:
            await self._sync_commands()
        try:
            if forgotten := await self.bot_services.questions.forget_old():
                days = self.bot_services.settings.keep_days
                log.info("forgot %d answers older than %d days", forgotten, days)
        except Exception:  # the next hour may go better
            log.exception("forgetting old answers failed")

    async def on_ready(self) -> None:
        """Say in the log that the bot is there, and which ask channels need more rights."""
        settings, shards = self.bot_services.settings, Shards.of(self)
        log.info("ready as %s in %d servers%s", self.user, len(self.guilds), shards.note())
        for channel_id in settings.ask_channels:
            channel = self.get_channel(channel_id)
            if channel is None and not shards.are_all:  # another host's to say
                continue
            if problem := _ask_channel_problem(channel):
                log.warning("Ask channel %d: %s", channel_id, problem)

    async def on_shard_connect(self, shard: int) -> None:
        """Count a connection that has to begin anew."""
        if shard in self._connected:
            count("gateway_reconnects", how="identified")
        self._connected.add(shard)

    async def on_shard_resumed(self, _shard: int) -> None:
        """Count a connection that goes on where it was."""
        count("gateway_reconnects", how="resumed")

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs: there are no prefix commands."""

    async def close(self) -> None:
        """Stop taking questions, let answers in flight arrive, then leave."""
        self._hourly.cancel()
        for cog in _FOLLOWERS:  # the jobs go on
            await self.remove_cog(cog.__name__)
        self.is_idle = await self.bot_services.questions.close()
        await super().close()


def _ask_channel_problem(channel: object) -> str | None:
    if not isinstance(channel, discord.abc.GuildChannel):
        return "not found. Check DISCORD_ASK_CHANNELS, or invite the bot to that server."
    missing = missing_in(channel, channel.guild.me)
    return f"allow Rapporteur “{missing}” in #{channel}." if missing else None


def build_client(bot_services: BotServices, **options: Any) -> Rapporteur:
    """Return the client that the settings ask for, not yet logged in.

    Args:
        options: Further options of `discord.Client`.
    """
    settings = bot_services.settings
    intents = discord.Intents.none()  # servers, messages, reactions, and message texts only where that is set
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.guild_reactions = intents.dm_reactions = True
    intents.message_content = settings.message_content
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing here speaks
    client = Rapporteur(
        command_prefix=(),
        help_command=None,
        intents=intents,
        allowed_mentions=discord.AllowedMentions.none(),
        tree_cls=CommandTree,
        shard_count=settings.shards or None,
        shard_ids=list(settings.shard_ids) or None,  # type: ignore[arg-type]  # it may be None
        # not where a user installed it: nobody would say when it is to forget that server again
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        chunk_guilds_at_startup=False,
        max_messages=None,
        **options,
    )
    client.bot_services = bot_services
    return client


class CatalogueTranslator(app_commands.Translator):
    """Finds `command.<name>.…` in the language files; what a file lacks stays English."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def translate(
        self,
        string: app_commands.locale_str,  # noqa: ARG002 - where it stands says more than what it says
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the text in the language of `locale`; None leaves it English."""
        phrases = self._catalogue.named(locale)
        key = _key(context)
        if phrases is None or phrases.language == DEFAULT or key is None:
            return None
        return phrases.texts.get(key) or phrases.texts.get(f"command.filters.{key.rpartition('.')[2]}")


def _key(context: app_commands.TranslationContext[Any, Any]) -> str | None:
    match context.location:
        case Location.command_name | Location.group_name:
            return f"command.{_slug(context.data.qualified_name)}.name"
        case Location.command_description | Location.group_description:
            return f"command.{_slug(context.data.qualified_name)}.description"
        case Location.parameter_name:
            return f"command.{_slug(context.data.command.qualified_name)}.{context.data.name}"
        case Location.parameter_description:
            return f"command.{_slug(context.data.command.qualified_name)}.{context.data.name}_description"
        case Location.choice_name:
            return f"corpus.where.{context.data.value}"
        case _:
            return None


def _slug(name: str) -> str:
    return _CONTEXT_MENUS.get(name, name.replace(" ", "."))


class CommandTree(app_commands.CommandTree[Any]):
    """The commands; an error that no command answered itself ends here."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Log the error and tell the person who waits."""
        bot_services: BotServices = interaction.client.bot_services
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        phrases = bot_services.catalogue.of(interaction.locale)
        if interaction.type is not discord.InteractionType.autocomplete:
            async with tell_failure(interaction, phrases, bot_services.settings.max_question):
                raise cause


Tree = app_commands.CommandTree[Any]


async def sync_commands(tree: Tree, application: int, questions: QuestionService) -> bool:
    """Send the commands where they are not what Discord was told last; returns whether they were sent.

    Discord takes 200 new commands a day and keeps them: of several hosts with the same ones, the first sends them.
    """
    key, fingerprint = f"commands:{application}", await _fingerprint_of(tree)
    if await questions.look_ups.run(questions.answers.state, key) == fingerprint:
        return False
    await tree.sync()
    await questions.look_ups.run(questions.answers.set_state, key, fingerprint)
    return True


async def _fingerprint_of(tree: Tree) -> str:
    """Return a hash of everything that `tree.sync` would send."""
    translator = tree.translator
    assert translator is not None
    payload = [
        await command.get_translated_payload(tree, translator)
        for kind in discord.AppCommandType
        for command in tree.get_commands(type=kind)
    ]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

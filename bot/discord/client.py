"""The Discord client: intents, cogs, and `rapporteur run`, which keeps it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.discord.command_tree import CatalogueTranslator, CommandTree, sync_commands
from bot.discord.discord_errors import DISCORD_FAULTS, OneLineFaults, one_line
from bot.discord.discord_settings import DiscordSettings
from bot.discord.permissions import invite_link, missing_in
from bot.discord.shards import Shards
from retrieval.errors import RapporteurError

if TYPE_CHECKING:
    from bot.discord.cogs.base import BotServices
    from retrieval.bootstrap import Services
    from retrieval.ingest import JobRow

log = logging.getLogger(__name__)


def intents_for(settings: DiscordSettings) -> discord.Intents:
    """Return the events to receive: servers, messages, reactions, and message texts only where that is set."""
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.guild_reactions = intents.dm_reactions = True
    intents.message_content = settings.message_content
    return intents


class Rapporteur(commands.AutoShardedBot):
    """The bot, with as many gateway connections as the settings say."""

    bot_services: BotServices
    tree: CommandTree
    is_idle = True
    """Once closed: whether no thread works with the store any more."""
    _followers: tuple[str, ...] = ()
    _are_unsent = False

    async def setup_hook(self) -> None:
        """Add cogs and controls, then tell Discord about commands that changed."""
        from bot.discord.assembly import DYNAMIC_ITEMS, FOLLOWERS, build_cogs

        bot_services = self.bot_services
        for cog in build_cogs(self, bot_services):
            await self.add_cog(cog)
        self._followers = FOLLOWERS
        self.add_dynamic_items(*DYNAMIC_ITEMS)
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

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the cogs: there are no prefix commands."""

    async def close(self) -> None:
        """Stop taking questions, let answers in flight arrive, then leave."""
        self._hourly.cancel()
        for name in self._followers:  # the jobs go on
            await self.remove_cog(name)
        self.is_idle = await self.bot_services.questions.close()
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


def build_client(bot_services: BotServices, **options: Any) -> Rapporteur:
    """Return the client that the settings ask for, not yet logged in.

    Args:
        options: Further options of `discord.Client`.
    """
    settings = bot_services.settings
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing here speaks
    client = Rapporteur(
        command_prefix=(),
        help_command=None,
        intents=intents_for(settings),
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


EXIT_DONE, EXIT_FAILED = 0, 1

_LOGIN_S = 15.0
_LEAVING_S = 1.0


def run(settings: DiscordSettings, services: Services) -> int:
    """Run the bot until SIGTERM or SIGINT; return the exit status."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneLineFaults())
    return asyncio.run(_run(settings, services))


async def _run(settings: DiscordSettings, services: Services) -> int:
    from bot.discord.assembly import build_bot_services
    from bot.discord.running import serve, supervised
    from retrieval.ingest.job_worker import JobWorker

    bot_services = build_bot_services(settings, services)
    questions, corpus = bot_services.questions, bot_services.corpus
    assert corpus is not None
    client = build_client(bot_services)
    worker = JobWorker(
        services.ledger, services.ingesting, services.index_sync, purpose="rapporteur run", on_ended=_note
    )
    stopping = asyncio.create_task(_told_to_stop(settings.shutdown_timeout_s))
    with supervised(client, services, questions):
        warming = asyncio.create_task(questions.warm_up(lambda: _ask_something(services)))
        worker.start()
        serving = asyncio.create_task(serve(client, settings, services.ledger))
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            await asyncio.wait({warming})
        await client.close()
        status = await _status_of(serving)
        stopping.cancel()
        await asyncio.to_thread(worker.stop)
        is_idle = await corpus.close() and client.is_idle
        warming.cancel()
    log.info("stopped")
    if not is_idle:
        _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process at once, with the store left as it is: it survives that."""
    log.warning("something is still at work; leaving it")
    logging.shutdown()
    os._exit(status)


async def _status_of(serving: asyncio.Task[None]) -> int:
    """Return the exit status, having said in a sentence what the operator has to do."""
    serving.cancel()
    (ended,) = await asyncio.gather(serving, return_exceptions=True)
    match ended:
        case discord.LoginFailure():
            return _failed(
                "Discord refused the token. Copy a new one from the developer portal (Bot, Reset Token) "
                "into DISCORD_TOKEN."
            )
        case discord.PrivilegedIntentsRequired():
            return _failed(
                "Discord refused the message-content intent. Switch it on in the developer portal (Bot, Message "
                "Content Intent), or set DISCORD_MESSAGE_CONTENT=false."
            )
        case None | asyncio.CancelledError():
            return EXIT_DONE
        case RapporteurError():
            return _failed(str(ended))
        case discord.ConnectionClosed():
            return _failed(f"Discord closed the connection for good: {one_line(ended)}.")
        case _:
            raise ended


def _note(ended: JobRow) -> None:
    if ended.error:
        log.warning("job %d failed: %s", ended.pk, ended.error)
    else:
        log.info("job %d is done", ended.pk)


def _failed(sentence: str) -> int:
    log.error(sentence)
    return EXIT_FAILED


async def _told_to_stop(timeout_s: float) -> None:
    """Wait for SIGTERM or SIGINT, and see to it that the process then ends in time, whatever hangs."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, told.set)
        except NotImplementedError:  # Windows has no such handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(told.set))
    await told.wait()
    log.info("told to stop: answers in flight arrive first")
    timer = threading.Timer(timeout_s + _LEAVING_S, _leave, [EXIT_DONE])
    timer.daemon = True
    timer.start()


def _ask_something(services: Services) -> None:
    """Load encoder, index and language detection, a second altogether, before members wait for it.

    The Spanish question is there for the last of them: loaded amid fifty questions it held them all up for
    2.5 s (`bench/discord_load.py`).
    """
    for question in ("Where was the meeting held?", "¿Dónde se celebró la reunión?"):
        services.answering.quote(question)


def examine_discord(settings: DiscordSettings) -> list[str]:
    """Log in, without going online, and return what was found, one sentence each.

    Raises:
        RapporteurError: The bot could not run like this; says what to do.
    """
    return asyncio.run(_examined(settings))


async def _examined(settings: DiscordSettings) -> list[str]:
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            async with asyncio.timeout(_LOGIN_S):
                await client.login(settings.token.get_secret_value())
        except discord.LoginFailure:
            raise RapporteurError(
                "Discord refused the token. Copy a new one from the developer portal (Bot, Reset Token)."
            ) from None
        except (OSError, TimeoutError, discord.HTTPException) as error:
            raise RapporteurError(
                f"Discord could not be reached ({type(error).__name__}). Check the network, then try again."
            ) from error
        return _found(client, settings)


def _found(client: discord.Client, settings: DiscordSettings) -> list[str]:
    assert client.user is not None
    assert client.application_id is not None
    flags = client.application_flags
    enabled = flags.gateway_message_content or flags.gateway_message_content_limited
    if settings.message_content and not enabled:
        raise RapporteurError(
            "DISCORD_MESSAGE_CONTENT is on, the intent is not. Switch it on in the developer portal (Bot, "
            "Message Content Intent), or set DISCORD_MESSAGE_CONTENT=false."
        )
    found = [f"the token is {client.user}'s", content_note(settings)]
    if settings.ask_channels and not settings.message_content:
        found.append("DISCORD_ASK_CHANNELS has no effect without DISCORD_MESSAGE_CONTENT=true")
    return [*found, f"invite: {invite_link(client.application_id)}"]

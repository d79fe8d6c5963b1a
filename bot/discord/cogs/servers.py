"""Servers and their people: what a server chooses, what is kept of both, and how it is forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands, tasks
from discord.ui import ActionRow, Button, ChannelSelect, LayoutView, Select, Separator, TextDisplay

from bot.discord import Interaction
from bot.discord.answer_store import Withdrawn
from bot.discord.cogs.base_cog import BaseCog, BotServices, channel_of, guarded
from bot.discord.delivery import in_time, say, show, show_in_place
from bot.discord.discord_markdown import escape, shortened
from bot.discord.pages import Tone
from bot.discord.permissions import caller_of, guild_of, missing_in
from bot.discord.server_settings import NAMES, READER, ServerSettings
from bot.discord.shards import Shards
from bot.discord.views import LastingItem, box, message_view, text_view
from bot.locales import DEFAULT, Phrases
from retrieval.search.scoping import Filters

log = logging.getLogger(__name__)

_NAMED = 10
"""How many messages that could not be emptied are linked to."""

_ANNOUNCEMENTS = "announcements"
_MOST_CHANNELS = 25
_CHANNELS = (discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum)
_ON, _OFF, _ENVIRONMENT = "on", "off", "environment"
_MAX_SHOWN = 800


class SettingControl(LastingItem, template=r"setting:(?P<name>[a-z_]+)(?P<reset>:reset)?"):
    """A select or button of the panel; the `setting_control` event hands it to the cog, after a restart too."""

    event = "setting_control"


class ServerSettingsCog(BaseCog):
    """Shows and changes what a server chose; each click is decided by who clicks, at that moment."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        self._desk = bot_services.corpus.watching if bot_services.corpus else None

    @app_commands.command(
        name="settings", description="What this server chose: channels, threads, language, privacy"
    )
    @app_commands.default_permissions(manage_guild=True)  # hides the command; the check below decides
    @guarded
    async def settings_of(self, interaction: Interaction) -> None:
        """Show the panel."""
        guild = self.admitted(interaction)
        view = await in_time(interaction, self._panel(interaction, guild), ephemeral=True)
        await show(interaction, view, ephemeral=True)

    @commands.Cog.listener()
    @guarded
    async def on_setting_control(self, interaction: Interaction, control: SettingControl) -> None:
        """Change what a control says."""
        data: Any = interaction.data or {}
        values = [str(each) for each in data.get("values", ())]
        guild, name = self.admitted(interaction), control.match["name"]
        work: Coroutine[Any, Any, object]
        if name == _ANNOUNCEMENTS and self._desk is not None:
            channel = next(iter(_there(guild, _ids(values))), None)
            work = self._desk.announce(caller_of(interaction), channel, self.phrases(interaction))
        elif name in NAMES:
            value = None if control.match["reset"] else self._chosen(name, guild, values)
            work = self.servers.choose(guild.id, name, value)
        else:
            return
        await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, await self._panel(interaction, guild))

    def _chosen(self, name: str, guild: discord.Guild, values: Sequence[str]) -> Any:
        """Return what a select's values stand for; what it did not offer stands for the environment's choice."""
        if name == "ask_channels":
            return _there(guild, _ids(values))
        picked = values[0] if values else _ENVIRONMENT
        if name == "language":
            return picked if picked in self.catalogue.languages else None
        return {_ON: True, _OFF: False}.get(picked)

    async def _panel(self, interaction: Interaction, guild: discord.Guild) -> LayoutView:
        phrases = self.phrases(interaction)
        server = await self.servers.of(guild.id)
        container = box(f"### {phrases('settings.title')}", Tone.LISTED)
        for name in NAMES:
            container.add_item(Separator())
            container.add_item(TextDisplay(self._told(name, server, guild, phrases)))
            for row in self._rows(name, server, guild, phrases):
                container.add_item(ActionRow(*row))
        if self._desk is not None:
            announced = await self.look_up(self._desk.announcing.chosen, guild.id)
            channels = _there(guild, [announced] if announced else [])
            told = f"**{phrases(f'settings.{_ANNOUNCEMENTS}')}**: {_mentioned(channels, phrases)}"
            container.add_item(Separator())
            container.add_item(TextDisplay("\n".join([told, *_warned(guild, channels, phrases)])))
            container.add_item(ActionRow(_channels_of(_ANNOUNCEMENTS, channels, 1, phrases)))
        filters = await self.questions.channel_filters(channel_of(interaction.channel))
        container.add_item(Separator())
        container.add_item(TextDisplay("\n".join(self._notes(filters, phrases))))
        return message_view(container)

    def _told(self, name: str, server: ServerSettings, guild: discord.Guild, phrases: Phrases) -> str:
        origin = phrases("settings.here" if name in server.chosen else "settings.environment")
        value = self._value(name, getattr(server, name), guild, phrases)
        told = f"**{phrases(f'settings.{name}')}**: {value} ({origin})"
        channels = server.ask_channels if name == "ask_channels" else ()
        return "\n".join([told, *_warned(guild, channels, phrases)])

    def _value(self, name: str, value: Any, guild: discord.Guild, phrases: Phrases) -> str:
        if name == "ask_channels":
            return _mentioned(_there(guild, value), phrases)
        if name == "language":
            known = self.catalogue.languages
            return phrases("settings.reader") if value == READER else known[value]("language")
        return phrases("settings.on" if value else "settings.off")

    def _rows(
        self, name: str, server: ServerSettings, guild: discord.Guild, phrases: Phrases
    ) -> Iterator[list[SettingControl]]:
        custom_id, value = f"setting:{name}", getattr(server, name)
        if name == "ask_channels":
            yield [_channels_of(name, _there(guild, value), _MOST_CHANNELS, phrases)]
            if name in server.chosen:
                button: Button[Any] = Button(label=phrases("settings.reset"), custom_id=f"{custom_id}:reset")
                yield [SettingControl(button)]
            return
        held = value if name == "language" else _ON if value else _OFF
        held = held if name in server.chosen else _ENVIRONMENT
        usual = self._value(name, getattr(self.servers.defaults, name), guild, phrases)
        offered = {_ENVIRONMENT: f"{usual} ({phrases('settings.environment')})"}
        if name == "language":
            offered |= {code: each("language") for code, each in self.catalogue.languages.items()}
        else:
            offered |= {_ON: phrases("settings.on"), _OFF: phrases("settings.off")}
        options = [discord.SelectOption(label=v, value=k, default=k == held) for k, v in offered.items()]
        yield [SettingControl(Select(custom_id=custom_id, options=options))]

    def _notes(self, filters: Filters, phrases: Phrases) -> Iterator[str]:
        asks = _narrowing(filters) or phrases("settings.all_readouts")
        yield phrases("settings.scope", readouts=escape(shortened(asks, _MAX_SHOWN)))
        if not self.settings.message_content:
            yield f"-# {phrases('settings.no_content')}"
        if self.settings.admin_roles:
            roles = ", ".join(self.settings.admin_roles)
            yield f"-# {phrases('settings.admin_roles', roles=escape(shortened(roles, _MAX_SHOWN)))}"


def _there(guild: discord.Guild, channels: Iterable[int]) -> list[int]:
    """Return those of the channels that are this server's: the environment names others' as well."""
    return [each for each in channels if guild.get_channel_or_thread(each) is not None]


def _ids(values: Iterable[str]) -> list[int]:
    return [int(each) for each in values if each.isdecimal()]


def _mentioned(channels: Iterable[int], phrases: Phrases) -> str:
    return " ".join(f"<#{each}>" for each in channels) or phrases("settings.none")


def _channels_of(name: str, chosen: Sequence[int], most: int, phrases: Phrases) -> SettingControl:
    """Return a select of up to so many channels; in a forum nothing can be announced."""
    kind = discord.SelectDefaultValueType.channel
    marked = [  # Discord has ids as texts, and discord.py sends on what it is given
        discord.SelectDefaultValue(id=str(each), type=kind)  # type: ignore[arg-type]
        for each in chosen[:most]
    ]
    return SettingControl(
        ChannelSelect(
            custom_id=f"setting:{name}",
            channel_types=list(_CHANNELS if most > 1 else _CHANNELS[:2]),
            min_values=0,
            max_values=most,
            default_values=marked,
            placeholder=phrases("settings.none"),
        )
    )


def _warned(guild: discord.Guild, channels: Iterable[int], phrases: Phrases) -> Iterator[str]:
    """Yield what is said of the channels that the bot cannot speak in."""
    for each in _there(guild, channels):
        if missing := missing_in(guild.get_channel_or_thread(each), guild.me):
            yield f"⚠ {phrases('error.forbidden', permission=missing, channel=f'<#{each}>')}"


def _narrowing(filters: Filters) -> str:
    named = (filters.issuer, filters.title, *filters.documents)
    span = f"{filters.since or '…'} – {filters.until or '…'}" if filters.since or filters.until else None
    return " · ".join(each for each in (*named, span) if each)


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

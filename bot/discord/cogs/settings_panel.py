"""/settings: what the people who keep a server choose for it, what holds today, and who says so."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.ui import ActionRow, Button, ChannelSelect, LayoutView, Select, Separator, TextDisplay

from bot.discord import Interaction
from bot.discord.cogs.base_cog import BaseCog, BotServices, channel_of, guarded
from bot.discord.delivery import in_time, show, show_in_place
from bot.discord.discord_markdown import escape, shortened
from bot.discord.pages import Tone
from bot.discord.permissions import caller_of, missing_in
from bot.discord.server_settings import NAMES, READER, ServerSettings
from bot.discord.views import LastingItem, box, message_view
from bot.locales import Phrases
from retrieval.search.scoping import Filters

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

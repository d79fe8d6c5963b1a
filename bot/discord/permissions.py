"""Who sees and manages which readouts; what the bot needs in a channel, by the names that Discord shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import discord

from bot.discord import Interaction
from bot.discord.discord_settings import DiscordSettings
from retrieval.models import SHARED

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    read_message_history=True,
    create_public_threads=True,
)
"""What the invite link asks for; nothing that could moderate, mention or manage."""


def invite_link(application_id: int) -> str:
    """Return the link that adds the bot to a server with exactly the permissions it needs."""
    return discord.utils.oauth_url(
        application_id, permissions=NEEDED, scopes=("bot", "applications.commands")
    )


def missing_to_answer(message: discord.Message) -> str | None:
    """Return the permission without which the bot cannot answer where `message` stands, or None."""
    if message.guild is None:
        return None
    return missing_in(message.channel, message.guild.me)


def missing_in(channel: object, me: discord.Member) -> str | None:
    """Return the permission that `me` lacks to speak in `channel`, or None."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return None
    granted = channel.permissions_for(me)
    if not granted.view_channel:
        return "View Channel"
    if isinstance(channel, discord.Thread):
        return None if granted.send_messages_in_threads else "Send Messages in Threads"
    return None if granted.send_messages else "Send Messages"


_MAX_NAME = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who does something, as Discord says at this very interaction.

    Attributes:
        guild: The server it is done in, or None in a direct message.
        roles: Id and name of each of their roles there; not the one that everybody has.
        manages_guild: Whether they have "Manage Server" there.
        application: The bot that they do it with.
    """

    user: int
    name: str = ""
    guild: int | None = None
    roles: tuple[tuple[int, str], ...] = ()
    manages_guild: bool = False
    application: int | None = None

    @property
    def actor(self) -> str:
        """How the audit trail names them: a name may hold anything, so only its plain characters stand."""
        plain = re.sub(r"[^\w.-]", "", self.name)[:_MAX_NAME]
        return f"discord:{self.user} ({plain})" if plain else f"discord:{self.user}"


def caller_of(interaction: Interaction) -> Caller:
    """Return who is behind an interaction."""
    user, guild, application = interaction.user, interaction.guild_id, interaction.application_id
    if guild is None or not isinstance(user, discord.Member):
        return Caller(user.id, user.name, application=application)
    roles = tuple((role.id, role.name) for role in user.roles if role.id != guild)
    granted = interaction.permissions
    manages = granted.manage_guild or granted.administrator
    return Caller(user.id, user.name, guild, roles, manages, application)


def may_manage(caller: Caller, scope: str, settings: DiscordSettings) -> bool:
    """Whether somebody may change, and see the workings of, the readouts of a scope.

    Operators manage the shared readouts wherever they are; a server's admins their own server's, from there.
    """
    if scope == SHARED:
        return caller.user in settings.operators or any(
            role in settings.operators for role, _ in caller.roles
        )
    if caller.guild is None or scope != own_scope(caller.guild):
        return False
    return caller.manages_guild or any(name in settings.admin_roles for _, name in caller.roles)


def is_hidden_from(caller: Caller, settings: DiscordSettings) -> bool:
    """Whether somebody may manage their server's readouts by a role alone: Discord then hides /corpus from them.

    It shows such commands to people with "Manage Server", until an admin of the server says otherwise.
    """
    return not caller.manages_guild and any(name in settings.admin_roles for _, name in caller.roles)


def guild_scopes(guild_id: int | None) -> tuple[str, ...]:
    """Return what may be read in a server: the shared readouts and its own; in a DM the shared ones alone."""
    return (SHARED,) if guild_id is None else (SHARED, own_scope(guild_id))


def own_scope(guild_id: int) -> str:
    """Return the scope of a server's own readouts."""
    return f"guild:{guild_id}"


def guild_of(scope: str) -> int | None:
    """Return the server whose own scope this is; None for the shared one."""
    kind, _, number = scope.partition(":")
    return int(number) if kind == "guild" and number.isdecimal() else None

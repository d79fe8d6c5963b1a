"""What the bot needs in a channel, by the names that Discord's settings show."""

from __future__ import annotations

import discord

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

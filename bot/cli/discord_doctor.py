"""What `rapporteur doctor` says about Discord: token, intents, invite link."""

from __future__ import annotations

import asyncio

import discord

from bot.discord.client import content_note
from bot.discord.permissions import invite_link
from bot.settings import DiscordSettings
from retrieval.errors import RapporteurError

TIMEOUT_S = 15.0


def examine_discord(settings: DiscordSettings) -> list[str]:
    """Log in, without going online, and return what was found, one sentence each.

    Raises:
        RapporteurError: The bot could not run like this; says what to do.
    """
    return asyncio.run(_examine(settings))


async def _examine(settings: DiscordSettings) -> list[str]:
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            async with asyncio.timeout(TIMEOUT_S):
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

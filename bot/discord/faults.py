"""What goes wrong between here and Discord every day: one line each, and never an answer lost for it."""

from __future__ import annotations

import logging
import socket

import aiohttp
import discord

from retrieval.errors import RapporteurError

DISCORD_FAULTS = (
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
    aiohttp.ClientError,
    ConnectionError,
    socket.gaierror,
    TimeoutError,
)
"""What a call to Discord may raise through no fault of the program."""


def is_ours(error: BaseException) -> bool:
    """Whether an error is a fault of the program: only then its traceback is of use."""
    return not isinstance(error, (*DISCORD_FAULTS, RapporteurError))


def one_line(error: BaseException) -> str:
    """Return an error as a log names it: Discord's by its status and code, ours without what it says of a text."""
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status}, code {error.code}: {' '.join(error.text.split())[:200]}"
    said = str(error) if isinstance(error, DISCORD_FAULTS) else ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


class OneLineFaults(logging.Filter):
    """Takes the traceback off records about Discord's everyday faults, discord.py's own among them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, discord.DiscordException) and error.__cause__ is not None:
            error = error.__cause__  # "CommandInvokeError: Command 'ask' raised an exception: NotFound: …"
        if isinstance(error, DISCORD_FAULTS):
            said = " ".join(record.getMessage().split())
            record.msg, record.args = "%s (%s)", (said, one_line(error))
            record.exc_info = record.exc_text = None
        return True

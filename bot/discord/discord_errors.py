"""What goes wrong: what the Discord front end raises on purpose, and the everyday faults of Discord.

RapporteurError (retrieval.errors)
├── LimitedError, BusyError, ClosingError (bot.admission)
├── RefusedError            a sentence of the language files says why (`key`, `values`)
│   └── NotAllowedError       this person may not manage these readouts
└── QuestionError
    └── QuestionTooLongError  (`length`)
"""

from __future__ import annotations

import logging
import socket

import aiohttp
import discord

from bot.admission import BusyError, ClosingError, LimitedError
from bot.locales import Phrases
from retrieval.errors import (
    DamagedError,
    IndexMismatchError,
    IngestBusyError,
    NotFoundError,
    QuestionError,
    RapporteurError,
    StoreError,
)


class QuestionTooLongError(QuestionError):
    """The question has more characters than a question may have.

    Attributes:
        length: How many it has.
    """

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        super().__init__(f"the question has {length} characters; the limit is {limit}")


class RefusedError(RapporteurError):
    """Something that will not be done, and the person who asked is told why.

    Attributes:
        key: The sentence in the language files.
        values: What it names, as markdown.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(key)


class NotAllowedError(RefusedError):
    """This person may not manage these readouts."""


def reply_for(error: BaseException, phrases: Phrases, *, max_question: int) -> str | None:
    """Return the sentence for an error that a user can act on; None for one that is ours."""
    match error:
        case LimitedError(seconds=seconds, whole_server=True):
            return phrases("error.rate_server", seconds=seconds)
        case LimitedError(seconds=seconds):
            return phrases("error.rate", seconds=seconds)
        case BusyError():
            return phrases("error.busy")
        case ClosingError():
            return phrases("error.closing")
        case QuestionTooLongError(length=length):
            return phrases("error.question_long", length=length, limit=max_question)
        case QuestionError():
            return phrases("error.question", limit=max_question)
        case RefusedError(key=key, values=values):
            return phrases(key, **values)
        case NotFoundError():  # a channel asks readouts that are gone
            return phrases("error.none_passes")
        case IngestBusyError():  # who is at it may be of another server
            return phrases("corpus.busy")
        case IndexMismatchError():
            return phrases("error.reindexed")
        case DamagedError():
            return phrases("error.damaged")
        case StoreError():
            return phrases("error.unavailable")
        case _:
            return None


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

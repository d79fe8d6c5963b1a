"""Answering an interaction: in time, in pages, and never with a traceback or silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord

from bot.discord import Interaction
from bot.discord.discord_errors import DISCORD_FAULTS, is_ours, one_line, reply_for
from bot.discord.discord_markdown import shortened
from bot.discord.pages import Page, Tone
from bot.discord.screen import InteractionScreen, Rank
from bot.discord.views import page_view, text_view, with_delete
from bot.locales import Phrases
from bot.monitoring import request_id
from retrieval.answering.models import Answer
from retrieval.errors import IndexMismatchError
from retrieval.observing import count

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_S = 0.25
"""How long an interaction may stay unanswered before it is acknowledged; Discord allows 3 s."""

_TYPING_EVERY_S = 8.0
_MAX_THREAD_NAME = 100


async def in_time(
    interaction: Interaction, work: Coroutine[Any, Any, T], *, ephemeral: bool, in_place: bool = False
) -> T:
    """Return what `work` returns, having acknowledged the interaction if that takes a while.

    A quick answer goes out in one piece instead of replacing a "thinking" message; so do refusals, which
    then only the asker sees.

    Args:
        in_place: What comes will take the place of the message that was clicked, not be a new one.
    """
    screen = InteractionScreen.of(interaction)
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=PATIENCE_S)
        if not task.done():
            await screen.acknowledge(ephemeral=ephemeral, in_place=in_place)
        return await task
    finally:
        task.cancel()


async def respond(
    interaction: Interaction,
    pages: Sequence[Page],
    phrases: Phrases,
    *,
    answer: str | None = None,
    ephemeral: bool = False,
) -> list[int]:
    """Send `pages`, the first as the interaction's own message; return the messages' ids."""
    screen = InteractionScreen.of(interaction)
    for number, page in enumerate(pages):
        view = page_view(page, phrases, answer=answer, number=number)
        if answer is not None and not ephemeral and number == len(pages) - 1:
            with_delete(view, answer)
        if number:
            await screen.add(view, ephemeral=ephemeral)
        else:
            await show(interaction, view, ephemeral=ephemeral)
    return screen.ids


async def show(
    interaction: Interaction,
    view: discord.ui.LayoutView,
    files: Sequence[discord.File] = (),
    *,
    ephemeral: bool,
) -> None:
    """Send `view`, and the files that it shows, as the interaction's own message."""
    await InteractionScreen.of(interaction).put(Rank.ANSWER, view, files, ephemeral=ephemeral)


async def show_in_place(
    interaction: Interaction, view: discord.ui.LayoutView, files: Sequence[discord.File] = ()
) -> None:
    """Put `view`, and the files that it shows, in the place of the message that was clicked."""
    screen = InteractionScreen.of(interaction)
    await screen.put(Rank.ANSWER, view, files, ephemeral=True, in_place=True)


async def attach(interaction: Interaction, *files: discord.File) -> None:
    """Send files to the person who asked."""
    if interaction.response.is_done():
        await interaction.edit_original_response(attachments=files)
    else:
        await interaction.response.send_message(files=files, ephemeral=True)


async def say(interaction: Interaction, sentence: str, tone: Tone = Tone.FAILED) -> None:
    """Send one sentence to the person who asked, in place of what they wait for, and of nothing better.

    Args:
        tone: Most say why something was not done.
    """
    await InteractionScreen.of(interaction).put(Rank.NOTICE, text_view(sentence, tone), ephemeral=True)


@asynccontextmanager
async def typing(channel: discord.abc.Messageable) -> AsyncIterator[None]:
    """Show in a channel that an answer is being written, for as long as the block lasts and Discord lets it."""

    async def type_on() -> None:
        try:
            while True:
                await channel.typing()
                await asyncio.sleep(_TYPING_EVERY_S)
        except DISCORD_FAULTS as error:
            log.info("no typing shown: %s", one_line(error))

    task = asyncio.create_task(type_on())
    try:
        yield
    finally:
        task.cancel()


async def open_thread(message: discord.PartialMessage | discord.Message, question: str) -> None:
    """Open a thread on an answer, where follow-ups can be asked; a line in the log where that can't be."""
    try:
        await message.create_thread(name=shortened(question, _MAX_THREAD_NAME), auto_archive_duration=1_440)
    except discord.Forbidden:
        way_out = "allow Rapporteur “Create Public Threads” there, or set DISCORD_ANSWER_THREADS=false."
        log.warning("No thread opened in channel %s: %s", message.channel.id, way_out)
    except (*DISCORD_FAULTS, ValueError) as error:
        log.warning("no thread opened in channel %s: %s", message.channel.id, one_line(error))


def sentence_for(error: BaseException, phrases: Phrases, max_question: int) -> str:
    """Return what the user reads; an error that is ours goes to the log under an id that they can name."""
    known = reply_for(error, phrases, max_question=max_question)
    if known is not None:
        if isinstance(error, IndexMismatchError):  # only whoever runs the bot can mend it
            log.error("%s", error)
        else:
            log.info("refused: %s", type(error).__name__)
        count("refusals", reason=type(error).__name__)
        return known
    reference = request_id()
    count("failures")
    log.error("failed, reference %s", reference, exc_info=error)
    return phrases("error.failed", reference=reference)


def note_what_stays(error: BaseException) -> None:
    """Log an error that came after words of a readout were shown: they stay."""
    cause = error if is_ours(error) else None
    log.warning("what is on the screen stays: %s", one_line(error), exc_info=cause)


@asynccontextmanager
async def tell_failure(interaction: Interaction, phrases: Phrases, max_question: int) -> AsyncIterator[None]:
    """Whatever the block raises becomes one sentence for the person who waits."""
    try:
        yield
    except Exception as error:
        if InteractionScreen.of(interaction).shows_words:
            note_what_stays(error)
        else:
            await say(interaction, sentence_for(error, phrases, max_question))


class Found:
    """Hands what was found from the thread that answers to the event loop, and waits until it is shown."""

    def __init__(self, show: Callable[[Answer], Awaitable[None]]) -> None:
        self.answer: Answer | None = None
        self._show = show
        self._loop = asyncio.get_running_loop()
        self._told: Future[None] | None = None

    def tell(self, answer: Answer) -> None:
        """Have `answer` shown; called on any thread, returns at once."""
        self.answer = answer
        self._told = asyncio.run_coroutine_threadsafe(self._shown(answer), self._loop)

    async def _shown(self, answer: Answer) -> None:
        try:
            await self._show(answer)
        except Exception as error:  # the answer itself is still to come
            log.warning("what was found could not be shown: %s", one_line(error), exc_info=is_ours(error))

    async def shown(self) -> None:
        """Wait until it is shown; nothing is shown afterwards."""
        if self._told is not None:
            await asyncio.wrap_future(self._told)

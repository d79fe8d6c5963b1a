"""Answering an interaction: in time, in pages, and never with a traceback or silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import discord

from bot.discord import Interaction
from bot.discord.pages import Page
from bot.discord.refusals import failure, reply_for
from bot.discord.views import page_view, text_view
from bot.locales import Phrases
from bot.logs import request_id
from retrieval.errors import IndexMismatchError
from retrieval.observing import count

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_S = 0.25
"""How long an interaction may stay unanswered before it is acknowledged; Discord allows 3 s."""


async def in_time(
    interaction: Interaction,
    work: Coroutine[Any, Any, T],
    *,
    ephemeral: bool,
    in_place: bool = False,
    acknowledging: asyncio.Lock | None = None,
) -> T:
    """Return what `work` returns, having acknowledged the interaction if that takes a while.

    A quick answer goes out in one piece instead of replacing a "thinking" message; so do refusals, which
    then only the asker sees.

    Args:
        in_place: What comes will take the place of the message that was clicked, not be a new one.
        acknowledging: Held by `work` while it shows something itself, so that nothing is acknowledged twice.
    """
    acknowledging = acknowledging or asyncio.Lock()
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=PATIENCE_S)
        async with acknowledging:
            if not task.done() and not interaction.response.is_done():
                await interaction.response.defer(ephemeral=ephemeral, thinking=not in_place)
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
    ids: list[int] = []
    for number, page in enumerate(pages):
        view = page_view(page, phrases, answer=answer, number=number)
        if number:
            ids.append((await interaction.followup.send(view=view, ephemeral=ephemeral, wait=True)).id)
        else:
            ids += await show(interaction, view, ephemeral=ephemeral)
    return ids


async def show(
    interaction: Interaction,
    view: discord.ui.LayoutView,
    files: Sequence[discord.File] = (),
    *,
    ephemeral: bool,
) -> list[int]:
    """Send `view`, and the files that it shows, as the interaction's own message; return its id where Discord tells it."""
    if interaction.response.is_done():
        return [(await interaction.edit_original_response(view=view, attachments=files)).id]
    sent = await interaction.response.send_message(view=view, ephemeral=ephemeral, files=files)
    return [sent.message_id] if sent.message_id is not None else []


async def show_in_place(
    interaction: Interaction, view: discord.ui.LayoutView, files: Sequence[discord.File] = ()
) -> None:
    """Put `view`, and the files that it shows, in the place of the message that was clicked."""
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view, attachments=files)
    else:
        await interaction.response.edit_message(view=view, attachments=files)


async def attach(interaction: Interaction, *files: discord.File) -> None:
    """Send files to the person who asked."""
    if interaction.response.is_done():
        await interaction.edit_original_response(attachments=files)
    else:
        await interaction.response.send_message(files=files, ephemeral=True)


async def say(interaction: Interaction, sentence: str) -> None:
    """Send one sentence to the person who asked, in place of what they wait for."""
    await show(interaction, text_view(sentence), ephemeral=True)


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
    return failure(phrases, reference)


async def guarded(
    interaction: Interaction, work: Awaitable[None], phrases: Phrases, max_question: int
) -> None:
    """Do `work`; whatever it raises becomes one sentence for the person who waits."""
    try:
        await work
    except Exception as error:
        sentence = sentence_for(error, phrases, max_question)
        with suppress(discord.HTTPException):  # the interaction itself may be what failed
            await say(interaction, sentence)

"""Questions in plain messages: mentions, replies to answers, ask channels, threads, direct messages."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress

import discord
from discord.ext import commands

from bot.discord.cogs.base import BaseCog, BotServices, channel_of, refused
from bot.discord.delivery import note_what_stays, open_thread, sentence_for, typing
from bot.discord.pages import Page
from bot.discord.permissions import missing_to_answer
from bot.discord.question_service import Place, Reply
from bot.discord.screen import MessageScreen, Rank
from bot.discord.views import page_view, text_view
from bot.locales import DEFAULT, Phrases

log = logging.getLogger(__name__)

SIGN_OF_LIFE_S = 4.0
"""After so long a typing indicator is no longer enough: a line appears, which the answer then replaces."""

_ANSWERABLE = {discord.MessageType.default, discord.MessageType.reply}


class MessagesCog(BaseCog):
    """Answers messages that are meant for the bot."""

    def __init__(self, bot_services: BotServices, client: discord.Client) -> None:
        super().__init__(bot_services)
        self._client = client

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message if it is a question to the bot."""
        if message.author.bot or message.type not in _ANSWERABLE or not await self._meant(message):
            return
        with self.questions.busy() as admitted:
            await self._answer(message, admitted=admitted)

    async def _meant(self, message: discord.Message) -> bool:
        if message.guild is None or self._mentioned(message):
            return True
        if not message.content:  # without the message-content intent Discord leaves the text out
            return False
        channel = message.channel
        if (
            isinstance(channel, discord.Thread)
            and self._client.user
            and channel.owner_id == self._client.user.id
        ):
            return True
        if (
            channel.id in self.settings.ask_channels
            or getattr(channel, "parent_id", None) in self.settings.ask_channels
        ):
            return not message.mentions
        replied = _replied_to(message)
        if replied is None or self._is_of_another(message):
            return False
        return await self.look_up(self.answers.of_message, replied) is not None

    def _is_of_another(self, message: discord.Message) -> bool:
        """Whether what is replied to is somebody else's: another bot's answers may stand in the same ledger."""
        to = message.reference.resolved if message.reference else None
        return isinstance(to, discord.Message) and self._client.user != to.author

    def _mentioned(self, message: discord.Message) -> bool:
        me = self._client.user
        if me is None:
            return False
        by_role = any(r.tags is not None and r.tags.bot_id == me.id for r in message.role_mentions)
        return by_role or any(user.id == me.id for user in message.mentions)

    async def _answer(self, message: discord.Message, *, admitted: bool) -> None:
        phrases = self._phrases_for(message)
        missing = missing_to_answer(message)
        if missing:
            await self._explain(message, phrases, missing)
            return
        screen = MessageScreen(message)
        work = self._show_answer(message, phrases, screen)
        try:
            await (work if admitted else refused(work))
        except Exception as error:
            if screen.shows_words:
                note_what_stays(error)
            else:
                await screen.put(Rank.NOTICE, text_view(self._sentence(error, message, phrases)))

    async def _show_answer(self, message: discord.Message, phrases: Phrases, screen: MessageScreen) -> None:
        async with typing(message.channel):
            reply = await self._reply(message, phrases, screen)
        if (
            reply.talk == "members"
            and message.guild
            and not self._mentioned(message)
            and screen.rank is Rank.NOTHING
        ):
            return  # not meant for the bot
        for number, page in enumerate(reply.pages):
            await screen.put_page(number, page_view(page, phrases, answer=reply.id, number=number))
        await screen.finish(len(reply.pages))
        await self.look_up(self.answers.link, reply.id, screen.ids)
        if (
            self.settings.answer_threads
            and not reply.talk
            and screen.first
            and message.guild
            and not _thread(message)
        ):
            await open_thread(screen.first, _question(message))

    def _phrases_for(self, message: discord.Message) -> Phrases:
        """Return the server's language: unlike a command, a message does not say which its author reads."""
        return self.catalogue.of(message.guild.preferred_locale if message.guild else DEFAULT)

    def _sentence(self, error: Exception, message: discord.Message, phrases: Phrases) -> str:
        if not _question(message):
            return phrases("error.question_empty")
        return sentence_for(error, phrases, self.settings.max_question)

    async def _reply(self, message: discord.Message, phrases: Phrases, screen: MessageScreen) -> Reply:
        place = Place(
            user=message.author.id,
            guild=message.guild.id if message.guild else None,
            thread=_thread(message),
            reply_to=_replied_to(message),
            channel=channel_of(message.channel),
        )

        async def show_found(page: Page) -> None:
            await screen.put(Rank.QUOTED, page_view(page, phrases))

        work = self.questions.ask(_question(message), place, phrases, show_found=show_found)
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=SIGN_OF_LIFE_S)
            if not task.done():
                await screen.put(Rank.WAITING, text_view(phrases("answer.looking")))
            return await task
        finally:
            task.cancel()

    async def _explain(self, message: discord.Message, phrases: Phrases, missing: str) -> None:
        """Tell the asker in a direct message, and the operator in the log, which permission is missing."""
        name = f"#{message.channel}"
        log.warning(
            "Cannot answer in %s (channel %s): allow Rapporteur “%s” there.",
            name,
            message.channel.id,
            missing,
        )
        with suppress(discord.HTTPException):
            await message.author.send(
                view=text_view(phrases("error.forbidden", permission=missing, channel=name))
            )


def _question(message: discord.Message) -> str:
    """Return the message without the mention that called the bot."""
    return re.sub(r"<@[!&]?\d+>", " ", message.content).strip()


def _thread(message: discord.Message) -> int | None:
    return message.channel.id if isinstance(message.channel, discord.Thread) else None


def _replied_to(message: discord.Message) -> int | None:
    reference = message.reference
    return reference.message_id if reference and message.type is discord.MessageType.reply else None

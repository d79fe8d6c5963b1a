"""Questions in plain messages: mentions, replies to answers, ask channels, threads, direct messages."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any

import discord
from discord.ext import commands

from bot.discord.cogs.asking import open_thread
from bot.discord.cogs.base import BaseCog, BotServices, channel_of, refused
from bot.discord.delivery import sentence_for
from bot.discord.pages import Page
from bot.discord.permissions import missing_to_answer
from bot.discord.question_service import Place, Reply
from bot.discord.server_settings import ServerSettings
from bot.discord.views import page_view, text_view
from bot.locales import DEFAULT, Phrases
from bot.logs import request

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
        with request(), self.questions.busy() as admitted:
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
        ask_channels = (await self.servers.of(message.guild.id)).ask_channels
        if channel.id in ask_channels or getattr(channel, "parent_id", None) in ask_channels:
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
        server = await self.servers.of(message.guild.id if message.guild else None)
        phrases = self._phrases_for(message, server)
        missing = missing_to_answer(message)
        if missing:
            await self._explain(message, phrases, missing)
            return
        placed = ReplyMessages(message, phrases)
        work = self._show_answer(message, phrases, placed, server)
        try:
            await (work if admitted else refused(work))
        except Exception as error:
            if placed.shows_words:
                log.exception("what was found stays on the screen: the answer failed")
                return
            sentence = self._sentence(error, message, phrases)
            with suppress(discord.HTTPException):
                await placed.say(sentence)

    async def _show_answer(
        self, message: discord.Message, phrases: Phrases, placed: ReplyMessages, server: ServerSettings
    ) -> None:
        async with message.channel.typing():
            reply = await self._reply(message, phrases, placed)
        if (
            reply.talk == "members"
            and message.guild
            and not self._mentioned(message)
            and placed.first is None
        ):
            return  # not meant for the bot
        await self.look_up(self.answers.link, reply.id, await placed.show(reply), message.channel.id)
        if (
            server.answer_threads
            and not reply.talk
            and placed.first
            and message.guild
            and not _thread(message)
        ):
            await open_thread(placed.first, _question(message))

    def _phrases_for(self, message: discord.Message, server: ServerSettings) -> Phrases:
        """Return the server's language: unlike a command, a message does not say which its author reads."""
        if server.language in self.catalogue.languages:
            return self.catalogue.languages[server.language]
        return self.catalogue.of(message.guild.preferred_locale if message.guild else DEFAULT)

    def _sentence(self, error: Exception, message: discord.Message, phrases: Phrases) -> str:
        if not _question(message):
            return phrases("error.question_empty")
        return sentence_for(error, phrases, self.settings.max_question)

    async def _reply(self, message: discord.Message, phrases: Phrases, placed: ReplyMessages) -> Reply:
        place = Place(
            user=message.author.id,
            guild=message.guild.id if message.guild else None,
            thread=_thread(message),
            reply_to=_replied_to(message),
            channel=channel_of(message.channel),
        )
        work = self.questions.ask(_question(message), place, phrases, show_found=placed.show_found)
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=SIGN_OF_LIFE_S)
            if not task.done() and placed.first is None:
                await placed.say(phrases("answer.looking"))
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


class ReplyMessages:
    """The bot's messages in reply to one message; the first of them is written over while work goes on."""

    def __init__(self, message: discord.Message, phrases: Phrases) -> None:
        self._asked = message
        self._phrases = phrases
        self.first: discord.Message | None = None
        self.shows_words = False  # of a readout: no sentence about an error takes their place
        self._sending = asyncio.Lock()

    async def say(self, sentence: str) -> None:
        """Show one sentence."""
        await self._first(text_view(sentence))

    async def show_found(self, page: Page) -> None:
        """Show what was found, until the answer takes its place."""
        await self._first(page_view(page, self._phrases))
        self.shows_words = True

    async def show(self, reply: Reply) -> list[int]:
        """Show an answer; return the ids of its messages."""
        ids: list[int] = []
        for number, page in enumerate(reply.pages):
            view = page_view(page, self._phrases, answer=reply.id, number=number)
            sent = await self._asked.channel.send(view=view) if number else await self._first(view)
            ids.append(sent.id)
        return ids

    async def _first(self, view: discord.ui.LayoutView) -> discord.Message:
        async with self._sending:
            if self.first is not None:
                self.first = await self.first.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
                return self.first
            # `fail_if_not_exists=False`: the question may be deleted while it is being answered.
            reference: Any = self._asked.to_reference(fail_if_not_exists=False) if self._may_reply() else None
            self.first = await self._asked.channel.send(view=view, reference=reference)
            return self.first

    def _may_reply(self) -> bool:
        guild = self._asked.guild
        channel = self._asked.channel
        if guild is None or isinstance(
            channel, discord.DMChannel | discord.GroupChannel | discord.PartialMessageable
        ):
            return True
        return channel.permissions_for(guild.me).read_message_history


def _question(message: discord.Message) -> str:
    """Return the message without the mention that called the bot."""
    return re.sub(r"<@[!&]?\d+>", " ", message.content).strip()


def _thread(message: discord.Message) -> int | None:
    return message.channel.id if isinstance(message.channel, discord.Thread) else None


def _replied_to(message: discord.Message) -> int | None:
    reference = message.reference
    return reference.message_id if reference and message.type is discord.MessageType.reply else None

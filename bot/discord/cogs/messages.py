"""Questions in plain messages: mentions, replies to answers, ask channels, threads, direct messages."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

import discord
from discord.ext import commands

from bot.discord.cogs.base_cog import BaseCog, BotServices, channel_of, refused
from bot.discord.delivery import note_what_stays, open_thread, sentence_for, typing
from bot.discord.discord_errors import DISCORD_FAULTS, one_line
from bot.discord.pages import Page, Tone
from bot.discord.permissions import missing_in
from bot.discord.question_service import Place, Reply
from bot.discord.screen import MessageScreen, Rank
from bot.discord.server_settings import ServerSettings
from bot.discord.views import page_view, text_view, welcome_view, with_delete
from bot.locales import DEFAULT, Phrases
from bot.monitoring import request
from retrieval.answering.question import analyse
from retrieval.answering.rereading import reads_as_question

log = logging.getLogger(__name__)

SIGN_OF_LIFE_S = 4.0
"""After so long a typing indicator is no longer enough: a line appears, which the answer then replaces."""

EDITABLE_S = 600.0
"""For so long after it was written, an edited question is answered again."""

_REMEMBERED = 1_000
_SMALL_TALK = "🙂"
_ANSWERABLE = {discord.MessageType.default, discord.MessageType.reply}


class Meant(Enum):
    """Whom a message is for."""

    BOT = "the bot"
    CONVERSATION = "a conversation with the bot, in its own thread"
    ANYBODY = "whoever reads an ask channel"


@dataclass
class _Asked:
    """A message that was taken for a question, with what replies to it."""

    question: str
    meant: Meant
    screen: MessageScreen
    answer: str | None = None
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)


class MessagesCog(BaseCog):
    """Answers messages that are meant for the bot, and again those that are edited soon."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        self._asked: dict[int, _Asked] = {}

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message if it is a question to the bot."""
        if message.author.bot or message.type not in _ANSWERABLE:
            return
        meant = await self._meant(message)
        if meant is None:
            return
        asked = _Asked(_question(message), meant, MessageScreen(message))
        self._asked[message.id] = asked
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        with request(), self.questions.in_flight as admitted:
            await self._answer(asked, admitted=admitted)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer a question again that is another one now, in the place of the first answer."""
        asked, message = self._asked.get(payload.message_id), payload.message
        is_late = (discord.utils.utcnow() - message.created_at).total_seconds() > EDITABLE_S
        if asked is None or is_late:
            return
        question = _question(message)
        if not question or question == asked.question:  # a link's preview appeared
            return
        asked.question, asked.screen.asked = question, message
        with request(), self.questions.in_flight as admitted:
            async with asked.answering:  # the first answer
                pass
            if asked.answer and await self.look_up(self.answers.get, asked.answer) is None:
                return  # it was taken away
            await self._answer(asked, admitted=admitted)

    async def _meant(self, message: discord.Message) -> Meant | None:
        if message.guild is None or self._mentioned(message):
            return Meant.BOT
        if not message.content:  # without the message-content intent Discord leaves the text out
            return None
        replied, channel = _replied_to(message), message.channel
        if replied is not None:
            to = message.reference.resolved if message.reference else None
            if isinstance(to, discord.Message) and self.client.user != to.author:
                return None  # another bot's answers may stand in the same ledger
            known = await self.look_up(self.answers.of_message, replied) is not None
            return Meant.BOT if known else None
        if message.mentions:
            return None
        me = self.client.user
        if isinstance(channel, discord.Thread) and me and channel.owner_id == me.id:
            return Meant.CONVERSATION
        here = {channel.id, getattr(channel, "parent_id", None)}
        server = await self.servers.of(message.guild.id)
        if not here & set(server.ask_channels):
            return None
        return Meant.BOT if server.ask_everything else Meant.ANYBODY

    def _mentioned(self, message: discord.Message) -> bool:
        me = self.client.user
        if me is None:
            return False
        by_role = any(r.tags is not None and r.tags.bot_id == me.id for r in message.role_mentions)
        return by_role or any(user.id == me.id for user in message.mentions)

    async def _answer(self, asked: _Asked, *, admitted: bool) -> None:
        message = asked.screen.asked
        server = await self.servers.of(message.guild.id if message.guild else None)
        phrases = self._phrases_for(message, server)
        missing = missing_in(message.channel, message.guild.me) if message.guild else None
        if missing:
            if asked.meant is Meant.BOT:
                await self._explain(message, phrases, missing)
            return
        work = self._show_answer(asked, phrases, server)
        async with asked.answering:
            try:
                await (work if admitted else refused(work))
            except Exception as error:
                if asked.screen.shows_words:
                    note_what_stays(error)
                elif asked.meant is not Meant.ANYBODY or reads_as_question(analyse(asked.question)):
                    sentence = sentence_for(error, phrases, self.settings.max_question)
                    await asked.screen.put(Rank.NOTICE, text_view(sentence, Tone.FAILED))

    async def _show_answer(self, asked: _Asked, phrases: Phrases, server: ServerSettings) -> None:
        screen, message = asked.screen, asked.screen.asked
        if not asked.question:
            await self._introduce(screen, phrases)
            return
        if asked.meant is Meant.ANYBODY:  # nobody waits for what may be no question
            reply = await self._reply(asked, phrases)
        else:
            async with typing(message.channel):
                reply = await self._reply(asked, phrases)
        if reply.talk:
            await self._talk(asked, reply, phrases)
            return
        for number, page in enumerate(reply.pages):
            view = page_view(page, phrases, answer=reply.id, number=number)
            if number == len(reply.pages) - 1:
                with_delete(view, reply.id)
            await screen.put_page(number, view)
        await screen.finish(len(reply.pages))
        if asked.answer:
            await self.look_up(self.answers.forget, asked.answer)
        asked.answer = reply.id
        await self.look_up(self.answers.link, reply.id, screen.ids, message.channel.id)
        if server.answer_threads and screen.first and message.guild and not _thread(message):
            await open_thread(screen.first, asked.question)

    async def _talk(self, asked: _Asked, reply: Reply, phrases: Phrases) -> None:
        """Meet what asks nothing with the card, a reaction or nothing; in a first direct message with the card."""
        message = asked.screen.asked
        if asked.meant is Meant.ANYBODY or asked.screen.shows_words:
            return
        was_here = self.answers.has_asked_directly
        is_new = message.guild is None and not await self.look_up(was_here, message.author.id)
        if reply.talk == "about" or is_new:
            await self._introduce(asked.screen, phrases)
        elif reply.talk == "greeting":
            try:
                await message.add_reaction(_SMALL_TALK)
            except DISCORD_FAULTS as error:
                log.info("no reaction in channel %s: %s", message.channel.id, one_line(error))
        elif asked.meant is Meant.BOT:
            for page in reply.pages:
                await asked.screen.put(Rank.NOTICE, page_view(page, phrases))

    async def _introduce(self, screen: MessageScreen, phrases: Phrases) -> None:
        guild = screen.asked.guild.id if screen.asked.guild else None
        examples = await self.questions.examples(guild, phrases)
        await screen.put(Rank.NOTICE, welcome_view(phrases, examples))

    def _phrases_for(self, message: discord.Message, server: ServerSettings) -> Phrases:
        """Return the server's language: unlike a command, a message does not say which its author reads."""
        if server.language in self.catalogue.languages:
            return self.catalogue.languages[server.language]
        return self.catalogue.of(message.guild.preferred_locale if message.guild else DEFAULT)

    async def _reply(self, asked: _Asked, phrases: Phrases) -> Reply:
        screen, message = asked.screen, asked.screen.asked
        place = Place(
            user=message.author.id,
            guild=message.guild.id if message.guild else None,
            thread=_thread(message),
            reply_to=_replied_to(message),
            channel=channel_of(message.channel),
        )

        async def show_found(page: Page) -> None:
            await screen.put(Rank.QUOTED, page_view(page, phrases))

        overheard, before = asked.meant is Meant.ANYBODY, asked.answer
        work = self.questions.ask(
            asked.question, place, phrases, overheard=overheard, instead_of=before, show_found=show_found
        )
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=SIGN_OF_LIFE_S)
            if not task.done() and not overheard:
                await screen.put(Rank.WAITING, text_view(phrases("answer.looking")))
            return await task
        finally:
            task.cancel()

    async def _explain(self, message: discord.Message, phrases: Phrases, missing: str) -> None:
        """Tell the asker in a direct message, and the operator in the log, which permission is missing."""
        name = f"#{message.channel}"
        said = "Cannot answer in %s (channel %s): allow Rapporteur “%s” there."
        log.warning(said, name, message.channel.id, missing)
        sentence = phrases("error.forbidden", permission=missing, channel=name)
        with suppress(discord.HTTPException):
            await message.author.send(view=text_view(sentence, Tone.FAILED))


def _question(message: discord.Message) -> str:
    """Return the message without the mention that called the bot; what opens a post in a forum with its title."""
    text = re.sub(r"<@[!&]?\d+>", " ", message.content).strip()
    post = message.channel
    if not isinstance(post, discord.Thread) or post.id != message.id:
        return text
    if not isinstance(post.parent, discord.ForumChannel):
        return text
    title = post.name.strip()
    return f"{title}{' ' if title[-1:] in '?!.:' else ': '}{text}" if text else title


def _thread(message: discord.Message) -> int | None:
    return message.channel.id if isinstance(message.channel, discord.Thread) else None


def _replied_to(message: discord.Message) -> int | None:
    reference = message.reference
    return reference.message_id if reference and message.type is discord.MessageType.reply else None

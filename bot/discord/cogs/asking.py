"""/ask and “Check against the readouts”: a question or a message in, paragraphs out."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.discord import Interaction
from bot.discord.cogs.base import FILTERS, BaseCog, BotServices, Word, bounded, offering, place_of
from bot.discord.delivery import in_time, open_thread, respond, say, show
from bot.discord.discord_markdown import code
from bot.discord.pages import Page
from bot.discord.screen import InteractionScreen, Rank
from bot.discord.views import page_view
from bot.discord.welcome_card import card_view
from retrieval.errors import NotFoundError
from retrieval.search.scoping import Filters


class AskCog(BaseCog):
    """Answers /ask."""

    @offering
    @app_commands.command(name="ask", description="Ask about the readouts; the answer names its paragraphs")
    @app_commands.describe(
        question="What would you like to know?",
        document="Look in one readout only",
        document2="This readout, too",
        **FILTERS,
    )
    @app_commands.autocomplete(document=BaseCog.document_choices, document2=BaseCog.document_choices)
    async def ask(
        self,
        interaction: Interaction,
        question: str,
        document: str | None = None,
        document2: str | None = None,
        since: Word | None = None,
        until: Word | None = None,
        issuer: Word | None = None,
        title: Word | None = None,
    ) -> None:
        """Answer a question."""
        named = tuple(each for each in (document, document2) if each)
        filters = Filters(named, since, until, issuer, title)
        await self.guarded(interaction, self._ask(interaction, question, filters))

    async def answer(self, interaction: Interaction, question: str) -> None:
        """Answer a question that was clicked."""
        await self.guarded(interaction, self._ask(interaction, question, Filters()))

    async def _ask(self, interaction: Interaction, question: str, typed: Filters) -> None:
        phrases, filters = self.phrases(interaction), bounded(typed)
        server = await self.servers.of(interaction.guild_id)
        private, screen = server.private_answers, InteractionScreen.of(interaction)

        async def show_found(page: Page) -> None:
            await screen.put(Rank.QUOTED, page_view(page, phrases), ephemeral=private)

        work = self.questions.ask(
            question, place_of(interaction), phrases, filters=filters, quoted=True, show_found=show_found
        )
        try:
            reply = await in_time(interaction, work, ephemeral=private)
        except NotFoundError:
            named = filters.documents
            missing = phrases("error.no_readout", document=code(named[0])) if len(named) == 1 else None
            await say(interaction, missing or phrases("error.none_passes"))
            return
        if reply.talk == "about":
            examples = await self.questions.examples(interaction.guild_id, phrases)
            await show(interaction, card_view(phrases, examples), ephemeral=True)
            return
        if reply.talk:
            await respond(interaction, reply.pages, phrases, ephemeral=private)
            return
        ids = await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=private)
        if private:  # nobody can reply to it, and no purge could reach it
            return
        await self.look_up(self.answers.link, reply.id, ids, interaction.channel_id)
        if (
            server.answer_threads
            and interaction.guild_id
            and ids
            and place_of(interaction).thread is None
            and isinstance(interaction.channel, discord.TextChannel)
        ):
            await open_thread(interaction.channel.get_partial_message(ids[0]), question)


class CheckCog(BaseCog):
    """Answers the context menu command of messages."""

    def __init__(self, bot_services: BotServices, tree: app_commands.CommandTree[Any]) -> None:
        super().__init__(bot_services)
        self._tree = tree
        self._menu = app_commands.ContextMenu(name="Check against the readouts", callback=self._callback)

    async def cog_load(self) -> None:
        """Add the command; discord.py takes no context menus from a cog's class."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the command away again."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    async def _callback(self, interaction: Interaction, message: discord.Message) -> None:
        await self.guarded(interaction, self.check(interaction, message))

    async def check(self, interaction: Interaction, message: discord.Message) -> None:
        """Show what the readouts say beside a message, to the person who asked."""
        phrases = self.phrases(interaction)
        claim = message.clean_content.strip()
        if not claim:
            await say(interaction, phrases("check.empty"))
            return
        work = self.questions.check(claim, place_of(interaction), phrases)
        reply = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=True)

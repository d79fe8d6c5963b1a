"""/help, the card with examples, and taking a reply away again."""

from __future__ import annotations

import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.answer_store import ShownAnswer
from bot.discord.cogs.answers import AskCog
from bot.discord.cogs.base import BaseCog, BotServices
from bot.discord.delivery import in_time, say, show
from bot.discord.discord_errors import DISCORD_FAULTS, one_line
from bot.discord.welcome_card import DELETING, DeleteReply, ExampleQuestion, card_view, command_lines

log = logging.getLogger(__name__)


class ConversationCog(BaseCog):
    """Says what the bot is for, asks the examples for whoever clicks them, and takes replies away."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services)
        self._client = client

    @app_commands.command(name="help", description="What to ask, and every command in a line")
    async def help(self, interaction: Interaction) -> None:
        """Show the card with every command."""
        await self.guarded(interaction, self._help(interaction))

    async def _help(self, interaction: Interaction) -> None:
        phrases = self.phrases(interaction)
        work = self.questions.examples(interaction.guild_id, phrases)
        examples = await in_time(interaction, work, ephemeral=True)
        commands_there = command_lines(self._client.tree, phrases, manages=self.manages(interaction))
        await show(interaction, card_view(phrases, examples, commands_there), ephemeral=True)

    @commands.Cog.listener()
    async def on_example(self, interaction: Interaction, example: ExampleQuestion) -> None:
        """Ask an example as if it had been typed."""
        asking = self._client.get_cog(AskCog.__name__)
        assert isinstance(asking, AskCog)
        await asking.answer(interaction, example.question)

    @commands.Cog.listener()
    async def on_delete_reply(self, interaction: Interaction, button: DeleteReply) -> None:
        """Take a reply away for whoever asked, or may take any message away."""
        await self.guarded(interaction, self._delete(interaction, button.match["answer"]))

    async def _delete(self, interaction: Interaction, answer: str) -> None:
        phrases = self.phrases(interaction)
        shown = await self.look_up(self.answers.get, answer)
        if shown is None:
            await say(interaction, phrases("control.expired"))
        elif interaction.user.id != shown.user and not interaction.permissions.manage_messages:
            await say(interaction, phrases("control.not_yours"))
        else:
            await interaction.response.defer()
            await self._take_away(shown, interaction.channel)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Take a reply away where whoever asked reacts with a bin or a cross."""
        if payload.emoji.name not in DELETING:
            return
        answer = await self.look_up(self.answers.of_message, payload.message_id)
        shown = await self.look_up(self.answers.get, answer) if answer else None
        if shown is not None and shown.user == payload.user_id:
            with self.questions.busy():
                channel = self._client.get_partial_messageable(payload.channel_id)
                await self._take_away(shown, channel)

    async def _take_away(self, shown: ShownAnswer, channel: object) -> None:
        """Delete the messages of an answer, and forget it."""
        messages = await self.look_up(self.answers.messages_of, shown.id)
        await self.look_up(self.answers.forget, shown.id)
        for message in messages:
            try:
                if isinstance(
                    channel,
                    discord.TextChannel | discord.Thread | discord.DMChannel | discord.PartialMessageable,
                ):
                    await channel.get_partial_message(message).delete()
            except discord.NotFound:
                pass  # it is gone already
            except DISCORD_FAULTS as error:
                log.warning("a reply could not be taken away: %s", one_line(error))

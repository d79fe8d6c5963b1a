"""What every cog is given, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.corpus.server_cleanup import ServerCleanup
from bot.discord.corpus.service import CorpusService
from bot.discord.delivery import guarded
from bot.discord.discord_markdown import shortened
from bot.discord.discord_settings import DiscordSettings
from bot.discord.permissions import guild_scopes
from bot.discord.question_service import Place, QuestionService
from bot.discord.refusals import ClosingError
from bot.locales import Catalogue, Phrases
from retrieval.search.browsing import ReadoutSummary

MAX_CHOICES = 25
MAX_CHOICE = 100

Work = Callable[[], Coroutine[Any, Any, Any]]
"""Not begun, so that a bot that is closing can leave it."""


@dataclass(frozen=True, slots=True)
class BotServices:
    """What the cogs work with; without `corpus` and `server_cleanup` there is no /corpus."""

    questions: QuestionService
    catalogue: Catalogue
    settings: DiscordSettings
    corpus: CorpusService | None = None
    server_cleanup: ServerCleanup | None = None


class BaseCog(commands.Cog):
    """A cog with the services behind it."""

    def __init__(self, bot_services: BotServices) -> None:
        self.questions = bot_services.questions
        self.answers = self.questions.answers
        self.look_up = self.questions.look_ups.run
        self.catalogue = bot_services.catalogue
        self.settings = bot_services.settings

    def phrases(self, interaction: Interaction) -> Phrases:
        """Return the language of the person who uses the bot."""
        return self.catalogue.of(interaction.locale)

    async def guarded(self, interaction: Interaction, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` as something that a shutdown waits for and that never ends in silence."""
        with self.questions.busy() as admitted:
            phrases = self.phrases(interaction)
            chosen = work if admitted else refused(work)
            await guarded(interaction, chosen, phrases, self.settings.max_question)

    async def readable(self, interaction: Interaction) -> Sequence[ReadoutSummary]:
        """Return the readouts that can be read where somebody uses the bot."""
        return await self.look_up(self.questions.readouts.documents, guild_scopes(interaction.guild_id))

    async def document_choices(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return the readouts whose title or id contains what was typed so far."""
        wanted = typed.casefold().split()
        lines = await self.readable(interaction)
        found = [line for line in lines if _matches(f"{line.title} {line.date or ''} {line.id}", wanted)]
        return [
            app_commands.Choice(name=_choice(line.title, line.date), value=line.id)
            for line in found[:MAX_CHOICES]
        ]


async def refused(work: Coroutine[Any, Any, None]) -> None:
    """Leave `work` undone because the bot is shutting down."""
    work.close()
    raise ClosingError("shutting down")


def _matches(text: str, wanted: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in wanted)


def _choice(title: str, date: str | None) -> str:
    ending = f" – {date}" if date else ""
    return shortened(title or "–", MAX_CHOICE - len(ending)) + ending


def place_of(interaction: Interaction) -> Place:
    """Return who asks, and where."""
    channel = interaction.channel
    thread = channel.id if isinstance(channel, discord.Thread) else None
    return Place(user=interaction.user.id, guild=interaction.guild_id, thread=thread)

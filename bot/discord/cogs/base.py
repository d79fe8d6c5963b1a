"""What every cog is given, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord.corpus.departures import Caretaker
from bot.discord.corpus.desk import CorpusDesk
from bot.discord.delivery import guarded
from bot.discord.errors import ClosingError
from bot.discord.markdown import shortened
from bot.discord.questions import Desk, Place
from bot.locales import Catalogue, Phrases
from bot.settings import DiscordSettings

MAX_CHOICES = 25
MAX_CHOICE = 100

Work = Callable[[], Coroutine[Any, Any, Any]]
"""Not begun, so that a bot that is closing can leave it."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the cogs work with; without `corpus` and `caretaker` there is no /corpus."""

    desk: Desk
    catalogue: Catalogue
    settings: DiscordSettings
    corpus: CorpusDesk | None = None
    caretaker: Caretaker | None = None


class DeskCog(commands.Cog):
    """A cog with the front desk behind it."""

    def __init__(self, equipment: Equipment) -> None:
        self.desk = equipment.desk
        self.catalogue = equipment.catalogue
        self.settings = equipment.settings

    def phrases(self, interaction: discord.Interaction[Any]) -> Phrases:
        """Return the language of the person who uses the bot."""
        return self.catalogue.of(interaction.locale)

    async def guarded(self, interaction: discord.Interaction[Any], work: Coroutine[Any, Any, None]) -> None:
        """Do `work` as something that a shutdown waits for and that never ends in silence."""
        with self.desk.busy() as admitted:
            phrases = self.phrases(interaction)
            chosen = work if admitted else refused(work)
            await guarded(interaction, chosen, phrases, self.settings.max_question)

    async def document_choices(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Return the readouts whose title or id contains what was typed so far."""
        wanted = typed.casefold().split()
        lines = await self.desk.documents(interaction.guild_id)
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


def place_of(interaction: discord.Interaction[Any]) -> Place:
    """Return who asks, and where."""
    channel = interaction.channel
    thread = channel.id if isinstance(channel, discord.Thread) else None
    return Place(user=interaction.user.id, guild=interaction.guild_id, thread=thread)

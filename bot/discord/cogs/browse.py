"""/documents, /paragraph and /about: what is there, and the exact words."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.discord.cogs.base import FILTERS, DeskCog, Word, bounded, offering
from bot.discord.delivery import in_time, respond, say
from bot.discord.markdown import code, escape, shortened
from bot.discord.rendering import Page, render_documents, render_paragraph
from retrieval.errors import NotFoundError
from retrieval.search.scoping import Filters


class BrowseCog(DeskCog):
    """Shows readouts, paragraphs, and what the bot is; each to the person who asks."""

    @offering
    @app_commands.command(name="documents", description="List the readouts")
    @app_commands.describe(**FILTERS)
    async def documents(
        self,
        interaction: discord.Interaction[Any],
        since: Word | None = None,
        until: Word | None = None,
        issuer: Word | None = None,
        title: Word | None = None,
    ) -> None:
        """List the readouts."""
        filters = Filters((), since, until, issuer, title)
        await self.guarded(interaction, self._documents(interaction, filters))

    async def _documents(self, interaction: discord.Interaction[Any], filters: Filters) -> None:
        phrases = self.phrases(interaction)
        work = self.desk.documents(interaction.guild_id, bounded(filters))
        lines = await in_time(interaction, work, ephemeral=True)
        if filters and not lines:
            await say(interaction, phrases("error.none_passes"))
            return
        await respond(interaction, render_documents(lines, phrases), phrases, ephemeral=True)

    @app_commands.command(name="paragraph", description="Show one paragraph in full")
    @app_commands.describe(document="Which readout?", number="The paragraph’s number, as printed")
    async def paragraph(self, interaction: discord.Interaction[Any], document: str, number: str) -> None:
        """Show one paragraph."""
        await self.guarded(interaction, self._paragraph(interaction, document, number))

    @paragraph.autocomplete("document")
    async def _choices(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self.document_choices(interaction, typed)

    async def _paragraph(self, interaction: discord.Interaction[Any], document: str, number: str) -> None:
        phrases = self.phrases(interaction)
        number = number.strip().removeprefix("¶").strip()
        try:
            work = self.desk.paragraph(document, number, interaction.guild_id)
            paragraph = await in_time(interaction, work, ephemeral=True)
        except NotFoundError:
            await say(interaction, await self._missing(interaction, document, number))
            return
        await respond(interaction, render_paragraph(paragraph, (), phrases), phrases, ephemeral=True)

    async def _missing(self, interaction: discord.Interaction[Any], document: str, number: str) -> str:
        known = {line.id for line in await self.desk.documents(interaction.guild_id)}
        key = "error.no_paragraph" if document in known else "error.no_readout"
        shown = {
            "document": code(document),
            "number": escape(shortened(number, 20)),
        }
        return self.phrases(interaction)(key, **shown)

    @app_commands.command(name="about", description="What this bot knows, how it answers, and what it keeps")
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        """Say what the bot knows, how it answers, and what it keeps."""
        await self.guarded(interaction, self._about(interaction))

    async def _about(self, interaction: discord.Interaction[Any]) -> None:
        phrases = self.phrases(interaction)
        lines = await in_time(interaction, self.desk.documents(interaction.guild_id), ephemeral=True)
        model = self.desk.mode.removeprefix("llm:") if self.desk.mode != "extractive" else None
        mode = phrases("about.chosen", model=model) if model else phrases("about.quoted")
        text = phrases(
            "about.text", documents=len(lines), paragraphs=sum(r.paragraphs for r in lines), mode=mode
        )
        told = [text.strip(), f"-# {phrases('about.privacy', days=self.settings.keep_days)}"]
        if model:
            told.append(f"-# {phrases('about.model_privacy', model=model)}")
        await respond(interaction, [Page("\n".join(told))], phrases, ephemeral=True)

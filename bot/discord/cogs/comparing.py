"""/compare and /trace: two readouts side by side, a phrase through all of them; and anything shown as files."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base import FILTERS, BaseCog, BotServices, Word, bounded, offering, place_of
from bot.discord.comparison_service import COMPARISON, TRACE, Asked, Shown
from bot.discord.delivery import attach, in_time, say, show, show_in_place
from bot.discord.discord_markdown import code
from bot.discord.views import Control, sheet_view
from bot.locales import Phrases
from retrieval.errors import NotFoundError
from retrieval.search.scoping import Filters

_MAX_PHRASE = 300
_PICTURE = "use-by-year.png"


class ComparisonCog(BaseCog):
    """Shows what readouts have in common and in what they differ, to the person who asks, a page at a time."""

    def __init__(self, bot_services: BotServices) -> None:
        super().__init__(bot_services)
        assert bot_services.comparing is not None
        self._comparing = bot_services.comparing

    @app_commands.command(
        name="compare", description="Two readouts side by side: what is new, gone, moved or worded otherwise"
    )
    @app_commands.describe(
        before="The earlier readout", after="The later readout", topic="Only what is about this"
    )
    async def compare(
        self,
        interaction: Interaction,
        before: str,
        after: str,
        topic: app_commands.Range[str, 1, _MAX_PHRASE] | None = None,
    ) -> None:
        """Compare two readouts."""
        asked = {"before": before, "after": after, "topic": topic}
        await self.guarded(interaction, self._look(interaction, COMPARISON, asked))

    @compare.autocomplete("before")
    @compare.autocomplete("after")
    async def _choices(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self.document_choices(interaction, typed)

    @offering
    @app_commands.command(name="trace", description="Where a phrase and its close variants stand, by date")
    @app_commands.describe(phrase="Which words?", **FILTERS)
    async def trace(
        self,
        interaction: Interaction,
        phrase: app_commands.Range[str, 1, _MAX_PHRASE],
        since: Word | None = None,
        until: Word | None = None,
        issuer: Word | None = None,
        title: Word | None = None,
    ) -> None:
        """Trace a phrase."""
        await self.guarded(
            interaction, self._trace(interaction, phrase, Filters((), since, until, issuer, title))
        )

    async def _trace(self, interaction: Interaction, phrase: str, typed: Filters) -> None:
        within = bounded(typed)
        names = ("since", "until", "issuer", "title")
        asked = {"phrase": phrase} | {name: getattr(within, name) for name in names}
        await self._look(interaction, TRACE, asked)

    async def _look(self, interaction: Interaction, mode: str, asked: Asked) -> None:
        phrases = self.phrases(interaction)
        work = self._comparing.look(mode, asked, place_of(interaction), phrases)
        try:
            shown = await in_time(interaction, work, ephemeral=True)
        except NotFoundError:  # a trace names no readout
            known = {line.id for line in await self.readable(interaction)}
            missing = next((name for name in (asked["before"], asked["after"]) if name not in known), "")
            await say(interaction, phrases("error.no_readout", document=code(missing or "")))
            return
        await show(interaction, *view_of(shown, 0, phrases), ephemeral=True)

    @commands.Cog.listener()
    async def on_sheet_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control under a comparison or a trace says; under an answer or a list, give it as files."""
        use = self._files if control.action == "files" else self._turn
        await self.guarded(interaction, use(interaction, control))

    async def _turn(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self._comparing.again(control.answer, place_of(interaction), phrases)
        try:
            shown = await in_time(interaction, work, ephemeral=True, in_place=True)
        except NotFoundError:  # one of the readouts is gone
            shown = None
        if shown is None:
            await say(interaction, phrases("control.expired"))
            return
        await show_in_place(
            interaction, *view_of(shown, min(control.page, len(shown.reply.pages) - 1), phrases)
        )

    async def _files(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self._comparing.files(control.answer, interaction.guild_id, phrases)
        try:
            files = await in_time(interaction, work, ephemeral=True)
        except NotFoundError:
            files = None
        if files is None:
            await say(interaction, phrases("control.expired"))
            return
        small = [
            name
            for name, content in files.items()
            if len(content) <= interaction.filesize_limit // len(files)
        ]
        if not small:
            await say(interaction, phrases("initiatives.csv_large"))
            return
        await attach(interaction, *(discord.File(io.BytesIO(files[name]), name) for name in small))


def view_of(shown: Shown, number: int, phrases: Phrases) -> tuple[discord.ui.LayoutView, list[discord.File]]:
    """Return a page of a comparison or a trace, and the file that it shows."""
    picture = [discord.File(io.BytesIO(shown.picture), _PICTURE)] if shown.picture else []
    reply = shown.reply
    name = _PICTURE if picture else None
    return sheet_view(reply.pages, phrases, sheet=reply.id, number=number, picture=name), picture

"""The controls under an answer: open a cited paragraph, copy the citations, translate."""

from __future__ import annotations

from contextlib import suppress

from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base import BaseCog, place_of
from bot.discord.delivery import in_time, respond, say
from bot.discord.pages import Cited, Page
from bot.discord.permissions import guild_scopes
from bot.discord.readout_rendering import citation_text, render_citations, render_paragraph
from bot.discord.views import Control
from retrieval.answering.foreign_questions import LANGUAGES
from retrieval.errors import LanguageModelError, NotFoundError, SettingsError
from retrieval.models import LiveParagraph, Statement

Shown = tuple[Cited, LiveParagraph | None, str | None]
"""What was cited, the paragraph that is shown for it, and when its revision was superseded, if it was."""


class AnswerControlsCog(BaseCog):
    """Answers clicks, each to the reader who clicked."""

    @commands.Cog.listener()
    async def on_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control says."""
        await self.guarded(interaction, self._use(interaction, control))

    async def _use(self, interaction: Interaction, control: Control) -> None:
        match control.action:
            case "copy":
                await self._copy(interaction, control.answer, control.page)
            case "translate":
                await self._translate(interaction, control.answer, control.page)
            case _:
                await self._open(interaction, control.answer, control.page, control.index)

    async def _open(self, interaction: Interaction, answer: str, page: int, index: int) -> None:
        phrases = self.phrases(interaction)
        work = self._paragraphs(interaction, answer, page)
        found = await in_time(interaction, work, ephemeral=True)
        if found is None or index >= len(found):
            await say(interaction, phrases("control.expired"))
            return
        cited, paragraph, superseded = found[index]
        if paragraph is None:
            await say(interaction, phrases("paragraph.gone"))
            return
        changed = paragraph.revision != cited.revision
        spans = () if changed else cited.spans
        table = None if superseded else await self.table_of(interaction, paragraph)
        pages = render_paragraph(
            paragraph, spans, phrases, changed=changed, superseded=superseded, table=table
        )
        await respond(interaction, pages, phrases, ephemeral=True)

    async def _copy(self, interaction: Interaction, answer: str, page: int) -> None:
        phrases = self.phrases(interaction)
        found = await in_time(interaction, self._paragraphs(interaction, answer, page), ephemeral=True)
        if found is None:
            await say(interaction, phrases("control.expired"))
            return
        texts = [
            citation_text(paragraph, cited.spans if paragraph.revision == cited.revision else (), phrases)
            for cited, paragraph, _ in found
            if paragraph is not None
        ]
        if not texts:
            await say(interaction, phrases("paragraph.gone"))
            return
        await respond(interaction, render_citations(texts, phrases), phrases, ephemeral=True)

    async def _translate(self, interaction: Interaction, answer: str, page: int) -> None:
        """Show the quotes of a page with a translation into the reader's language, to that reader alone."""
        phrases = self.phrases(interaction)
        language = LANGUAGES.get(interaction.locale.value.partition("-")[0])
        if language is None:
            await say(interaction, phrases("answer.no_translation"))
            return
        work = self._translated(interaction, answer, page, language)
        try:
            pages = await in_time(interaction, work, ephemeral=True)
        except (LanguageModelError, SettingsError):  # the setting may have changed since the button was shown
            await say(interaction, phrases("answer.translation_failed"))
            return
        if not pages:
            await say(interaction, phrases("control.expired" if pages is None else "paragraph.gone"))
            return
        await respond(interaction, pages, phrases, ephemeral=True)

    async def _translated(
        self, interaction: Interaction, answer: str, page: int, language: str
    ) -> tuple[Page, ...] | None:
        """Return the pages, none where the words are no longer kept; None where the answer is not."""
        found = await self._paragraphs(interaction, answer, page)
        if found is None:
            return None
        statements = [
            Statement(paragraph, start, end)
            for cited, paragraph, _ in found
            if paragraph is not None and paragraph.revision == cited.revision
            for start, end in cited.spans
        ]
        if not statements:
            return ()
        phrases = self.phrases(interaction)
        return await self.questions.translate(statements, language, place_of(interaction), phrases)

    async def _paragraphs(self, interaction: Interaction, answer: str, page: int) -> list[Shown] | None:
        """Return what a page cites; None where the answer is no longer remembered."""
        shown = await self.look_up(self.answers.get, answer)
        if shown is None or page >= len(shown.cited) or shown.guild != interaction.guild_id:
            return None
        return [await self._shown(cited, interaction.guild_id) for cited in shown.cited[page]]

    async def _shown(self, cited: Cited, guild: int | None) -> Shown:
        """Return the words that were quoted; where those are no longer kept, the paragraph as it is now."""
        readouts, scopes = self.questions.readouts, guild_scopes(guild)
        document, revision, number = cited.document, cited.revision, cited.paragraph
        with suppress(NotFoundError):
            return cited, *await self.look_up(readouts.quoted, document, revision, number, scopes)
        with suppress(NotFoundError):
            return cited, await self.look_up(readouts.paragraph, document, number, scopes), None
        return cited, None, None

"""The controls under an answer: copy the citations, see what is closest, translate."""

from __future__ import annotations

from collections.abc import Iterable

from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base import BaseCog, Shown, place_of
from bot.discord.delivery import in_time, respond, say, show
from bot.discord.pages import Page
from bot.discord.quote_rendering import citation_text, render_citations, render_closest
from bot.discord.views import Control, opening_view
from retrieval.answering.foreign_questions import LANGUAGES
from retrieval.errors import LanguageModelError, SettingsError
from retrieval.models import Statement


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
            case "closest":
                await self._closest(interaction, control.answer, control.page)
            case "translate":
                await self._translate(interaction, control.answer, control.page)

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

    async def _closest(self, interaction: Interaction, answer: str, page: int) -> None:
        """Show what is closest to a question that is not answered, to the reader who wants to see it."""
        phrases = self.phrases(interaction)
        found = await in_time(interaction, self._paragraphs(interaction, answer, page), ephemeral=True)
        nearest = _statements(found or ())
        if not nearest:
            await say(interaction, phrases("control.expired" if found is None else "paragraph.gone"))
            return
        (first, *_) = render_closest(nearest, phrases)
        await show(interaction, opening_view(first, phrases, f"{answer}:{page}"), ephemeral=True)

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
        statements = _statements(found)
        if not statements:
            return ()
        phrases = self.phrases(interaction)
        return await self.questions.translate(statements, language, place_of(interaction), phrases)

    async def _paragraphs(self, interaction: Interaction, answer: str, page: int) -> list[Shown] | None:
        """Return what a page cites; None where the answer is no longer remembered."""
        shown = await self.look_up(self.answers.get, answer)
        if shown is None or page >= len(shown.cited) or shown.guild != interaction.guild_id:
            return None
        return [await self.quoted(cited, interaction.guild_id) for cited in shown.cited[page]]


def _statements(found: Iterable[Shown]) -> list[Statement]:
    """Return what was quoted, as far as its words are still kept."""
    return [
        Statement(paragraph, start, end)
        for cited, paragraph, _ in found
        if paragraph is not None and paragraph.revision == cited.revision
        for start, end in cited.spans
    ]

"""x"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.ui import Label, Modal, TextInput

from bot.discord import Interaction
from bot.discord.answer_store import DAY_MS, FeedbackStore
from bot.discord.cogs.base import FILTERS, BaseCog, BotServices, Shown, Word, bounded, offering, place_of
from bot.discord.cogs.previews import typed_into
from bot.discord.delivery import in_time, open_thread, respond, say, show
from bot.discord.discord_markdown import code
from bot.discord.pages import Page, Tone
from bot.discord.quote_rendering import citation_text, render_citations, render_closest
from bot.discord.screen import InteractionScreen, Rank
from bot.discord.views import Control, opening_view, page_view
from bot.discord.welcome_card import card_view
from bot.locales import Phrases
from retrieval.answering.foreign_questions import LANGUAGES
from retrieval.errors import LanguageModelError, NotFoundError, SettingsError
from retrieval.models import Statement
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


log = logging.getLogger(__name__)

_FORM = "why"
_MAX_REASON = 500
_FORM_LIFETIME_S = 900.0


class FeedbackCog(BaseCog):
    """Keeps it, for `/corpus insights` and `rapporteur feedback export`."""

    def __init__(self, bot_services: BotServices) -> None:
        super().__init__(bot_services)
        self._feedback = FeedbackStore(self.answers.database)

    @commands.Cog.listener()
    async def on_feedback_control(self, interaction: Interaction, control: Control) -> None:
        """Keep a vote; of a 👎 ask why."""
        await self.guarded(interaction, self._rate(interaction, control.answer, control.action == "good"))

    async def _rate(self, interaction: Interaction, answer: str, helpful: bool) -> None:
        phrases = self.phrases(interaction)
        work = self.look_up(self.answers.rate, answer, interaction.user.id, helpful, self.questions.now_ms())
        # A form can only be the first answer, so there is no acknowledging before.
        known = await (in_time(interaction, work, ephemeral=True) if helpful else work)
        if not known:
            await say(interaction, phrases("control.expired"))
        elif helpful:
            await say(interaction, phrases("control.thanks"), Tone.ANSWERED)
        else:
            await interaction.response.send_modal(_form(answer, phrases))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        data: Any = interaction.data or {}
        name, _, answer = str(data.get("custom_id", "")).partition(":")
        if interaction.type is discord.InteractionType.modal_submit and name == _FORM:
            await self.guarded(interaction, self._explain(interaction, answer))

    async def _explain(self, interaction: Interaction, answer: str) -> None:
        reason = typed_into(interaction, {"reason": _MAX_REASON}).get("reason", "").strip()[:_MAX_REASON]
        known = True  # the vote itself was kept before the form was shown
        if reason:
            work = self.look_up(self._feedback.explain, answer, interaction.user.id, reason)
            known = await in_time(interaction, work, ephemeral=True)
        key, tone = ("control.thanks", Tone.ANSWERED) if known else ("control.expired", Tone.FAILED)
        await say(interaction, self.phrases(interaction)(key), tone)

    @commands.Cog.listener()
    async def on_paragraph_control(self, interaction: Interaction, control: Control) -> None:
        """Count that a cited paragraph was opened; whoever opened it is answered elsewhere."""
        if control.action not in ("open", "pick"):
            return
        with self.questions.busy() as admitted:
            shown = await self.look_up(self.answers.get, control.answer) if admitted else None
            if shown is None or shown.guild != interaction.guild_id or control.page >= len(shown.cited):
                return
            page = shown.cited[control.page]
            if control.index < len(page) and page[control.index].document:
                day = self.questions.now_ms() // DAY_MS
                await self.look_up(self._feedback.opened, shown.guild, page[control.index], day)


def _form(answer: str, phrases: Phrases) -> Modal:
    """Return the form that asks why; what is sent comes as an event, after a restart too."""
    form = Modal(title=phrases("feedback.title"), custom_id=f"{_FORM}:{answer}", timeout=_FORM_LIFETIME_S)
    field: TextInput[Modal] = TextInput(
        custom_id="reason",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=_MAX_REASON,
        placeholder=phrases("feedback.example"),
    )
    text, kept = phrases("feedback.why"), phrases("feedback.kept")
    return form.add_item(Label(text=text, description=kept, component=field))

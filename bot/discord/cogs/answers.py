"""Asking by command, checking a message, and the controls under an answer, each to the reader who clicked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.answer_store import DAY_MS, ShownAnswer
from bot.discord.cogs.base_cog import (
    BaseCog,
    BotServices,
    Shown,
    guarded,
    narrowed,
    place_of,
    sent_form,
    typed_into,
)
from bot.discord.delivery import in_time, open_thread, respond, say, show
from bot.discord.discord_errors import DISCORD_FAULTS, one_line
from bot.discord.discord_markdown import code
from bot.discord.pages import Page, Tone
from bot.discord.quote_rendering import citation_text, render_citations, render_closest
from bot.discord.screen import InteractionScreen, Rank
from bot.discord.views import (
    DELETING,
    Control,
    DeleteReply,
    ExampleQuestion,
    opening_view,
    page_view,
    welcome_view,
)
from bot.locales import Phrases
from retrieval.answering.foreign_questions import LANGUAGES
from retrieval.errors import LanguageModelError, NotFoundError, SettingsError
from retrieval.models import Statement
from retrieval.search.scoping import Filters

log = logging.getLogger(__name__)

_FORM = "why"
_MAX_REASON = 500
_FORM_LIFETIME_S = 900.0


class AskCog(BaseCog):
    """Answers /ask, and the examples on the card."""

    @app_commands.command(name="ask", description="Ask about the readouts; the answer names its paragraphs")
    @app_commands.describe(
        question="What would you like to know?",
        document="Look in one readout only",
        document2="This readout, too",
    )
    @app_commands.autocomplete(document=BaseCog.document_choices, document2=BaseCog.document_choices)
    @narrowed
    async def ask(
        self,
        interaction: Interaction,
        question: str,
        document: str | None = None,
        document2: str | None = None,
        *,
        filters: Filters,
    ) -> None:
        """Answer a question."""
        named = tuple(each for each in (document, document2) if each)
        await self._ask(interaction, question, replace(filters, documents=named))

    @commands.Cog.listener()
    @guarded
    async def on_example(self, interaction: Interaction, example: ExampleQuestion) -> None:
        """Ask an example as if it had been typed."""
        await self._ask(interaction, example.question, Filters())

    async def _ask(self, interaction: Interaction, question: str, filters: Filters) -> None:
        phrases = self.phrases(interaction)
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
            await show(interaction, welcome_view(phrases, examples), ephemeral=True)
            return
        if reply.talk:  # a hint is for whoever asked nothing
            await respond(interaction, reply.pages, phrases, ephemeral=True)
            return
        ids = await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=private)
        if private:  # nobody can reply to it, and no purge could reach it
            return
        await self.look_up(self.answers.link, reply.id, ids, interaction.channel_id)
        if server.answer_threads and ids and isinstance(interaction.channel, discord.TextChannel):
            await open_thread(interaction.channel.get_partial_message(ids[0]), question)


class CheckCog(BaseCog):
    """Answers the context menu command of messages."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        self._menu = app_commands.ContextMenu(name="Check against the readouts", callback=self.check)

    async def cog_load(self) -> None:
        """Add the command; discord.py takes no context menus from a cog's class."""
        self.client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the command away again."""
        self.client.tree.remove_command(self._menu.name, type=self._menu.type)

    @guarded
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
    """Answers clicks under an answer, and keeps what readers make of it, for those who keep the readouts."""

    @commands.Cog.listener()
    @guarded
    async def on_control(self, interaction: Interaction, control: Control) -> None:
        """Copy what was cited, show what is closest, or translate."""
        phrases = self.phrases(interaction)
        language = LANGUAGES.get(interaction.locale.value.partition("-")[0])
        if control.action == "translate" and language is None:
            await say(interaction, phrases("answer.no_translation"))
            return
        found = await in_time(interaction, self._paragraphs(interaction, control), ephemeral=True)
        if not found:
            await say(interaction, phrases("control.expired"))
        elif control.action == "copy":
            await self._copy(interaction, found)
        elif not (quoted := _statements(found)):
            await say(interaction, phrases("paragraph.gone"))
        elif control.action == "closest":
            (first, *_) = render_closest(quoted, phrases)
            view = opening_view(first, phrases, f"{control.answer}:{control.page}")
            await show(interaction, view, ephemeral=True)
        elif language is not None:
            await self._translate(interaction, quoted, language)

    async def _copy(self, interaction: Interaction, found: Iterable[Shown]) -> None:
        phrases = self.phrases(interaction)
        texts = [
            citation_text(paragraph, cited.spans if paragraph.revision == cited.revision else (), phrases)
            for cited, paragraph, _ in found
            if paragraph is not None
        ]
        if texts:
            await respond(interaction, render_citations(texts, phrases), phrases, ephemeral=True)
        else:
            await say(interaction, phrases("paragraph.gone"))

    async def _translate(self, interaction: Interaction, quoted: Sequence[Statement], language: str) -> None:
        phrases = self.phrases(interaction)
        work = self.questions.translate(quoted, language, place_of(interaction), phrases)
        try:
            pages = await in_time(interaction, work, ephemeral=True)
        except (LanguageModelError, SettingsError):  # the setting may have changed since the button was shown
            await say(interaction, phrases("answer.translation_failed"))
            return
        await respond(interaction, pages, phrases, ephemeral=True)

    async def _paragraphs(self, interaction: Interaction, control: Control) -> list[Shown]:
        return [await self.quoted(c, interaction.guild_id) for c in await self.cited_on(interaction, control)]

    @commands.Cog.listener()
    @guarded
    async def on_feedback_control(self, interaction: Interaction, control: Control) -> None:
        """Keep a vote; of a 👎 ask why."""
        phrases, helpful = self.phrases(interaction), control.action == "good"
        voted = (control.answer, interaction.user.id, helpful, self.questions.now_ms())
        work = self.look_up(self.answers.rate, *voted)
        # A form can only be the first answer, so there is no acknowledging before.
        known = await (in_time(interaction, work, ephemeral=True) if helpful else work)
        if not known:
            await say(interaction, phrases("control.expired"))
        elif helpful:
            await say(interaction, phrases("control.thanks"), Tone.ANSWERED)
        else:
            await interaction.response.send_modal(_form(control.answer, phrases))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        if answer := sent_form(interaction, _FORM):
            await self.guarded(interaction, self._explain(interaction, answer))

    async def _explain(self, interaction: Interaction, answer: str) -> None:
        reason = typed_into(interaction, {"reason": _MAX_REASON}).get("reason", "").strip()
        known = True  # the vote itself was kept before the form was shown
        if reason:
            work = self.look_up(self.answers.explain, answer, interaction.user.id, reason)
            known = await in_time(interaction, work, ephemeral=True)
        key, tone = ("control.thanks", Tone.ANSWERED) if known else ("control.expired", Tone.FAILED)
        await say(interaction, self.phrases(interaction)(key), tone)

    @commands.Cog.listener()
    async def on_paragraph_control(self, interaction: Interaction, control: Control) -> None:
        """Count that a cited paragraph was opened; whoever opened it is answered elsewhere."""
        if control.action not in ("open", "pick"):
            return
        with self.questions.in_flight as admitted:
            page = await self.cited_on(interaction, control) if admitted else ()
            if control.index < len(page) and page[control.index].document:
                opened, day = page[control.index], self.questions.now_ms() // DAY_MS
                await self.look_up(self.answers.opened, interaction.guild_id, opened, day)

    @commands.Cog.listener()
    @guarded
    async def on_delete_reply(self, interaction: Interaction, button: DeleteReply) -> None:
        """Take a reply away for whoever asked, or may take any message away."""
        phrases = self.phrases(interaction)
        shown = await self.look_up(self.answers.get, button.match["answer"])
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
            with self.questions.in_flight:
                channel = self.client.get_partial_messageable(payload.channel_id)
                await self._take_away(shown, channel)

    async def _take_away(self, shown: ShownAnswer, channel: object) -> None:
        messages = await self.look_up(self.answers.messages_of, shown.id)
        await self.look_up(self.answers.forget, shown.id)
        if not isinstance(
            channel, discord.TextChannel | discord.Thread | discord.DMChannel | discord.PartialMessageable
        ):
            return
        for message in messages:
            try:
                await channel.get_partial_message(message).delete()
            except discord.NotFound:
                pass  # it is gone already
            except DISCORD_FAULTS as error:
                log.warning("a reply could not be taken away: %s", one_line(error))


def _statements(found: Iterable[Shown]) -> list[Statement]:
    """Return what was quoted, as far as its words are still kept."""
    return [
        Statement(paragraph, start, end)
        for cited, paragraph, _ in found
        if paragraph is not None and paragraph.revision == cited.revision
        for start, end in cited.spans
    ]


def _form(answer: str, phrases: Phrases) -> ui.Modal:
    """Return the form that asks why; what is sent comes as an event, after a restart too."""
    form = ui.Modal(title=phrases("feedback.title"), custom_id=f"{_FORM}:{answer}", timeout=_FORM_LIFETIME_S)
    field: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id="reason",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=_MAX_REASON,
        placeholder=phrases("feedback.example"),
    )
    text, kept = phrases("feedback.why"), phrases("feedback.kept")
    return form.add_item(ui.Label(text=text, description=kept, component=field))

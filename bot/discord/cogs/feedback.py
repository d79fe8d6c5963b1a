"""What readers make of answers: 👍, 👎 and why, and which cited paragraphs they open."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord.ext import commands
from discord.ui import Label, Modal, TextInput

from bot.discord import Interaction
from bot.discord.answer_store import DAY_MS, FeedbackStore
from bot.discord.cogs.base import BaseCog, BotServices
from bot.discord.cogs.previews import typed_into
from bot.discord.delivery import in_time, say
from bot.discord.pages import Tone
from bot.discord.views import Control
from bot.locales import Phrases

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

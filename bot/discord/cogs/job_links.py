"""What can be done with a readout that was just taken in: ask it, see its initiatives and what changed."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands
from discord.ui import ActionRow, Button, Item, Label, LayoutView, Modal, TextInput

from bot.discord import Interaction
from bot.discord.cogs.base import BaseCog, BotServices, place_of
from bot.discord.corpus.job_notifier import Brought
from bot.discord.corpus.service import CorpusService
from bot.discord.delivery import in_time, respond, show
from bot.discord.pages import Tone
from bot.discord.permissions import caller_of
from bot.discord.readout_rendering import InitiativeFilter
from bot.discord.views import LastingItem, box, list_view
from bot.locales import Phrases
from retrieval.models import SHARED
from retrieval.search.scoping import Filters

_ASKING = "job-question"


class JobLink(
    LastingItem,
    template=r"job:(?P<action>ask|list|diff):(?P<where>server|shared):(?P<document>[a-z0-9._-]{1,64})",
):
    """A button under what a job did; the `job_link` event hands it to whoever listens."""

    event = "job_link"

    def __init__(self, item: Item[Any]) -> None:
        super().__init__(item)
        match = self.match
        self.action, self.where, self.document = match["action"], match["where"], match["document"]


def job_view(text: str, scope: str, brought: Brought | None, phrases: Phrases, tone: Tone) -> LayoutView:
    """Return what a job did, and what can be done with the one readout that it brought, if it was one."""
    container = box(text, tone)
    if brought:
        place = f"{'shared' if scope == SHARED else 'server'}:{brought.document}"
        actions = ("ask", "list", "diff") if brought.changed else ("ask", "list")
        links = (
            Button[Any](label=phrases(f"corpus.link.{a}"), custom_id=f"job:{a}:{place}") for a in actions
        )
        container.add_item(ActionRow(*map(JobLink, links)))
    return LayoutView(timeout=None).add_item(container)


class JobLinksCog(BaseCog):
    """Does what the buttons under a job say, for whoever presses them."""

    def __init__(self, bot_services: BotServices, corpus: CorpusService) -> None:
        super().__init__(bot_services)
        self._corpus = corpus

    @commands.Cog.listener()
    async def on_job_link(self, interaction: Interaction, link: JobLink) -> None:
        """Do what a button says."""
        use = {"ask": self._form, "list": self._list, "diff": self._diff}[link.action]
        await self.guarded(interaction, use(interaction, link))

    async def _form(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        form = Modal(title=phrases("corpus.link.ask"), custom_id=f"{_ASKING}:{link.document}")
        question: TextInput[Modal] = TextInput(
            custom_id="question", max_length=min(self.settings.max_question, 4_000)
        )
        form.add_item(Label(text=phrases("corpus.link.question"), component=question))
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a question that was typed into the form."""
        data: Any = interaction.data or {}
        name, _, document = str(data.get("custom_id", "")).partition(":")
        if interaction.type is discord.InteractionType.modal_submit and name == _ASKING:
            (typed,) = (item["component"]["value"] for item in data["components"])
            await self.guarded(interaction, self._ask(interaction, document, typed))

    async def _ask(self, interaction: Interaction, document: str, question: str) -> None:
        phrases, place = self.phrases(interaction), place_of(interaction)
        work = self.questions.ask(question, place, phrases, filters=Filters((document,)), quoted=True)
        reply = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=True)

    async def _list(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        wanted = InitiativeFilter(link.document)
        work = self.questions.list_initiatives(wanted, place_of(interaction), phrases)
        reply = await in_time(interaction, work, ephemeral=True)
        await show(interaction, list_view(reply.pages, phrases, listing=reply.id), ephemeral=True)

    async def _diff(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        work = self._corpus.changes(caller_of(interaction), link.where, link.document, phrases)
        pages = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, pages, phrases, ephemeral=True)

"""The controls under a preview, and telling whoever confirmed one how the job ended."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord.ext import commands

from bot.discord.cogs.base import DeskCog, Equipment, Work
from bot.discord.corpus.controls import DraftControl, details_form, form_target, preview_view, typed_into
from bot.discord.corpus.desk import CorpusDesk
from bot.discord.corpus.following import Ending, Followers
from bot.discord.corpus.watching import Watch
from bot.discord.delivery import in_time, sentence_for, show_in_place
from bot.discord.errors import RefusedError
from bot.discord.permissions import caller_of
from bot.discord.shards import Shards
from bot.discord.views import text_view
from retrieval.models import SHARED

TOKEN_LIFETIME_S = 840.0
"""How long a message can be edited by the token of a click: Discord says 15 minutes, and one is for the way."""

_CLOSING = frozenset({"corpus.expired", "corpus.changed_meanwhile"})
"""What leaves a preview with nothing that could still be pressed."""


class DraftsCog(DeskCog):
    """Does what a preview showed; each click is decided by who clicks, at that moment."""

    def __init__(self, equipment: Equipment, corpus: CorpusDesk, client: discord.Client) -> None:
        super().__init__(equipment)
        self._corpus = corpus
        self._client = client
        self._followers = Followers(corpus, equipment.catalogue, self._announce)

    async def cog_unload(self) -> None:
        """Stop following; the jobs go on."""
        await self._followers.close()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Tell those whom the last process could not."""
        await self._followers.take_up(Shards.of(self._client))

    @commands.Cog.listener()
    async def on_draft_control(self, interaction: discord.Interaction[Any], control: DraftControl) -> None:
        """Do what a control says, if whoever pressed it may."""
        use = {"turn": self._turn, "yes": self._confirm, "edit": self._edit, "no": self._cancel}
        work = partial(use[control.action], interaction, control)
        await self.guarded(interaction, self._or_closed(interaction, work))

    async def _or_closed(self, interaction: discord.Interaction[Any], work: Work) -> None:
        """An expired preview is closed where it stands; whatever else goes wrong is said beside it."""
        phrases = self.phrases(interaction)
        try:
            await work()
        except Exception as error:
            if isinstance(error, RefusedError) and error.key in _CLOSING:
                await show_in_place(interaction, text_view(phrases(error.key)))
                return
            if not interaction.response.is_done():
                raise
            sentence = sentence_for(error, phrases, self.settings.max_question)
            await interaction.followup.send(view=text_view(sentence), ephemeral=True)

    async def _turn(self, interaction: discord.Interaction[Any], control: DraftControl) -> None:
        work = self._corpus.open(caller_of(interaction), control.draft)
        draft = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(draft, self.phrases(interaction), control.page))

    async def _edit(self, interaction: discord.Interaction[Any], control: DraftControl) -> None:
        # A form can only be the first answer, so there is no acknowledging before.
        draft = await self._corpus.open(caller_of(interaction), control.draft)
        if control.index >= len(draft.editable):
            raise RefusedError("corpus.expired")
        form = details_form(draft, control.index, control.page, self.phrases(interaction))
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take a form that was sent."""
        if interaction.type is discord.InteractionType.modal_submit and (target := form_target(interaction)):
            work = partial(self._revise, interaction, *target)
            await self.guarded(interaction, self._or_closed(interaction, work))

    async def _revise(
        self, interaction: discord.Interaction[Any], draft_id: str, page: int, index: int
    ) -> None:
        phrases = self.phrases(interaction)
        work = self._corpus.revise(caller_of(interaction), draft_id, index, typed_into(interaction), phrases)
        draft = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(draft, phrases, page))

    async def _cancel(self, interaction: discord.Interaction[Any], control: DraftControl) -> None:
        work = self._corpus.cancel(caller_of(interaction), control.draft)
        await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, text_view(self.phrases(interaction)("corpus.cancelled")))

    async def _confirm(self, interaction: discord.Interaction[Any], control: DraftControl) -> None:
        phrases = self.phrases(interaction)
        work = self._corpus.confirm(caller_of(interaction), control.draft, interaction.channel_id, phrases)
        done = await in_time(interaction, work, ephemeral=True, in_place=True)
        if done.watch is None:
            await show_in_place(interaction, text_view(done.sentence))
            return
        queued = phrases("corpus.progress.job", job=done.watch.job) + "\n" + phrases("corpus.progress.queued")
        try:
            await show_in_place(interaction, text_view(queued))
        finally:  # the job is queued, whatever became of the message
            self._followers.follow(done.watch, _editing(interaction))

    async def _announce(self, watch: Watch, ending: Ending) -> bool:
        """Tell the starter in a direct message, or in the channel where they started it."""
        outside = ending.full if watch.scope == SHARED else ending.brief
        with suppress(discord.HTTPException):
            direct = await self._client.create_dm(discord.Object(watch.user))
            await direct.send(view=text_view(outside))
            return True
        channel = self._client.get_channel(watch.channel) if watch.channel else None
        if isinstance(channel, discord.abc.Messageable):
            inside = ending.brief if watch.scope == SHARED else ending.full
            with suppress(discord.HTTPException):
                await channel.send(view=text_view(f"<@{watch.user}>\n{inside}"))
                return True
        return False


def _editing(interaction: discord.Interaction[Any]) -> Any:
    """Return what writes over the message that was clicked, for as long as Discord lets it."""
    clicked = time.monotonic()

    async def edit(text: str) -> bool:
        if time.monotonic() - clicked > TOKEN_LIFETIME_S:
            return False
        try:
            await interaction.edit_original_response(view=text_view(text))
        except discord.HTTPException:
            return False
        return True

    return edit

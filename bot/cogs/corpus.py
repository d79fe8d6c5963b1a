"""/corpus: the people who keep the readouts add, correct, undo and remove them; nothing without a preview."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.cogs.base import MAX_CHOICE, MAX_CHOICES, DeskCog, Equipment
from bot.controls import text_view
from bot.corpus.controls import DraftControl, details_form, form_target, preview_view, typed_into
from bot.corpus.departures import Caretaker
from bot.corpus.desk import CorpusDesk, Offered
from bot.corpus.drafts import Draft
from bot.corpus.following import Ending, Followers
from bot.corpus.watching import Watch
from bot.delivery import attach, in_time, respond, say, sentence_for, show, show_in_place
from bot.errors import RefusedError
from bot.markdown import shortened
from bot.permissions import caller_of, missing_in
from bot.services import SHARED
from bot.shards import Shards

log = logging.getLogger(__name__)

TOKEN_LIFETIME_S = 840.0
"""How long a message can be edited by the token of a click: Discord says 15 minutes, and one is for the way."""

_WHERE = [
    app_commands.Choice(name=app_commands.locale_str("this server only"), value="server"),
    app_commands.Choice(name=app_commands.locale_str("shared by all servers"), value="shared"),
]
_CLOSING = frozenset({"corpus.expired", "corpus.changed_meanwhile"})
"""What leaves a preview with nothing that could still be pressed."""

_MAX_PAGES = 5
"""Messages that a list may fill."""

Work = Callable[[], Coroutine[Any, Any, Any]]
"""Not begun, so that a bot that is closing can leave it."""

_ID = app_commands.Range[str, 1, 100]


@app_commands.default_permissions(manage_guild=True)  # hides the commands; the desk decides
class CorpusCog(
    commands.GroupCog,
    DeskCog,
    group_name="corpus",
    group_description="Add, correct and remove readouts",
):
    """Manages readouts; each command shows something to the person who gave it, and to nobody else."""

    def __init__(
        self, equipment: Equipment, corpus: CorpusDesk, caretaker: Caretaker, client: discord.Client
    ) -> None:
        DeskCog.__init__(self, equipment)
        self._corpus = corpus
        self._caretaker = caretaker
        self._client = client
        self._followers = Followers(corpus, equipment.catalogue, self._announce)

    async def cog_unload(self) -> None:
        """Stop what runs beside the commands."""
        self._tend.cancel()
        await self._followers.close()

    # --- commands ---

    @app_commands.command(name="add", description="Preview what files or an address would bring")
    @app_commands.describe(
        file="Text, Markdown, HTML, PDF, DOCX or JSON",
        file2="Another file",
        file3="Another file",
        file4="Another file",
        file5="Another file",
        url="The address of a page or file",
        where="Who can read it",
    )
    @app_commands.choices(where=_WHERE)
    async def add(
        self,
        interaction: discord.Interaction[Any],
        file: discord.Attachment | None = None,
        file2: discord.Attachment | None = None,
        file3: discord.Attachment | None = None,
        file4: discord.Attachment | None = None,
        file5: discord.Attachment | None = None,
        url: app_commands.Range[str, 1, 1_000] | None = None,
        where: str | None = None,
    ) -> None:
        """Preview new readouts, or corrected ones."""
        files = [each for each in (file, file2, file3, file4, file5) if each is not None]
        offered = [Offered(each.filename, each.size, each.read) for each in files]
        phrases = self.phrases(interaction)
        work = partial(self._corpus.add, caller_of(interaction), where, offered, url, phrases)
        await self.guarded(interaction, self._preview(interaction, work))

    @app_commands.command(name="reingest", description="Preview what the sources say now")
    @app_commands.describe(document="One readout only", where="Who can read it")
    @app_commands.choices(where=_WHERE)
    async def reingest(
        self, interaction: discord.Interaction[Any], document: _ID | None = None, where: str | None = None
    ) -> None:
        """Preview reading the sources again."""
        phrases = self.phrases(interaction)
        work = partial(self._corpus.reingest, caller_of(interaction), where, document, phrases)
        await self.guarded(interaction, self._preview(interaction, work))

    @app_commands.command(name="remove", description="Take a readout out of every answer")
    @app_commands.describe(
        document="Which readout?",
        purge="Erase it with all its revisions; cannot be undone",
        where="Who can read it",
    )
    @app_commands.choices(where=_WHERE)
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        document: _ID,
        purge: bool = False,
        where: str | None = None,
    ) -> None:
        """Preview a removal."""
        phrases = self.phrases(interaction)
        work = partial(self._corpus.remove, caller_of(interaction), where, document, phrases, purge=purge)
        await self.guarded(interaction, self._preview(interaction, work))

    @app_commands.command(name="rollback", description="Go back to an earlier revision of a readout")
    @app_commands.describe(
        document="Which readout?",
        revision="Which revision? The one before, if you name none",
        unpin="Let the next ingest replace the revision that was gone back to",
        where="Who can read it",
    )
    @app_commands.choices(where=_WHERE)
    async def rollback(
        self,
        interaction: discord.Interaction[Any],
        document: _ID,
        revision: app_commands.Range[str, 1, 12] | None = None,
        unpin: bool = False,
        where: str | None = None,
    ) -> None:
        """Preview a way back, or end one."""
        caller, phrases = caller_of(interaction), self.phrases(interaction)
        if unpin:
            ending = partial(self._corpus.unpin, caller, where, document, phrases)
            await self.guarded(interaction, self._told(interaction, ending))
            return
        work = partial(self._corpus.roll_back, caller, where, document, revision, phrases)
        await self.guarded(interaction, self._preview(interaction, work))

    @app_commands.command(
        name="status", description="What there is, of how much there may be, and what is running"
    )
    @app_commands.describe(where="Who can read it")
    @app_commands.choices(where=_WHERE)
    async def status(self, interaction: discord.Interaction[Any], where: str | None = None) -> None:
        """Show what a scope holds."""
        work = partial(self._corpus.status, caller_of(interaction), where, self.phrases(interaction))
        await self.guarded(interaction, self._pages(interaction, work))

    @app_commands.command(name="history", description="Who changed what, and when")
    @app_commands.describe(document="One readout only, with its revisions", where="Who can read it")
    @app_commands.choices(where=_WHERE)
    async def history(
        self, interaction: discord.Interaction[Any], document: _ID | None = None, where: str | None = None
    ) -> None:
        """Show the audit trail."""
        work = partial(
            self._corpus.history, caller_of(interaction), where, document, self.phrases(interaction)
        )
        await self.guarded(interaction, self._pages(interaction, work))

    @app_commands.command(name="export", description="Send readouts as JSON that can be added again")
    @app_commands.describe(document="One readout only", where="Who can read it")
    @app_commands.choices(where=_WHERE)
    async def export(
        self, interaction: discord.Interaction[Any], document: _ID | None = None, where: str | None = None
    ) -> None:
        """Send readouts as a file."""
        await self.guarded(interaction, self._export(interaction, document, where))

    # --- what the commands share ---

    async def _preview(self, interaction: discord.Interaction[Any], work: Work) -> None:
        draft: Draft = await in_time(interaction, work(), ephemeral=True)
        await show(interaction, preview_view(draft, self.phrases(interaction)), ephemeral=True)

    async def _told(self, interaction: discord.Interaction[Any], work: Work) -> None:
        await say(interaction, await in_time(interaction, work(), ephemeral=True))

    async def _pages(self, interaction: discord.Interaction[Any], work: Work) -> None:
        pages = await in_time(interaction, work(), ephemeral=True)
        await respond(interaction, pages[:_MAX_PAGES], self.phrases(interaction), ephemeral=True)

    async def _export(
        self, interaction: discord.Interaction[Any], document: str | None, where: str | None
    ) -> None:
        work = self._corpus.export(caller_of(interaction), where, document, interaction.filesize_limit)
        name, data = await in_time(interaction, work, ephemeral=True)
        await attach(interaction, discord.File(io.BytesIO(data), name))

    @reingest.autocomplete("document")
    @export.autocomplete("document")
    async def _live(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, typed, gone=False)

    @remove.autocomplete("document")
    @rollback.autocomplete("document")
    @history.autocomplete("document")
    async def _known(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, typed, gone=True)

    async def _choices(
        self, interaction: discord.Interaction[Any], typed: str, *, gone: bool
    ) -> list[app_commands.Choice[str]]:
        where = getattr(interaction.namespace, "where", None)
        found = await self._corpus.choices(caller_of(interaction), where, gone=gone)
        wanted = typed.casefold().split()
        fitting = [(d, name) for d, name in found if all(w in f"{d} {name}".casefold() for w in wanted)]
        return [
            app_commands.Choice(name=shortened(name, MAX_CHOICE) or d, value=d)
            for d, name in fitting[:MAX_CHOICES]
        ]

    @rollback.autocomplete("revision")
    async def _revisions(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        chosen = interaction.namespace
        where, document = getattr(chosen, "where", None), getattr(chosen, "document", None)
        if not document:
            return []
        found = await self._corpus.revisions(caller_of(interaction), where, document)
        return [
            app_commands.Choice(
                name=shortened(f"{v.id} · {v.created_at[:16]} · {v.title}", MAX_CHOICE), value=v.id
            )
            for v in found
            if v.id.startswith(typed.strip().lower())
        ][:MAX_CHOICES]

    # --- controls under a preview ---

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

    # --- telling how a job ended ---

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

    # --- servers that come and go ---

    @property
    def _application(self) -> int:
        assert self._client.application_id is not None  # there are no events before the login
        return self._client.application_id

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Take up what the last process left, and see which servers came and went meanwhile."""
        shards = Shards.of(self._client)
        await self._followers.take_up(shards)
        present = {guild.id for guild in self._client.guilds}
        await asyncio.to_thread(self._caretaker.reconcile, shards, present)
        # Not earlier: a server that is back must not be purged for the time it was away.
        if not self._tend.is_running():
            self._tend.start()

    @tasks.loop(hours=1)
    async def _tend(self) -> None:
        try:
            await asyncio.to_thread(self._corpus.forget_old)
            await asyncio.to_thread(self._caretaker.purge_due)
        except Exception:  # the next hour may go better
            log.exception("looking after readouts of servers that were left failed")

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember since when the bot is gone from a server."""
        await asyncio.to_thread(self._caretaker.left, self._application, guild.id)
        await asyncio.to_thread(self._caretaker.purge_due)  # at once, where nothing is kept for a time

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say what is kept and for how long."""
        kept = await asyncio.to_thread(self._caretaker.joined, self._application, guild.id)
        phrases = self.catalogue.of(guild.preferred_locale)
        told = phrases("corpus.joined", days=self.settings.purge_after_days)
        if kept:
            told = f"{told}\n{phrases('corpus.joined_again')}"
        for channel in (guild.system_channel, *guild.text_channels):
            if channel is not None and missing_in(channel, guild.me) is None:
                with suppress(discord.HTTPException):
                    await channel.send(view=text_view(told))
                    return
        log.info("joined server %d, which has no channel to speak in", guild.id)


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

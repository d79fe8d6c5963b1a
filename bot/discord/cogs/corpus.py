"""/corpus: the people who keep the readouts add, correct, undo and remove them; nothing without a preview."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.ui import MediaGallery

from bot.discord import Interaction
from bot.discord.cogs.base_cog import BaseCog, channel_of, choices, narrowed
from bot.discord.cogs.previews import preview_view
from bot.discord.cogs.watching import WatchCommands, scoped
from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.corpus.preview_store import Preview
from bot.discord.delivery import attach, in_time, respond, say, show
from bot.discord.discord_errors import RefusedError
from bot.discord.pages import Tone
from bot.discord.permissions import caller_of
from bot.discord.views import page_view
from retrieval.search.scoping import Filters

_WEEKS = "questions-by-week.png"

_MAX_PAGES = 5
"""Messages that a list may fill."""

_ID = app_commands.Range[str, 1, 100]

Ask = Callable[..., Coroutine[Any, Any, Any]]
"""Something that the service is asked for: who asks comes first, their language last."""


@app_commands.default_permissions(manage_guild=True)  # hides the commands; the service decides
class CorpusCog(
    WatchCommands,
    commands.GroupCog,
    BaseCog,
    group_name="corpus",
    group_description="Add, correct and remove readouts",
):
    """Manages readouts; each command shows something to the person who gave it, and to nobody else."""

    # --- commands ---

    @app_commands.command(name="add", description="Preview what files or an address would bring")
    @scoped(
        file="Text, Markdown, HTML, PDF, DOCX or JSON",
        file2="Another file",
        file3="Another file",
        file4="Another file",
        file5="Another file",
        url="The address of a page or file",
    )
    async def add(
        self,
        interaction: Interaction,
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
        offered = [AttachedFile(each.filename, each.size, each.read) for each in files]
        await self._preview(interaction, self.corpus.previews.add, where, offered, url)

    @app_commands.command(name="reingest", description="Preview what the sources say now")
    @scoped(document="One readout only")
    async def reingest(
        self, interaction: Interaction, document: _ID | None = None, where: str | None = None
    ) -> None:
        """Preview reading the sources again."""
        await self._preview(interaction, self.corpus.previews.reingest, where, document)

    @app_commands.command(name="remove", description="Take a readout out of every answer")
    @scoped(document="Which readout?", purge="Erase it with all its revisions; cannot be undone")
    async def remove(
        self, interaction: Interaction, document: _ID, purge: bool = False, where: str | None = None
    ) -> None:
        """Preview a removal."""
        await self._preview(interaction, self.corpus.previews.remove, where, document, purge=purge)

    @app_commands.command(name="rollback", description="Go back to an earlier revision of a readout")
    @scoped(
        document="Which readout?",
        revision="Which revision? The one before, if you name none",
        unpin="Let the next ingest replace the revision that was gone back to",
    )
    async def rollback(
        self,
        interaction: Interaction,
        document: _ID,
        revision: app_commands.Range[str, 1, 12] | None = None,
        unpin: bool = False,
        where: str | None = None,
    ) -> None:
        """Preview a way back, or the end of one."""
        previews = self.corpus.previews
        if unpin:
            await self._preview(interaction, previews.unpin, where, document)
        else:
            await self._preview(interaction, previews.roll_back, where, document, revision)

    @app_commands.command(
        name="status", description="What there is, of how much there may be, and what is running"
    )
    @scoped()
    async def status(self, interaction: Interaction, where: str | None = None) -> None:
        """Show what a scope holds."""
        await self._pages(interaction, self.corpus.status, where)

    @app_commands.command(name="history", description="Who changed what, and when")
    @scoped(document="One readout only, with its revisions")
    async def history(
        self, interaction: Interaction, document: _ID | None = None, where: str | None = None
    ) -> None:
        """Show the audit trail."""
        await self._pages(interaction, self.corpus.history, where, document)

    @app_commands.command(
        name="insights", description="What was asked in vain, what was disliked and why, what was opened"
    )
    @scoped(where="Of this server, or of all")
    async def insights(self, interaction: Interaction, where: str | None = None) -> None:
        """Show what members made of the answers."""
        phrases = self.phrases(interaction)
        work = self.corpus.insights(caller_of(interaction), where, phrases)
        found = await in_time(interaction, work, ephemeral=True)
        first, *rest = found.pages[:_MAX_PAGES]
        view, files = page_view(first, phrases), []
        if found.picture:
            described = phrases("insights.picture")
            shown = discord.MediaGalleryItem(f"attachment://{_WEEKS}", description=described)
            view.add_item(MediaGallery(shown))
            files = [discord.File(io.BytesIO(found.picture), _WEEKS)]
        await show(interaction, view, files, ephemeral=True)
        for page in rest:
            await interaction.followup.send(view=page_view(page, phrases), ephemeral=True)

    @app_commands.command(name="export", description="Send readouts as JSON that can be added again")
    @scoped(document="One readout only")
    async def export(
        self, interaction: Interaction, document: _ID | None = None, where: str | None = None
    ) -> None:
        """Send readouts as a file."""
        work = self.corpus.export(caller_of(interaction), where, document, interaction.filesize_limit)
        name, data = await in_time(interaction, work, ephemeral=True)
        await attach(interaction, discord.File(io.BytesIO(data), name))

    @app_commands.command(name="channel", description="Choose which readouts this channel asks")
    @app_commands.describe(document="One readout only", document2="This readout, too")
    @app_commands.autocomplete(document=BaseCog.document_choices, document2=BaseCog.document_choices)
    @narrowed
    async def channel(
        self,
        interaction: Interaction,
        document: _ID | None = None,
        document2: _ID | None = None,
        *,
        filters: Filters,
    ) -> None:
        """Choose which readouts this channel asks; all of them, where nothing is chosen."""
        named = tuple(each for each in (document, document2) if each)
        filters = replace(filters, documents=named)
        channel = channel_of(interaction.channel)
        if channel is None:
            raise RefusedError("corpus.no_server_here")
        self.admitted(interaction)
        lines = await self.readable(interaction, filters)
        if not lines:
            raise RefusedError("error.none_passes")
        await self.questions.set_channel_filters(channel, filters)
        key = "corpus.channel_asks" if filters else "corpus.channel_asks_all"
        await say(interaction, self.phrases(interaction)(key, count=len(lines)), Tone.ANSWERED)

    # --- what the commands share ---

    async def _preview(self, interaction: Interaction, make: Ask, *given: Any, **more: Any) -> None:
        work = make(caller_of(interaction), *given, self.phrases(interaction), **more)
        preview: Preview = await in_time(interaction, work, ephemeral=True)
        await show(interaction, preview_view(preview, self.phrases(interaction)), ephemeral=True)

    async def _pages(self, interaction: Interaction, ask: Ask, *given: Any) -> None:
        work = ask(caller_of(interaction), *given, self.phrases(interaction))
        pages = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, pages[:_MAX_PAGES], self.phrases(interaction), ephemeral=True)

    @reingest.autocomplete("document")
    @export.autocomplete("document")
    async def _live(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, typed, gone=False)

    @remove.autocomplete("document")
    @rollback.autocomplete("document")
    @history.autocomplete("document")
    async def _known(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._choices(interaction, typed, gone=True)

    async def _choices(
        self, interaction: Interaction, typed: str, *, gone: bool
    ) -> list[app_commands.Choice[str]]:
        where = getattr(interaction.namespace, "where", None)
        found = await self.corpus.choices(caller_of(interaction), where, gone=gone)
        wanted = typed.casefold().split()
        fitting = ((d, name) for d, name in found if all(w in f"{d} {name}".casefold() for w in wanted))
        return choices((name.strip() or d, d) for d, name in fitting)

    @rollback.autocomplete("revision")
    async def _revisions(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        chosen = interaction.namespace
        where, document = getattr(chosen, "where", None), getattr(chosen, "document", None)
        if not document:
            return []
        found, begun = (
            await self.corpus.revisions(caller_of(interaction), where, document),
            typed.strip().lower(),
        )
        named = ((f"{each.id} · {each.created_at[:16]} · {each.title}", each.id) for each in found)
        return choices((name, known) for name, known in named if known.startswith(begun))

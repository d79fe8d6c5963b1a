"""What is looked at without asking: readouts, initiatives, two readouts side by side, a phrase through all of them."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base_cog import MAX_CHOICE, BaseCog, choices, guarded, narrowed, place_of
from bot.discord.comparison_service import COMPARISON, TRACE, Asked
from bot.discord.delivery import attach, in_time, respond, say, show, show_in_place
from bot.discord.discord_markdown import code, shortened
from bot.discord.pages import RULE, Page, Tone
from bot.discord.permissions import caller_of, is_hidden_from
from bot.discord.question_service import Reply
from bot.discord.readout_rendering import KINDS, InitiativeFilter, render_documents
from bot.discord.views import Control, command_lines, list_view, sheet_view, welcome_view
from bot.locales import Phrases
from retrieval.errors import NotFoundError
from retrieval.models import InitiativeKind
from retrieval.search.scoping import Filters

_MAX_WANTED = 100
_MAX_PHRASE = 300
_PICTURE = "use-by-year.png"


class BrowseCog(BaseCog):
    """Shows what the readouts and the bot are, to the person who asks."""

    @app_commands.command(name="documents", description="List the readouts")
    @narrowed
    async def documents(self, interaction: Interaction, *, filters: Filters) -> None:
        """List the readouts."""
        phrases = self.phrases(interaction)
        lines = await in_time(interaction, self.readable(interaction, filters), ephemeral=True)
        if filters and not lines:
            await say(interaction, phrases("error.none_passes"))
            return
        await respond(interaction, render_documents(lines, phrases), phrases, ephemeral=True)

    @app_commands.command(name="about", description="What this bot knows, how it answers, and what it keeps")
    @guarded
    async def about(self, interaction: Interaction) -> None:
        """Say what the bot knows, how it answers, and what it keeps."""
        phrases = self.phrases(interaction)
        lines = await in_time(interaction, self.readable(interaction), ephemeral=True)
        model = self.questions.mode.removeprefix("llm:") if self.questions.mode != "extractive" else None
        mode = phrases("about.chosen", model=model) if model else phrases("about.quoted")
        text = phrases(
            "about.text", documents=len(lines), paragraphs=sum(r.paragraphs for r in lines), mode=mode
        )
        told = [text.strip(), f"-# {phrases('about.privacy', days=self.settings.keep_days)}"]
        if model:
            told.append(f"-# {phrases('about.model_privacy', model=model)}")
        where = str(self.settings.privacy_url or phrases("about.source"))
        told.append(f"-# {phrases('about.kept', where=where)}")
        if is_hidden_from(caller_of(interaction), self.settings):
            told.append(phrases("about.hidden"))
        text = "\n".join(told) + RULE + "\n".join(self._commands(interaction))
        await respond(interaction, [Page(text, tone=Tone.LISTED)], phrases, ephemeral=True)

    @app_commands.command(name="help", description="What to ask, and every command in a line")
    @guarded
    async def help(self, interaction: Interaction) -> None:
        """Show the card with every command."""
        phrases = self.phrases(interaction)
        work = self.questions.examples(interaction.guild_id, phrases)
        examples = await in_time(interaction, work, ephemeral=True)
        view = welcome_view(phrases, examples, self._commands(interaction))
        await show(interaction, view, ephemeral=True)

    def _commands(self, interaction: Interaction) -> list[str]:
        manages = self.manages(interaction)
        return command_lines(interaction.client.tree, self.phrases(interaction), manages=manages)


class InitiativesCog(BaseCog):
    """Lists initiatives to the person who asks, a page at a time."""

    @app_commands.command(name="initiatives", description="List what was announced, each with its paragraph")
    @app_commands.describe(
        document="Of one readout only",
        kind="Of one kind only",
        text="Words in the name, the actor or the time",
    )
    @app_commands.autocomplete(document=BaseCog.document_choices)
    @narrowed
    async def initiatives(
        self,
        interaction: Interaction,
        document: str | None = None,
        kind: str | None = None,
        text: app_commands.Range[str, 1, _MAX_WANTED] | None = None,
        *,
        filters: Filters,
    ) -> None:
        """List initiatives."""
        phrases, known = self.phrases(interaction), self._kind(interaction, kind)
        if kind and known is None:
            kinds = ", ".join(self._kinds(interaction).values())
            await say(interaction, phrases("error.no_kind", kind=code(kind), kinds=kinds))
            return
        within = filters.since, filters.until, filters.issuer, filters.title
        wanted = InitiativeFilter(document or None, known, text, *within)
        work = self.questions.list_initiatives(wanted, place_of(interaction), phrases)
        try:
            reply = await in_time(interaction, work, ephemeral=True)
        except NotFoundError:
            await say(interaction, phrases("error.no_readout", document=code(wanted.document or "")))
            return
        pages = reply.pages
        if wanted.text:
            pages = await self.comparing.with_life(pages, wanted, interaction.guild_id, phrases)
        await show(interaction, list_view(pages, phrases, listing=reply.id), ephemeral=True)

    def _kinds(self, interaction: Interaction) -> dict[InitiativeKind, str]:
        """Return what the kinds are called in the reader's language."""
        phrases = self.phrases(interaction)
        return {kind: phrases(f"initiatives.kind.{kind}") for kind in KINDS}

    def _kind(self, interaction: Interaction, typed: object) -> InitiativeKind | None:
        """Return the kind that was chosen, or typed out in either language."""
        asked = str(typed).strip().casefold()
        names = self._kinds(interaction).items()
        return next((kind for kind, name in names if asked in {kind, name.casefold()}), None)

    @initiatives.autocomplete("kind")
    async def _kind_choices(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().casefold()
        kinds = self._kinds(interaction).items()
        return choices((name, kind) for kind, name in kinds if wanted in name.casefold() or wanted in kind)

    @initiatives.autocomplete("text")
    async def _names(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer names that hold the words typed, out of what the other options leave."""
        chosen = interaction.namespace
        wanted = InitiativeFilter(chosen.document or None, self._kind(interaction, chosen.kind), typed)
        try:
            listed = await self.questions.initiatives(wanted, interaction.guild_id)
        except NotFoundError:
            return []
        names = dict.fromkeys(shortened(each.initiative.name, MAX_CHOICE) for each in listed)
        # What stands before the cut finds the name just as well, and the ellipsis is not in it.
        return choices((name, name.removesuffix("…")) for name in names)

    @commands.Cog.listener()
    @guarded
    async def on_list_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control under a list says; its readout may be gone."""
        use = self._csv if control.action == "csv" else self._turn
        try:
            await use(interaction, control)
        except NotFoundError:
            await say(interaction, self.phrases(interaction)("control.expired"))

    async def _turn(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self.questions.list_again(control.answer, place_of(interaction), phrases)
        reply = await in_time(interaction, work, ephemeral=True, in_place=True)
        number = min(control.page, len(reply.pages) - 1)
        await show_in_place(interaction, list_view(reply.pages, phrases, listing=reply.id, number=number))

    async def _csv(self, interaction: Interaction, control: Control) -> None:
        work = self.questions.csv_of(control.answer, interaction.guild_id)
        text = await in_time(interaction, work, ephemeral=True)
        await _give(interaction, self.phrases(interaction), {"initiatives.csv": text.encode()})


class ComparisonCog(BaseCog):
    """Shows what readouts have in common and in what they differ, to the person who asks, a page at a time."""

    @app_commands.command(
        name="compare", description="Two readouts side by side: what is new, gone, moved or worded otherwise"
    )
    @app_commands.describe(
        before="The earlier readout", after="The later readout", topic="Only what is about this"
    )
    @app_commands.autocomplete(before=BaseCog.document_choices, after=BaseCog.document_choices)
    @guarded
    async def compare(
        self,
        interaction: Interaction,
        before: str,
        after: str,
        topic: app_commands.Range[str, 1, _MAX_PHRASE] | None = None,
    ) -> None:
        """Compare two readouts."""
        await self._look(interaction, COMPARISON, {"before": before, "after": after, "topic": topic})

    @app_commands.command(name="trace", description="Where a phrase and its close variants stand, by date")
    @app_commands.describe(phrase="Which words?")
    @narrowed
    async def trace(
        self, interaction: Interaction, phrase: app_commands.Range[str, 1, _MAX_PHRASE], *, filters: Filters
    ) -> None:
        """Trace a phrase."""
        within: Asked = {name: getattr(filters, name) for name in ("since", "until", "issuer", "title")}
        await self._look(interaction, TRACE, {"phrase": phrase, **within})

    async def _look(self, interaction: Interaction, mode: str, asked: Asked) -> None:
        phrases = self.phrases(interaction)
        work = self.comparing.look(mode, asked, place_of(interaction), phrases)
        try:
            shown = await in_time(interaction, work, ephemeral=True)
        except NotFoundError:  # a trace names no readout
            known = {line.id for line in await self.readable(interaction)}
            missing = next((name for name in (asked["before"], asked["after"]) if name not in known), "")
            await say(interaction, phrases("error.no_readout", document=code(missing or "")))
            return
        await show(interaction, *view_of(shown, 0, phrases), ephemeral=True)

    @commands.Cog.listener()
    @guarded
    async def on_sheet_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control under a comparison or a trace says; under an answer or a list, give it as files."""
        use = self._files if control.action == "files" else self._turn
        try:
            await use(interaction, control)
        except NotFoundError:  # it is forgotten, or a readout is gone
            await say(interaction, self.phrases(interaction)("control.expired"))

    async def _turn(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self.comparing.again(control.answer, place_of(interaction), phrases)
        shown = await in_time(interaction, work, ephemeral=True, in_place=True)
        number = min(control.page, len(shown.pages) - 1)
        await show_in_place(interaction, *view_of(shown, number, phrases))

    async def _files(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self.comparing.files(control.answer, interaction.guild_id, phrases)
        await _give(interaction, phrases, await in_time(interaction, work, ephemeral=True))


def view_of(shown: Reply, number: int, phrases: Phrases) -> tuple[discord.ui.LayoutView, list[discord.File]]:
    """Return a page of a comparison or a trace, and the file that it shows."""
    picture = [discord.File(io.BytesIO(shown.picture), _PICTURE)] if shown.picture else []
    name = _PICTURE if picture else None
    return sheet_view(shown.pages, phrases, sheet=shown.id, number=number, picture=name), picture


async def _give(interaction: Interaction, phrases: Phrases, files: dict[str, bytes]) -> None:
    """Send files, those too large for Discord excepted."""
    most = interaction.filesize_limit // len(files)
    small = [
        discord.File(io.BytesIO(content), name) for name, content in files.items() if len(content) <= most
    ]
    if small:
        await attach(interaction, *small)
    else:
        await say(interaction, phrases("initiatives.csv_large"))

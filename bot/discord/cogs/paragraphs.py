"""One paragraph: /paragraph and what a citation opens; its neighbours, copying, sharing, the readout before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base_cog import MAX_CHOICE, BaseCog, choices, guarded, place_of
from bot.discord.cogs.browse import view_of
from bot.discord.comparison_service import COMPARISON
from bot.discord.delivery import in_time, respond, say, show, show_in_place
from bot.discord.discord_markdown import code, escape, shortened
from bot.discord.pages import Cited, Page, plain_label
from bot.discord.permissions import guild_scopes
from bot.discord.quote_rendering import citation_text, numbers_of, render_citations, render_paragraph
from bot.discord.views import Around, Control, card_view, page_view, shared_view
from retrieval.errors import NotFoundError
from retrieval.models import LiveParagraph
from retrieval.search.browsing import ReadoutSummary, Table
from retrieval.search.scoping import Shelf

_PARAGRAPH = "paragraph"
"""What stands for the mode where what is remembered is a paragraph that was looked up."""


@dataclass(frozen=True, slots=True)
class _Card:
    """A paragraph as a reader sees it.

    Attributes:
        place: The answer, page and index that cite it, as they stand in the ids of its controls.
        changed: Whether the readout has changed since it was cited.
        superseded: When its words were replaced (UTC, ISO 8601), where they are the cited ones still.
        earlier: The readout before in its series.
    """

    place: str
    paragraph: LiveParagraph
    around: Around
    spans: tuple[tuple[int, int], ...] = ()
    changed: bool = False
    superseded: str | None = None
    table: Table | None = None
    earlier: ReadoutSummary | None = None


class ParagraphCog(BaseCog):
    """Shows single paragraphs, each to the person who asks until they share it."""

    @app_commands.command(name="paragraph", description="Show one paragraph in full")
    @app_commands.describe(document="Which readout?", number="The paragraph’s number, as printed")
    @app_commands.autocomplete(document=BaseCog.document_choices)
    @guarded
    async def paragraph(self, interaction: Interaction, document: str, number: str) -> None:
        """Show one paragraph."""
        number = number.strip().removeprefix("¶").strip()
        try:
            card = await in_time(interaction, self._looked_up(interaction, document, number), ephemeral=True)
        except NotFoundError:
            await say(interaction, await self._missing(interaction, document, number))
            return
        await self._show(interaction, card)

    async def _looked_up(self, interaction: Interaction, document: str, number: str) -> _Card:
        scopes, phrases = guild_scopes(interaction.guild_id), self.phrases(interaction)
        found = await self.look_up(self.questions.readouts.paragraph, document, number, scopes)
        label = plain_label(found.number, found.numbering, phrases, found.part)
        cited = Cited(found.document, found.revision, found.number, label, ())
        page, looked_up = Page("", cited=(cited,)), f"{found.document} {found.place}"
        reply = await self.questions.remembered(_PARAGRAPH, (page,), looked_up, place_of(interaction))
        return await self._card_of(interaction, f"{reply.id}:0:0", found)

    async def _missing(self, interaction: Interaction, document: str, number: str) -> str:
        phrases, paragraphs = self.phrases(interaction), await self._live(interaction, document)
        shown = {"document": code(document), "number": escape(shortened(number, 20))}
        if not paragraphs:
            return phrases("error.no_readout", **shown)
        return phrases("error.no_paragraph", **shown, numbers=numbers_of(paragraphs))

    @paragraph.autocomplete("number")
    async def _numbers(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the numbers that begin as typed, then the paragraphs that hold the words typed."""
        paragraphs = await self._live(interaction, str(interaction.namespace.document or ""))
        wanted = typed.strip().removeprefix("¶").strip().casefold()
        begin = [p for p in paragraphs if p.number.casefold().startswith(wanted)]
        hold = [p for p in paragraphs if wanted in p.text.casefold() and p not in begin]
        named = ((f"{p.place} {p.text}", p.number) for p in (*begin, *hold) if len(p.number) <= MAX_CHOICE)
        return choices(named)

    @commands.Cog.listener()
    @guarded
    async def on_paragraph_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control that is about one paragraph says."""
        in_place, shares = control.action == "step", control.action == "share"
        work = self._cited(interaction, control)
        card = await in_time(interaction, work, ephemeral=not shares, in_place=in_place)
        if isinstance(card, str):
            await say(interaction, self.phrases(interaction)(card))
            return
        match control.action:
            case "cite":
                await self._cite(interaction, card)
            case "share":
                await self._share(interaction, card)
            case "past":
                await self._compare(interaction, card)
            case _:
                await self._show(interaction, card, in_place=in_place)

    async def _cited(self, interaction: Interaction, control: Control) -> _Card | str:
        """Return the paragraph that a control is about, or the key of the sentence that says why not."""
        page = await self.cited_on(interaction, control)
        if control.index >= len(page):
            return "control.expired"
        cited = page[control.index]
        place = f"{control.answer}:{control.page}:{control.index}"
        if control.step:
            paragraphs = await self._live(interaction, cited.document)
            at = next((i for i, p in enumerate(paragraphs) if p.number == cited.paragraph), None)
            if at is None:
                return "paragraph.gone"
            to = min(max(at + control.step, 0), len(paragraphs) - 1)
            return await self._card_of(interaction, place, paragraphs[to], step=to - at)
        _, paragraph, superseded = await self.quoted(cited, interaction.guild_id)
        if paragraph is None:
            return "paragraph.gone"
        changed = paragraph.revision != cited.revision
        card = await self._card_of(interaction, place, paragraph)
        spans = () if changed else cited.spans
        return replace(card, spans=spans, changed=changed, superseded=superseded)

    async def _card_of(
        self, interaction: Interaction, place: str, paragraph: LiveParagraph, step: int = 0
    ) -> _Card:
        paragraphs = await self._live(interaction, paragraph.document)
        if paragraph not in paragraphs:  # its words are no longer the live ones
            return _Card(place, paragraph, Around(step, shareable=interaction.guild_id is not None))
        at, earlier = paragraphs.index(paragraph), await self._earlier(interaction, paragraph)
        around = Around(
            step,
            before=at > 0,
            after=at + 1 < len(paragraphs),
            earlier=self.phrases(interaction).date(earlier.date) if earlier else None,
            shareable=interaction.guild_id is not None,
        )
        with suppress(NotFoundError):
            scopes = guild_scopes(interaction.guild_id)
            table = await self.look_up(self.questions.readouts.table, paragraph, scopes)
            return _Card(place, paragraph, around, table=table, earlier=earlier)
        return _Card(place, paragraph, around, earlier=earlier)

    async def _live(self, interaction: Interaction, document: str) -> Sequence[LiveParagraph]:
        """Return a readout's paragraphs, in their order; none where there is no such readout."""
        with suppress(NotFoundError):
            scopes = guild_scopes(interaction.guild_id)
            return await self.look_up(self.questions.readouts.paragraphs_of, document, scopes)
        return ()

    async def _earlier(self, interaction: Interaction, paragraph: LiveParagraph) -> ReadoutSummary | None:
        """Return the readout before in the series, where it has a date."""
        shelf = Shelf(tuple(await self.readable(interaction)))
        own = shelf.by_place.get((paragraph.document, paragraph.revision))
        older = (r for r in shelf.siblings(own) if r.date and r.date < (own.date or "")) if own else ()
        return next(iter(older), None)

    async def _show(self, interaction: Interaction, card: _Card, *, in_place: bool = False) -> None:
        phrases = self.phrases(interaction)
        first, *rest = render_paragraph(
            card.paragraph,
            card.spans,
            phrases,
            changed=card.changed,
            superseded=card.superseded,
            table=card.table,
        )
        view = card_view(first, phrases, card.place, card.around)
        if in_place:
            await show_in_place(interaction, view)
        else:
            await show(interaction, view, ephemeral=True)
        for page in rest:
            await interaction.followup.send(view=page_view(page, phrases), ephemeral=True)

    async def _cite(self, interaction: Interaction, card: _Card) -> None:
        phrases, whole = self.phrases(interaction), ((0, len(card.paragraph.text)),)
        text = citation_text(card.paragraph, whole, phrases)
        await respond(interaction, render_citations([text], phrases), phrases, ephemeral=True)

    async def _share(self, interaction: Interaction, card: _Card) -> None:
        """Show it to the channel, where the reader may write there themselves."""
        phrases, granted = self.phrases(interaction), interaction.permissions
        in_thread = isinstance(interaction.channel, discord.Thread)
        if not (granted.send_messages_in_threads if in_thread else granted.send_messages):
            await say(interaction, phrases("control.share_refused"))
            return
        lead = phrases("control.shared", who=interaction.user.mention)
        page, *_ = render_paragraph(
            card.paragraph, card.spans, phrases, lead=lead, superseded=card.superseded
        )
        view = shared_view(page, phrases, card.place, card.around.step)
        await show(interaction, view, ephemeral=False)

    async def _compare(self, interaction: Interaction, card: _Card) -> None:
        """Compare its readout with the one before, on the page where this paragraph stands."""
        phrases, paragraph = self.phrases(interaction), card.paragraph
        if card.earlier is None:
            await say(interaction, phrases("control.expired"))
            return
        asked = {"before": card.earlier.id, "after": paragraph.document, "topic": None}
        work = self.comparing.look(COMPARISON, asked, place_of(interaction), phrases)
        shown = await in_time(interaction, work, ephemeral=True)
        wanted = (paragraph.document, paragraph.number)
        on = (
            number
            for number, page in enumerate(shown.pages)
            if wanted in {(cited.document, cited.paragraph) for cited in page.cited}
        )
        await show(interaction, *view_of(shown, next(on, 0), phrases), ephemeral=True)

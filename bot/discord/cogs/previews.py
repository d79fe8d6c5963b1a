"""x"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord.ext import commands
from discord.ui import ActionRow, Button, Item, Label, LayoutView, Modal, TextInput

from bot.discord import Interaction
from bot.discord.cogs.base import BaseCog, BotServices, Work, place_of
from bot.discord.corpus.job_notifier import Brought, Edit, Ending, JobNotifier, Subscription
from bot.discord.corpus.preview_store import MAX_FIELD, Preview
from bot.discord.corpus.service import CorpusService
from bot.discord.delivery import in_time, respond, sentence_for, show, show_in_place
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_markdown import shortened
from bot.discord.pages import Tone
from bot.discord.permissions import caller_of
from bot.discord.readout_rendering import InitiativeFilter
from bot.discord.shards import Shards
from bot.discord.views import MAX_LABEL, Control, LastingItem, box, list_view, text_view
from bot.locales import Phrases
from retrieval.errors import RapporteurError
from retrieval.models import SHARED
from retrieval.search.scoping import Filters

TOKEN_LIFETIME_S = 840.0
"""How long a message can be edited by the token of a click: Discord says 15 minutes, and one is for the way."""

_CLOSING = frozenset({"corpus.expired", "corpus.changed_meanwhile"})
"""What leaves a preview with nothing that could still be pressed."""


class PreviewsCog(BaseCog):
    """Does what a preview showed; each click is decided by who clicks, at that moment."""

    def __init__(
        self, bot_services: BotServices, corpus: CorpusService, client: discord.AutoShardedClient
    ) -> None:
        super().__init__(bot_services)
        self._corpus = corpus
        self._client = client
        self._notifier = JobNotifier(
            corpus.services.jobs,
            corpus.subscriptions,
            corpus.look_ups,
            bot_services.catalogue,
            self._announce,
        )

    async def cog_unload(self) -> None:
        """Stop following; the jobs go on."""
        await self._notifier.close()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Tell those whom the last process could not."""
        await self._notifier.take_up(Shards.of(self._client))

    @commands.Cog.listener()
    async def on_preview_control(self, interaction: Interaction, control: Control) -> None:
        """Do what a control says, if whoever pressed it may."""
        use = {
            "turn": self._turn,
            "yes": self._confirm,
            "edit": self._edit,
            "no": self._cancel,
            "replace": self._settle,
            "both": self._settle,
        }
        work = partial(use[control.action], interaction, control)
        await self.guarded(interaction, self._or_closed(interaction, work))

    async def _or_closed(self, interaction: Interaction, work: Work, again: Control | None = None) -> None:
        """An expired preview is closed where it stands; whatever else goes wrong is said beside it.

        Args:
            again: Opens the form anew, with what was typed into it.
        """
        phrases = self.phrases(interaction)
        try:
            await work()
        except Exception as error:
            if isinstance(error, RefusedError) and error.key in _CLOSING:
                await show_in_place(interaction, text_view(phrases(error.key), Tone.FAILED))
                return
            sentence = sentence_for(error, phrases, self.settings.max_question)
            view = text_view(sentence, Tone.FAILED)
            if again is not None and isinstance(error, RapporteurError):
                view.add_item(ActionRow(again))
            await show(interaction, view, ephemeral=True)

    async def _turn(self, interaction: Interaction, control: Control) -> None:
        work = self._corpus.previews.open(caller_of(interaction), control.answer)
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, self.phrases(interaction), control.page))

    async def _edit(self, interaction: Interaction, control: Control) -> None:
        # A form can only be the first answer, so there is no acknowledging before.
        preview = await self._corpus.previews.open(caller_of(interaction), control.answer)
        if control.index >= len(preview.editable):
            raise RefusedError("corpus.expired")
        form = details_form(preview, control.index, control.page, self.phrases(interaction))
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        if interaction.type is discord.InteractionType.modal_submit and (target := form_target(interaction)):
            work = partial(self._revise, interaction, *target)
            again = _edit_control(*target, self.phrases(interaction))
            await self.guarded(interaction, self._or_closed(interaction, work, again))

    async def _revise(self, interaction: Interaction, preview_id: str, page: int, index: int) -> None:
        phrases = self.phrases(interaction)
        work = self._corpus.previews.revise(
            caller_of(interaction), preview_id, index, typed_into(interaction, MAX_FIELD), phrases
        )
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, phrases, page))

    async def _settle(self, interaction: Interaction, control: Control) -> None:
        phrases, replaces = self.phrases(interaction), control.action == "replace"
        work = self._corpus.previews.settle(
            caller_of(interaction), control.answer, control.index, phrases, replaces=replaces
        )
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, phrases))

    async def _cancel(self, interaction: Interaction, control: Control) -> None:
        work = self._corpus.cancel(caller_of(interaction), control.answer)
        await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(
            interaction, text_view(self.phrases(interaction)("corpus.cancelled"), Tone.NOT_FOUND)
        )

    async def _confirm(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self._corpus.confirm(caller_of(interaction), control.answer, interaction.channel_id, phrases)
        done = await in_time(interaction, work, ephemeral=True, in_place=True)
        if done.subscription is None:
            await show_in_place(interaction, text_view(done.sentence, Tone.ANSWERED))
            if done.purged:
                self._client.dispatch("purged", interaction, done.sentence, done.purged)
            return
        queued = (
            phrases("corpus.progress.job", job=done.subscription.job)
            + "\n"
            + phrases("corpus.progress.queued")
        )
        try:
            await show_in_place(interaction, text_view(queued))
        finally:  # the job is queued, whatever became of the message
            self._notifier.follow(done.subscription, _editing(interaction, done.subscription.scope, phrases))

    async def _announce(self, subscription: Subscription, ending: Ending) -> bool:
        """Tell the starter in a direct message, or in the channel where they started it."""
        outside = ending.full if subscription.scope == SHARED else ending.brief
        with suppress(discord.HTTPException):
            direct = await self._client.create_dm(discord.Object(subscription.user))
            await direct.send(view=text_view(outside, ending.tone))
            return True
        channel = self._client.get_channel(subscription.channel) if subscription.channel else None
        if isinstance(channel, discord.abc.Messageable):
            inside = ending.brief if subscription.scope == SHARED else ending.full
            phrases = self.catalogue.of(subscription.language)
            with suppress(discord.HTTPException):
                await channel.send(
                    view=job_view(
                        f"<@{subscription.user}>\n{inside}",
                        subscription.scope,
                        None if subscription.scope == SHARED else ending.brought,
                        phrases,
                        ending.tone,
                    )
                )
                return True
        return False


def _editing(interaction: Interaction, scope: str, phrases: Phrases) -> Edit:
    """Return what writes over the message that was clicked, for as long as Discord lets it."""
    clicked = time.monotonic()

    async def edit(text: str, brought: Brought | None, tone: Tone) -> bool:
        if time.monotonic() - clicked > TOKEN_LIFETIME_S:
            return False
        try:
            await interaction.edit_original_response(view=job_view(text, scope, brought, phrases, tone))
        except discord.HTTPException:
            return False
        return True

    return edit


_FORM = "corpus-details"
_FORM_LIFETIME_S = 900.0


def preview_view(preview: Preview, phrases: Phrases, number: int = 0) -> LayoutView:
    """Return one page of a preview with what can be done about it."""
    number = min(number, len(preview.pages) - 1)
    page = preview.pages[number]
    container = box(page.text, Tone(page.tone))
    if buttons := [*_buttons(preview, phrases, number, page.edits)]:
        container.add_item(ActionRow(*buttons))
    return LayoutView(timeout=None).add_item(container)


def _buttons(preview: Preview, phrases: Phrases, number: int, edits: int | None) -> Iterator[Control]:
    def button(action: str, page: int, index: int, **look: Any) -> Control:
        return Control(Button(custom_id=f"corpus:{action}:{preview.id}:{page}:{index}", **look))

    last = len(preview.pages) - 1
    if last:
        yield button("turn", max(number - 1, 0), 0, emoji="◀️", disabled=number == 0)
        yield button("turn", min(number + 1, last), 1, emoji="▶️", disabled=number == last)
    if preview.confirmable:
        danger = preview.kind in ("remove", "purge")
        style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.success
        yield button("yes", number, 0, label=phrases("corpus.control.confirm"), style=style)
    if preview.alike is not None:
        answered, primary = len(preview.request["taken_as"]), discord.ButtonStyle.primary
        named = phrases("corpus.control.replace", id=preview.alike.document)
        yield button("replace", number, answered, label=shortened(named, MAX_LABEL), style=primary)
        yield button("both", number, answered, label=phrases("corpus.control.both"), style=primary)
    elif edits is not None:  # a row holds five: what is asked comes first
        yield _edit_control(preview.id, number, edits, phrases)
    # a preview in which nothing can be done needs no way out
    if preview.confirmable or preview.alike is not None or edits is not None:
        yield button("no", number, 0, label=phrases("corpus.control.cancel"))


def _edit_control(preview_id: str, page: int, index: int, phrases: Phrases) -> Control:
    custom_id = f"corpus:edit:{preview_id}:{page}:{index}"
    return Control(Button(custom_id=custom_id, label=phrases("corpus.control.edit")))


def details_form(preview: Preview, index: int, page: int, phrases: Phrases) -> Modal:
    """Return the form for one readout; the `interaction` event brings what was typed, after a restart too."""
    form = Modal(
        title=phrases("corpus.form.title"),
        custom_id=f"{_FORM}:{preview.id}:{page}:{index}",
        timeout=_FORM_LIFETIME_S,
    )
    for name, shown in {**preview.editable[index].fields(), **preview.editable[index].typed}.items():
        field: TextInput[Modal] = TextInput(
            custom_id=name,
            default=shown,
            required=name in ("title", "id"),
            max_length=MAX_FIELD[name],
            placeholder=phrases("corpus.form.date_format") if name == "date" else None,
        )
        form.add_item(Label(text=phrases(f"corpus.form.{name}"), component=field))
    return form


def form_target(interaction: Interaction) -> tuple[str, int, int] | None:
    """Return preview, page and readout that a submitted form is about; None for another form."""
    data: Any = interaction.data or {}
    name, *rest = str(data.get("custom_id", "")).split(":")
    if name != _FORM or len(rest) != 3 or not all(part.isdecimal() for part in rest[1:]):
        return None
    return rest[0], int(rest[1]), int(rest[2])


def typed_into(interaction: Interaction, fields: Mapping[str, int]) -> dict[str, str]:
    """Return what was typed into a form, by field, no more of each than `fields` says (characters)."""
    data: Any = interaction.data or {}
    return {
        item["custom_id"]: str(item["value"])[: fields[item["custom_id"]]]
        for item in _walk(data.get("components", ()))
        if "value" in item and item.get("custom_id") in fields
    }


def _walk(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components", ()))
        if "component" in component:
            yield from _walk((component["component"],))


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

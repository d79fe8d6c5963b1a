"""A preview, the job that it becomes, and what can be done with what that brought."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.discord import Interaction
from bot.discord.cogs.base_cog import BaseCog, BotServices, guarded, place_of, sent_form, typed_into
from bot.discord.corpus.job_notifier import Brought, Edit, Ending, JobNotifier, Subscription
from bot.discord.corpus.preview_store import MAX_FIELD, Preview
from bot.discord.delivery import in_time, respond, sentence_for, show, show_in_place
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_markdown import shortened
from bot.discord.pages import Tone, cut_to_fit
from bot.discord.permissions import caller_of
from bot.discord.readout_rendering import InitiativeFilter
from bot.discord.shards import Shards
from bot.discord.views import MAX_LABEL, Control, LastingItem, box, list_view, message_view, text_view
from bot.locales import Phrases
from retrieval.errors import RapporteurError
from retrieval.models import SHARED
from retrieval.search.scoping import Filters

TOKEN_LIFETIME_S = 840.0
"""How long a message can be edited by the token of a click: Discord says 15 minutes, and one is for the way."""

_CLOSING = frozenset({"corpus.expired", "corpus.changed_meanwhile"})
"""What leaves a preview with nothing that could still be pressed."""

_FORM = "corpus-details"
_FORM_LIFETIME_S = 900.0
_ASKING = "job-question"
_MAX_TYPED = 4_000


class PreviewsCog(BaseCog):
    """Does what a preview showed; each click is decided by who clicks, at that moment."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        jobs, look_ups = self.corpus.services.jobs, self.corpus.look_ups
        self._notifier = JobNotifier(
            jobs, self.corpus.subscriptions, look_ups, self.catalogue, self._announce
        )

    async def cog_unload(self) -> None:
        """Stop following; the jobs go on."""
        await self._notifier.close()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Tell those whom the last process could not."""
        await self._notifier.take_up(Shards.of(self.client))

    @commands.Cog.listener()
    @guarded
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
        await self._or_closed(interaction, partial(use[control.action], interaction, control))

    async def _or_closed(
        self, interaction: Interaction, work: Callable[[], Awaitable[None]], again: Control | None = None
    ) -> None:
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
                view.add_item(ui.ActionRow(again))
            await show(interaction, view, ephemeral=True)

    async def _turn(self, interaction: Interaction, control: Control) -> None:
        work = self.corpus.previews.open(caller_of(interaction), control.answer)
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, self.phrases(interaction), control.page))

    async def _edit(self, interaction: Interaction, control: Control) -> None:
        # A form can only be the first answer, so there is no acknowledging before.
        preview = await self.corpus.previews.open(caller_of(interaction), control.answer)
        if control.index >= len(preview.editable):
            raise RefusedError("corpus.expired")
        form = details_form(preview, control.index, control.page, self.phrases(interaction))
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form that was sent."""
        if about := sent_form(interaction, _FORM):
            preview, page, index = about.split(":")
            target = preview, int(page), int(index)
            again = _edit_control(*target, self.phrases(interaction))
            work = partial(self._revise, interaction, *target)
            await self.guarded(interaction, self._or_closed(interaction, work, again))

    async def _revise(self, interaction: Interaction, preview_id: str, page: int, index: int) -> None:
        phrases, typed = self.phrases(interaction), typed_into(interaction, MAX_FIELD)
        work = self.corpus.previews.revise(caller_of(interaction), preview_id, index, typed, phrases)
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, phrases, page))

    async def _settle(self, interaction: Interaction, control: Control) -> None:
        phrases, replaces = self.phrases(interaction), control.action == "replace"
        work = self.corpus.previews.settle(
            caller_of(interaction), control.answer, control.index, phrases, replaces=replaces
        )
        preview = await in_time(interaction, work, ephemeral=True, in_place=True)
        await show_in_place(interaction, preview_view(preview, phrases))

    async def _cancel(self, interaction: Interaction, control: Control) -> None:
        work = self.corpus.cancel(caller_of(interaction), control.answer)
        await in_time(interaction, work, ephemeral=True, in_place=True)
        cancelled = self.phrases(interaction)("corpus.cancelled")
        await show_in_place(interaction, text_view(cancelled, Tone.NOT_FOUND))

    async def _confirm(self, interaction: Interaction, control: Control) -> None:
        phrases = self.phrases(interaction)
        work = self.corpus.confirm(caller_of(interaction), control.answer, interaction.channel_id, phrases)
        done = await in_time(interaction, work, ephemeral=True, in_place=True)
        if done.subscription is None:
            await show_in_place(interaction, text_view(done.sentence, Tone.ANSWERED))
            if done.purged:
                self.client.dispatch("purged", interaction, done.sentence, done.purged)
            return
        head = phrases("corpus.progress.job", job=done.subscription.job)
        try:
            queued = text_view(f"{head}\n{phrases('corpus.progress.queued')}")
            await show_in_place(interaction, queued)
        finally:  # the job is queued, whatever became of the message
            self._notifier.follow(done.subscription, _editing(interaction, done.subscription.scope, phrases))

    async def _announce(self, subscription: Subscription, ending: Ending) -> bool:
        """Tell the starter in a direct message, or in the channel where they started it."""
        is_shared = subscription.scope == SHARED
        with suppress(discord.HTTPException):
            direct = await self.client.create_dm(discord.Object(subscription.user))
            await direct.send(view=text_view(ending.full if is_shared else ending.brief, ending.tone))
            return True
        channel = self.client.get_channel(subscription.channel) if subscription.channel else None
        if isinstance(channel, discord.abc.Messageable):
            text = cut_to_fit(ending.brief if is_shared else ending.full, f"<@{subscription.user}>\n")
            brought = None if is_shared else ending.brought
            phrases = self.catalogue.of(subscription.language)
            with suppress(discord.HTTPException):
                view = _job_view(text, subscription.scope, brought, phrases, ending.tone)
                await channel.send(view=view)
                return True
        return False


def _editing(interaction: Interaction, scope: str, phrases: Phrases) -> Edit:
    """Return what writes over the message that was clicked, for as long as Discord lets it."""
    clicked = time.monotonic()

    async def edit(text: str, brought: Brought | None, tone: Tone) -> bool:
        if time.monotonic() - clicked > TOKEN_LIFETIME_S:
            return False
        try:
            await interaction.edit_original_response(view=_job_view(text, scope, brought, phrases, tone))
        except discord.HTTPException:
            return False
        return True

    return edit


def preview_view(preview: Preview, phrases: Phrases, number: int = 0) -> ui.LayoutView:
    """Return one page of a preview with what can be done about it."""
    number = min(number, len(preview.pages) - 1)
    page = preview.pages[number]
    container = box(page.text, Tone(page.tone))
    if buttons := [*_buttons(preview, phrases, number, page.edits)]:
        container.add_item(ui.ActionRow(*buttons))
    return message_view(container)


def _buttons(preview: Preview, phrases: Phrases, number: int, edits: int | None) -> Iterator[Control]:
    def button(action: str, page: int, index: int, **look: Any) -> Control:
        return Control(ui.Button(custom_id=f"corpus:{action}:{preview.id}:{page}:{index}", **look))

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
    return Control(ui.Button(custom_id=custom_id, label=phrases("corpus.control.edit")))


def details_form(preview: Preview, index: int, page: int, phrases: Phrases) -> ui.Modal:
    """Return the form for one readout; the `interaction` event brings what was typed, after a restart too."""
    form = ui.Modal(
        title=phrases("corpus.form.title"),
        custom_id=f"{_FORM}:{preview.id}:{page}:{index}",
        timeout=_FORM_LIFETIME_S,
    )
    for name, shown in {**preview.editable[index].fields(), **preview.editable[index].typed}.items():
        field: ui.TextInput[ui.Modal] = ui.TextInput(
            custom_id=name,
            default=shown,
            required=name in ("title", "id"),
            max_length=MAX_FIELD[name],
            placeholder=phrases("corpus.form.date_format") if name == "date" else None,
        )
        form.add_item(ui.Label(text=phrases(f"corpus.form.{name}"), component=field))
    return form


class JobLink(
    LastingItem,
    template=r"job:(?P<action>ask|list|diff):(?P<where>server|shared):(?P<document>[a-z0-9._-]{1,64})",
):
    """A button under what a job did; the `job_link` event hands it to whoever listens."""

    event = "job_link"


def _job_view(text: str, scope: str, brought: Brought | None, phrases: Phrases, tone: Tone) -> ui.LayoutView:
    """Return what a job did, and what can be done with the one readout that it brought, if it was one."""
    container = box(text, tone)
    if brought:
        place = f"{'shared' if scope == SHARED else 'server'}:{brought.document}"
        actions = ("ask", "list", "diff") if brought.changed else ("ask", "list")
        links = (
            ui.Button[Any](label=phrases(f"corpus.link.{a}"), custom_id=f"job:{a}:{place}") for a in actions
        )
        container.add_item(ui.ActionRow(*map(JobLink, links)))
    return message_view(container)


class JobLinksCog(BaseCog):
    """Does what the buttons under a job say, for whoever presses them."""

    @commands.Cog.listener()
    @guarded
    async def on_job_link(self, interaction: Interaction, link: JobLink) -> None:
        """Do what a button says."""
        use = {"ask": self._form, "list": self._list, "diff": self._diff}[link.match["action"]]
        await use(interaction, link)

    async def _form(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        form = ui.Modal(title=phrases("corpus.link.ask"), custom_id=f"{_ASKING}:{link.match['document']}")
        question: ui.TextInput[ui.Modal] = ui.TextInput(
            custom_id="question", max_length=min(self.settings.max_question, _MAX_TYPED)
        )
        form.add_item(ui.Label(text=phrases("corpus.link.question"), component=question))
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a question that was typed into the form."""
        if document := sent_form(interaction, _ASKING):
            await self.guarded(interaction, self._ask(interaction, document))

    async def _ask(self, interaction: Interaction, document: str) -> None:
        phrases, place = self.phrases(interaction), place_of(interaction)
        question = typed_into(interaction, {"question": _MAX_TYPED})["question"]
        work = self.questions.ask(question, place, phrases, filters=Filters((document,)), quoted=True)
        reply = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=True)

    async def _list(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        wanted = InitiativeFilter(link.match["document"])
        work = self.questions.list_initiatives(wanted, place_of(interaction), phrases)
        reply = await in_time(interaction, work, ephemeral=True)
        await show(interaction, list_view(reply.pages, phrases, listing=reply.id), ephemeral=True)

    async def _diff(self, interaction: Interaction, link: JobLink) -> None:
        phrases = self.phrases(interaction)
        work = self.corpus.changes(
            caller_of(interaction), link.match["where"], link.match["document"], phrases
        )
        pages = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, pages, phrases, ephemeral=True)

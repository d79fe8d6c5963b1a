"""What every cog is given, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from itertools import islice
from typing import Any, Concatenate, ParamSpec, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.admission import ClosingError
from bot.discord import Interaction
from bot.discord.comparison_service import ComparisonService
from bot.discord.corpus.server_cleanup import ServerCleanup
from bot.discord.corpus.service import CorpusService
from bot.discord.delivery import tell_failure
from bot.discord.discord_errors import NotAllowedError, RefusedError
from bot.discord.discord_markdown import escape, shortened
from bot.discord.discord_settings import DiscordSettings
from bot.discord.pages import Cited
from bot.discord.permissions import caller_of, guild_scopes, may_manage, own_scope
from bot.discord.question_service import Place, QuestionService
from bot.discord.views import Control
from bot.locales import Catalogue, Phrases
from bot.monitoring import request
from retrieval.errors import NotFoundError
from retrieval.models import LiveParagraph
from retrieval.search.browsing import ReadoutSummary
from retrieval.search.scoping import ALL, Filters, as_bound

_MAX_CHOICES = 25
MAX_CHOICE = 100

Command = TypeVar("Command", bound=Callable[..., Coroutine[Any, Any, None]])
Word = app_commands.Range[str, 1, 100]
FILTERS = {
    "since": "Only readouts from this day, month or year on",
    "until": "Only readouts up to this day, month or year",
    "issuer": "Only readouts of this issuer",
    "title": "Only readouts with these words in their title",
}
"""The options that narrow the readouts, beside `document`."""

Shown = tuple[Cited, LiveParagraph | None, str | None]
"""What was cited, the paragraph that is shown for it, and when its revision was superseded, if it was."""


@dataclass(frozen=True, slots=True)
class BotServices:
    """What the cogs work with; without `corpus` and `server_cleanup` there is no /corpus."""

    questions: QuestionService
    comparing: ComparisonService
    catalogue: Catalogue
    settings: DiscordSettings
    corpus: CorpusService | None = None
    server_cleanup: ServerCleanup | None = None


class BaseCog(commands.Cog):
    """A cog with the services behind it."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        self.client = client
        self.questions = bot_services.questions
        self.answers = self.questions.answers
        self.servers = self.questions.servers
        self.look_up = self.questions.look_ups.run
        self.catalogue = bot_services.catalogue
        self.settings = bot_services.settings
        self.comparing = bot_services.comparing
        self._corpus = bot_services.corpus

    @property
    def corpus(self) -> CorpusService:
        """What keeps the readouts; the cogs that need it are there only where it is."""
        assert self._corpus is not None
        return self._corpus

    def phrases(self, interaction: Interaction) -> Phrases:
        """Return the language of the person who uses the bot."""
        return self.catalogue.of(interaction.locale)

    async def guarded(self, interaction: Interaction, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` as something that a shutdown waits for and that never ends in silence."""
        with request(), self.questions.in_flight as admitted:
            chosen = work if admitted else refused(work)
            async with tell_failure(interaction, self.phrases(interaction), self.settings.max_question):
                await chosen

    def manages(self, interaction: Interaction) -> bool:
        """Whether somebody manages readouts: their server's own, or the shared ones."""
        caller, scopes = caller_of(interaction), guild_scopes(interaction.guild_id)
        return any(may_manage(caller, scope, self.settings) for scope in scopes)

    def admitted(self, interaction: Interaction) -> discord.Guild:
        """Return the server, where it is one and whoever asks may change what is its own.

        Raises:
            RefusedError: It is none, or they may not.
        """
        caller = caller_of(interaction)
        if caller.guild is None or interaction.guild is None:
            raise RefusedError("corpus.no_server_here")
        if not may_manage(caller, own_scope(caller.guild), self.settings):
            raise NotAllowedError("corpus.not_admin")
        return interaction.guild

    async def readable(self, interaction: Interaction, filters: Filters = ALL) -> Sequence[ReadoutSummary]:
        """Return the readouts that can be read where somebody uses the bot, and pass."""
        scopes = guild_scopes(interaction.guild_id)
        return await self.look_up(self.questions.readouts.documents, scopes, filters)

    async def cited_on(self, interaction: Interaction, control: Control) -> tuple[Cited, ...]:
        """Return what the page cites that a control is under; nothing where the answer is no longer remembered."""
        shown = await self.look_up(self.answers.get, control.answer)
        is_here = shown is not None and shown.guild == interaction.guild_id
        return shown.cited[control.page] if shown and is_here and control.page < len(shown.cited) else ()

    async def quoted(self, cited: Cited, guild: int | None) -> Shown:
        """Return the words that were quoted; where those are no longer kept, the paragraph as it is now."""
        readouts, scopes = self.questions.readouts, guild_scopes(guild)
        document, revision, number = cited.document, cited.revision, cited.paragraph
        with suppress(NotFoundError):
            return cited, *await self.look_up(readouts.quoted, document, revision, number, scopes)
        with suppress(NotFoundError):
            return cited, await self.look_up(readouts.paragraph, document, number, scopes), None
        return cited, None, None

    async def document_choices(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return the readouts whose title or id contains what was typed so far."""
        wanted = typed.casefold().split()
        lines = await self.readable(interaction)
        found = [line for line in lines if _matches(f"{line.title} {line.date or ''} {line.id}", wanted)]
        return choices((_choice(line.title, line.date), line.id) for line in found)

    async def filter_choices(
        self, interaction: Interaction, typed: str, option: str
    ) -> list[app_commands.Choice[str]]:
        """Return what the readouts have of an issuer, a title, or years and days, the newest first."""
        lines = await self.readable(interaction)
        if option in ("issuer", "title"):
            held = [getattr(line, option) for line in lines]
        else:
            days = sorted((line.date for line in lines if line.date), reverse=True)
            held = [*(day[:4] for day in days), *days]
        wanted = typed.casefold().split()
        found = [value for value in dict.fromkeys(held) if value and _matches(value, wanted)]
        return choices((value, value[:MAX_CHOICE]) for value in found)


P = ParamSpec("P")
SomeCog = TypeVar("SomeCog", bound=BaseCog)
Use = Callable[Concatenate[SomeCog, Interaction, P], Coroutine[Any, Any, None]]


def guarded(use: Use[SomeCog, P]) -> Use[SomeCog, P]:
    """Have a command or a listener of a cog done by `BaseCog.guarded`."""

    @wraps(use)
    async def guarded_use(cog: SomeCog, interaction: Interaction, /, *args: P.args, **more: P.kwargs) -> None:
        await cog.guarded(interaction, use(cog, interaction, *args, **more))

    # discord.py looks up what annotations name where a function was made, which is here
    guarded_use.__signature__ = signature(use, eval_str=True)  # type: ignore[attr-defined]
    return guarded_use


def narrowed(use: Command) -> Command:
    """Give a command the options that narrow the readouts, completed from what those hold.

    It is handed the `Filters` that were typed, as its last parameter.
    """

    @wraps(use)
    async def narrowed_use(cog: BaseCog, interaction: Interaction, /, **given: Any) -> None:
        typed = {option: given.pop(option, None) for option in FILTERS}
        since, until = _bound(typed.pop("since")), _bound(typed.pop("until"))
        await use(cog, interaction, filters=Filters((), since, until, **typed), **given)

    own = signature(use, eval_str=True)
    options = [Parameter(o, Parameter.KEYWORD_ONLY, default=None, annotation=Word | None) for o in FILTERS]
    kept = [parameter for name, parameter in own.parameters.items() if name != "filters"]
    narrowed_use.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    completed = {option: _choices_of(option) for option in FILTERS}
    described = app_commands.autocomplete(**completed)(app_commands.describe(**FILTERS)(narrowed_use))
    return guarded(described)  # type: ignore[return-value]  # its options are others


def _choices_of(option: str) -> Callable[..., Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def found(cog: BaseCog, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await cog.filter_choices(interaction, typed, option)

    # by its dot discord.py knows a method, and hands it the cog
    found.__qualname__ = f"BaseCog.{option}_choices"
    return found


def choices(named: Iterable[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Return as many choices as Discord shows, from (name, value)."""
    return [
        app_commands.Choice(name=shortened(name, MAX_CHOICE), value=value)
        for name, value in islice(named, _MAX_CHOICES)
    ]


def _bound(typed: str | None) -> str | None:
    """Return a day, month or year as typed as the ledger has it.

    Raises:
        RefusedError: It is none.
    """
    bound = as_bound(typed) if typed else None
    if typed and bound is None:
        raise RefusedError("corpus.bad_date", date=escape(typed))
    return bound


async def refused(work: Coroutine[Any, Any, None]) -> None:
    """Leave `work` undone because the bot is shutting down."""
    work.close()
    raise ClosingError("shutting down")


def _matches(text: str, wanted: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in wanted)


def _choice(title: str, date: str | None) -> str:
    ending = f" – {date}" if date else ""
    return shortened(title or "–", MAX_CHOICE - len(ending)) + ending


def place_of(interaction: Interaction) -> Place:
    """Return who asks, and where."""
    channel = interaction.channel
    thread = channel.id if isinstance(channel, discord.Thread) else None
    return Place(
        user=interaction.user.id, guild=interaction.guild_id, thread=thread, channel=channel_of(channel)
    )


def channel_of(channel: object) -> int | None:
    """Return the id of a channel, of a thread that of the channel it hangs from."""
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return getattr(channel, "id", None)


def sent_form(interaction: Interaction, name: str) -> str | None:
    """Return what a form is about, as its id says behind its name; None where no such form was sent."""
    data: Any = interaction.data or {}
    known, _, about = str(data.get("custom_id", "")).partition(":")
    is_sent = interaction.type is discord.InteractionType.modal_submit and known == name
    return about if is_sent else None


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

"""Takes questions from Discord, admits them, and has them answered off the event loop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ParamSpec, TypeVar

from bot.admission import InFlight, Limits, Workers
from bot.discord.answer_store import AnswerStore, ShownAnswer
from bot.discord.delivery import Found
from bot.discord.discord_errors import QuestionTooLongError, is_ours, one_line
from bot.discord.discord_settings import DiscordSettings
from bot.discord.pages import Page
from bot.discord.permissions import guild_scopes
from bot.discord.quote_rendering import render_answer, render_check, render_found, render_translations
from bot.discord.readout_rendering import InitiativeFilter, example_questions, render_initiatives
from bot.discord.server_settings import ServerSettingsStore
from bot.locales import Phrases
from bot.sheets import initiatives_csv
from retrieval.answering.checking import MAX_CLAIM_CHARS
from retrieval.answering.models import MODEL_FAILED, Answer, Talk
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError, QuestionError
from retrieval.models import Statement
from retrieval.search.browsing import ListedInitiative
from retrieval.search.scoping import ALL, Filters

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

_HISTORY_TURNS = 6
"""Earlier questions that a follow-up is understood from."""

_QUICK_WAITING = 1_000
_WORKERS_S = 0.3

LIST, _CHECK = "initiatives", "check"
"""What stands for the mode where the answer remembered is a list, or a claim that was checked."""

ShowFound = Callable[[Page], Awaitable[None]]
"""Shows what was found, in the place where the answer will stand."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks, and where.

    Attributes:
        guild: The server, or None in a direct message.
        thread: The thread, or None outside of one.
        reply_to: The message that this one replies to.
        channel: The channel, of a thread the one that it hangs from: it may have readouts of its own choice.
    """

    user: int
    guild: int | None = None
    thread: int | None = None
    reply_to: int | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, ready to be shown: its id stands in the controls of its pages; `talk`, and no id, where nothing was asked.

    Attributes:
        picture: What stands below each page (PNG).
    """

    id: str
    pages: tuple[Page, ...]
    talk: Talk | None = None
    picture: bytes | None = None


class QuestionService:
    """Answers, checks and lists for Discord, and remembers what was shown.

    Attributes:
        in_flight: Counts a `with` block as in flight for as long as it lasts; a shutdown waits for it.
        look_ups: The threads on which `answers` and `readouts` are to be asked.
        servers: What each server chose for itself.
    """

    def __init__(self, settings: DiscordSettings, services: Services, answers: AnswerStore) -> None:
        self._settings = settings
        self._answering = services.answering
        self._checking = services.checking
        self.readouts = services.browser
        self.answers = answers
        a_minute = settings.user_questions_per_minute, settings.server_questions_per_minute
        self._limits = Limits(*a_minute, time.monotonic)
        self._questions = Workers(settings.concurrent_questions, settings.waiting_questions, "question")
        # Clicks, lists and the ledger have threads of their own: a slow question never holds them up.
        self.look_ups = Workers(2, _QUICK_WAITING, "lookup")
        self.servers = ServerSettingsStore(settings, answers.database, self.look_ups)
        self.in_flight = InFlight()

    @property
    def mode(self) -> str:
        """How answers are made: "extractive", or "llm:<provider>:<model>"."""
        return self._answering.mode

    @property
    def waiting(self) -> int:
        """How many questions wait for a thread."""
        return self._questions.waiting

    async def ask(
        self,
        question: str,
        place: Place,
        phrases: Phrases,
        *,
        filters: Filters = ALL,
        quoted: bool = False,
        overheard: bool = False,
        instead_of: str | None = None,
        show_found: ShowFound | None = None,
    ) -> Reply:
        """Answer a question and remember the answer; what asks nothing is not remembered.

        Args:
            filters: Ask the readouts that pass; where they narrow nothing, those that the channel asks.
            quoted: Show the question above the answer.
            overheard: It was not said to the bot: talk among members is left alone.
            instead_of: An earlier answer, whose place in the conversation this one takes.
            show_found: Called with what was found, where a language model goes on to choose; over when this
                returns.

        Raises:
            QuestionError, NotFoundError, StoreError: As `AnsweringService.ask` does.
            LimitedError, BusyError: It is not the moment to ask.
            TimeoutError: It took too long.
        """
        self._admit(question, place)
        parent = await self._parent(place, instead_of)
        history = await self.look_ups.run(self.answers.history, parent, _HISTORY_TURNS)
        about = await self.look_ups.run(self.answers.cited_by, parent)
        scopes = guild_scopes(place.guild)
        within = filters or await self.channel_filters(place.channel)

        async def show(found: Answer) -> None:
            if show_found is not None and found.statements:
                await show_found(render_found(found, phrases, show_question=quoted))

        ask = partial(self._answering.ask, question, scopes=scopes, filters=within)
        in_turn = partial(ask, history=history, about=about, overheard=overheard)
        answer = await self._chosen_or_found(in_turn, Found(show))
        can_translate = self._answering.translates
        pages = render_answer(answer, phrases, show_question=quoted, can_translate=can_translate)
        if answer.talk:
            return Reply("", pages, answer.talk)
        found_it = bool(answer.statements)
        return await self.remembered(answer.mode, pages, question, place, parent, answered=found_it)

    async def _chosen_or_found(self, ask: Callable[..., Answer], found: Found) -> Answer:
        """Return the answer; where it fails or takes too long, what was found until then."""
        try:
            return await self._worked(ask, on_found=found.tell)
        except Exception as error:
            if found.answer is None:
                raise
            log.warning("what was found stands: %s", one_line(error), exc_info=is_ours(error))
            return replace(found.answer, model_failure=MODEL_FAILED)
        finally:
            await found.shown()

    async def examples(self, guild: int | None, phrases: Phrases) -> list[str]:
        """Return questions that what can be read in a server answers."""
        scopes = guild_scopes(guild)
        quote = partial(self._answering.quote, scopes=scopes)
        return await self._worked(example_questions, self.readouts, scopes, quote, phrases)

    async def channel_filters(self, channel: int | None) -> Filters:
        """Return which readouts a channel asks, as its admins chose."""
        kept = None if channel is None else await self.look_ups.run(self.answers.state, f"filters:{channel}")
        return Filters.load(kept) if kept else ALL

    async def set_channel_filters(self, channel: int, filters: Filters) -> None:
        """Have a channel ask the readouts that pass; filters that narrow nothing are none."""
        kept = filters.dump() if filters else ""
        await self.look_ups.run(self.answers.set_state, f"filters:{channel}", kept)

    async def translate(
        self, statements: Sequence[Statement], language: str, place: Place, phrases: Phrases
    ) -> tuple[Page, ...]:
        """Return the pages of quotes with a language model's translation under each.

        Raises:
            LanguageModelError: It gave none.
            SettingsError: Nothing is translated any more.
            LimitedError, BusyError: It is not the moment to ask.
            TimeoutError: It took too long.
        """
        self._limits.admit(place.user, place.guild)
        scopes = guild_scopes(place.guild)
        found = await self._worked(self._answering.translations, statements, language, scopes)
        return render_translations(statements, found, phrases)

    async def check(self, claim: str, place: Place, phrases: Phrases) -> Reply:
        """Compare a claim with the sentences nearest to it; raises as `ask` does."""
        claim, scopes = claim[:MAX_CLAIM_CHARS], guild_scopes(place.guild)
        asked = claim[: self._settings.max_question]
        found = await self.admitted(asked, place, lambda: self._checking.check(claim, scopes=scopes))
        return await self.remembered(_CHECK, render_check(found, phrases), claim, place)

    async def admitted(self, asked: str, place: Place, work: Callable[[], T]) -> T:
        """Return what `work` returns, done off the event loop where somebody may ask for it now.

        Raises:
            As `ask` does, and whatever `work` raises.
        """
        self._admit(asked, place)
        return await self._worked(work)

    async def _worked(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Return what `call` returns, done off the event loop and in time.

        Raises:
            TimeoutError: It took too long.
            ClosingError: A shutdown can wait no longer.
            BusyError: Too many wait already.
        """
        async with asyncio.timeout(self._settings.answer_timeout_s):
            return await self.in_flight.unless_settling(self._questions.run(call, *args, **more))

    async def remembered(
        self,
        mode: str,
        pages: tuple[Page, ...],
        question: str,
        place: Place,
        parent: str | None = None,
        *,
        answered: bool | None = None,
    ) -> Reply:
        """Remember what is shown, so that its controls work; return it with its id.

        Args:
            answered: Whether the readouts answered; None where nothing was asked of them: it is then no part of
                the conversation in a thread.
        """
        shown = ShownAnswer(
            id=secrets.token_hex(6),
            question=question,
            mode=mode,
            user=place.user,
            at=self.now_ms(),
            cited=tuple(page.cited for page in pages),
            parent=parent,
            guild=place.guild,
            thread=None if answered is None else place.thread,
            answered=answered,
        )
        await self.look_ups.run(self.answers.add, shown)
        return Reply(shown.id, pages)

    async def remembered_again(self, shown: ShownAnswer, pages: tuple[Page, ...], place: Place) -> Reply:
        """Return what was shown, as it is now: under a new id where the readouts changed since.

        Controls that named the old row would open other paragraphs.
        """
        if tuple(page.cited for page in pages) == shown.cited:
            return Reply(shown.id, pages)
        return await self.remembered(shown.mode, pages, shown.question, place)

    def _admit(self, question: str, place: Place) -> None:
        if not question.strip():
            raise QuestionError("the question is empty")
        if len(question) > self._settings.max_question:
            raise QuestionTooLongError(len(question), self._settings.max_question)
        self._limits.admit(place.user, place.guild)

    async def _parent(self, place: Place, instead_of: str | None = None) -> str | None:
        if instead_of is not None:
            before = await self.look_ups.run(self.answers.get, instead_of)
            return before.parent if before else None
        if place.reply_to is not None:
            answer = await self.look_ups.run(self.answers.of_message, place.reply_to)
            if answer:
                return answer
        return None if place.thread is None else await self.look_ups.run(self.answers.latest_in, place.thread)

    async def initiatives(self, wanted: InitiativeFilter, guild: int | None) -> list[ListedInitiative]:
        """Return the initiatives wanted, newest readout first.

        Raises:
            NotFoundError: There is no such readout here.
        """
        scopes, filters, kind = guild_scopes(guild), wanted.filters, wanted.kind
        found = await self.look_ups.run(self.readouts.initiatives, scopes, filters=filters, kind=kind)
        return wanted.matching(found)

    async def damaged(self, wanted: InitiativeFilter, guild: int | None) -> tuple[str, ...]:
        """Return the readouts that a list says nothing of, as what is in the store is not what was ingested."""
        return await self.look_ups.run(self.readouts.damaged, guild_scopes(guild), wanted.filters)

    async def list_initiatives(self, wanted: InitiativeFilter, place: Place, phrases: Phrases) -> Reply:
        """Return the list wanted and remember it: its paragraphs can be opened and its pages turned.

        Raises:
            NotFoundError: There is no such readout here.
        """
        pages = await self._list_pages(wanted, place.guild, phrases)
        return await self.remembered(LIST, pages, wanted.dump(), place)

    async def list_again(self, listing: str, place: Place, phrases: Phrases) -> Reply:
        """Return a list that was shown, as it is now.

        Raises:
            NotFoundError: It is no longer remembered, or the readout that it is of is gone.
        """
        shown = await self._list_shown(listing, place.guild)
        wanted = InitiativeFilter.load(shown.question)
        pages = await self._list_pages(wanted, place.guild, phrases)
        return await self.remembered_again(shown, pages, place)

    async def csv_of(self, listing: str, guild: int | None) -> str:
        """Return the whole of a list that was shown as CSV; raises as `list_again` does."""
        shown = await self._list_shown(listing, guild)
        wanted = InitiativeFilter.load(shown.question)
        return initiatives_csv(await self.initiatives(wanted, guild))

    async def _list_shown(self, listing: str, guild: int | None) -> ShownAnswer:
        shown = await self.shown(listing, guild)
        if shown.mode != LIST:
            raise NotFoundError(f"{listing} is no list")
        return shown

    async def shown(self, answer: str, guild: int | None) -> ShownAnswer:
        """Return what was shown in a server.

        Raises:
            NotFoundError: It is no longer remembered.
        """
        shown = await self.look_ups.run(self.answers.get, answer)
        if shown is None or shown.guild != guild:
            raise NotFoundError(f"answer {answer} is not remembered")
        return shown

    async def _list_pages(
        self, wanted: InitiativeFilter, guild: int | None, phrases: Phrases
    ) -> tuple[Page, ...]:
        listed = await self.initiatives(wanted, guild)
        lines = await self.look_ups.run(self.readouts.documents, guild_scopes(guild))
        return render_initiatives(listed, lines, wanted, phrases, await self.damaged(wanted, guild))

    def now_ms(self) -> int:
        """Return this moment, in milliseconds since 1970."""
        return int(time.time() * 1000)

    async def forget_old(self) -> int:
        """Forget answers older than the setting says; return how many there were."""
        before = self.now_ms() - self._settings.keep_days * 86_400_000
        return await self.look_ups.run(self.answers.forget_before, before)

    async def warm_up(self, call: Callable[[], object]) -> None:
        """Make `call` where questions are answered, so that the first member does not wait for loading."""
        try:
            await self._questions.run(call)
        except Exception:
            log.warning("the readouts could not be searched at the start", exc_info=True)

    async def close(self) -> bool:
        """Take no more questions and let those in flight have their answers, what was found at the least.

        Returns:
            Whether nothing is at work any more: only then the store may be closed.
        """
        timeout_s, begun = self._settings.shutdown_timeout_s, time.monotonic()
        if not await self.in_flight.close(timeout_s):
            log.warning("some answers took longer than %g s and were left", timeout_s)
        left_s = max(_WORKERS_S, timeout_s - (time.monotonic() - begun))
        return all([await workers.close(left_s) for workers in (self._questions, self.look_ups)])

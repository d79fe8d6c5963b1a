"""Telling whoever started a job how far it is, and how it ended, whatever happens in between.

Who waits for which job stands in rows, because waiting outlives a process.

Whoever tells somebody claims the row first, so that of two processes which follow one job, as happens while a bot
moves to another host, one tells. The row goes once they know: a process that dies between telling and noting it
leaves a claim that runs out, and they are told again. Twice is better than never.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, delete, insert, or_, select, update

from bot.admission import BusyError, Workers
from bot.discord.corpus.corpus_rendering import Pace, brief_report, progress_text, report_text
from bot.discord.pages import Tone
from bot.discord.shards import Shards
from bot.locales import Catalogue, Phrases
from retrieval.errors import RowUnreadableError, StoreError
from retrieval.front_end_store import Database, watches
from retrieval.ingest import JobRow
from retrieval.ingest.job_board import JobBoard, pause_s, report_of

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

EDITED_EVERY_S = 2.0
"""A message is edited no oftener than this."""

_LOOKED_AT_EVERY_S = 0.5
_CLAIM_LOOKED_AT_EVERY_S = 5.0

CLAIMED_MS = 60_000
"""How long whoever claimed it may take to tell somebody, rate limits included."""

Claim = Literal["mine", "taken", "told"]
"""Whether this process tells, another one is at it, or they know."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who waits for the end of a job.

    Attributes:
        channel: Where it was started.
        language: Which language file they are told in.
        application: The bot that they started it with, which alone can be sure to reach them.
    """

    job: int
    scope: str
    user: int
    guild: int | None
    channel: int | None
    language: str
    application: int | None = None


class SubscriptionStore:
    """The people who were not told yet; synchronous, moments are milliseconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, shards: Shards) -> list[Subscription]:
        """Return those whom this process is to tell, by job."""
        w = watches
        columns = [w.c[name] for name in Subscription.__slots__]
        theirs = or_(w.c.application == shards.application, w.c.application.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).where(theirs).order_by(w.c.job))
            return [Subscription(**row._asdict()) for row in rows if shards.serve(row.guild)]

    def claim(self, job: int, teller: str, now: int, until: int) -> Claim:
        """Take it on to tell them, until a moment at the latest."""
        w = watches
        free = or_(w.c.claimed_until.is_(None), w.c.claimed_until < now, w.c.teller == teller)
        taking = update(w).where(w.c.job == job, free).values(teller=teller, claimed_until=until)
        with self._database.write() as connection:
            if connection.execute(taking).rowcount:
                return "mine"
            waiting = connection.scalar(select(w.c.job).where(w.c.job == job))
        return "told" if waiting is None else "taken"

    def release(self, job: int, teller: str) -> None:
        """They could not be told: let another process try, or this one later."""
        claimed = (watches.c.job == job, watches.c.teller == teller)
        with self._database.write() as connection:
            connection.execute(update(watches).where(*claimed).values(claimed_until=None))

    def told(self, job: int) -> None:
        """They know."""
        with self._database.write() as connection:
            connection.execute(delete(watches).where(watches.c.job == job))

    def forget_scope(self, scope: str) -> None:
        """Nobody of this scope is there to be told."""
        with self._database.write() as connection:
            connection.execute(delete(watches).where(watches.c.scope == scope))


def subscribe(connection: Connection, who: Subscription) -> None:
    """Remember who waits, in the transaction that queues the job."""
    values = {name: getattr(who, name) for name in who.__slots__}
    connection.execute(insert(watches).values(**values))


@dataclass(frozen=True, slots=True)
class Brought:
    """The one readout that a job brought, or changed."""

    document: str
    changed: bool


Edit = Callable[[str, Brought | None, Tone], Awaitable[bool]]
"""Writes words, and what can be done with a readout, over the message that the starter looks at; False where that is
no longer possible."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended.

    Attributes:
        full: For the starter, or for people of the same server.
        brief: Counts alone, for a place outside of the server.
        brought: Where it was one readout.
    """

    full: str
    brief: str
    tone: Tone
    brought: Brought | None = None


Announce = Callable[[Subscription, Ending], Awaitable[bool]]
"""Tells the starter elsewhere; False where nobody could be told."""


class JobNotifier:
    """Follows jobs and tells whoever started them, one task each.

    Args:
        look_ups: The threads that the ledger is read on.
        clock: Seconds since 1970.
        ticks: Seconds, never going back.
    """

    def __init__(
        self,
        jobs: JobBoard,
        subscriptions: SubscriptionStore,
        look_ups: Workers,
        catalogue: Catalogue,
        announce: Announce,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._run = look_ups.run
        self._catalogue = catalogue
        self._announce = announce
        self._clock = clock
        self._ticks = ticks
        self._teller = secrets.token_hex(8)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def follow(self, subscription: Subscription, edit: Edit | None = None) -> None:
        """Begin to follow a job, unless it is followed already."""
        if subscription.job not in self._tasks:
            task = asyncio.create_task(self._follow(subscription, edit))
            self._tasks[subscription.job] = task
            task.add_done_callback(lambda _: self._tasks.pop(subscription.job, None))

    async def take_up(self, shards: Shards) -> None:
        """Follow the jobs whose starters no process told yet, of those that are this one's to tell."""
        for subscription in await self._patiently(self._subscriptions.of, shards):
            self.follow(subscription)

    async def close(self) -> None:
        """Stop following; the next process takes it up."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, subscription: Subscription, edit: Edit | None) -> None:
        try:
            await self._to_the_end(subscription, edit)
        except Exception:
            log.exception("job %d is no longer followed; the next start takes it up", subscription.job)

    async def _to_the_end(self, subscription: Subscription, edit: Edit | None) -> None:
        phrases = self._catalogue.of(subscription.language)
        pace, shown, edited_at = Pace("", 0.0, 0), "", -EDITED_EVERY_S
        open_states = ("queued", "running")
        while (row := await self._patiently(self._jobs.get, subscription.job)) and row.state in open_states:
            now = self._ticks()
            if row.stage != pace.stage:
                pace = Pace(row.stage, now, row.done)
            text = progress_text(row, pace.left_s(row, now), phrases)
            if edit is not None and text != shown and now - edited_at >= EDITED_EVERY_S:
                edit = edit if await edit(text, None, Tone.PLAIN) else None
                shown, edited_at = text, self._ticks()
            await asyncio.sleep(_LOOKED_AT_EVERY_S)
        if row is not None:  # else its server was left, and the job with it
            await asyncio.sleep(max(0.0, edited_at + EDITED_EVERY_S - self._ticks()))
            await self._tell(subscription, row, edit, phrases)
        else:
            await self._patiently(self._subscriptions.told, subscription.job)

    async def _tell(
        self, subscription: Subscription, row: JobRow, edit: Edit | None, phrases: Phrases
    ) -> None:
        """Tell the starter, unless another process does: a claim that it left behind runs out."""
        while (claim := await self._patiently(self._claim, subscription.job)) == "taken":
            await asyncio.sleep(_CLAIM_LOOKED_AT_EVERY_S)
        if claim == "told":
            return
        ending = ending_of(row, phrases)
        told = edit is not None and await edit(ending.full, ending.brought, ending.tone)
        if told or await self._announce(subscription, ending):
            await self._patiently(self._subscriptions.told, subscription.job)
        else:
            await self._patiently(self._subscriptions.release, subscription.job, self._teller)
            log.warning("job %d: whoever started it could not be told", subscription.job)

    def _claim(self, job: int) -> Claim:
        now = int(self._clock() * 1000)
        return self._subscriptions.claim(job, self._teller, now, now + CLAIMED_MS)

    async def _patiently(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Ask the store, again and again where it does not answer: somebody waits to be told in the end."""
        failures = 0
        while True:
            try:
                return await self._run(call, *args, **more)
            except (StoreError, BusyError) as error:
                failures += 1
                log.warning("following jobs, again in %.1f s: %s", pause_s(failures), error)
                await asyncio.sleep(pause_s(failures))


def ending_of(row: JobRow, phrases: Phrases) -> Ending:
    """Return what is said of a job that ended; why one failed as a whole is about this machine, and in its log."""
    if row.state == "done":
        try:
            report = report_of(row)
        except RowUnreadableError:  # of another version: that it is done is all that can be said
            done = phrases("corpus.report.title", job=row.pk)
            return Ending(done, done, Tone.ANSWERED)
        changed = [Brought(each.id, changed=True) for each in report.changed]
        brought = [*(Brought(each, changed=False) for each in report.added), *changed]
        return Ending(
            report_text(report, row.pk, phrases),
            brief_report(report, row.pk, phrases),
            Tone.FAILED if report.failed else Tone.ANSWERED,
            brought[0] if len(brought) == 1 else None,
        )
    failed = phrases("corpus.report.failed", job=row.pk)
    return Ending(failed, failed, Tone.FAILED)

"""Telling whoever started a job how far it is, and how it ended, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.discord.corpus.desk import CorpusDesk
from bot.discord.corpus.job_rendering import Pace, brief_report, progress_text, report_text
from bot.discord.corpus.watching import Watch
from bot.discord.markdown import escape, shortened
from bot.discord.shards import Shards
from bot.locales import Catalogue, Phrases
from retrieval.ingest.job_board import report_from_json
from retrieval.ledger.jobs import JobRow
from retrieval.models import SHARED

log = logging.getLogger(__name__)

EDITED_EVERY_S = 2.0
"""A message is edited no oftener than this."""

_LOOKED_AT_EVERY_S = 0.5
_CLAIM_LOOKED_AT_EVERY_S = 5.0

Edit = Callable[[str], Awaitable[bool]]
"""Writes over the message that the starter looks at; False where that is no longer possible."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended.

    Attributes:
        full: For the starter, or for people of the same server.
        brief: Counts alone, for a place outside of the server.
    """

    full: str
    brief: str


Announce = Callable[[Watch, Ending], Awaitable[bool]]
"""Tells the starter elsewhere; False where nobody could be told."""


class Followers:
    """Follows jobs, one task each.

    Args:
        ticks: Seconds, never going back.
    """

    def __init__(
        self,
        desk: CorpusDesk,
        catalogue: Catalogue,
        announce: Announce,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._announce = announce
        self._ticks = ticks
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def follow(self, watch: Watch, edit: Edit | None = None) -> None:
        """Begin to follow a job, unless it is followed already."""
        if watch.job not in self._tasks:
            task = asyncio.create_task(self._follow(watch, edit))
            self._tasks[watch.job] = task
            task.add_done_callback(lambda _: self._tasks.pop(watch.job, None))

    async def take_up(self, shards: Shards) -> None:
        """Follow the jobs whose starters no process told yet, of those that are this one's to tell."""
        for watch in await self._desk.waiting(shards):
            self.follow(watch)

    async def close(self) -> None:
        """Stop following; the next process takes it up."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, watch: Watch, edit: Edit | None) -> None:
        try:
            await self._to_the_end(watch, edit)
        except Exception:
            log.exception("job %d is no longer followed; the next start takes it up", watch.job)

    async def _to_the_end(self, watch: Watch, edit: Edit | None) -> None:
        phrases = self._phrases(watch)
        pace, shown, edited_at = Pace("", 0.0, 0), "", -EDITED_EVERY_S
        while (row := await self._desk.job(watch.job)) and row.state in ("queued", "running"):
            now = self._ticks()
            if row.stage != pace.stage:
                pace = Pace(row.stage, now, row.done)
            text = progress_text(row, pace.left_s(row, now), phrases)
            if edit is not None and text != shown and now - edited_at >= EDITED_EVERY_S:
                edit = edit if await edit(text) else None
                shown, edited_at = text, self._ticks()
            await asyncio.sleep(_LOOKED_AT_EVERY_S)
        if row is not None:  # else its server was left, and the job with it
            await asyncio.sleep(max(0.0, edited_at + EDITED_EVERY_S - self._ticks()))
            await self._tell(watch, row, edit, phrases)
        else:
            await self._desk.told(watch.job)

    async def _tell(self, watch: Watch, row: JobRow, edit: Edit | None, phrases: Phrases) -> None:
        """Tell the starter, unless another process does: a claim that it left behind runs out."""
        while (claim := await self._desk.claim(watch.job)) == "taken":
            await asyncio.sleep(_CLAIM_LOOKED_AT_EVERY_S)
        if claim == "told":
            return
        ending = ending_of(row, phrases)
        told = edit is not None and await edit(ending.full)
        if told or await self._announce(watch, ending):
            await self._desk.told(watch.job)
        else:
            await self._desk.release(watch.job)
            log.warning("job %d: whoever started it could not be told", watch.job)

    def _phrases(self, watch: Watch) -> Phrases:
        return self._catalogue.languages.get(watch.language) or self._catalogue.of(None)


def ending_of(row: JobRow, phrases: Phrases) -> Ending:
    """Return what is said of a job that ended.

    Why one failed as a whole is about this machine, so only operators read it.
    """
    if row.report is not None:
        report = report_from_json(row.report)
        return Ending(report_text(report, row.pk, phrases), brief_report(report, row.pk, phrases))
    failed = phrases("corpus.report.failed", job=row.pk)
    reason = f"\n{escape(shortened(row.error or '', 500))}" if row.scope == SHARED else ""
    return Ending(failed + reason, failed)

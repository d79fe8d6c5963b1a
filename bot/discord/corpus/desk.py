"""Managing readouts without knowing Discord: who may, what would change, doing it, and telling how it ended."""

from __future__ import annotations

from bot.discord.corpus.confirming import Confirming
from bot.discord.corpus.looking import Looking
from bot.discord.corpus.previewing import Previewing
from bot.discord.corpus.watching import Claim, Watch
from bot.discord.shards import Shards
from retrieval.ledger.jobs import JobRow

CLAIMED_MS = 60_000
"""How long whoever claimed it may take to tell somebody, rate limits included."""


class CorpusDesk(Previewing, Confirming, Looking):
    """Manages readouts for Discord."""

    async def job(self, number: int) -> JobRow | None:
        """Return a job as it stands."""
        return await self._run(lambda: self._services.jobs.get(number))

    async def waiting(self, shards: Shards) -> list[Watch]:
        """Return who waits for which job and is to be told by this process."""
        return await self._run(lambda: self.watches.of(shards))

    async def claim(self, job: int) -> Claim:
        """Take it on to tell whoever waits for a job."""
        now = self._now_ms()
        return await self._run(lambda: self.watches.claim(job, self._teller, now, now + CLAIMED_MS))

    async def release(self, job: int) -> None:
        """Whoever waits for a job could not be told."""
        await self._run(lambda: self.watches.release(job, self._teller))

    async def told(self, job: int) -> None:
        """Remember that whoever waited for a job knows how it ended."""
        await self._run(lambda: self.watches.told(job))

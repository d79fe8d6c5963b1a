"""Looking at a scope: what it holds, what was done there, the file that can be added again, what can be chosen."""

from __future__ import annotations

from dataclasses import asdict

from bot.discord.corpus.export import archive
from bot.discord.corpus.office import Office
from bot.discord.corpus.scope_rendering import audit_pages, history_pages, status_pages
from bot.discord.errors import RefusedError
from bot.discord.permissions import Caller
from bot.discord.rendering import Page
from bot.locales import Phrases
from retrieval.ledger.history import KnownRevision
from retrieval.models import SHARED
from retrieval.sources.identity import make_id


class Looking(Office):
    """Shows a scope to those who manage it, and offers what they can name."""

    async def status(self, caller: Caller, where: str | None, phrases: Phrases) -> tuple[Page, ...]:
        """Return what a scope holds, of how much it may."""
        scope = self.scope(caller, where)

        def found() -> tuple[Page, ...]:
            rows = [self._services.jobs.get(job) for job in self.holdings.open_jobs(scope)]
            return status_pages(
                scope,
                self._services.browser.documents([scope]),
                self.holdings.usage(scope),
                {} if scope == SHARED else asdict(self._bounds),
                self.holdings.jobs_since(scope, self._day_ago()),
                [row for row in rows if row],
                phrases,
            )

        return await self._run(found)

    async def history(
        self, caller: Caller, where: str | None, document: str | None, phrases: Phrases
    ) -> tuple[Page, ...]:
        """Return what was done in a scope, or to one readout."""
        scope = self.scope(caller, where)
        if document is None:
            return await self._run(lambda: audit_pages(scope, self.holdings.audit(scope), phrases))
        return await self._run(lambda: history_pages(self._history(scope, document), phrases))

    async def export(
        self, caller: Caller, where: str | None, document: str | None, limit: int
    ) -> tuple[str, bytes]:
        """Return readouts in the interchange format as a file: name and bytes, at most `limit` of them.

        Raises:
            RefusedError: There are none, or they are too large.
        """
        scope = self.scope(caller, where)

        def made() -> tuple[str, bytes]:
            browser = self._services.browser
            ids = [summary.id for summary in browser.documents([scope])]
            if document is not None:
                if make_id(document) not in ids:
                    raise self._unknown(document)
                ids = [make_id(document)]
            if not ids:
                raise RefusedError("corpus.nothing_to_export")
            name, data = archive(
                [browser.readout(each, [scope]) for each in ids], single=document is not None
            )
            if len(data) > limit:
                raise RefusedError("corpus.export_large")
            return name, data

        return await self._parsing.run(made)

    async def choices(self, caller: Caller, where: str | None, *, gone: bool) -> list[tuple[str, str]]:
        """Return (id, what it is called) of the readouts that the caller may manage; `gone`: removed ones too."""
        try:
            scope = self.scope(caller, where)
        except RefusedError:
            return []

        def found() -> list[tuple[str, str]]:
            lines = {
                s.id: f"{s.title} {s.date or ''}".strip() for s in self._services.browser.documents([scope])
            }
            if gone:
                lines |= {k.id: k.id for k in self.holdings.known(scope) if k.id not in lines}
            return list(lines.items())

        return await self._run(found)

    async def revisions(self, caller: Caller, where: str | None, document: str) -> list[KnownRevision]:
        """Return the revisions that a readout can go back to, the newest first."""
        try:
            scope = self.scope(caller, where)
            past = await self._run(lambda: self._history(scope, document))
        except RefusedError:
            return []
        return [v for v in past.revisions if not v.erased and (past.live is None or v.pk != past.live.pk)]

"""Doing what a preview showed, or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.discord.corpus.drafts import Draft, take
from bot.discord.corpus.office import Office
from bot.discord.corpus.watching import Watch, watch
from bot.discord.errors import RefusedError
from bot.discord.permissions import Caller
from bot.locales import Phrases
from bot.services import guild_of
from retrieval.errors import IndexMismatchError, IngestBusyError
from retrieval.ingest import IngestRequest
from retrieval.ingest.lifecycle import History
from retrieval.ledger import holdings
from retrieval.models import SHARED


@dataclass(frozen=True, slots=True)
class Done:
    """What a confirmation led to: a job to follow, or a sentence."""

    watch: Watch | None = None
    sentence: str = ""


class Confirming(Office):
    """Carries out what was previewed; what takes long becomes a job."""

    async def cancel(self, caller: Caller, draft_id: str) -> None:
        """Forget a draft."""
        draft = await self.open(caller, draft_id)
        await self._run(lambda: self.drafts.drop(draft.id))

    async def confirm(self, caller: Caller, draft_id: str, channel: int | None, phrases: Phrases) -> Done:
        """Do what a preview showed.

        Raises:
            As `open` does.
            RefusedError: It changed since, or a bound was reached meanwhile.
            IngestBusyError, IndexMismatchError: Nothing can be changed now; the draft stays.
        """
        draft = await self.open(caller, draft_id, files=True)
        if not draft.confirmable:
            raise RefusedError("corpus.expired")
        if draft.kind == "ingest":
            return Done(await self._run(lambda: self._submit(caller, draft, channel, phrases)))
        return Done(sentence=await self._commits.run(lambda: self._commit(caller, draft, phrases)))

    def _submit(self, caller: Caller, draft: Draft, channel: int | None, phrases: Phrases) -> Watch:
        request = replace(IngestRequest.from_json(draft.request, draft.files), actor=caller.actor)

        def also(connection: Connection, job: int) -> None:
            if not take(connection, draft.id):
                raise RefusedError("corpus.expired")
            self._check_open(connection, draft, job)
            watch(connection, replace(waiting, job=job))

        waiting = Watch(
            0, draft.scope, caller.user, caller.guild, channel, phrases.language, caller.application
        )
        return replace(waiting, job=self._services.jobs.submit(request, also))

    def _check_open(self, connection: Connection, draft: Draft, job: int) -> None:
        """Two ingests of one server that were each within the bounds might not be together."""
        if draft.scope == SHARED:
            return
        if [n for n in holdings.open_jobs(connection, draft.scope) if n != job]:
            raise RefusedError("corpus.busy_here")
        usage = holdings.usage(connection, draft.scope)
        ingests = holdings.jobs_since(connection, draft.scope, self._day_ago()) - 1
        self._bounds.check(usage, draft.growth, ingests)

    def _commit(self, caller: Caller, draft: Draft, phrases: Phrases) -> str:
        document = draft.request["document"]
        past = self._history(draft.scope, document)
        if (past.live.id if past.live else None) != draft.request["live"]:
            self.drafts.drop(draft.id)
            raise RefusedError("corpus.changed_meanwhile")
        if not self.drafts.drop(draft.id):
            raise RefusedError("corpus.expired")
        try:
            return self._carried_out(caller, draft, past, phrases)
        except (IngestBusyError, IndexMismatchError):  # nothing was done
            self.drafts.add(draft)
            raise

    def _carried_out(self, caller: Caller, draft: Draft, past: History, phrases: Phrases) -> str:
        lifecycle, scope, document = self._services.lifecycle, draft.scope, past.readout.id
        if draft.kind == "rollback":
            revision = draft.request["revision"]
            lifecycle.roll_back(document, revision, scope=scope, actor=caller.actor)
            return phrases("corpus.rollback.done", id=document, revision=revision)
        if draft.kind == "remove":
            lifecycle.remove(document, scope=scope, actor=caller.actor)
            return phrases("corpus.remove.done", id=document)
        self.purge(scope, document, caller.actor)
        return phrases("corpus.remove.purged", id=document)

    def purge(self, scope: str, document: str, actor: str) -> None:
        """Erase a readout from the ledger, from answers that cite it and from previews; blocking."""
        past = self._history(scope, document)
        self._services.lifecycle.remove(document, purge=True, scope=scope, actor=actor)
        revisions = [revision.id for revision in past.revisions]
        self._records.forget_readout(past.readout.id, revisions, guild_of(scope))
        self.drafts.forget_document(scope, past.readout.id)

    async def unpin(self, caller: Caller, where: str | None, document: str, phrases: Phrases) -> str:
        """Let the next ingest replace a revision that was rolled back to."""
        scope = self.scope(caller, where)

        def unpinned() -> str:
            known = self._known(scope, document)
            if not known.pinned:
                raise RefusedError("corpus.not_pinned", id=known.id)
            self._services.lifecycle.unpin(known.id, scope=scope, actor=caller.actor)
            return phrases("corpus.rollback.unpinned", id=known.id)

        return await self._commits.run(unpinned)

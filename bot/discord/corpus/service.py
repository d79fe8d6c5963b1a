"""What people who keep the readouts do with them: preview, confirm, undo, look back. Knows nothing of messages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from bot.admission import Workers
from bot.discord.answer_store import AnswerStore
from bot.discord.corpus.corpus_rendering import (
    Insights,
    audit_pages,
    history_pages,
    insights_of,
    status_pages,
)
from bot.discord.corpus.job_notifier import Subscription, SubscriptionStore, subscribe
from bot.discord.corpus.preview_maker import PreviewMaker
from bot.discord.corpus.preview_rendering import change_pages
from bot.discord.corpus.preview_store import LIFETIME_MS, Preview, PreviewStore, take
from bot.discord.corpus.watch_desk import WatchDesk
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_settings import DiscordSettings
from bot.discord.pages import Page
from bot.discord.permissions import Caller, ScopeAccess, guild_of, unknown
from bot.locales import Phrases
from retrieval.bootstrap import Services
from retrieval.errors import IndexMismatchError, IngestBusyError
from retrieval.ingest import IngestRequest, KnownRevision
from retrieval.ingest.lifecycle import History
from retrieval.models import SHARED
from retrieval.sources.identity import make_id
from retrieval.sources.interchange import archive

_WAITING = 20
_CLOSING_S = 10.0


@dataclass(frozen=True, slots=True)
class Done:
    """What a confirmation led to: a job to follow, or a sentence; `purged` is the scope where a readout was erased."""

    subscription: Subscription | None = None
    sentence: str = ""
    purged: str | None = None


P = ParamSpec("P")
T = TypeVar("T")


def _looked_up(
    find: Callable[Concatenate[CorpusService, str, P], T],
) -> Callable[Concatenate[CorpusService, Caller, str | None, P], Coroutine[Any, Any, T]]:
    """Have something found off the event loop, in the scope that a caller means and may manage.

    Raises:
        NotAllowedError: They may not.
    """

    @wraps(find)
    async def found(
        service: CorpusService, caller: Caller, where: str | None, /, *args: P.args, **more: P.kwargs
    ) -> T:
        scope = service.access.scope(caller, where)
        return await service.look_ups.run(find, service, scope, *args, **more)

    return found


class CorpusService:
    """Manages readouts for Discord.

    Attributes:
        access: Who may manage what.
        previews: Makes what is confirmed here.
        watching: What is watched for new readouts, and where what became live is announced.
        subscriptions: Who waits for which job.
        look_ups: The threads of everything that is quick.
    """

    def __init__(self, settings: DiscordSettings, services: Services, answers: AnswerStore) -> None:
        self.services = services
        self._answers = answers
        self.access = ScopeAccess(settings, services)
        self._store = PreviewStore(services.ledger)
        self.subscriptions = SubscriptionStore(services.ledger)
        # Parsing and committing have threads of their own: questions never wait for either.
        self._parsing = Workers(1, _WAITING, "preview")
        self._commits = Workers(1, _WAITING, "commit")
        self.look_ups = Workers(1, 1_000, "corpus")
        self.previews = PreviewMaker(self.access, services, self._store, self._parsing, self.look_ups)
        self.watching = WatchDesk(self.access, services, self._parsing, self.look_ups)

    async def close(self) -> bool:
        """Wait for what has begun; False where it takes too long: then the store may not be closed."""
        pools = (self._parsing, self._commits, self.look_ups)
        return all([await workers.close(_CLOSING_S) for workers in pools])

    def forget_old(self) -> None:
        """Forget previews that can no longer be confirmed; blocking."""
        self._store.forget_before(self.access.now_ms() - LIFETIME_MS)

    def forget_scope(self, scope: str) -> None:
        """Forget the previews and jobs of a scope, and who waits for them; blocking."""
        self._store.forget_scope(scope)
        self.subscriptions.forget_scope(scope)
        self.services.jobs.forget(scope)
        self.watching.forget_scope(scope)

    async def cancel(self, caller: Caller, preview_id: str) -> None:
        """Forget a preview."""
        preview = await self.previews.open(caller, preview_id)
        await self.look_ups.run(self._store.drop, preview.id)

    async def confirm(self, caller: Caller, preview_id: str, channel: int | None, phrases: Phrases) -> Done:
        """Do what a preview showed.

        Raises:
            As `open` does.
            RefusedError: It changed since, or a bound was reached meanwhile.
            IngestBusyError, IndexMismatchError: Nothing can be changed now; the preview stays.
        """
        preview = await self.previews.open(caller, preview_id, files=True)
        if not preview.confirmable:
            raise RefusedError("corpus.expired")
        if preview.kind == "ingest":
            return Done(await self.look_ups.run(self._submit, caller, preview, channel, phrases))
        sentence = await self._commits.run(self._commit, caller, preview, phrases)
        return Done(sentence=sentence, purged=preview.scope if preview.kind == "purge" else None)

    def _submit(
        self, caller: Caller, preview: Preview, channel: int | None, phrases: Phrases
    ) -> Subscription:
        request = replace(IngestRequest.from_json(preview.request, preview.files), actor=caller.actor)

        def also(connection: Connection, job: int) -> None:
            if not take(connection, preview.id):
                raise RefusedError("corpus.expired")
            self._check_open(connection, preview, job)
            subscribe(connection, replace(waiting, job=job))

        told = caller.user, caller.guild, channel, phrases.language, caller.application
        waiting = Subscription(0, preview.scope, *told)
        return replace(waiting, job=self.services.jobs.submit(request, also))

    def _check_open(self, connection: Connection, preview: Preview, job: int) -> None:
        """Two ingests of one server that were each within the bounds might not be together."""
        if preview.scope == SHARED:
            return
        usage = self.services.jobs.usage(preview.scope, self.access.day_ago(), connection)
        if set(usage.open_jobs) - {job}:
            raise RefusedError("corpus.busy_here")
        self.access.check_growth(usage, preview.growth, usage.ingests - 1)

    def _commit(self, caller: Caller, preview: Preview, phrases: Phrases) -> str:
        document = preview.request["document"]
        past = self.access.history(preview.scope, document)
        if (past.live.id if past.live else None) != preview.request["live"]:
            self._store.drop(preview.id)
            raise RefusedError("corpus.changed_meanwhile")
        if not self._store.drop(preview.id):
            raise RefusedError("corpus.expired")
        try:
            return self._carried_out(caller, preview, past, phrases)
        except (IngestBusyError, IndexMismatchError):  # nothing was done
            self._store.add(preview)
            raise

    def _carried_out(self, caller: Caller, preview: Preview, past: History, phrases: Phrases) -> str:
        lifecycle, scope, document = self.services.lifecycle, preview.scope, past.readout.id
        if preview.kind == "rollback":
            revision = preview.request["revision"]
            lifecycle.roll_back(document, revision, scope=scope, actor=caller.actor)
            return phrases("corpus.rollback.done", id=document, revision=revision)
        if preview.kind == "unpin":
            if not past.readout.pinned:
                raise RefusedError("corpus.not_pinned", id=document)
            lifecycle.unpin(document, scope=scope, actor=caller.actor)
            return phrases("corpus.rollback.unpinned", id=document)
        if preview.kind == "remove":
            lifecycle.remove(document, scope=scope, actor=caller.actor)
            return phrases("corpus.remove.done", id=document)
        everywhere = self.purge(scope, document, caller.actor)
        told = phrases("corpus.remove.purged", id=document)
        return told if everywhere else f"{told}\n⚠ {phrases('corpus.remove.in_files')}"

    def purge(self, scope: str, document: str, actor: str) -> bool:
        """Erase a readout from the ledger, from answers that cite it and from previews; blocking.

        Returns:
            Whether the files of the store hold it no longer: another process that uses them may keep them as they are.
        """
        past = self.access.history(scope, document)
        removal = self.services.lifecycle.remove(document, purge=True, scope=scope, actor=actor)
        revisions = [revision.id for revision in past.revisions]
        self._answers.forget_readout(past.readout.id, revisions, guild_of(scope))
        self._store.forget_document(scope, past.readout.id)
        return removal.everywhere

    @_looked_up
    def status(self, scope: str, phrases: Phrases) -> tuple[Page, ...]:
        """Return what a scope holds, of how much it may."""
        usage = self.services.jobs.usage(scope, self.access.day_ago())
        rows = [self.services.jobs.get(job) for job in usage.open_jobs]
        quota = {} if scope == SHARED else self.access.quota
        readouts = self.services.browser.documents([scope])
        return status_pages(scope, readouts, usage, quota, [row for row in rows if row], phrases)

    @_looked_up
    def insights(self, scope: str, phrases: Phrases) -> Insights:
        """Return what members made of the answers: of a server for its admins, of all places for operators."""
        return insights_of(scope, self._answers, self.services.browser, self.access.now_ms(), phrases)

    @_looked_up
    def history(self, scope: str, document: str | None, phrases: Phrases) -> tuple[Page, ...]:
        """Return what was done in a scope, or to one readout."""
        if document is None:
            return audit_pages(scope, self.services.lifecycle.audit(scope), phrases)
        return history_pages(self.access.history(scope, document), phrases)

    @_looked_up
    def changes(self, scope: str, document: str, phrases: Phrases) -> tuple[Page, ...]:
        """Return what the live revision of a readout changed, against the one before it."""
        past = self.access.history(scope, document)
        earlier = past.named(None)
        if past.live is None or not earlier:
            raise RefusedError("corpus.no_revision", id=past.readout.id)
        then = replace(past, readout=replace(past.readout, live_pk=earlier[0].pk))
        return change_pages(self.services.lifecycle.difference(then, past.live), phrases)

    async def choices(self, caller: Caller, where: str | None, *, gone: bool) -> list[tuple[str, str]]:
        """Return (id, what it is called) of the readouts that the caller may manage; `gone`: removed ones too."""
        with suppress(RefusedError):
            return await self._known(caller, where, gone=gone)
        return []

    @_looked_up
    def _known(self, scope: str, *, gone: bool) -> list[tuple[str, str]]:
        live = self.services.browser.documents([scope])
        lines = {s.id: f"{s.title} {s.date or ''}".strip() for s in live}
        if gone:
            lines |= {k.id: k.id for k in self.services.lifecycle.known(scope) if k.id not in lines}
        return list(lines.items())

    async def revisions(self, caller: Caller, where: str | None, document: str) -> list[KnownRevision]:
        """Return the revisions that a readout can go back to, the newest first; none to who may not manage it."""
        with suppress(RefusedError):
            past = await self.look_ups.run(self.access.history, self.access.scope(caller, where), document)
            return [v for v in past.kept if past.live is None or v.pk != past.live.pk]
        return []

    async def export(
        self, caller: Caller, where: str | None, document: str | None, limit: int
    ) -> tuple[str, bytes]:
        """Return readouts in the interchange format as a file: name and bytes, at most `limit` of them.

        Raises:
            RefusedError: There are none, or they are too large.
        """
        scope = self.access.scope(caller, where)
        return await self._parsing.run(self._exported, scope, document, limit)

    def _exported(self, scope: str, document: str | None, limit: int) -> tuple[str, bytes]:
        browser = self.services.browser
        ids = [summary.id for summary in browser.documents([scope])]
        if document is not None:
            if make_id(document) not in ids:
                raise unknown(document)
            ids = [make_id(document)]
        if not ids:
            raise RefusedError("corpus.nothing_to_export")
        readouts = [browser.readout(each, [scope]) for each in ids]
        name, data = archive(readouts, single=document is not None)
        if len(data) > limit:
            raise RefusedError("corpus.export_large")
        return name, data

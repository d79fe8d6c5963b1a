"""Managing readouts without knowing Discord: who may, what would change, and doing it.

Every method takes the caller as they are at this very moment and decides by that, whatever a button or a draft
says.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.corpus.bounds import Bounds
from bot.corpus.controls import shown_in_form
from bot.corpus.drafts import LIFETIME_MS, Draft, Drafts, Growth, Kind, take
from bot.corpus.export import archive
from bot.corpus.rendering import (
    audit_pages,
    history_pages,
    preview_pages,
    removal_pages,
    rollback_pages,
    status_pages,
)
from bot.corpus.watching import Claim, Watch, Watches, watch
from bot.errors import NotAllowedError, RefusedError
from bot.locales import Phrases
from bot.markdown import code, escape, shortened
from bot.permissions import Caller, may_manage
from bot.records import Records
from bot.rendering import Page
from bot.services import SHARED, guild_of, own_scope
from bot.settings import DiscordSettings
from bot.shards import Shards
from bot.workers import Workers
from retrieval.bootstrap import Services
from retrieval.errors import CorpusError, IngestBusyError, NotFoundError
from retrieval.holdings import Holdings
from retrieval.ingest import Details, IngestRequest, Plan, Upload
from retrieval.ingest.plan import absolute
from retrieval.ledger import holdings
from retrieval.ledger.history import KnownReadout, KnownRevision
from retrieval.ledger.jobs import JobRow
from retrieval.lifecycle import History
from retrieval.sources.dates import is_iso_date
from retrieval.sources.identity import make_id

T = TypeVar("T")

_WAITING = 20
_MAX_FILE_NAME = 120

CLAIMED_MS = 60_000
"""How long whoever claimed it may take to tell somebody, rate limits included."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that somebody attached, not fetched yet; `size` in bytes."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Done:
    """What a confirmation led to: a job to follow, or a sentence."""

    watch: Watch | None = None
    sentence: str = ""


class CorpusDesk:
    """Manages readouts for Discord.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        services: Services,
        records: Records,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._services = services
        self._records = records
        self._clock = clock
        self._bounds = Bounds.of(settings)
        self._teller = secrets.token_hex(8)
        self.drafts = Drafts(services.ledger)
        self.watches = Watches(services.ledger)
        self.holdings = Holdings(services.ledger)
        # Parsing and committing have threads of their own: questions never wait for either.
        self._parsing = Workers(1, _WAITING, "preview")
        self._commits = Workers(1, _WAITING, "commit")
        self._quick = Workers(1, 1_000, "corpus")

    # --- who may ---

    def scope(self, caller: Caller, where: str | None) -> str:
        """Return the scope that somebody means: in a server its own, elsewhere the shared one.

        Raises:
            NotAllowedError: They may not manage it.
        """
        own = where == "server" if where else caller.guild is not None
        if own and caller.guild is None:
            raise RefusedError("corpus.no_server_here")
        scope = own_scope(caller.guild) if own and caller.guild is not None else SHARED
        self._admit(caller, scope)
        return scope

    def _admit(self, caller: Caller, scope: str) -> None:
        if not may_manage(caller, scope, self._settings):
            raise NotAllowedError("corpus.not_operator" if scope == SHARED else "corpus.not_admin")

    # --- previews ---

    async def add(
        self, caller: Caller, where: str | None, offered: Sequence[Offered], url: str | None, phrases: Phrases
    ) -> Draft:
        """Return the preview of what files and an address would bring.

        Raises:
            NotAllowedError: The caller may not.
            RefusedError: Nothing was given, too much of it, or a bound is reached.
        """
        scope = self.scope(caller, where)
        if not offered and not url:
            raise RefusedError("corpus.nothing_given")
        await self._run(lambda: self._check_bounds(scope, Growth()))
        uploads = await self._fetch(offered)
        urls = (url.strip(),) if url else ()
        request = IngestRequest(urls=urls, uploads=uploads, scope=scope, actor=caller.actor, replace=True)
        return await self._preview(caller, request, phrases)

    async def _fetch(self, offered: Sequence[Offered]) -> tuple[Upload, ...]:
        most = self._settings.upload_megabytes * 1_000_000
        for file in offered:
            if file.size > most:
                name = escape(shortened(file.name, 100))
                raise RefusedError("corpus.too_large", name=name, megabytes=self._settings.upload_megabytes)
        uploads = tuple([Upload(_file_name(file.name), await file.read()) for file in offered])
        names = [upload.name for upload in uploads]
        if len(set(names)) < len(names):
            raise RefusedError("corpus.same_name")
        return uploads

    async def reingest(
        self, caller: Caller, where: str | None, document: str | None, phrases: Phrases
    ) -> Draft:
        """Return the preview of reading the sources of one readout, or of all, again."""
        scope = self.scope(caller, where)
        sources = await self._run(lambda: self._sources(scope, document))
        paths = tuple(source for source in sources if "://" not in source)
        urls = tuple(source for source in sources if "://" in source)
        request = IngestRequest(paths, urls, scope=scope, actor=caller.actor)
        return await self._preview(caller, request, phrases)

    def _sources(self, scope: str, document: str | None) -> list[str]:
        """Return files and addresses; a server's own readouts come from no file of this machine."""
        live = self._services.browser.documents([scope])
        if document is not None:
            wanted = make_id(document)
            live = [summary for summary in live if summary.id == wanted]
            if not live:
                raise self._unknown(document)
        urls = list(dict.fromkeys(s.source for s in live if "://" in s.source))
        if scope != SHARED:
            paths = []
        elif document is None:
            paths = [str(self._services.settings.corpus_dir)]
        else:
            files = (s.source for s in live if "://" not in s.source and not s.source.startswith("upload:"))
            paths = [str(absolute(self._services.settings.corpus_dir) / file) for file in files]
        if not (paths or urls):
            raise RefusedError("corpus.no_source")
        return [*paths, *urls]

    async def _preview(self, caller: Caller, request: IngestRequest, phrases: Phrases) -> Draft:
        draft = await self._parsing.run(lambda: self._drafted(caller, request, phrases))
        await self._run(lambda: self.drafts.add(draft))
        return draft

    def _drafted(self, caller: Caller, request: IngestRequest, phrases: Phrases) -> Draft:
        plan = self._plan(request)
        growth = _growth(plan)
        self._check_bounds(request.scope, growth)
        revisions = {s.id: s.revision for s in self._services.browser.documents([request.scope])}
        differing = {c.readout.id: c.revision for c in (*plan.changes, *plan.held)}
        ids = [*differing, *plan.unchanged]
        confirmed = replace(
            request,
            seen={each: revisions.get(each, "") for each in ids},
            expected={each: revisions.get(each, "") for each in plan.unchanged} | differing,
        )
        pages, editable = preview_pages(plan, request.scope, phrases)
        return self._draft(
            caller,
            "ingest",
            request.scope,
            confirmed.as_json(),
            pages=pages,
            editable=editable,
            growth=growth,
            documents=tuple(ids),
            confirmable=bool(plan.changes),
            files=request.uploads,
        )

    def _plan(self, request: IngestRequest) -> Plan:
        ingesting = self._services.ingesting
        try:
            return ingesting.plan(request, ingesting.load(request))
        except CorpusError as error:
            if request.scope == SHARED and request.paths:
                raise RefusedError("corpus.unreadable", reason=escape(shortened(str(error), 400))) from error
            raise RefusedError("corpus.nothing_read") from error

    def _draft(self, caller: Caller, kind: Kind, scope: str, request: dict[str, Any], **more: Any) -> Draft:
        return Draft(
            secrets.token_hex(6), kind, scope, caller.user, caller.guild, self._now_ms(), request, **more
        )

    async def remove(
        self, caller: Caller, where: str | None, document: str, phrases: Phrases, *, purge: bool
    ) -> Draft:
        """Return the preview of taking a readout away."""
        scope = self.scope(caller, where)

        def drafted() -> Draft:
            known = self._known(scope, document)
            live = {s.id: s for s in self._services.browser.documents([scope])}.get(known.id)
            if live is None and not purge:
                raise RefusedError("corpus.removed_before", id=known.id)
            return self._draft(
                caller,
                "purge" if purge else "remove",
                scope,
                {"document": known.id, "live": live.revision if live else None},
                pages=removal_pages(known, live, scope, phrases, purge=purge),
                documents=(known.id,),
            )

        return await self._kept(drafted)

    async def roll_back(
        self, caller: Caller, where: str | None, document: str, revision: str | None, phrases: Phrases
    ) -> Draft:
        """Return the preview of making an earlier revision live again."""
        scope = self.scope(caller, where)

        def drafted() -> Draft:
            past = self._history(scope, document)
            to = _target(past, revision)
            difference = self.holdings.difference(past.live, to)
            live = past.live.id if past.live else None
            return self._draft(
                caller,
                "rollback",
                scope,
                {"document": past.readout.id, "revision": to.id, "live": live},
                pages=rollback_pages(past.readout.id, difference, scope, phrases),
                documents=(past.readout.id,),
            )

        return await self._kept(drafted)

    async def _kept(self, drafted: Callable[[], Draft]) -> Draft:
        draft = await self._parsing.run(drafted)
        await self._run(lambda: self.drafts.add(draft))
        return draft

    # --- what is done with a preview ---

    async def open(self, caller: Caller, draft_id: str, *, files: bool = False) -> Draft:
        """Return a draft for the one who may use it.

        Raises:
            RefusedError: It expired, or is somebody else's.
            NotAllowedError: The caller may no longer manage its scope, or not from here.
        """
        draft = await self._run(lambda: self.drafts.get(draft_id, files=files))
        if draft is not None and draft.user != caller.user:
            raise RefusedError("corpus.not_yours")
        if draft is None or draft.at < self._now_ms() - LIFETIME_MS:
            raise RefusedError("corpus.expired")
        self._admit(caller, draft.scope)
        return draft

    async def revise(
        self, caller: Caller, draft_id: str, index: int, typed: Mapping[str, str], phrases: Phrases
    ) -> Draft:
        """Return the preview anew, with what somebody typed into the form of one of its readouts.

        Raises:
            As `open` does.
            RefusedError: What was typed cannot be used.
        """
        draft = await self.open(caller, draft_id, files=True)
        if draft.kind != "ingest" or index >= len(draft.editable):
            raise RefusedError("corpus.expired")
        editable = draft.editable[index]
        before = shown_in_form(editable)
        changed = {k: v.strip() for k, v in typed.items() if v.strip() and v.strip() != before.get(k)}
        if (date := changed.get("date")) and not is_iso_date(date):
            raise RefusedError("corpus.bad_date", date=escape(shortened(date, 20)))
        request = IngestRequest.from_json(draft.request, draft.files)
        source = self._request_name(request, editable.source)
        known = request.details.get(source, Details())
        details = {**request.details, source: replace(known, **changed)}
        again = replace(request, details=details, seen=None, expected=None, actor=caller.actor)
        fresh = await self._parsing.run(lambda: self._drafted(caller, again, phrases))
        fresh = replace(fresh, id=draft.id, at=draft.at)
        if not await self._run(lambda: self.drafts.revise(fresh)):
            raise RefusedError("corpus.expired")
        return fresh

    def _request_name(self, request: IngestRequest, source: str) -> str:
        """Return what a request calls a source that the ledger names relative to the corpus."""
        if "://" in source or source.startswith("upload:") or not request.paths:
            return source
        return str(absolute(self._services.settings.corpus_dir) / source)

    async def cancel(self, caller: Caller, draft_id: str) -> None:
        """Forget a draft."""
        draft = await self.open(caller, draft_id)
        await self._run(lambda: self.drafts.drop(draft.id))

    async def confirm(self, caller: Caller, draft_id: str, channel: int | None, phrases: Phrases) -> Done:
        """Do what a preview showed.

        Raises:
            As `open` does.
            RefusedError: It changed since, or a bound was reached meanwhile.
            IngestBusyError: Another ingest is running; the draft stays.
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

    def _check_bounds(self, scope: str, growth: Growth) -> None:
        if scope != SHARED:
            ingests = self.holdings.jobs_since(scope, self._day_ago())
            self._bounds.check(self.holdings.usage(scope), growth, ingests)

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
        except IngestBusyError:
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
        self._services.answering.forget()
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

    # --- looking ---

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

    async def close(self) -> None:
        """Wait for what has begun."""
        for workers in (self._parsing, self._commits, self._quick):
            await workers.close()

    def forget_old(self) -> None:
        """Forget drafts that can no longer be confirmed; blocking."""
        self.drafts.forget_before(self._now_ms() - LIFETIME_MS)

    # --- reading ---

    def _history(self, scope: str, document: str) -> History:
        try:
            return self._services.lifecycle.history(document, [scope])
        except NotFoundError as error:
            raise self._unknown(document) from error

    def _known(self, scope: str, document: str) -> KnownReadout:
        return self._history(scope, document).readout

    def _unknown(self, document: str) -> RefusedError:
        return RefusedError("corpus.unknown", document=code(document))

    async def _run(self, call: Callable[[], T]) -> T:
        return await self._quick.run(call)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _day_ago(self) -> str:
        return (datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=1)).isoformat(timespec="seconds")


def _growth(plan: Plan) -> Growth:
    """Return what a plan adds to a scope; bytes count every new revision, since earlier ones are kept too."""
    changes = plan.changes
    before = sum(change.live.paragraphs for change in changes if change.live)
    return Growth(
        readouts=sum(change.live is None for change in changes),
        paragraphs=sum(len(change.readout.paragraphs) for change in changes) - before,
        bytes=sum(len(p.text.encode()) for change in changes for p in change.readout.paragraphs),
    )


def _file_name(name: str) -> str:
    """Return the last part of a file's name, its extension kept however long the rest is."""
    path = PurePosixPath(name.replace("\\", "/"))
    printable = "".join(c for c in path.stem if c.isprintable())[:_MAX_FILE_NAME]
    return f"{printable or 'file'}{path.suffix[:10]}"


def _target(past: History, revision: str | None) -> KnownRevision:
    """Return the revision to go back to: the one named by its first characters, or the one before."""
    kept: Iterable[KnownRevision] = [v for v in past.revisions if not v.erased]
    if revision is None:
        found = [v for v in kept if past.live is None or v.pk < past.live.pk][:1]
    else:
        found = [v for v in kept if v.id.startswith(revision.strip().lower())]
    if len(found) != 1:
        raise RefusedError("corpus.no_revision", id=past.readout.id)
    if past.live and found[0].pk == past.live.pk:
        raise RefusedError("corpus.is_live", id=past.readout.id, revision=found[0].id)
    return found[0]

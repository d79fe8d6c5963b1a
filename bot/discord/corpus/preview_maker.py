"""Makes previews: what files, addresses, a removal or a way back would change, before anything does."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import PurePosixPath
from typing import Any, Concatenate, ParamSpec

from bot.admission import Workers
from bot.discord.corpus.corpus_rendering import reason_text
from bot.discord.corpus.preview_rendering import preview_pages, removal_pages, rollback_pages, unpin_pages
from bot.discord.corpus.preview_store import LIFETIME_MS, Growth, Kind, Preview, PreviewSlots, PreviewStore
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_markdown import escape, shortened
from bot.discord.permissions import Caller, ScopeAccess, unknown
from bot.locales import Phrases
from retrieval.bootstrap import Services
from retrieval.errors import CorpusError
from retrieval.ingest import Details, IngestRequest, KnownRevision, Plan, Upload
from retrieval.ingest.lifecycle import History
from retrieval.ingest.planning import absolute
from retrieval.language.dates import is_iso_date
from retrieval.models import SHARED
from retrieval.sources.identity import make_id

_MAX_FILE_NAME = 120

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that somebody attached, not fetched yet; `size` in bytes."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


def _of_a_scope(
    make: Callable[Concatenate[PreviewMaker, Caller, str, P], Preview],
) -> Callable[Concatenate[PreviewMaker, Caller, str | None, P], Coroutine[Any, Any, Preview]]:
    """Have a preview made off the event loop and kept, in the scope that a caller means and may manage."""

    @wraps(make)
    async def made(
        maker: PreviewMaker, caller: Caller, where: str | None, /, *args: P.args, **more: P.kwargs
    ) -> Preview:
        return await maker.kept(make, maker, caller, maker.access.scope(caller, where), *args, **more)

    return made


class PreviewMaker:
    """Makes previews, and makes them anew with what somebody corrected.

    Args:
        parsing: The threads that sources are read on.
        look_ups: Those of everything that is quick.
    """

    def __init__(
        self,
        access: ScopeAccess,
        services: Services,
        store: PreviewStore,
        parsing: Workers,
        look_ups: Workers,
    ) -> None:
        self.access = access
        self._services = services
        self._store = store
        self._parsing = parsing
        self._look_ups = look_ups
        self._slots = PreviewSlots()

    async def open(self, caller: Caller, preview_id: str, *, files: bool = False) -> Preview:
        """Return a preview for the one who may use it.

        Raises:
            RefusedError: It expired, or is somebody else's.
            NotAllowedError: The caller may no longer manage its scope, or not from here.
        """
        preview = await self._look_ups.run(self._store.get, preview_id, files=files)
        if preview is not None and preview.user != caller.user:
            raise RefusedError("corpus.not_yours")
        if preview is None or preview.at < self.access.now_ms() - LIFETIME_MS:
            raise RefusedError("corpus.expired")
        self.access.admit(caller, preview.scope)
        return preview

    async def add(
        self,
        caller: Caller,
        where: str | None,
        offered: Sequence[AttachedFile],
        url: str | None,
        phrases: Phrases,
    ) -> Preview:
        """Return the preview of what files and an address would bring.

        Raises:
            NotAllowedError: The caller may not.
            RefusedError: Nothing was given, too much of it, or a bound is reached.
        """
        scope = self.access.scope(caller, where)
        if not offered and not url:
            raise RefusedError("corpus.nothing_given")
        await self._look_ups.run(self.access.check_quota, scope, Growth())
        urls = (url.strip(),) if url else ()
        with self._slots.taken(scope):
            uploads = await self._fetch(offered)
            request = IngestRequest(urls=urls, uploads=uploads, scope=scope, actor=caller.actor, replace=True)
            return await self.kept(self._previewed, caller, request, phrases)

    async def found(self, caller: Caller, request: IngestRequest, phrases: Phrases) -> Preview:
        """Return the preview of what a watched page brought; raises as `add` does."""
        self.access.admit(caller, request.scope)
        await self._look_ups.run(self.access.check_quota, request.scope, Growth())
        with self._slots.taken(request.scope):
            return await self.kept(self._previewed, caller, replace(request, actor=caller.actor), phrases)

    async def _fetch(self, offered: Sequence[AttachedFile]) -> tuple[Upload, ...]:
        megabytes = self.access.settings.upload_megabytes
        for file in offered:
            if file.size > megabytes * 1_000_000:
                name = escape(shortened(file.name, 100))
                raise RefusedError("corpus.too_large", name=name, megabytes=megabytes)
        uploads = tuple([Upload(_file_name(file.name), await file.read()) for file in offered])
        names = [upload.name for upload in uploads]
        if len(set(names)) < len(names):
            raise RefusedError("corpus.same_name")
        return uploads

    async def reingest(
        self, caller: Caller, where: str | None, document: str | None, phrases: Phrases
    ) -> Preview:
        """Return the preview of reading the sources of one readout, or of all, again."""
        scope = self.access.scope(caller, where)
        sources = await self._look_ups.run(self._sources, scope, document)
        paths = tuple(source for source in sources if "://" not in source)
        urls = tuple(source for source in sources if "://" in source)
        request = IngestRequest(paths, urls, scope=scope, actor=caller.actor)
        with self._slots.taken(scope):
            return await self.kept(self._previewed, caller, request, phrases)

    def _sources(self, scope: str, document: str | None) -> list[str]:
        """Return files and addresses; a server's own readouts come from no file of this machine."""
        live = self._services.browser.documents([scope])
        if document is not None:
            wanted = make_id(document)
            live = [summary for summary in live if summary.id == wanted]
            if not live:
                raise unknown(document)
        urls = list(dict.fromkeys(s.source for s in live if "://" in s.source))
        folder = self._services.settings.corpus_dir
        if scope != SHARED:
            paths = []
        elif document is None:
            paths = [str(folder)]
        else:
            files = (s.source for s in live if "://" not in s.source and not s.source.startswith("upload:"))
            paths = [str(absolute(folder) / file) for file in files]
        if not (paths or urls):
            raise RefusedError("corpus.no_source")
        return [*paths, *urls]

    async def kept(self, make: Callable[P, Preview], *args: P.args, **more: P.kwargs) -> Preview:
        """Return the preview that `make` makes off the event loop, kept for its confirmation."""
        preview = await self._parsing.run(make, *args, **more)
        await self._look_ups.run(self._store.add, preview)
        return preview

    def _previewed(self, caller: Caller, request: IngestRequest, phrases: Phrases) -> Preview:
        plan = self._plan(request, phrases)
        growth = growth_of(plan)
        self.access.check_quota(request.scope, growth)
        revisions = {s.id: s.revision for s in self._services.browser.documents([request.scope])}
        differing = {c.readout.id: c.revision for c in (*plan.changes, *plan.held)}
        ids = [*differing, *plan.unchanged]
        confirmed = replace(
            request,
            seen={each: revisions.get(each, "") for each in ids},
            expected={each: revisions.get(each, "") for each in plan.unchanged} | differing,
        )
        pages, editable = preview_pages(plan, request, phrases)
        made = self._new(caller, "ingest", request.scope, confirmed.as_json(), pages=pages, editable=editable)
        return replace(
            made,
            growth=growth,
            documents=tuple(ids),
            confirmable=bool(plan.changes) and not plan.alike,
            alike=plan.alike[0] if plan.alike else None,
            files=request.uploads,
        )

    def _plan(self, request: IngestRequest, phrases: Phrases) -> Plan:
        ingesting = self._services.ingesting
        try:
            return ingesting.plan(request, ingesting.load(request))
        except CorpusError as error:
            if request.scope == SHARED and request.paths:
                raise RefusedError("corpus.unreadable", reason=reason_text(str(error), phrases)) from error
            raise RefusedError("corpus.nothing_read") from error

    def _new(self, caller: Caller, kind: Kind, scope: str, request: dict[str, Any], **more: Any) -> Preview:
        known, now = secrets.token_hex(6), self.access.now_ms()
        return Preview(known, kind, scope, caller.user, caller.guild, now, request, **more)

    @_of_a_scope
    def remove(self, caller: Caller, scope: str, document: str, phrases: Phrases, *, purge: bool) -> Preview:
        """Return the preview of taking a readout away."""
        known = self.access.history(scope, document).readout
        live = {s.id: s for s in self._services.browser.documents([scope])}.get(known.id)
        if live is None and not purge:
            raise RefusedError("corpus.removed_before", id=known.id)
        request = {"document": known.id, "live": live.revision if live else None}
        kind: Kind = "purge" if purge else "remove"
        pages = removal_pages(known, live, scope, phrases, purge=purge)
        return self._new(caller, kind, scope, request, pages=pages, documents=(known.id,))

    @_of_a_scope
    def roll_back(
        self, caller: Caller, scope: str, document: str, revision: str | None, phrases: Phrases
    ) -> Preview:
        """Return the preview of making an earlier revision live again."""
        past = self.access.history(scope, document)
        to, known, live = _target(past, revision), past.readout.id, past.live.id if past.live else None
        difference = self._services.lifecycle.difference(past, to)
        request = {"document": known, "revision": to.id, "live": live}
        pages = rollback_pages(known, difference, scope, phrases)
        return self._new(caller, "rollback", scope, request, pages=pages, documents=(known,))

    @_of_a_scope
    def unpin(self, caller: Caller, scope: str, document: str, phrases: Phrases) -> Preview:
        """Return the preview of letting the next ingest replace a revision that was rolled back to."""
        past = self.access.history(scope, document)
        if not past.readout.pinned:
            raise RefusedError("corpus.not_pinned", id=past.readout.id)
        request = {"document": past.readout.id, "live": past.live.id if past.live else None}
        pages = unpin_pages(past, scope, phrases)
        return self._new(caller, "unpin", scope, request, pages=pages, documents=(past.readout.id,))

    async def revise(
        self, caller: Caller, preview_id: str, index: int, typed: Mapping[str, str], phrases: Phrases
    ) -> Preview:
        """Return the preview anew, with what somebody typed into the form of one of its readouts.

        What cannot be used stays in the form for the next time that it is opened.

        Raises:
            As `open` does.
            RefusedError: What was typed cannot be used.
        """
        preview = await self.open(caller, preview_id, files=True)
        if preview.kind != "ingest" or index >= len(preview.editable):
            raise RefusedError("corpus.expired")
        editable = preview.editable[index]
        kept = replace(editable, typed=dict(typed))
        forms = (*preview.editable[:index], kept, *preview.editable[index + 1 :])
        await self._look_ups.run(self._store.revise, replace(preview, editable=forms))
        before = editable.fields()
        changed = {k: v.strip() for k, v in typed.items() if v.strip() and v.strip() != before.get(k)}
        if (date := changed.get("date")) and not is_iso_date(date):
            raise RefusedError("corpus.bad_date", date=escape(shortened(date, 20)))
        request = IngestRequest.from_json(preview.request, preview.files)
        source = self._request_name(request, editable.source)
        known = request.details.get(source, Details())
        details = {**request.details, source: replace(known, **changed)}
        fresh = await self._anew(caller, preview, replace(request, details=details), phrases)
        if not await self._look_ups.run(self._store.revise, fresh):
            raise RefusedError("corpus.expired")
        return fresh

    async def settle(
        self, caller: Caller, preview_id: str, question: int, phrases: Phrases, *, replaces: bool
    ) -> Preview:
        """Return the preview anew, now that somebody said what a source is that looks like a readout.

        Args:
            question: How many were answered before: a second click on a button answers no other question.
            replaces: It is that readout, and replaces it; else both are kept.

        Raises:
            As `open` does.
        """
        preview = await self.open(caller, preview_id, files=True)
        if preview.kind != "ingest" or preview.alike is None:
            return preview
        request, alike = IngestRequest.from_json(preview.request, preview.files), preview.alike
        if question != len(request.taken_as):
            return preview
        said = {**request.taken_as, alike.brought: alike.document if replaces else alike.brought}
        fresh = await self._anew(caller, preview, replace(request, taken_as=said), phrases)
        revised = await self._look_ups.run(self._store.revise, fresh, preview)
        return fresh if revised else await self.open(caller, preview_id)

    async def _anew(
        self, caller: Caller, preview: Preview, request: IngestRequest, phrases: Phrases
    ) -> Preview:
        """Return what takes the place of `preview`, not kept yet."""
        again = replace(request, seen=None, expected=None, actor=caller.actor)
        with self._slots.taken(preview.scope):
            fresh = await self._parsing.run(self._previewed, caller, again, phrases)
        return replace(fresh, id=preview.id, at=preview.at)

    def _request_name(self, request: IngestRequest, source: str) -> str:
        """Return what a request calls a source that the ledger names relative to the corpus."""
        if "://" in source or source.startswith("upload:") or not request.paths:
            return source
        return str(absolute(self._services.settings.corpus_dir) / source)


def growth_of(plan: Plan) -> Growth:
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
    path = PurePosixPath("".join(c for c in name.replace("\\", "/") if c.isprintable()))
    return f"{path.stem[:_MAX_FILE_NAME] or 'file'}{path.suffix[:10]}"


def _target(past: History, revision: str | None) -> KnownRevision:
    found = past.named(revision)
    if len(found) != 1:
        raise RefusedError("corpus.no_revision", id=past.readout.id)
    if past.live and found[0].pk == past.live.pk:
        raise RefusedError("corpus.is_live", id=past.readout.id, revision=found[0].id)
    return found[0]

"""One round of asking: what is new on a watched page is kept, then read, then taken or left to somebody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from retrieval.errors import FetchError, SourceError
from retrieval.fetching import Fetched, NotModified, Validators, name_of
from retrieval.ingest import Details, IngestRequest, IngestService, Plan
from retrieval.ingest.job_board import JobBoard
from retrieval.ledger import Ledger, live, watches
from retrieval.ledger.leases import Turn, utc_now
from retrieval.ledger.watches import Kind, State, Watch, WatchedLink
from retrieval.models import Numbering, is_beside
from retrieval.sources.identity import MAX_ID_CHARS, make_id
from retrieval.sources.loading import LoadedSource, content_hash, in_utf8, load_fetched
from retrieval.watching.listing import Listing, feed_links, page_links
from retrieval.watching.politeness import PoliteFetcher

_JITTER = 0.1
_MOST_ATTEMPTS = 5
_MOST_FAILURES = 10
_LONGEST_REST_S = 2 * 86_400
_FEWEST_NUMBERED = 2
_NO_LIST = "there is neither a readout nor a list of links here that a program can see. Name the page that lists them, or its feed."
_NO_FEED = (
    "it was a feed, and is a page now, or the other way round. Look whether it is still the right address."
)
_NOT_ASKED = "the server says that it did not change, and was not asked that. Try again later."
_NO_PARAGRAPHS = "there are no paragraphs in it. Check that it holds the text of a readout."

Gate = Callable[[str, Plan], bool]
"""Whether what a plan brings to a scope may be taken at once; else somebody decides."""

Sketch = Callable[[Watch, IngestRequest, Plan], str | None]
"""What a front end will show of a readout that somebody is to decide on; kept until they were told."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one request to a watched page found.

    Attributes:
        loaded: The page as a readout, where it was read as one.
    """

    kind: Kind
    listing: Listing
    loaded: LoadedSource | None
    content_hash: str
    validators: Validators


def look_at(fetcher: PoliteFetcher, url: str, known: Watch | None = None) -> Look | None:
    """Return what stands at an address; None where it is what was known.

    Raises:
        SourceError: Nothing that can be watched.
    """
    found = fetcher.fetch(url, Validators(known.etag, known.last_modified) if known else None)
    if isinstance(found, NotModified):
        return None
    data = in_utf8(found)
    digest = content_hash(data)
    if known is not None and known.content_hash == digest:
        return None
    feed = feed_links(data, found.final_url)
    if known is not None and (known.kind == "feed") != (feed is not None):
        raise SourceError(url, _NO_FEED)
    listing = feed if feed is not None else _page_links(found, data)
    loaded = load_fetched(found) if feed is None and (known is None or known.kind == "readout") else None
    kind = known.kind if known else "feed" if feed is not None else _kind(listing, loaded)
    if kind is None or (kind != "readout" and not listing.links):
        raise SourceError(url, _NO_LIST)
    return Look(kind, listing, loaded, digest, found.validators)


def asked(look: Look | None, now: float, wait_s: float, draw: float) -> dict[str, Any]:
    """Return what a page's row holds once it was asked.

    Args:
        draw: From 0 to 1: many pages of one schedule are not asked in one moment.
    """
    values: dict[str, Any] = {"asked_at": utc_now(), "next_at": now + wait_s * (1 + _JITTER * (2 * draw - 1))}
    if look is not None:
        values |= {"etag": look.validators.etag, "last_modified": look.validators.last_modified}
        values["content_hash"] = look.content_hash
    return values


@dataclass(slots=True)
class Round:
    """One round, while the lease of whoever asks is held.

    Attributes:
        scope: Whose pages are asked; None: everybody's.
        take: Ingest what is found whatever its page says, and what was found before.
        gate: Asked before anything is taken.
        sketch: Drawn of what is left to somebody.
        clock: Seconds since 1970.
        draw: A random number from 0 to 1.
        jobs: The ingests that were asked for so far.
    """

    ledger: Ledger
    ingesting: IngestService
    board: JobBoard
    fetcher: PoliteFetcher
    turn: Turn
    clock: Callable[[], float]
    draw: Callable[[], float]
    scope: str | None = None
    take: bool = False
    gate: Gate | None = None
    sketch: Sketch | None = None
    stopping: threading.Event | None = None
    jobs: list[int] = field(default_factory=list)

    def go(self, *, everything: bool) -> None:
        """Go on with what was left, and ask the pages that are due, or all that are not paused."""
        self.settle()
        with self.ledger.read() as connection:
            left = {each.watch for each in watches.links_in(connection, "new") if not each.attempts}
            every = watches.all_of(connection, self.scope)
        for watch in every:
            if watch.paused or self._is_over():
                continue
            if everything or watch.next_at <= self.clock():
                self._ask(watch)
            elif watch.pk in left:  # a process was stopped between keeping them and reading them
                self._read_all(watch, None)

    def _is_over(self) -> bool:
        return self.stopping is not None and self.stopping.is_set()

    def settle(self) -> bool:
        """Note how the ingests ended that were asked for; returns whether any is still to end."""
        is_open = False
        with self.ledger.read() as connection:
            taken = watches.links_in(connection, "taken")
        for link in taken:
            row = self.board.get(link.job) if link.job is not None else None
            if row is not None and row.state not in ("done", "failed"):
                is_open = True
                continue
            failed = row.report["failed"] if row is not None and row.report else ()
            problem = row.error or (failed[0]["error"] if failed else None) if row is not None else None
            with self.ledger.write() as connection:
                self.turn.guard(connection)
                if problem is None:
                    watches.change_link(connection, link.pk, state="live", told=False)
                else:
                    _missed(connection, link, problem, may_pass=True)
        return is_open

    def _ask(self, watch: Watch) -> None:
        """Ask one page, keep what is new on it, and read that."""
        try:
            look = look_at(self.fetcher, watch.url, watch)
        except SourceError as error:
            self._failed(watch, error)
            return
        with self.ledger.write() as connection:
            self.turn.guard(connection)
            news = _note(connection, watch, look) if look is not None else None
            values = asked(look, self.clock(), watch.every_s, self.draw()) | ({"news": news} if news else {})
            watches.change(connection, watch.pk, failures=0, error=None, **values)
        self._read_all(watch, look)

    def _read_all(self, watch: Watch, look: Look | None) -> None:
        wanted: tuple[State, ...] = ("new", "found") if self.take else ("new",)
        with self.ledger.read() as connection:
            links = watches.links_of(connection, watch.pk).values()
        for link in links:
            if link.state in wanted and not self._is_over():
                self.turn.keep_alive()
                own = look.loaded if look is not None and link.url == watch.url else None
                self._read(watch, link, own)

    def _failed(self, watch: Watch, error: SourceError) -> None:
        """Ask it later, each time later, and at last no more."""
        failures = watch.failures + 1
        rest: float = min(watch.every_s * 2 ** (failures - 1), max(watch.every_s, _LONGEST_REST_S))
        if isinstance(error, FetchError):
            rest = max(rest, error.retry_after_s or 0)
        news = {"paused": True, "news": "paused"} if failures >= _MOST_FAILURES else {}
        values = asked(None, self.clock(), rest, self.draw())
        with self.ledger.write() as connection:
            self.turn.guard(connection)
            watches.change(connection, watch.pk, failures=failures, error=error.problem, **values, **news)

    def _read(self, watch: Watch, link: WatchedLink, loaded: LoadedSource | None) -> None:
        """Read what a link leads to, and take it or leave it to somebody."""
        try:
            if loaded is None:
                found = self.fetcher.fetch(link.url)
                if isinstance(found, NotModified):
                    raise FetchError(link.url, _NOT_ASKED)
                loaded = load_fetched(found)
            if loaded.error is not None:
                raise loaded.error
            if not any(not is_beside(p.number) for r in loaded.readouts for p in r.paragraphs):
                raise SourceError(link.url, _NO_PARAGRAPHS)
        except SourceError as error:
            with self.ledger.write() as connection:
                self.turn.guard(connection)
                may_pass = isinstance(error, FetchError) and error.may_pass
                _missed(connection, link, error.problem, may_pass=may_pass)
            return
        request = request_for(self.ledger, watch, link.url)
        self._decide(watch, link, request, self.ingesting.plan(request, [loaded]))

    def _decide(self, watch: Watch, link: WatchedLink, request: IngestRequest, plan: Plan) -> None:
        """Take what a link brings, or leave it to somebody, who is told of each thing once."""
        found = _found(plan)
        state: State = "found"
        if found is None:
            state = "refused" if plan.failed else "same"
        problem = plan.failed[0].error if plan.failed and found is None else None
        values = {"found": found, "problem": problem, "attempts": 0}
        is_old = found is not None and link.found is not None and link.found["revision"] == found["revision"]
        told = state == "same" or (link.told and is_old) or (state == "refused" and link.problem == problem)
        takes = (watch.takes or self.take) and bool(plan.changes) and not plan.alike and not plan.failed

        def taken(connection: Connection, job: int) -> None:
            self.turn.guard(connection)
            watches.change_link(connection, link.pk, state="taken", job=job, told=True, **values)

        if takes and (self.gate is None or self.gate(watch.scope, plan)):
            self.jobs.append(self.board.submit(request, taken))
            return
        if found is not None and self.sketch is not None and not told:
            found["sketch"] = self.sketch(watch, request, plan)
        with self.ledger.write() as connection:
            self.turn.guard(connection)
            watches.change_link(connection, link.pk, state=state, told=told, **values)


def request_for(ledger: Ledger, watch: Watch, url: str) -> IngestRequest:
    """Return the ingest of one link, its readout named by more of the address where another has its last part."""
    name = make_id(name_of(url))
    with ledger.read() as connection:
        holder = live.readouts_by_id(connection, watch.scope, [name]).get(name)
    parts, details = urlsplit(url), {}
    if url != watch.url and (parts.query or (holder is not None and holder.source != url)):
        whole = f"{parts.path}?{parts.query}".strip("/?").replace("/", "-")
        details = {url: Details(id=make_id(whole[-MAX_ID_CHARS:]))}
    return IngestRequest(urls=(url,), scope=watch.scope, actor=f"{watch.actor} (watch)", details=details)


def _page_links(found: Fetched, data: bytes) -> Listing:
    is_page = "html" in found.content_type or data.lstrip()[:1] == b"<"
    return page_links(data, found.final_url) if is_page else Listing()


def _kind(listing: Listing, loaded: LoadedSource | None) -> Kind | None:
    """Say whether a page is a readout or lists links: by whose words it is made of, and where numbers are printed."""
    paragraphs = [p for r in loaded.readouts for p in r.paragraphs] if loaded else []
    own = [p for p in paragraphs if p.text not in listing.text]
    numbered = [p for p in own if p.numbering == Numbering.PRINTED and not is_beside(p.number)]
    if len(numbered) >= _FEWEST_NUMBERED or sum(len(p.text) for p in own) > len(listing.text):
        return "readout"
    return "list" if listing.links else None


def _note(connection: Connection, watch: Watch, look: Look) -> str | None:
    """Keep what is new on a page; returns what is to be told of the page itself.

    Of a list none of whose links was there before, nothing is new: it was made anew.
    """
    there = watches.links_of(connection, watch.pk)
    if watch.kind == "readout":
        watches.change_link(connection, there[watch.url].pk, state="new", attempts=0)
        return None
    is_other = bool(there) and not any(each.url in there for each in look.listing.links)
    renewed = watch.kind == "list" and is_other
    sources = {summary.source for summary in live.readouts(connection, [watch.scope])}
    for listed in look.listing.links:
        before = there.get(listed.url)
        if before is None:
            state: State = "known" if renewed else "new"
            watches.add_link(connection, watch.pk, listed.url, listed.title, listed.stamp, state)
        elif before.stamp != listed.stamp:
            is_ours = before.state in ("found", "live", "same") or listed.url in sources
            again = {"state": "new", "attempts": 0} if is_ours and before.state != "taken" else {}
            watches.change_link(connection, before.pk, title=listed.title, stamp=listed.stamp, **again)
    return "renewed" if renewed else None


def _missed(connection: Connection, link: WatchedLink, problem: str, *, may_pass: bool) -> None:
    """A link brought nothing: it is read again in the next rounds, or somebody is told, once."""
    attempts = link.attempts + 1
    if may_pass and attempts < _MOST_ATTEMPTS:
        watches.change_link(connection, link.pk, state="new", attempts=attempts, problem=problem)
    else:
        told = not link.attempts and link.problem == problem  # it was refused for that before
        watches.change_link(connection, link.pk, state="refused", problem=problem, told=told)


def _found(plan: Plan) -> dict[str, Any] | None:
    """Return what a plan brings that is not live, as a row keeps it."""
    change = next(iter((*plan.changes, *plan.held)), None)
    if change is not None:
        readout, counts = change.readout, None
        if change.diff is not None:
            counted = change.diff.counted(readout.id)
            counts = [counted.paragraphs_added, counted.paragraphs_changed, counted.paragraphs_removed]
        return {
            "id": readout.id,
            "revision": change.revision,
            "title": readout.title,
            "date": readout.date,
            "paragraphs": len(readout.paragraphs),
            "changes": counts,
            "held": change in plan.held,
        }
    if plan.alike:
        return {"id": plan.alike[0].brought, "revision": "", "like": plan.alike[0].document}
    return None

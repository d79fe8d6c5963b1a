"""What is watched, one round of asking, and what people are to be told of it.

Everything that was seen is in the ledger before anything is done about it, and what is done about it is noted in the
transaction that does it: a process that is killed at any moment leaves a link that the next round goes on with. One
process of all that share a ledger asks at a time, and says so by a lease.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from retrieval.errors import IngestBusyError, NotFoundError, UsageError
from retrieval.fetching import Fetcher
from retrieval.ingest import IngestRequest, IngestService
from retrieval.ingest.job_board import JobBoard
from retrieval.ledger import Ledger, live, watches
from retrieval.ledger.leases import Turn, my_turn
from retrieval.ledger.watches import Watch, WatchedLink
from retrieval.models import SHARED
from retrieval.watching.listing import Listed
from retrieval.watching.politeness import PoliteFetcher
from retrieval.watching.polling import Gate, Round, Sketch, asked, look_at, request_for

SHORTEST_S, LONGEST_S = 900, 30 * 86_400
"""How often a page may be asked."""

_LEASE = "watching"
_TTL_S = 120.0


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What stood at an address when it was first looked at.

    Attributes:
        links: How many are listed; none of them is read.
        newest: Of these.
    """

    watch: Watch
    links: int = 0
    newest: Listed | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of a page: what its links brought, and of itself that it is paused or was renewed."""

    watch: Watch
    links: tuple[WatchedLink, ...] = ()


class WatchService:
    """Watches pages.

    Args:
        clock: Seconds since 1970.
        draw: A random number from 0 to 1.
    """

    def __init__(
        self,
        ledger: Ledger,
        ingesting: IngestService,
        jobs: JobBoard,
        fetcher: Fetcher,
        *,
        clock: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._ingesting = ingesting
        self._jobs = jobs
        self._fetcher = PoliteFetcher(ledger, fetcher, clock=clock, wait=wait)
        self._ttl_s = _TTL_S + 2 * fetcher.policy.timeout_s
        self._clock = clock
        self._draw = draw

    # --- what is watched ---

    def add(
        self,
        url: str,
        *,
        scope: str = SHARED,
        actor: str = "command line",
        every_s: int = 21_600,
        takes: bool = False,
        place: Mapping[str, Any] | None = None,
        most: int = 0,
    ) -> FirstLook:
        """Watch an address from now on; the links that it lists today are noted, and not read.

        An address that is a readout itself is read in the next round.

        Args:
            most: How many a scope may have; 0 is no limit.

        Raises:
            UsageError: It is watched already, there are too many, or it is to be asked too often or too seldom.
            FetchError, SourceError: Nothing can be watched there.
        """
        url = url.strip()
        if not SHORTEST_S <= every_s <= LONGEST_S:
            raise UsageError(
                "A page is asked every 15 minutes at the oftenest, and every 30 days at the least."
            )
        with self._ledger.read() as connection:
            _check_room(connection, scope, url, most)
        look = look_at(self._fetcher, url)
        assert look is not None  # nothing was known to be unchanged
        is_readout = look.kind == "readout"
        with self._ledger.write() as connection:
            _check_room(connection, scope, url, most)
            pk = watches.add(
                connection,
                scope=scope,
                url=url,
                kind=look.kind,
                every_s=every_s,
                takes=takes,
                actor=actor,
                paused=False,
                failures=0,
                place=dict(place) if place else None,
                **asked(look, self._clock(), every_s, self._draw()),
            )
            if is_readout:
                watches.add_link(connection, pk, url, "", "", "new")
            for listed in look.listing.links if not is_readout else ():
                watches.add_link(connection, pk, listed.url, listed.title, listed.stamp, "known")
            (made,) = (each for each in watches.all_of(connection, scope) if each.pk == pk)
        links = () if is_readout else look.listing.links
        return FirstLook(made, len(links), look.listing.newest if links else None)

    def watched(self, scope: str | None = None) -> list[Watch]:
        """Return the pages of a scope, or every one, in the order in which they are due."""
        with self._ledger.read() as connection:
            return watches.all_of(connection, scope)

    def undecided(self, watch: Watch) -> list[WatchedLink]:
        """Return the readouts that were found and are left to somebody to take: none of them is live as it was found."""
        with self._ledger.read() as connection:
            links = watches.links_of(connection, watch.pk).values()
            found = [each for each in links if each.state == "found"]
            ids = [each.found["id"] for each in found if each.found]
            alive = {s.id: s.revision for s in live.readouts_by_id(connection, watch.scope, ids).values()}
        return [
            each for each in found if each.found and alive.get(each.found["id"]) != each.found["revision"]
        ]

    def offered(self, pk: int) -> tuple[Watch, IngestRequest] | None:
        """Return the page and the ingest of a link that is left to somebody; None where there is none any more."""
        with self._ledger.read() as connection:
            link = next((each for each in watches.links_in(connection, "found") if each.pk == pk), None)
            watch = next((w for w in watches.all_of(connection) if link and w.pk == link.watch), None)
        if link is None or watch is None:
            return None
        return watch, request_for(self._ledger, watch, link.url)

    def remove(self, scope: str, pk: int) -> None:
        """Watch a page no longer; what it brought stays.

        Raises:
            NotFoundError: The scope watches no such page.
        """
        with self._ledger.write() as connection:
            watches.remove(connection, _of(connection, scope, pk).pk)

    def pause(self, scope: str, pk: int, *, paused: bool) -> None:
        """Let a page be, or ask it again from now on.

        Raises:
            NotFoundError: The scope watches no such page.
        """
        with self._ledger.write() as connection:
            watch = _of(connection, scope, pk)
            again = {} if paused else {"next_at": self._clock(), "failures": 0}
            watches.change(connection, watch.pk, paused=paused, news=None, **again)

    def pause_all(self, scope: str) -> None:
        """Let every page of a scope be."""
        with self._ledger.write() as connection:
            for watch in watches.all_of(connection, scope):
                watches.change(connection, watch.pk, paused=True)

    def forget_scope(self, scope: str) -> None:
        """Watch nothing for a scope any more."""
        with self._ledger.write() as connection:
            for watch in watches.all_of(connection, scope):
                watches.remove(connection, watch.pk)

    # --- asking ---

    def run(
        self,
        *,
        scope: str | None = None,
        everything: bool = False,
        take: bool = False,
        gate: Gate | None = None,
        sketch: Sketch | None = None,
        stopping: threading.Event | None = None,
    ) -> list[int]:
        """Ask the pages that are due, read what is new there, and return the numbers of the ingests asked for.

        Args:
            scope: Whose pages are asked; None: everybody's.
            everything: Ask the others that are not paused as well, hosts that want rest excepted.
            take: Ingest what is found whatever a page says, and what was found before.
            gate: Asked before anything is taken.
            sketch: Drawn of what is left to somebody, who is told it.
            stopping: Ends the round after the request at hand.

        Raises:
            IngestBusyError: Another process asks.
        """
        if not everything and not self._is_anything_due():
            return []
        try:
            with my_turn(self._ledger, "watch", timeout_s=0, ttl_s=self._ttl_s, name=_LEASE) as turn:
                more = {"scope": scope, "take": take, "gate": gate, "sketch": sketch, "stopping": stopping}
                round_ = self._round(turn, **more)
                round_.go(everything=everything)
                return round_.jobs
        except IngestBusyError as error:
            problem = "Another process asks the watched pages right now."
            raise IngestBusyError(problem, error.holder) from error

    def settle(self) -> bool:
        """Note how the ingests ended that were asked for; returns whether any is still to end."""
        with my_turn(self._ledger, "watch", timeout_s=self._ttl_s, ttl_s=self._ttl_s, name=_LEASE) as turn:
            return self._round(turn).settle()

    def _is_anything_due(self) -> bool:
        """Whether a round has anything to do: nothing is written to find that out."""
        with self._ledger.read() as connection:
            every = watches.all_of(connection)
            if any(not each.paused and each.next_at <= self._clock() for each in every):
                return True
            left = watches.links_in(connection, "new", "taken")
        again = {each.pk for each in every if not each.paused}
        return any(each.state == "taken" or (not each.attempts and each.watch in again) for each in left)

    def _round(self, turn: Turn, **more: Any) -> Round:
        ledger, jobs, clock, draw = self._ledger, self._jobs, self._clock, self._draw
        return Round(ledger, self._ingesting, jobs, self._fetcher, turn, clock, draw, **more)

    # --- what is told ---

    def news(self) -> list[News]:
        """Return what nobody was told yet, by page."""
        with self._ledger.read() as connection:
            untold = watches.links_in(connection, "found", "live", "refused", untold=True)
            every = watches.all_of(connection)
        said = [News(watch, tuple(each for each in untold if each.watch == watch.pk)) for watch in every]
        return [each for each in said if each.links or each.watch.news]

    def told(self, news: News) -> None:
        """Note that somebody knows."""
        with self._ledger.write() as connection:
            for link in news.links:
                kept = {k: v for k, v in (link.found or {}).items() if k != "sketch"}
                watches.change_link(connection, link.pk, told=True, found=kept or None)
            if news.watch.news:
                watches.change(connection, news.watch.pk, news=None)


def _check_room(connection: Connection, scope: str, url: str, most: int) -> None:
    there = watches.all_of(connection, scope)
    if any(each.url == url for each in there):
        raise UsageError(f"{url}: this address is watched already.")
    if most and len(there) >= most:
        raise UsageError(f"{most} pages are watched already, and no more may be. Remove one first.")


def _of(connection: Connection, scope: str, pk: int) -> Watch:
    found = next((each for each in watches.all_of(connection, scope) if each.pk == pk), None)
    if found is None:
        raise NotFoundError(f"There is no watched page {pk}.", '"rapporteur watch list" names them.')
    return found

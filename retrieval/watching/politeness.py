"""Asking the hosts of others as they want to be asked: robots.txt, a pause between two requests, rest when told so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching import AGENT, Fetched, Fetcher, NotModified, Validators
from retrieval.ledger import Ledger, watches
from retrieval.watching.listing import FEED_TYPES

_ROBOTS_KEPT_S = 86_400.0
_MAX_ROBOTS = 500_000
_PAUSE_S = 2.0
_MAX_PAUSE_S = 60.0
"""Of a longer `Crawl-delay` so much is waited for: what is asked of a host is a page or two in hours."""

_MAX_REST_S = 7 * 86_400.0
_ASKED_NOT_TO = (
    "the robots.txt of its host asks programs not to fetch it. Save the page as a file and ingest it."
)


class PoliteFetcher:
    """Fetches, and remembers in the ledger how each host wants to be asked; one thread of one process at a time.

    Args:
        fetcher: Asked once for each page: what fails is asked again by the schedule.
        clock: Seconds since 1970.
        wait: Waits for so many seconds.
    """

    def __init__(
        self, ledger: Ledger, fetcher: Fetcher, *, clock: Callable[[], float], wait: Callable[[float], None]
    ) -> None:
        self._ledger = ledger
        self._fetcher = fetcher.under(replace(fetcher.policy, attempts=1, more_types=FEED_TYPES))
        self._clock = clock
        self._wait = wait

    def fetch(self, url: str, validators: Validators | None = None) -> Fetched | NotModified:
        """Return what stands at an address, as `Fetcher.fetch` does, after the pause that its host is due.

        Raises:
            AddressRefusedError: As there, or the host's robots.txt asks not to fetch it.
            FetchError: As there, or the host is to be left alone for now.
        """
        host = urlsplit(url.strip()).netloc.lower()
        with self._ledger.read() as connection:
            known = watches.host_of(connection, host)
        resting = known.not_before - self._clock()
        if resting > _MAX_PAUSE_S:
            problem = "its host asked to be left alone for now. It is asked again by itself."
            raise _later(url, problem, resting)
        if resting > 0:
            self._wait(resting)
        pause = _PAUSE_S
        try:
            known = self._with_robots(url, known)
            pause = self._permitted(url, known.robots)
            return self._fetcher.fetch(url, validators=validators)
        except FetchError as error:
            pause = max(pause, min(error.retry_after_s or 0.0, _MAX_REST_S))
            raise
        finally:
            with self._ledger.write() as connection:
                watches.keep_host(connection, replace(known, not_before=self._clock() + pause))

    def _with_robots(self, url: str, known: watches.Host) -> watches.Host:
        """Return what is known of a host with a robots.txt of today.

        One that is not there permits everything; one that cannot be had now, nothing (RFC 9309, section 2.3.1).
        """
        if self._clock() - known.robots_at < _ROBOTS_KEPT_S:
            return known
        parts = urlsplit(url.strip())
        try:
            found = self._fetcher.fetch(f"{parts.scheme}://{parts.netloc}/robots.txt")
        except AddressRefusedError as error:
            raise AddressRefusedError(url, error.problem) from error
        except FetchError as error:
            if error.may_pass:
                problem = f"its host's robots.txt cannot be had: {error.problem}"
                raise _later(url, problem, error.retry_after_s) from error
            text = ""
        else:
            text = found.data[:_MAX_ROBOTS].decode(errors="replace") if isinstance(found, Fetched) else ""
        return replace(known, robots=text.replace("\x00", ""), robots_at=self._clock())

    def _permitted(self, url: str, robots: str) -> float:
        """Return the pause that a robots.txt asks for, in seconds, or say that it lets nobody fetch the address."""
        from protego import Protego

        rules = Protego.parse(robots)
        if not rules.can_fetch(url.strip(), AGENT):
            raise AddressRefusedError(url, _ASKED_NOT_TO)
        return min(max(rules.crawl_delay(AGENT) or 0.0, _PAUSE_S), _MAX_PAUSE_S)


def _later(url: str, problem: str, after_s: float | None) -> FetchError:
    error = FetchError(url, problem)
    error.may_pass, error.retry_after_s = True, after_s
    return error

"""Addresses -> bytes: redirects, retries and conditions around single requests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching.bodies import (
    ACCEPT,
    Deadline,
    Fetched,
    FetchPolicy,
    NotModified,
    PassingError,
    Validators,
)
from retrieval.fetching.urls import Resolver, Target, checked_addresses, parse_url, system_resolver

if TYPE_CHECKING:
    import ssl

    from retrieval.fetching.exchange import Answer

_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (500, 502, 503, 504)
_COMES_BACK = frozenset({408, 425, 429, *range(500, 600)})
_MOST_VALIDATOR_CHARS = 512
_STATUS = {
    401: "it asks for a password. Save the page as a file and ingest it",
    403: "the server does not let it be fetched. Save the page as a file and ingest it",
    404: "there is no such page. Check the address",
    410: "the page was taken away. Look for its new address",
    429: "the server takes no more requests for now. Try again later",
}


AGENT = "Rapporteur"
"""What servers know it by."""


class Fetcher:
    """Fetches public pages and files.

    It sends no cookies, no credentials and no referrer, and knows no proxy: a proxy would look names up itself.

    Args:
        resolver: Looks names up; each name once in a fetch.
        ssl_context: Which certificates are trusted; the operating system's, unless given.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        resolver: Resolver = system_resolver,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self.resolver = resolver
        self._ssl_context = ssl_context

    def fetch(self, url: str, *, validators: Validators | None = None) -> Fetched | NotModified:
        """Return what stands at `url`, or that it is what `validators` stood for.

        Raises:
            AddressRefusedError: The address, or one it redirects to, is not one that is fetched.
            FetchError: Nothing that can be read came from it in time.
        """
        return _Fetch(url.strip(), self).run(validators or Validators())

    def under(self, policy: FetchPolicy) -> Fetcher:
        """Return one that does the same under another policy."""
        return Fetcher(policy, resolver=self.resolver, ssl_context=self._ssl_context)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """Which certificates are trusted; read when the first one is met."""
        from httpcore2 import default_ssl_context

        return self._ssl_context or default_ssl_context()


class _Fetch:
    """One fetch: its deadline, and the addresses of the names it met."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url = url
        self._fetcher = fetcher
        self._policy = fetcher.policy
        self._deadline = Deadline(fetcher.policy.timeout_s)
        self._addresses: dict[tuple[str, int], tuple[str, ...]] = {}

    def run(self, validators: Validators) -> Fetched | NotModified:
        target, conditions = parse_url(self._url), validators
        for redirects in range(self._policy.max_redirects + 1):
            answer = self._ask(target, conditions)
            if answer.status == 304 and conditions:
                return NotModified(self._url)
            if answer.status == 200:
                kept = _validators(answer.headers) if redirects == 0 else Validators()
                kind = answer.headers.get("content-type", "").lower()
                return Fetched(self._url, target.url, answer.body, kind, kept)
            target, conditions = self._next(target, answer), Validators()
        most = self._policy.max_redirects
        problem = f"it redirects more than {most} times. Use the address it ends at."
        raise AddressRefusedError(self._url, problem)

    def _ask(self, target: Target, conditions: Validators) -> Answer:
        """Send one request, again where its failure may pass, within the deadline."""
        from tenacity import (
            Retrying,
            retry_if_exception_type,
            stop_after_attempt,
            stop_before_delay,
            wait_random_exponential,
        )

        addresses = self._addresses_of(target)
        retrying = Retrying(
            retry=retry_if_exception_type(PassingError),
            stop=stop_after_attempt(self._policy.attempts) | stop_before_delay(self._deadline.remaining_s),
            wait=wait_random_exponential(multiplier=self._policy.backoff_s, max=10),
            reraise=True,
        )
        return retrying(self._ask_once, target, addresses, conditions)

    def _ask_once(self, target: Target, addresses: tuple[str, ...], conditions: Validators) -> Answer:
        from retrieval.fetching.exchange import exchange

        answer = exchange(
            self._url,
            target,
            addresses,
            _request_headers(conditions),
            deadline=self._deadline,
            policy=self._policy,
            ssl_context=self._fetcher.ssl_context if target.scheme == "https" else None,
        )
        if answer.status in _PASSING:
            problem = f"the server has a problem of its own (status {answer.status}). Try again later."
            failed = PassingError(self._url, problem)
            failed.retry_after_s = retry_after_s(answer.headers.get("retry-after", ""))
            raise failed
        return answer

    def _addresses_of(self, target: Target) -> tuple[str, ...]:
        place = (target.host, target.port)
        if place not in self._addresses:
            resolver, left_s = self._fetcher.resolver, self._deadline.remaining_s
            self._addresses[place] = checked_addresses(self._url, target, self._policy, resolver, left_s)
        return self._addresses[place]

    def _next(self, target: Target, answer: Answer) -> Target:
        """Return where a redirect leads, read and checked like the address itself."""
        location = answer.headers.get("location", "")
        if answer.status not in _REDIRECTS or not location:
            failed = FetchError(self._url, _status_problem(answer))
            failed.may_pass = answer.status in _COMES_BACK
            failed.retry_after_s = retry_after_s(answer.headers.get("retry-after", ""))
            raise failed
        try:
            there = parse_url(urljoin(target.url, _as_unicode(location).replace(" ", "%20")))
        except AddressRefusedError as error:
            raise AddressRefusedError(self._url, f"it redirects elsewhere: {error.problem}") from error
        except ValueError as error:  # of urljoin
            raise AddressRefusedError(self._url, "it redirects to what is not an address.") from error
        if (target.scheme, there.scheme) == ("https", "http"):
            problem = f"it redirects from https to http ({there.host}). Use an address that stays with https."
            raise AddressRefusedError(self._url, problem)
        return there


def _request_headers(conditions: Validators) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        agent = f"{AGENT}/{version('rapporteur')}"
    except PackageNotFoundError:  # run from a clone
        agent = AGENT
    headers = {
        "User-Agent": agent,
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip, deflate",
        "Connection": "close",
    }
    if conditions.etag:
        headers["If-None-Match"] = conditions.etag
    if conditions.last_modified:
        headers["If-Modified-Since"] = conditions.last_modified
    return headers


def retry_after_s(stated: str) -> float | None:
    """Return how many seconds a `Retry-After` header asks to wait, in either of its forms; None: it asks for nothing.

    Source: RFC 9110, section 10.2.3.
    """
    if stated.isdecimal():
        return float(stated[:9])
    try:
        moment = parsedate_to_datetime(stated)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _validators(headers: Mapping[str, str]) -> Validators:
    stated = (headers.get(name) for name in ("etag", "last-modified"))
    return Validators(*(each if each and len(each) <= _MOST_VALIDATOR_CHARS else None for each in stated))


def _as_unicode(location: str) -> str:
    """Return a header as the server meant it: read as Latin-1 so far, and usually UTF-8."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _status_problem(answer: Answer) -> str:
    said = _STATUS.get(answer.status)
    if said is None:
        return f"the server answered with status {answer.status}. Open the address in a browser to see why."
    wait = answer.headers.get("retry-after", "")
    is_told = answer.status == 429 and wait.isdecimal() and len(wait) < 7
    after = f" (in {wait} seconds, it says)" if is_told else ""
    return f"{said}{after} (status {answer.status})."

"""Connections to addresses that were checked, within one deadline and one number of bytes.

A name is asked for once, and every address that it may be reached at is checked. The HTTP library asks this backend for
every connection. It never sees a name's address: it asks for the name, which stays in the certificate check and the
`Host` header, and gets a connection to the checked address."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

from httpcore2 import (
    ConnectError,
    ConnectTimeout,
    NetworkBackend,
    NetworkStream,
    ReadTimeout,
    SyncBackend,
    WriteTimeout,
)

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching.models import FetchPolicy
from retrieval.fetching.urls import Target, not_public

Resolver = Callable[[str, int], Sequence[str]]
"""A name and a port -> IP addresses as text, the one to try first at the front. Raises OSError."""

_MOST_TRIED = 4


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def checked_addresses(
    url: str, target: Target, policy: FetchPolicy, resolver: Resolver, timeout_s: float
) -> tuple[str, ...]:
    """Return the addresses to connect to, first choice first, at most four.

    One answer that is not public refuses them all: a name that leads both outside and inside is an attempt
    to get in.

    Args:
        url: What errors name.

    Raises:
        AddressRefusedError: The port or an address is not one that is fetched.
        FetchError: The name is not known, or nobody answered in time.
    """
    exempt = {address for address, port in policy.allowed if port == target.port}
    if target.port not in policy.ports and not exempt:
        ports = ", ".join(str(port) for port in sorted(policy.ports))
        raise AddressRefusedError(url, f"port {target.port} is not fetched from; only {ports} are.")
    if target.address is not None:
        answers: Sequence[str] = (target.host,)
    else:
        answers = _ask(url, target, resolver, timeout_s)
    for answer in answers:
        _check(url, target, answer, exempt)
    return tuple(answers[:_MOST_TRIED])


def _check(url: str, target: Target, answer: str, exempt: set[str]) -> None:
    if answer in exempt:
        return
    try:
        kind = "a link-local" if "%" in answer else not_public(ip_address(answer))
    except ValueError:
        kind = "an unreadable"
    if kind is not None:
        subject = f"{target.host} is" if target.address is not None else f'the name "{target.host}" leads to'
        raise AddressRefusedError(url, f"{subject} {kind} address. Only pages on the public web are fetched.")


def _ask(url: str, target: Target, resolver: Resolver, timeout_s: float) -> Sequence[str]:
    """Ask on a thread of its own: the operating system's resolver knows no deadline."""
    answer: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(resolver(target.host, target.port))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answer.get(timeout=max(timeout_s, 0))
    except Empty:
        raise _unknown(url, f'nobody said in time where "{target.host}" is. Try again later.') from None
    if isinstance(found, OSError | UnicodeError) or not found:
        problem = f'the name "{target.host}" is not known. Check how it is written, and the connection.'
        raise _unknown(url, problem) from (found if isinstance(found, Exception) else None)
    if isinstance(found, Exception):
        raise found
    return found


def _unknown(url: str, problem: str) -> FetchError:
    error = FetchError(url, problem)
    error.may_pass = True  # a name server may be out of order
    return error


class TooMuchError(Exception):
    """More bytes came than any page may have."""


class Deadline:
    """When everything has to be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def remaining_s(self) -> float:
        """Seconds left, below 0 when it has passed."""
        return self._end - time.monotonic()

    def left_or(self, late: type[Exception]) -> float:
        """Return the seconds left, or raise `late`."""
        remaining = self.remaining_s
        if remaining <= 0:
            raise late("the deadline has passed")
        return remaining


class PinnedBackend(NetworkBackend):
    """Connects to `addresses` only, whatever name is asked for.

    Args:
        max_bytes: Most bytes that are received, headers and all: a server can answer "continue" for ever.
    """

    def __init__(self, addresses: Sequence[str], deadline: Deadline, max_bytes: int) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._system = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to the first address that answers; each gets its share of the time."""
        failure: Exception = ConnectError("no address")
        for tried, address in enumerate(self._addresses):
            share = self._deadline.left_or(ConnectTimeout) / (len(self._addresses) - tried)
            try:
                stream = self._system.connect_tcp(address, port, share, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
            else:
                return _WatchedStream(stream, self._deadline, self._max_bytes)
        raise failure


class _WatchedStream(NetworkStream):
    """A connection whose every operation ends by the deadline: a page that drips is cut off like a silent one."""

    def __init__(self, stream: NetworkStream, deadline: Deadline, max_bytes: int) -> None:
        self._stream = stream
        self._deadline = deadline
        self._bytes_left = max_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._deadline.left_or(ReadTimeout))
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise TooMuchError
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_or(WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        left = self._deadline.left_or(ConnectTimeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _WatchedStream(secured, self._deadline, self._bytes_left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

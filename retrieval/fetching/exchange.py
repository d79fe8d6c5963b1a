"""One request and its answer, and what can go wrong on the way in a sentence.

The HTTP library asks a backend of ours for every connection. It never sees a name's address: it asks for the name, which
stays in the certificate check and the `Host` header, and gets a connection to an address that was checked, within one
deadline and one number of bytes.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2
from httpcore2 import ConnectError, ConnectTimeout, NetworkBackend, NetworkStream

from retrieval.errors import FetchError
from retrieval.fetching.bodies import Deadline, FetchPolicy, PassingError, check_type, too_large, unpacked
from retrieval.fetching.urls import Target

_OVERHEAD_BYTES = 300_000  # headers and framing beside the body
_FRAMING = 4  # times the body: text sent in small chunks carries more framing than text


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer.

    Attributes:
        headers: Lower-case name -> value; of repeated ones the first.
        body: Decompressed; empty unless the status is 200.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def exchange(
    url: str,
    target: Target,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    *,
    deadline: Deadline,
    policy: FetchPolicy,
    ssl_context: ssl.SSLContext | None,
) -> Answer:
    """Send one GET to one of `addresses` and return what came.

    Args:
        url: What errors name.

    Raises:
        PassingError: It failed in a way that may pass.
        FetchError: It failed, or what came cannot be read.
    """
    backend = PinnedBackend(addresses, deadline, policy.max_bytes * _FRAMING + _OVERHEAD_BYTES)
    scheme, host, path = target.scheme.encode(), target.host.encode(), target.path.encode()
    place = httpcore2.URL(scheme=scheme, host=host, port=target.port, target=path)
    asked = [(b"Host", target.authority.encode())]
    asked += [(name.encode(), value.encode("latin-1", "ignore")) for name, value in headers.items()]
    request = httpcore2.Request(b"GET", place, headers=asked)
    connection = httpcore2.HTTPConnection(place.origin, ssl_context=ssl_context, network_backend=backend)
    with _in_words(url, target.host, policy), connection:
        return _read(url, connection.handle_request(request), policy)


def _read(url: str, response: httpcore2.Response, policy: FetchPolicy) -> Answer:
    max_bytes = policy.max_bytes
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())
    if response.status != 200:
        return Answer(response.status, headers)
    check_type(url, headers.get("content-type", ""), policy.more_types)
    stated = headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > max_bytes:
        raise too_large(url, max_bytes)
    pieces = _capped(url, response.iter_stream(), max_bytes)
    body = unpacked(url, pieces, headers.get("content-encoding", ""), max_bytes)
    return Answer(response.status, headers, body)


def _capped(url: str, pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    received = 0
    for piece in pieces:
        received += len(piece)
        if received > max_bytes:
            raise too_large(url, max_bytes)
        yield piece


@contextmanager
def _in_words(url: str, host: str, policy: FetchPolicy) -> Iterator[None]:
    try:
        yield
    except TooMuchError as error:
        raise too_large(url, policy.max_bytes) from error
    except httpcore2.TimeoutException as error:
        raise _late(url, policy) from error
    except httpcore2.ConnectError as error:
        raise _unconnected(url, host, error) from error
    except httpcore2.NetworkError as error:
        raise PassingError(url, f"the connection to {host} broke off. Try again later.") from error
    except httpcore2.ProtocolError as error:
        raise _garbled(url, host, error) from error


def _late(url: str, policy: FetchPolicy) -> PassingError:
    problem = f"it did not come within {policy.timeout_s:g} seconds. Try again later, or raise RETRIEVAL_FETCH_TIMEOUT_S."
    return PassingError(url, problem)


def _unconnected(url: str, host: str, error: Exception) -> FetchError:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message or "unknown reason"
        return FetchError(url, f"the certificate of {host} is not trusted ({reason}). Tell whoever runs it.")
    if isinstance(cause, ssl.SSLError):
        return FetchError(url, f"{host} did not agree on a secure connection. Check the address.")
    if isinstance(cause, ConnectionRefusedError):
        return PassingError(url, f"{host} refuses connections. Check the address, or try again later.")
    return PassingError(url, f"{host} cannot be reached. Check the address and the connection.")


def _garbled(url: str, host: str, error: Exception) -> FetchError:
    text = str(error).lower()
    if "too long" in text:
        return FetchError(url, f"{host} sent headers without an end. Save the page as a file and ingest it.")
    if "disconnected" in text or "closed" in text:
        return PassingError(url, f"{host} broke off before the end. Try again later.")
    return FetchError(url, f"{host} did not answer as a web server does. Check the address.")


class TooMuchError(Exception):
    """More bytes came than any page may have."""


class PinnedBackend(NetworkBackend):
    """Connects to `addresses` only, whatever name is asked for.

    Args:
        max_bytes: Most bytes that are received, headers and all: a server can answer "continue" for ever.
    """

    def __init__(self, addresses: Sequence[str], deadline: Deadline, max_bytes: int) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._system = httpcore2.SyncBackend()

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
        data = self._stream.read(max_bytes, self._deadline.left_or(httpcore2.ReadTimeout))
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise TooMuchError
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_or(httpcore2.WriteTimeout))

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

"""One request and its answer, and what can go wrong on the way in a sentence."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore2

from retrieval.errors import FetchError
from retrieval.fetching.bodies import check_type, too_large, unpacked
from retrieval.fetching.models import FetchPolicy
from retrieval.fetching.network import Deadline, PinnedBackend, TooMuchError
from retrieval.fetching.urls import Target

_OVERHEAD_BYTES = 300_000  # headers and framing beside the body
_FRAMING = 4  # times the body: text sent in small chunks carries more framing than text


class PassingError(FetchError):
    """May not happen again: worth another try."""

    may_pass = True


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
    most = policy.max_bytes * _FRAMING + _OVERHEAD_BYTES
    backend = PinnedBackend(addresses, deadline, most)
    place = httpcore2.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    asked = [(b"Host", target.authority.encode())]
    asked += [(name.encode(), value.encode("latin-1", "ignore")) for name, value in headers.items()]
    request = httpcore2.Request(b"GET", place, headers=asked)
    connection = httpcore2.HTTPConnection(place.origin, ssl_context=ssl_context, network_backend=backend)
    with _in_words(url, target, policy), connection:
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
def _in_words(url: str, target: Target, policy: FetchPolicy) -> Iterator[None]:
    """Translate what the library raises."""
    host = target.host
    try:
        yield
    except TooMuchError as error:
        raise too_large(url, policy.max_bytes) from error
    except httpcore2.TimeoutException as error:
        raise late(url, policy) from error
    except httpcore2.ConnectError as error:
        raise _unconnected(url, host, error) from error
    except httpcore2.NetworkError as error:
        raise PassingError(url, f"the connection to {host} broke off. Try again later.") from error
    except httpcore2.ProtocolError as error:
        raise _garbled(url, host, error) from error


def late(url: str, policy: FetchPolicy) -> FetchError:
    """Return the error for what took too long."""
    error = FetchError(
        url,
        f"it did not come within {policy.timeout_s:g} seconds. Try again later, or raise "
        "RETRIEVAL_FETCH_TIMEOUT_S.",
    )
    error.may_pass = True
    return error


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

"""A name -> the addresses it may be reached at: asked once, every answer checked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue

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

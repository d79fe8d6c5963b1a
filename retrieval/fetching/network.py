"""Connections to addresses that were checked, within one deadline and one number of bytes.

The HTTP library asks this backend for every connection. It never sees a name's address: it asks for the name,
which stays in the certificate check and the `Host` header, and gets a connection to the checked address.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
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

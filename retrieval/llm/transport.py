"""HTTP to a model, bounded: a reply has a size, as sent and as unpacked, and a time, and goes where it was asked for.

The libraries of providers read whatever a server sends (a gzip bomb of 400 MB took 1.3 GB) and follow redirects (a 307
had question and paragraphs posted to another address). This stands between them and the socket.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, TypedDict
from urllib.request import getproxies

import httpx

from retrieval.llm.providers import ReplyTooLargeError

MAX_REPLY_BYTES = 1_000_000
"""Of a chat model: a hundred times what the longest reply in tokens can be."""

MAX_VECTORS_BYTES = 16_000_000
"""Of an embedding model: 64 vectors of 4,096 numbers, written out."""

_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Encoding -> zlib's window bits."""


class BoundedTransport:
    """Reads a reply as far as the bound; redirects lead nowhere.

    Args:
        http: The library whose transport this is: httpx, or httpx2, which some providers' libraries use.
        inner: What connects.

    Raises:
        ReplyTooLargeError: The reply is larger, as sent or as unpacked.
    """

    def __init__(self, http: ModuleType, inner: Any, max_bytes: int) -> None:
        self._http = http
        self._inner = inner
        self._max_bytes = max_bytes

    def handle_request(self, request: Any) -> Any:
        """Send `request` and return the whole reply, unpacked."""
        request.headers["Accept-Encoding"] = "identity"
        started = time.monotonic()
        response = self._inner.handle_request(request)
        try:
            sent = self._read(response.stream, request, started)
        finally:
            response.close()
        content = self._unpacked(sent, response.headers.get("Content-Encoding", ""))
        dropped = {"content-encoding", "content-length", "transfer-encoding", "location"}
        headers = [
            (name, value) for name, value in response.headers.multi_items() if name.lower() not in dropped
        ]
        return self._http.Response(
            response.status_code, headers=headers, content=content, extensions=response.extensions
        )

    def _read(self, pieces: Iterable[bytes], request: Any, started: float) -> bytes:
        """Join `pieces`: the time for one read is that for all, or a reply that drips would hold its turn for ever."""
        timeout_s = request.extensions.get("timeout", {}).get("read")
        found = bytearray()
        for piece in pieces:
            found += piece
            if len(found) > self._max_bytes:
                raise ReplyTooLargeError(self._max_bytes)
            if timeout_s is not None and time.monotonic() - started > timeout_s:
                raise self._http.ReadTimeout("the reply did not end in time", request=request)
        return bytes(found)

    def _unpacked(self, content: bytes, encoding: str) -> bytes:
        for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
            if name == "identity":
                continue
            if name not in _PACKED:
                raise self._http.DecodingError(f"the reply is packed as {name!r}, which was not asked for")
            try:
                content = zlib.decompressobj(_PACKED[name]).decompress(content, self._max_bytes + 1)
            except zlib.error as error:
                raise self._http.DecodingError("the reply cannot be unpacked") from error
            if len(content) > self._max_bytes:
                raise ReplyTooLargeError(self._max_bytes)
        return content

    def __enter__(self) -> BoundedTransport:
        self._inner.__enter__()
        return self

    def __exit__(self, *of: object) -> None:
        self._inner.__exit__(*of)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class ClientOptions(TypedDict):
    """What makes any client a bounded one."""

    follow_redirects: bool
    transport: Any
    mounts: dict[str, Any]


def bounded_client(provider: str, timeout_s: float, max_bytes: int = MAX_REPLY_BYTES) -> Any:
    """Return a client for the library of `provider`, "openai" or "anthropic"."""
    http = _http_of(import_module(provider))
    return http.Client(timeout=timeout_s, **bounded_options(max_bytes, http))


def bounded_options(max_bytes: int = MAX_REPLY_BYTES, http: ModuleType = httpx) -> ClientOptions:
    """Return the same as options, for a library that makes its client itself.

    Proxies of the environment are used as usual.
    """
    mounts = {
        pattern: BoundedTransport(http, http.HTTPTransport(proxy=proxy), max_bytes)
        for pattern, proxy in _routes(getproxies()).items()
    }
    direct = BoundedTransport(http, http.HTTPTransport(), max_bytes)
    return {"follow_redirects": False, "transport": direct, "mounts": mounts}


def _http_of(package: ModuleType) -> ModuleType:
    """The library that a provider's client is made with: httpx, or httpx2."""
    for base in package.DefaultHttpxClient.__mro__:
        root = base.__module__.partition(".")[0]
        if base.__name__ == "Client" and root.startswith("httpx"):
            return import_module(root)
    return httpx


def _routes(proxies: Mapping[str, str]) -> dict[str, str | None]:
    """Where to -> through which proxy; None: through none."""
    routes: dict[str, str | None] = {
        f"{scheme}://": url if "://" in url else f"http://{url}"
        for scheme, url in proxies.items()
        if scheme in {"http", "https", "all"}
    }
    if not routes:
        return {}
    spared = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    if "*" in spared:
        return {}
    local = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
    return routes | local | {_spared(host): None for host in spared}


def _spared(host: str) -> str:
    """The pattern of a host in `no_proxy`: a name stands for those below it too, an IPv6 address needs brackets."""
    if host.count(":") > 1:
        return f"all://[{host.strip('[]')}]"
    return f"all://{host}" if host.replace(".", "").isdigit() or host == "localhost" else f"all://*{host}"

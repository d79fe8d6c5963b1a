"""What providers have in common: how a model is named and reached, when it is tried again, and what its errors mean.

Errors are told apart by HTTP status and by name, so that no provider's package is imported. What the provider said stays
out of the message: it may repeat the key or the question.

The libraries of providers read whatever a server sends (a gzip bomb of 400 MB took 1.3 GB) and follow redirects (a 307
had question and paragraphs posted to another address). What stands between them and the socket here is bounded: a reply
has a size, as sent and as unpacked, and a time, and goes where it was asked for.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Self, TypeVar
from urllib.request import getproxies

import httpx
from pydantic import SecretStr
from tenacity import Retrying, nap, retry_if_exception, wait_random_exponential
from tenacity.stop import StopBaseT

from retrieval.errors import (
    LanguageModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ModelUnusableError,
    RequestRefusedError,
    SettingsError,
)

T = TypeVar("T")

KEYLESS = frozenset({"ollama", "fastembed"})
_PASSING = ("timeout", "connect", "ratelimit", "overloaded", "unavailable", "internalserver")
_OF_THE_REQUEST = frozenset({400, 413, 422})

MAX_REPLY_BYTES = 1_000_000
"""Of a chat model: a hundred times what the longest reply in tokens can be."""

MAX_VECTORS_BYTES = 16_000_000
"""Of an embedding model: 64 vectors of 4,096 numbers, written out."""

_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Encoding -> zlib's window bits."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model and who runs it."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str, setting: str) -> Self:
        """Return the parts of `provider:model`; the model's own name may hold colons.

        Raises:
            SettingsError: There are not two parts.
        """
        provider, _, model = (part.strip() for part in text.partition(":"))
        if not provider or not model:
            raise SettingsError(
                f"{setting}: {text!r} is not a model. Write provider:model, for example openai:gpt-4.1-mini."
            )
        return cls(provider.lower(), model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


def access(
    name: ModelName,
    setting: str,
    api_key: SecretStr | None,
    base_url: str | None,
    timeout_s: float,
    max_bytes: int,
) -> dict[str, Any]:
    """Return LangChain's options for a bounded client, and for a key and an address, where they are given.

    Raises:
        SettingsError: The provider's package is missing.
    """
    options: dict[str, Any] = {}
    if name.provider == "openai":
        options["http_client"] = opened(name, setting, lambda: bounded_client("openai", timeout_s, max_bytes))
    if name.provider == "ollama":  # it makes its client itself
        options["sync_client_kwargs"] = {"timeout": timeout_s, **_bounded(httpx, max_bytes)}
    if api_key is not None and name.provider not in KEYLESS:
        options["api_key"] = api_key
    if base_url is not None:
        options["base_url"] = base_url
        if name.provider == "openai":
            # a local server needs no key; the client insists on one
            options.setdefault("api_key", SecretStr("none"))
    return options


def opened(name: ModelName, setting: str, build: Callable[[], T]) -> T:
    """Return what `build` returns.

    Raises:
        SettingsError: The provider's package is missing, or it cannot be set up.
    """
    try:
        return build()
    except ImportError:
        package = name.provider if name.provider == "fastembed" else f"langchain-{name.provider}"
        raise SettingsError(
            f"{setting}={name}: its package is not installed. Run: pip install {package}"
        ) from None
    except Exception:  # what the library said may hold the key, so it stays out
        raise SettingsError(
            f"{setting}={name} cannot be set up. Check the provider's name, and that {setting}_API_KEY or the "
            "provider's own variable holds a key."
        ) from None


def retrying(stop: StopBaseT, sleep: Callable[[float], None] = nap.sleep) -> Retrying:
    """Return what tries a call again where that may help, waiting longer each time."""
    return Retrying(
        stop=stop,
        wait=wait_random_exponential(multiplier=0.5, max=8.0),
        retry=retry_if_exception(lambda e: isinstance(e, LanguageModelError) and e.retry),
        sleep=sleep,
        reraise=True,
    )


class ReplyTooLargeError(Exception):
    """A reply is larger than any answer; a library may wrap it in an error of its own."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the reply is larger than {max_bytes:,} bytes")


def translated(error: BaseException, name: str) -> LanguageModelError:
    """Return the error of our tree for what a provider's library raised."""
    if large := next((e for e in _causes(error) if isinstance(e, ReplyTooLargeError)), None):
        return ModelUnusableError(f"{name}: {large}.")
    status = _status(error)
    kind = type(error).__name__
    if status in {401, 403} or "authentication" in kind.lower():
        return ModelRefusedError(f"{name}: the key was refused. Check it, and that it may use this model.")
    if status == 404:
        return ModelRefusedError(f"{name}: there is no such model, or no such address.")
    if status is not None and 300 <= status < 400:
        return ModelRefusedError(f"{name}: the address leads elsewhere ({status}), which is not followed.")
    if status in _OF_THE_REQUEST:
        return RequestRefusedError(f"{name}: this request was not taken ({_told(kind, status)}).")
    if status == 429 or (status is not None and status >= 500) or _passing(error):
        return ModelUnavailableError(f"{name}: not available just now ({_told(kind, status)}).")
    return ModelRefusedError(f"{name}: the request failed ({_told(kind, status)}).")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        found = getattr(holder, "status_code", None)
        if isinstance(found, int):
            return found
    return None


def _passing(error: BaseException) -> bool:
    kinds = [kind.__name__.lower() for kind in type(error).__mro__]
    return any(word in kind for kind in kinds for word in _PASSING)


def _told(kind: str, status: int | None) -> str:
    return kind if status is None else f"{kind}, {status}"


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


def bounded_client(provider: str, timeout_s: float, max_bytes: int) -> Any:
    """Return a client for the library of `provider`, "openai" or "anthropic"."""
    http = _http_of(import_module(provider))
    return http.Client(timeout=timeout_s, **_bounded(http, max_bytes))


def _bounded(http: ModuleType, max_bytes: int) -> dict[str, Any]:
    """Return what makes a client of `http` a bounded one; proxies of the environment are used as usual."""
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

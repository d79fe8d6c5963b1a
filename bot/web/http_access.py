"""Who is let in over HTTP, and what every reply says to browsers: one layer around any ASGI application."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.web.web_settings import WebSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
    "referrer-policy": "no-referrer",  # an address may hold a question
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """Lets in who has a token, where tokens are set; else who asks for this machine by a name it has.

    The second keeps a web page from reading what is on loopback by pointing a name of its own there (DNS rebinding).

    Args:
        names: Host names that it answers to, beside those of this machine.
    """

    def __init__(self, app: ASGIApp, settings: WebSettings, names: Sequence[str]) -> None:
        self._app = app
        self._tokens = [token.get_secret_value().encode() for token in settings.tokens]
        self._names = {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                has = {name for name, _ in message["headers"]}
                more = ((name.encode(), value.encode()) for name, value in _HEADERS.items())
                message["headers"] = [*message["headers"], *(pair for pair in more if pair[0] not in has)]
            await send(message)

        if self._tokens and not self._has_token(headers.get(b"authorization", b"")):
            asks = (b"www-authenticate", b'Bearer, Basic realm="Rapporteur", charset="UTF-8"')
            await _refuse(answered, 401, "A token is needed: as a bearer token, or as the password.", asks)
        elif not self._tokens and not self._is_ours(headers.get(b"host", b"").decode("latin-1")):
            await _refuse(answered, 421, "This host name is not served; RETRIEVAL_READING_ROOM_URL names it.")
        else:
            await self._app(scope, receive, answered)

    def _has_token(self, authorization: bytes) -> bool:
        """Whether a token is given: by a program as it is, by a person as the password that the browser asks for."""
        kind, _, given = authorization.partition(b" ")
        if kind.lower() == b"basic":
            try:
                given = base64.b64decode(given.strip(), validate=True).partition(b":")[2]
            except binascii.Error:
                return False
        elif kind.lower() != b"bearer":
            return False
        found = [hmac.compare_digest(given.strip(), token) for token in self._tokens]
        return any(found)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            return ipaddress.ip_address(name).is_loopback or name in self._names
        except ValueError:
            return name in self._names


async def _refuse(send: Send, status: int, sentence: str, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{sentence}\n".encode()})

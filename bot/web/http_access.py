"""Who is let in over HTTP: what an operator sets, where is listened, whose requests pass, and how many at once."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import os
import socket
import time
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.admission import Buckets, LimitedError, Workers
from retrieval.answering.rereading import checked
from retrieval.bootstrap import Services
from retrieval.errors import SettingsError
from retrieval.settings import Settings, unusable

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SHORTEST_TOKEN = 16  # characters
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
    "referrer-policy": "no-referrer",  # an address may hold a question
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class WebSettings(Settings):
    """Settings of `rapporteur serve` and of `rapporteur mcp --http`, from `SERVE_…` in the environment or `.env`."""

    model_config = SettingsConfigDict(env_prefix="SERVE_")

    tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Any of these lets a client in; none: everybody who reaches the address."""

    questions_per_minute: int = Field(default=30, ge=0)
    """Questions, searches and comparisons one client may ask for in a minute; 0 is no limit."""

    max_question: int = Field(default=1_000, ge=20, le=1_000)
    """Longest question, in characters."""

    concurrent_questions: int = Field(default=4, ge=1, le=64)
    """Requests that read the store at the same time."""

    waiting_questions: int = Field(default=100, ge=0)
    """Requests that may wait for their turn; one more hears "busy"."""

    @field_validator("tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [each.strip() for each in value.split(",") if each.strip()]
        return value

    @field_validator("tokens")
    @classmethod
    def _long_enough(cls, tokens: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(each.get_secret_value()) < _SHORTEST_TOKEN for each in tokens):
            raise ValueError(f"a token has at least {_SHORTEST_TOKEN} characters")
        return tokens


def load_web_settings() -> WebSettings:
    """Build the settings once.

    Raises:
        SettingsError: One of them has a value that cannot be used; it is not repeated.
    """
    try:
        return WebSettings()
    except ValidationError as error:
        raise unusable(error, "SERVE_") from None


def listen(address: str, settings: WebSettings) -> socket.socket:
    """Return a socket that listens at "HOST:PORT".

    Raises:
        SettingsError: It is no address, it is taken, or others reach it and no token is asked of them.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise SettingsError(f'"{address}" is no address. Write it like 127.0.0.1:8080.')
    if not _is_loopback(host) and not settings.tokens:
        raise SettingsError(
            f"{host} is reached from other machines, and whoever reaches it could read everything. Set SERVE_TOKENS, "
            "or stay on 127.0.0.1 and put a proxy before it (docs/operating.md)."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise SettingsError(f"Nothing can listen at {address} ({reason}). Name another one.") from error


def run_server(app: ASGIApp, listening: socket.socket) -> None:
    """Serve `app` until SIGINT or SIGTERM; no request is logged, for an address may hold a question."""
    import uvicorn

    config = uvicorn.Config(
        app, access_log=False, log_config=None, log_level="warning", server_header=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listening])


class Guard:
    """Lets in who has a token, where tokens are set; else who asks for this machine by a name it has.

    The second keeps a web page from reading what is on loopback by pointing a name of its own there (DNS rebinding).

    Args:
        room: The address of the reading room, or None: its name is answered to, beside those of this machine.
    """

    def __init__(self, app: ASGIApp, settings: WebSettings, room: str | None) -> None:
        self._app = app
        self._tokens = [token.get_secret_value().encode() for token in settings.tokens]
        self._room = urlsplit(room or "").hostname

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
        return _is_loopback(name) or name == self._room


class Desk:
    """Where requests wait for the services.

    Attributes:
        workers: The threads that what reads the store is run in.
    """

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self.services = services
        self.workers = Workers(settings.concurrent_questions, settings.waiting_questions, "web")
        self._settings = settings
        self._buckets = Buckets(settings.questions_per_minute, time.monotonic)

    def admit(self, request: Request, words: str) -> str:
        """Count one question, search or comparison of a client, and return its words.

        Raises:
            QuestionError: They are none, too many, or no text.
            LimitedError: The client asks faster than it may; this one is not counted.
        """
        words = checked(words, self._settings.max_question)
        client = hash(request.client.host if request.client else "")
        if seconds := self._buckets.wait_s(client):
            raise LimitedError(seconds)
        self._buckets.take(client)
        return words


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _refuse(send: Send, status: int, sentence: str, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{sentence}\n".encode()})

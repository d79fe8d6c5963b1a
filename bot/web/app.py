"""The application, and its server: the API and the reading room over services that only read."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bot.discord.discord_errors import BusyError, LimitedError
from bot.locales import Phrases
from bot.sheet_formats import STYLE
from bot.web.api import Api
from bot.web.desk import Desk
from bot.web.http_access import Guard
from bot.web.room import Room
from bot.web.room_pages import Pages
from bot.web.web_settings import WebSettings
from retrieval.bootstrap import Services
from retrieval.errors import DamagedError, NotFoundError, RapporteurError, StoreError, UsageError
from retrieval.settings import RetrievalSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_ABOUT = (
    "Questions about official readouts, answered in their own words: every quote stands, word for word, in the paragraph "
    'that its citation names. The objects are those that `rapporteur … --json` prints; a failure is `{"error": str}`.'
)
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#7a2e1d"/>'
    '<text x="16" y="23" font-size="22" font-family="Georgia,serif" text-anchor="middle" fill="#fff">¶</text></svg>'
)


def build_app(services: Services, settings: WebSettings, phrases: Phrases) -> FastAPI:
    """Return the application.

    Args:
        services: Of a store that was opened for reading; closed by whoever opened it.
    """
    root = urlsplit(services.settings.reading_room_url or "").path.rstrip("/")
    desk = Desk(services, settings)
    pages = Pages(phrases, services.settings.citation_style, root)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.close()

    app = FastAPI(
        title="Rapporteur", description=_ABOUT, version="1", docs_url=None, redoc_url=None, lifespan=life
    )
    app.include_router(Api(desk).router())
    app.include_router(Room(desk, pages, phrases).router())
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    for path, content, media_type in (
        ("/style.css", STYLE + style, "text/css"),
        ("/icon.svg", _ICON, "image/svg+xml"),
    ):
        app.add_api_route(path, _fixed(content, media_type), include_in_schema=False)

    def refused(request: Request, error: Exception) -> Response:
        status, sentence, more = _told(error)
        if request.url.path.startswith("/api/"):
            told = json.dumps({"error": sentence}, ensure_ascii=False)
            return Response(told, status, more, "application/json")
        return Response(pages.message(_TITLES.get(status, "Not now"), sentence), status, more, "text/html")

    for kind in (RapporteurError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)
    app.add_middleware(Guard, settings=settings, names=reading_room_names(services.settings))
    return app


_TITLES = {404: "Not found", 400: "Not understood"}


def _fixed(content: str, media_type: str) -> Callable[[], Response]:
    def send() -> Response:
        return Response(content, media_type=media_type, headers={"cache-control": "max-age=3600"})

    return send


def _told(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Return status, sentence and headers."""
    if isinstance(error, LimitedError):
        sentence = f"You ask faster than is served here. Wait {error.seconds} s."
        return 429, sentence, {"retry-after": str(error.seconds)}
    if isinstance(error, BusyError):
        return 503, "Too many questions wait for their turn. Try again in a moment.", {"retry-after": "5"}
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return 400, f"{first['loc'][-1]}: {first['msg']}.", {}
    if isinstance(error, NotFoundError):
        return 404, error.sentence, {}
    if isinstance(error, UsageError):
        return 400, str(error), {}
    if isinstance(error, DamagedError):
        return 503, "This readout is left out: its text in the store is not what was ingested.", {}
    if isinstance(error, StoreError):
        return (
            503,
            "The readouts cannot be read now. Whoever hosts this finds why in its log.",
            {"retry-after": "30"},
        )
    if isinstance(error, RapporteurError):
        return 500, str(error), {}
    if isinstance(error, HTTPException) and error.status_code != 404:
        return error.status_code, f"{error.detail}.", dict(error.headers or {})
    return 404, "There is no such page.", {}


def reading_room_names(settings: RetrievalSettings) -> list[str]:
    """Return the host names that are answered to, beside those of this machine."""
    name = urlsplit(settings.reading_room_url or "").hostname
    return [name] if name else []


def run_server(app: ASGIApp, listening: socket.socket) -> None:
    """Serve `app` until SIGINT or SIGTERM; no request is logged, for an address may hold a question."""
    import uvicorn

    config = uvicorn.Config(
        app, access_log=False, log_config=None, log_level="warning", server_header=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listening])

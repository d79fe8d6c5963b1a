"""The application: the HTTP API, which is what `--json` prints, over GET; the reading room; what a failure says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from bot import contracts, json_output
from bot.admission import BusyError, LimitedError
from bot.locales import Phrases
from bot.sheet_formats import STYLE
from bot.web.http_access import Desk, Guard, WebSettings
from bot.web.room import Room
from retrieval.bootstrap import Services
from retrieval.errors import DamagedError, NotFoundError, RapporteurError, StoreError, UsageError
from retrieval.models import InitiativeKind
from retrieval.search.scoping import Filters
from retrieval.sources import to_interchange

_ABOUT = (
    "Questions about official readouts, answered in their own words: every quote stands, word for word, in the paragraph "
    'that its citation names. The objects are those that `rapporteur … --json` prints; a failure is `{"error": str}`.'
)
_TITLES = {404: "Not found", 400: "Not understood"}
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
    room = Room(desk, phrases, services.settings.citation_style, root)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.workers.close()

    app = FastAPI(
        title="Rapporteur", description=_ABOUT, version="1", docs_url=None, redoc_url=None, lifespan=life
    )
    app.include_router(Api(desk).router())
    app.include_router(room.router())
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
        page = room.message(_TITLES.get(status, "Not now"), sentence)
        page.status_code = status
        page.headers.update(more)
        return page

    for kind in (RapporteurError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)
    app.add_middleware(Guard, settings=settings, room=services.settings.reading_room_url)
    return app


def _narrowed(
    document: Annotated[
        list[str], Query(default_factory=list, description="Only this readout; may be repeated.")
    ],
    since: Annotated[str, Query(description="Only from this day, month or year on.")] = "",
    until: Annotated[str, Query(description="Only up to this day, month or year.")] = "",
    issuer: Annotated[str, Query(description="Only of this issuer.")] = "",
    title: Annotated[str, Query(description="Only with these words in the title.")] = "",
) -> Filters:
    return Filters.typed(document, since, until, issuer, title)


Narrowed = Annotated[Filters, Depends(_narrowed)]


class Api:
    """The handlers; each returns an object of the contract."""

    def __init__(self, desk: Desk) -> None:
        self._services, self._admit, self._read = desk.services, desk.admit, desk.workers.run

    def router(self) -> APIRouter:
        """Return the routes."""
        described = [Security(HTTPBearer(auto_error=False))]  # for the OpenAPI document; the guard checks
        router = APIRouter(prefix="/api", dependencies=described, tags=["readouts"])
        for path, handler in (
            ("/ask", self.ask),
            ("/search", self.search),
            ("/check", self.check),
            ("/documents", self.documents),
            ("/documents/{document}", self.document),
            ("/documents/{document}/paragraphs/{number:path}", self.paragraph),
            ("/initiatives", self.initiatives),
            ("/compare", self.compare),
            ("/trace", self.trace),
        ):
            router.add_api_route(path, handler, methods=["GET"])
        return router

    async def ask(self, request: Request, question: str, filters: Narrowed) -> contracts.AnswerJson:
        """Answer a question in the sources' own words, each statement with its citation."""
        words = self._admit(request, question)
        answer, elapsed = await self._read(self._services.answering.timed_ask, words, filters=filters)
        return json_output.answer_json(answer, elapsed)

    async def search(
        self, request: Request, query: str, filters: Narrowed, limit: Annotated[int, Query(ge=1, le=24)] = 5
    ) -> contracts.SearchJson:
        """Return the paragraphs nearest to some words, best first."""
        words = self._admit(request, query)
        hits = await self._read(self._services.answering.search, words, filters=filters, top_k=limit)
        return json_output.search_json(query, hits, await self._damaged(filters))

    async def check(self, request: Request, claim: str, document: str | None = None) -> contracts.CheckJson:
        """Say whether a claim stands there verbatim; else the nearest sentences and what differs."""
        words = self._admit(request, claim)
        found = await self._read(self._services.checking.check, words, document=document)
        return json_output.check_json(found)

    async def documents(self, filters: Narrowed) -> contracts.DocumentsJson:
        """List the readouts, newest first."""
        found = await self._read(self._services.browser.documents, filters=filters)
        return json_output.documents_json(found)

    async def document(self, document: str) -> dict[str, Any]:
        """Return one readout whole, in the format that `ingest` takes."""
        return to_interchange(await self._read(self._services.browser.readout, document))

    async def paragraph(self, document: str, number: str) -> contracts.ParagraphJson:
        """Return one paragraph by the number it is cited with."""
        browser = self._services.browser
        found = await self._read(browser.paragraph, document, number.removeprefix("¶"))
        return json_output.paragraph_json(found, await self._read(browser.table, found))

    async def initiatives(
        self, filters: Narrowed, kind: InitiativeKind | None = None
    ) -> contracts.InitiativesJson:
        """List what was announced, launched, continued, resumed, supported or asked for."""
        listed = await self._read(self._services.browser.initiatives, filters=filters, kind=kind)
        return json_output.initiatives_json(listed, await self._damaged(filters))

    async def compare(
        self, request: Request, a: str, b: str, topic: str | None = None
    ) -> contracts.ComparisonJson:
        """Return two readouts side by side, paragraph by paragraph."""
        self._admit(request, topic or a)
        found = await self._read(self._services.comparing.compare, a, b, topic)
        return json_output.comparison_json(found)

    async def trace(self, request: Request, phrase: str, filters: Narrowed) -> contracts.TraceJson:
        """Return where a phrase and its close variants stand, by date."""
        words = self._admit(request, phrase)
        found = await self._read(self._services.comparing.trace, words, filters=filters)
        return json_output.trace_json(found)

    async def _damaged(self, filters: Filters) -> tuple[str, ...]:
        return await self._read(self._services.browser.damaged, filters=filters)


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
        sentence = "The readouts cannot be read now. Whoever hosts this finds why in its log."
        return 503, sentence, {"retry-after": "30"}
    if isinstance(error, RapporteurError):
        return 500, str(error), {}
    if isinstance(error, HTTPException) and error.status_code != 404:
        return error.status_code, f"{error.detail}.", dict(error.headers or {})
    return 404, "There is no such page.", {}

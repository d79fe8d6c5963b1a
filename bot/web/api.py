"""The HTTP API: what `--json` prints, over GET."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.security import HTTPBearer

from bot import json_output
from bot.contracts import (
    AnswerJson,
    CheckJson,
    ComparisonJson,
    DocumentsJson,
    InitiativesJson,
    ParagraphJson,
    SearchJson,
    TraceJson,
)
from bot.web.desk import Desk
from retrieval.models import InitiativeKind
from retrieval.search.scoping import Filters
from retrieval.sources import to_interchange


def narrowed(
    document: Annotated[
        list[str], Query(default_factory=list, description="Only this readout; may be repeated.")
    ],
    since: Annotated[str, Query(description="Only from this day, month or year on.")] = "",
    until: Annotated[str, Query(description="Only up to this day, month or year.")] = "",
    issuer: Annotated[str, Query(description="Only of this issuer.")] = "",
    title: Annotated[str, Query(description="Only with these words in the title.")] = "",
) -> Filters:
    """Read what narrows the readouts."""
    return Filters.typed(document, since, until, issuer, title)


Narrowed = Annotated[Filters, Depends(narrowed)]


class Api:
    """The handlers; each returns an object of the contract."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._services = desk.services

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(
            prefix="/api", dependencies=[Security(HTTPBearer(auto_error=False))], tags=["readouts"]
        )
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

    async def ask(self, request: Request, question: str, filters: Narrowed) -> AnswerJson:
        """Answer a question in the sources' own words, each statement with its citation."""
        words = self._desk.admit(request, question)
        answer, elapsed = await self._desk.read(self._services.answering.timed_ask, words, filters=filters)
        return json_output.answer_json(answer, elapsed)

    async def search(
        self, request: Request, query: str, filters: Narrowed, limit: Annotated[int, Query(ge=1, le=24)] = 5
    ) -> SearchJson:
        """Return the paragraphs nearest to some words, best first."""
        words = self._desk.admit(request, query)
        hits = await self._desk.read(self._services.answering.search, words, filters=filters, top_k=limit)
        return json_output.search_json(query, hits, await self._damaged(filters))

    async def check(self, request: Request, claim: str, document: str | None = None) -> CheckJson:
        """Say whether a claim stands there verbatim; else the nearest sentences and what differs."""
        words = self._desk.admit(request, claim)
        return json_output.check_json(
            await self._desk.read(self._services.checking.check, words, document=document)
        )

    async def documents(self, filters: Narrowed) -> DocumentsJson:
        """List the readouts, newest first."""
        return json_output.documents_json(
            await self._desk.read(self._services.browser.documents, filters=filters)
        )

    async def document(self, document: str) -> dict[str, Any]:
        """Return one readout whole, in the format that `ingest` takes."""
        return to_interchange(await self._desk.read(self._services.browser.readout, document))

    async def paragraph(self, document: str, number: str) -> ParagraphJson:
        """Return one paragraph by the number it is cited with."""
        browser = self._services.browser
        found = await self._desk.read(browser.paragraph, document, number.removeprefix("¶"))
        return json_output.paragraph_json(found, await self._desk.read(browser.table, found))

    async def initiatives(self, filters: Narrowed, kind: InitiativeKind | None = None) -> InitiativesJson:
        """List what was announced, launched, continued, resumed, supported or asked for."""
        listed = await self._desk.read(self._services.browser.initiatives, filters=filters, kind=kind)
        return json_output.initiatives_json(listed, await self._damaged(filters))

    async def compare(self, request: Request, a: str, b: str, topic: str | None = None) -> ComparisonJson:
        """Return two readouts side by side, paragraph by paragraph."""
        self._desk.admit(request, topic or a)
        return json_output.comparison_json(
            await self._desk.read(self._services.comparing.compare, a, b, topic)
        )

    async def trace(self, request: Request, phrase: str, filters: Narrowed) -> TraceJson:
        """Return where a phrase and its close variants stand, by date."""
        words = self._desk.admit(request, phrase)
        return json_output.trace_json(
            await self._desk.read(self._services.comparing.trace, words, filters=filters)
        )

    async def _damaged(self, filters: Filters) -> tuple[str, ...]:
        return await self._desk.read(self._services.browser.damaged, filters=filters)

"""The reading room: readouts, answers, initiatives, comparisons and traces as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bot.links import marked_spans
from bot.locales import Phrases
from bot.sheets import answer_sheet, comparison_sheet, initiatives_sheet, named, trace_sheet
from bot.web.desk import Desk
from bot.web.room_pages import Pages, Reading, field, select
from retrieval.answering.wording import TALK, told
from retrieval.models import InitiativeKind, Statement
from retrieval.search.scoping import Filters

if TYPE_CHECKING:
    from lxml.etree import _Element

_READOUTS_A_PAGE = 200
_READOUTS_A_LIST = 500
_INITIATIVES_A_PAGE = 50
_HITS = 12

PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class Room:
    """The handlers; each returns a page."""

    def __init__(self, desk: Desk, pages: Pages, phrases: Phrases) -> None:
        self._desk = desk
        self._services = desk.services
        self._pages = pages
        self._phrases = phrases

    def router(self) -> APIRouter:
        """Return the routes; the OpenAPI document leaves them out."""
        router = APIRouter(include_in_schema=False)
        for path, handler in (
            ("/", self.home),
            ("/readouts/{document}", self.readout),
            ("/ask", self.ask),
            ("/search", self.search),
            ("/initiatives", self.initiatives),
            ("/compare", self.compare),
            ("/trace", self.trace),
        ):
            router.add_api_route(path, handler, methods=["GET", "HEAD"], response_class=HTMLResponse)
        return router

    async def home(self, page: PageNumber = 1) -> HTMLResponse:
        """List the readouts."""
        readouts = await self._desk.read(self._services.browser.documents)
        return HTMLResponse(self._pages.home(readouts, page, _READOUTS_A_PAGE))

    async def readout(
        self,
        document: str,
        mark: Annotated[list[str], Query(default_factory=list)],
        revision: str = "",
    ) -> HTMLResponse:
        """Show one readout, with the words that were cited marked."""
        found, paragraphs, series = await self._desk.read(self._services.browser.reading, document)
        is_changed = bool(revision) and revision != found.revision
        place = next((n for n, each in enumerate(series) if each.pk == found.pk), 0)
        return HTMLResponse(
            self._pages.readout(
                Reading(
                    found,
                    paragraphs,
                    {} if is_changed else marked_spans(mark),
                    is_changed,
                    earlier=series[place + 1] if place + 1 < len(series) else None,
                    later=series[place - 1] if place else None,
                )
            )
        )

    async def ask(self, request: Request, question: str) -> HTMLResponse:
        """Answer a question."""
        words = self._desk.admit(request, question)
        answer = await self._desk.read(self._services.answering.ask, words)
        lead = [TALK[answer.talk]] if answer.talk else told(answer)
        sheet = answer_sheet(words, lead, answer.statements or answer.nearest, self._phrases)
        return HTMLResponse(self._pages.sheet(sheet, question=words))

    async def search(self, request: Request, question: str) -> HTMLResponse:
        """List the paragraphs nearest to some words."""
        words = self._desk.admit(request, question)
        hits = await self._desk.read(self._services.answering.search, words, top_k=_HITS)
        found = (Statement(p := hit.prepared.paragraph, 0, len(p.text)) for hit in hits)
        lead = "Paragraphs nearest to these words, best first" if hits else "Nothing was found."
        return HTMLResponse(
            self._pages.sheet(answer_sheet(words, [lead], found, self._phrases), question=words)
        )

    async def initiatives(self, document: str = "", kind: str = "", page: PageNumber = 1) -> HTMLResponse:
        """List initiatives."""
        browser = self._services.browser
        kinds: tuple[InitiativeKind, ...] = get_args(InitiativeKind)
        chosen = next((each for each in kinds if each == kind), None)
        wanted = Filters((document,) if document else ())
        listed = await self._desk.read(browser.initiatives, filters=wanted, kind=chosen)
        size, total = _INITIATIVES_A_PAGE, len(listed)
        sheet = initiatives_sheet(listed[(page - 1) * size : page * size], self._phrases, total)
        named_kinds = [("", "Any kind"), *((k, self._phrases(f"initiatives.kind.{k}")) for k in kinds)]
        form = self._pages.choice(
            "/initiatives",
            (
                await self._choice_of_readout("document", "Readout", document, "every readout"),
                select("kind", "Kind", named_kinds, kind),
            ),
            "Show",
        )
        asked = {"document": document, "kind": kind}
        turning = self._pages.turning("/initiatives", asked, page, size, total)
        return HTMLResponse(self._pages.sheet(sheet, form, current="/initiatives", after=turning))

    async def compare(self, request: Request, a: str = "", b: str = "", topic: str = "") -> HTMLResponse:
        """Show two readouts side by side."""
        form = self._pages.choice(
            "/compare",
            (
                await self._choice_of_readout("a", "Earlier readout", a, "choose one"),
                await self._choice_of_readout("b", "Later readout", b, "choose one"),
                field("topic", "Topic", topic, hint="every topic"),
            ),
            "Compare",
        )
        if not (a and b):
            said = "Paragraphs are paired by what they say, not by their numbers."
            return HTMLResponse(self._pages.message("Compare two readouts", said, form, current="/compare"))
        self._desk.admit(request, topic or a)
        found = await self._desk.read(self._services.comparing.compare, a, b, topic or None)
        sheet = comparison_sheet(found, self._phrases)
        return HTMLResponse(self._pages.sheet(sheet, form, current="/compare"))

    async def trace(self, request: Request, phrase: str = "") -> HTMLResponse:
        """Show a phrase through the readouts."""
        form = self._pages.choice("/trace", (field("phrase", "Phrase", phrase),), "Trace")
        if not phrase:
            said = "Where a phrase and its close variants stand, by date."
            return HTMLResponse(self._pages.message("Trace a phrase", said, form, current="/trace"))
        words = self._desk.admit(request, phrase)
        found = await self._desk.read(self._services.comparing.trace, words)
        sheet = trace_sheet(found, self._phrases)
        return HTMLResponse(self._pages.sheet(sheet, form, current="/trace"))

    async def _choice_of_readout(self, name: str, label: str, chosen: str, none: str) -> _Element:
        """Return a choice of one; of more than a list can show, a field for its id."""
        found = await self._desk.read(self._services.browser.documents)
        if len(found) > _READOUTS_A_LIST:
            return field(name, f"{label} (id)", chosen, hint=none)
        options = ((each.id, named(each.title, each.date, self._phrases)) for each in found)
        return select(name, label, [("", none.capitalize()), *options], chosen)

"""The reading room: readouts, answers, initiatives, comparisons and traces as pages.

HTML without scripts; every text is put in as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from lxml import etree
from lxml.html import builder as tag

from bot.links import Span, anchor_of, marked_spans, paragraph_path
from bot.locales import Phrases
from bot.sheet_formats import elements, tagged, web_address, xml_text
from bot.sheets import (
    CitationStyle,
    Passage,
    Sheet,
    answer_sheet,
    comparison_sheet,
    initiatives_sheet,
    marked_runs,
    named,
    trace_sheet,
)
from bot.web.http_access import Desk
from retrieval.answering.models import TALK, told
from retrieval.models import InitiativeKind, LiveParagraph, Numbering, Statement, is_beside
from retrieval.search.browsing import ReadoutSummary
from retrieval.search.scoping import Filters

if TYPE_CHECKING:
    from lxml.etree import _Element

_READOUTS_A_PAGE = 200
_READOUTS_A_LIST = 500
_INITIATIVES_A_PAGE = 50
_HITS = 12

Child = Any
"""An element or a text."""

_PAGES = (("/", "Readouts"), ("/initiatives", "Initiatives"), ("/compare", "Compare"), ("/trace", "Trace"))
_NUMBERING = {
    "counted": "The source prints no paragraph numbers; these are counted.",
    "mixed": "Paragraph numbers in brackets are counted; the source does not print them.",
}
_CHANGED = (
    "This readout was changed since the words were cited that you came for; it is shown as it is now, and nothing "
    "is marked."
)

PageNumber = Annotated[int, Query(ge=1, le=100_000)]


class Room:
    """The handlers, and the pages that they return.

    Args:
        root: The path that stands before every other, where a proxy serves it below one; "" is none.
    """

    def __init__(self, desk: Desk, phrases: Phrases, style: CitationStyle, root: str) -> None:
        self._services, self._admit, self._read = desk.services, desk.admit, desk.workers.run
        self._phrases = phrases
        self._style = style
        self._root = root

    def router(self) -> APIRouter:
        """Return the routes; the OpenAPI document leaves them out."""
        router = APIRouter(include_in_schema=False)
        for path, handler in (
            ("/", self._home),
            ("/readouts/{document}", self._readout),
            ("/ask", self._ask),
            ("/search", self._search),
            ("/initiatives", self._initiatives),
            ("/compare", self._compare),
            ("/trace", self._trace),
        ):
            router.add_api_route(path, handler, methods=["GET", "HEAD"], response_class=HTMLResponse)
        return router

    async def _home(self, page: PageNumber = 1) -> HTMLResponse:
        readouts = await self._read(self._services.browser.documents)
        size = _READOUTS_A_PAGE
        page = min(page, _pages_of(len(readouts), size))  # past the end stands the last one
        shown = readouts[(page - 1) * size : page * size]
        body: list[_Element] = [tag.H1("Readouts")]
        if not readouts:
            body.append(tag.P({"class": "lead"}, "There is no readout yet."))
        by_year: dict[str, list[ReadoutSummary]] = {}
        for each in shown:
            by_year.setdefault((each.date or "")[:4] or "Undated", []).append(each)
        for year, of in by_year.items():
            items = (tag.LI(self._link(each), self._about(each)) for each in of)
            body += [tag.H2(year), tag.UL({"class": "shelf"}, *items)]
        body += self._turning("/", {}, page, size, len(readouts))
        return self._page("Readouts", body, current="/")

    async def _readout(
        self, document: str, mark: Annotated[list[str], Query(default_factory=list)], revision: str = ""
    ) -> HTMLResponse:
        """Show one readout, every paragraph at its anchor, with the words that were cited marked."""
        readout, paragraphs, series = await self._read(self._services.browser.reading, document)
        is_changed = revision not in ("", readout.revision)
        marks = {} if is_changed else marked_spans(mark)
        head = [tag.H1(xml_text(readout.title)), tag.P({"class": "lead"}, *self._details(readout))]
        notes = [_NUMBERING[readout.numbering]] if readout.numbering in _NUMBERING else []
        notes += [_CHANGED] if is_changed else []
        head += [tag.P({"class": "note"}, xml_text(note)) for note in (*notes, *readout.warnings)]
        shown = tag.E.header(*head), *_paragraphs(paragraphs, marks)
        article = tag.E.article({"lang": readout.language}, *shown)
        return self._page(readout.title, [article, *_left_out(readout), *self._neighbours(readout, series)])

    async def _ask(self, request: Request, question: str) -> HTMLResponse:
        words = self._admit(request, question)
        answer = await self._read(self._services.answering.ask, words)
        lead = [TALK[answer.talk]] if answer.talk else told(answer)
        sheet = answer_sheet(words, lead, answer.statements or answer.nearest, self._phrases)
        return self._sheet(sheet, question=words)

    async def _search(self, request: Request, question: str) -> HTMLResponse:
        words = self._admit(request, question)
        hits = await self._read(self._services.answering.search, words, top_k=_HITS)
        found = (Statement(p := hit.prepared.paragraph, 0, len(p.text)) for hit in hits)
        lead = "Paragraphs nearest to these words, best first" if hits else "Nothing was found."
        return self._sheet(answer_sheet(words, [lead], found, self._phrases), question=words)

    async def _initiatives(self, document: str = "", kind: str = "", page: PageNumber = 1) -> HTMLResponse:
        browser = self._services.browser
        kinds: tuple[InitiativeKind, ...] = get_args(InitiativeKind)
        chosen = next((each for each in kinds if each == kind), None)
        wanted = Filters((document,) if document else ())
        listed = await self._read(browser.initiatives, filters=wanted, kind=chosen)
        size, total = _INITIATIVES_A_PAGE, len(listed)
        page = min(page, _pages_of(total, size))
        damaged = await self._read(browser.damaged, filters=wanted)
        sheet = initiatives_sheet(listed[(page - 1) * size : page * size], damaged, self._phrases, total)
        named_kinds = [("", "Any kind"), *((k, self._phrases(f"initiatives.kind.{k}")) for k in kinds)]
        of_readout = await self._choice_of_readout("document", "Readout", document, "every readout")
        of_kind = _select("kind", "Kind", named_kinds, kind)
        form = self._choice("/initiatives", "Show", of_readout, of_kind)
        asked = {"document": document, "kind": kind}
        turning = self._turning("/initiatives", asked, page, size, total)
        return self._sheet(sheet, form, current="/initiatives", after=turning)

    async def _compare(self, request: Request, a: str = "", b: str = "", topic: str = "") -> HTMLResponse:
        earlier = await self._choice_of_readout("a", "Earlier readout", a, "choose one")
        later = await self._choice_of_readout("b", "Later readout", b, "choose one")
        about = _field("topic", "Topic", topic, hint="every topic")
        form = self._choice("/compare", "Compare", earlier, later, about)
        if not (a and b):
            said = "Paragraphs are paired by what they say, not by their numbers."
            return self.message("Compare two readouts", said, form, current="/compare")
        self._admit(request, topic or a)
        found = await self._read(self._services.comparing.compare, a, b, topic or None)
        return self._sheet(comparison_sheet(found, self._phrases), form, current="/compare")

    async def _trace(self, request: Request, phrase: str = "") -> HTMLResponse:
        form = self._choice("/trace", "Trace", _field("phrase", "Phrase", phrase))
        if not phrase:
            said = "Where a phrase and its close variants stand, by date."
            return self.message("Trace a phrase", said, form, current="/trace")
        words = self._admit(request, phrase)
        found = await self._read(self._services.comparing.trace, words)
        return self._sheet(trace_sheet(found, self._phrases), form, current="/trace")

    async def _choice_of_readout(self, name: str, label: str, chosen: str, none: str) -> _Element:
        """Return a choice of one; of more than a list can show, a field for its id."""
        found = await self._read(self._services.browser.documents)
        if len(found) > _READOUTS_A_LIST:
            return _field(name, f"{label} (id)", chosen, hint=none)
        options = ((each.id, named(each.title, each.date, self._phrases)) for each in found)
        return _select(name, label, [("", none.capitalize()), *options], chosen)

    # --- pages ---

    def _sheet(
        self,
        sheet: Sheet,
        *forms: _Element,
        current: str = "",
        question: str = "",
        after: Iterable[Child] = (),
    ) -> HTMLResponse:
        """Return an answer, a comparison, a trace or a list of initiatives, below `forms`."""
        found = [*elements(sheet, self._style, self._address)]
        return self._page(sheet.title, [found[0], *forms, *found[1:], *after], current, question)

    def message(self, title: str, sentence: str, *forms: _Element, current: str = "") -> HTMLResponse:
        """Return a page with one sentence."""
        said = tag.P({"class": "lead"}, xml_text(sentence))
        return self._page(title, [tag.H1(title), said, *forms], current)

    def _choice(self, action: str, button: str, *fields: _Element) -> _Element:
        given = {"action": self._root + action, "class": "choice"}
        return tag.FORM(given, *fields, tag.BUTTON({"type": "submit"}, button))

    def _turning(
        self, path: str, asked: Mapping[str, str], page: int, size: int, total: int
    ) -> Iterator[_Element]:
        """Yield the way to the pages before and after, where there are several."""
        last = _pages_of(total, size)
        if last == 1:
            return

        def at(other: int, name: str, rel: str) -> _Element:
            asked_for = urlencode({**asked, "page": other})
            return tag.A({"href": f"{self._root}{path}?{asked_for}", "rel": rel}, name)

        before = [at(page - 1, "Previous", "prev")] if page > 1 else []
        after = [at(page + 1, "Next", "next")] if page < last else []
        told = tag.SPAN(f"Page {page} of {last}")
        yield tag.E.nav({"aria-label": "Pages", "class": "turning"}, *before, told, *after)

    def _page(self, title: str, main: Iterable[Child], current: str = "", question: str = "") -> HTMLResponse:
        head = tag.HEAD(
            tag.META(charset="utf-8"),
            tag.META(name="viewport", content="width=device-width, initial-scale=1"),
            tag.META(name="color-scheme", content="light dark"),
            tag.TITLE(f"{xml_text(title)} · Rapporteur"),
            tag.LINK(rel="stylesheet", href=f"{self._root}/style.css"),
            tag.LINK(rel="icon", type="image/svg+xml", href=f"{self._root}/icon.svg"),
        )
        links = (
            tag.A({"href": self._root + path, **({"aria-current": "page"} if path == current else {})}, name)
            for path, name in _PAGES
        )
        api = tag.A({"href": f"{self._root}/openapi.json"}, "API")
        body = tag.BODY(
            tag.A({"class": "skip", "href": "#main"}, "Skip to the text"),
            tag.E.header(
                {"class": "top"},
                tag.A({"class": "home", "href": f"{self._root}/"}, "Rapporteur"),
                tag.E.nav({"aria-label": "Reading room"}, *links),
                self._asking(question),
            ),
            tag.E.main({"id": "main", "tabindex": "-1"}, *main),
            tag.E.footer(tag.P("Every quoted word is its source’s own. ", api)),
        )
        page = tag.HTML({"lang": self._phrases.language}, head, body)
        return HTMLResponse(etree.tostring(page, method="html", encoding="utf-8", doctype="<!DOCTYPE html>"))

    def _asking(self, question: str) -> _Element:
        given = {
            "id": "question",
            "name": "question",
            "type": "search",
            "maxlength": "1000",
            "placeholder": "Ask the readouts",
            "autocomplete": "off",
            "required": "required",
            "value": xml_text(question),
        }
        return tag.FORM(
            {"action": f"{self._root}/ask", "role": "search", "class": "asking"},
            tag.LABEL({"for": "question", "class": "unseen"}, "Question or words to search for"),
            tag.INPUT(given),
            tag.BUTTON({"type": "submit"}, "Ask"),
            tag.BUTTON({"type": "submit", "formaction": f"{self._root}/search", "class": "second"}, "Search"),
        )

    def _address(self, passage: Passage) -> str:
        cited = passage.citation
        spans = [(cited.evidence.start, cited.evidence.end)]
        return self._root + paragraph_path(cited.document, cited.paragraph, spans, cited.revision)

    def _link(self, readout: ReadoutSummary) -> _Element:
        path = paragraph_path(readout.id, "").partition("#")[0]
        return tag.A({"href": self._root + path}, xml_text(readout.title))

    def _about(self, readout: ReadoutSummary) -> _Element:
        told = [self._phrases.date(readout.date), readout.issuer, f"{readout.paragraphs} paragraphs"]
        return tag.SPAN({"class": "about"}, xml_text(" · ".join(filter(None, told))))

    def _details(self, readout: ReadoutSummary) -> Iterator[Child]:
        if readout.date:
            yield tag.E.time({"datetime": readout.date}, xml_text(self._phrases.date(readout.date) or ""))
        if readout.issuer:
            yield tag.SPAN(xml_text(readout.issuer))
        if url := web_address(readout.source_url):
            yield tag.A({"href": xml_text(url), "rel": "noopener noreferrer external"}, "Source")
        asked = urlencode({"document": readout.id})
        yield tag.A({"href": f"{self._root}/initiatives?{asked}"}, "Initiatives")

    def _neighbours(self, readout: ReadoutSummary, series: Sequence[ReadoutSummary]) -> Iterator[_Element]:
        place = next((n for n, each in enumerate(series) if each.pk == readout.pk), 0)
        told: list[_Element] = []
        for name, near in (("Earlier", series[place + 1 :][:1]), ("Later", series[:place][-1:])):
            for other in near:
                a, b = sorted((other, readout), key=lambda r: r.date or "")
                side_by_side = f"{self._root}/compare?{urlencode({'a': a.id, 'b': b.id})}"
                compared = {"href": side_by_side, "aria-label": f"Compare with {xml_text(other.title)}"}
                date = self._phrases.date(other.date) or ""
                linked = self._link(other), tag.SPAN(date), tag.A(compared, "Compare")
                told.append(tag.P(tag.SPAN({"class": "label"}, name), *linked))
        if told:
            yield tag.E.nav({"aria-label": "Of the same series", "class": "series"}, *told)


def _pages_of(total: int, size: int) -> int:
    """Return how many pages a list fills; an empty one has one too."""
    return max(1, -(-total // size))


def _field(name: str, label: str, value: str = "", *, hint: str = "") -> _Element:
    given = {"id": f"f-{name}", "name": name, "type": "text", "value": xml_text(value), "placeholder": hint}
    return tag.P(tag.LABEL({"for": f"f-{name}"}, label), tag.INPUT(given))


def _select(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str | None) -> _Element:
    """Return a choice among (value, what is shown)."""
    items = (
        tag.OPTION({"value": value, **({"selected": "selected"} if value == chosen else {})}, xml_text(shown))
        for value, shown in options
    )
    choice = tag.SELECT({"id": f"f-{name}", "name": name}, *items)
    return tag.P(tag.LABEL({"for": f"f-{name}"}, label), choice)


def _paragraphs(
    paragraphs: Iterable[LiveParagraph], marks: Mapping[str, Sequence[Span]]
) -> Iterator[_Element]:
    heading = part = None
    for p in paragraphs:
        if p.part and p.part != part:
            yield tag.H2({"class": "part"}, xml_text(p.part))
        if p.heading and p.heading != heading:
            yield tag.H2(xml_text(p.heading))
        heading, part = p.heading, p.part
        anchor = anchor_of(p.number)
        named = {"class": "number", "href": f"#{anchor}", "aria-label": f"Paragraph {xml_text(p.number)}"}
        yield tag.DIV(
            {"class": "paragraph beside" if is_beside(p.number) else "paragraph", "id": anchor},
            tag.A(named, _number(p)),
            tag.P({"dir": "auto"}, *_words(p.text, marks.get(anchor, ()))),
        )


def _number(p: LiveParagraph) -> str:
    number = xml_text(p.number.partition("#")[0] if p.part else p.number)
    return f"[{number}]" if p.numbering is Numbering.COUNTED and not is_beside(p.number) else number


def _words(text: str, spans: Sequence[Span]) -> Iterator[Child]:
    within = [(start, end) for start, end in spans if end <= len(text)]
    for run in marked_runs(text, within, "found"):
        yield from [xml_text(run.text)] if run.mark == "same" else tagged([run])


def _left_out(readout: ReadoutSummary) -> Iterator[_Element]:
    if readout.left_out:
        items = (
            tag.LI(tag.SPAN({"class": "label"}, xml_text(left.reason)), xml_text(f" {left.text}"))
            for left in readout.left_out
        )
        summary = f"Left out of the source as no part of the document ({len(readout.left_out)})"
        yield tag.E.details(tag.E.summary(summary), tag.UL(*items))

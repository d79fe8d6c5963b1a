"""Values -> the pages of the reading room: HTML without scripts, every text put in as text; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lxml import etree
from lxml.html import builder as tag

from bot.links import Span, anchor_of, paragraph_path
from bot.locales import Phrases
from bot.sheet_formats import elements, tagged, web_address, xml_text
from bot.sheets import CitationStyle, Passage, Run, Sheet, marked_runs
from retrieval.models import LiveParagraph, Numbering, is_beside
from retrieval.search.browsing import ReadoutSummary

if TYPE_CHECKING:
    from lxml.etree import _Element

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


@dataclass(frozen=True, slots=True)
class Reading:
    """One readout as it is read.

    Attributes:
        marks: Anchor -> the spans of that paragraph that are marked.
        is_changed: Whether another revision was cited than is shown.
        earlier, later: Its neighbours in its series.
    """

    readout: ReadoutSummary
    paragraphs: Sequence[LiveParagraph]
    marks: Mapping[str, Sequence[Span]]
    is_changed: bool = False
    earlier: ReadoutSummary | None = None
    later: ReadoutSummary | None = None


class Pages:
    """The pages of one reading room.

    Args:
        root: The path that stands before every other, where a proxy serves it below one; "" is none.
    """

    def __init__(self, phrases: Phrases, style: CitationStyle, root: str = "") -> None:
        self._phrases = phrases
        self._style = style
        self._root = root

    def home(self, readouts: Sequence[ReadoutSummary], page: int, size: int) -> bytes:
        """Return the list of readouts, newest first."""
        shown = readouts[(page - 1) * size : page * size]
        body: list[_Element] = [tag.H1("Readouts")]
        if not readouts:
            body.append(tag.P({"class": "lead"}, "There is no readout yet."))
        by_year: dict[str, list[ReadoutSummary]] = {}
        for each in shown:
            by_year.setdefault((each.date or "")[:4] or "Undated", []).append(each)
        for year, of in by_year.items():
            items = (tag.LI(self._link(each), *self._about(each)) for each in of)
            body += [tag.H2(year), tag.UL({"class": "shelf"}, *items)]
        return self._page("Readouts", [*body, *self.turning("/", {}, page, size, len(readouts))], current="/")

    def readout(self, reading: Reading) -> bytes:
        """Return one readout, every paragraph with its number in the margin and an anchor of its own."""
        readout = reading.readout
        head = [tag.H1(xml_text(readout.title)), tag.P({"class": "lead"}, *self._details(readout))]
        notes = [_NUMBERING[readout.numbering]] if readout.numbering in _NUMBERING else []
        notes += [_CHANGED] if reading.is_changed else []
        head += [tag.P({"class": "note"}, xml_text(note)) for note in (*notes, *readout.warnings)]
        article = tag.E.article(
            {"lang": readout.language}, tag.E.header(*head), *_paragraphs(reading.paragraphs, reading.marks)
        )
        return self._page(readout.title, [article, *_left_out(readout), *self._neighbours(reading)])

    def sheet(
        self,
        sheet: Sheet,
        *forms: _Element,
        current: str = "",
        question: str = "",
        after: Iterable[Child] = (),
    ) -> bytes:
        """Return an answer, a comparison, a trace or a list of initiatives, below `forms`."""
        found = [*elements(sheet, self._style, self._address)]
        return self._page(sheet.title, [found[0], *forms, *found[1:], *after], current, question)

    def message(self, title: str, sentence: str, *forms: _Element, current: str = "") -> bytes:
        """Return a page with one sentence."""
        said = [tag.P({"class": "lead"}, xml_text(sentence))] if sentence else []
        return self._page(title, [tag.H1(title), *said, *forms], current)

    def choice(self, action: str, fields: Iterable[_Element], button: str) -> _Element:
        """Return a form."""
        return tag.FORM(
            {"action": self._root + action, "class": "choice"},
            *fields,
            tag.BUTTON({"type": "submit"}, button),
        )

    def turning(
        self, path: str, asked: Mapping[str, str], page: int, size: int, total: int
    ) -> Iterator[_Element]:
        """Yield the way to the pages before and after, where there are several."""
        last = max(1, -(-total // size))
        if last == 1:
            return

        def at(other: int, name: str, rel: str) -> _Element:
            asked_for = urlencode({**asked, "page": other})
            return tag.A({"href": f"{self._root}{path}?{asked_for}", "rel": rel}, name)

        before = [at(page - 1, "Previous", "prev")] if page > 1 else []
        after = [at(page + 1, "Next", "next")] if page < last else []
        told = tag.SPAN(f"Page {page} of {last}")
        yield tag.E.nav({"aria-label": "Pages", "class": "turning"}, *before, told, *after)

    # --- parts ---

    def _page(self, title: str, main: Iterable[Child], current: str = "", question: str = "") -> bytes:
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
        body = tag.BODY(
            tag.A({"class": "skip", "href": "#main"}, "Skip to the text"),
            tag.E.header(
                {"class": "top"},
                tag.A({"class": "home", "href": f"{self._root}/"}, "Rapporteur"),
                tag.E.nav({"aria-label": "Reading room"}, *links),
                self._asking(question),
            ),
            tag.E.main({"id": "main", "tabindex": "-1"}, *main),
            tag.E.footer(
                tag.P(
                    "Every quoted word is its source’s own. ",
                    tag.A({"href": f"{self._root}/openapi.json"}, "API"),
                )
            ),
        )
        page = tag.HTML({"lang": self._phrases.language}, head, body)
        written: bytes = etree.tostring(page, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")
        return written

    def _asking(self, question: str) -> _Element:
        field = {
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
            tag.INPUT(field),
            tag.BUTTON({"type": "submit"}, "Ask"),
            tag.BUTTON({"type": "submit", "formaction": f"{self._root}/search", "class": "second"}, "Search"),
        )

    def _address(self, passage: Passage) -> str:
        cited = passage.citation
        spans = [(cited.evidence.start, cited.evidence.end)]
        return self._root + paragraph_path(cited.document, cited.paragraph, spans, cited.revision)

    def _link(self, readout: ReadoutSummary, **more: str) -> _Element:
        path = paragraph_path(readout.id, "").partition("#")[0]
        return tag.A({"href": self._root + path, **more}, xml_text(readout.title))

    def _about(self, readout: ReadoutSummary) -> Iterator[Child]:
        told = [self._phrases.date(readout.date), readout.issuer, f"{readout.paragraphs} paragraphs"]
        yield tag.SPAN({"class": "about"}, xml_text(" · ".join(part for part in told if part)))

    def _details(self, readout: ReadoutSummary) -> Iterator[Child]:
        if readout.date:
            yield tag.E.time({"datetime": readout.date}, xml_text(self._phrases.date(readout.date) or ""))
        if readout.issuer:
            yield tag.SPAN(xml_text(readout.issuer))
        if url := web_address(readout.source_url):
            yield tag.A({"href": xml_text(url), "rel": "noopener noreferrer external"}, "Source")
        yield tag.A(
            {"href": f"{self._root}/initiatives?{urlencode({'document': readout.id})}"}, "Initiatives"
        )

    def _neighbours(self, reading: Reading) -> Iterator[_Element]:
        told: list[_Element] = []
        for name, other in (("Earlier", reading.earlier), ("Later", reading.later)):
            if other is not None:
                a, b = sorted((other, reading.readout), key=lambda r: r.date or "")
                side_by_side = f"{self._root}/compare?{urlencode({'a': a.id, 'b': b.id})}"
                date = self._phrases.date(other.date) or ""
                compared = tag.A(
                    {"href": side_by_side, "aria-label": f"Compare with {xml_text(other.title)}"}, "Compare"
                )
                told.append(
                    tag.P(tag.SPAN({"class": "label"}, name), self._link(other), tag.SPAN(date), compared)
                )
        if told:
            yield tag.E.nav({"aria-label": "Of the same series", "class": "series"}, *told)


def field(name: str, label: str, value: str = "", *, hint: str = "") -> _Element:
    """Return a labelled field for words."""
    given = {"id": f"f-{name}", "name": name, "type": "text", "value": xml_text(value), "placeholder": hint}
    return tag.P(tag.LABEL({"for": f"f-{name}"}, label), tag.INPUT(given))


def select(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str | None) -> _Element:
    """Return a labelled choice among (value, what is shown)."""
    items = (
        tag.OPTION({"value": value, **({"selected": "selected"} if value == chosen else {})}, xml_text(shown))
        for value, shown in options
    )
    return tag.P(
        tag.LABEL({"for": f"f-{name}"}, label), tag.SELECT({"id": f"f-{name}", "name": name}, *items)
    )


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
        yield tag.DIV(
            {"class": "paragraph beside" if is_beside(p.number) else "paragraph", "id": anchor},
            tag.A(
                {"class": "number", "href": f"#{anchor}", "aria-label": f"Paragraph {xml_text(p.number)}"},
                _number(p),
            ),
            tag.P({"dir": "auto"}, *_words(p.text, marks.get(anchor, ()))),
        )


def _number(p: LiveParagraph) -> str:
    number = xml_text(p.number.partition("#")[0] if p.part else p.number)
    if is_beside(p.number):
        return number
    return f"[{number}]" if p.numbering is Numbering.COUNTED else number


def _words(text: str, spans: Sequence[Span]) -> Iterator[Child]:
    within = [(start, end) for start, end in spans if end <= len(text)]
    for run in marked_runs(text, within, "found"):
        yield from [xml_text(run.text)] if run.mark == "same" else tagged([Run(run.text, run.mark)])


def _left_out(readout: ReadoutSummary) -> Iterator[_Element]:
    if readout.left_out:
        items = (
            tag.LI(tag.SPAN({"class": "label"}, xml_text(left.reason)), xml_text(f" {left.text}"))
            for left in readout.left_out
        )
        summary = f"Left out of the source as no part of the document ({len(readout.left_out)})"
        yield tag.E.details(tag.E.summary(summary), tag.UL(*items))

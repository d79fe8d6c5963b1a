"""Sheets -> Markdown, a Word document, one self-contained HTML page: every passage with its citation; pure.

The bars of a plot are SVG in a page. For Discord they are a PNG, drawn by PDFium, which reads PDFs here anyway: Pillow or
matplotlib would be much for a few rectangles.
"""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.sheets import CitationStyle, Entry, Mark, Passage, Run, Sheet, cite

if TYPE_CHECKING:
    from docx.document import Document
    from lxml.etree import _Element

Render = Callable[[Sheet, CitationStyle, str], bytes]
Address = Callable[[Passage], str | None]

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#~|&]|^ ?(?:[-+]|\d+[.)])(?= )")
_SPACE = re.compile(r"\s+")
_SIGNS: dict[Mark, str] = {"same": "", "removed": "~~", "added": "**", "found": "**"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def headed(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    """Yield each entry with its heading, "" where it is that of the one before."""
    shown = ""
    for entry in entries:
        yield ("" if entry.heading == shown else entry.heading), entry
        shown = entry.heading or shown


def web_address(url: str | None) -> str | None:
    """Return `url` where a reader may be sent there: by http or https."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else None


# --- Markdown ---


def markdown(sheet: Sheet, style: CitationStyle, _language: str = "en") -> bytes:
    """Return `sheet` as Markdown (CommonMark, strikethrough as GitHub writes it), in UTF-8."""
    lines = [f"# {_escaped(sheet.title)}", *(_escaped(line) for line in sheet.lead)]
    for heading, entry in headed(sheet.entries):
        lines += [f"## {_escaped(heading)}"] if heading else []
        lines += [f"**{_escaped(entry.label)}**"] if entry.label else []
        if entry.inline:
            lines.append("> " + _marked(entry.inline))
        passages = (*entry.before, *entry.after)
        shown = () if entry.inline and entry.before else passages
        lines += [f"> {_marked(p.runs)}\\\n> — {_cited(p, style)}" for p in shown]
        lines += [f"— {_cited(p, style)}" for p in passages if p not in shown]
        lines += [_escaped(entry.note)] if entry.note else []
    return ("\n\n".join(lines) + "\n").encode()


def _marked(runs: Iterable[Run]) -> str:
    """Return words on one line: a line break would end the block quote."""
    return _SPACE.sub(" ", "".join(_signed(run.text, _SIGNS[run.mark]) for run in runs))


def _signed(text: str, sign: str) -> str:
    core = text.strip()
    if not sign or not core:
        return _escaped(text)
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{lead}{sign}{_escaped(core)}{sign}{tail}"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", _SPACE.sub(" ", text))


def _cited(passage: Passage, style: CitationStyle) -> str:
    text, url = cite(passage, style), passage.citation.url
    if url and web_address(url):
        before, found, after = text.partition(url)
        address = url.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
        return f"{_escaped(before)}<{address}>{_escaped(after)}" if found else _escaped(text)
    return _escaped(text)


# --- Word ---


def docx(sheet: Sheet, style: CitationStyle, _language: str = "en") -> bytes:
    """Return `sheet` as a Word document; a comparison is a table of two columns."""
    import docx as library

    document = library.Document()
    document.add_heading(xml_text(sheet.title), 1)
    for line in sheet.lead:
        document.add_paragraph(xml_text(line))
    table = _table(document, sheet.columns) if sheet.columns else None
    for heading, entry in headed(sheet.entries):
        if table is not None:
            cells = table.add_row().cells
            for cell, passages in zip(cells, (entry.before, entry.after), strict=True):
                cell.paragraphs[0].add_run(xml_text(entry.label)).italic = True
                _fill(cell, passages, style)
            continue
        if heading:
            document.add_heading(xml_text(heading), 2)
        if entry.label:
            document.add_paragraph().add_run(xml_text(entry.label)).bold = True
        if entry.inline:
            _write(document.add_paragraph(), entry.inline)
        _fill(document, entry.after, style)
        if entry.note:
            document.add_paragraph(xml_text(entry.note))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _table(document: Document, columns: Sequence[str]) -> Any:
    table = document.add_table(1, len(columns))
    table.style = "Table Grid"
    for cell, title in zip(table.rows[0].cells, columns, strict=True):
        cell.paragraphs[0].add_run(xml_text(title)).bold = True
    return table


def _fill(place: Any, passages: Iterable[Passage], style: CitationStyle) -> None:
    for passage in passages:
        _write(place.add_paragraph(), passage.runs)
        place.add_paragraph().add_run(xml_text(f"— {cite(passage, style)}")).italic = True


def _write(paragraph: Any, runs: Iterable[Run]) -> None:
    for run in runs:
        written = paragraph.add_run(xml_text(run.text))
        written.bold = run.mark in {"added", "found"}
        written.font.strike = run.mark == "removed"


def xml_text(text: str) -> str:
    """Return `text` without the characters that no XML can hold."""
    return _NOT_XML.sub("\ufffd", text)


# --- HTML ---

STYLE = """
:root{color-scheme:light dark;--line:#d5d9e0;--dim:#5b6472;--gone:#fde2e0;--new:#dff3e3;--bar:#3462c4;--rest:#cdd2dc}
@media(prefers-color-scheme:dark){:root{--line:#3a414d;--dim:#a3adbb;--gone:#5a2a2a;--new:#1f4a2d;--bar:#7fa3f0;--rest:#4a5261}}
*{box-sizing:border-box}
body{font:1rem/1.55 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.25}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
.lead,.note,cite,.label{color:var(--dim)}.lead{margin:.2rem 0}.label{font-weight:600;font-size:.9rem;margin:.8rem 0 .2rem}
.note{font-style:italic}
.pair{border-top:1px solid var(--line);padding:.2rem 0 .6rem}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}
.heads{position:sticky;top:0;background:Canvas;font-weight:600;padding:.5rem 0}
blockquote{margin:0 0 .6rem}blockquote:target{outline:2px solid var(--bar);outline-offset:.3rem}
blockquote>a:first-child{font-weight:600;text-decoration:none;margin-right:.4rem}
cite{display:block;font-size:.82rem;font-style:normal}
del{background:var(--gone)}ins{background:var(--new);text-decoration:underline}
figure{margin:1rem 0}figcaption{color:var(--dim);font-size:.82rem}
svg{width:100%;max-width:40rem;height:auto}svg text{font-size:11px;fill:currentColor}
.used{fill:var(--bar)}.rest{fill:var(--rest)}
@media(max-width:44rem){.columns{grid-template-columns:1fr;gap:.2rem}.heads{position:static}
.columns>:first-child blockquote{border-left:3px solid var(--rest);padding-left:.6rem}
.columns>:last-child blockquote{border-left:3px solid var(--bar);padding-left:.6rem}.empty{display:none}}
@media print{.heads{position:static}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_TAGS: dict[Mark, str] = {"same": "span", "removed": "del", "added": "ins", "found": "mark"}


def html(sheet: Sheet, style: CitationStyle, language: str = "en") -> bytes:
    """Return `sheet` as one page without scripts that loads nothing; texts are put in as texts, never as markup."""
    from lxml import etree
    from lxml.html import builder as tag

    head = tag.HEAD(
        tag.META(charset="utf-8"),
        tag.META({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        tag.META(name="viewport", content="width=device-width, initial-scale=1"),
        tag.TITLE(xml_text(sheet.title)),
        tag.STYLE(STYLE),
    )
    page = tag.HTML({"lang": language}, head, tag.BODY(*elements(sheet, style)))
    written: bytes = etree.tostring(page, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")
    return written


def elements(
    sheet: Sheet, style: CitationStyle, address: Address = lambda _passage: None
) -> Iterator[_Element]:
    """Yield what a page shows of `sheet`, its heading first.

    Args:
        address: Where a passage's ¶ leads; None: it is its own anchor.
    """
    from lxml.html import builder as tag

    yield tag.H1(xml_text(sheet.title))
    yield from (tag.P({"class": "lead"}, xml_text(line)) for line in sheet.lead)
    if sheet.years:
        yield _plot(sheet)
    if sheet.columns:
        names = (
            tag.DIV(f"{letter}: {xml_text(name)}") for letter, name in zip("AB", sheet.columns, strict=True)
        )
        yield tag.DIV({"class": "columns heads"}, *names)
    for heading, entry in headed(sheet.entries):
        if heading:
            yield tag.H2(xml_text(heading))
        yield _entry(entry, style, address, two=sheet.columns is not None)


def _entry(entry: Entry, style: CitationStyle, address: Address, *, two: bool) -> _Element:
    from lxml.html import builder as tag

    block: _Element = tag.E.section({"class": "pair"})
    if entry.label:
        block.append(tag.P({"class": "label"}, xml_text(entry.label)))
    if entry.inline and not two:
        block.append(tag.P(*tagged(entry.inline)))
    before, after = ([_quote(p, style, address) for p in side] for side in (entry.before, entry.after))
    if two:
        sides = (tag.DIV({"class": "" if side else "empty"}, *side) for side in (before, after))
        block.append(tag.DIV({"class": "columns"}, *sides))
    else:
        block.extend(after)
    if entry.note:
        block.append(tag.P({"class": "note"}, xml_text(entry.note)))
    return block


def _quote(passage: Passage, style: CitationStyle, address: Address) -> _Element:
    from lxml.html import builder as tag

    named = {"id": passage.anchor} if passage.anchor else {}
    place: list[Any] = []
    if target := address(passage) or (passage.anchor and f"#{passage.anchor}"):
        place = [tag.A({"href": target}, xml_text(passage.place)), " "]
    text, url = xml_text(cite(passage, style)), web_address(passage.citation.url)
    cited = tag.CITE(text)
    if url is not None:
        before, found, after = text.partition(xml_text(url))
        link = tag.A({"href": xml_text(url), "rel": "noopener noreferrer"}, found or "↗")
        cited = tag.CITE(before, link, after)
    return tag.BLOCKQUOTE(named, *place, *tagged(passage.runs), cited)


def tagged(runs: Iterable[Run]) -> Iterator[Any]:
    """Yield the elements that show words, each with what it is."""
    from lxml.html import builder as tag

    for run in runs:
        yield tag.E(_TAGS[run.mark], xml_text(run.text))


FORMATS: dict[str, Render] = {"md": markdown, "docx": docx, "html": html}
"""Ending of the file -> what writes it."""


# --- bars ---

Year = tuple[int | str, int, int]
"""The year (or what else stands below the axis), how many are it, how many there are."""

_WIDTH, _HEIGHT = 640, 180
_LEFT, _BOTTOM, _TOP = 12, 28, 22
_MOST_LABELS = 14

_ONE_AT_A_TIME = threading.Lock()
"""PDFium may not be used by two threads at once."""


def png(years: Sequence[Year]) -> bytes:
    """Return the bars as a PNG, readable on a dark and on a light ground."""
    import numpy as np
    import pypdfium2

    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument.new()
        page = document.new_page(_WIDTH, _HEIGHT)
        shown = _labelled(years)
        for x, width, used, total, (year, number, _) in _bars(years):
            _rectangle(page, x, width, total, (205, 210, 220))
            _rectangle(page, x, width, used, (52, 98, 196))
            if year in shown:
                _text(document, page, x, 10, str(year))
            if number and len(years) <= 2 * _MOST_LABELS:
                _text(document, page, x, _BOTTOM + total + 4, str(number))
        page.gen_content()
        pixels = page.render(scale=2).to_numpy()[:, :, 2::-1]
        document.close()
    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in np.ascontiguousarray(pixels))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _plot(sheet: Sheet) -> _Element:
    from lxml.builder import E

    told = "; ".join(f"{year}: {used}/{total}" for year, used, total in sheet.years if used)
    picture = E.svg({"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "role": "img", "aria-label": told})
    shown = _labelled(sheet.years)
    for x, width, used, total, (year, number, everything) in _bars(sheet.years):
        for kind, height in (("rest", total), ("used", used)):
            box = {"x": x, "y": _HEIGHT - _BOTTOM - height, "width": width, "height": height}
            written = {name: f"{value:.1f}" for name, value in box.items()}
            picture.append(E.rect(E.title(f"{year}: {number}/{everything}"), {"class": kind}, **written))
        if year in shown:
            picture.append(E.text(str(year), x=f"{x:.1f}", y=str(_HEIGHT - 10)))
    figure: _Element = E.figure(picture, E.figcaption(sheet.caption))
    return figure


def _bars(years: Sequence[Year]) -> list[tuple[float, float, float, float, Year]]:
    """Return for each year x, width and the heights of both bars, in pixels from below the axis."""
    step = (_WIDTH - 2 * _LEFT) / len(years)
    unit = (_HEIGHT - _BOTTOM - _TOP) / max(total for _, _, total in years)
    return [
        (_LEFT + i * step + 0.1 * step, 0.8 * step, unit * used, unit * total, (year, used, total))
        for i, (year, used, total) in enumerate(years)
    ]


def _labelled(years: Sequence[Year]) -> set[int | str]:
    every = -(-len(years) // _MOST_LABELS)
    return {year for year, _, _ in years[::every]}


def _rectangle(page: object, x: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
    from pypdfium2 import raw

    if height <= 0:
        return
    shape = raw.FPDFPageObj_CreateNewRect(x, _BOTTOM, width, height)
    raw.FPDFPageObj_SetFillColor(shape, *colour, 255)
    raw.FPDFPath_SetDrawMode(shape, raw.FPDF_FILLMODE_ALTERNATE, False)
    raw.FPDFPage_InsertObject(page, shape)


def _text(document: object, page: object, x: float, y: float, text: str) -> None:
    import ctypes

    from pypdfium2 import raw

    shape = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", 11.0)
    encoded = (text + "\x00").encode("utf-16-le")
    buffer = ctypes.create_string_buffer(encoded, len(encoded))
    raw.FPDFText_SetText(shape, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)))
    raw.FPDFPageObj_Transform(shape, 1, 0, 0, 1, x, y)
    raw.FPDFPage_InsertObject(page, shape)

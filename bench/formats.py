"""How much of the gold paragraphs survives a format: `python -m bench.formats --eval DIR`.

Every gold document is set as a PDF of one column and of two (running head, page numbers, justified type,
words divided at the ends of lines), as DOCX (numbers counted by Word wherever the source prints them) and as a
whole web page (menus, share buttons, related links, a cookie notice, comments; numbers as `<ol>` or printed,
turn about), as an e-book, and where LibreOffice is installed as the ODT, RTF and DOC that it makes of the DOCX, and read back. A paragraph is right when its number and its text are; white space is collapsed.
`extra` counts paragraphs read that are not gold.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from retrieval.errors import SourceError
from retrieval.sources import parse
from retrieval.sources.confined import program

_LABEL = re.compile(r"(\D*)(\d+)(.*)")


@dataclass(frozen=True)
class Gold:
    """One document: its title, and (number, printed label, heading, text) of each paragraph."""

    id: str
    title: str
    date: str | None
    paragraphs: list[tuple[str, str | None, str | None, str]]


def gold_documents(folder: Path) -> Iterator[Gold]:
    for name in ("seed-paragraphs.jsonl", "readouts-paragraphs.jsonl"):
        with (folder / name).open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                paragraphs = [
                    (
                        p["number"],
                        _label(p),
                        " ".join((p.get("heading") or "").split()) or None,
                        " ".join(p["text"].replace("\u00ad", "").split()),  # a soft hyphen is not seen
                    )
                    for p in row["paragraphs"]
                ]
                yield Gold(row["doc_id"], row["title"], row.get("date"), paragraphs)


def _label(paragraph: dict[str, Any]) -> str | None:
    if "label" in paragraph:
        return paragraph["label"]
    return f"{paragraph['number']}." if paragraph["published_number"] else None


# --- PDF ---


def as_pdf(gold: Gold, columns: int) -> bytes:
    from reportlab.lib.enums import TA_JUSTIFY
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

    width, height = A4
    margin, gutter = 64.0, 18.0
    each = (width - 2 * margin - gutter * (columns - 1)) / columns
    body = ParagraphStyle(
        "body", fontName="Times-Roman", fontSize=10.5, leading=13, spaceAfter=6 if columns == 1 else 3,
        alignment=TA_JUSTIFY, hyphenationLang="en_GB" if columns == 2 else "", uriWasteReduce=0.3,
        embeddedHyphenation=0,
    )  # fmt: skip
    title = ParagraphStyle("title", fontName="Times-Bold", fontSize=15, leading=18, spaceAfter=10)
    section = ParagraphStyle("section", parent=body, fontName="Times-Bold", spaceBefore=6)
    frames = [
        Frame(margin + i * (each + gutter), 72, each, height - 150, 0, 0, 0, 0, id=f"column{i}")
        for i in range(columns)
    ]

    def around(canvas: Any, document: Any) -> None:
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(margin, height - 46, f"Norland Official Gazette – {gold.date or 'undated'}")
        canvas.drawCentredString(width / 2, 40, f"Page {document.page}")

    out = BytesIO()
    template = BaseDocTemplate(out, pagesize=A4, title="Microsoft Word - final_v3.docx", author="gazette")
    template.addPageTemplates([PageTemplate("page", frames, onPage=around)])
    flow, heading = [Paragraph(html.escape(gold.title), title)], None
    for _, label, over, text in gold.paragraphs:
        if over and over != heading:
            flow.append(Paragraph(html.escape(over), section))
        heading = over
        flow.append(Paragraph(html.escape(f"{label} {text}" if label else text), body))
    template.build(flow)
    return out.getvalue()


# --- DOCX ---


def as_docx(gold: Gold) -> bytes:
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    document.core_properties.title = "Template 2013"
    document.sections[0].header.paragraphs[0].text = "Norland Official Gazette"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    document.add_paragraph(gold.title, style="Title")
    numbering = document.part.numbering_part.element
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    heading, instance, expected = None, 900, None
    for _, label, over, text in gold.paragraphs:
        if over and over != heading:
            document.add_heading(over, level=2)
        heading = over
        paragraph = document.add_paragraph(text)
        found = _LABEL.fullmatch(label or "")
        if found is None:
            continue
        if int(found[2]) != expected:
            instance += 1
            pattern = html.escape(f"{found[1]}%1{found[3]}")
            numbering.insert(0, parse_xml(
                f'<w:abstractNum {space} w:abstractNumId="{instance}"><w:lvl w:ilvl="0"><w:start w:val="{found[2]}"/>'
                f'<w:numFmt w:val="decimal"/><w:lvlText w:val="{pattern}"/></w:lvl></w:abstractNum>'
            ))  # fmt: skip
            numbering.append(parse_xml(
                f'<w:num {space} w:numId="{instance}"><w:abstractNumId w:val="{instance}"/></w:num>'
            ))  # fmt: skip
        expected = int(found[2]) + 1
        properties = paragraph._p.get_or_add_pPr()
        properties.insert(0, parse_xml(
            f'<w:numPr {space}><w:ilvl w:val="0"/><w:numId w:val="{instance}"/></w:numPr>'
        ))  # fmt: skip
    out = BytesIO()
    document.save(out)
    return out.getvalue()


# --- a web page ---

_BEFORE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Ministry of Norland</title>
<meta property="og:title" content="{title}"><meta property="article:published_time" content="{date}T09:00:00Z">
<link rel="canonical" href="https://norland.example/statements/1"></head><body class="page-template">
<div id="cookie-banner" role="dialog"><p>We use cookies to make this site work. By continuing you accept them.</p>
<button>Accept all cookies</button></div><a class="skip" href="#content">Skip to main content</a>
<div class="site-header"><div class="logo">Ministry of Norland</div><ul class="main-nav"><li><a href="/">Home</a></li>
<li><a href="/news">News</a></li><li><a href="/about">About the Ministry</a></li></ul><form><input name="q"></form></div>
<div class="wrapper"><div class="content-area"><div class="crumbs"><a href="/">Home</a> &gt; <a href="/news">News</a></div>
<h1 class="entry-title">{title}</h1><div class="social-share"><a href="#">Facebook</a> <a href="#">X</a></div>
<div class="entry-content">
"""
_AFTER = """</div><div class="tags">Tags: <a href="/t/1">summit</a>, <a href="/t/2">trade</a></div>
<div class="post-navigation"><a href="/p/1">Previous: Minister visits the port</a> <a href="/p/2">Next: Budget</a></div>
<h3>Related news</h3><ul class="related-posts"><li><a href="/n/1">Minister opens the new bridge over the river Alder</a></li>
<li><a href="/n/2">Norland and Estmark sign an agreement on fishing in the Sund</a></li></ul>
<div id="comments"><h3>Comments</h3><p>Anna says: What a splendid statement, well done to everybody who took part.</p>
<p>Leave a reply. Your address will not be published.</p></div></div>
<div class="widget-area"><h3>Most read</h3><ol><li><a href="/m/1">Travel advice</a></li><li><a href="/m/2">Visas</a></li></ol></div>
</div><div class="site-footer"><p>© Ministry of Norland. All rights reserved.</p><ul><li><a href="/c">Contact</a></li></ul></div>
</body></html>"""


def as_html(gold: Gold, *, listed: bool) -> bytes:
    parts = [_BEFORE.format(title=html.escape(gold.title), date=gold.date or "2000-01-01")]
    heading, opened = None, False
    for _, label, over, text in gold.paragraphs:
        number = _LABEL.fullmatch(label or "") if listed else None
        if over and over != heading:
            parts.append("</ol>" if opened else "")
            parts.append(f"<h2>{html.escape(over)}</h2>")
            opened = False
        heading = over
        if number is None:
            parts.append("</ol>" if opened else "")
            printed = f"{label} {text}" if label else text
            parts.append(f"<p>{html.escape(printed)}</p>")
            opened = False
            continue
        if not opened:
            parts.append(f'<ol start="{number[2]}">')
            opened = True
        parts.append(f'<li value="{number[2]}">{html.escape(text)}</li>')
    parts.append("</ol>" if opened else "")
    return ("\n".join(parts) + _AFTER).encode()


# --- what a word processor saves ---


def by_office(gold: Gold, suffix: str) -> bytes:
    """Return the DOCX as LibreOffice saves it in another format."""
    office = program()
    if office is None:
        raise FileNotFoundError("LibreOffice is not installed")
    with TemporaryDirectory() as folder:
        made = Path(folder, "made.docx")
        made.write_bytes(as_docx(gold))
        command = [office, "--headless", f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"]
        command += ["--convert-to", suffix, "--outdir", folder, str(made)]
        subprocess.run(command, check=True, capture_output=True)
        return made.with_suffix(f".{suffix}").read_bytes()


def as_epub(gold: Gold) -> bytes:
    page = as_html(gold, listed=True).decode()
    body = page[
        len(_BEFORE.format(title=html.escape(gold.title), date=gold.date or "2000-01-01")) : -len(_AFTER)
    ]
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
        "book.opf": '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>',
        "a.xhtml": f'<?xml version="1.0"?><html><body><h1>{html.escape(gold.title)}</h1>{body}</body></html>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


FORMATS: dict[str, Callable[[Gold], bytes]] = {
    "pdf, one column": lambda gold: as_pdf(gold, 1),
    "pdf, two columns": lambda gold: as_pdf(gold, 2),
    "docx": as_docx,
    "html, <ol>": lambda gold: as_html(gold, listed=True),
    "html, printed": lambda gold: as_html(gold, listed=False),
    "odt": lambda gold: by_office(gold, "odt"),
    "rtf": lambda gold: by_office(gold, "rtf"),
    "doc": lambda gold: by_office(gold, "doc"),
    "epub": as_epub,
}


def read_back(gold: Gold, data: bytes) -> dict[str, str]:
    try:
        readouts = parse(gold.id, data)
    except SourceError as error:
        print(error)
        return {}
    return {
        p.number: p.text.replace("\u00ad", "")
        for readout in readouts
        for p in readout.paragraphs
        if p.number != "header"
    }


def main() -> int:
    """Print the figures; fail under the share asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--eval", type=Path, required=True, help="folder with the gold paragraphs")
    arguments.add_argument("--at-least", type=float, default=0.97)
    arguments.add_argument("--show", action="store_true", help="print what differs")
    arguments.add_argument("--only", help="one format")
    options = arguments.parse_args()
    documents = list(gold_documents(options.eval))
    worst = 1.0
    print(f"{'format':18} {'gold':>5} {'right':>5} {'share':>7} {'extra':>5} {'seconds':>8}")
    for name, written in FORMATS.items():
        if options.only in (None, name):
            try:
                worst = min(worst, _measure(name, written, documents, show=options.show))
            except FileNotFoundError as error:
                print(f"{name:18} {error}")
    return 0 if worst >= options.at_least else 1


def _measure(name: str, written: Callable[[Gold], bytes], documents: list[Gold], *, show: bool) -> float:
    total = right = extra = 0
    elapsed = 0.0
    for gold in documents:
        data = written(gold)
        start = perf_counter()
        found = read_back(gold, data)
        elapsed += perf_counter() - start
        wanted = {number: text for number, _, _, text in gold.paragraphs}
        good = [number for number, text in wanted.items() if found.get(number) == text]
        total, right, extra = (
            total + len(wanted),
            right + len(good),
            extra + len(found.keys() - wanted.keys()),
        )
        if show:
            _show(gold.id, wanted, found)
    print(f"{name:18} {total:5} {right:5} {right / total:7.4f} {extra:5} {elapsed:8.2f}")
    return right / total


def _show(name: str, wanted: dict[str, str], found: dict[str, str]) -> None:
    for number, text in wanted.items():
        other = found.get(number, "")
        if other != text:
            at = next(
                (i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b),
                min(len(text), len(other)),
            )
            print(
                f"  {name} {number} at {at}:\n  - {text[max(0, at - 30) : at + 50]!r}\n  + {other[max(0, at - 30) : at + 50]!r}"
            )
    for number in found.keys() - wanted.keys():
        print(f"  {name} extra {number}: {found[number][:100]!r}")


if __name__ == "__main__":
    raise SystemExit(main())

"""PDF and Word documents made from code, so that what must be read from them is known."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

A = "The Ministers of Norland and Estmark met in Port Alder and reviewed their cooperation since the last dialogue."
B = "They agreed to hold a seminar on flood warning in the coming year, with experts of both hydrological services."
C = "They expressed concern about the closing of the Sund Strait and called for the free passage of merchant ships."
TITLE = "Joint Statement of the Norland-Estmark Dialogue"
LONG = " ".join((A, B, C))
SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(
    paragraphs: Sequence[str],
    *,
    title: str | None = TITLE,
    columns: int = 1,
    around: Callable[[Any, int], None] | None = None,
    space_after: float = 6,
    indent: float = 0,
    hanging: float = 0,
    font: str = "Times-Roman",
    size: float = 11,
    encrypt: Any = None,
) -> bytes:
    """Set `paragraphs` (reportlab's inline markup) as a PDF; `around(canvas, page)` draws heads and feet."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

    width, height, margin, gutter = 595.0, 842.0, 70.0, 20.0
    each = (width - 2 * margin - gutter * (columns - 1)) / columns
    frames = [Frame(margin + i * (each + gutter), 80, each, height - 170, 0, 0, 0, 0) for i in range(columns)]

    def draw(canvas: Any, document: Any) -> None:
        if around:
            around(canvas, document.page)

    body = ParagraphStyle(
        "body", fontName=font, fontSize=size, leading=1.25 * size, spaceAfter=space_after,
        firstLineIndent=indent - hanging, leftIndent=hanging, wordWrap="CJK" if font != "Times-Roman" else None,
    )  # fmt: skip
    head = ParagraphStyle("head", fontName="Times-Bold", fontSize=16, leading=20, spaceAfter=12)
    out = BytesIO()
    document = BaseDocTemplate(out, pagesize=(width, height), encrypt=encrypt, invariant=1)
    document.addPageTemplates([PageTemplate("page", frames, onPage=draw)])
    flow = [Paragraph(title, head)] if title else []
    document.build([*flow, *(Paragraph(text, body) for text in paragraphs)])
    return out.getvalue()


def drawn(*pages: Callable[[Any], None], height: float = 842) -> bytes:
    """Return a PDF whose pages are drawn by hand on reportlab's canvas."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=(595, height), invariant=1)
    for draw in pages:
        canvas.setFont("Times-Roman", 11)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def level(at: int, kind: str, text: str, start: int = 1, extra: str = "") -> str:
    """Return the XML of one level of a numbering definition."""
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>{extra}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


class Word:
    """A Word document with numbering definitions of its own, counted from 101."""

    def __init__(self, *definitions: str, overrides: Mapping[int, tuple[int, str]] | None = None) -> None:
        import docx
        from docx.oxml import parse_xml

        self.document = docx.Document()
        self._parse = parse_xml
        numbering = self.document.part.numbering_part.element
        for number, levels in enumerate(definitions, 101):
            numbering.insert(
                0, parse_xml(f'<w:abstractNum {SPACE} w:abstractNumId="{number}">{levels}</w:abstractNum>')
            )
        instances = {number: (number, "") for number in range(101, 101 + len(definitions))} | (
            overrides or {}
        )
        for number, (definition, more) in instances.items():
            numbering.append(
                parse_xml(
                    f'<w:num {SPACE} w:numId="{number}"><w:abstractNumId w:val="{definition}"/>{more}</w:num>'
                )
            )

    def add(self, text: str, num: int | None = None, at: int = 0, style: str | None = None) -> Any:
        """Append a paragraph, numbered by instance `num` at level `at`."""
        paragraph = self.document.add_paragraph(text, style=style)
        if num is not None:
            reference = f'<w:numPr {SPACE}><w:ilvl w:val="{at}"/><w:numId w:val="{num}"/></w:numPr>'
            paragraph._p.get_or_add_pPr().append(self._parse(reference))
        return paragraph

    def append(self, xml: str) -> None:
        """Append raw XML to the body, before the section's properties."""
        self.document.element.body.insert(-1, self._parse(xml))

    def bytes(self) -> bytes:
        """Return the file."""
        out = BytesIO()
        self.document.save(out)
        return out.getvalue()


def repacked(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the archive `data` with parts replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename not in parts:
                new.writestr(member.filename, old.read(member))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def odt(body: str, styles: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return an OpenDocument text of raw XML."""
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = " ".join(f'xmlns:{name}="{names}{name}:1.0"' for name in ("office", "text", "table", "style"))
    spaces += f' xmlns:draw="{names}drawing:1.0" xmlns:fo="{names}xsl-fo-compatible:1.0"'
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return archive(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content} | dict(more or {})
    )


def epub(
    pages: Mapping[str, str], metadata: str = "", more: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return an e-book of XHTML bodies, in the order given; `nav.xhtml` is its table of contents."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"'
        + (' properties="nav"/>' if name == "nav.xhtml" else "/>")
        for n, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    shown = {
        f"OEBPS/{name}": '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
        for name, body in pages.items()
    }
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
        }
        | shown
        | dict(more or {})
    )


def rtf(body: str, head: str = "") -> bytes:
    """Return an RTF document of raw RTF."""
    return (r"{\rtf1\ansi\ansicpg1252\deff0 " + head + body + "}").encode("latin-1")

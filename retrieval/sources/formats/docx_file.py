"""Paragraphs and tables of a Word document -> lines, as Word shows them with all changes accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.formats.word_numbers import Numberer, is_on, lineage, read_numberer
from retrieval.sources.formats.word_processors import (
    check_archive,
    damaged,
    paragraph_lines,
    table_lines,
    title_at_top,
)
from retrieval.sources.lines import Extracted, Line, collapse

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_BLOCKS_INSIDE = {f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo")}
_INSIDE = _BLOCKS_INSIDE | {f"{_W}{name}" for name in ("hyperlink", "smartTag", "fldSimple", "dir", "bdo")}
_LETTERS = {f"{_W}tab": " ", f"{_W}noBreakHyphen": "-", f"{_W}br": "\n", f"{_W}cr": "\n"}
_WHAT = "a Word document"
_DEEPEST = 40
# what older programs show instead
_TWICE = {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}


@dataclass(slots=True)
class _Walk:
    """Collects lines; what stands before a deleted paragraph mark waits for the paragraph it became part of."""

    numberer: Numberer
    lines: list[Line] = field(default_factory=list)
    title: str | None = None
    count: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    pending: list[tuple[str, bool]] = field(default_factory=list)

    def leave(self, reason: str, text: str) -> None:
        self.left_out.append(LeftOut(reason, text, f"paragraph {self.count}"))


def read_docx(data: bytes) -> Extracted:
    """Return the lines of a Word document; `Line.number` counts its paragraphs from 1.

    Headers, footers and comments are parts of their own and are not read.

    Raises:
        SourceError: Damaged, encrypted or larger than the limits.
    """
    check_archive(data, _WHAT, r"word/document\d*\.xml")
    part, properties = _opened(data)
    body = part.element.find(f"{_W}body")
    if body is None:
        raise damaged(_WHAT)
    walk = _Walk(read_numberer(_related(part, "numbering"), _related(part, "styles")))
    _blocks(walk, body, 0)
    notes = list(_notes(walk, part))
    return Extracted(
        lines=[*walk.lines, *notes],
        title=walk.title or title_at_top(properties.title, walk.lines),
        left_out=tuple(walk.left_out),
        source=" ".join(_shown(body)),
    )


def _shown(body: Any) -> Iterator[str]:
    """Yield all text of the body that stands in it with all changes accepted."""
    gone = {f"{_W}del", f"{_W}moveFrom", *_TWICE}
    for text in body.iter(f"{_W}t"):
        if not any(each.tag in gone for each in text.iterancestors()):
            yield text.text or ""


def _notes(walk: _Walk, part: Any) -> Iterator[Line]:
    """Yield footnotes and endnotes by their marks, in the order of the references to them."""
    parts = {kind: _related(part, kind) for kind in ("footnotes", "endnotes")}
    for number, (kind, name) in enumerate(walk.notes, 1):
        root = parts[kind]
        if text := _words([] if root is None else [each for each in root if each.get(f"{_W}id") == name]):
            yield Line(text, walk.count, note=str(number))


def _opened(data: bytes) -> tuple[Any, Any]:
    import docx
    from lxml import etree

    try:
        document = docx.Document(BytesIO(data))
        return document.part, document.core_properties
    except (KeyError, ValueError, AttributeError, TypeError, etree.XMLSyntaxError) as error:
        raise damaged(_WHAT) from error


def _related(part: Any, kind: str) -> Any:
    """Return the root of a part, or None where the document has none."""
    from docx.oxml import parse_xml

    try:
        found = part.part_related_by(_RELATED + kind)
    except (KeyError, ValueError):
        return None
    return found.element if hasattr(found, "element") else parse_xml(found.blob)


# --- blocks ---


def _blocks(walk: _Walk, parent: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise SourceError("", "its tables are nested too deep to be read. Save its text instead.")
    for child in parent:
        if child.tag == f"{_W}p":
            _paragraph(walk, child)
        elif child.tag == f"{_W}tbl":
            _table(walk, child, depth)
        elif child.tag in _BLOCKS_INSIDE:
            _blocks(walk, child, depth + 1)


def _table(walk: _Walk, table: Any, depth: int) -> None:
    """Read the cells of a table, those of deleted rows left out."""
    rows = [
        [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]
        for row in table.iter(f"{_W}tr")
        if next(row.iterancestors(f"{_W}tbl")) is table and not _is_deleted_row(row)
    ]
    read: list[list[list[Line]]] = []
    nested = any(other is not table for other in table.iter(f"{_W}tbl"))
    for row in rows:
        read.append([])
        for cell in row:
            outer, walk.lines = walk.lines, []
            _blocks(walk, cell, depth + 1)
            read[-1].append(walk.lines)
            walk.lines = outer
    walk.lines += table_lines(read, walk.count, nested=nested)


def _is_deleted_row(row: Any) -> bool:
    properties = row.find(f"{_W}trPr")
    return properties is not None and properties.find(f"{_W}del") is not None


def _paragraph(walk: _Walk, element: Any) -> None:
    walk.count += 1
    properties = element.find(f"{_W}pPr")
    pieces = [*walk.pending, *_pieces(walk, element)]
    if _mark_is_deleted(properties):
        walk.pending = pieces
        return
    walk.pending = []
    style = _style(properties)
    names = [found.name for found in lineage(walk.numberer.styles, style)]
    if names and names[0].startswith("toc "):
        if text := collapse("".join(text for text, _ in pieces)):
            walk.leave("table of contents", text)
        return
    text = collapse("".join(text for text, _ in pieces))
    numbered = walk.numberer.next(properties, style)
    if not text and (numbered is None or not numbered.text):
        return
    heading = _heading(walk, properties, style, pieces)
    if names[:1] == ["title"] and walk.title is None:
        walk.title = text or None
    walk.lines += paragraph_lines("".join(text for text, _ in pieces), walk.count, numbered, heading)


def _mark_is_deleted(properties: Any) -> bool:
    mark = None if properties is None else properties.find(f"{_W}rPr")
    return mark is not None and any(mark.find(f"{_W}{name}") is not None for name in ("del", "moveFrom"))


def _style(properties: Any) -> str:
    """Return the id of the paragraph's style; "" is the default one."""
    found = None if properties is None else properties.find(f"{_W}pStyle")
    return "" if found is None else str(found.get(f"{_W}val", ""))


def _heading(walk: _Walk, properties: Any, style: str, pieces: Sequence[tuple[str, bool]]) -> int:
    styles = list(lineage(walk.numberer.styles, style))
    if any(found.outline or found.name.startswith(("heading", "title", "subtitle")) for found in styles):
        return 2
    if properties is not None and properties.find(f"{_W}outlineLvl") is not None:
        return 2
    return int(any(s.bold for s in styles) or all(bold for text, bold in pieces if text.strip()))


# --- letters ---


def _pieces(walk: _Walk, parent: Any, depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Yield text with whether it is bold; deleted text, notes and what fields compute from are left out."""
    for child in parent:
        if child.tag == f"{_W}r":
            yield from _run(walk, child)
        elif child.tag in _INSIDE and depth < _DEEPEST:
            yield from _pieces(walk, child, depth + 1)


def _run(walk: _Walk, run: Any) -> Iterator[tuple[str, bool]]:
    fonts = run.find(f"{_W}rPr")
    if fonts is not None and is_on(fonts.find(f"{_W}vanish")):
        if text := collapse("".join(t.text or "" for t in run.iter(f"{_W}t"))):
            walk.leave("hidden", text)
        return
    bold = fonts is not None and is_on(fonts.find(f"{_W}b"))
    for child in run:
        if child.tag == f"{_W}t":
            yield child.text or "", bold
        elif child.tag == f"{_W}br" and child.get(f"{_W}type") in {"page", "column"}:
            yield " ", bold
        elif child.tag in _LETTERS:
            yield _LETTERS[child.tag], bold
        elif child.tag in {f"{_W}footnoteReference", f"{_W}endnoteReference"}:
            kind = "footnotes" if child.tag.endswith("footnoteReference") else "endnotes"
            walk.notes.append((kind, str(child.get(f"{_W}id"))))
        elif next(child.iter(f"{_W}txbxContent"), None) is not None:
            _box(walk, child)


def _box(walk: _Walk, run: Any) -> None:
    """Leave a text box out: where it is seen has nothing to do with where it stands in the file."""
    boxes = run.iter(f"{_W}txbxContent")
    if text := _words(box for box in boxes if not any(up.tag in _TWICE for up in box.iterancestors())):
        walk.leave("text box", text)


def _words(elements: Iterable[Any]) -> str:
    paragraphs = (p for each in elements for p in each.iter(f"{_W}p"))
    return collapse(" ".join("".join(t.text or "" for t in p.iter(f"{_W}t")) for p in paragraphs))

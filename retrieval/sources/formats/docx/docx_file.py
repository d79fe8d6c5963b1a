"""Paragraphs and tables of a Word document -> lines, as Word shows them with all changes accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.formats.docx.archive import check_archive
from retrieval.sources.formats.docx.word_numbers import Numbered, Numberer, is_on, lineage, read_numberer
from retrieval.sources.formats.tables import Grid, is_layout, row_texts
from retrieval.sources.labels import ALONE, candidates
from retrieval.sources.lines import Extracted, Line, collapse

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_INSIDE = {
    f"{_W}{name}"
    for name in ("ins", "moveTo", "hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "dir",
                 "bdo")
}  # fmt: skip
_BLOCKS_INSIDE = {f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo")}
_LETTERS = {f"{_W}tab": " ", f"{_W}noBreakHyphen": "-", f"{_W}br": "\n", f"{_W}cr": "\n"}
_DAMAGED = "the file begins as a Word document but is damaged. Open it in Word, save it anew, and try again."
_DEEPEST = 40
_PROSE_LINES = 6  # paragraphs of a cell that is laid out like a page
_TWICE = {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}  # what older programs show instead
_INDENT = 4  # columns a list level is set in by


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


def read_docx(data: bytes) -> Extracted:
    """Return the lines of a Word document; `Line.number` counts its paragraphs from 1.

    Headers, footers and comments are parts of their own and are not read.

    Raises:
        SourceError: Damaged, encrypted or larger than the limits.
    """
    check_archive(data)
    part, properties = _opened(data)
    body = part.element.find(f"{_W}body")
    if body is None:
        raise SourceError("", _DAMAGED)
    walk = _Walk(read_numberer(_related(part, "numbering"), _related(part, "styles")))
    _blocks(walk, body, 0)
    notes = list(_notes(walk, part))
    return Extracted(
        lines=[*walk.lines, *notes],
        title=walk.title or _stated(properties, walk.lines),
        left_out=tuple(walk.left_out),
        source=" ".join(_shown(body)),
    )


def _shown(body: Any) -> Iterator[str]:
    """Yield all text of the body that stands in it with all changes accepted."""
    gone = {f"{_W}{name}" for name in ("del", "moveFrom")}
    for text in body.iter(f"{_W}t"):
        above = list(text.iterancestors())
        if any(each.tag in gone or each.tag in _TWICE for each in above):
            continue
        yield text.text or ""


def _notes(walk: _Walk, part: Any) -> Iterator[Line]:
    """Yield footnotes and endnotes by their marks, in the order of the references to them."""
    parts = {kind: _related(part, kind) for kind in ("footnotes", "endnotes")}
    for number, (kind, name) in enumerate(walk.notes, 1):
        root = parts[kind]
        found = [] if root is None else [each for each in root if each.get(f"{_W}id") == name]
        text = collapse(
            " ".join(
                "".join(t.text or "" for t in p.iter(f"{_W}t")) for each in found for p in each.iter(f"{_W}p")
            )
        )
        if text:
            yield Line(text, walk.count, note=str(number))


def _opened(data: bytes) -> tuple[Any, Any]:
    import docx
    from lxml import etree

    try:
        document = docx.Document(BytesIO(data))
        return document.part, document.core_properties
    except (KeyError, ValueError, AttributeError, TypeError, etree.XMLSyntaxError) as error:
        raise SourceError("", _DAMAGED) from error


def _related(part: Any, kind: str) -> Any:
    """Return the root of a part, or None where the document has none."""
    from docx.oxml import parse_xml

    try:
        found = part.part_related_by(_RELATED + kind)
    except (KeyError, ValueError):
        return None
    return found.element if hasattr(found, "element") else parse_xml(found.blob)


def _stated(properties: Any, lines: Sequence[Line]) -> str | None:
    """Return the title of the file's properties, where it stands at the top; often a template left it."""
    stated = collapse(properties.title or "")
    top = " ".join(line.text for line in lines[:6]).casefold()
    return stated if len(stated) > 10 and stated.casefold() in top else None


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
    """Read a table of data row by row; in one that lays out, cell after cell, a number alone before the next."""
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
    texts = [[" ".join(line.text for line in cell) for cell in row] for row in read]
    bold = bool(read) and all(all(line.heading for line in cell) for cell in read[0]) and any(read[0])
    grid = Grid(
        texts, int(bold and len(read) > 1), nested or any(len(c) > _PROSE_LINES for r in read for c in r)
    )
    if not is_layout(grid):
        walk.lines += [Line(text, walk.count, row=True) for text in row_texts(grid)]
        return
    for row_lines in read:
        first = len(walk.lines)
        for cell_lines in row_lines:
            start = len(walk.lines)
            walk.lines += cell_lines
            _take_number(walk.lines, first, start)


def _is_deleted_row(row: Any) -> bool:
    properties = row.find(f"{_W}trPr")
    return properties is not None and properties.find(f"{_W}del") is not None


def _take_number(lines: list[Line], first: int, start: int) -> None:
    if not first < start < len(lines) or start - first != 1:
        return
    number, line = lines[first], lines[start]
    alone = number.label is not None and number.label.end >= len(number.text)
    typed = number.label is None and any(label.strength == ALONE for label in candidates(number.text))
    if alone or typed:
        lines[first : start + 1] = [replace(number, text=f"{number.text} {line.text}", heading=0)]


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
            walk.left_out.append(LeftOut("table of contents", text, f"paragraph {walk.count}"))
        return
    text = collapse("".join(text for text, _ in pieces))
    numbered = walk.numberer.next(properties, style)
    if not text and (numbered is None or not numbered.text):
        return
    heading = _heading(walk, properties, style, pieces)
    if names[:1] == ["title"] and walk.title is None:
        walk.title = text or None
    _add(walk, pieces, numbered, heading)


def _add(walk: _Walk, pieces: Sequence[tuple[str, bool]], numbered: Numbered | None, heading: int) -> None:
    """Add the lines of one paragraph, parted at its line breaks, the number before the first."""
    texts = [collapse(text) for text in "".join(text for text, _ in pieces).split("\n")]
    texts = [text for text in texts if text] or [""]
    for index, text in enumerate(texts):
        first = index == 0 and numbered is not None
        walk.lines.append(
            Line(
                text=f"{numbered.text} {text}".strip() if first and numbered else text,
                number=walk.count,
                gap=index == 0,
                indent=_INDENT * numbered.level if numbered else 0,
                heading=heading,
                label=numbered.label if first and numbered else None,
                bullet=bool(first and numbered and numbered.label is None),
                depth=numbered.level + 1 if numbered else 0,
            )
        )


def _mark_is_deleted(properties: Any) -> bool:
    if properties is None:
        return False
    mark = properties.find(f"{_W}rPr")
    return mark is not None and any(mark.find(f"{_W}{name}") is not None for name in ("del", "moveFrom"))


def _style(properties: Any) -> str:
    """Return the id of the paragraph's style; "" is the default one."""
    found = None if properties is None else properties.find(f"{_W}pStyle")
    return "" if found is None else str(found.get(f"{_W}val", ""))


def _heading(walk: _Walk, properties: Any, style: str, pieces: Sequence[tuple[str, bool]]) -> int:
    for found in lineage(walk.numberer.styles, style):
        if found.outline or found.name.startswith(("heading", "title", "subtitle")):
            return 2
    if properties is not None and properties.find(f"{_W}outlineLvl") is not None:
        return 2
    bold_style = any(found.bold for found in lineage(walk.numberer.styles, style))
    return int(bold_style or all(bold for text, bold in pieces if text.strip()))


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
    boxes = [
        box for box in run.iter(f"{_W}txbxContent") if not any(up.tag in _TWICE for up in box.iterancestors())
    ]
    text = collapse(
        " ".join("".join(t.text or "" for t in p.iter(f"{_W}t")) for box in boxes for p in box.iter(f"{_W}p"))
    )
    if text:
        walk.left_out.append(LeftOut("text box", text, f"paragraph {walk.count}"))

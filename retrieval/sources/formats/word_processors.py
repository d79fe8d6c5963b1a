"""What the documents of word processors have in common: archives with bounds, paragraphs and tables as lines."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from retrieval.errors import SourceError
from retrieval.sources.formats.tables import Grid, is_layout, row_texts
from retrieval.sources.formats.word_numbers import Numbered
from retrieval.sources.labels import ALONE, candidates
from retrieval.sources.lines import MAX_ARCHIVE_MEMBERS, MAX_UNPACKED_BYTES, MAX_XML_BYTES, Line, collapse

_PIECE = 1 << 16
_DAMAGED = "the file begins as %s but is damaged. Open it, save it anew, and try again."
_DECLARES = "the document declares XML entities, which none needs and attacks do. Do not trust this file; ask who made it for another."
ENCRYPTED = "the document is encrypted. Save a copy without a password, then ingest that."
_TOO_MANY = f"the document holds more than {MAX_ARCHIVE_MEMBERS:,} files. Save its text in a new document."
_TOO_LARGE = f"the document unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB. Save its text in a new document."
_LARGE_PART = f"the document's %s unpacks to more than {MAX_XML_BYTES // 1_000_000} MB. Split the document, or save its text."
_NO_DOCUMENT = "this is a ZIP archive. Unpack it, then ingest what is in it."
_MACROS = "this is a Word document with macros (.docm). Save it as .docx, then ingest that."
_XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_PAGES = (".ncx", ".xhtml", ".html", ".htm")  # they name their kind in a DOCTYPE, as they should


def damaged(what: str) -> SourceError:
    """Return the error for a file that is not what it begins as: "a Word document"."""
    return SourceError("", _DAMAGED % what)


def check_archive(data: bytes, what: str, document: str) -> None:
    """Unpack `data` piece by piece, counting, and keep nothing.

    What a member says of its own size is not believed.

    Args:
        what: It is, "a Word document".
        document: A pattern of the name of the member that it has to have.

    Raises:
        SourceError: Damaged, encrypted, with macros or declared entities, or larger than the limits.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check(archive, document)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise damaged(what) from error


def _check(archive: zipfile.ZipFile, document: str) -> None:
    members = archive.infolist()
    if len(members) > MAX_ARCHIVE_MEMBERS:
        raise SourceError("", _TOO_MANY)
    names = {member.filename for member in members}
    if not any(re.fullmatch(document, name) for name in names):
        raise SourceError("", _NO_DOCUMENT)
    if any(name.endswith("vbaProject.bin") for name in names):
        raise SourceError("", _MACROS)
    total = 0
    for member in members:
        if member.flag_bits & 1:
            raise SourceError("", ENCRYPTED)
        total += _unpacked(archive, member, MAX_UNPACKED_BYTES - total)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    """Return how many bytes `member` really holds."""
    is_xml = member.filename.lower().endswith(_XML)
    declares = (b"<!ENTITY",) if member.filename.lower().endswith(_PAGES) else (b"<!ENTITY", b"<!DOCTYPE")
    size, tail = 0, b""
    with archive.open(member) as opened:
        while piece := opened.read(_PIECE):
            size += len(piece)
            if size > most:
                raise SourceError("", _TOO_LARGE)
            if is_xml:
                if size > MAX_XML_BYTES:
                    raise SourceError("", _LARGE_PART % member.filename)
                plain = (tail + piece).replace(b"\x00", b"")  # UTF-16 too
                if any(mark in plain for mark in declares):
                    raise SourceError("", _DECLARES)
                tail = piece[-40:]
    return size


def parsed(xml: bytes, what: str) -> Any:
    """Return the root of an XML part, as an lxml element; nothing it names is loaded.

    Raises:
        SourceError: It is no XML.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise damaged(what) from error


_INDENT = 4  # columns a list level is set in by
_PROSE_LINES = 6  # paragraphs of a cell that is laid out like a page


def paragraph_lines(text: str, count: int, numbered: Numbered | None = None, heading: int = 0) -> list[Line]:
    r"""Return the lines of one paragraph, parted at its line breaks ("\n"), the number before the first.

    Args:
        count: Of the paragraph in its document, from 1.
    """
    pieces = [piece for piece in map(collapse, text.split("\n")) if piece] or [""]
    lines = []
    for index, piece in enumerate(pieces):
        first = numbered if index == 0 else None
        lines.append(
            Line(
                text=f"{first.text} {piece}".strip() if first else piece,
                number=count,
                gap=index == 0,
                indent=_INDENT * numbered.level if numbered else 0,
                heading=heading,
                label=first.label if first else None,
                bullet=first is not None and first.label is None,
                depth=numbered.level + 1 if numbered else 0,
            )
        )
    return lines if any(line.text for line in lines) else []


def table_lines(
    rows: Sequence[Sequence[Sequence[Line]]], count: int, *, heads: int = 0, nested: bool = False
) -> list[Line]:
    """Return a table of data row by row; one that lays out cell after cell, a number alone before the next.

    Args:
        rows: The lines of each cell.
        count: Of the paragraph that it ends with.
        heads: How many rows the document calls heads; a first row in bold is one, too.
        nested: Whether a cell holds another table.
    """
    texts = [[" ".join(line.text for line in cell) for cell in row] for row in rows]
    bold = len(rows) > 1 and any(rows[0]) and all(line.heading for cell in rows[0] for line in cell)
    nested = nested or any(len(cell) > _PROSE_LINES for row in rows for cell in row)
    grid = Grid(texts, heads if 0 < heads < len(rows) else int(bold), nested)
    if not is_layout(grid):
        return [Line(text, count, row=True) for text in row_texts(grid)]
    lines: list[Line] = []
    for row in rows:
        first = len(lines)
        for cell in row:
            start = len(lines)
            lines += cell
            _take_number(lines, first, start)
    return lines


def _take_number(lines: list[Line], first: int, start: int) -> None:
    if not first < start < len(lines) or start - first != 1:
        return
    number, line = lines[first], lines[start]
    alone = number.label is not None and number.label.end >= len(number.text)
    typed = number.label is None and any(label.strength == ALONE for label in candidates(number.text))
    if alone or typed:
        lines[first : start + 1] = [replace(number, text=f"{number.text} {line.text}", heading=0)]


def title_at_top(stated: str | None, lines: Sequence[Line]) -> str | None:
    """Return the title of a file's properties, where it stands at the top; often a template left it."""
    title = collapse(stated or "")
    top = " ".join(line.text for line in lines[:6]).casefold()
    return title if len(title) > 10 and title.casefold() in top else None

"""OpenDocument text (.odt) -> lines, as a word processor shows it with all changes accepted.

Source: OASIS OpenDocument 1.3, part 3. Lists have the numbers that their styles and places give them: a list
counts from where its style says, unless it says that it goes on (19.787, `text:continue-numbering`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.formats.word_numbers import Instance, Level, Numbered, Numberer
from retrieval.sources.formats.word_processors import (
    ENCRYPTED,
    check_archive,
    damaged,
    paragraph_lines,
    parsed,
    table_lines,
    title_at_top,
)
from retrieval.sources.lines import Extracted, Line, collapse

_NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _STYLE = (f"{{{_NAMES}{name}:1.0}}" for name in ("text", "table", "style"))
_OFFICE, _DRAW, _FO = (f"{{{_NAMES}{name}:1.0}}" for name in ("office", "drawing", "xsl-fo-compatible"))
_WHAT = "an OpenDocument text"
_KINDS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman", "": "none",
    "01, 02, 03, ...": "decimalZero", "①, ②, ③, ...": "decimalEnclosedCircle", "一, 二, 三, ...": "japaneseCounting",
    "１, ２, ３, ...": "decimalFullWidth",
}  # fmt: skip
_INDEXES = {f"{_TEXT}{name}" for name in ("table-of-content", "illustration-index", "table-index", "object-index",
                                          "user-index", "alphabetical-index")}  # fmt: skip
_LISTS = {f"{_TEXT}list", f"{_TEXT}numbered-paragraph"}
_UNTOLD = {f"{_TEXT}tracked-changes", f"{_OFFICE}forms", f"{_TEXT}sequence-decls", f"{_TEXT}variable-decls"}
_MOST_REPEATED = 50  # cells or rows that are said once to stand there so often
_LEVELS = 10


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph or text style says, with what it is based on."""

    name: str = ""
    base: str = ""
    bold: bool | None = None
    hidden: bool | None = None
    list_style: str = ""


@dataclass(slots=True)
class _Reader:
    """Collects lines; `place` is the list that the next paragraph opens an item of, and its level."""

    styles: Mapping[str, _Style]
    shapes: Mapping[str, Mapping[int, Level]]
    numberer: Numberer
    lines: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    count: int = 0
    title: str | None = None
    place: tuple[str, int] | None = None
    lists: dict[str, str] = field(default_factory=dict)  # xml:id, and style -> its instance

    # --- blocks ---

    def blocks(self, parent: Any) -> None:
        """Read everything under `parent`."""
        for child in parent:
            if child.tag in {f"{_TEXT}p", f"{_TEXT}h"}:
                self._paragraph(child)
            elif child.tag in _LISTS:
                self._list(child, "", 0, "")
            elif child.tag == f"{_TABLE}table":
                self._table(child)
            elif child.tag in _INDEXES:
                self._leave("table of contents", " ".join(_shown(child)))
            elif child.tag.startswith(_DRAW):
                self._leave("text box", " ".join(_shown(child)))
            elif child.tag not in _UNTOLD and isinstance(child.tag, str):
                self.blocks(child)

    def _leave(self, reason: str, text: str) -> None:
        if text := collapse(text):
            self.left_out.append(LeftOut(reason, text, f"paragraph {self.count}"))

    def _list(self, tag: Any, style: str, level: int, instance: str) -> None:
        style = tag.get(f"{_TEXT}style-name") or style or self._list_style(tag)
        if not instance:
            instance = self._instance(tag, style)
        items = [tag] if tag.tag == f"{_TEXT}numbered-paragraph" else tag
        for item in items:
            start = item.get(f"{_TEXT}start-value")
            if start is not None and start.isdecimal():
                self.numberer.set(instance, level, int(start))
            self.place = (instance, level) if item.tag != f"{_TEXT}list-header" else None
            for child in item:
                if child.tag in _LISTS:
                    self.place = None
                    self._list(child, style, min(level + 1, _LEVELS - 1), instance)
                else:
                    self.blocks([child])
            self.place = None

    def _list_style(self, tag: Any) -> str:
        """Return the list style of the first paragraph in a list that names none."""
        first = next(tag.iter(f"{_TEXT}p", f"{_TEXT}h"), None)
        return "" if first is None else self._says(first, "list_style") or ""

    def _instance(self, tag: Any, style: str) -> str:
        """Return the instance that a list counts in: of its own, or of the list that it goes on from."""
        named = tag.get("{http://www.w3.org/XML/1998/namespace}id") or f"{len(self.lists)} {self.count}"
        goes_on = tag.get(f"{_TEXT}continue-numbering") == "true" or tag.tag == f"{_TEXT}numbered-paragraph"
        before = self.lists.get(tag.get(f"{_TEXT}continue-list") or (f"style {style}" if goes_on else ""))
        instance = before or named
        self.lists[named] = self.lists[f"style {style}"] = instance
        self.numberer.instances.setdefault(instance, Instance(instance, self.shapes.get(style, {}), {}))
        return instance

    def _table(self, table: Any) -> None:
        self.place = None
        rows: list[list[list[Line]]] = []
        heads = 0
        for row in table.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table")) is not table:
                continue
            cells: list[list[Line]] = []
            for cell in row:
                if cell.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
                    continue
                outer, self.lines = self.lines, []
                self.blocks(cell)
                cells += [self.lines] * _times(cell, "columns")
                self.lines = outer
            heads += row.getparent().tag == f"{_TABLE}table-header-rows"
            rows += [cells] * (_times(row, "rows") if any(cells) else 1)
        nested = any(other is not table for other in table.iter(f"{_TABLE}table"))
        self.lines += table_lines(rows, self.count, heads=heads, nested=nested)

    def _paragraph(self, tag: Any) -> None:
        self.count += 1
        place, self.place = self.place, None
        pieces = list(self._pieces(tag, bold=bool(self._says(tag, "bold"))))
        text = "".join(piece for piece, _ in pieces)
        is_title = self._named(tag, "Title")
        numbered = self._numbered(tag, place)
        if not collapse(text) and (numbered is None or not numbered.text):
            return
        if is_title and self.title is None:
            self.title = collapse(text) or None
        bold = all(is_bold for piece, is_bold in pieces if piece.strip())
        heading = 2 if tag.tag == f"{_TEXT}h" or is_title or self._named(tag, "Subtitle") else int(bold)
        self.lines += paragraph_lines(text, self.count, numbered, heading)

    def _numbered(self, tag: Any, place: tuple[str, int] | None) -> Numbered | None:
        if place is None and tag.tag == f"{_TEXT}h" and tag.get(f"{_TEXT}is-list-header") != "true":
            level = tag.get(f"{_TEXT}outline-level", "1")
            place = "outline", min(int(level), _LEVELS) - 1 if level.isdecimal() else 0
        return None if place is None else self.numberer.count(*place)

    # --- letters ---

    def _pieces(self, tag: Any, *, bold: bool) -> Iterator[tuple[str, bool]]:
        """Yield text with whether it is bold; what no reader of the page sees is left out."""
        yield _collapsed(tag.text), bold
        for child in tag:
            if child.tag in {f"{_TEXT}s", f"{_TEXT}tab"}:
                yield " ", bold
            elif child.tag == f"{_TEXT}line-break":
                yield "\n", bold
            elif child.tag == f"{_TEXT}note":
                self._note(child)
            elif child.tag == f"{_OFFICE}annotation":
                self._leave("comment", " ".join(_shown(child)))
            elif isinstance(child.tag, str) and child.tag.startswith(_DRAW):
                self._leave("text box", " ".join(_shown(child)))
            elif self._says(child, "hidden"):
                self._leave("hidden", " ".join(child.itertext()))
            elif isinstance(child.tag, str):
                own = self._says(child, "bold")
                yield from self._pieces(child, bold=bold if own is None else bool(own))
            yield _collapsed(child.tail), bold

    def _note(self, note: Any) -> None:
        mark = collapse("".join(note.find(f"{_TEXT}note-citation").itertext()))
        inner = _Reader(self.styles, self.shapes, self.numberer, count=self.count)
        inner.blocks(note.find(f"{_TEXT}note-body"))
        text = " ".join(line.text for line in inner.lines)
        self.left_out += [LeftOut("footnote mark", mark, f"paragraph {self.count}"), *inner.left_out]
        if text:
            self.notes.append(Line(text, self.count, note=mark or str(len(self.notes) + 1)))

    # --- styles ---

    def _lineage(self, tag: Any) -> Iterator[_Style]:
        name, seen = tag.get(f"{_TEXT}style-name") or "", set()
        while name in self.styles and name not in seen:
            seen.add(name)
            yield self.styles[name]
            name = self.styles[name].base

    def _says(self, tag: Any, what: str) -> Any:
        said = (getattr(style, what) for style in self._lineage(tag))
        return next((each for each in said if each not in (None, "")), None)

    def _named(self, tag: Any, name: str) -> bool:
        return any(style.name == name for style in self._lineage(tag))


def read_odt(data: bytes) -> Extracted:
    """Return the lines of an OpenDocument text; `Line.number` counts its paragraphs from 1.

    Headers and footers stand in its styles and are not read.

    Raises:
        SourceError: Damaged, encrypted or larger than the limits.
    """
    check_archive(data, _WHAT, r"content\.xml")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name.endswith(".xml")}
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise SourceError("", ENCRYPTED)
    content = parsed(parts["content.xml"], _WHAT)
    roots = [content, *(parsed(parts[name], _WHAT) for name in ("styles.xml",) if name in parts)]
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise damaged(_WHAT)
    shapes = {name: shape for root in roots for name, shape in _list_styles(root)}
    outline = Instance("outline", shapes.get("outline", {}), {})
    styles = {name: style for root in reversed(roots) for name, style in _styles(root)}
    reader = _Reader(styles, shapes, Numberer({"outline": outline}, {}))
    reader.blocks(body)
    return Extracted(
        lines=[*reader.lines, *reader.notes],
        title=reader.title or title_at_top(_stated(parts), reader.lines),
        left_out=tuple(reader.left_out),
        source=" ".join(_shown(body)),
    )


def _shown(tag: Any) -> Iterator[str]:
    """Yield all text in `tag`, without that of deletions and of what is never shown."""
    if not isinstance(tag.tag, str) or tag.tag in _UNTOLD:
        return
    if tag.tag.startswith((_TEXT, _TABLE, _OFFICE, _DRAW, f"{{{_NAMES}style")):
        yield tag.text or ""
        for child in tag:
            yield from _shown(child)
            yield child.tail or ""


def _stated(parts: Mapping[str, bytes]) -> str | None:
    found = re.search(rb"<dc:title>([^<]{1,400})</dc:title>", parts.get("meta.xml", b""))
    return found[1].decode("utf-8", "replace") if found else None


def _collapsed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _times(tag: Any, what: str) -> int:
    stated = tag.get(f"{_TABLE}number-{what}-repeated", "1")
    return min(int(stated), _MOST_REPEATED) if stated.isdecimal() else 1


def _styles(root: Any) -> Iterator[tuple[str, _Style]]:
    for style in root.iter(f"{_STYLE}style"):
        fonts = style.find(f"{_STYLE}text-properties")
        weight = None if fonts is None else fonts.get(f"{_FO}font-weight")
        shown = None if fonts is None else fonts.get(f"{_TEXT}display")
        name = style.get(f"{_STYLE}name", "")
        made = _Style(
            name.replace("_20_", " "),
            style.get(f"{_STYLE}parent-style-name", ""),
            None if weight is None else weight in {"bold", "600", "700", "800", "900"},
            None if shown is None else shown == "none",
            style.get(f"{_STYLE}list-style-name", ""),
        )
        yield name, made


def _list_styles(root: Any) -> Iterator[tuple[str, dict[int, Level]]]:
    """Yield the name of each list style with its levels; the numbering of headings is "outline"."""
    for style in root.iter(f"{_TEXT}list-style", f"{_TEXT}outline-style"):
        levels = {}
        for shape in style:
            stated = shape.get(f"{_TEXT}level", "")
            if stated.isdecimal() and 0 < int(stated) <= _LEVELS:
                levels[int(stated) - 1] = _level(shape, int(stated))
        is_outline = style.tag == f"{_TEXT}outline-style"
        yield "outline" if is_outline else style.get(f"{_STYLE}name", ""), levels


def _level(shape: Any, number: int) -> Level:
    if not shape.tag.endswith(("level-style-number", "outline-level-style")):
        return Level("bullet")
    kind = _KINDS.get(shape.get(f"{_STYLE}num-format", ""), "decimal")
    stated = shape.get(f"{_TEXT}display-levels", "1")
    first = number - (min(int(stated), number) if stated.isdecimal() else 1) + 1
    counted = ".".join(f"%{n}" for n in range(first, number + 1) if n < _LEVELS) if kind != "none" else ""
    start = shape.get(f"{_TEXT}start-value", "1")
    return Level(
        kind,
        f"{shape.get(f'{_STYLE}num-prefix', '')}{counted}{shape.get(f'{_STYLE}num-suffix', '')}",
        int(start) if start.isdecimal() else 1,
    )

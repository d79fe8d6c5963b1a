"""Elements -> lines: one line a block, ordered lists with the numbers a browser shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from retrieval.models import LeftOut
from retrieval.sources.formats.html_page import (
    BLOCKS,
    UNTOLD,
    Page,
    is_hidden,
    is_preformatted,
    note_target,
    strings,
    tags,
)
from retrieval.sources.formats.tables import Grid, is_layout, row_texts
from retrieval.sources.labels import ALONE, Label, candidates, letters, roman
from retrieval.sources.lines import Line, collapse

if TYPE_CHECKING:
    from bs4.element import Tag

_BOLD = {"b", "strong", "u"}
_NOTE_START = re.compile(r"^[\[(]?(?:\d{1,3}|[*†‡]{1,3})[\])]?[.:]?\s+|^[↑^]\s*")


class Walker:
    """Collects the text of inline elements until a block begins or ends."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.lines: list[Line] = []
        self._pieces: list[tuple[str, bool]] = []
        self._number = 1
        self._gap = True
        self._heading = 0
        self._label: Label | None = None
        self._bullet = False
        self._depth = 0
        self._carried = ""
        self.left_out: list[LeftOut] = []
        self.notes: list[Line] = []
        self._over_menu: int | None = None  # the line of a heading with nothing but a menu under it, so far

    def walk(self, tag: Tag, bold: bool = False) -> None:
        """Collect everything under `tag`."""
        from bs4.element import NavigableString, PreformattedString, Tag

        for child in tag.children:
            if isinstance(child, Tag):
                self._element(child, bold)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._text(str(child), bold, tag)

    def _text(self, text: str, bold: bool, tag: Tag) -> None:
        if not self._pieces and tag.sourceline:
            self._number = tag.sourceline
        if tag.name != "pre" and not is_preformatted(tag):
            self._pieces.append((text, bold))
            return
        for index, line in enumerate(text.split("\n")):
            if index:
                self.flush(gap=not line.strip())
            self._pieces.append((line, bold))

    def _element(self, tag: Tag, bold: bool) -> None:
        name = tag.name
        if name in UNTOLD:
            return
        if _is_note_mark(tag):
            self._leave_out(tag, "footnote mark")
        elif self._page.is_furniture(tag):
            self.leave(tag)
        elif name == "br":
            self.flush(gap=not any(text.strip() for text, _ in self._pieces))  # two make an empty line
        elif name in {"ol", "ul"}:
            self._list(tag, bold)
        elif name == "table" and self._table(tag):
            return
        elif name in BLOCKS or name == "td":
            self.flush()
            if name == "td":
                self._carry_number()
            self._heading = 2 if re.fullmatch(r"h[1-6]", name) else 0
            self.walk(tag, bold)
            self.flush()
            self._heading = 0
        else:
            if name in {"td", "th"}:
                self._pieces.append((" ", bold))
            self.walk(tag, bold or name in _BOLD)

    def leave(self, tag: Tag) -> None:
        """Book `tag` as no part of the document, but keep the notes in it."""
        if tag.name in BLOCKS:
            self.flush()
        if self.lines and not self._pieces and self.lines[-1].heading == 2 and self._page.of(tag).links:
            self._over_menu = len(self.lines) - 1
        notes = self._page.notes(tag)
        for note, mark in notes:
            inner = Walker(self._page)
            inner.walk(note)
            inner.flush()
            if text := _NOTE_START.sub("", collapse(" ".join(line.text for line in inner.lines))):
                self.notes.append(Line(text, note.sourceline or 1, note=mark))
            self.left_out += inner.left_out
        self._leave_out(tag, "hidden" if is_hidden(tag) else "menu", [note for note, _ in notes])

    def finish(self) -> None:
        """End the last line; a heading that has nothing but a menu under it goes with that."""
        self.flush()
        self._leave_heading()

    def _leave_heading(self) -> None:
        if self._over_menu is not None:
            line = self.lines.pop(self._over_menu)
            self.left_out.append(LeftOut("menu", line.text, f"line {line.number}"))
            self._over_menu = None

    def _leave_out(self, tag: Tag, reason: str, without: Sequence[Tag] = ()) -> None:
        if text := collapse(" ".join(strings(tag, without))):
            self.left_out.append(LeftOut(reason, text, f"line {tag.sourceline}" if tag.sourceline else ""))

    def _table(self, tag: Tag) -> bool:
        """Add a table of data row by row; returns whether it is one."""
        rows = [row for row in tag.find_all("tr") if row.find_parent("table") is tag]
        cells = [[cell for cell in tags(row) if cell.name in {"td", "th"}] for row in rows]
        is_head = (bool(row) and all(cell.name == "th" for cell in row) for row in cells)
        heads = sum(takewhile(bool, is_head))
        nested = bool(tag.find(["table", "h1", "h2", "h3", "ol"])) or tag.get("role") == "presentation"
        read = [[self._cell(cell) for cell in row] for row in cells]
        grid = Grid([[text for text, _ in row] for row in read], heads if heads < len(cells) else 0, nested)
        if is_layout(grid):
            return False
        self.flush()
        if tag.caption is not None:
            self.walk(tag.caption)
            self.flush()
        for text in row_texts(grid):
            self.lines.append(Line(text, tag.sourceline or 1, row=True))
        for row in read:
            for _, inner in row:
                self.left_out += inner.left_out
                self.notes += inner.notes
        return True

    def _cell(self, cell: Tag) -> tuple[str, Walker]:
        inner = Walker(self._page)
        inner.walk(cell)
        inner.flush()
        texts = [f"{line.label.number}. {line.text}" if line.label else line.text for line in inner.lines]
        return " ".join(texts), inner

    def _carry_number(self) -> None:
        """Put a number that fills the cell before in front of the text of this one."""
        last = self.lines[-1].text if self.lines else ""
        if len(last) < 12 and any(label.strength == ALONE for label in candidates(last)):
            self._carried = f"{self.lines.pop().text} "

    def _list(self, tag: Tag, bold: bool) -> None:
        self.flush()
        self._depth += 1
        for item, label in _list_items(tag, self._depth):
            if self._page.is_furniture(item):
                self.leave(item)
                continue
            self.flush()
            self._label, self._bullet = label, label is None
            self.walk(item, bold)
            self.flush()
            self._label, self._bullet = None, False
        self._depth -= 1

    def flush(self, *, gap: bool = True) -> None:
        """End the present line; `gap` says whether the next one opens a block."""
        if text := collapse("".join(text for text, _ in self._pieces)):
            text, self._carried = self._carried + text, ""
            if self._heading:
                self._leave_heading()
            self._over_menu = None
            bold = all(is_bold for piece, is_bold in self._pieces if piece.strip())
            self.lines.append(
                Line(
                    text=text,
                    number=self._number,
                    gap=self._gap or self._label is not None,
                    heading=self._heading or int(bold and self._label is None),
                    label=self._label,
                    bullet=self._bullet,
                    depth=self._depth,
                )
            )
            self._label, self._bullet, self._gap = None, False, gap
        else:
            self._gap = self._gap or gap
        self._pieces = []


def _list_items(tag: Tag, depth: int) -> Iterator[tuple[Tag, Label | None]]:
    items = tag.find_all("li", recursive=False)
    step = -1 if tag.has_attr("reversed") else 1
    value = _number(tag.get("start"), len(items) if step < 0 else 1)
    for item in items:
        value = _number(item.get("value"), value)
        yield item, _list_label(str(tag.get("type", "1")), value, depth) if tag.name == "ol" else None
        value += step


def _number(attribute: object, otherwise: int) -> int:
    text = str(attribute or "").strip()
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else otherwise


def _list_label(kind: str, value: int, depth: int) -> Label:
    number = str(value)
    if 0 < value < 400 and kind in "aAiI":
        number = letters(value) if kind in "aA" else roman(value)
        number = number.upper() if kind.isupper() else number
    return Label(f"list-{depth}", (value,), number)


def _is_note_mark(tag: Tag) -> bool:
    """Whether `tag` is the raised number of a footnote, which is no word of the text."""
    link = tag.find("a") if tag.name == "sup" else tag
    return link is not None and link.name == "a" and note_target(link) != ""

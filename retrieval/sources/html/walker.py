"""Elements -> lines: one line a block, ordered lists with the numbers a browser shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from retrieval.sources.html.page import BLOCKS, Page, note_target, tags
from retrieval.sources.labels import ALONE, Label, candidates, letters, roman
from retrieval.sources.lines import Line, collapse

if TYPE_CHECKING:
    from bs4.element import Tag

_BOLD = {"b", "strong", "u"}


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
        if tag.name != "pre":
            self._pieces.append((text, bold))
            return
        for index, line in enumerate(text.split("\n")):
            if index:
                self.flush(gap=not line.strip())
            self._pieces.append((line, bold))

    def _element(self, tag: Tag, bold: bool) -> None:
        name = tag.name
        if self._page.is_furniture(tag) or _is_note_mark(tag):
            return
        if name == "br":
            self.flush(gap=not any(text.strip() for text, _ in self._pieces))  # two make an empty line
        elif name in {"ol", "ul"}:
            self._list(tag, bold)
        elif name in BLOCKS or (name == "td" and self._holds_prose(tag)):
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

    def _carry_number(self) -> None:
        """Put a number that fills the cell before in front of the text of this one."""
        last = self.lines[-1].text if self.lines else ""
        if len(last) < 12 and any(label.strength == ALONE for label in candidates(last)):
            self._carried = f"{self.lines.pop().text} "

    def _holds_prose(self, tag: Tag) -> bool:
        """Whether a cell of a table is laid out like a page rather than like a row."""
        return any(child.name in BLOCKS and self._page.of(child).prose for child in tags(tag))

    def _list(self, tag: Tag, bold: bool) -> None:
        self.flush()
        self._depth += 1
        for item, label in _list_items(tag, self._depth):
            if self._page.is_furniture(item):
                continue
            self.flush()
            self._label, self._bullet = label, label is None
            self.walk(item, bold)
            self.flush()
            self._label, self._bullet = None, False
        self._depth -= 1

    def flush(self, *, gap: bool = True) -> None:
        """End the present line; `gap` says whether the next one opens a block."""
        text = collapse("".join(text for text, _ in self._pieces))
        if text:
            text, self._carried = self._carried + text, ""
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

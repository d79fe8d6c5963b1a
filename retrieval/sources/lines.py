"""What every reader hands to the numbering: the rendered lines of one source, with what its markup says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.models import LeftOut
from retrieval.sources.labels import Label

_BULLET = re.compile(r"[-*+•·●○◦▪■□‣⁃–—➢✓・](?=\s)|[•●▪‣⁃➢](?=\S)")
_SPACE = re.compile(r"\s+")
_CLOSERS = "\"'”’»)]*"
_TERMINAL = tuple(".!?;:。！？；：…")


@dataclass(frozen=True, slots=True)
class Line:
    """One rendered line: of a text file as it stands, of markup one block or what a line break leaves.

    Attributes:
        text: White space collapsed, never empty; a printed bullet or number is part of it.
        number: Where it begins in the source, counted from 1.
        gap: Whether it starts a block: white space, a tag or nothing at all stands before it.
        indent: Columns of white space before it.
        heading: How sure the markup is: 0 says nothing, 1 wholly bold or underlined, 2 a heading element.
        label: The number its markup gives it (an ordered list); not part of `text`.
        bullet: Whether its markup makes it a list item without a number.
        depth: How deep in lists it stands, 0 outside of any.
        row: Whether it is a row of a table, its cells with their column heads.
        note: The mark of the footnote or endnote that it is, or "".
    """

    text: str
    number: int
    gap: bool = True
    indent: int = 0
    heading: int = 0
    label: Label | None = None
    bullet: bool = False
    depth: int = 0
    row: bool = False
    note: str = ""

    @property
    def marker(self) -> str:
        """The bullet printed in front, or ""."""
        found = _BULLET.match(self.text)
        return found.group() if found and len(self.text) > found.end() else ""

    @property
    def is_bullet(self) -> bool:
        """Whether it opens a list item without a number."""
        return self.bullet or bool(self.marker)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader found in one source.

    Attributes:
        title, date, issuer, source_url, language: What metadata or markup says, or None.
        left_out: What the reader itself left out, and why.
        source: All text of the source as the reader came upon it, before anything was left out.
        paged: Whether `Line.number` counts pages.
    """

    lines: Sequence[Line]
    title: str | None = None
    date: str | None = None
    issuer: str | None = None
    source_url: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = ()
    source: str = ""
    paged: bool = False


def collapse(text: str) -> str:
    """Return `text` with runs of white space, no-break ones included, made one space."""
    return _SPACE.sub(" ", text).strip()


def ends_sentence(text: str) -> bool:
    """Whether `text` ends with a mark after which a new sentence or item may begin."""
    return text.rstrip(_CLOSERS).endswith(_TERMINAL) or text.endswith(_TERMINAL)


def opens_list(text: str) -> bool:
    """Whether `text` leads into what follows: it ends with a colon, a comma or a dash."""
    return text.rstrip("*_ ").endswith((":", "：", ",", "–", "—"))


def starts_lower(text: str) -> bool:
    """Whether the first letter or digit of `text` is a lower-case letter: it goes on from something."""
    return text[:1].islower()

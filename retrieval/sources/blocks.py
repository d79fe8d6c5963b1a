"""Lines joined into blocks, and which blocks are headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.language.dates import find_date
from retrieval.sources.labels import STRONG, candidates
from retrieval.sources.lines import Line, collapse, ends_sentence, opens_list, starts_lower

_MAX_HEADING_CHARS = 140
_DATE_CHARS = 40  # of a line that is a date: "ngày 4 tháng 5 năm 2031"
_MAX_HEADING_WORDS = 18
_MAX_HEADING_CJK = 40
_MAX_HEADING_THAI, _MAX_TITLE_THAI = 30, 40
_NO_FULL_STOPS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # scripts that use none
_WRAPPED_AT = 160  # a file with longer lines was not wrapped by hand
_OPERATIVE = re.compile(r"\b(?:hereby|as follows|have agreed|has agreed)\b", re.IGNORECASE)
_ANNEX = re.compile(
    r"(?:annex(?:es)?|appendi(?:x|ces)|attachment|enclosure|schedule|別添|別紙|附件|付属書)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph-like piece of a source.

    Attributes:
        text: Its lines joined by one space, a printed bullet included.
        bare: The same without the bullet.
        number: The line of the source where it begins.
        heading: As in `Line`.
        size: How many lines it is made of.
        inside: Whether markup puts it inside a list, where it belongs to an item.
        row: Whether it is a row of a table.
        gap: Whether white space stands before it.
    """

    text: str
    number: int
    heading: int = 0
    bullet: bool = False
    bare: str = ""
    size: int = 1
    inside: bool = False
    row: bool = False
    gap: bool = True


def group(lines: Sequence[Line], width: int = 0) -> list[Block]:
    """Join lines into blocks: at white space, bullets and headings, and where lines are never wrapped.

    Args:
        width: Of the longest line of the source in letters, where `lines` are only its first.
    """
    width = max((width, *(len(line.text) for line in lines)))
    blocks: list[list[Line]] = []
    apart = False  # whether the line before is too short to be one of wrapped prose
    for index, line in enumerate(lines):
        loose = _is_loose(line, lines[index + 1] if index + 1 < len(lines) else None, width)
        before = blocks[-1][-1] if blocks else None
        opens = before is None or apart or _opens(line, before, width <= _WRAPPED_AT)
        if before is None or opens or (loose and ends_sentence(before.text)):
            blocks.append([line])
        else:
            blocks[-1].append(line)
        apart = loose
    return _rejoined([_block(block) for block in blocks])


def _is_loose(line: Line, after: Line | None, width: int) -> bool:
    """Whether a line is too short to be one of wrapped prose: it is unfinished, and what follows would have fitted."""
    if 2 * len(line.text) > width or ends_sentence(line.text) or starts_lower(line.text):
        return False
    return after is None or after.gap or not starts_lower(after.text)


def _opens(line: Line, before: Line, wrapped: bool) -> bool:
    if line.gap or line.is_bullet or line.heading or before.heading or line.row or before.row:
        return True
    if not ends_sentence(before.text) or starts_lower(line.text):
        return False
    return not wrapped or line.indent >= before.indent + 2


def _block(lines: Sequence[Line]) -> Block:
    text = " ".join(line.text for line in lines)
    return Block(
        text=text,
        number=lines[0].number,
        heading=lines[0].heading,
        bullet=lines[0].is_bullet,
        bare=collapse(text[len(lines[0].marker) :]),
        size=len(lines),
        inside=lines[0].depth > 0 and lines[0].label is None,
        row=lines[0].row,
        gap=lines[0].gap,
    )


def _rejoined(blocks: Sequence[Block]) -> list[Block]:
    """Join what a page break or a blank line tore apart in the middle of a sentence."""
    out: list[Block] = []
    for block in blocks:
        if out and _goes_on(out[-1], block):
            last = out[-1]
            text, bare = f"{last.text} {block.text}", f"{last.bare} {block.text}"
            out[-1] = replace(last, text=text, bare=bare, size=last.size + block.size)
        else:
            out.append(block)
    return out


def _goes_on(before: Block, block: Block) -> bool:
    if block.text.startswith("ngày ") and len(block.text) < _DATE_CHARS and find_date(block.text):
        return False
    torn = starts_lower(block.text) and not (ends_sentence(before.text) or opens_list(before.text))
    return torn and not (block.bullet or block.heading or before.heading or block.row or before.row)


def has_label(text: str) -> bool:
    """Whether `text` begins with a label of items ("(a)", "3."); "IV." and "A." rather label sections."""
    return any(label.strength == STRONG and "upper" not in label.family for label in candidates(text))


def reads_as_heading(text: str) -> bool:
    """Whether `text` is short, unfinished and starts like a title."""
    if not text or len(text) > _MAX_HEADING_CHARS or len(text.split()) > _MAX_HEADING_WORDS:
        return False
    if ends_sentence(text) or opens_list(text) or starts_lower(text) or text.count("|") > 1:
        return False
    if any("぀" <= c <= "鿿" for c in text):
        return len(text) <= _MAX_HEADING_CJK
    if _NO_FULL_STOPS.search(text) and len(text) > _MAX_TITLE_THAI:
        return False
    return any(c.isalpha() for c in text)


def is_caps(text: str) -> bool:
    """Whether `text` is set in capitals."""
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    return len(letters) > 3 and sum(c.isupper() for c in letters) >= 0.8 * len(letters)


def is_marked_heading(block: Block) -> bool:
    """Whether markup makes `block` a heading; a bold lead-in to a list ("We will:") is not one."""
    if block.heading >= 2:
        return True
    if not block.heading or len(block.text) > 2 * _MAX_HEADING_CHARS:
        return False
    if opens_list(block.text):
        return is_caps(block.text) or bool(_OPERATIVE.search(block.text))
    return not ends_sentence(block.text) or len(block.text.split()) <= _MAX_HEADING_WORDS


def is_heading(block: Block) -> bool:
    """Whether `block` is a heading by its markup or by its looks."""
    if block.bullet or block.row:
        return False
    if is_marked_heading(block):
        return True
    if has_label(block.text):
        return False
    if _NO_FULL_STOPS.search(block.text) and len(block.text) > _MAX_HEADING_THAI:
        return False
    operative = opens_list(block.text) and is_caps(block.text) and len(block.text) <= _MAX_HEADING_CHARS
    return operative or reads_as_heading(block.text)


def starts_annex(block: Block) -> bool:
    """Whether a heading begins something added to the document: an annex, or a document of its own title."""
    if _ANNEX.match(block.text):
        return True
    return is_caps(block.text) and not opens_list(block.text) and len(block.text.split()) >= 3

"""Blocks -> texts, each with the heading it stands under: no block is lost; and where headings part documents.

A heading is the context of the text that follows it. One that another heading follows is citable itself. A run of
short lines that no markup makes headings is a list of names or a signature block: its lines are texts, under
the first of them where that one leads in. One source may hold several documents: its decisions and resolutions, its
annexes, each with numbers of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.sources.blocks import Block, has_label, is_heading, is_marked_heading, reads_as_heading
from retrieval.sources.lines import Line, ends_sentence, opens_list, starts_lower

_ENTRY = re.compile(r"\S[,;:–—-]\s|\s[–—-]\s|\d\s*$|\.\s|\)$")
_FIELD = re.compile(r"[^:]{2,40}[:：]\s\S|.*\b\d{4}$")  # "Place: Port Alder": never a heading
_RUN = 3  # short lines in a row: entries of a list rather than headings of headings
_LEAD = 60  # letters of a line that leads into others
_PROSE = 200  # letters of a text that needs no full stop


@dataclass(frozen=True, slots=True)
class Text:
    """A citable piece.

    Attributes:
        heading: What it stands under, or None.
        is_heading: Whether it is itself a heading, followed by another one.
        bullet: Whether it opens a list item.
    """

    text: str
    heading: str | None = None
    is_heading: bool = False
    bullet: bool = False


def settle(
    blocks: Sequence[Block], heading: str | None = None, *, closes: bool = True
) -> tuple[list[Text], str | None]:
    """Return every block as a text or as the heading of one, and the heading that what follows stands under.

    Args:
        heading: What the first block stands under.
        closes: Whether nothing follows that the last block could be the heading of.
    """
    out: list[Text] = []
    position = 0
    while position < len(blocks):
        end = position
        while end < len(blocks) and _is_short(blocks, end):
            end += 1
        if end > position:
            after = blocks[end] if end < len(blocks) else None
            ends = after is None and closes
            texts, heading = _run(blocks[position:end], heading, ends=ends, carries=_carries(after, closes))
            out.extend(texts)
            position = end
            continue
        start = position
        text, position = _joined(blocks, position)
        out.append(Text(text, heading, bullet=blocks[start].bullet))
    return out, heading


def _is_short(blocks: Sequence[Block], index: int) -> bool:
    """Whether a block is a heading, or a short line that leads into others like it ("Members present:")."""
    block = blocks[index]
    if block.row:
        return False
    if is_heading(block):
        return True
    if not opens_list(block.text) or len(block.text) > _LEAD or block.bullet or has_label(block.text):
        return False
    return any(is_heading(after) and not is_marked_heading(after) for after in blocks[index + 1 : index + 2])


def _carries(after: Block | None, closes: bool) -> bool:
    """Whether what follows a run of short lines is a text that one of them can be the heading of."""
    if after is None:
        return not closes
    text = after.text
    stands = after.bullet or after.row or len(text) > _PROSE
    return stands or ends_sentence(text) or opens_list(text) or has_label(text)


def _run(
    run: Sequence[Block], heading: str | None, *, ends: bool, carries: bool
) -> tuple[list[Text], str | None]:
    """Return the texts among short lines that follow one another, and the heading of what comes after them.

    Args:
        ends: Whether nothing comes after them.
        carries: Whether what comes after them can stand under the last.
    """
    out: list[Text] = []
    for marked, plain, last in _stretches(run):
        own = not plain and last and ends  # a heading at the very end leads to nothing
        stand = marked if own else marked[:-1]
        out.extend(Text(block.bare, heading, is_heading=not own) for block in stand)
        outer = heading
        if marked and not own:
            heading = marked[-1].text
        texts, under = _lines(plain, heading, before_text=last and carries and not ends)
        if marked and not own and under != heading and all(text.heading != heading for text in texts):
            out.append(Text(marked[-1].bare, outer, is_heading=True))  # only a plain line stands under it
        heading = under
        out.extend(texts)
    return out, heading


def _stretches(run: Sequence[Block]) -> list[tuple[list[Block], list[Block], bool]]:
    """Return a run as marked headings followed by plain lines, again and again, the last one marked as such."""
    out: list[tuple[list[Block], list[Block]]] = [([], [])]
    for block in run:
        is_marked = is_marked_heading(block)
        if is_marked and out[-1][1]:
            out.append(([], []))
        out[-1][0 if is_marked else 1].append(block)
    return [(marked, plain, index == len(out) - 1) for index, (marked, plain) in enumerate(out)]


def _lines(
    plain: Sequence[Block], heading: str | None, *, before_text: bool
) -> tuple[list[Text], str | None]:
    """Return plain short lines as entries, and which of them is the heading of the others or of what follows."""
    entries = list(plain)
    if not entries:
        return [], heading
    shapes = [bool(_ENTRY.search(block.text)) for block in entries]
    few = len(entries) == 1 or (len(entries) == 2 and not all(shapes))
    if few and before_text and not _FIELD.match(entries[-1].text):
        return [Text(block.bare, heading, is_heading=True) for block in entries[:-1]], entries[-1].text
    if len(entries) >= _RUN and not shapes[0] and not opens_list(entries[0].text):
        heading = entries.pop(0).text
        shapes.pop(0)
    closing = before_text and len(entries) > 1 and not shapes[-1] and all(shapes[:-1])
    last = entries.pop().text if closing else heading
    return [Text(block.bare, heading) for block in entries], last


def _joined(blocks: Sequence[Block], position: int) -> tuple[str, int]:
    """Return the text that begins at `position` with the list it leads into, and where the next one begins."""
    block = blocks[position]
    if block.row:
        return block.text, position + 1
    text, listing = block.bare, False
    position += 1
    for block in blocks[position:]:
        if block.row or not _joins(text, block, listing=listing):
            break
        listing = listing or block.bullet or opens_list(text)
        text = f"{text} {block.text}"
        position += 1
    return text, position


def _joins(pending: str, block: Block, *, listing: bool) -> bool:
    """Whether `block` belongs to the unnumbered text `pending`: a list goes with what leads into it."""
    if block.bullet:
        return listing or opens_list(pending) or not ends_sentence(pending)
    if listing or opens_list(pending):
        return starts_lower(block.text) or (has_label(block.text) and not is_marked_heading(block))
    return False


_ANNEX = re.compile(
    r"""
    # the heading of an annex, in many languages, with its number, and what follows on the line
    (?P<name>(?:annex(?:e|o|ure)?|appendi(?:x|ce)|attachment|enclosure|schedule|anhang|anlage|bijlage
    |lampiran|phụ\ lục|приложение|ภาคผนวก|ملحق|附件|附錄|附录|別添|別紙|付属書
    |부속서)(?:\s?(?:[ivxlc]{1,6}|\d{1,3}|[a-z]|[一二三四五六七八九十]{1,3})(?![^\W_]))?)
    (?P<rest>\s*(?:$|[.:–—*-]+\s*\S.*|\(.*\)$|to\s.*))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DECISION = re.compile(
    r"""
    # a decision or resolution with its number, as a heading; what follows on the line
    (?P<name>(?:decision|resolution|recommendation|décision|résolution|recommandation|decisión
    |resolución|beschluss|решение|резолюция|keputusan|nghị\ quyết|決議|决定
    |決定)\s+(?=\S*\d)[\w/.()-]{0,24}[\w)])(?P<rest>[.:]?(?:\s*$|\s*[–—-]\s+\S.*|(?<=[.:])\s+\S.*))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a source that are numbered on their own.

    Attributes:
        name: As a reader would call it ("Annex I", "Decision 2/CP.1"); None for the body.
        start, end: A half-open range of lines; the line that names the part is the first of them.
    """

    name: str | None
    start: int
    end: int

    @property
    def is_annex(self) -> bool:
        """Whether it is added to a document rather than one of several."""
        return self.name is not None and _ANNEX.match(self.name) is not None


def split_parts(lines: Sequence[Line]) -> list[Part]:
    """Return the parts of `lines`, at least one, in order."""
    pairs = list(enumerate(zip(lines, [None, *lines], strict=False)))
    annexes = [(i, name) for i, (line, before) in pairs if (name := _opens(line, before, _ANNEX))]
    decisions = [(i, name) for i, (line, before) in pairs if (name := _opens(line, before, _DECISION))]
    if len({name for _, name in decisions}) < 2:
        decisions = []
    openers = sorted([*annexes, *decisions])
    sentences = (i for i, line in enumerate(lines) if len(line.text) > 60 and ends_sentence(line.text))
    text = next(sentences, len(lines))
    openers = [(i, name) for i, name in openers if i > text or (i, name) in decisions]
    starts = [*([] if openers and openers[0][0] == 0 else [(0, None)]), *openers]
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    return [Part(name, start, end) for (start, name), end in zip(starts, ends, strict=True)]


def _opens(line: Line, before: Line | None, pattern: re.Pattern[str]) -> str | None:
    """Return the name of the part that a line opens: alone on it, or before its title."""
    if line.row or line.bullet or len(line.text) > _LONGEST:
        return None
    found = pattern.match(line.text)
    if found is None:
        return None
    stands = line.gap or line.heading or before is None or ends_sentence(before.text)
    if not stands and found["rest"].strip():
        return None
    is_heading_line = reads_as_heading(line.text.rstrip(":*")) or found["rest"] == ""
    if ends_sentence(line.text.rstrip(":")) or not is_heading_line:
        return None
    word, _, rest = found["name"].strip().partition(" ")
    return f"{word[:1].upper()}{word[1:].lower()} {rest}".strip()

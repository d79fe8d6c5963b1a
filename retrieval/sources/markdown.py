"""Markdown and text -> lines: structure line by line, inline markup by markdown-it.

Official Markdown is mostly converted text: "1." and "2\\\\." in one list, bold lines for headings, lists
that a strict parser would renumber or read as code. So a line keeps the number printed on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from retrieval.sources.lines import Line, collapse

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MARKUP = re.compile(
    r"\*\*[^\s*](?:[^\n*]*[^\s*])?\*\*|^#{1,6} \S|^\\[#*]|^\d{1,3}\\[.)]|<(?:u|b|strong|em|br)\b",
    re.MULTILINE,
)
_SYNTAX = re.compile(r"[*_`\\<>&\[\]!]|https?:")
_ATX = re.compile(r"#{1,6}\s+(?P<text>.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\s*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_BOLD = re.compile(r"\*\*(?:(?!\*\*).)+\*\*|__(?:(?!__).)+__", re.DOTALL)
# Converters leave "**" alone and set "*.*" where CommonMark sees no emphasis.
_LEFTOVER = re.compile(r"\*\*+|(?<=\w)\*([^\w*]{0,3})\*")
_LABEL_ESCAPE = re.compile(r"^(\s*\(?\w{1,5})\\([.)])")
_TAB = 4


def looks_like_markdown(text: str) -> bool:
    """Whether a text file carries Markdown's markup, as texts converted from web pages do."""
    return bool(_MARKUP.search(text[:200_000]))


def read_markdown(text: str, first_line: int = 1) -> list[Line]:
    """Return the lines of Markdown `text`, inline markup rendered."""
    blank = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    lines: list[Line] = []
    for number, block in _blocks([_QUOTE.sub("", line) for line in blank.split("\n")], first_line):
        lines.extend(_read_block(block, number))
    return lines


def read_plain(text: str, first_line: int = 1) -> list[Line]:
    """Return the lines of plain `text` as they stand."""
    return [
        Line(collapse(raw), number, gap=index == 0, indent=_indent(raw))
        for first, block in _blocks(text.split("\n"), first_line)
        for index, (number, raw) in enumerate(enumerate(block, start=first))
    ]


def _blocks(source: Sequence[str], first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the runs of lines between blank lines, each with the number of its first line."""
    block: list[str] = []
    for number, raw in enumerate([*source, ""], start=first_line):
        if collapse(raw):
            block.append(raw)
        elif block:
            yield number - len(block), block
            block = []


def _read_block(block: Sequence[str], number: int) -> Iterator[Line]:
    """Yield the lines of one block; headings in it stand for themselves, the rest is rendered in one go."""
    start = index = 0
    gap = True
    while index < len(block):
        heading, text, used = _heading(block, index)
        if heading:
            yield from _rendered_lines(block[start:index], number + start, gap=gap)
            if shown := collapse(render_inline(text)):
                yield Line(
                    shown, number + index, gap or index == 0 or heading == 2, _indent(block[index]), heading
                )
            start, gap = index + used, heading == 2
        index += used
    yield from _rendered_lines(block[start:], number + start, gap=gap)


def _rendered_lines(block: Sequence[str], number: int, *, gap: bool) -> Iterator[Line]:
    shown = render_inline("\n".join(block)).split("\n")
    if len(shown) != len(block):  # a tag or a link went over the end of a line
        shown = [render_inline(raw) for raw in block]
    for offset, (raw, text) in enumerate(zip(block, shown, strict=True)):
        if text := collapse(text):
            yield Line(text, number + offset, gap=gap, indent=_indent(raw))
            gap = False
        else:
            gap = True


def _heading(block: Sequence[str], index: int) -> tuple[int, str, int]:
    """Return what kind of heading begins at `index` (0: none), its text, and how many lines it takes."""
    raw = block[index]
    if found := _ATX.match(raw.strip()):
        return 2, found["text"], 1
    if index == 0 and len(block) > 1 and _UNDERLINE.match(block[1]) and len(raw) < 200:
        return 2, raw, 2
    used = 1
    while raw.count("**") % 2 and used < 4 and index + used < len(block):
        raw = f"{raw}\n{block[index + used]}"
        used += 1
    if "**" in raw and not _BOLD.sub("", raw).strip():
        return 1, raw, used
    return 0, "", 1


def _indent(raw: str) -> int:
    expanded = raw.expandtabs(_TAB)
    return len(expanded) - len(expanded.lstrip())


def render_inline(text: str) -> str:
    """Return the words of `text` as a reader sees them: no emphasis marks, tags, escapes or link targets."""
    if not _SYNTAX.search(text):
        return text
    escaped = _LABEL_ESCAPE.sub(r"\1\2", text)
    tokens = _parser().parseInline(escaped)
    out = [_rendered(token.type, token.content) for token in tokens[0].children or ()]
    return _LEFTOVER.sub(r"\1", "".join(out))


def _rendered(kind: str, content: str) -> str:
    if kind in {"softbreak", "hardbreak"}:
        return "\n"
    return content if kind in {"text", "code_inline", "text_special"} else ""


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True})

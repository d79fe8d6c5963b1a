"""Markdown and text -> lines: structure line by line, inline markup by markdown-it, footnotes by the marks they carry.

Official Markdown is mostly converted text: "1." and "2\\." in one list, bold lines for headings, lists
that a strict parser would renumber or read as code. So a line keeps the number printed on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby, islice, pairwise
from typing import TYPE_CHECKING, Any

from retrieval.errors import SourceError
from retrieval.language.dates import find_date
from retrieval.models import LeftOut
from retrieval.sources.formats.tables import Grid, row_texts
from retrieval.sources.lines import Extracted, Line, collapse, ends_sentence, starts_lower, web_address

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_RULE = re.compile(r"[_—–-]{3,}|(?:[*_-]\s){2,}[*_-]")
_NOTE = re.compile(
    r"(?:\[(?P<a>\d{1,3})\]|\((?P<b>\d{1,3})\)|(?P<c>\d{1,3}|[*†‡]{1,3})[.)/:]?)\s*(?=[^\W\d_]|[“\"‘'«(])"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_DEFINED = re.compile(r"\[\^(?P<mark>[\w-]{1,20})\]:\s*(?P<text>.*)")
# Before a mark: the end of a word or of a sentence; "G20" and "3.1" end in none.
_CARRIES = r"(?:(?<=[^\W\d_]{3})|(?<=[^\W\d_][.,;:!?)”\"’»]))"


def with_notes(lines: Sequence[Line]) -> tuple[list[Line], list[LeftOut]]:
    """Return `lines` with notes known as such and without their marks, which are left out.

    A number under a rule is a note where the text above carries it as a mark; else a rule may part a title from the
    first paragraph.
    """
    out = list(lines)
    notes: dict[int, str] = {}  # line -> mark, "" for a line that goes on with the note before
    for index, line in enumerate(out):
        if _RULE.fullmatch(line.text):
            notes |= _under(out, index)
        elif defined := _DEFINED.fullmatch(line.text):
            out[index] = replace(line, text=defined["text"] or defined["mark"], note=defined["mark"])
    marks = {mark for mark in notes.values() if mark}
    kept: list[Line] = []
    left_out: list[LeftOut] = []
    for index, line in enumerate(out):
        mark = notes.get(index)
        if mark is None:
            text, gone = _without(line.text, marks) if marks and not line.note else (line.text, [])
            left_out += [LeftOut("footnote mark", each, f"line {line.number}") for each in gone]
            kept.append(replace(line, text=text))
        elif mark:
            kept.append(Line(line.text[_mark(line.text)[1] :], line.number, note=mark))
            left_out.append(LeftOut("footnote mark", mark, f"line {line.number}"))
        else:
            kept[-1] = replace(kept[-1], text=f"{kept[-1].text} {line.text}")
    return kept, left_out


def _under(lines: Sequence[Line], rule: int) -> dict[int, str]:
    """Return the notes under a rule: from the first mark on, each one more than the one before."""
    above = [line.text.translate(_RAISED) for line in lines[:rule]]
    found: dict[int, str] = {}
    expected: str | None = None
    for index in range(rule + 1, len(lines)):
        line = lines[index]
        mark, _ = _mark(line.text)
        is_next = mark and (expected in (None, mark) or not mark.isdigit())
        if is_next and any(map(_carried(mark).search, above)):
            found[index] = mark
            expected = str(int(mark) + 1) if mark.isdigit() else expected
        elif found and not line.gap:
            found[index] = ""
        else:
            break
    return found


def _mark(text: str) -> tuple[str, int]:
    """Return the mark that a line begins with, or "", and where its text does."""
    found = _NOTE.match(text.translate(_RAISED))
    return (found["a"] or found["b"] or found["c"], found.end()) if found else ("", 0)


def _carried(mark: str) -> re.Pattern[str]:
    plain = re.escape(mark)
    return re.compile(rf"{_CARRIES}(?:\s?\[{plain}\]|\s?\({plain}\)|\s{plain}/|{plain}/?)(?=[\s.,;:)]|$)")


def _without(text: str, marks: set[str]) -> tuple[str, list[str]]:
    """Return a text without the marks that it carries, and those."""
    gone: list[str] = []
    for mark in marks:
        for found in reversed(list(_carried(mark).finditer(text.translate(_RAISED)))):
            gone.append(found.group().strip())
            text = text[: found.start()] + text[found.end() :]
    return text, gone


_SIGNS = (
    re.compile(r"\*\*[^\s*](?:[^\n*]*[^\s*])?\*\*|^\\[#*]", re.MULTILINE),
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^\d{1,3}\\[.)]", re.MULTILINE),
    re.compile(r"<(?:u|b|strong|em|br|sup)\s*/?>", re.IGNORECASE),
    re.compile(r"\[[^\[\]\n]{1,200}\]\(https?://"),
    re.compile(r"^\|?[ \t]{0,4}:?-{3,100}:?[ \t]{0,4}\|", re.MULTILINE),
)
_FEWEST_SIGNS = 2  # one may be a sum, or the emphasis of somebody who writes plain text
_MARK = re.compile(r"\s?<sup>\s*[\[(]?(\d{1,3}|[*†‡a-z])[\])]?\s*</sup>|\[\^([\w-]{1,20})\](?!:)", re.I)
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_DASHES = re.compile(r"^[\s|:-]+$")
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
_FEWEST_LINES = 12  # before anything is said about how they are spaced
_ALONE = 0.9  # of the lines stand alone


def looks_like_markdown(text: str) -> bool:
    """Whether a text file carries Markdown's markup, as texts converted from web pages do."""
    if _ATX.match(text.lstrip("\ufeff\n ").partition("\n")[0]):
        return True
    found = (list(islice(sign.finditer(text[:200_000]), 3)) for sign in _SIGNS)
    counts = [len(each) for each in found]
    return sum(map(bool, counts)) >= _FEWEST_SIGNS or max(counts) > _FEWEST_SIGNS


def read_markdown(text: str, first_line: int = 1) -> tuple[list[Line], list[LeftOut]]:
    """Return the lines of Markdown `text`, inline markup rendered, and the marks of its notes."""
    blank = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    source = [_QUOTE.sub("", line) for line in blank.split("\n")]
    left: list[LeftOut] = []
    for index, raw in enumerate(source):
        if "<sup>" in raw or "[^" in raw:
            place = f"line {index + first_line}"
            left += [LeftOut("footnote mark", m[1] or m[2], place) for m in _MARK.finditer(raw)]
            source[index] = _MARK.sub("", raw)
    lines: list[Line] = []
    for start, block in _blocks(source, first_line):
        for number, rows in _tables(block, start):
            lines.extend(_rows(rows, number) if _is_table(rows) else _read_block(rows, number))
    return lines, left


def read_plain(text: str, first_line: int = 1) -> list[Line]:
    """Return the lines of plain `text` as they stand; rows between bars are those of a table."""
    lines: list[Line] = []
    for start, block in _blocks(text.split("\n"), first_line):
        for number, rows in _tables(block, start):
            plain = (
                Line(collapse(raw), at, gap=at == start, indent=_indent(raw))
                for at, raw in enumerate(rows, number)
            )
            lines.extend(_rows(rows, number) if _is_table(rows) else plain)
    return _single_spaced(lines) if _is_double_spaced(lines) else lines


def _is_double_spaced(lines: Sequence[Line]) -> bool:
    """Whether an empty line stands after every line, as text recognition leaves them: sentences go on over them."""
    alone = sum(line.gap for line in lines)
    if len(lines) < _FEWEST_LINES or alone < _ALONE * len(lines):
        return False
    torn = sum(starts_lower(line.text) or not ends_sentence(before.text) for before, line in pairwise(lines))
    lower = sum(starts_lower(line.text) for line in lines)
    return torn > 0.5 * len(lines) and lower > 0.15 * len(lines)


def _single_spaced(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with white space only where the first word would have fitted on the line before."""
    width = sorted(len(line.text) for line in lines)[-max(1, len(lines) // 10)]
    out = list(lines[:1])
    for before, line in pairwise(lines):
        short = len(before.text) + len(line.text.split(" ", 1)[0]) + 1 < 0.85 * width
        out.append(replace(line, gap=short and not starts_lower(line.text)))
    return out


def _tables(block: Sequence[str], number: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of tables in a block and the lines between them, each with the number of its first line."""
    for _, group in groupby(block, key=lambda raw: bool(_ROW.match(raw))):
        rows = list(group)
        yield number, rows
        number += len(rows)


def _is_table(rows: Sequence[str]) -> bool:
    return len(rows) > 1 and bool(_ROW.match(rows[0]))


def _rows(rows: Sequence[str], number: int) -> Iterator[Line]:
    ruled = next((i for i, raw in enumerate(rows) if _DASHES.match(raw)), 0)
    cells = [[collapse(render_inline(cell)) for cell in raw.strip()[1:-1].split("|")] for raw in rows]
    kept = [row for raw, row in zip(rows, cells, strict=True) if not _DASHES.match(raw)]
    for text in row_texts(Grid(kept, ruled)):
        yield Line(text, number, row=True)


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
    out = ""
    for token in tokens[0].children or ():
        if token.type in {"softbreak", "hardbreak"}:
            out += "\n"
        elif token.type in {"text", "code_inline", "text_special"}:
            out += token.content
    return _LEFTOVER.sub(r"\1", out)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True})


_FENCED = re.compile(r"\s{0,3}---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"^[A-Za-z_][\w -]*:", re.MULTILINE)


def split_front_matter(name: str, text: str) -> tuple[Extracted | None, str, int]:
    """Return what the front matter says (None without one), the text after it, and that text's first line.

    Raises:
        SourceError: It looks like front matter and is not YAML.
    """
    found = _FENCED.match(text)
    if found is None or not _KEY.search(found[1] or ""):
        return None, text, 1
    first_line = text.count("\n", 0, found.end()) + 1
    return _read(name, found.group()), text[found.end() :], first_line


def _read(name: str, block: str) -> Extracted:
    import frontmatter
    import yaml

    try:
        table = frontmatter.loads(block).metadata
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = getattr(error, "problem", None) or error
        raise SourceError(name, f"the front matter is not valid YAML ({what}). Correct it.", line) from error
    return Extracted(
        lines=(),
        title=_text(table, "title"),
        date=_date(table),
        issuer=_text(table, "issuer", "author", "publisher", "source", "organization", "creators", "creator"),
        source_url=_address(table),
        language=_language(table),
    )


def _text(table: Mapping[str, Any], *keys: str) -> str | None:
    values = (value[0] if isinstance(value := table.get(key), list) and value else value for key in keys)
    return next((collapse(value) for value in values if isinstance(value, str) and value.strip()), None)


def _date(table: Mapping[str, Any]) -> str | None:
    dates = (find_date(str(table.get(key, ""))) for key in ("date", "published", "published_time"))
    return next(filter(None, dates), None)


def _address(table: Mapping[str, Any]) -> str | None:
    return web_address(_text(table, "source_url", "url", "permalink", "canonical_url"))


def _language(table: Mapping[str, Any]) -> str | None:
    found = re.match(r"[a-z]{2}(?=$|[-_])", (_text(table, "language", "lang") or "").lower())
    return found.group() if found else None

"""Footnotes of plain text: what stands under a rule with the marks that the text above carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.models import LeftOut
from retrieval.sources.lines import Line

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
            kept.append(Line(_text(line), line.number, note=mark))
            left_out.append(LeftOut("footnote mark", mark, f"line {line.number}"))
        else:
            kept[-1] = replace(kept[-1], text=f"{kept[-1].text} {line.text}")
    return kept, left_out


def _under(lines: Sequence[Line], rule: int) -> dict[int, str]:
    """Return the notes under a rule: from the first mark on, each one more than the one before."""
    above = [line.text for line in lines[:rule]]
    found: dict[int, str] = {}
    expected: str | None = None
    for index in range(rule + 1, len(lines)):
        line = lines[index]
        mark = _mark(line.text)
        if mark and (expected in (None, mark) or not mark.isdigit()) and _is_carried(mark, above):
            found[index] = mark
            expected = str(int(mark) + 1) if mark.isdigit() else expected
        elif found and not line.gap:
            found[index] = ""
        else:
            break
    return found


def _mark(text: str) -> str:
    found = _NOTE.match(text.translate(_RAISED))
    return (found["a"] or found["b"] or found["c"]) if found else ""


def _text(line: Line) -> str:
    found = _NOTE.match(line.text.translate(_RAISED))
    return line.text[found.end() :] if found else line.text


def _carried(mark: str) -> re.Pattern[str]:
    plain = re.escape(mark)
    return re.compile(rf"{_CARRIES}(?:\s?\[{plain}\]|\s?\({plain}\)|\s{plain}/|{plain}/?)(?=[\s.,;:)]|$)")


def _is_carried(mark: str, texts: Sequence[str]) -> bool:
    pattern = _carried(mark)
    return any(pattern.search(text.translate(_RAISED)) for text in texts)


def _without(text: str, marks: set[str]) -> tuple[str, list[str]]:
    """Return a text without the marks that it carries, and those."""
    gone: list[str] = []
    for mark in marks:
        for found in reversed(list(_carried(mark).finditer(text.translate(_RAISED)))):
            gone.append(found.group().strip())
            text = text[: found.start()] + text[found.end() :]
    return text, gone

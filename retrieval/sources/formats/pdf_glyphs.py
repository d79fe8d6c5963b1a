"""One page of a PDF -> runs: letters that stand side by side on one baseline; and the straight lines drawn on it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_BOLD = ("bold", "black", "heavy", "semibold", "demi")
_BOLD_WEIGHT = 600
_WRITTEN = {  # ligatures, and what PDFium puts for the hyphen that ends a line
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
    0x2: "-", 0xFFFE: "-",
}  # fmt: skip
_NAME_BYTES = 128


@dataclass(slots=True)
class Run:
    """Letters on one baseline; places in points from the lower left corner of the page as it is seen.

    Attributes:
        left, right: Where the letters begin and end.
        base: The baseline.
        size: Of the font.
        raised: Whether it stands above the letters beside it, like the mark of a footnote.
        table: "row" for a whole row of a table, "cell" for a whole paragraph of a cell, or "".
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool = False
    raised: bool = False
    table: str = ""


def read_runs(page: Any, textpage: Any, rules: Sequence[Rule] = ()) -> list[Run]:
    """Return the runs of a page in the order in which the file draws them.

    Args:
        page, textpage: Of pypdfium2.
        rules: Lines drawn on it; no run goes over one that stands upright.
    """
    runs: list[Run] = []
    upright = [rule for rule in rules if not rule.level]
    blank, bold = True, False
    for index, glyph in _glyphs(page, textpage):
        if not glyph.text.strip():
            blank = True
            continue
        last = runs[-1] if runs else None
        goes_on = last is not None and _continues(last, glyph) and not _parts(upright, last, glyph)
        if blank or not goes_on:  # type changes between words
            bold = _is_bold(textpage, index)
        if last is None or not goes_on or bold != last.bold:
            glyph.bold = bold
            runs.append(glyph)
        else:
            wide = glyph.left - last.right > 0.25 * last.size
            last.text += (" " if blank or wide else "") + glyph.text
            last.right = max(last.right, glyph.right)
        blank = False
    return runs


def _continues(run: Run, glyph: Run) -> bool:
    if abs(glyph.base - run.base) > 0.12 * run.size or abs(glyph.size - run.size) > 0.12 * run.size:
        return False
    return -0.5 * run.size < glyph.left - run.right < 1.2 * run.size


def _parts(upright: Sequence[Rule], run: Run, glyph: Run) -> bool:
    """Whether a line stands between two letters."""
    if glyph.left - run.right < 0.15 * run.size:
        return False
    beside = (rule for rule in upright if run.right - 1 <= rule.at <= glyph.left + 1)
    return any(rule.start <= glyph.base <= rule.end for rule in beside)


def _glyphs(page: Any, textpage: Any) -> Iterator[tuple[int, Run]]:
    import pypdfium2.raw as pdfium

    turn = turning(page)
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        if code in (0, 0xD, 0xA):
            continue
        pdfium.FPDFText_GetLooseCharBox(textpage, index, box)
        pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
        ends = turn(box.left, box.bottom)[0], turn(box.right, box.top)[0]
        size = pdfium.FPDFText_GetFontSize(textpage, index)
        height = abs(box.top - box.bottom) or abs(box.right - box.left)
        if not 0.3 * height <= size <= 3 * height and height:  # scaled by a matrix: "1 Tf" and 12 points
            size = height
        base = turn(x.value, y.value)[1]
        yield index, Run(_WRITTEN.get(code) or chr(code), min(ends), max(ends), base, round(size or 1.0, 1))


def turning(page: Any) -> Any:
    """Return the function from a place on the sheet to where it is seen when the page is turned."""
    width, height = page.get_size()
    return {
        90: lambda x, y: (y, height - x),
        180: lambda x, y: (width - x, height - y),
        270: lambda x, y: (width - y, x),
    }.get(page.get_rotation(), lambda x, y: (x, y))


def _is_bold(textpage: Any, index: int) -> bool:
    import pypdfium2.raw as pdfium

    if pdfium.FPDFText_GetFontWeight(textpage, index) >= _BOLD_WEIGHT:
        return True
    name, flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage, index, name, _NAME_BYTES, flags)
    return any(word in name.value.decode("utf-8", "replace").lower() for word in _BOLD)


_STRAIGHT = 1.0
_SHORTEST = 5.0
_MOST_RULES = 1_500  # of a page; more are a drawing
_MOST_POINTS = 400  # of one path
_THIN = 3.0  # points: an area no wider is a line


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line that is drawn on a page, in points as it is seen.

    Attributes:
        level: Whether it runs from left to right.
        at: Its height, or how far right it stands.
        start, end: Where it begins and ends, the smaller first.
    """

    level: bool
    at: float
    start: float
    end: float


def read_rules(page: Any, turn: Callable[[float, float], tuple[float, float]]) -> list[Rule]:
    """Return the straight lines of a page of pypdfium2; none where there are so many that they are a drawing.

    Args:
        turn: From a place on the sheet to where it is seen.
    """
    import pypdfium2.raw as pdfium

    rules: list[Rule] = []
    for drawn in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_PATH,), max_depth=3):
        for (x, y), (z, w) in pairwise(_points(drawn, turn)):
            if abs(y - w) <= _STRAIGHT and abs(x - z) >= _SHORTEST:
                rules.append(Rule(True, (y + w) / 2, min(x, z), max(x, z)))
            elif abs(x - z) <= _STRAIGHT and abs(y - w) >= _SHORTEST:
                rules.append(Rule(False, (x + z) / 2, min(y, w), max(y, w)))
        if len(rules) > _MOST_RULES:
            return []
    return rules


def _points(drawn: Any, turn: Callable[[float, float], tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a path; none of one that fills an area, which is no line."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFPath_CountSegments(drawn)
    fills, strokes = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(drawn, fills, strokes)
    if not 1 < count <= _MOST_POINTS:
        return []
    matrix, points = drawn.get_matrix(), []
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(drawn, index)
        if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_BEZIERTO:
            return []
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        points.append(turn(*matrix.on_point(x.value, y.value)))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    wide, high = (max(side) - min(side) for side in zip(*points, strict=True))
    return points if strokes.value or min(wide, high) <= _THIN else []

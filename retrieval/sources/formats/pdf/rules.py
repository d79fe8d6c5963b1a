"""Straight lines that are drawn on a page."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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

"""How many of each year or week there are, and of which so many are something: bars, as SVG for a page and as PNG for Discord.

The PNG is drawn by PDFium, which reads PDFs here anyway: Pillow or matplotlib would be much for a few rectangles.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Sequence

Year = tuple[int | str, int, int]
"""The year (or what else stands below the axis), how many are it, how many there are."""

WIDTH, HEIGHT = 640, 180
_LEFT, _BOTTOM, _TOP = 12, 28, 22
_MOST_LABELS = 14

_ONE_AT_A_TIME = threading.Lock()
"""PDFium may not be used by two threads at once."""


def bars(years: Sequence[Year]) -> list[tuple[float, float, float, float, Year]]:
    """Return for each year x, width and the heights of both bars, in pixels from below the axis."""
    step = (WIDTH - 2 * _LEFT) / len(years)
    unit = (HEIGHT - _BOTTOM - _TOP) / max(total for _, _, total in years)
    return [
        (_LEFT + i * step + 0.1 * step, 0.8 * step, unit * used, unit * total, (year, used, total))
        for i, (year, used, total) in enumerate(years)
    ]


def labelled(years: Sequence[Year]) -> set[int | str]:
    """Return the years that are written below the axis."""
    every = -(-len(years) // _MOST_LABELS)
    return {year for year, _, _ in years[::every]}


def png(years: Sequence[Year], scale: int = 2) -> bytes:
    """Return the bars as a PNG, readable on a dark and on a light ground."""
    import numpy as np
    import pypdfium2

    with _ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument.new()
        page = document.new_page(WIDTH, HEIGHT)
        shown = labelled(years)
        for x, width, used, total, (year, number, _) in bars(years):
            _rectangle(page, x, width, total, (205, 210, 220))
            _rectangle(page, x, width, used, (52, 98, 196))
            if year in shown:
                _text(document, page, x, 10, str(year))
            if number and len(years) <= 2 * _MOST_LABELS:
                _text(document, page, x, _BOTTOM + total + 4, str(number))
        page.gen_content()
        pixels = page.render(scale=scale).to_numpy()[:, :, 2::-1]
        document.close()
    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in np.ascontiguousarray(pixels))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _rectangle(page: object, x: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
    from pypdfium2 import raw

    if height <= 0:
        return
    shape = raw.FPDFPageObj_CreateNewRect(x, _BOTTOM, width, height)
    raw.FPDFPageObj_SetFillColor(shape, *colour, 255)
    raw.FPDFPath_SetDrawMode(shape, raw.FPDF_FILLMODE_ALTERNATE, False)
    raw.FPDFPage_InsertObject(page, shape)


def _text(document: object, page: object, x: float, y: float, text: str) -> None:
    import ctypes

    from pypdfium2 import raw

    shape = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", 11.0)
    encoded = (text + "\x00").encode("utf-16-le")
    buffer = ctypes.create_string_buffer(encoded, len(encoded))
    raw.FPDFText_SetText(shape, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)))
    raw.FPDFPageObj_Transform(shape, 1, 0, 0, 1, x, y)
    raw.FPDFPage_InsertObject(page, shape)

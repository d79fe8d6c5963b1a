"""Which library reads real official documents best: `python -m bench.libraries --real DIR [--tables]`.

DIR is that of `bench.real`, whose method scores. What a library makes of a file (plain text, HTML or Markdown) goes
through the numbering that ours goes through, so that what differs is the reading alone. A library that is not installed
(extra `bench`) is passed over. `--tables` sets small tables as PDF in six ways and counts the rows that are
found whole, cell by cell, by ours and by pdfplumber.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.real import method
from retrieval.errors import SourceError
from retrieval.sources import parse, to_interchange

_WHITE = 0.6  # heights of a line

Made = tuple[str, bytes]
"""A name and what parsing is given."""


def ours(name: str, data: bytes) -> Made:
    return name, data


def pypdfium2(_name: str, data: bytes) -> Made:
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(data)
    return "x.txt", "\n\n".join(page.get_textpage().get_text_range() for page in document).encode()


def pdfplumber(_name: str, data: bytes) -> Made:
    import pdfplumber

    with pdfplumber.open(BytesIO(data)) as document:
        return "x.txt", "\n\n".join(page.extract_text() or "" for page in document.pages).encode()


def pdfplumber_layout(_name: str, data: bytes) -> Made:
    import pdfplumber

    with pdfplumber.open(BytesIO(data)) as document:
        return "x.txt", "\n\n".join(page.extract_text(layout=True) or "" for page in document.pages).encode()


def docling_parse(_name: str, data: bytes) -> Made:
    from docling_core.types.doc.page import TextCellUnit
    from docling_parse.pdf_parser import DoclingPdfParser

    document = DoclingPdfParser().load(path_or_stream=BytesIO(data))
    lines: list[str] = []
    for _, page in document.iterate_pages():
        before = None
        for cell in page.iterate_cells(unit_type=TextCellUnit.LINE):
            box = cell.rect.to_bounding_box()
            white = before is None or not 0 <= before.b - box.t <= _WHITE * (box.t - box.b)
            lines += [""] * white + [
                cell.text
            ]  # it says where lines stand: white between them begins a paragraph
            before = box
    return "x.txt", "\n".join(lines).encode()


def mammoth(_name: str, data: bytes) -> Made:
    import mammoth

    return "x.html", f"<html><body>{mammoth.convert_to_html(BytesIO(data)).value}</body></html>".encode()


def trafilatura(_name: str, data: bytes) -> Made:
    from trafilatura import extract

    found = extract(
        data, output_format="markdown", favor_recall=True, include_comments=False, include_tables=True
    )
    return "x.md", (found or "").encode()


READERS: dict[str, dict[str, Callable[[str, bytes], Made]]] = {
    ".pdf": {
        "ours (pypdfium2)": ours,
        "pypdfium2, plain": pypdfium2,
        "pdfplumber": pdfplumber,
        "pdfplumber, layout": pdfplumber_layout,
        "docling-parse": docling_parse,
    },
    ".docx": {"ours (python-docx)": ours, "mammoth": mammoth},
    ".html": {"ours (lxml)": ours, "trafilatura": trafilatura},
}


def read(made: Made) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what `bench.real` gives to its method."""
    try:
        return {}, [to_interchange(readout) for readout in parse(*made)]
    except SourceError as error:
        return {"failed": [{"error": str(error)}]}, []


def score(folder: Path, suffix: str, reader: Callable[[str, bytes], Made]) -> dict[str, Any]:
    """Return the sums of one reader over the files of one format."""
    check, elapsed = method(folder), [0.0]

    def run(gold: dict[str, Any], _reuse: bool = False) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        data = (folder / "files" / gold["file"]).read_bytes()
        start = perf_counter()
        made = reader(gold["file"], data)
        elapsed[0] += perf_counter() - start if reader is not ours else 0
        return read(made)

    check.run = run
    rows = (folder / "gold_dev.jsonl").read_text(encoding="utf-8").splitlines()
    scores = [check.score(gold) for gold in map(json.loads, rows) if gold["file"].endswith(suffix)]
    keys = ("right", "n", "alien", "must", "must_n", "clean", "clean_n")
    return {key: sum(each[key] or 0 for each in scores) for key in keys} | {"seconds": elapsed[0]}


# --- tables ---

CELLS = [["Donor", "Crowns", "Purpose"], ["Norland", "12", "Tents and blankets"], ["Estmark", "7", "Wheat"],
         ["Westland", "3", "Medicine"]]  # fmt: skip
ALL, LINE = ((0, 0), (-1, -1)), (0.5, "black")
DRAWN: dict[str, list[Any]] = {
    "all cells": [("GRID", *ALL, *LINE)],
    "between cells": [("INNERGRID", *ALL, *LINE)],
    "heads and end": [("LINEABOVE", (0, 0), (-1, 0), *LINE), ("LINEBELOW", (0, 0), (-1, 0), *LINE), ("LINEBELOW", (0, -1), (-1, -1), *LINE)],
    "below each row": [("LINEBELOW", *ALL, *LINE)],
    "columns in a box": [("BOX", *ALL, *LINE), ("LINEBEFORE", (1, 0), (-1, -1), *LINE)],
    "none": [],
}  # fmt: skip


def table_pdf(style: list[Any]) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

    out, body = BytesIO(), getSampleStyleSheet()["BodyText"]
    table = Table(CELLS, style=TableStyle(style))
    text = "The Ministers of Norland and Estmark met in Port Alder and reviewed what was pledged. "
    SimpleDocTemplate(out).build(
        [Paragraph(f"1. {3 * text}", body), table, Paragraph(f"2. {3 * text}", body)]
    )
    return out.getvalue()


def rows_of_ours(data: bytes) -> Iterator[list[str]]:
    for readout in parse("x.pdf", data):
        for paragraph in readout.paragraphs:
            yield [cell.partition(": ")[2] for cell in paragraph.text.split("; ")]


def rows_of_pdfplumber(data: bytes) -> Iterator[list[str]]:
    import pdfplumber

    with pdfplumber.open(BytesIO(data)) as document:
        for page in document.pages:
            for table in page.extract_tables():
                yield from ([cell or "" for cell in row] for row in table)


def print_tables() -> None:
    print(f"\n{'lines drawn':18} {'ours':>6} {'pdfplumber':>11}   rows of 3 found whole")
    for name, style in DRAWN.items():
        data = table_pdf(style)
        found = [
            sum(row in list(rows(data)) for row in CELLS[1:]) for rows in (rows_of_ours, rows_of_pdfplumber)
        ]
        print(f"{name:18} {found[0]:6} {found[1]:11}")


def main() -> None:
    """Print one row a reader and format."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--real", type=Path, required=True, help="folder with check.py, its gold and files"
    )
    arguments.add_argument("--tables", action="store_true", help="compare what finds tables in PDFs, too")
    options = arguments.parse_args()
    print(f"{'':5} {'reader':20} {'paragraphs':>11} {'alien':>6} {'must':>7} {'clean':>7}")
    for suffix, readers in READERS.items():
        for label, reader in readers.items():
            try:
                s = score(options.real, suffix, reader)
            except ImportError as error:
                print(f"{suffix:5} {label:20} not installed ({error})")
                continue
            print(
                f"{suffix:5} {label:20} {s['right']:>7}/{s['n']:<3} {s['alien']:6} "
                f"{s['must']:>4}/{s['must_n']:<2} {s['clean']:>4}/{s['clean_n']:<2}"
            )
    if options.tables:
        print_tables()


if __name__ == "__main__":
    main()

"""Tables in PDFs: a row is one paragraph with the heads of its columns, however the table is drawn."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from retrieval.sources import parse
from tests.retrieval.sources.documents import A, B, C, drawn

pytestmark = pytest.mark.usefixtures("in_process")

HEADS = ["Donor", "Amount", "Purpose"]
ROWS = [
    ["Norland", "12 million", "Tents and blankets"],
    ["Estmark", "7 million", "Wheat"],
    ["Westland", "3 million", "Medicine for the north"],
]
READ = [f"Donor: {a}; Amount: {b}; Purpose: {c}" for a, b, c in ROWS]
ALL, BLACK = ((0, 0), (-1, -1)), (0.5, "black")
DRAWN: dict[str, list[Any]] = {
    "lines around all cells": [("GRID", *ALL, *BLACK)],
    "lines between cells alone": [("INNERGRID", *ALL, *BLACK)],
    "lines above and below the heads and at the end": [("LINEABOVE", (0, 0), (-1, 0), *BLACK), ("LINEBELOW", (0, 0), (-1, 0), *BLACK), ("LINEBELOW", (0, -1), (-1, -1), *BLACK)],
    "a line below each row": [("LINEBELOW", *ALL, *BLACK)],
    "a box with lines between columns, heads on grey": [("BACKGROUND", (0, 0), (-1, 0), "grey"), ("BOX", *ALL, *BLACK), ("LINEBEFORE", (1, 0), (-1, -1), *BLACK)],
    "no lines": [],
}  # fmt: skip


def made(rows: list[list[Any]], style: list[Any], *, before: bool = True, **options: Any) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    out, body = BytesIO(), getSampleStyleSheet()["BodyText"]
    table = Table(rows, **options)
    table.setStyle(TableStyle(style))
    texts = [Paragraph(f"1. {A}", body), Paragraph(f"2. {B}", body)] if before else []
    SimpleDocTemplate(out, invariant=1).build([*texts, table, Spacer(1, 12), Paragraph(f"3. {C}", body)])
    return out.getvalue()


def read(data: bytes) -> list[tuple[str, str]]:
    (readout,) = parse("x.pdf", data)
    assert not [w for w in readout.warnings if "no place" in w]
    return [(p.number, p.text) for p in readout.paragraphs]


@pytest.mark.parametrize("style", DRAWN.values(), ids=DRAWN.keys())
def test_row_is_cited_with_the_heads_of_its_columns(style: list[Any]) -> None:
    places = ["after 2", "after 2#2", "after 2#3"]

    assert read(made([HEADS, *ROWS], style)) == [
        ("1", A),
        ("2", B),
        *zip(places, READ, strict=True),
        ("3", C),
    ]


def test_heads_are_known_by_bold_type() -> None:
    style = [*DRAWN["lines around all cells"], ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")]
    data = made([["Donor", "Purpose"], ["Norland", "Tents"], ["Estmark", "Wheat"]], style)

    assert [text for number, text in read(data) if number.startswith("after")] == [
        "Donor: Norland; Purpose: Tents",
        "Donor: Estmark; Purpose: Wheat",
    ]


@pytest.mark.parametrize("again", [0, 1], ids=["heads once", "heads on each page"])
def test_table_goes_on_over_a_page_with_its_heads(again: int) -> None:
    rows = [["Donor", "Amount"], *([f"Land {n}", f"{n} million"] for n in range(60))]
    data = made(rows, DRAWN["lines around all cells"], repeatRows=again)

    assert [text for number, text in read(data) if number.startswith("after")] == [
        f"Donor: Land {n}; Amount: {n} million" for n in range(60)
    ]


def test_cell_that_goes_over_rows_stays_whole() -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph

    style = getSampleStyleSheet()["BodyText"]
    rows = [
        ["Donor", "Crowns", "Purpose"],
        ["Norland", "12", Paragraph("Tents for the people of the north", style)],
    ]
    data = made(rows, DRAWN["lines around all cells"], colWidths=[60, 60, 80])

    assert ("after 2", "Donor: Norland; Crowns: 12; Purpose: Tents for the people of the north") in read(data)


def test_table_that_only_lays_out_is_read_cell_after_cell() -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph

    style = getSampleStyleSheet()["BodyText"]
    cells = [[Paragraph(f"1. {A}", style), Paragraph(f"1. {C}", style)], [Paragraph(f"2. {B}", style), Paragraph(f"2. {A}", style)]]  # fmt: skip
    texts = [text for _, text in read(made(cells, DRAWN["lines around all cells"], before=False))]

    assert texts[:4] == [A, C, B, A]


def test_numbers_that_hang_before_paragraphs_are_no_column() -> None:
    def draw(canvas: Any) -> None:
        for row, (number, text) in enumerate(
            (("1.", "They met in 2030."), ("2.", "They agreed."), ("3.", "They left."))
        ):
            canvas.drawString(72, 700 - 30 * row, number)
            canvas.drawString(120, 700 - 30 * row, text)

    assert read(drawn(draw)) == [("1", "They met in 2030."), ("2", "They agreed."), ("3", "They left.")]


def test_drawing_of_many_lines_is_no_table() -> None:
    def draw(canvas: Any) -> None:
        for n in range(2000):
            canvas.line(72, 100 + n / 4, 500, 100 + n / 4)
        canvas.drawString(72, 700, "1. They met in Port Alder.")
        canvas.drawString(72, 670, "2. They will meet again.")

    assert read(drawn(draw)) == [("1", "They met in Port Alder."), ("2", "They will meet again.")]

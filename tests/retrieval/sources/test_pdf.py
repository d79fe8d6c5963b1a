"""PDF: paragraphs joined over lines, columns and pages; what stands around them left out; refusals."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import pytest

from retrieval.errors import SourceError
from retrieval.models import LeftOut, Readout
from retrieval.sources import parse
from tests.retrieval.sources.documents import LONG, TITLE, A, B, C, drawn, pdf

pytestmark = pytest.mark.usefixtures("in_process")


def read(data: bytes, name: str = "statement.pdf") -> Readout:
    (readout,) = parse(name, data)
    return readout


def paragraphs(data: bytes) -> dict[str, str]:
    return {p.number: p.text for p in read(data).paragraphs}


MANY = {str(n): f"{LONG} This is said in number {n}." for n in range(1, 31)}
NUMBERED = [f"{number}. {text}" for number, text in MANY.items()]


def heads_and_feet(canvas: Any, page: int) -> None:
    canvas.drawString(70, 800, "Norland Official Gazette")
    canvas.drawRightString(525, 800, f"No. {page} of 12")
    canvas.drawCentredString(297, 40, f"- {page} -")


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_paragraphs_are_whole_over_lines_columns_and_pages(columns: int) -> None:
    assert paragraphs(pdf(NUMBERED, columns=columns, around=heads_and_feet)) == MANY


def test_page_with_little_in_its_second_column_is_read_in_columns() -> None:
    def page(left: int, right: int, first: int) -> Any:
        def draw(canvas: Any) -> None:
            for column, count in ((70, left), (310, right)):
                for row in range(count):
                    number = first + (row if column == 70 else left + row)
                    canvas.drawString(
                        column, 760 - 26 * row, f"{number}. The Ministers met in Port {number} in spring."
                    )

        return draw

    found = paragraphs(drawn(page(20, 20, 1), page(20, 2, 41)))

    assert list(found) == [str(n) for n in range(1, 63)]


SETTINGS: dict[str, dict[str, Any]] = {
    "space between": {"space_after": 6},
    "first line set in": {"space_after": 0, "indent": 18},
    "numbers hanging": {"space_after": 4, "hanging": 24},
    "neither space nor indent": {"space_after": 0},
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS.keys())
def test_numbered_paragraphs_are_told_apart_however_they_are_set(setting: dict[str, Any]) -> None:
    assert paragraphs(pdf([f"1. {A}", f"2. {LONG}", f"3. {B}"], **setting)) == {"1": A, "2": LONG, "3": B}


@pytest.mark.parametrize("setting", list(SETTINGS.values())[:2], ids=list(SETTINGS)[:2])
def test_unnumbered_paragraphs_are_counted(setting: dict[str, Any]) -> None:
    readout = read(pdf([A, LONG, B, C], **setting))

    assert {p.number: p.text for p in readout.paragraphs} == {"1": A, "2": LONG, "3": B, "4": C}
    assert readout.numbering == "counted"


def test_large_type_is_the_title_and_bold_lines_are_headings() -> None:
    readout = read(pdf([A, "<b>Regional matters</b>", B], space_after=6))

    assert readout.title == TITLE
    assert [(p.number, p.text, p.heading) for p in readout.paragraphs] == [
        ("1", A, None),
        ("2", B, "Regional matters"),
    ]


def lines(*texts: str, top: float = 700, left: float = 72) -> Any:
    def draw(canvas: Any) -> None:
        for index, text in enumerate(texts):
            canvas.drawString(left, top - 14 * index, text)

    return draw


def test_bold_word_at_the_start_does_not_make_a_heading() -> None:
    readout = read(pdf([f"1. {A}", f"<b>2. Trade:</b> {LONG}", f"3. <b>They</b> met. {B}"]))

    assert {p.number: p.text for p in readout.paragraphs} == {
        "1": A,
        "2": f"Trade: {LONG}",
        "3": f"They met. {B}",
    }


def test_items_with_hanging_bullets_stay_whole() -> None:
    rows = [(72, "1. The Ministers agreed to:"), (90, "• hold a seminar. It will be on"), (99, "flood warning;"),
            (90, "• meet again in a year."), (72, "2. They thanked their hosts.")]  # fmt: skip

    def draw(canvas: Any) -> None:
        for index, (left, text) in enumerate(rows):
            canvas.drawString(left, 700 - 14 * index, text)

    assert paragraphs(drawn(draw)) == {
        "1": "The Ministers agreed to: • hold a seminar. It will be on flood warning; • meet again in a year.",
        "2": "They thanked their hosts.",
    }


@pytest.mark.parametrize("columns", [1, 2])
def test_japanese_lines_are_joined_without_a_space(columns: int) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    text = "両大臣は、地域情勢についても意見を交わし、海峡の自由な航行を確保するため、引き続き緊密に連携していくことを確認しました。"
    data = pdf([f"{n}. {text}" for n in (1, 2, 3)], title=None, font="HeiseiMin-W3", columns=columns)

    assert paragraphs(data) == {"1": text, "2": text, "3": text}


HYPHENS = {
    "a word spelt whole elsewhere": ("Their co-", "operation began. Cooperation and cooperation went on.", "Their cooperation began. Cooperation and cooperation went on."),
    "a word with a hyphen elsewhere": ("Their long-", "term plan is a long-term one, they said.", "Their long-term plan is a long-term one, they said."),
    "a name": ("In the Indo-", "Pacific they met, as they had before.", "In the Indo-Pacific they met, as they had before."),
    "a span of years": ("In the years 2023-", "2025 they met, as they had before.", "In the years 2023-2025 they met, as they had before."),
    "a dash": ("They met –", "as they had before – and went home.", "They met – as they had before – and went home."),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second", "joined"), HYPHENS.values(), ids=HYPHENS.keys())
def test_words_divided_at_the_end_of_a_line_are_joined(first: str, second: str, joined: str) -> None:
    assert paragraphs(drawn(lines(f"1. {first}", second, "2. The end of it.")))["1"] == joined


def test_text_goes_on_over_a_page_in_the_middle_of_a_sentence() -> None:
    first = lines(
        "1. The Ministers met in Port Alder and", "reviewed what they had agreed upon in the", top=120
    )
    data = drawn(first, lines("year before, with satisfaction.", "2. They will meet again."))

    assert paragraphs(data) == {
        "1": "The Ministers met in Port Alder and reviewed what they had agreed upon in the year before, with satisfaction.",
        "2": "They will meet again.",
    }


def test_footnotes_are_cited_by_their_marks_and_the_marks_are_no_words() -> None:
    def draw(canvas: Any) -> None:
        rows = [row for n, text in enumerate((A, B, C), 1) for row in wrap(f"{n}. {text}", 70)]
        lines(*rows)(canvas)
        width = canvas.stringWidth(rows[1], "Times-Roman", 11)
        canvas.setFont("Times-Roman", 7)
        canvas.drawString(72 + width, 690.5, "1")
        canvas.setFont("Times-Roman", 8)
        canvas.drawString(72, 90, "1 See the statement of the first dialogue.")

    readout = read(drawn(draw))

    assert {p.number: p.text for p in readout.paragraphs} == {
        "1": A,
        "2": B,
        "3": C,
        "note 1": "See the statement of the first dialogue.",
    }
    assert LeftOut("footnote mark", "1", "page 1") in readout.left_out


def test_turned_page_is_read_as_it_is_seen() -> None:
    def turned(canvas: Any) -> None:
        canvas.setPageRotation(90)
        canvas.translate(595, 0)
        canvas.rotate(90)
        lines(*wrap(f"1. {A}", 60), "2. They will meet again.", top=500)(canvas)

    assert paragraphs(drawn(turned)) == {"1": A, "2": "They will meet again."}


def test_blank_page_is_a_warning() -> None:
    data = drawn(lines(*wrap(f"1. {A}", 70), "2. They will meet again."), lambda canvas: None)

    assert "No text was found on page 2: blank, or a picture." in read(data).warnings


def test_pdf_that_opens_without_a_password_is_read_though_it_is_protected() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    protected = pdf([f"1. {A}", f"2. {B}"], encrypt=StandardEncryption("", "owner", canCopy=1))

    assert paragraphs(protected) == {"1": A, "2": B}


def encrypted() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption

    return pdf([f"1. {A}"], encrypt=StandardEncryption("secret", "owner"))


REFUSED = {
    "encrypted": (encrypted, "opens only with a password"),
    "scanned": (
        lambda: drawn(lambda canvas: canvas.rect(50, 50, 400, 600, fill=1)),
        "its pages are pictures",
    ),
    "cut short": (lambda: pdf(NUMBERED)[:700], "damaged"),
    "too many pages": (lambda: drawn(*[lambda canvas: None] * 2001), "2,001 pages; at most 2,000"),
}


@pytest.mark.parametrize(("make", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_pdf_that_cannot_be_read_is_refused_with_its_reason(make: Any, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse("statement.pdf", make())

    assert (caught.value.source, caught.value.line) == ("statement.pdf", None)
    assert problem in caught.value.problem

"""DOCX: the numbers Word counts, the text it shows with all changes accepted, and nothing around it."""

from __future__ import annotations

from typing import Any

import pytest

from retrieval.models import Readout
from retrieval.sources import parse
from retrieval.sources.formats.word_numbers import written
from tests.retrieval.sources.documents import SPACE, A, B, C, Word, level

pytestmark = pytest.mark.usefixtures("in_process")


def read(data: bytes) -> Readout:
    (readout,) = parse("statement.docx", data)
    return readout


def paragraphs(word: Word) -> dict[str, str]:
    return {p.number: p.text for p in read(word.bytes()).paragraphs}


DECIMAL = level(0, "decimal", "%1.")
OUTLINE = DECIMAL + level(1, "decimal", "%1.%2") + level(2, "lowerRoman", "(%3)")
ARTICLES = level(0, "upperRoman", "%1.") + level(1, "decimal", "%1.%2", extra="<w:isLgl/>")
RUN_ON = level(0, "upperRoman", "%1.") + level(1, "decimal", "%2.", extra='<w:lvlRestart w:val="0"/>')

FORMS = {
    "decimal": ("decimal", "%1.", 1, ["1", "2", "3"]),
    "from seven": ("decimal", "%1.", 7, ["7", "8", "9"]),
    "in brackets": ("decimal", "(%1)", 1, ["1", "2", "3"]),
    "letters": ("lowerLetter", "%1)", 1, ["a", "b", "c"]),
    "capital Roman": ("upperRoman", "%1.", 4, ["IV", "V", "VI"]),
    "two digits": ("decimalZero", "%1.", 1, ["01", "02", "03"]),
    "articles": ("decimal", "Article %1.", 1, ["1", "2", "3"]),
    "coded": ("decimal", "OP%1.", 1, ["OP1", "OP2", "OP3"]),
    "Japanese": ("decimalFullWidth", "%1．", 1, ["1", "2", "3"]),
    "words of its own": ("decimal", "Item %1 –", 1, ["Item 1 –", "Item 2 –", "Item 3 –"]),
}


@pytest.mark.parametrize(("kind", "text", "start", "numbers"), FORMS.values(), ids=FORMS.keys())
def test_number_is_the_one_that_word_shows(kind: str, text: str, start: int, numbers: list[str]) -> None:
    word = Word(level(0, kind, text, start))
    for body in (A, B, C):
        word.add(body, 101)

    assert paragraphs(word) == dict(zip(numbers, (A, B, C), strict=True))


def test_levels_count_under_each_other_and_begin_again() -> None:
    word = Word(OUTLINE)
    for text, at in [("Trade", 0), (A, 1), (B, 1), ("Security", 0), (C, 1)]:
        word.add(text, 101, at)

    assert paragraphs(word) == {"1.1": A, "1.2": B, "2.1": C}


def test_legal_numbering_writes_the_level_above_in_decimals() -> None:
    word = Word(ARTICLES)
    for text, at in [("Trade", 0), (A, 1), (B, 1), ("Security", 0), (C, 1)]:
        word.add(text, 101, at)

    assert list(paragraphs(word)) == ["1.1", "1.2", "2.1"]


def test_level_that_never_restarts_counts_on() -> None:
    word = Word(RUN_ON)
    for text, at in [("Trade", 0), (A, 1), (B, 1), ("Security", 0), (C, 1)]:
        word.add(text, 101, at)

    assert paragraphs(word) == {"1": A, "2": B, "3": C}


def test_instances_of_one_definition_count_on_unless_one_says_where_it_starts() -> None:
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="%d"/></w:lvlOverride>'
    word = Word(DECIMAL, overrides={201: (101, ""), 202: (101, again % 11)})
    for text, num in [(A, 101), (B, 201), (C, 202), (A, 202)]:
        word.add(text, num)

    assert list(paragraphs(word)) == ["1", "2", "11", "12"]


def test_numbering_comes_from_the_style_and_what_it_is_based_on() -> None:
    word = Word(DECIMAL)
    styles = word.document.styles
    base = styles.add_style("Clause", 1)
    base.element.get_or_add_pPr().append(word._parse(f'<w:numPr {SPACE}><w:numId w:val="101"/></w:numPr>'))
    styles.add_style("Clause tight", 1).base_style = base
    word.add(A, style="Clause")
    word.add(B, style="Clause tight")
    word.add(C, num=0, style="Clause")

    assert paragraphs(word) == {"1": A, "2": B, "3": C}
    assert [p.numbering.value for p in read(word.bytes()).paragraphs] == ["printed", "printed", "counted"]


def test_items_under_a_sentence_stay_in_it_with_their_letters() -> None:
    word = Word(DECIMAL + level(1, "lowerLetter", "(%2)"))
    for text, at in [("The Parties shall:", 0), ("meet;", 1), ("share.", 1), (B, 0)]:
        word.add(text, 101, at)

    assert paragraphs(word) == {"1": "The Parties shall: (a) meet; (b) share.", "2": B}


def test_bullets_are_no_numbers() -> None:
    word = Word(DECIMAL, level(0, "bullet", ""))
    word.add("They will:", 101)
    word.add("meet;", 102)
    word.add("share.", 102)
    word.add(B, 101)

    assert paragraphs(word) == {"1": "They will: meet; share.", "2": B}


def test_typed_numbers_are_read_too() -> None:
    word = Word()
    for text in (f"1. {A}", f"2. {B}"):
        word.add(text)

    assert paragraphs(word) == {"1": A, "2": B}


def test_headings_and_title_are_no_paragraphs() -> None:
    word = Word(DECIMAL)
    word.add("Joint Statement", style="Title")
    word.add(A, 101)
    word.add("Regional matters", style="Heading 1")
    word.add(B, 101)
    readout = read(word.bytes())

    assert readout.title == "Joint Statement"
    assert [(p.number, p.text, p.heading) for p in readout.paragraphs] == [
        ("1", A, None),
        ("2", B, "Regional matters"),
    ]


def test_headers_footers_and_left_over_properties_are_not_read() -> None:
    word = Word(DECIMAL)
    section = word.document.sections[0]
    section.header.paragraphs[0].text, section.footer.paragraphs[0].text = "Gazette", "Page 1"
    word.document.core_properties.title = "Template of 2013"
    word.add("Joint Statement", style="Title")
    word.add(A, 101)
    word.add(B, 101)
    readout = read(word.bytes())

    assert readout.title == "Joint Statement"
    assert {p.number: p.text for p in readout.paragraphs} == {"1": A, "2": B}


CHANGES: dict[str, tuple[str, str]] = {
    "inserted text": ('<w:r><w:t xml:space="preserve">They </w:t></w:r><w:ins w:id="1" w:author="x"><w:r><w:t>met.</w:t></w:r></w:ins>', "They met."),
    "deleted text": ('<w:r><w:t>They met</w:t></w:r><w:del w:id="1" w:author="x"><w:r><w:delText> late</w:delText></w:r></w:del><w:r><w:t>.</w:t></w:r>', "They met."),
    "text moved away": ('<w:r><w:t>They met.</w:t></w:r><w:moveFrom w:id="1" w:author="x"><w:r><w:t> Late.</w:t></w:r></w:moveFrom>', "They met."),
    "hidden text": ('<w:r><w:t>They met.</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> Late.</w:t></w:r>', "They met."),
    "a field": ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> REF x </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>They met.</w:t></w:r>', "They met."),
    "a link": ('<w:hyperlink w:anchor="x"><w:r><w:t>They met.</w:t></w:r></w:hyperlink>', "They met."),
    "a content control": ('<w:sdt><w:sdtContent><w:r><w:t>They met.</w:t></w:r></w:sdtContent></w:sdt>', "They met."),
    "hyphens and tabs": ('<w:r><w:t>They</w:t><w:tab/><w:t>co</w:t><w:noBreakHyphen/><w:t>host</w:t><w:softHyphen/><w:t>ed it.</w:t></w:r>', "They co-hosted it."),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "text"), CHANGES.values(), ids=CHANGES.keys())
def test_text_is_what_word_shows_with_all_changes_accepted(runs: str, text: str) -> None:
    word = Word()
    word.append(f"<w:p {SPACE}>{runs}</w:p>")

    assert paragraphs(word) == {"1": text}


def test_deleted_paragraph_counts_no_number() -> None:
    word = Word(DECIMAL)
    word.add(A, 101)
    gone = word.add("", 101)
    gone._p.get_or_add_pPr().append(word._parse(f'<w:rPr {SPACE}><w:del w:id="1" w:author="x"/></w:rPr>'))
    word.add(B, 101)

    assert paragraphs(word) == {"1": A, "2": B}


def table(*rows: tuple[str, ...]) -> str:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    return (
        f"<w:tbl {SPACE}>" + "".join(f"<w:tr>{''.join(map(cell, row))}</w:tr>" for row in rows) + "</w:tbl>"
    )


TABLES: dict[str, Any] = {
    "a paragraph a cell": (table((A, B), (C,)), {"1": A, "2": B, "3": C}),
    "numbers in a column": (table(("1.", A), ("2.", B)), {"1": A, "2": B}),
}


@pytest.mark.parametrize(("xml", "expected"), TABLES.values(), ids=TABLES.keys())
def test_cells_of_a_table_are_paragraphs(xml: str, expected: dict[str, str]) -> None:
    word = Word()
    word.append(xml)

    assert paragraphs(word) == expected


def test_marks_of_footnotes_are_no_words_of_the_text() -> None:
    word = Word()
    word.append(
        f'<w:p {SPACE}><w:r><w:t>They met.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )

    assert [p.text for p in read(word.bytes()).paragraphs] == ["They met."]


def test_row_of_a_table_is_read_with_the_heads_of_its_columns() -> None:
    word = Word()
    word.append(table(("Donor", "Crowns"), ("Norland", "40"), ("Estmark", "25")))

    assert paragraphs(word) == {"1": "Donor: Norland; Crowns: 40", "2": "Donor: Estmark; Crowns: 25"}


WRITINGS = [
    ("lowerLetter", 27, "aa"),
    ("lowerLetter", 28, "bb"),
    ("upperRoman", 14, "XIV"),
    ("lowerRoman", 4000, "4000"),
    ("ordinal", 11, "11th"),
    ("ordinal", 22, "22nd"),
    ("japaneseCounting", 21, "二十一"),
    ("decimalEnclosedCircle", 3, "③"),
    ("none", 3, ""),
    ("unheardOf", 3, "3"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), WRITINGS)
def test_numbers_are_written_as_word_writes_them(kind: str, value: int, expected: str) -> None:
    assert written(value, kind) == expected

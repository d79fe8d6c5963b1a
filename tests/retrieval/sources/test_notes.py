"""Footnotes: citable by their marks, out of the paragraphs, in every format; a rule alone makes none."""

from __future__ import annotations

import pytest

from retrieval.sources import parse
from tests.retrieval.sources.documents import SPACE, A, B, C, Word, repacked

pytestmark = pytest.mark.usefixtures("in_process")


def paragraphs(data: bytes, name: str = "x.txt") -> dict[str, str]:
    (readout,) = parse(name, data)
    assert not [w for w in readout.warnings if "no place" in w]
    return {p.number: p.text for p in readout.paragraphs}


HERE, NOTE = A.removesuffix("."), "See resolution 9/29, annex II."
CARRIED = {
    "behind the full stop": (f"{A}1", "____________\n1 See resolution 9/29,\nannex II."),
    "behind the word": (f"{HERE}1.", "---\n1. See resolution 9/29,\nannex II."),
    "in brackets": (f"{A} [1]", "-----\n[1] See resolution 9/29, annex II."),
    "with a stroke": (f"{HERE} 1/.", "_____\n1/ See resolution 9/29, annex II."),
    "raised": (f"{A}¹", "_____\n¹ See resolution 9/29, annex II."),
}


@pytest.mark.parametrize(("first", "notes"), CARRIED.values(), ids=CARRIED.keys())
def test_note_under_a_rule_is_cited_by_the_mark_that_the_text_carries(first: str, notes: str) -> None:
    assert paragraphs(f"1. {first}\n\n2. {B}\n\n{notes}\n".encode()) == {"1": A, "2": B, "note 1": NOTE}


def test_notes_at_the_foot_of_a_page_end_where_the_text_goes_on() -> None:
    text = f"1. {A}1\n\n2. {B}2\n____\n1 {NOTE}\n2 Ibid.\n\n3. {C}\n"

    assert paragraphs(text.encode()) == {"1": A, "2": B, "3": C, "note 1": NOTE, "note 2": "Ibid."}


def test_numbers_of_names_and_sections_are_no_marks() -> None:
    text = f"1. {A}1 See section 3.1, the G1 and area 51.\n\n2. {B}\n\n____\n1 {NOTE}\n"

    assert paragraphs(text.encode())["1"] == f"{A} See section 3.1, the G1 and area 51."


RULES = {
    "below a title": f"Joint Statement of Norland\n-----\n\n1. {A}\n\n2. {B}\n",
    "between paragraphs": f"1. {A}\n\n----\n\n2. {B}\n",
}


@pytest.mark.parametrize("text", RULES.values(), ids=RULES.keys())
def test_rule_over_paragraphs_makes_no_notes(text: str) -> None:
    assert paragraphs(text.encode()) == {"1": A, "2": B}


def test_note_of_markdown_is_cited_by_its_mark() -> None:
    text = f"# Statement\n\n1. {A}[^1]\n\n2. {B}\n\n[^1]: {NOTE}\n"

    assert paragraphs(text.encode(), "x.md") == {"1": A, "2": B, "note 1": NOTE}


def test_note_of_html_is_cited_by_its_mark() -> None:
    text = f'<html><p>1. {A}<sup><a href="#n1">1</a></sup></p><p>2. {B}</p><p id="n1">1. {NOTE}</p></html>'

    assert paragraphs(text.encode(), "x.html") == {"1": A, "2": B, "note 1": NOTE}


def test_notes_of_word_are_cited_in_the_order_of_their_marks() -> None:
    word = Word()
    for text, number in ((f"1. {A}", 7), (f"2. {B}", 3)):
        word.append(
            f'<w:p {SPACE}><w:r><w:t>{text}</w:t></w:r><w:r><w:footnoteReference w:id="{number}"/></w:r></w:p>'
        )
    notes = "".join(
        f'<w:footnote w:id="{number}"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> {text}</w:t></w:r></w:p></w:footnote>'
        for number, text in ((3, "Ibid."), (7, NOTE))
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    from docx.opc.constants import CONTENT_TYPE as CT
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    part = Part(PackURI("/word/footnotes.xml"), CT.WML_FOOTNOTES, f"<w:footnotes {SPACE}>{notes}</w:footnotes>".encode())  # fmt: skip
    word.document.part.relate_to(part, kind)

    assert paragraphs(repacked(word.bytes(), {}), "x.docx") == {
        "1": A,
        "2": B,
        "note 1": NOTE,
        "note 2": "Ibid.",
    }

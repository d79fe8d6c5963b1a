"""Faults that real documents showed, each as a kind with a text of its own."""

from __future__ import annotations

from typing import Any

import pytest

from retrieval.errors import SourceError
from retrieval.models import Numbering, Readout
from retrieval.sources import parse, to_interchange
from tests.retrieval.sources.documents import drawn

A = "The Council of the Lakes reviewed the agreement on fishing in the upper basin."
B = "It asked the secretariat to publish the levels of the lakes every week."
C = "It decided to meet again in the spring, in the harbour town of Lund."


def read(text: str, name: str = "case.txt") -> Readout:
    (readout,) = parse(name, text.encode())
    return readout


def body(readout: Readout) -> dict[str, str]:
    return {p.number: p.text for p in readout.paragraphs if p.number != "header"}


BODIES: dict[str, tuple[str, dict[str, str]]] = {
    "names under a heading": (
        f"Readout of the Lakes\n\n3 March 2030\n\n{A}\n\nPresent\n\nIda Holm, Norland\n\nOlav Berg, Estmark\n\nEva Lind, Sund\n\n{B}\n",
        {"1": A, "2": "Ida Holm, Norland", "3": "Olav Berg, Estmark", "4": "Eva Lind, Sund", "5": B},
    ),
    "outcome lines and signatures": (
        f"1. {A}\n\n2. {B}\n\nDone at Lund on 3 March 2030\n\nFor Norland: Ida Holm\n",
        {"1": A, "2": B, "after 2": "Done at Lund on 3 March 2030", "after 2#2": "For Norland: Ida Holm"},
    ),
    "sections in Roman numerals": (
        f"I. Opening\n\n{A}\n\n{B}\n\nII. Closing of the meeting\n\n{C}\n",
        {"1": A, "2": B, "3": C},
    ),
    "a sentence that begins by citing an article": (
        f"{A}\n\nArticle 12 (4) of the Lake Charter asks for nine votes.\n\n{B}\n\nArticle 12 (4) says so twice.\n",
        {
            "1": A,
            "2": "Article 12 (4) of the Lake Charter asks for nine votes.",
            "3": B,
            "4": "Article 12 (4) says so twice.",
        },
    ),
    "paragraphs of articles, in Spanish": (
        "Artículo 1\nObjeto\n\nEl lago es común.\n\nArtículo 2\nDeberes\n\n1. Las Partes miden el agua.\n\n2. Las Partes publican los datos.\n",
        {
            "1": "El lago es común.",
            "2(1)": "Las Partes miden el agua.",
            "2(2)": "Las Partes publican los datos.",
        },
    ),
    "paragraphs of articles, in Indonesian": (
        "Pasal 1\n\nDanau ini milik bersama.\n\nPasal 2\n\nPara Pihak mengukur air.\n\nPasal 3\n\nDewan bertemu setiap tahun.\n",
        {"1": "Danau ini milik bersama.", "2": "Para Pihak mengukur air.", "3": "Dewan bertemu setiap tahun."},
    ),
    "a bracketed number": (f"[7. {A}]\n\n[8. {B}]\n\n[9. {C}]\n", {"7": f"{A}]", "8": f"{B}]", "9": f"{C}]"}),
    "a raised mark behind the label": (
        f"1. {A}\n\n2. ³{B}\n\n3. {C}\n",
        {"1": A, "2": B, "3": C},
    ),
    "rows between bars": (
        f"1. {A}\n\n2. The shares are these:\n\n| State | Crowns |\n| Norland | 300 |\n| Estmark | 200 |\n\n3. {C}\n",
        {
            "1": A,
            "2": "The shares are these:",
            "after 2": "State: Norland; Crowns: 300",
            "after 2#2": "State: Estmark; Crowns: 200",
            "3": C,
        },
    ),
    "sums in plain text": (
        "1. The share is 4*7*2 crowns, as **agreed** before.\n\n2. It is paid in May.\n",
        {"1": "The share is 4*7*2 crowns, as **agreed** before.", "2": "It is paid in May."},
    ),
    "lines with an empty line after each": (
        "\n\n".join(
            "The Council met in the town of Lund and looked at the levels|of the lakes in the upper basin, which had fallen for the|"
            "third summer in a row, as the fishermen of both countries|had said.|It asked the secretariat to publish what it measures every|"
            "week, and thanked the town for the use of its harbour, where|the boats of the survey are kept in winter, for another year,|"
            "and for the repairs of the quay that were made in the spring|of last year by the workers of the port and the navy, which|"
            "lent two cranes for the purpose and took no pay|for it.".split("|")
        ),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BODIES.values(), ids=BODIES.keys())
def test_source_is_read_as_it_is_printed(text: str, expected: dict[str, str]) -> None:
    found = body(read(text))

    assert not expected or {n: t for n, t in found.items() if n.split("#")[0] != "heading"} == expected
    assert expected or len(found) == 2


def test_numbers_have_no_upper_bound() -> None:
    text = "\n".join(f"{n}. The register holds entry {n} of the lake." for n in range(1, 1203))

    assert body(read(text))["1202"] == "The register holds entry 1202 of the lake."


def test_decisions_of_one_source_have_numbers_of_their_own_and_a_part() -> None:
    text = (
        "Report of the Council of the Lakes, held in Lund on 3 March 2030\n\nDecision 4/L.1\nFishing\n\n"
        f"1. {A}\n2. {B}\n\nDecision 5/L.1\nMeetings\n\n1. {C}\n2. {A}\n\nAnnex I\n\n1. {B}\n2. {C}\n"
    )
    readout = read(text)
    printed = [(p.part, p.number) for p in readout.paragraphs if p.numbering is Numbering.PRINTED]

    assert printed == [
        ("Decision 4/L.1", "1"), ("Decision 4/L.1", "2"), ("Decision 5/L.1", "1#2"), ("Decision 5/L.1", "2#2"),
        ("Annex I", "1#3"), ("Annex I", "2#3"),
    ]  # fmt: skip
    assert not [w for w in readout.warnings if "printed 2 times" in w]
    assert to_interchange(readout)["paragraphs"][-1]["part"] == "Annex I"


def test_paragraphs_of_articles_leave_no_gap_in_the_count() -> None:
    text = f"Article 1\n\n{A}\n\nArticle 2\n\n1. {B}\n\n2. {C}\n\nArticle 3\n\n{A}\n"

    assert not [w for w in read(text).warnings if "left out" in w]


def test_table_of_a_page_is_read_row_by_row_and_one_that_lays_out_is_not() -> None:
    data = "<table><tr><th>Lake</th><th>Level</th></tr><tr><td>Upper</td><td>4 m</td></tr></table>"
    layout = f"<table><tr><td>1.</td><td>{A}</td></tr><tr><td>2.</td><td>It met in Lund.</td></tr></table>"

    assert body(read(f"<html><body><p>{A}</p>{data}<p>{B}</p></body></html>", "x.html")) == {
        "1": A,
        "2": "Lake: Upper; Level: 4 m",
        "3": B,
    }
    assert body(read(f"<html><body>{layout}</body></html>", "x.html")) == {"1": A, "2": "It met in Lund."}


def _resolution(canvas: Any) -> None:
    def row(y: float, text: str, size: float = 11, x: float = 72) -> float:
        canvas.setFont("Times-Roman", size)
        canvas.drawString(x, y, text)
        return x + canvas.stringWidth(text, "Times-Roman", size)

    for y, text in ((700, f"1. {A}"), (670, f"2. {B}"), (640, f"3. {C}")):
        end = row(y, text)
        if y == 700:
            row(y + 4.5, "1", 6, end)
    row(130, "_________________")
    row(118, "1", 6)
    row(114, "Lake Treaty Series, vol. 7.", 9, 82)
    row(60, "30-01234 (E)", 9)


def test_raised_marks_are_no_numbers_and_notes_stand_beside_the_paragraphs() -> None:
    (readout,) = parse("x.pdf", drawn(_resolution))

    assert body(readout) == {"1": A, "2": B, "3": C, "note 1": "Lake Treaty Series, vol. 7."}
    assert {left.reason for left in readout.left_out} == {"footnote mark", "rule", "document code"}
    exported = to_interchange(readout)
    assert [p["number"] for p in exported["paragraphs"]] == ["1", "2", "3"]
    assert [p["number"] for p in exported["notes"]] == ["note 1"]


def test_pdf_whose_letters_stand_for_others_is_refused() -> None:
    shifted = "".join(chr(0x250 + ord(c) % 90) if c.isalpha() else c for c in " ".join([A, B, C]))
    from retrieval.sources.decoding import Legibility, legibility

    assert legibility(" ".join([shifted] * 3)) is Legibility.GIBBERISH
    assert legibility(" ".join([A, B, C] * 3)) is Legibility.FINE


def test_text_that_recognition_made_noise_of_is_warned_of() -> None:
    noise = " ".join(["T|1e C0unci| ~f t#e Lak3s rev^iew{d the", A] * 12)

    assert any("text recognition" in w for w in read(f"1. {noise}\n\n2. {noise}\n").warnings)


def test_damaged_word_document_is_called_damaged() -> None:
    with pytest.raises(SourceError, match="damaged Word document"):
        parse("x.docx", b"PK\x03\x04 cut short")


FRONTS: dict[str, tuple[str, str, str | None]] = {
    "a date of a treaty that the title names": (
        "Report on the Lake Treaty of 3 May 1971\n\nAdopted on 4 June 2030\n\n", "Report on the Lake Treaty of 3 May 1971", "2030-06-04",
    ),
    "a labelled date": ("Minutes of the Lake Committee\nDate: 3 March 2030\nPlace: Lund\n\n", "Minutes of the Lake Committee", "2030-03-03"),
    "a letterhead above the title": (
        "Council of the Lakes L/RES/4/7\n\nGeneral Assembly Distr.: General\n\n5 March 2030\n\nAgreement on fishing in the upper basin\n\n",
        "Agreement on fishing in the upper basin", "2030-03-05",
    ),
    "the Buddhist era": ("แถลงการณ์ร่วมเรื่องทะเลสาบ\n3 มีนาคม 2573\n\n", "แถลงการณ์ร่วมเรื่องทะเลสาบ", "2030-03-03"),
    "a title in capitals": ("MINUTES OF THE LAKE COMMITTEE\n\n3 March 2030\n\n", "Minutes of the Lake Committee", "2030-03-03"),
}  # fmt: skip


@pytest.mark.parametrize(("top", "title", "date"), FRONTS.values(), ids=FRONTS.keys())
def test_title_and_date_are_those_of_the_document(top: str, title: str, date: str | None) -> None:
    readout = read(f"{top}1. {A}\n\n2. {B}\n")

    assert (readout.title, readout.date) == (title, date)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Las Partes cooperarán para proteger los lagos comunes y se reunirán una vez al año en la ciudad."),
        ("fr", "Les Parties coopèrent pour la protection des lacs et se réunissent une fois par an dans la ville."),
        ("de", "Die Parteien arbeiten für den Schutz der Seen zusammen und treffen sich einmal im Jahr in der Stadt."),
        ("id", "Para Pihak bekerja sama untuk melindungi danau dan akan bertemu pada setiap tahun di kota ini."),
        ("vi", "Các Bên hợp tác để bảo vệ các hồ chung và sẽ họp mỗi năm một lần tại thành phố."),
        ("ru", "Стороны сотрудничают в охране общих озёр и встречаются один раз в год."),
        ("en", A),
    ],
)  # fmt: skip
def test_language_is_told_from_its_commonest_words(language: str, text: str) -> None:
    assert read(f"1. {text}\n\n2. {text}\n").language == language


def test_name_that_says_nothing_gives_way_to_title_and_date() -> None:
    readout = read(f"Joint Statement of the Lake Ministers\n\n3 March 2030\n\n1. {A}\n", "page (2).txt")

    assert readout.id == "joint-statement-of-the-lake-ministers-2030-03-03"


def test_text_of_an_e_mail_is_read_with_its_subject_date_and_sender() -> None:
    mail = (
        "From: Press Office of the Council <press@example.org>\r\nSubject: Statement of the Lake Ministers\r\n"
        "Date: Sun, 3 Mar 2030 09:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"1. {A}\r\n\r\n2. {B}\r\n"
    )
    readout = read(mail, "x.eml")

    assert body(readout) == {"1": A, "2": B}
    assert (readout.title, readout.date, readout.issuer) == (
        "Statement of the Lake Ministers",
        "2030-03-03",
        "Press Office of the Council",
    )

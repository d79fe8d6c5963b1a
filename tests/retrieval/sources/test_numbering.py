"""Printed numbers in every style met: each case is a source and the paragraphs it must become."""

from __future__ import annotations

import textwrap

import pytest

from retrieval.models import Numbering
from retrieval.sources import parse


def paragraphs(text: str, name: str = "case.txt") -> dict[str, str]:
    """Return the paragraphs of a source by number, without its header."""
    (readout,) = parse(name, textwrap.dedent(text).lstrip("\n").encode())
    return {p.number: p.text for p in readout.paragraphs if p.number != "header"}


def numbers(text: str, name: str = "case.txt") -> list[str]:
    """Return the numbers of a source's paragraphs, in order."""
    return list(paragraphs(text, name))


A = "The Ministers of Norland and Estmark met in Port Alder and reviewed their cooperation."
B = "They agreed to hold a seminar on flood warning in the coming year."
C = "They expressed concern about the closing of the Sund Strait."
D = "The next meeting will be held in Estmark."
ABC = {"1": A, "2": B, "3": C}

STYLES = {
    "dots": f"1. {A}\n2. {B}\n3. {C}\n",
    "dots with blank lines": f"1. {A}\n\n2. {B}\n\n3. {C}\n",
    "closing bracket": f"1) {A}\n2) {B}\n3) {C}\n",
    "brackets": f"(1) {A}\n(2) {B}\n(3) {C}\n",
    "square brackets": f"[1] {A}\n\n[2] {B}\n\n[3] {C}\n",
    "comma after one": f"1. {A}\n\n2, {B}\n\n3. {C}\n",
    "no space after one": f"1. {A}\n\n2.{B}\n\n3. {C}\n",
    "no space after any": f"1.{A}\n2.{B}\n3.{C}\n",
    "bare numbers": f"1 {A}\n\n2 {B}\n\n3 {C}\n",
    "bold numbers": f"**1 {A[:3]},** {A[4:]}\n\n**2** **They** {B[5:]}\n\n**3 They** {C[5:]} ****\n",
    "no-break spaces": f"1.\u00a0\u00a0 {A}\n\n\u00a02.\u00a0{B}\n\n3.\u00a0\u00a0\u00a0{C}\n",
    "numbers alone on their lines": f"1.\n{A}\n\n2.\n{B}\n\n3.\n{C}\n",
    "bare numbers alone on their lines": f"1\n\n{A}\n\n2\n\n{B}\n\n3\n\n{C}\n",
    "dash after the number": f"1 – {A}\n\n2 – {B}\n\n3 – {C}\n",
    "colon after the number": f"1: {A}\n\n2: {B}\n\n3: {C}\n",
    "escaped dots": f"1\\. {A}\n\n2\\. {B}\n\n3\\. {C}\n",
    "tabs": f"1.\t{A}\n2.\t{B}\n3.\t{C}\n",
    "para": f"Para 1. {A}\n\nPara 2. {B}\n\nPara 3. {C}\n",
    "paragraph sign": f"¶1 {A}\n\n¶2 {B}\n\n¶3 {C}\n",
    "section sign": f"§ 1 {A}\n\n§ 2 {B}\n\n§ 3 {C}\n",
    "articles": f"Article 1\n\n{A}\n\nArticle 2\n\n{B}\n\nArticle 3\n\n{C}\n",
    "articles on the line": f"Article 1. {A}\n\nArticle 2. {B}\n\nArticle 3. {C}\n",
    "carriage returns": f"1. {A}\r\n\r\n2. {B}\r\n\r\n3. {C}\r\n",
    "old carriage returns": f"1. {A}\r\r2. {B}\r\r3. {C}\r",
    "byte order mark": f"\ufeff1. {A}\n2. {B}\n3. {C}\n",
    "right aligned": f"   1. {A}\n   2. {B}\n   3. {C}\n",
    "trailing spaces as blank lines": f"1. {A}  \n   \n2. {B}  \n   \n3. {C}\n",
    "dot and dash": f"1.- {A}\n\n2.- {B}\n\n3.- {C}\n",
    "degree signs": f"1° {A}\n\n2° {B}\n\n3° {C}\n",
    "full-width digits and dots": f"１．{A}\n２．{B}\n３．{C}\n",
    "full-width digits and spaces": f"１　{A}\n２　{B}\n３　{C}\n",
}


@pytest.mark.parametrize("source", STYLES.values(), ids=STYLES.keys())
def test_three_paragraphs_keep_their_numbers_in_every_style(source: str) -> None:
    found = paragraphs(source)

    if "**" in source:
        found = {number: text.replace(",", "", 1) for number, text in found.items()}
    assert found == ABC


def test_wrapped_lines_become_one_paragraph() -> None:
    wrap = textwrap.fill
    source = f"1. {wrap(A, 30)}\n2. {wrap(B, 30)}\n3. {wrap(C, 30)}\n"

    assert paragraphs(source) == ABC


NOT_LABELS = {
    "year": "2022. This was decided in",
    "year of an agenda": "2030 Agenda for Sustainable Development, adopted in",
    "ordinal": "28th Conference of the Parties, held in",
    "version": "2.0 of the Vision, which was adopted in",
    "amount": "1,500 troops, who were sent to",
    "date": "22 June 2022 was the day of the meeting, at which",
    "date with a dot": "7. September was the day of the meeting, at which",
    "decimal": "1.5 degrees within reach, which needs",
    "percentage": "30 percent of the oceans by then, as agreed in",
    "other number": "44 Members of the Assembly, who met in",
    "time": "10:30 hours local time, when the ships had left",
    "days": "4-5 May, when the Ministers had met in",
    "currency": "20 million dollars, which had been promised in",
}


@pytest.mark.parametrize("wrapped", NOT_LABELS.values(), ids=NOT_LABELS.keys())
def test_number_at_the_start_of_a_wrapped_line_is_not_a_label(wrapped: str) -> None:
    source = f"1. {A} They recalled the\n{wrapped} Port Alder.\n\n2. {B}\n\n3. {C}\n"

    assert paragraphs(source) == {**ABC, "1": f"{A} They recalled the {wrapped} Port Alder."}


@pytest.mark.parametrize("wrapped", NOT_LABELS.values(), ids=NOT_LABELS.keys())
def test_number_at_the_start_of_an_unnumbered_paragraph_is_not_a_label(wrapped: str) -> None:
    source = f"{A}\n\n{wrapped} Port Alder was reached.\n\n{C}\n"

    assert paragraphs(source) == {"1": A, "2": f"{wrapped} Port Alder was reached.", "3": C}


CASES: dict[str, tuple[str, dict[str, str]]] = {
    "gaps stay": (f"1. {A}\n\n2. {B}\n\n5. {C}\n", {"1": A, "2": B, "5": C}),
    "repeats stay": (f"1. {A}\n\n2. {B}\n\n2. {C}\n\n3. {D}\n", {"1": A, "2": B, "2#2": C, "3": D}),
    "all read 1": (f"1. {A}\n\n1. {B}\n\n1. {C}\n", {"1": A, "1#2": B, "1#3": C}),
    "out of order": (f"1. {A}\n\n3. {B}\n\n2. {C}\n\n4. {D}\n", {"1": A, "3": B, "2": C, "4": D}),
    "restart under headings": (
        f"Trade\n\n1. {A}\n2. {B}\n\nSecurity\n\n1. {C}\n2. {D}\n",
        {"1": A, "2": B, "1#2": C, "2#2": D},
    ),
    "identical text twice": (f"1. {A}\n\n2. {A}\n", {"1": A, "2": A}),
    "starts at two": (
        f"Joint Statement\n\n{A}\n\n2. {B}\n\n3. {C}\n",
        {"1": A, "2": B, "3": C},
    ),
    "starts at two after an introduction": (f"{D}\n\n{A}\n\n2. {B}\n\n3. {C}\n", {"intro": D, **ABC}),
    "starts in the middle": (f"14. {A}\n\n15. {B}\n\n16. {C}\n", {"14": A, "15": B, "16": C}),
    "introductions": (f"{D}\n\n{D}\n\n1. {A}\n2. {B}\n3. {C}\n", {"intro": D, "intro#2": D, **ABC}),
    "headings between": (
        f"Trade and Investment\n\n1. {A}\n\nSecurity\n\n2. {B}\n\nTHE WAY FORWARD\n\n3. {C}\n",
        ABC,
    ),
    "inline items": (f"1. {A} It asked (1) to stop, (2) to release.\n2. {B}\n", {"1": f"{A} It asked (1) to stop, (2) to release.", "2": B}),
    "items under a sentence": (
        "1. The Parties shall:\na) meet every year;\nb) share data.\n2. They may:\n(i) consult;\n(ii) agree.\n3. Done.\n",
        {
            "1": "The Parties shall: a) meet every year; b) share data.",
            "2": "They may: (i) consult; (ii) agree.",
            "3": "Done.",
        },
    ),
    "items under a sentence with blank lines": (
        f"1. The Parties shall:\n\n(a) meet every year;\n\n(b) share data.\n\n2. {B}\n\n3. {C}\n",
        {"1": "The Parties shall: (a) meet every year; (b) share data.", "2": B, "3": C},
    ),
    "numbered items of the same style": (
        f"1. {A}\n2. The Parties shall:\n   1. meet every year;\n   2. share data.\n3. {C}\n",
        {"1": A, "2": "The Parties shall: 1. meet every year; 2. share data.", "3": C},
    ),
    "numbered items of the same style without indent": (
        f"1. {A}\n2. The Parties shall:\n1. meet every year;\n2. share data.\n3. {C}\n",
        {"1": A, "2": "The Parties shall: 1. meet every year; 2. share data.", "3": C},
    ),
    "bullets": (
        f"1. {A}\n2. The Parties will:\n- meet every year;\n- share data.\n3. {C}\n",
        {"1": A, "2": "The Parties will: - meet every year; - share data.", "3": C},
    ),
    "bullets with blank lines and dots": (
        f"1. {A}\n\n2. The Parties will:\n\n• meet every year;\n\n• share data.\n\n3. {C}\n",
        {"1": A, "2": "The Parties will: • meet every year; • share data.", "3": C},
    ),
    "items under a bare heading": (
        f"1. Opening\n\n(1) {A}\n\n(2) {B}\n\n2. Norland-Estmark Bilateral Meeting\n\n(1) {C}\n\n(2) {D}\n",
        {"1(1)": A, "1(2)": B, "2(1)": C, "2(2)": D},
    ),
    "items under a bare heading without blank lines": (
        f"1. Opening\n(1) {A}\n(2) {B}\n2. Norland-Estmark Bilateral Meeting\n(1) {C}\n(2) {D}\n",
        {"1(1)": A, "1(2)": B, "2(1)": C, "2(2)": D},
    ),
    "lettered items under a bare heading": (
        f"1. Opening\na. {A}\nb. {B}\n2. Bilateral Meeting\na. {C}\nb. {D}\n",
        {"1(a)": A, "1(b)": B, "2(a)": C, "2(b)": D},
    ),
    "only some have items": (
        f"1. {A}\n\n2. Bilateral Meeting\n\n(1) {B}\n\n(2) {C}\n\n3. {D}\n",
        {"1": A, "2(1)": B, "2(2)": C, "3": D},
    ),
    "sections with text": (
        f"1. Trade\n\n{A}\n\n{B}\n\n2. Security\n\n{C}\n\n3. Next Meeting\n\n{D}\n",
        {"1": f"{A} {B}", "2": C, "3": D},
    ),
    "two levels": (
        f"1. Trade\n\n1.1 {A}\n\n1.2 {B}\n\n2. Security\n\n2.1 {C}\n\n2.2 {D}\n",
        {"1.1": A, "1.2": B, "2.1": C, "2.2": D},
    ),
    "two levels with dots": (
        f"1. Trade\n1.1. {A}\n1.2. {B}\n2. Security\n2.1. {C}\n",
        {"1.1": A, "1.2": B, "2.1": C},
    ),
    "three levels": (
        f"1. Trade\n1.1. Goods\n1.1.1. {A}\n1.1.2. {B}\n1.2. Services\n1.2.1. {C}\n",
        {"heading": "Trade", "1.1.1": A, "1.1.2": B, "1.2.1": C},
    ),
    "compound": (f"1(a) {A}\n\n1(b) {B}\n\n2(a) {C}\n", {"1(a)": A, "1(b)": B, "2(a)": C}),
    "Roman numerals": (f"I. {A}\n\nII. {B}\n\nIII. {C}\n\nIV. {D}\n", {"I": A, "II": B, "III": C, "IV": D}),
    "small Roman numerals": (f"(i) {A}\n\n(ii) {B}\n\n(iii) {C}\n", {"i": A, "ii": B, "iii": C}),
    "letters": (f"a) {A}\nb) {B}\nc) {C}\n", {"a": A, "b": B, "c": C}),
    "Roman sections, numbers run on": (
        f"I. TRADE\n\n1. {A}\n\n2. {B}\n\nII. SECURITY\n\n3. {C}\n\n4. {D}\n",
        {"1": A, "2": B, "3": C, "4": D},
    ),
    "Roman sections, numbers start again": (
        f"I. TRADE\n\n1. {A}\n\n2. {B}\n\nII. SECURITY\n\n1. {C}\n\n2. {D}\n",
        {"I(1)": A, "I(2)": B, "II(1)": C, "II(2)": D},
    ),
    "lettered sections, numbers run on": (
        f"A. Trade\n\n1. {A}\n\n2. {B}\n\nB. Security\n\n3. {C}\n\n4. {D}\n",
        {"1": A, "2": B, "3": C, "4": D},
    ),
    "operative and preambular": (
        f"PP1 {A}\n\nPP2 {B}\n\nOP1. {C}\n\nOP2. {D}\n",
        {"PP1": A, "PP2": B, "OP1": C, "OP2": D},
    ),
    "articles with paragraphs": (
        f"Article 1\n\n1. {A}\n\n2. {B}\n\nArticle 2\n\n1. {C}\n\n2. {D}\n",
        {"1(1)": A, "1(2)": B, "2(1)": C, "2(2)": D},
    ),
    "Japanese": (
        "日・ノルランド防衛相会談\n\n１　両大臣は、会談を行いました。\n\n２　両大臣は、協力の進展を歓迎しました。\n\n３　両大臣は、次回会合で一致しました。\n",
        {"1": "両大臣は、会談を行いました。", "2": "両大臣は、協力の進展を歓迎しました。", "3": "両大臣は、次回会合で一致しました。"},
    ),
    "Japanese with items": (
        "１　二国間関係\n（１）両大臣は、協力を歓迎しました。\n（２）両大臣は、一致しました。\n２　地域情勢\n（１）両大臣は、議論しました。\n",
        {"1(1)": "両大臣は、協力を歓迎しました。", "1(2)": "両大臣は、一致しました。", "2(1)": "両大臣は、議論しました。"},
    ),
    "Japanese clauses": (
        "第１項　両大臣は、会談を行いました。\n第２項　両大臣は、歓迎しました。\n第３項　両大臣は、一致しました。\n",
        {"1": "両大臣は、会談を行いました。", "2": "両大臣は、歓迎しました。", "3": "両大臣は、一致しました。"},
    ),
    "Japanese articles": (
        "第一条　締約国は、協力する。\n第二条　締約国は、協議する。\n第三条　この協定は、効力を生ずる。\n",
        {"1": "締約国は、協力する。", "2": "締約国は、協議する。", "3": "この協定は、効力を生ずる。"},
    ),
    "a missed break": (
        f"1. {A} 2. {B}\n3. {C}\n4. {D}\n",
        {"1": A, "2": B, "3": C, "4": D},
    ),
    "two missed breaks": (f"1. {A}\n2. {B} 3. {C} 4. {D}\n5. {A}\n", {"1": A, "2": B, "3": C, "4": D, "5": A}),
    "no break at all": (f"1. {A} 2. {B} 3. {C} 4. {D}\n", {"1": A, "2": B, "3": C, "4": D}),
    "page numbers": (
        f"1. {A}\n\n- 2 -\n\n2. {B}\n\nPage 3 of 5\n\n3. They expressed concern\n\n4\n\nabout the Strait.\n\n4. {D}\n",
        {"1": A, "2": B, "3": "They expressed concern about the Strait.", "4": D},
    ),
    "counted": (f"{A}\n\n{B}\n\n{C}\n", ABC),
    "counted, one line each": (f"{A * 3}\n{B * 3}\n{C}\n", {"1": A * 3, "2": B * 3, "3": C}),
    "counted under headings": (f"Joint Readout\n\n{A}\n\nSecurity\n\n{B}\n\n{C}\n", ABC),
    "counted with a list": (
        f"{A}\n\nThe Parties will:\n\n- meet every year;\n- share data.\n\n{D}\n",
        {"1": A, "2": "The Parties will: - meet every year; - share data.", "3": D},
    ),
    "counted with bullets under headings": (
        f"# Readout\n\n{A}\n\n## Security\n\n- {B}\n- {C}\n\n{D}\n",
        {"1": A, "2": B, "3": C, "4": D},
    ),
    "unnumbered end": (f"1. {A}\n\n2. {B}\n\n3. {C}\n\n{D}\n", {**ABC, "4": D}),
    "place and date at the end": (
        f"1. {A}\n\n2. {B}\n\n3. {C}\n\nPort Alder\n\n5 September 2014\n",
        {**ABC, "after 3": "Port Alder", "after 3#2": "5 September 2014"},
    ),
    "annex without numbers": (
        f"1. {A}\n\n2. {B}\n\n3. {C}\n\nANNEX\n\n{D}\n\n{A}\n",
        {**ABC, "annex": D, "annex#2": A},
    ),
    "annex that starts again": (
        f"1. {A}\n\n2. {B}\n\n3. {C}\n\nAnnex A\n\n1. {D}\n\n2. {A}\n",
        {**ABC, "1#2": D, "2#2": A},
    ),
    "an addition with a title of its own": (
        f"1. {A}\n\n2. {B}\n\n3. {C}\n\nNORLAND - ESTMARK PLAN OF ACTION\n\n{D}\n",
        {**ABC, "annex": D},
    ),
    "operative part without numbers": (
        f"**1 {A}**\n\n**2 {B}**\n\n**3 {C}**\n\n**HEREBY DECLARE TO:**\n\n-   **MEET** every year;\n\n-   **SHARE** data.\n",
        {**ABC, "4": "MEET every year;", "5": "SHARE data."},
    ),
    "one sign of Markdown does not make plain text Markdown": (
        f"1. {A}\n\n**We will:**\n\n- meet;\n- share.\n\n2. {B}\n\n3. {C}\n",
        {"1": f"{A} **We will:** - meet; - share.", "2": B, "3": C},
    ),
    "table of contents": (
        f"Trade ........ 1\nSecurity ........ 2\n\n1. {A}\n\n2. {B}\n\n3. {C}\n",
        ABC,
    ),
    "table of contents without dots": (
        f"Contents\n\n1. Opening\n2. Trade\n\n1. Opening\n\n{A}\n\n2. Trade\n\n{B}\n",
        {"1": A, "2": B},
    ),
    "verbs that begin like months": (
        "1. Decides to meet;\n\n2. Marks the day;\n\n3. Maybe it will;\n\n4. Separates both;\n",
        {"1": "Decides to meet;", "2": "Marks the day;", "3": "Maybe it will;", "4": "Separates both;"},
    ),
    "resolution": (
        f"The Assembly,\n\nRecalling its resolution of 24 January 1946,\n\n1. Decides:\n\n(a) To meet;\n\n(b) To report;\n\n2. {B}\n",
        {
            "intro": "The Assembly,",
            "intro#2": "Recalling its resolution of 24 January 1946,",
            "1": "Decides: (a) To meet; (b) To report;",
            "2": B,
        },
    ),
    "lettered headings at two levels": (
        f"A. Strong Growth\n\n1. {A}\n\na. Global Situation\n\n2. {B}\n\nb. Unlocking Trade\n\n3. {C}\n\nB. Finance\n\n4. {D}\n",
        {**ABC, "4": D},
    ),
    "Roman items with unfinished items": (
        f"I. {A}\n   1. first matter\n   2. second matter\nII. {B}\nIII. {C}\n",
        {"I": f"{A} 1. first matter 2. second matter", "II": B, "III": C},
    ),
    "notes under a rule": (
        f"1. {A}\n\n2. {B}\n\n3. {C}\n\n_____________\n1 See the plan.\n2 With a reservation.\n",
        {**ABC, "4": "1 See the plan. 2 With a reservation."},
    ),
    "a numbered list in a readout without numbers": (
        f"{A}\n\n{B}\n\nThey agreed on two steps:\n\n1. First a seminar.\n\n2. Then a drill.\n\n{C}\n\n{D}\n",
        {"1": A, "2": B, "3": "They agreed on two steps: 1. First a seminar. 2. Then a drill.", "4": C, "5": D},
    ),
    "signatures": (
        f"1. {A}\n\n2. {B}\n\nFor Norland:        For Estmark:\nJane Doe            John Roe\n",
        {"1": A, "2": B, "after 2": "For Norland: For Estmark:", "after 2#2": "Jane Doe John Roe"},
    ),
    "indented paragraphs without blank lines": (
        f"   {A}\nThis was the third such meeting.\n   {B}\nIt is to be open to all.\n",
        {"1": f"{A} This was the third such meeting.", "2": f"{B} It is to be open to all."},
    ),
    "scanned lines with a blank line after each": (
        f"{A[:40].strip()}\n\nand more besides in\n\n-2-\n\nthe port.\n\n{B}\n",
        {"1": f"{A[:40].strip()} and more besides in the port.", "2": B},
    ),
    "headings on the line above the text": (
        f"1. Overview\n{A}\n2. Bilateral Meeting\n(1) {B}\n(2) {C}\n3. Other Meetings\n- {D}\n",
        {"1": A, "2(1)": B, "2(2)": C, "3": f"- {D}"},
    ),
    "Japanese headings on the line above the text": (
        "１　冒頭\n　大臣は、訪問を歓迎した。\n\n２　地域情勢\n　両大臣は、連携を確認した。\n",
        {"1": "大臣は、訪問を歓迎した。", "2": "両大臣は、連携を確認した。"},
    ),
    "numbered Markdown headings": (
        f"# Summit\n\n## 1. Trade\n\n{A}\n\n## 2. Security\n\n{B}\n\n{C}\n",
        {"1": A, "2": f"{B} {C}"},
    ),
    "one numbered paragraph": (f"1. {A}\n", {"1": A}),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_source_becomes_exactly_these_paragraphs(source: str, expected: dict[str, str]) -> None:
    found = paragraphs(source)

    assert found == expected
    assert list(found) == list(expected)


def test_long_sequences_keep_every_number() -> None:
    source = "\n\n".join(f"{n}. Resolution {n} was adopted in {1900 + n}." for n in range(1, 251))

    assert numbers(source) == [str(n) for n in range(1, 251)]


def test_counted_and_printed_are_told_apart() -> None:
    (readout,) = parse("case.txt", f"{A}\n\n2. {B}\n\n3. {C}\n".encode())

    assert [p.numbering for p in readout.paragraphs] == [Numbering.COUNTED, *[Numbering.PRINTED] * 2]
    assert readout.numbering == "mixed"
    assert readout.warnings[-1] == "The source prints no number at 1; counted."


def test_heading_of_a_number_does_not_reach_the_next_number() -> None:
    (readout,) = parse("case.txt", f"1. {A}\n\n2. Bilateral Meeting\n\na) {B}\n\nb) {C}\n\n3. {D}\n".encode())

    assert [p.heading for p in readout.paragraphs] == [None, "Bilateral Meeting", "Bilateral Meeting", None]


def test_heading_is_kept_beside_the_text() -> None:
    (readout,) = parse(
        "case.txt", f"Readout of a Meeting\n\n5 May 2024\n\nTrade\n\n1. {A}\n\nSecurity\n\n2. {B}\n".encode()
    )

    assert [(p.number, p.heading) for p in readout.paragraphs[1:]] == [("1", "Trade"), ("2", "Security")]

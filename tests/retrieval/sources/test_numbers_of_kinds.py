"""Numbers in documents of many countries and kinds: each paragraph is found under the number that stands there."""

from __future__ import annotations

import pytest

from retrieval.models import Readout
from retrieval.sources import parse

TREATY = "The Parties will cooperate in the field of public health."
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "Spanish articles, with a dash, an ordinal and alone": (
        "Convenio entre Norlandia y Estmark\n\nArtículo 1\nObjeto\nLas Partes cooperarán en la materia.\n\n"
        "Artículo 2.- Ámbito\n1. Se prestarán asistencia mutua.\n2. La asistencia es gratuita.\n\nArtículo 3º\nEl Convenio entra en vigor.\n",
        {"1": "Las Partes", "2(1)": "Se prestarán", "2(2)": "La asistencia", "3": "El Convenio"},
    ),
    "French articles put in later": (
        "Accord entre la Norlande et l'Estmark\n\nArticle premier\nLes Parties coopèrent.\n\nArticle 2\nElles se réunissent.\n\n"
        "Article 2 bis\nElles échangent des informations.\n\nArticle 3\nLe présent Accord entre en vigueur.\n",
        {"1": "Les Parties", "2": "Elles se", "2 bis": "Elles échangent", "3": "Le présent"},
    ),
    "numbers before years and amounts": (
        "Press release\n\n1. They met in the spring.\n2. 2030 will be a year of elections.\n3. 15 experts will be sent.\n4. 10 million crowns were pledged.\n",
        {"1": "They met", "2": "2030 will", "3": "15 experts", "4": "10 million"},
    ),
    "items in full-width brackets under a sentence": (
        "共同声明\n\n１．両首脳は、会談を行った。\n\n２．両首脳は、協力を確認した。\n（１）貿易\n（２）教育\n\n３．次回会合は来年開催する。\n",
        {"1": "両首脳は、会談", "2": "両首脳は、協力を確認した。 （１）貿易 （２）教育", "3": "次回会合"},
    ),
    "questions and answers": (
        "Transcript of the press conference\n\nQ1. Minister, what was agreed?\nA1. We agreed on a seminar.\n\nQ2. When will it be held?\nA2. In the spring of next year.\n",
        {"Q1": "Minister", "A1": "We agreed", "Q2": "When", "A2": "In the"},
    ),
    "letters with a dot": (
        "Outcome document\n\nA. Trade\n\nA.1 The Parties will cut tariffs.\n\nA.2 The Parties will report.\n\nB. Security\n\nB.1 The Parties will patrol.\n\nB.2 They will meet.\n",
        {"A.1": "The Parties will cut", "A.2": "The Parties will report", "B.1": "The Parties will patrol", "B.2": "They"},
    ),
    "Portuguese articles, with an ordinal": (
        "Acordo entre a Norlândia e Estmark\n\nArtigo 1.º\nAs Partes cooperam no domínio da educação.\n\nArtigo 2.º\nO Acordo entra em vigor.\n",
        {"1": "As Partes", "2": "O Acordo"},
    ),
    "articles after numbered recitals": (
        "Council Regulation\n\nWhereas:\n\n(1) The Council adopted a decision.\n\n(2) Measures are needed.\n\nHas adopted this Regulation:\n\n"
        "Article 1\n\n1. All funds shall be frozen.\n\n2. No funds shall be paid.\n\nArticle 2\n\nThis Regulation enters into force.\n",
        {"1(1)": "All funds", "1(2)": "No funds", "2": "This Regulation"},
    ),
    "numbers of two levels right under unnumbered headings": (
        "Minutes of the Committee\n\nItem one: Opening\n1.1 The Chair opened it.\n1.2 The agenda was adopted.\n\n"
        "Item two: Trade\n2.1 Norland reported.\n2.2 Estmark asked for data.\n",
        {"1.1": "The Chair", "1.2": "The agenda", "2.1": "Norland", "2.2": "Estmark"},
    ),
    "a quotation with numbers of its own": (
        'Judgment\n\n1. The applicant filed a claim.\n\n2. The Statute provides as follows:\n\n"1. Each party shall appoint an agent.\n'
        '2. The agent shall have an address."\n\n3. The claim is admissible.\n',
        {"1": "The applicant", "2": "The Statute", "3": "The claim"},
    ),
    "sections that count from 1, the last with one paragraph": (
        "Joint Communiqué\n\nTrade\n1. The Ministers agreed to cut tariffs.\n2. They will meet in spring.\n\n"
        "Security\n1. The Ministers discussed the Strait.\n2. They agreed on patrols.\n\nCulture\n1. A year of culture will be held.\n",
        {"1": "The Ministers agreed", "2": "They will", "1#2": "The Ministers discussed", "2#2": "They agreed", "1#3": "A year"},
    ),
}  # fmt: skip


def read(text: str, name: str = "x.txt") -> Readout:
    (readout,) = parse(name, text.encode())
    assert not [w for w in readout.warnings if "no place" in w]
    return readout


@pytest.mark.parametrize(("text", "starts"), KINDS.values(), ids=KINDS.keys())
def test_paragraph_has_the_number_that_is_printed(text: str, starts: dict[str, str]) -> None:
    found = {p.number: p.text for p in read(text).paragraphs if p.numbering.value == "printed"}

    assert {number: words[: len(starts.get(number, words))] for number, words in found.items()} == starts


CLOSINGS = {
    "French": "Fait à Port-Alder, le 1er mars 2021, en double exemplaire.",
    "Russian": "Совершено в городе Порт-Алдер 1 марта 2021 года в двух экземплярах.",
    "Thai": "ทำ ณ กรุงเทพมหานคร เมื่อวันที่ ๑ มีนาคม พ.ศ. ๒๕๖๔",
    "Chinese, in words": "本协定于二〇二一年三月一日在奥尔德港签订。",
    "Japanese era, in words": "令和三年三月一日に東京で作成した。",
}


@pytest.mark.parametrize("closing", CLOSINGS.values(), ids=CLOSINGS.keys())
def test_date_is_that_of_the_signing(closing: str) -> None:
    assert (
        read(f"Agreement\n\nArticle 1\n{TREATY}\n\nArticle 2\n{TREATY}\n\n{closing}\n").date == "2021-03-01"
    )


def test_title_ends_before_the_heading_of_the_first_section() -> None:
    sections = "1 Introduction\n\n1.1 The Ministers met.\n\n2 Commitments\n\n2.1 Norland will send experts.\n"

    assert read(f"DECLARATION\n\n{sections}").title == "DECLARATION"


def test_symbol_of_a_document_is_no_title() -> None:
    page = "<html><head><title>A/RES/80/14 : Trade and development</title></head><p>A/RES/80/14</p><p>1. They met.</p><p>2. They left.</p></html>"

    assert read(page, "x.html").title == "Trade and development"


def test_symbol_beside_a_page_number_is_no_heading() -> None:
    readout = read("1. The Committee met in Port Alder.\n\nA/80/12\nPage 3\n\n2. It closed its session.\n")

    assert [(left.reason, left.text) for left in readout.left_out] == [
        ("running head", "A/80/12"),
        ("page number", "Page 3"),
    ]
    assert [p.heading for p in readout.paragraphs] == [None, None]


def test_number_of_a_regulation_stays_in_its_title() -> None:
    text = "COUNCIL REGULATION (EU) 2031/55\nconcerning restrictive measures\n\n1. All funds shall be frozen.\n\n2. No funds shall be paid.\n"

    assert read(text).title == "COUNCIL REGULATION (EU) 2031/55 concerning restrictive measures"


def test_raised_mark_before_a_word_is_accounted_for() -> None:
    assert (
        read("1. We met in Port Alder.\n\n2. ¹We welcome the report.\n").paragraphs[-1].text
        == "We welcome the report."
    )

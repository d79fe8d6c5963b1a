"""Files of what is found: the sources' own words, each with its citation, and nothing that a text could smuggle in."""

from __future__ import annotations

import io
import re

import docx
import pytest
from lxml import html as lxml_html

from bot.cli.terminal_changes import show_sheet
from bot.locales import load
from bot.sheet_formats import FORMATS, png
from bot.sheets import CitationStyle, Passage, Sheet, answer_sheet, cite, comparison_sheet, trace_sheet
from retrieval.comparison.pairing import pair_paragraphs
from retrieval.comparison.service import Comparison
from retrieval.comparison.tracing import Phrase, Trace, TracedReadout, changed_since, uses_in
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import LiveParagraph, Numbering, Statement
from tests.communiques import COMMUNIQUES, paragraphs

ENGLISH = load().languages["en"]
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> & </style> ]]> \x00\x0b [x](javascript:alert(1)) **b**'


def summary(name: str, title: str, date: str | None = "2024-05-01") -> ReadoutSummary:
    return ReadoutSummary(
        1, name, "shared", "s", "r", 1, title, date, None, None, "en", "printed", (), False, 1
    )


def compared(before: list[str], after: list[str], title: str = "Talks") -> Sheet:
    old, new = paragraphs(before, "a", title=title), paragraphs(after, "b", title=title)
    return comparison_sheet(
        Comparison(summary("a", title), summary("b", title), pair_paragraphs(old, new)), ENGLISH
    )


def traced() -> Sheet:
    phrase, out, last = Phrase("free and open Northern Sea"), [], None
    for name, (title, date, texts) in COMMUNIQUES.items():
        uses = [
            u
            for p in paragraphs(texts, name, title=title)
            for u in uses_in(phrase, Statement(p, 0, len(p.text)))
        ]
        out.append(TracedReadout(name, title, date, "dialogue", tuple(uses), changed_since(last, uses)))
        last = out[-1] if uses else last
    return trace_sheet(Trace(phrase.text, tuple(out)), ENGLISH)


def text_of(data: bytes, ending: str) -> str:
    if ending == "docx":
        document = docx.Document(io.BytesIO(data))
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        return "\n".join([p.text for p in document.paragraphs] + cells)
    if ending == "html":
        return str(lxml_html.document_fromstring(data).text_content())
    return re.sub(r"\\(?=[^\w\s])", "", data.decode())


@pytest.mark.parametrize("ending", FORMATS)
def test_every_word_of_both_readouts_stands_in_a_file_of_the_comparison(ending: str) -> None:
    (_, _, old), (_, _, new) = COMMUNIQUES["dialogue-2023"], COMMUNIQUES["dialogue-2025"]
    told = text_of(FORMATS[ending](compared(list(old), list(new)), "plain", "en"), ending)

    for word in {word for text in (*old, *new) for word in re.findall(r"\w+", text)}:
        assert word in told


@pytest.mark.parametrize("readouts", [(), (TracedReadout("a", "Talks", None, None),)], ids=["none", "unused"])
def test_a_trace_says_what_was_left_out_as_it_was_altered(readouts: tuple[TracedReadout, ...]) -> None:
    sheet = trace_sheet(Trace("open sea", readouts, ("talks-2021", "talks-2022")), ENGLISH)

    assert sheet.lead[1:] == (
        "Left out, as its text in the store is not what was read from its source: talks-2021, talks-2022.",
    )


@pytest.mark.parametrize("ending", FORMATS)
def test_every_passage_has_its_citation(ending: str) -> None:
    sheet = traced()
    told = text_of(FORMATS[ending](sheet, "chicago", "en"), ending)

    passages = [p for entry in sheet.entries for p in entry.after]
    assert len(passages) == 2
    for passage in passages:
        assert cite(passage, "chicago") in told


def test_a_hostile_text_is_shown_and_nothing_of_it_is_markup() -> None:
    page = FORMATS["html"](compared([HOSTILE], [HOSTILE + " more"], title=HOSTILE), "plain", "en")
    tree = lxml_html.document_fromstring(page)

    assert {e.tag for e in tree.iter() if isinstance(e.tag, str)} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "section"),
        *("blockquote", "a", "span", "del", "ins", "mark", "cite"),
    }
    assert {name for e in tree.iter() for name in e.attrib} <= {
        *("charset", "http-equiv", "content", "name", "lang", "class", "id", "href", "rel"),
    }
    assert all(a.get("href").startswith(("#", "https://", "http://")) for a in tree.iter("a"))
    assert "<script>alert(1)</script>" in tree.text_content()
    docx.Document(io.BytesIO(FORMATS["docx"](compared([HOSTILE], ["x"]), "plain", "en")))


def test_white_space_in_a_quote_is_one_space_in_markdown_and_its_block_goes_on() -> None:
    text = "We met\n\nin  Sund.\r\n- We agreed\n1. on \tferries."
    paragraph = LiveParagraph("a", "r", 0, "1", Numbering.PRINTED, text, "Talks\nin May")
    sheet = answer_sheet("Who\nmet?", (), [Statement(paragraph, 0, len(text), ((6, 12),))], ENGLISH)

    told = FORMATS["md"](sheet, "plain", "en").decode()

    quote = "> We met **in** Sund. - We agreed 1. on ferries.\\\n> — Talks in May, ¶1."
    assert told == f"# Who met?\n\n## Talks in May\n\n{quote}\n"


def test_an_address_that_is_not_the_web_is_no_link() -> None:
    paragraph = LiveParagraph(
        "a", "r", 0, "1", Numbering.PRINTED, "We met.", "Talks", source_url="javascript:alert(1)"
    )
    sheet = answer_sheet("Who?", (), [Statement(paragraph, 0, 7)], ENGLISH)

    assert not list(lxml_html.document_fromstring(FORMATS["html"](sheet, "plain", "en")).iter("a"))
    assert b"<javascript" not in FORMATS["md"](sheet, "plain", "en")


def test_every_paragraph_of_a_comparison_can_be_linked_to() -> None:
    (_, _, old), (_, _, new) = COMMUNIQUES["dialogue-2023"], COMMUNIQUES["dialogue-2024"]
    tree = lxml_html.document_fromstring(FORMATS["html"](compared(list(old), list(new)), "plain", "en"))

    ids = [e.get("id") for e in tree.iter("blockquote")]
    assert sorted(ids) == sorted([f"a-{n}" for n in range(1, 6)] + [f"b-{n}" for n in range(1, 6)])
    assert {a.get("href") for a in tree.iter("a")} == {f"#{name}" for name in ids}


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = FORMATS["html"](traced(), "plain", "en").decode()

    assert "<svg" in page
    assert not re.search(r"<(?:script|link|img|iframe)|@import|url\(", page)


@pytest.mark.parametrize(
    ("style", "cited"),
    [
        ("plain", "Talks, 1 May 2024, ¶7. https://example.org/t"),
        ("chicago", "Ministry of Norland, “Talks,” May 1, 2024, ¶7, https://example.org/t."),
        ("apa", "Ministry of Norland. (2024, May 1). Talks (¶7). https://example.org/t"),
        ("oscola", "Ministry of Norland, ‘Talks’ (1 May 2024) ¶7 <https://example.org/t>"),
    ],
)
def test_a_citation_is_written_as_the_style_does(style: CitationStyle, cited: str) -> None:
    paragraph = LiveParagraph(
        "t", "r", 0, "7", Numbering.PRINTED, "We met.", "Talks", None, "2024-05-01", "Ministry of Norland", "https://example.org/t"
    )  # fmt: skip

    assert cite(Passage.of(Statement(paragraph, 0, 7)), style) == cited


def test_a_picture_is_a_png_whatever_the_years() -> None:
    for years in (((2024, 1, 1),), tuple((year, year % 3 == 0, 3) for year in range(1950, 2026))):
        assert png(years).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("width", [20, 80])
def test_a_narrow_terminal_shows_every_changed_word(width: int) -> None:
    from rich.console import Console

    stream = io.StringIO()
    show_sheet(
        Console(file=stream, width=width, highlight=False),
        compared(["The Foreign Ministers met in Sund."], ["The Foreign Ministers met in Port Alder."]),
    )

    assert "[-Sund-]{+PortAlder+}" in re.sub(r"\s", "", stream.getvalue())

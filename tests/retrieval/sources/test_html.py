"""HTML: numbers that the markup gives, and what a page has around the document."""

from __future__ import annotations

import pytest

from retrieval.errors import SourceError
from retrieval.models import Readout
from retrieval.sources import parse

A = "The Ministers of Norland and Estmark met in Port Alder and reviewed their cooperation."
B = "They agreed to hold a seminar on flood warning in the coming year."
C = "They expressed concern about the closing of the Sund Strait."


def read(html: str) -> Readout:
    (readout,) = parse("page.html", html.encode())
    return readout


def paragraphs(html: str) -> dict[str, str]:
    return {p.number: p.text for p in read(html).paragraphs if p.number != "header"}


LISTS = {
    "plain": (f"<ol><li>{A}</li><li>{B}</li></ol>", {"1": A, "2": B}),
    "unclosed items": (f"<ol><li>{A}<li>{B}</ol>", {"1": A, "2": B}),
    "start": (f'<ol start="7"><li>{A}</li><li>{B}</li></ol>', {"7": A, "8": B}),
    "letters": (f'<ol type="a"><li>{A}</li><li>{B}</li></ol>', {"a": A, "b": B}),
    "capital Roman": (f'<ol type="I" start="4"><li>{A}</li><li>{B}</li></ol>', {"IV": A, "V": B}),
    "reversed": (f"<ol reversed><li>{A}</li><li>{B}</li></ol>", {"2": A, "1": B}),
    "value": (f'<ol><li>{A}</li><li value="5">{B}</li><li>{C}</li></ol>', {"1": A, "5": B, "6": C}),
    "one list an item": (
        f'<ol><li>{A}</li></ol><h2>Trade</h2><ol start="2"><li>{B}</li></ol>',
        {"1": A, "2": B},
    ),
    "items under a sentence": (
        f'<ol><li>The Parties shall:<ol type="a"><li>meet;</li><li>share.</li></ol></li><li>{B}</li></ol>',
        {"1": "The Parties shall: meet; share.", "2": B},
    ),
    "items under a bare heading": (
        f"<ol><li>Bilateral Meeting<ol><li>{A}</li><li>{B}</li></ol></li><li>{C}</li></ol>",
        {"1(1)": A, "1(2)": B, "2": C},
    ),
    "bullets inside": (
        f"<ol><li>They will:<ul><li>meet;</li><li>share.</li></ul></li><li>{B}</li></ol>",
        {"1": "They will: meet; share.", "2": B},
    ),
    "paragraphs inside an item": (f"<ol><li><p>{A}</p><p>{B}</p></li><li>{C}</li></ol>", {"1": f"{A} {B}", "2": C}),
    "introduction": (f"<p>{C}</p><ol><li>{A}</li><li>{B}</li></ol>", {"intro": C, "1": A, "2": B}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), LISTS.values(), ids=LISTS.keys())
def test_ordered_list_has_the_numbers_a_browser_shows(body: str, expected: dict[str, str]) -> None:
    assert paragraphs(f"<html><body>{body}</body></html>") == expected


PRINTED = {
    "paragraphs": (f"<p>1. {A}</p><p>2. {B}</p><p>3. {C}</p>", {"1": A, "2": B, "3": C}),
    "line breaks": (f"<p>1. {A}<br>2. {B}<br/>3. {C}</p>", {"1": A, "2": B, "3": C}),
    "two line breaks": (f"<p>1. {A}<br><br>2. {B}<br><br>3. {C}</p>", {"1": A, "2": B, "3": C}),
    "bold numbers": (f"<p><b>1.</b> {A}</p><p><b>2.</b> {B}</p>", {"1": A, "2": B}),
    "numbers in a column": (
        f"<table><tr><td>1.</td><td>{A}</td></tr><tr><td>2.</td><td>{B}</td></tr></table>",
        {"1": A, "2": B},
    ),
    "headings in bold": (f"<p><strong>Trade</strong></p><p>1. {A}</p><p>2. {B}</p>", {"1": A, "2": B}),
    "a list under one of them": (
        f"<p>1. They will:</p><ol><li>meet;</li><li>share.</li></ol><p>2. {B}</p><p>3. {C}</p>",
        {"1": "They will: meet; share.", "2": B, "3": C},
    ),
    "no numbers": (f"<h1>Readout</h1><p>{A}</p><h2>Trade</h2><p>{B}</p>", {"1": A, "2": B}),
    "div soup": (f"<div><div>1. {A}</div><div>2. <span>{B[:9]}</span>{B[9:]}</div></div>", {"1": A, "2": B}),
    "preformatted": (f"<pre>1. {A}\n\n2. {B}\n</pre>", {"1": A, "2": B}),
    "entities": ("<p>1. Research &amp; development&nbsp;grew.</p><p>2. It &lt;did&gt;.</p>",
                 {"1": "Research & development grew.", "2": "It <did>."}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), PRINTED.values(), ids=PRINTED.keys())
def test_printed_numbers_are_read_from_any_markup(body: str, expected: dict[str, str]) -> None:
    assert paragraphs(f"<html><body>{body}</body></html>") == expected


PAGE = f"""<!DOCTYPE html>
<html lang="en-GB"><head><title>Joint Statement | Ministry</title>
<link rel="canonical" href="https://example.org/statements/12">
<meta property="article:published_time" content="2024-05-03T10:00:00Z">
<meta name="author" content="Ministry of Foreign Affairs of Norland">
<script>var one = "1. Not a paragraph.";</script></head>
<body><nav><ol><li>Home</li><li>News</li></ol></nav>
<main><h1>Joint Statement of Norland and Estmark</h1>
<div class="share-buttons">Share this on everything</div>
<p>1. {A}<sup><a href="#fn1">1</a></sup></p><p>2. {B}</p><p hidden>3. {C}</p></main>
<footer>1. Contact</footer></body></html>"""


def test_head_of_a_page_says_what_the_readout_is() -> None:
    readout = read(PAGE)

    found = (readout.title, readout.date, readout.issuer, readout.source_url, readout.language)
    assert found == (
        "Joint Statement of Norland and Estmark",
        "2024-05-03",
        "Ministry of Foreign Affairs of Norland",
        "https://example.org/statements/12",
        "en",
    )


def test_navigation_scripts_share_buttons_hidden_text_and_note_marks_are_left_out() -> None:
    assert paragraphs(PAGE) == {"1": A, "2": B}


def test_page_in_its_declared_encoding_is_read_without_a_warning() -> None:
    page = f'<html><head><meta charset="windows-1252"></head><body><p>1. “{A}”</p><p>2. {B}</p></body></html>'
    (readout,) = parse("page.html", page.encode("windows-1252"))

    assert (readout.paragraphs[0].text, readout.warnings) == (
        f"“{A}”",
        ("No title was found; the file's name stands for it.",),
    )


def test_page_is_recognised_without_its_extension() -> None:
    (readout,) = parse("download", PAGE.encode())

    assert [p.number for p in readout.paragraphs] == ["1", "2"]


def test_tags_nested_a_thousand_deep_are_an_error_and_no_crash() -> None:
    with pytest.raises(SourceError, match="nested too deep"):
        parse("deep.html", (b"<div>" * 1000) + f"<p>1. {A}</p>".encode() + b"</div>" * 1000)

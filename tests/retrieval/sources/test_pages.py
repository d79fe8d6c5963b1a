"""Whole web pages, in the shapes that ministries' sites have: the document and nothing else of the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.sources import parse

PAGES = Path(__file__).parent / "pages"
EXPECTED = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_document_is_read_out_of_its_page(name: str) -> None:
    (readout,) = parse(name, (PAGES / name).read_bytes())

    assert {
        "title": readout.title,
        "date": readout.date,
        "issuer": readout.issuer,
        "source_url": readout.source_url,
        "paragraphs": {p.number: p.text for p in readout.paragraphs},
    } == EXPECTED[name]


def test_every_page_has_its_expectation() -> None:
    assert {path.name for path in PAGES.glob("*.html")} == set(EXPECTED)
    assert len(EXPECTED) >= 12


A = "The Ministers of Norland and Estmark met in Port Alder and reviewed their cooperation since the last dialogue."
B = "They agreed to hold a seminar on flood warning in the coming year, with experts of both services."


def paragraphs(body: str) -> dict[str, str]:
    (readout,) = parse("page.html", f"<html><body>{body}</body></html>".encode())
    return {p.number: p.text for p in readout.paragraphs}


KEPT = {
    "text whose class sounds like furniture": f'<div class="social-affairs"><p>1. {A}</p></div><div><p>2. {B}</p></div>',
    "a paragraph full of links": f'<p>1. {A[:50]}<a href="/x">{A[50:70]}</a>{A[70:]}</p><p>2. {B}</p>',
    "a page inside a form": f'<form action="/"><div><p>1. {A}</p><p>2. {B}</p></div></form>',
    "columns of a table": f"<table><tr><td>1.</td><td><p>{A}</p></td></tr><tr><td>2.</td><td><p>{B}</p></td></tr></table>",
    "a lead outside of the body": f'<div><div class="lead"><p>1. {A}</p></div><div class="text"><p>2. {B}</p></div></div>',
}


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT.keys())
def test_no_paragraph_is_lost_to_a_guess(body: str) -> None:
    assert paragraphs(body) == {"1": A, "2": B}


DROPPED = {
    "a list of links": '<ul><li><a href="/a">Ferry timetable</a></li><li><a href="/b">Tide tables</a></li></ul>',
    "a notice about cookies": '<div class="cookie-notice"><p>We use cookies to count those who read this page, and for nothing else at all.</p></div>',
    "a notice that hides behind its role": '<div role="dialog"><p>We use cookies to count those who read this page, and for nothing else at all.</p></div>',
    "hidden text": '<div style="display: none"><p>Session expired, please sign in again to go on reading this page.</p></div>',
    "text for screen readers": '<span class="visually-hidden">Opens in a new window</span>',
    "comments": '<section id="comments"><p>What a splendid statement, well done to everybody who took part in it.</p></section>',
    "share buttons": '<div class="share"><span>Share this</span><a href="#">Facebook</a><a href="#">X</a></div>',
}


@pytest.mark.parametrize("extra", DROPPED.values(), ids=DROPPED.keys())
@pytest.mark.parametrize("where", ["before", "after"])
def test_furniture_is_no_paragraph(extra: str, where: str) -> None:
    body = f"<div><p>1. {A}</p><p>2. {B}</p></div>"

    assert paragraphs(extra + body if where == "before" else body + extra) == {"1": A, "2": B}


def test_notes_are_cited_by_their_marks_and_the_marks_are_no_words() -> None:
    page = (
        f'<p>1. {A}<sup><a href="#fn1">1</a></sup></p><p>2. {B}<a href="#fn2">[2]</a></p>'
        '<ol><li id="fn1">See the first dialogue.</li></ol><p id="fn2">See the second.</p>'
    )

    assert paragraphs(page) == {
        "1": A,
        "2": B,
        "note 1": "See the first dialogue.",
        "note 2": "See the second.",
    }

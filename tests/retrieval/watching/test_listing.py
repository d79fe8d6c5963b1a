"""Which links of a page are its list, told by structure alone."""

from __future__ import annotations

import pytest

from retrieval.watching.listing import Listed, feed_links, page_links

PAGE = "https://example.org/news/"
MENU = "".join(
    f"<li><a href='/{name}'>{name}</a></li>" for name in ("about", "ministers", "contact", "careers")
)
HEADLINES = ("Ferry talks end in Norhaven", "Second harbour dialogue held", "Joint statement on the reef")


def _titles(html: str) -> list[tuple[str, str, str | None]]:
    found = page_links(html.encode(), PAGE).links
    return [(link.url.removeprefix("https://example.org"), link.title, link.date) for link in found]


def _day(number: int) -> str:
    return f"{number} May 2024"


LAYOUTS = {
    "list": lambda n, t: f"<li><span>{_day(n)}</span> <a href='r/{n}.html'>{t}</a></li>",
    "cards, with a picture and Read more": lambda n, t: (
        f"<div class=card><a href='r/{n}.html'><img src=x></a><h3><a href='r/{n}.html'>{t}</a></h3>"
        f"<p>{_day(n)}</p><p>Some words about it.</p><a href='r/{n}.html'>Read more</a></div>"
    ),
    "table, with the PDF in three languages": lambda n, t: (
        f"<tr><td>{_day(n)}</td><td><a href='r/{n}.html'>{t}</a></td><td><a href='{n}-e.pdf'>E</a></td>"
        f"<td><a href='{n}-f.pdf'>F</a></td><td><a href='{n}-r.pdf'>R</a></td></tr>"
    ),
    "definitions": lambda n, t: f"<dt>{_day(n)}</dt><dd><ul><li><a href='r/{n}.html'>{t}</a></li></ul></dd>",
    "time elements": lambda n, t: (
        f"<article><header><h2><a href='r/{n}.html'>{t}</a></h2></header>"
        f"<time datetime='2024-05-{n:02}T10:00'>yesterday</time></article>"
    ),
}
AROUND = {"list": "ul", "table, with the PDF in three languages": "table", "definitions": "dl"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_list_is_told_from_menus_by_the_dates_beside_its_links(layout: str) -> None:
    around = AROUND.get(layout, "div")
    items = "".join(LAYOUTS[layout](n, title) for n, title in enumerate(HEADLINES, 1))
    html = (
        f"<body><nav><ul>{MENU}</ul></nav><div><ul>{MENU}</ul></div><main><{around}>{items}</{around}></main>"
    )

    assert _titles(html) == [
        (f"/news/r/{n}.html", title, f"2024-05-{n:02}") for n, title in enumerate(HEADLINES, 1)
    ]


def test_a_list_without_dates_is_the_longest_row_of_titles() -> None:
    items = "".join(f"<p><a href='r/{n}.html'>{title}</a></p>" for n, title in enumerate(HEADLINES, 1))

    assert [title for _, title, _ in _titles(f"<div><ul>{MENU}</ul></div><div>{items}</div>")] == list(
        HEADLINES
    )


def test_a_menu_alone_is_no_list() -> None:
    assert _titles(f"<div><ul>{MENU}</ul></div>") == []


def test_other_pages_of_the_list_and_places_on_it_are_no_links_of_it() -> None:
    items = "".join(
        f"<li>{_day(n)} <a href='?page={n}'>Page number {n} of the list</a></li>" for n in (1, 2, 3)
    )
    places = "".join(f"<li>{_day(n)} <a href='#n{n}'>A place further down {n}</a></li>" for n in (1, 2, 3))

    assert _titles(f"<ul>{items}</ul><ul>{places}</ul>") == []


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>https://example.org/</link>
<item><title>Ferry talks &amp; more</title><link>/r/1.html</link><pubDate>Thu, 02 May 2024 10:00:00 GMT</pubDate></item>
<item><title>By its guid</title><guid>https://example.org/r/2.html</guid></item>
<item><title>Without an address</title><guid isPermaLink="false">7</guid></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/r/"><title>News</title>
<entry><title>Ferry talks</title><link rel="self" href="x.atom"/><link href="1.html"/><updated>2024-05-02T10:00:00Z</updated>
</entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="a"><title>Ferry talks</title>
<link>https://example.org/r/1.html</link><dc:date>2024-05-02</dc:date></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("feed", "links"),
    [
        (
            RSS,
            (
                Listed(
                    "https://example.org/r/1.html",
                    "Ferry talks & more",
                    "2024-05-02",
                    "Thu, 02 May 2024 10:00:00 GMT",
                ),
                Listed("https://example.org/r/2.html", "By its guid"),
            ),
        ),
        (
            ATOM,
            (Listed("https://example.org/r/1.html", "Ferry talks", "2024-05-02", "2024-05-02T10:00:00Z"),),
        ),
        (RDF, (Listed("https://example.org/r/1.html", "Ferry talks", "2024-05-02", "2024-05-02"),)),
    ],
    ids=["RSS", "Atom", "RSS 1.0"],
)
def test_entries_of_a_feed_are_read(feed: str, links: tuple[Listed, ...]) -> None:
    found = feed_links(feed.encode(), PAGE)

    assert found is not None
    assert found.links == links


def test_an_ill_formed_feed_is_still_one() -> None:
    found = feed_links(RSS.replace("&amp;", "&").encode(), PAGE)

    assert found is not None
    assert [link.url for link in found.links] == [
        "https://example.org/r/1.html",
        "https://example.org/r/2.html",
    ]


def test_a_page_is_no_feed_and_a_feed_reads_no_file() -> None:
    secret = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title><link>https://example.org/1</link></item></channel></rss>'

    assert feed_links(b"<!doctype html><html><body><p>1. Text.</p></body></html>", PAGE) is None
    found = feed_links(secret.encode(), PAGE)
    assert found is not None
    assert [link.title for link in found.links] == ["&x;"]

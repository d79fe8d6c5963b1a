"""What a page says of itself: meta elements (Open Graph, Dublin Core) and JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from retrieval.language.dates import find_date
from retrieval.sources.lines import collapse
from retrieval.sources.titles import body_in

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

_SITE = re.compile(r"\s+(?:[|»–—-]|::)\s+[^|»–—]{2,60}$")
_SYMBOL = re.compile(r"^[A-Z]{1,6}(?:/[\w.()-]+)+\s*[:|–—-]\s+")  # of a document, before its title
_PARTED = re.compile(r"\s+(?:[|»–—-]|::)\s+")
_WORD = re.compile(r"\w+")
_DATED = re.compile(r"(?:^|[-_])(?:date|dates|published|pubdate|day|time|meta)(?:$|[-_])", re.IGNORECASE)
_MOST_JSON = 200_000
_MOST_DATED = 200
_LONGEST_DATE = 80
_ELSEWHERE = frozenset(("li", "a", "nav", "footer", "aside"))


def page_heading(soup: BeautifulSoup) -> Tag | None:
    """Return the element that titles the page: of several `h1`, the one that its head repeats."""
    found = [tag for tag in soup.find_all("h1") if collapse(tag.get_text(" "))]
    stated = " ".join(filter(None, (meta(soup, "og:title", "twitter:title"), _title_element(soup))))
    named = [
        tag for tag in found if _words(tag.get_text(" ")) and _words(tag.get_text(" ")) in _words(stated)
    ]
    return max(named or found, key=lambda tag: len(tag.get_text()), default=None)


def page_title(soup: BeautifulSoup, heading: Tag | None) -> str | None:
    """Return the title that a reader sees, else the one its head gives without the name of the site."""
    if heading is not None:
        return collapse(heading.get_text(" "))
    stated = meta(soup, "og:title", "dc.title", "dcterms.title") or _in_json(soup, "headline")
    return _SYMBOL.sub("", stated or _SITE.sub("", _title_element(soup) or "")) or None


def page_date(soup: BeautifulSoup, is_furniture: Callable[[Tag], bool]) -> str | None:
    """Return the date the page was issued, "2024-05-03", or None; dates of other news are not taken for it."""
    stated = meta(
        soup, "article:published_time", "dc.date", "dcterms.date", "dcterms.issued", "dc.date.issued", "date",
        "pubdate", "govuk:first-published-at",
    )  # fmt: skip
    candidates = [stated, _in_json(soup, "datePublished"), *_times(soup, is_furniture)]
    return next((found for text in candidates if text and (found := find_date(text))), None)


def page_issuer(soup: BeautifulSoup) -> str | None:
    """Return who issued the page, or None."""
    stated = meta(soup, "author", "dc.creator", "dcterms.creator", "dc.publisher", "dcterms.publisher")
    stated = stated or _in_json(soup, "publisher", "author") or meta(soup, "og:site_name")
    if stated:
        return stated
    pieces = _PARTED.split(_title_element(soup) or "")
    return next((name for piece in (pieces[0], pieces[-1]) if (name := body_in(piece))), None)


def page_address(soup: BeautifulSoup) -> str | None:
    """Return the address the page says it has, or None."""
    link = soup.find("link", rel="canonical")
    address = str(link.get("href", "")) if link else meta(soup, "og:url") or ""
    return address if address.startswith(("https://", "http://")) else None


def page_language(soup: BeautifulSoup) -> str | None:
    """Return the ISO 639-1 code the page says it is in, or None."""
    page = soup.find("html")
    found = re.match(r"[a-z]{2}(?=$|[-_])", str(page.get("lang", "")).lower()) if page else None
    return found.group() if found else None


def meta(soup: BeautifulSoup, *names: str) -> str | None:
    """Return the content of the first of the meta elements `names` that has one."""
    wanted = dict.fromkeys(names, "")
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or tag.get("property") or "").lower()
        if name in wanted and not wanted[name]:
            wanted[name] = collapse(str(tag.get("content", "")))
    return next((value for value in wanted.values() if value), None)


def _title_element(soup: BeautifulSoup) -> str | None:
    return collapse(soup.title.get_text()) if soup.title else None


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _times(soup: BeautifulSoup, is_furniture: Callable[[Tag], bool]) -> Iterator[str]:
    """Yield what `time` elements and elements named after dates say, in page order."""
    found = [*soup.find_all("time", limit=_MOST_DATED), *soup.find_all(class_=_DATED, limit=_MOST_DATED)]
    for tag in found:
        if any(parent.name in _ELSEWHERE or is_furniture(parent) for parent in tag.parents):
            continue
        text = collapse(str(tag.get("datetime") or tag.get_text(" ")))
        if len(text) <= _LONGEST_DATE:
            yield text


def _in_json(soup: BeautifulSoup, *keys: str) -> str | None:
    """Return the text, or the name of the thing, that JSON-LD gives for the first of `keys` it has."""
    for tag in soup.find_all("script", type="application/ld+json", limit=20):
        text = tag.get_text()
        if len(text) > _MOST_JSON:
            continue
        try:
            things = list(_things(json.loads(text)))
        except (ValueError, RecursionError):
            continue
        for key in keys:
            for thing in things:
                if value := _name(thing.get(key)):
                    return value
    return None


def _things(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _things(item)
    elif isinstance(value, dict):
        yield value
        yield from _things(value.get("@graph", []))


def _name(value: Any) -> str | None:
    if isinstance(value, list):
        return _name(value[0]) if value else None
    if isinstance(value, dict):
        return _name(value.get("name"))
    return collapse(value) or None if isinstance(value, str) else None

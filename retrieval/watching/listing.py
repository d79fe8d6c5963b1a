"""The bytes of a page or a feed -> the links that make up its list. Pure.

Which links of a page those are is told by its structure alone: elements side by side that lead to their links the same
way, most of them with a date near, or else the longest of such rows. Menus repeat as well, and have no dates.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from retrieval.language.dates import find_date
from retrieval.sources.lines import MAX_TAGS, collapse

if TYPE_CHECKING:
    from bs4.element import Tag
    from lxml.etree import _Element

FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml"}
)
"""Media types that feeds come with."""

_MOST_LINKS = 500
_MOST_ANCHORS = 3_000
_MAX_TITLE = 300
_MAX_URL = 2_000
_FEWEST, _FEWEST_DATED = 3, 2
_SHORTEST_TITLE = 12
"""Mean length, in characters, of the titles of a list without dates: menus have words, lists have titles."""

_ASIDE = frozenset({"nav", "footer", "aside", "form"})
_WITHIN = frozenset({"article", "main", "li", "section"})
"""A `header` in one of these is an item's or the document's own."""

_CELLS = ["td", "th"]
"""What stands beside these is another column: a row of the table is the item."""

_DATED_LEVELS = 4
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A link of a list.

    Attributes:
        date: ISO 8601, or None.
        stamp: Another one says that what it leads to may be another.
    """

    url: str
    title: str
    date: str | None = None
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The links of a list in its order, and all words of the list, its links' and those beside them."""

    links: tuple[Listed, ...] = ()
    text: str = ""

    @property
    def newest(self) -> Listed | None:
        """The one with the latest date, else the first."""
        dated = [link for link in self.links if link.date]
        return max(dated, key=lambda link: link.date or "", default=next(iter(self.links), None))


def feed_links(data: bytes, base: str) -> Listing | None:
    """Return the entries of an RSS (0.9x, 1.0, 2.0) or Atom feed, or None where it is no feed.

    Args:
        base: Where it was found.
    """
    from lxml import etree

    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    if root is None or _local(root) not in ("rss", "feed", "RDF"):
        return None
    entries = [element for element in root.iter() if _local(element) in ("item", "entry")]
    found = [listed for entry in entries if (listed := _entry(entry, base))]
    return Listing(_distinct(found), " ".join(listed.title for listed in found))


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _entry(entry: _Element, base: str) -> Listed | None:
    said: dict[str, str] = {}
    link = ""
    for child in entry:
        name, text = _local(child), collapse("".join(map(str, child.itertext())))
        if name == "link" and child.get("rel", "alternate") == "alternate":
            link = link or (child.get("href") or text).strip()
        elif name != "guid" or (child.get("isPermaLink", "true") == "true" and "://" in text):
            said.setdefault(name, text)
    url = _address(link or said.get("guid", ""), entry.base or base, base)
    stamp = said.get("updated") or said.get("pubDate") or said.get("published") or said.get("date", "")
    title = said.get("title", "")[:_MAX_TITLE] or url
    return Listed(url, title, find_date(stamp), stamp[:_MAX_TITLE]) if url else None


def page_links(data: bytes, base: str) -> Listing:
    """Return the links that a page lists; none where it lists nothing.

    Args:
        data: HTML.
        base: Where it was found.
    """
    from bs4 import BeautifulSoup

    if data.count(b"<") > MAX_TAGS:
        return Listing()
    soup = BeautifulSoup(data, "lxml")
    stated = soup.find("base", href=True)
    root = urljoin(base, str(stated["href"])) if stated else base
    anchors = [
        (tag, url)
        for tag in soup.find_all("a", href=True, limit=_MOST_ANCHORS)
        if not _is_aside(tag) and (url := _address(str(tag["href"]), root, base))
    ]
    return _listing(_rows(anchors))


def _is_aside(anchor: Tag) -> bool:
    own = False
    for parent in anchor.parents:
        own = own or parent.name in _WITHIN
        if parent.name in _ASIDE or parent.get("role") == "navigation":
            return True
        if parent.name == "header" and not own and not any(p.name in _WITHIN for p in parent.parents):
            return True
    return False


def _address(href: str, root: str, page: str) -> str:
    """Return an address in full without its fragment; "" where it leads nowhere else than to its page."""
    try:
        url = urldefrag(urljoin(root, href.strip())).url
        there, here = urlsplit(url), urlsplit(page)
    except ValueError:
        return ""
    if there.scheme not in ("http", "https") or len(url) > _MAX_URL:
        return ""
    itself = (there.netloc, there.path.rstrip("/")) == (here.netloc, here.path.rstrip("/"))  # its page 2, too
    return "" if itself else url


@dataclass(frozen=True, slots=True)
class _Item:
    """One element of a row, with one link that it leads to."""

    unit: Tag
    listed: Listed


def _rows(anchors: Sequence[tuple[Tag, str]]) -> list[list[_Item]]:
    """Return rows of links: those reached the same way from elements that stand side by side."""
    ways = {id(anchor): _way(anchor) for anchor, _ in anchors}
    beside: dict[tuple[int, tuple[str, ...]], set[int]] = defaultdict(set)
    for anchor, _ in anchors:
        for unit, parent, way in ways[id(anchor)]:
            beside[id(parent), way].add(id(unit))
    rows: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Item]] = defaultdict(list)
    dates: dict[int, str | None] = {}  # of elements: a large one may hold many links
    for anchor, url in anchors:
        levels = ways[id(anchor)]
        if not levels:
            continue
        unit, parent, way = max(levels, key=lambda level: len(beside[id(level[1]), level[2]]))
        place = tuple(tag.name for tag in parent.parents)
        if id(unit) not in dates:
            dates[id(unit)] = _date_near(unit)
        rows[(parent.name, *place), way].append(_Item(unit, _listed(anchor, dates[id(unit)], url)))
    return list(rows.values())


def _way(anchor: Tag) -> list[tuple[Tag, Tag, tuple[str, ...]]]:
    """Return each element around a link with its parent, and the names of the elements from it to the link."""
    levels: list[tuple[Tag, Tag, tuple[str, ...]]] = []
    way: tuple[str, ...] = ()
    tag = anchor
    while tag.parent is not None and tag.parent.name not in ("html", "[document]"):
        if tag.name not in _CELLS:
            levels.append((tag, tag.parent, way))
        column = len(tag.find_previous_siblings(_CELLS)) if tag.name in _CELLS else ""
        way = (f"{tag.name}{column}", *way)
        tag = tag.parent
    return levels


def _listed(anchor: Tag, date: str | None, url: str) -> Listed:
    said = anchor.get_text(" "), str(anchor.get("title") or anchor.get("aria-label") or "")
    title = (collapse(said[0]) or collapse(said[1]))[:_MAX_TITLE]
    return Listed(url, title, date, f"{title}|{date or ''}")


def _date_near(unit: Tag) -> str | None:
    """Return the date in an element, or in what stands before it or before what it stands in and has no link."""
    stated = unit.find("time", datetime=True)
    found = find_date(str(stated["datetime"])) if stated else None
    found = found or find_date(collapse(unit.get_text(" ")))
    for around in [unit, *list(unit.parents)[: _DATED_LEVELS - 1]]:
        before = around.find_previous_sibling()
        if found is None and before is not None and before.find("a", href=True) is None:
            found = find_date(collapse(before.get_text(" ")))
    return found


def _listing(rows: Sequence[Sequence[_Item]]) -> Listing:
    dated = [row for row in rows if _is_dated(row)]
    chosen = dated or [row for row in rows if _is_titled(row)]
    if not chosen:
        return Listing()
    best = max(chosen, key=_weight)
    shape = _shape(best)
    alike = [row for row in chosen if row is best or (dated and _shape(row) == shape)]
    units = {id(item.unit): item.unit for row in alike for item in row}
    text = " ".join(collapse(unit.get_text(" ")) for unit in units.values())
    return Listing(_distinct(item.listed for row in alike for item in row), text)


def _is_dated(row: Sequence[_Item]) -> bool:
    with_date = {item.listed.url for item in row if item.listed.date and item.listed.title}
    return len(with_date) >= _FEWEST_DATED and 2 * len(with_date) >= len({item.listed.url for item in row})


def _is_titled(row: Sequence[_Item]) -> bool:
    links = _distinct(item.listed for item in row)
    return len(links) >= _FEWEST and sum(len(link.title) for link in links) >= _SHORTEST_TITLE * len(links)


def _weight(row: Sequence[_Item]) -> int:
    return sum(len(link.title) for link in _distinct(item.listed for item in row))


def _shape(row: Sequence[_Item]) -> tuple[str, str]:
    """Return what most addresses of a row have in common: host and folder, whatever the numbers in it."""
    parts = [urlsplit(item.listed.url) for item in row]
    folders = Counter((p.netloc, _NUMBER.sub("0", p.path.rpartition("/")[0])) for p in parts)
    return folders.most_common(1)[0][0]


def _distinct(links: Sequence[Listed] | Iterator[Listed]) -> tuple[Listed, ...]:
    """Return each address once, where it stands first, with its longest title ("Read more" is not one)."""
    found: dict[str, Listed] = {}
    for link in links:
        before = found.get(link.url)
        if before is None or len(link.title) > len(before.title):
            found[link.url] = link
    return tuple(found.values())[:_MOST_LINKS]

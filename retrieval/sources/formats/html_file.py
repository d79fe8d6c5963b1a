"""HTML -> lines: a page with what it says of itself, or the pages of an e-book, read as one without menus.

Source: EPUB 3.3. Addresses from one page of a book to another become those of places in the whole, so that notes which
stand on a page of their own are found.
"""

from __future__ import annotations

import json
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from retrieval.errors import SourceError
from retrieval.language.dates import find_date
from retrieval.models import LeftOut
from retrieval.sources.decoding import decode, head
from retrieval.sources.formats.html_page import Page, strings, tags
from retrieval.sources.formats.html_walker import Walker
from retrieval.sources.formats.word_processors import ENCRYPTED, check_archive, damaged, parsed, title_at_top
from retrieval.sources.identity import body_in
from retrieval.sources.lines import MAX_TAGS, Extracted, Line, collapse, web_address

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
_DECLARATION = re.compile(r"\s*<\?xml[^<>]*\?>")
_CLOSES_ITSELF = re.compile(
    r"<((?!(?:br|hr|img|input|link|meta|col|area|base|wbr)\b)[a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>",
    re.IGNORECASE,
)
_TITLE_LINES = 3
_NAMES = re.compile(r"[^\W\d_]{4}|[\u3040-\u9fff]")  # a line that is more than a symbol: A/RES/77/321
_LONGEST_TITLE = 200
_HEAD = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title)\b", re.I | re.S
)
_BODY = re.compile(rb"\s*<(?:p|div|h[1-6]|ol|ul|article|section|main|table)\b[^>]*>", re.I)
_WHAT = "an e-book (EPUB)"
_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_LANGUAGE_CHARS = 2


def looks_like_html(data: bytes) -> bool:
    """Whether `data` begins as an HTML page or as a piece of one."""
    start = head(data).lstrip(b"\xef\xbb\xbf")
    return bool(_HEAD.match(start) or (_BODY.match(start) and b"</" in start))


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that the page says it has, or None."""
    found = re.search(rb"<meta[^>]{1,200}charset=[\"']?([\w-]{2,20})", data[:4096], re.IGNORECASE)
    return found[1].decode("ascii") if found else None


def read_html(text: str, *, bound: bool = False) -> Extracted:
    """Return the lines of the document in a page and what its head says.

    Args:
        bound: All of the page is the document, as that of a book is: nothing in it is a menu.

    Raises:
        SourceError: It has more tags than a document has.
        RecursionError: They are nested too deep.
    """
    if text.count("<") > MAX_TAGS:
        raise SourceError("", f"the page has more than {MAX_TAGS:,} tags. Save its text instead.")
    soup = _soup_of(text)
    heading = None if bound else _heading(soup)
    page = Page(soup, heading, bound=bound)
    walker = Walker(page)
    main = page.main()
    walker.walk(main)
    walker.finish()
    for outside in _beside(page.whole, main):
        walker.leave(outside)
    title = _title(soup, heading)
    return Extracted(
        lines=[*walker.lines, *walker.notes],
        left_out=tuple(walker.left_out),
        source=" ".join(strings(page.whole)),
        title=title if heading is not None else _as_printed(title, walker.lines),
        date=_date(soup, page.is_furniture),
        issuer=_issuer(soup),
        source_url=_address(soup),
        language=_language(soup),
    )


def read_epub(data: bytes) -> Extracted:
    """Return the lines of an e-book.

    Raises:
        SourceError: Damaged, encrypted, larger than the limits, or without a page.
    """
    check_archive(data, _WHAT, re.escape(_CONTAINER))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return _read(archive)


def _soup_of(text: str) -> BeautifulSoup:
    """Return a page as a tree; XHTML's elements that close themselves are closed for the parser of HTML."""
    from bs4 import BeautifulSoup

    if _DECLARATION.match(text):
        text = _CLOSES_ITSELF.sub(r"<\1\2></\1>", _DECLARATION.sub("", text))
    return BeautifulSoup(text, "lxml")


def _beside(whole: Tag, main: Tag) -> Iterator[Tag]:
    """Yield the elements that stand beside the document and beside what it stands in."""
    inner = main
    while inner is not whole and inner.parent is not None:
        yield from (tag for tag in tags(inner.parent) if tag is not inner)
        inner = inner.parent


def _heading(soup: BeautifulSoup) -> Tag | None:
    """Return the element that titles the page: of several `h1`, the one that its head repeats."""
    found = [tag for tag in soup.find_all("h1") if collapse(tag.get_text(" "))]
    stated = " ".join(filter(None, (_meta(soup, "og:title", "twitter:title"), _title_element(soup))))
    named = [tag for tag in found if (words := _words(tag.get_text(" "))) and words in _words(stated)]
    return max(named or found, key=lambda tag: len(tag.get_text()), default=None)


def _title(soup: BeautifulSoup, heading: Tag | None) -> str | None:
    """Return the title that a reader sees, else the one its head gives without the name of the site."""
    if heading is not None:
        return collapse(heading.get_text(" "))
    stated = _meta(soup, "og:title", "dc.title", "dcterms.title") or _in_json(soup, "headline")
    return _SYMBOL.sub("", stated or _SITE.sub("", _title_element(soup) or "")) or None


def _as_printed(title: str | None, lines: Sequence[Line]) -> str | None:
    """Return the title as one of the first lines has it, where one says the same with more or fewer words."""
    stated = _words(title or "")
    for line in lines[:_TITLE_LINES]:
        printed = _words(line.text)
        shorter, longer = sorted((stated, printed), key=len)
        is_one = len(line.text) < _LONGEST_TITLE and _NAMES.search(line.text)
        if is_one and len(shorter) > 10 and shorter in longer:
            return line.text
    return title


def _date(soup: BeautifulSoup, is_furniture: Callable[[Tag], bool]) -> str | None:
    """Return the date the page was issued, "2024-05-03", or None; dates of other news are not taken for it."""
    stated = _meta(
        soup, "article:published_time", "dc.date", "dcterms.date", "dcterms.issued", "dc.date.issued", "date",
        "pubdate", "govuk:first-published-at",
    )  # fmt: skip
    candidates = [stated, _in_json(soup, "datePublished"), *_times(soup, is_furniture)]
    return next((found for text in candidates if text and (found := find_date(text))), None)


def _times(soup: BeautifulSoup, is_furniture: Callable[[Tag], bool]) -> Iterator[str]:
    """Yield what `time` elements and elements named after dates say, in page order."""
    found = [*soup.find_all("time", limit=_MOST_DATED), *soup.find_all(class_=_DATED, limit=_MOST_DATED)]
    for tag in found:
        if any(parent.name in _ELSEWHERE or is_furniture(parent) for parent in tag.parents):
            continue
        text = collapse(str(tag.get("datetime") or tag.get_text(" ")))
        if len(text) <= _LONGEST_DATE:
            yield text


def _issuer(soup: BeautifulSoup) -> str | None:
    stated = _meta(soup, "author", "dc.creator", "dcterms.creator", "dc.publisher", "dcterms.publisher")
    stated = stated or _in_json(soup, "publisher", "author") or _meta(soup, "og:site_name")
    if stated:
        return stated
    pieces = _PARTED.split(_title_element(soup) or "")
    return next((name for piece in (pieces[0], pieces[-1]) if (name := body_in(piece))), None)


def _address(soup: BeautifulSoup) -> str | None:
    link = soup.find("link", rel="canonical")
    return web_address(str(link.get("href", "")) if link else _meta(soup, "og:url"))


def _language(soup: BeautifulSoup) -> str | None:
    """Return the ISO 639-1 code the page says it is in, or None."""
    page = soup.find("html")
    found = re.match(r"[a-z]{2}(?=$|[-_])", str(page.get("lang", "")).lower()) if page else None
    return found.group() if found else None


def _meta(soup: BeautifulSoup, *names: str) -> str | None:
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
        named = (value for key in keys for thing in things if (value := _name(thing.get(key))))
        if found := next(named, None):
            return found
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


def _read(archive: zipfile.ZipFile) -> Extracted:
    names = set(archive.namelist())
    if "META-INF/encryption.xml" in names and b"EncryptedData" in archive.read("META-INF/encryption.xml"):
        encrypted = archive.read("META-INF/encryption.xml")
        if b".xhtml" in encrypted or b".html" in encrypted:  # fonts often are, texts mostly not
            raise SourceError("", ENCRYPTED)
    container = parsed(archive.read(_CONTAINER), _WHAT)
    package = next((root.get("full-path", "") for root in container.iter("{*}rootfile")), "")
    if package not in names:
        raise damaged(_WHAT)
    book = parsed(archive.read(package), _WHAT)
    paths = [path for path in _spine(book, posixpath.dirname(package)) if path in names]
    if not paths:
        raise damaged(_WHAT)
    whole, left_out = _joined({path: archive.read(path) for path in paths})
    found = read_html(whole, bound=True)
    language = _stated(book, "language").lower()[:_LANGUAGE_CHARS]
    return replace(
        found,
        title=title_at_top(_stated(book, "title"), found.lines),
        language=language if language.isalpha() and len(language) == _LANGUAGE_CHARS else None,
        left_out=(*found.left_out, *left_out),
    )


def _spine(book: Any, folder: str) -> Iterator[str]:
    """Yield the paths of the pages in reading order, without the one that lists them."""
    items = {item.get("id"): item for item in book.iter("{*}item")}
    for reference in book.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES:
            continue
        if "nav" not in (item.get("properties") or "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _joined(pages: dict[str, bytes]) -> tuple[str, list[LeftOut]]:
    """Return the bodies of all pages as those of one, each id with the number of its page before it."""
    numbers = {path: number for number, path in enumerate(dict.fromkeys(pages))}
    bodies: list[str] = []
    left_out: list[LeftOut] = []
    tags = 0
    for path, number in numbers.items():
        text, _ = decode(path, pages[path], declared=declared_encoding(pages[path]))
        tags += text.count("<")
        if tags > MAX_TAGS:
            raise SourceError("", f"the e-book has more than {MAX_TAGS:,} tags. Save its text instead.")
        soup = _soup_of(text)
        body = soup.body or soup
        for tag in body.find_all(True):
            if reason := _reason(tag):
                if shown := collapse(" ".join(strings(tag))):
                    left_out.append(LeftOut(reason, shown, path))
                tag.decompose()
            elif not tag.decomposed:
                _readdress(tag, path, number, numbers)
        bodies.append(f"<div>{body.decode_contents()}</div>")
    return f"<html><body>{''.join(bodies)}</body></html>", left_out


def _reason(tag: Tag) -> str | None:
    """Return why an element of a page is no part of the text, or None."""
    if tag.decomposed:
        return None
    kinds = f"{tag.get('epub:type', '')} {tag.get('role', '')}".split()
    if "pagebreak" in kinds or "doc-pagebreak" in kinds:
        return "page number"
    return "table of contents" if tag.name == "nav" or "toc" in kinds else None


def _readdress(tag: Tag, path: str, number: int, numbers: dict[str, int]) -> None:
    for name in ("id", "name"):
        if tag.get(name):
            tag[name] = f"page{number}-{tag[name]}"
    target, mark, place = str(tag.get("href", "")).partition("#")
    if mark:
        folder = posixpath.dirname(path)
        other = posixpath.normpath(posixpath.join(folder, unquote(target))) if target else path
        if other in numbers:
            tag["href"] = f"#page{numbers[other]}-{place}"


def _stated(book: Any, name: str) -> str:
    found = next(book.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}"), None)
    return "" if found is None else collapse("".join(found.itertext()))

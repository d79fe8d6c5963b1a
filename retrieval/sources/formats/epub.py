"""E-books (.epub) -> lines: the pages of the spine, one after the other, read as one page without menus.

Source: EPUB 3.3. Addresses from one page to another become those of places in the whole, so that notes which
stand on a page of their own are found.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.decoding import decode
from retrieval.sources.formats.archive import ENCRYPTED, check_archive, damaged, parsed
from retrieval.sources.formats.bound import title_at_top
from retrieval.sources.formats.html import declared_encoding, read_html, soup_of
from retrieval.sources.formats.html.page import strings
from retrieval.sources.limits import MAX_TAGS
from retrieval.sources.lines import Extracted, collapse

if TYPE_CHECKING:
    from bs4.element import Tag

_WHAT = "an e-book (EPUB)"
_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_LANGUAGE_CHARS = 2


def read_epub(data: bytes) -> Extracted:
    """Return the lines of an e-book.

    Raises:
        SourceError: Damaged, encrypted, larger than the limits, or without a page.
    """
    check_archive(data, _WHAT, re.escape(_CONTAINER))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return _read(archive)


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
        soup = soup_of(text)
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
        other = (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target))) if target else path
        )
        if other in numbers:
            tag["href"] = f"#page{numbers[other]}-{place}"


def _stated(book: Any, name: str) -> str:
    found = next(book.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}"), None)
    return "" if found is None else collapse("".join(found.itertext()))

"""Bytes of a page, and the page as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from retrieval.errors import SourceError
from retrieval.sources.formats.html.head import (
    page_address,
    page_date,
    page_heading,
    page_issuer,
    page_language,
    page_title,
)  # fmt: skip
from retrieval.sources.formats.html.page import Page, strings, tags
from retrieval.sources.formats.html.walker import Walker
from retrieval.sources.kinds import head
from retrieval.sources.limits import MAX_TAGS
from retrieval.sources.lines import Extracted, Line

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

_DECLARATION = re.compile(r"\s*<\?xml[^<>]*\?>")
_CLOSES_ITSELF = re.compile(
    r"<((?!(?:br|hr|img|input|link|meta|col|area|base|wbr)\b)[a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_TITLE_LINES = 3
_NAMES = re.compile(r"[^\W\d_]{4}|[\u3040-\u9fff]")  # a line that is more than a symbol: A/RES/77/321
_LONGEST_TITLE = 200
_HEAD = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title)\b", re.I | re.S
)
_BODY = re.compile(rb"\s*<(?:p|div|h[1-6]|ol|ul|article|section|main|table)\b[^>]*>", re.I)


def looks_like_html(data: bytes) -> bool:
    """Whether `data` begins as an HTML page or as a piece of one."""
    start = head(data).lstrip(b"\xef\xbb\xbf")
    return bool(_HEAD.match(start) or (_BODY.match(start) and b"</" in start))


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that the page says it has, or None."""
    found = re.search(rb"<meta[^>]{1,200}charset=[\"']?([\w-]{2,20})", data[:4096], re.IGNORECASE)
    return found[1].decode("ascii") if found else None


def soup_of(text: str) -> BeautifulSoup:
    """Return a page as a tree; XHTML's elements that close themselves are closed for the parser of HTML."""
    from bs4 import BeautifulSoup

    if _DECLARATION.match(text):
        text = _CLOSES_ITSELF.sub(r"<\1\2></\1>", _DECLARATION.sub("", text))
    return BeautifulSoup(text, "lxml")


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
    soup = soup_of(text)
    heading = None if bound else page_heading(soup)
    page = Page(soup, heading, bound=bound)
    walker = Walker(page)
    main = page.main()
    walker.walk(main)
    walker.finish()
    for outside in _beside(page.whole(), main):
        walker.leave(outside)
    return Extracted(
        lines=[*walker.lines, *walker.notes],
        left_out=tuple(walker.left_out),
        source=" ".join(strings(page.whole())),
        title=page_title(soup, heading)
        if heading is not None
        else _as_printed(page_title(soup, None), walker.lines),
        date=page_date(soup, page.is_furniture),
        issuer=page_issuer(soup),
        source_url=page_address(soup),
        language=page_language(soup),
    )


def _beside(whole: Tag, main: Tag) -> Iterator[Tag]:
    """Yield the elements that stand beside the document and beside what it stands in."""
    inner = main
    while inner is not whole and inner.parent is not None:
        yield from (tag for tag in tags(inner.parent) if tag is not inner)
        inner = inner.parent


def _as_printed(title: str | None, lines: Sequence[Line]) -> str | None:
    """Return the title as one of the first lines has it, where one says the same with more or fewer words."""
    stated = _words(title or "")
    for line in lines[:_TITLE_LINES]:
        printed = _words(line.text)
        shorter, longer = sorted((stated, printed), key=len)
        if (
            shorter
            and _NAMES.search(line.text)
            and len(line.text) < _LONGEST_TITLE
            and len(shorter) > 10
            and shorter in longer
        ):
            return line.text
    return title


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))

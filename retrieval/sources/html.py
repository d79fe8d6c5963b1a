"""HTML -> lines: what a reader sees, one line a block, ordered lists with the numbers a browser shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from retrieval.sources.dates import find_date
from retrieval.sources.kinds import head
from retrieval.sources.labels import Label, letters, roman
from retrieval.sources.lines import Extracted, Line, collapse

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "iframe",
        "head",
        "figcaption",
        "select",
        "textarea",
        "object",
        "video",
        "audio",
        "canvas",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_BOLD = {"b", "strong", "u"}
_PAGE_PART = re.compile(
    r"(?:^|[-_])(?:share|sharing|social|breadcrumbs?|cookies?|related|sidebar|menu|pagination)(?:$|[-_])"
)
_SITE = re.compile(r"\s+[|»–—-]\s+[^|»–—-]{2,60}$")
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


def read_html(text: str) -> Extracted:
    """Return the lines of a page and what its head says."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "lxml")
    root = _content(soup)
    walker = _Walker()
    walker.walk(root)
    walker.flush()
    heading = root.find("h1") or soup.find("h1")
    return Extracted(
        lines=walker.lines,
        title=collapse(heading.get_text(" ")) if heading else _page_title(soup),
        date=_date(soup),
        issuer=_meta(soup, "author", "dc.creator", "dcterms.creator", "dc.publisher", "og:site_name"),
        source_url=_address(soup),
        language=_language(soup),
    )


def _content(soup: BeautifulSoup) -> Tag:
    for name in ("article", "main"):
        found = soup.find_all(name)
        if len(found) == 1 and len(found[0].get_text()) > 200:
            return found[0]
    return soup.find(role="main") or soup.body or soup


class _Walker:
    """Collects the text of inline elements until a block begins or ends."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._pieces: list[tuple[str, bool]] = []
        self._number = 1
        self._gap = True
        self._heading = 0
        self._label: Label | None = None
        self._bullet = False
        self._depth = 0

    def walk(self, tag: Tag, bold: bool = False) -> None:
        """Collect everything under `tag`."""
        from bs4.element import NavigableString, PreformattedString, Tag

        for child in tag.children:
            if isinstance(child, Tag):
                self._element(child, bold)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._text(str(child), bold, tag)

    def _text(self, text: str, bold: bool, tag: Tag) -> None:
        if not self._pieces and tag.sourceline:
            self._number = tag.sourceline
        if tag.name != "pre":
            self._pieces.append((text, bold))
            return
        for index, line in enumerate(text.split("\n")):
            if index:
                self.flush(gap=not line.strip())
            self._pieces.append((line, bold))

    def _element(self, tag: Tag, bold: bool) -> None:
        name = tag.name
        if name in _SKIPPED or _is_page_part(tag) or _is_note_mark(tag):
            return
        if name == "br":
            self.flush(gap=False)
        elif name in {"ol", "ul"}:
            self._list(tag, bold)
        elif name in _BLOCKS:
            self.flush()
            self._heading = 2 if re.fullmatch(r"h[1-6]", name) else 0
            self.walk(tag, bold)
            self.flush()
            self._heading = 0
        else:
            if name in {"td", "th"}:
                self._pieces.append((" ", bold))
            self.walk(tag, bold or name in _BOLD)

    def _list(self, tag: Tag, bold: bool) -> None:
        self.flush()
        self._depth += 1
        for item, label in _list_items(tag, self._depth):
            self.flush()
            self._label, self._bullet = label, label is None
            self.walk(item, bold)
            self.flush()
            self._label, self._bullet = None, False
        self._depth -= 1

    def flush(self, *, gap: bool = True) -> None:
        """End the present line; `gap` says whether the next one opens a block."""
        text = collapse("".join(text for text, _ in self._pieces))
        if text:
            bold = all(is_bold for piece, is_bold in self._pieces if piece.strip())
            self.lines.append(
                Line(
                    text=text,
                    number=self._number,
                    gap=self._gap or self._label is not None,
                    heading=self._heading or int(bold and self._label is None),
                    label=self._label,
                    bullet=self._bullet,
                    depth=self._depth,
                )
            )
            self._label, self._bullet, self._gap = None, False, gap
        else:
            self._gap = self._gap or gap
        self._pieces = []


def _list_items(tag: Tag, depth: int) -> Iterator[tuple[Tag, Label | None]]:
    items = tag.find_all("li", recursive=False)
    step = -1 if tag.has_attr("reversed") else 1
    value = _number(tag.get("start"), len(items) if step < 0 else 1)
    for item in items:
        value = _number(item.get("value"), value)
        yield item, _list_label(str(tag.get("type", "1")), value, depth) if tag.name == "ol" else None
        value += step


def _number(attribute: object, otherwise: int) -> int:
    text = str(attribute or "").strip()
    return int(text) if re.fullmatch(r"-?\d{1,6}", text) else otherwise


def _list_label(kind: str, value: int, depth: int) -> Label:
    number = str(value)
    if 0 < value < 400 and kind in "aAiI":
        number = letters(value) if kind in "aA" else roman(value)
        number = number.upper() if kind.isupper() else number
    return Label(f"list-{depth}", (value,), number)


def _is_page_part(tag: Tag) -> bool:
    names = [*tag.get_attribute_list("class"), *tag.get_attribute_list("id")]
    hidden = tag.has_attr("hidden") or "display:none" in str(tag.get("style", "")).replace(" ", "")
    return hidden or any(name and _PAGE_PART.search(str(name).lower()) for name in names)


def _is_note_mark(tag: Tag) -> bool:
    """Whether `tag` is the raised number of a footnote, which is no word of the text."""
    if tag.name != "sup":
        return False
    link = tag.find("a")
    return link is not None and str(link.get("href", "")).startswith("#")


def _page_title(soup: BeautifulSoup) -> str | None:
    title = _meta(soup, "og:title", "dc.title", "dcterms.title")
    if not title and soup.title:
        title = _SITE.sub("", collapse(soup.title.get_text()))
    return title or None


def _meta(soup: BeautifulSoup, *names: str) -> str | None:
    wanted = dict.fromkeys(names, "")
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or tag.get("property") or "").lower()
        if name in wanted and not wanted[name]:
            wanted[name] = collapse(str(tag.get("content", "")))
    return next((value for value in wanted.values() if value), None)


def _date(soup: BeautifulSoup) -> str | None:
    stated = _meta(soup, "article:published_time", "dc.date", "dcterms.date", "dcterms.issued", "date")
    time = soup.find("time", datetime=True)
    return find_date(stated or "") or (find_date(str(time.get("datetime"))) if time else None)


def _address(soup: BeautifulSoup) -> str | None:
    link = soup.find("link", rel="canonical")
    address = str(link.get("href", "")) if link else _meta(soup, "og:url") or ""
    return address if address.startswith(("https://", "http://")) else None


def _language(soup: BeautifulSoup) -> str | None:
    page = soup.find("html")
    found = re.match(r"[a-z]{2}(?=$|[-_])", str(page.get("lang", "")).lower()) if page else None
    return found.group() if found else None

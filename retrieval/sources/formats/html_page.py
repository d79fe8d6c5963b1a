"""Which part of a web page is the document, and what in that part is the page's own.

Prose decides: blocks of text that are not mostly links. From the whole page downwards, the only element that
holds all the prose is entered again and again; where prose parts, the way ends, so that no paragraph is lost
to a guess. Inside, furniture is what says so in its role, name or class, unless much of the prose is in it,
and blocks that are nothing but links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.sources.lines import collapse, ends_sentence

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

# Words of markup for what a reader does not see, for blocks, and for what is the page's own
UNSEEN = frozenset(
    """script style noscript template svg iframe head select textarea object video audio canvas button
    input label datalist map math-error dialog""".split()
)
BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary
    table tbody tfoot thead tr ul""".split()
)
_NOT_TEXT = frozenset("nav footer aside figcaption menu".split())
_ROLES = frozenset(
    """navigation banner contentinfo complementary search dialog alertdialog alert toolbar menu menubar
    tablist""".split()
)
_ALWAYS = frozenset("cookie cookies consent gdpr cybot cookiebot onetrust".split())
_SURE = frozenset(  # words of a class or id: whatever is in there is the page's
    """breadcrumb breadcrumbs crumbs crumb menu nav navbar navigation gnav lnav subnav globalnav topicpath
    pankuzu pagination pager pagenav comments comment respond disqus footer masthead topbar toolbar
    newsletter subscribe advert advertisement ads popup modal skiplink skiplinks feedback survey
    footnotes footnote endnotes""".split()
)
_LINKING = frozenset(  # the same, if it holds a link or no prose
    """share sharing sharebar sharedaddy sns social related relatedposts recommended sidebar sidenav widget
    widgets tags tag tagcloud banner search promo login language languages lang header logo tools
    utility links latest popular teaser teasers readmore print email byline skip""".split()
)
_LINKING_ONLY = frozenset(  # the same, if it holds a link and no prose
    """social banner header tag tags print email byline links tools lang language languages search""".split()
)
UNTOLD = frozenset("script style template head noscript svg iframe object canvas".split())
"""What holds no words that anybody reads, so that none are left out with it."""

_PREFORMATTED = re.compile(r"white-space:pre")
_PREFORMATTED_CLASSES = frozenset(("whitespace-pre", "whitespace-pre-wrap", "whitespace-pre-line"))


def is_preformatted(tag: Tag) -> bool:
    """Whether a line end in the text of `tag` is one that a reader sees."""
    if any(name in _PREFORMATTED_CLASSES for name in tag.get_attribute_list("class")):
        return True
    return bool(_PREFORMATTED.search(str(tag.get("style", "")).replace(" ", "").lower()))


def strings(tag: Tag, without: Sequence[Tag] = ()) -> Iterator[str]:
    """Yield the texts in `tag`, those inside of `without` left out."""
    from bs4.element import NavigableString, PreformattedString, Tag

    stopped = {id(each) for each in without}
    waiting: list[object] = [tag]
    while waiting:  # without recursion: hostile pages nest a hundred thousand deep
        node = waiting.pop()
        if isinstance(node, Tag):
            if id(node) not in stopped and node.name not in UNTOLD:
                waiting.extend(reversed(node.contents))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield str(node)


_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NOTE_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[ivx]{1,5}|[*†‡]{1,3})[\])]?")
_HIDDEN = re.compile(r"display:none|visibility:hidden")
_HIDDEN_CLASSES = frozenset(
    """sr-only visually-hidden screen-reader-text govuk-visually-hidden hidden element-invisible d-none
    noprint-hidden""".split()
)
_DIALOGS = frozenset(("dialog", "alertdialog"))
_PROSE_CHARS = 60
_DENSE_SCRIPT = 2.5  # letters of Latin script that one of Chinese or Japanese stands for
_MUCH = 0.3  # of the prose of a page: not furniture, whatever it is called
_MOST = 0.8  # of the prose of a page: not a notice about cookies
_SMALL_FORM = 2000  # letters; some sites put the whole page into a form
_LINKED = 0.75  # of a block of links
_LONGEST_LINK = 160


@dataclass(slots=True)
class Measure:
    """How much text an element holds, in letters.

    Attributes:
        linked: Those inside links.
        prose: Those of blocks that are text rather than links.
        links: How many links.
        titled: Whether the page's title is in it.
    """

    text: float = 0
    linked: float = 0
    prose: float = 0
    links: int = 0
    titled: bool = False


class Page:
    """One page, measured; `whole` is all of it.

    Args:
        title: The element that titles it, or None.
        bound: All of it is the document, but for what nobody sees.
    """

    def __init__(self, soup: BeautifulSoup, title: Tag | None, *, bound: bool = False) -> None:
        self._title, self._bound = title, bound
        self._measures: dict[int, Measure] = {}
        self.whole = soup.body or soup
        self._notes = {
            note_target(a): collapse(a.get_text()).strip("[]()") for a in soup.find_all("a", href=True)
        }
        self._notes.pop("", None)
        self._measure(self.whole, linked=False)
        self._total = max(1.0, self.of(self.whole).prose)

    def of(self, tag: Tag) -> Measure:
        """Return the measure of an element."""
        return self._measures.get(id(tag)) or Measure()

    def main(self) -> Tag:
        """Return the element that holds the document."""
        found = self.whole
        while not self._bound and (inner := self._only(found)) is not None:
            found = inner
        return found

    def _only(self, tag: Tag) -> Tag | None:
        """Return the one child that holds all prose of `tag` which is not furniture, or None."""
        children = [child for child in tags(tag) if self.of(child).prose and not self.is_furniture(child)]
        if len(children) != 1 or children[0].name not in _MAY_HOLD:
            return None
        own = sum(self.of(child).prose for child in tags(tag))
        alone = self.of(tag).prose - own < 1  # no prose of its own beside its children
        if children[0].name in _OF_A_TABLE and self._says_more(tag, children[0]):
            return None
        leaves_title = self.of(tag).titled and not self.of(children[0]).titled
        return children[0] if alone and not leaves_title else None

    def _says_more(self, tag: Tag, child: Tag) -> bool:
        """Whether rows or cells beside `child` hold text of their own: they belong to one table."""
        others = (self.of(each) for each in tags(tag) if each is not child and not self.is_furniture(each))
        return any(other.text - other.linked > 0 for other in others)

    def is_furniture(self, tag: Tag) -> bool:
        """Whether `tag` is the page's and not the document's."""
        if tag.name in UNSEEN or is_hidden(tag):
            return True
        if self._bound:
            return bool(self.note(tag))
        measure, words = self.of(tag), set(_names(tag))
        role = str(tag.get("role", "")).lower()
        if (words & _ALWAYS or role in _DIALOGS) and not measure.titled:
            return measure.prose < _MOST * self._total
        if measure.prose >= _MUCH * self._total and measure.prose > 0:
            return False
        if tag.name in _NOT_TEXT or role in _ROLES or self.note(tag):
            return True
        if tag.name == "form" and measure.text < _SMALL_FORM:
            return True
        return not measure.titled and (_is_named(measure, words) or _is_links(tag, measure))

    def note(self, tag: Tag) -> str:
        """Return the mark of the note that `tag` is, that a raised number in the text points at, or ""."""
        if tag.name not in BLOCKS or not self._notes:
            return ""
        anchors = [tag, *(child for child in tags(tag) if child.name == "a")][:2]
        names = (str(a.get("id") or a.get("name") or "") for a in anchors)
        return next((self._notes[name] for name in names if name in self._notes), "")

    def notes(self, tag: Tag) -> list[tuple[Tag, str]]:
        """Return the notes in `tag`, with their marks."""
        if not self._notes:
            return []
        return [(each, mark) for each in [tag, *tag.find_all(True)] if (mark := self.note(each))]

    def _measure(self, tag: Tag, *, linked: bool) -> tuple[float, float]:
        """Measure `tag` and return the text of its inline elements and how much of it is linked."""
        from bs4.element import NavigableString, PreformattedString, Tag

        measure = self._measures[id(tag)] = Measure(titled=tag is self._title)
        own = own_linked = 0.0
        for child in tag.children:
            if isinstance(child, Tag):
                if child.name in UNSEEN or is_hidden(child):
                    continue
                is_link = child.name == "a" and child.has_attr("href")
                text, inside = self._measure(child, linked=linked or is_link)
                own, own_linked = own + text, own_linked + inside
                inner = self._measures[id(child)]
                measure.text += inner.text
                measure.linked += inner.linked
                measure.prose += inner.prose
                measure.links += inner.links + is_link
                measure.titled = measure.titled or inner.titled
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                size = _letters(str(child))
                own, own_linked = own + size, own_linked + (size if linked else 0)
                measure.text += size
                measure.linked += size if linked else 0
        if tag.name not in BLOCKS and tag.name not in {"td", "th"}:
            return own, own_linked
        if own >= _PROSE_CHARS and own_linked < 0.5 * own:
            measure.prose += own
        return 0, 0


_MAY_HOLD = BLOCKS - frozenset("p ol ul li h1 h2 h3 h4 h5 h6 dl dt dd".split()) | {"td", "span", "font"}
_OF_A_TABLE = frozenset(("tr", "td", "th", "tbody", "thead", "tfoot"))
_LINK_BLOCKS = frozenset("div section ul ol p td table dl article h2 h3 h4 h5 tr".split())


def note_target(link: Tag) -> str:
    """Return the id that the raised number of a footnote points at, or "" for any other link."""
    address = str(link.get("href", ""))
    if link.name != "a" or not address.startswith("#") or not _NOTE_MARK.fullmatch(collapse(link.get_text())):
        return ""
    bracketed = collapse(link.get_text()).startswith(("[", "("))
    return address[1:] if bracketed or link.find_parent("sup") or link.find("sup") else ""


def tags(tag: Tag) -> Iterator[Tag]:
    """Yield the child elements of `tag`."""
    from bs4.element import Tag

    return (child for child in tag.children if isinstance(child, Tag))


def is_hidden(tag: Tag) -> bool:
    """Whether a reader does not see `tag`."""
    if tag.has_attr("hidden") or str(tag.get("aria-hidden", "")).lower() == "true":
        return True
    if _HIDDEN.search(str(tag.get("style", "")).replace(" ", "").lower()):
        return True
    return any(name in _HIDDEN_CLASSES for name in tag.get_attribute_list("class"))


def _is_named(measure: Measure, words: set[str]) -> bool:
    """Whether a class or id says that an element is the page's."""
    if words & _SURE:
        return True
    if measure.prose and not measure.links:
        return False
    if measure.prose:
        return bool(words & (_LINKING - _LINKING_ONLY))
    return bool(words & _LINKING) and (measure.links > 0 or bool(words & {"logo", "login", "skip"}))


def _is_links(tag: Tag, measure: Measure) -> bool:
    """Whether a block holds nothing but links, or terms that say who published the page and when."""
    if tag.name == "dl" and not measure.prose:
        return True
    if tag.name not in _LINK_BLOCKS or not measure.links or measure.titled or measure.prose:
        return False
    if measure.linked < _LINKED * measure.text:
        return False
    text = collapse(tag.get_text(" "))
    if measure.links == 1:
        return tag.name in {"p", "div", "td"} and len(text) <= _LONGEST_LINK and not ends_sentence(text)
    return True


def _names(tag: Tag) -> Iterator[str]:
    """Yield the words of the classes and the id of `tag`, in lower case."""
    for name in (*tag.get_attribute_list("class"), *tag.get_attribute_list("id")):
        if name:
            yield from (word.lower() for word in _WORDS.findall(str(name)))


def _letters(text: str) -> float:
    plain = text.strip()
    dense = sum("\u3040" <= letter <= "\u9fff" for letter in plain)
    return len(plain) + (_DENSE_SCRIPT - 1) * dense

"""The texts in an element: all of them, and whether the ends of their lines are seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4.element import Tag

UNTOLD = frozenset(("script", "style", "template", "head", "noscript", "svg", "iframe", "object", "canvas"))
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

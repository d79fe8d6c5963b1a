"""Where a ¶ leads: the address of a paragraph in the reading room (`rapporteur serve`); pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, urlsplit

from retrieval.models import SHARED, Citation, LiveParagraph

if TYPE_CHECKING:
    from retrieval.search.browsing import ReadoutSummary

_MARK = re.compile(r"(.+):(\d{1,7})-(\d{1,7})")

Span = tuple[int, int]


def anchor_of(number: str) -> str:
    """Return what a page calls the paragraph with this number: "p7", "p12(a)", "p7~2"; no two share a name."""
    return "p" + "".join(_SIGNS.get(c, c if c.isalnum() or c in ".()-" else f"!{ord(c):x}!") for c in number)


_SIGNS = {"#": "~", " ": "_"}


def paragraph_path(document: str, number: str, spans: Sequence[Span] = (), revision: str = "") -> str:
    """Return the path of a paragraph within the reading room.

    Args:
        spans: Half-open, in characters: what of it is to be marked.
        revision: Of which they are spans; in another, nothing is marked.
    """
    anchor = quote(anchor_of(number), safe="")
    asked = [f"mark={anchor}:{start}-{end}" for start, end in spans]
    if spans and revision:
        asked.append(f"revision={quote(revision, safe='')}")
    return f"/readouts/{quote(document, safe='')}{'?' if asked else ''}{'&'.join(asked)}#{anchor}"


Place: TypeAlias = "Citation | LiveParagraph | tuple[ReadoutSummary, str]"
"""A paragraph: cited, whole, or by its readout and its number."""


def source_of(place: Place) -> str | None:
    """Return the address of the source that a paragraph stands in."""
    if isinstance(place, tuple):
        return place[0].source_url
    return place.url if isinstance(place, Citation) else place.source_url


def paragraph_url(place: Place, room: str | None, spans: Sequence[Span] | None = None) -> str | None:
    """Return the address of a paragraph in the reading room, with the words that are cited marked.

    None where there is no reading room, where it does not serve the readout, which is not of the shared ones, and
    where the source's own address already names a place in it ("…#7").

    Args:
        room: The address of the reading room (`RETRIEVAL_READING_ROOM_URL`), or None.
        spans: In place of the span of the citation.
    """
    readout = place[0] if isinstance(place, tuple) else place
    source = source_of(place)
    if not room or readout.scope != SHARED or (source and urlsplit(source).fragment):
        return None
    if isinstance(place, tuple):
        path = paragraph_path(place[0].id, place[1])
    elif isinstance(place, Citation):
        cited = [(place.evidence.start, place.evidence.end)] if spans is None else spans
        path = paragraph_path(place.document, place.paragraph, cited, place.revision)
    else:
        path = paragraph_path(place.document, place.number, spans or (), place.revision)
    return room.rstrip("/") + path


def marked_spans(marks: Iterable[str]) -> dict[str, list[Span]]:
    """Return anchor -> spans of what `mark=` asks for, in order and apart; what is no mark is none."""
    found: dict[str, list[Span]] = {}
    for mark in marks:
        if (read := _MARK.fullmatch(mark)) and int(read[2]) < int(read[3]):
            found.setdefault(read[1], []).append((int(read[2]), int(read[3])))
    return {anchor: sorted(spans) for anchor, spans in found.items()}

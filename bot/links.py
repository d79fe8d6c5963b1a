"""Where a ¶ leads: the address of a paragraph in the reading room (`rapporteur serve`); pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

from retrieval.models import SHARED, Citation, LiveParagraph

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


def paragraph_url(
    place: Citation | LiveParagraph, room: str | None, spans: Sequence[Span] | None = None
) -> str | None:
    """Return the address of a paragraph in the reading room, with the words that are cited marked.

    None where there is no reading room, where it does not serve the readout, which is not of the shared ones, and
    where the source's own address already names a place in it ("…#7").

    Args:
        room: The address of the reading room (`RETRIEVAL_READING_ROOM_URL`), or None.
        spans: In place of the span of the citation.
    """
    if isinstance(place, Citation):
        source, number, cited = place.url, place.paragraph, [(place.evidence.start, place.evidence.end)]
    else:
        source, number, cited = place.source_url, place.number, []
    if not room or place.scope != SHARED or (source and urlsplit(source).fragment):
        return None
    marked = cited if spans is None else spans
    return room.rstrip("/") + paragraph_path(place.document, number, marked, place.revision)


def marked_spans(marks: Iterable[str]) -> dict[str, list[Span]]:
    """Return anchor -> spans of what `mark=` asks for, in order and apart; what is no mark is none."""
    found: dict[str, list[Span]] = {}
    for mark in marks:
        if (read := _MARK.fullmatch(mark)) and int(read[2]) < int(read[3]):
            found.setdefault(read[1], []).append((int(read[2]), int(read[3])))
    return {anchor: sorted(spans) for anchor, spans in found.items()}

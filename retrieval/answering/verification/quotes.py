"""Where a quote stands in a paragraph: as it is, in parts, or cut back to the words that are there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.answering.verification.words import Word, words
from retrieval.models import Evidence

MIN_WORDS_LEFT = 5
"""A cut quote keeps at least so many words: fewer stand together in many sentences by chance."""
MIN_SHARE_LEFT = 0.5
"""And at least this share of what was quoted: below it, most of the quote is invented."""

_ELISION = re.compile(r"[\[(]?\s*(?:…|\.\s?\.\s?\.)[.…]*\s*[\])]?|\[\s*\]")
_DANGLING = frozenset(
    "a an the and or but of to in on at by for from with as that which who is are was were be will its their".split()
)


@dataclass(frozen=True, slots=True)
class Located:
    """Where a quote was found.

    Attributes:
        evidence: One span, or several in order where the quote leaves words out with "…".
        cut: The words of the quote that are not there, or None where all of them are.
    """

    evidence: tuple[Evidence, ...]
    cut: str | None = None


def locate(quote: str, text: str) -> Located | None:
    """Return where all of `quote` stands in `text`, or None.

    Typography makes no difference; the evidence is the stored words. The parts around an elision
    must stand there in order.
    """
    whole = _find(quote, text, 0)
    if whole is not None:
        return Located((whole,))
    parts = [part for part in _ELISION.split(quote) if words(part)]
    if not _ELISION.search(quote):
        return None
    found: list[Evidence] = []
    for part in parts:
        evidence = _find(part, text, found[-1].end if found else 0)
        if evidence is None:
            return None
        found.append(evidence)
    return Located(tuple(found)) if found else None


def locate_cut(quote: str, text: str) -> Located | None:
    """Return where the words of `quote` stand that are in `text`, the invented ones cut off either end.

    None where no run of at least `MIN_WORDS_LEFT` words and `MIN_SHARE_LEFT` of the quote is there.
    """
    quoted, stored = words(quote), words(text)
    first, place, length = _longest_run(quoted, stored)
    if first + length < len(quoted):
        while length and quoted[first + length - 1].key in _DANGLING:
            length -= 1
    if length < max(MIN_WORDS_LEFT, MIN_SHARE_LEFT * len(quoted)):
        return None
    evidence = Evidence.of(text, stored[place].start, stored[place + length - 1].end)
    lost = [quote[: quoted[first].start], quote[quoted[first + length - 1].end :]]
    return Located((evidence,), " … ".join(part.strip() for part in lost if words(part)))


def _find(quote: str, text: str, start: int) -> Evidence | None:
    exact = text.find(quote, start) if words(quote) else -1
    if exact >= 0 and quote == quote.strip() and _whole_words(text, exact, exact + len(quote)):
        return Evidence.of(text, exact, exact + len(quote))
    quoted, stored = words(quote), words(text)
    keys = [word.key for word in quoted]
    for place in range(len(stored) - len(keys) + 1 if keys else 0):
        if stored[place].start >= start and stored[place].key == keys[0]:
            run = stored[place : place + len(keys)]
            if [word.key for word in run] == keys:
                return _with_edges(quote, quoted, text, run)
    return None


def _whole_words(text: str, start: int, end: int) -> bool:
    """Whether a span begins and ends between words: "act" is no quote from "action"."""
    return not any(word.start < edge < word.end for word in words(text) for edge in (start, end))


def _with_edges(quote: str, quoted: Sequence[Word], text: str, run: Sequence[Word]) -> Evidence:
    """The stored words, with the marks around them that the quote has too: its brackets, its full stop."""
    start, end = run[0].start, run[-1].end
    for mark in reversed(quote[: quoted[0].start]):
        if start and not mark.isspace() and _mark(text[start - 1]) == _mark(mark):
            start -= 1
        else:
            break
    for mark in quote[quoted[-1].end :]:
        if end < len(text) and not mark.isspace() and _mark(text[end]) == _mark(mark):
            end += 1
        else:
            break
    return Evidence.of(text, start, end)


_MARKS = str.maketrans(
    dict.fromkeys("“”„‟«»＂″", '"') | dict.fromkeys("’‘ʼ′`´＇", "'") | dict.fromkeys("‐‑‒–—−―", "-")
)


def _mark(character: str) -> str:
    return unicodedata.normalize("NFKC", character).translate(_MARKS)


def _longest_run(quoted: Sequence[Word], stored: Sequence[Word]) -> tuple[int, int, int]:
    """Return (place in the quote, place in the text, words) of the longest run they share."""
    best = (0, 0, 0)
    previous: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for j, word in enumerate(stored):
        places.setdefault(word.key, []).append(j)
    for i, word in enumerate(quoted):
        current: dict[int, int] = {}
        for j in places.get(word.key, ()):
            current[j] = previous.get(j - 1, 0) + 1
            if current[j] > best[2]:
                best = (i - current[j] + 1, j - current[j] + 1, current[j])
        previous = current
    return best

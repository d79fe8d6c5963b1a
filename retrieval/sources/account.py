"""The account of every word: what a source holds is in a paragraph, a heading or the title, or is left out for a reason.

Readers and rules may move and part words; here their books are checked, from two sides. Letters: all that the
reader of the format came upon stands in its lines or in what it left out. Words: all of its lines stand in the
readout. Nothing here knows a format or a rule, so a rule that loses a word is found whatever it is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from retrieval.models import LeftOut, Paragraph
from retrieval.sources.furniture import furniture, superscripts
from retrieval.sources.lines import Extracted, Line

_WORD = re.compile(r"\w+")
_SIGN = re.compile("[¹²³⁰⁴-⁹₀-₉①-⓿❶-➓]+")
_MOST = 12  # words shown


def missing_letters(found: Extracted) -> Counter[str]:
    """Return the letters and digits that the reader came upon and neither kept nor accounted for."""
    if not found.source:
        return Counter()
    kept = _letters([*(line.text for line in found.lines), *(line.note for line in found.lines)])
    kept += _letters(left.text for left in found.left_out)
    kept += _letters(line.label.number for line in found.lines if line.label)
    return _letters([found.source]) - kept


def missing_words(
    texts: Iterable[str],
    paragraphs: Sequence[Paragraph],
    labels: Iterable[str],
    left_out: Iterable[LeftOut],
    title: str | None,
) -> Counter[str]:
    """Return the words of `texts` that stand nowhere in a readout.

    Args:
        labels: The printed labels as they stand there ("Article 5").
        title: Counted once; where it stands in the header, too, that is no harm.
    """
    headings = [heading for heading, _ in groupby(p.heading for p in paragraphs) if heading]
    parts = [part for part, _ in groupby(p.part for p in paragraphs) if part]
    kept = _words(p.text for p in paragraphs) + _words(headings) + _words(labels)
    kept += _words(left.text for left in left_out) + _words([title or ""]) + _words(parts)
    kept += _words(p.number for p in paragraphs)
    return _words(texts) - kept


def warning(words: Counter[str], letters: Counter[str]) -> tuple[str, ...]:
    """Return the warning that a user reads when the account does not come out even."""
    if words:
        shown = ", ".join(list(words)[:_MOST]) + (", …" if len(words) > _MOST else "")
        return (f"Words of the source that found no place and no reason ({words.total()}): {shown}.",)
    if letters:
        return (f"{letters.total()} letters of the source found no place and no reason.",)
    return ()


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _WORD.findall(_SIGN.sub(_plain, text).casefold()))


def _plain(found: re.Match[str]) -> str:
    """Return a raised or circled number as a word of its own."""
    return f" {unicodedata.normalize('NFKC', found.group())} "


def _letters(texts: Iterable[str]) -> Counter[str]:
    return Counter(letter for text in texts for letter in text if letter.isalnum())


_LETTER = re.compile(r"\w")


class Book:
    """Keeps lines that are text, and books those that are not.

    Attributes:
        notes: Footnotes and endnotes.
        labels: The printed numbers as they stand in front of paragraphs.
        left_out: What is no part of the document, in reading order of each reason.
    """

    def __init__(self, found: Extracted) -> None:
        self._found = found
        self.labels: list[str] = []
        self.left_out: list[LeftOut] = list(found.left_out)
        self.notes = [line for line in found.lines if line.note]

    def without_furniture(self) -> list[Line]:
        """Return the lines of the document; a page number inside a sentence leaves no gap behind."""
        out: list[Line] = []
        lines = [line for line in self._found.lines if not line.note]
        dropped = furniture(lines)
        gap = False
        for index, line in enumerate(lines):
            if index in dropped:
                self.leave_out([line], dropped[index])
                gap = gap or line.gap
                continue
            text, marks = superscripts(line.text)
            if marks:
                self.leave_out([replace(line, text=mark) for mark in marks], "footnote mark")
            if text:
                out.append(replace(line, text=text, gap=line.gap or gap))
            gap = False
        return out

    def leave_out(self, lines: Iterable[Line], reason: str) -> None:
        """Book lines as left out."""
        word = "page" if self._found.paged else "line"
        self.left_out += [LeftOut(reason, line.text, f"{word} {line.number}") for line in lines]

    def warnings(self, paragraphs: Sequence[Paragraph], title: str | None) -> tuple[str, ...]:
        """Return a warning when words of the source found neither a place nor a reason."""
        texts = (line.text for line in self._found.lines)
        words = missing_words(texts, paragraphs, self.labels, self.left_out, title)
        return warning(words, missing_letters(self._found))

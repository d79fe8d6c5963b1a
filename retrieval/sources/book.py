"""The books of one parse: what is left out, with its reason, and whether the account comes out even."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from retrieval.models import LeftOut, Paragraph
from retrieval.sources import account
from retrieval.sources.furniture import furniture, superscripts
from retrieval.sources.lines import Extracted, Line

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
        words = account.missing_words(texts, paragraphs, self.labels, self.left_out, title)
        return account.warning(words, account.missing_letters(self._found))

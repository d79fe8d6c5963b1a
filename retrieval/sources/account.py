"""The account of every word: what a source holds is in a paragraph, a heading or the title, or is left out for a reason.

Readers and rules may move and part words; here their books are checked, from two sides. Letters: all that the
reader of the format came upon stands in its lines or in what it left out. Words: all of its lines stand in the
readout. Nothing in that knows a format or a rule, so a rule that loses a word is found whatever it is.

What a page carries besides the document goes by reason: share buttons, page numbers, end marks, tables of contents.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest

from retrieval.language.dates import find_date
from retrieval.models import LeftOut, Paragraph
from retrieval.sources.lines import Extracted, Line, ends_sentence

_WORD = re.compile(r"\w+")
_SIGN = re.compile("[¹²³⁰⁴-⁹₀-₉①-⓿❶-➓]+")
_MOST = 12  # words shown


def warning(words: Counter[str], letters: Counter[str]) -> tuple[str, ...]:
    """Return the warning that a user reads when the account does not come out even."""
    if words:
        shown = ", ".join(list(words)[:_MOST]) + (", …" if len(words) > _MOST else "")
        return (f"Words of the source that found no place and no reason ({words.total()}): {shown}.",)
    if letters:
        return (f"{letters.total()} letters of the source found no place and no reason.",)
    return ()


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
        """Return a warning when words of the source found neither a place nor a reason.

        Args:
            title: Counted once; where it stands in the header, too, that is no harm.
        """
        headings = [heading for heading, _ in groupby(p.heading for p in paragraphs) if heading]
        parts = [part for part, _ in groupby(p.part for p in paragraphs) if part]
        kept = _words(text for p in paragraphs for text in (p.number, p.text))
        kept += _words([*headings, *parts, *self.labels, title or "", *(left.text for left in self.left_out)])
        return warning(_words(line.text for line in self._found.lines) - kept, self._missing_letters())

    def _missing_letters(self) -> Counter[str]:
        """Return the letters and digits that the reader came upon and neither kept nor accounted for."""
        found = self._found
        kept = _letters(text for line in found.lines for text in (line.text, line.note))
        kept += _letters(left.text for left in found.left_out)
        kept += _letters(line.label.number for line in found.lines if line.label)
        return _letters([found.source]) - kept


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _WORD.findall(_SIGN.sub(_plain, text).casefold()))


def _plain(found: re.Match[str]) -> str:
    """Return a raised or circled number as a word of its own."""
    return f" {unicodedata.normalize('NFKC', found.group())} "


def _letters(texts: Iterable[str]) -> Counter[str]:
    return Counter(letter for text in texts for letter in text if letter.isalnum())


_PHRASES = re.compile(
    r"""(?:original\ post\.?|featured\ image|share(?:\ (?:this|on\ \w+)(?:\ (?:page|article|post))?)?|tweet
      |print(?:\ this\ page)?|email|e-mail|download(?:\ pdf)?|pdf|back\ to\ top|skip\ to\ (?:main\ )?content
      |read\ more|back(?:\ to\ (?:list|home(?:\ page)?|previous(?:\ page)?))?|close(?:\ this)?\ window|https?://\S+|subscribe|advertisement|facebook|twitter|linkedin|whatsapp|telegram|copy\ link
      |related\ (?:articles|posts|links)|table\ of\ contents|for\ immediate\ release|unclassified
      |check\ against\ delivery|(?:-\s*)?end(?:s|\ of\ (?:text|document))?(?:\s*-)?
      |\d+\s*min(?:ute)?s?\s+read|(?:xxx|000|ooo|---)+)""",
    re.IGNORECASE | re.VERBOSE,
)
_PAGE = re.compile(
    r"""[-–—]\s*\d{1,4}\s*[-–—] | page\s+\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})? | \d{1,4}\s*/\s*\d{1,4}
      | \d{1,4}\s*\|\s*page | \d{1,4}\s+of\s+\d{1,4} | p\.?\s*\d{1,4} | \d{1,4}\s*ページ""",
    re.IGNORECASE | re.VERBOSE,
)
_LONE_NUMBER = re.compile(r"\d{1,4}")
_RULE = re.compile(r"(?:[-_=*#~•·\\—–]\s?){3,}")
_CONTENTS_ROW = re.compile(r"\S.{0,150}?(?:\s?[.…·]){4,}\s*\d{1,4}")
_COPYRIGHT = re.compile(
    r"(?:©|copyright\b|\(c\)\s?(?=\d{4})).{0,150}|.{0,80}\ball rights reserved\b.{0,20}", re.IGNORECASE
)
_REASONS = (
    (_PAGE, "page number"), (_RULE, "rule"), (_CONTENTS_ROW, "table of contents"), (_COPYRIGHT, "copyright"),
    (_PHRASES, "boilerplate"),
)  # fmt: skip
_RAISED = re.compile(
    r"(?<![\d\s.,](?:[kcdm]m|ft|in))(?<![\s\d]m)(?<![kcdm]m)\s?[¹²³⁰⁴-⁹]+(?!\w)|(?<=\s)[¹²³⁰⁴-⁹]+(?=\w)"
)
_CONTENTS = re.compile(
    r"(?:table of )?contents:?|sommaire|table des matières|índice|inhalt|daftar isi|mục lục|目录|目錄|目次",
    re.I,
)
_PAGED_ROW = re.compile(r"\S.*\s\d{1,4}")
_LONGEST_ROW = 160
_EDGE = 15  # lines from the top or the end, where letterheads stand
_MENU_ROW = re.compile(r"(?:[^|•·]{1,40}\s[|•·]\s){2,}[^|•·]{1,40}[|•·]?")
_MENU_WORD = re.compile(
    r"""
    # what menus of sites say
    home(?:page)?|contact(?:\ us)?|site\ ?map|privacy(?:\ policy)?|help|search|top|links|menu|log\ ?in
    |sign\ in|accessibility|about(?:\ us|\ the\ [\w ]{2,20})?|news\ ?room|quick\ find:?|feedback
    |disclaimer|terms\ of\ use|faqs?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COUNT = re.compile(  # what a site counts above a document
    r"[\d.,]+\s*(?:條條文|条条文|條|条|articles?|sections?|pages?|words|comments?|views?|likes?|shares?|\s){1,4}",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"[A-Z]{1,6}(?:/[\w.()-]+)+")  # of a document: A/80/12
_CONTACT = re.compile(
    r"""
    # how to reach whoever wrote it
    (?:(?:tel|fax|phone|telephone|e-?mail|web(?:site)?)\b\s?[.:].{3,90}|(?:p\.?\s?o\.?\s?box)\b.{2,90}
    |www\.\S+|\S+@\S+\.\w+|for\ information\ only\b.{0,60}|(?:e-?mail:\s*)?\S+@\S+\s+https?://\S+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MINUTES = re.compile(r"\s*[•·|–-]\s*\d+\s*min(?:ute)?s?\s+read\b.*$", re.IGNORECASE)


def _reason(text: str) -> str | None:
    """Return why a whole line is no part of the document, or None."""
    if len(text) > 200:
        return None
    return next((reason for pattern, reason in _REASONS if pattern.fullmatch(text)), None)


def is_page_mark(text: str) -> bool:
    """Whether `text` is a page number with its words: "Page 3 of 10", "- 3 -", "3/10"."""
    return bool(_PAGE.fullmatch(text))


def without_reading_time(text: str) -> str:
    """Return a byline without its "• 4 minute read"."""
    return _MINUTES.sub("", text)


def furniture(lines: Sequence[Line]) -> dict[int, str]:
    """Return which of `lines` are no part of the document, with the reason."""
    out = dict.fromkeys(_running_heads(lines), "running head")
    out |= dict.fromkeys(_contents(lines), "table of contents")
    out |= _site_lines(lines)
    for index, line in enumerate(lines):
        if index not in out and not line.label and not line.row and (reason := _reason(line.text)):
            out[index] = reason
    return out


def _contents(lines: Sequence[Line]) -> set[int]:
    """Return the lines of a table of contents: "Contents", and rows that end in page numbers with their captions."""
    out: set[int] = set()
    for start, line in enumerate(lines):
        if not _CONTENTS.fullmatch(line.text):
            continue
        out.add(start)
        index = start + 1
        while index < len(lines) and len(lines[index].text) <= _LONGEST_ROW:
            ahead = lines[index : index + 3]
            if not any(_PAGED_ROW.fullmatch(each.text) for each in ahead):
                break
            out.add(index)
            index += 1
    return out


def _site_lines(lines: Sequence[Line]) -> dict[int, str]:
    """Return what a site or a letterhead has above and below a document: menus in rows, words of menus, addresses."""
    sentences = [i for i, line in enumerate(lines) if len(line.text) > 60 and ends_sentence(line.text)]
    sentences = sentences or [i for i, line in enumerate(lines) if len(line.text) > 50]
    first, last = (sentences[0], sentences[-1]) if sentences else (0, len(lines))
    out: dict[int, str] = {}
    for index, line in enumerate(lines):
        at_edge = min(index, len(lines) - 1 - index) < _EDGE
        within = first <= index <= last
        if line.row or line.label:
            continue
        if _COUNT.fullmatch(line.text) and index < first:
            out[index] = "count"
        elif not within and (_is_menu(line.text) or _MENU_WORD.fullmatch(line.text)):
            out[index] = "menu"
        elif _CONTACT.fullmatch(line.text) and (at_edge or not within):
            out[index] = "letterhead"
    menus = (i for i in sorted(out) if i > last and out[i] == "menu" and _MENU_ROW.fullmatch(lines[i].text))
    below = range(next(menus, len(lines)), len(lines))  # what stands below a menu is the site's
    return out | {i: "menu" for i in below if len(lines[i].text) < 80 and not lines[i].row}


def _is_menu(text: str) -> bool:
    """Whether a line is a row of links: many short pieces between bars, or few with one that menus have."""
    if len(text) > _LONGEST_ROW or find_date(text):
        return False
    pieces = [piece.strip() for piece in text.split("|") if piece.strip()]
    known = any(_PHRASES.fullmatch(piece) or _MENU_WORD.fullmatch(piece) for piece in pieces)
    return bool(_MENU_ROW.fullmatch(text)) or (len(pieces) > 1 and known)


def superscripts(text: str) -> tuple[str, list[str]]:
    """Return `text` without raised digits that are marks of footnotes, and those marks."""
    if not _RAISED.search(text):
        return text, []
    marks = [found.group().strip() for found in _RAISED.finditer(text)]
    return _RAISED.sub(" ", text).replace("  ", " ").strip(), marks


def page_numbers(lines: Sequence[Line], labels: Collection[int]) -> set[int]:
    """Return the lines that are a number alone and were not found to be labels, which stand at `labels`."""
    return {
        index
        for index, (line, after) in enumerate(zip_longest(lines, lines[1:]))
        if index not in labels and _LONE_NUMBER.fullmatch(line.text)
        if line.gap and not line.label and (after is None or after.gap)
    }


def _running_heads(lines: Sequence[Line]) -> set[int]:
    """Return later copies of a short line that stands beside page numbers again and again."""
    beside: dict[str, int] = {}
    symbols: set[str] = set()
    for index, line in enumerate(lines):
        if _PAGE.fullmatch(line.text):
            for other in lines[max(0, index - 1) : index + 2]:
                if other is not line and len(other.text) < 100:
                    symbols |= {other.text} if _SYMBOL.fullmatch(other.text) else set()
                    beside[other.text] = beside.get(other.text, 0) + 1
    running = symbols | {text for text, times in beside.items() if times >= 2}
    seen: set[str] = set()
    out: set[int] = set()
    for index, line in enumerate(lines):
        if line.text in running and (line.text in seen or line.text in symbols):
            out.add(index)
        seen.add(line.text)
    return out

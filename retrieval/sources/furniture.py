"""What a page carries besides the document: share buttons, page numbers, end marks, tables of contents."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from retrieval.sources.lines import Line

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
_MINUTES = re.compile(r"\s*[•·|–-]\s*\d+\s*min(?:ute)?s?\s+read\b.*$", re.IGNORECASE)


def is_furniture(text: str) -> bool:
    """Whether a whole line is furniture."""
    if len(text) > 200:
        return False
    return any(pattern.fullmatch(text) for pattern in (_PHRASES, _PAGE, _RULE, _CONTENTS_ROW))


def is_page_mark(text: str) -> bool:
    """Whether `text` is a page number with its words: "Page 3 of 10", "- 3 -", "3/10"."""
    return bool(_PAGE.fullmatch(text))


def without_reading_time(text: str) -> str:
    """Return a byline without its "• 4 minute read"."""
    return _MINUTES.sub("", text)


def without_furniture(lines: Sequence[Line]) -> list[Line]:
    """Drop furniture; a page number inside a sentence leaves no gap behind."""
    return list(_kept(_without_running_heads(lines)))


def _kept(lines: Sequence[Line]) -> Iterator[Line]:
    gap = False
    for line in lines:
        if not line.label and is_furniture(line.text):
            gap = gap or line.gap
            continue
        yield replace(line, gap=True) if gap and not line.gap else line
        gap = False


def page_numbers(lines: Sequence[Line], labels: Collection[int]) -> set[int]:
    """Return the lines that are a number alone and were not found to be labels, which stand at `labels`."""
    alone = (i for i, line in enumerate(lines) if i not in labels and _LONE_NUMBER.fullmatch(line.text))
    return {index for index in alone if _stands_alone(lines, index)}


def _stands_alone(lines: Sequence[Line], index: int) -> bool:
    after = lines[index + 1] if index + 1 < len(lines) else None
    return lines[index].gap and not lines[index].label and (after is None or after.gap)


def _without_running_heads(lines: Sequence[Line]) -> list[Line]:
    """Drop later copies of a short line that stands beside page numbers again and again."""
    beside: dict[str, int] = {}
    for index, line in enumerate(lines):
        if _PAGE.fullmatch(line.text):
            for other in lines[max(0, index - 1) : index + 2]:
                if other is not line and len(other.text) < 100:
                    beside[other.text] = beside.get(other.text, 0) + 1
    running = {text for text, times in beside.items() if times >= 2}
    seen: set[str] = set()
    out: list[Line] = []
    for line in lines:
        if line.text in running and line.text in seen:
            continue
        seen.add(line.text)
        out.append(line)
    return out

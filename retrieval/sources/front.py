"""The title block at the top of a source: what it is called, when it was issued and by whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.sources.blocks import Block, group, is_marked_heading, reads_as_heading
from retrieval.sources.dates import find_date
from retrieval.sources.furniture import without_reading_time
from retrieval.sources.lines import Line, ends_sentence, starts_lower

_MAX_BLOCKS = 8
_MAX_CHARS = 200
_ISSUER = re.compile(
    r"(?:author|issued\s+by|issuer|source|published\s+by|by|発表者|発出)\s*[:：]\s*(?P<name>[^•·|]{2,120}?)\s*(?:[•·|]|$)",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"\b(?:ministry|ministère|ministerio|office of|department|secretariat|white house|cabinet|embassy"
    r"|commission|press service|chair(?:man)?'?s? office)\b|外務省|防衛省|内閣|官邸",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?:joint\s+)?(?:press\s+)?(?:statement|communiqu[eé]|release|declaration|readout|summary)",
    re.IGNORECASE,
)
_NUMERIC_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_DOCUMENT = re.compile(
    r"\b(?:meeting|summit|statement|communiqu[eé]|declaration|conclusions|readout|summary|resolution|call)\b",
    re.I,
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Front:
    """What stands at the top.

    Attributes:
        header: Title, date and issuer as they stand there, or None when neither date nor issuer does.
        size: How many lines the block takes; the body begins after them.
    """

    title: str | None = None
    date: str | None = None
    issuer: str | None = None
    header: str | None = None
    size: int = 0


def read_front(lines: Sequence[Line], first: int | None, known_title: str | None, whole: str) -> Front:
    """Return the title block of `lines`.

    Args:
        first: The line of the first printed number, or None.
        known_title: What metadata or markup says, or None.
        whole: The source with white space collapsed and furniture left in; the header is a part of it.
    """
    limit = len(lines) if first is None else first
    top = group(_dates_apart(lines[: min(limit, 40)]))[:_MAX_BLOCKS]
    size = _title_size(top, known_title)
    if size == 1 and not known_title and top[0].size == first and _is_section(top, lines, limit):
        size = 0
    title = " ".join(block.text for block in top[:size]) or None
    length = size + _lead(top[size:])
    if not size:
        title, size, length = _title_after(top, length, known_title)
    taken = top[:length]
    about = [block.text for block in taken]
    return Front(
        title=title,
        date=next((found for text in about if (found := find_date(text))), None),
        issuer=next((found for block in taken if (found := _issuer(block, title))), None),
        header=_header(taken, whole),
        size=sum(block.size for block in taken),
    )


def _dates_apart(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with a date line right under a title as a block of its own."""
    out = list(lines)
    for index in range(1, min(len(out), 6)):
        if not reads_as_heading(out[index - 1].text):
            break
        if not out[index].gap and _is_date_line(out[index].text):
            out[index] = replace(out[index], gap=True)
    return out


def _is_date_line(text: str) -> bool:
    """Whether a line is a date, with hardly more than a place before it."""
    ends_with_date = text[-1:].isdigit() or text.endswith(("日", ")"))
    return ends_with_date and len(text.split()) <= 7 and bool(find_date(text))


def _title_size(top: Sequence[Block], known: str | None) -> int:
    """Return how many blocks at the very top make the title."""
    if not top or (_is_byline(top[0]) and not _names_document(top[0])):
        return 0
    if known:
        return 1 if _same(top[0].text, known) else 0
    if not _may_be_title(top[0]):
        return 0
    size = 1
    while size < len(top) and _continues(top[size - 1], top[size]):
        size += 1
    return size


def _names_document(block: Block) -> bool:
    """Whether a line with a date is a title all the same: "Council meeting (3 May 2024) – Conclusions"."""
    return bool(_DOCUMENT.search(block.text)) and not _ISSUER.search(block.text)


def _continues(before: Block, block: Block) -> bool:
    if not _may_be_title(block) or _is_byline(block) or block.heading != before.heading:
        return False
    return (
        bool(_GENERIC.fullmatch(before.text))
        or starts_lower(block.text)
        or before.text.endswith((":", "–", "-"))
    )


def _may_be_title(block: Block) -> bool:
    if block.bullet or len(block.text) > _MAX_CHARS:
        return False
    return (
        block.heading == 2
        or reads_as_heading(block.text)
        or is_marked_heading(block)
        or starts_lower(block.text)
    )


def _title_after(top: Sequence[Block], length: int, known: str | None) -> tuple[str | None, int, int]:
    """Return the title that stands under a date or byline, with the blocks it makes and those taken."""
    size = _title_size(top[length:], known) if length else 0
    if not size:
        return None, 0, length
    end = length + size
    return " ".join(block.text for block in top[length:end]), size, end + _lead(top[end:])


def _lead(blocks: Sequence[Block]) -> int:
    """Return how many of `blocks`, from the first, are dates and bylines."""
    length = 0
    while length < len(blocks) and _is_byline(blocks[length]):
        length += 1
    return length


def _is_byline(block: Block) -> bool:
    text = block.text
    if len(text) > _MAX_CHARS or block.bullet or (ends_sentence(text) and len(text) > 60):
        return False
    if _NUMERIC_DATE.fullmatch(text):
        return True
    if _ISSUER.search(text):
        return True
    short = len(text.split()) <= 14
    return short and bool(find_date(text) or (_OFFICE.search(text) and len(text) <= 80))


def _issuer(block: Block, title: str | None) -> str | None:
    if found := _ISSUER.search(block.text):
        return found["name"].strip()
    office = _OFFICE.search(block.text) and not find_date(block.text)
    return block.text if office and len(block.text) <= 80 and block.text not in (title or "") else None


def _is_section(top: Sequence[Block], lines: Sequence[Line], limit: int) -> bool:
    """Whether the one heading before the first number is a section's: there are more like it further down."""
    if _DOCUMENT.search(top[0].text) or reads_as_heading(lines[limit].text):
        return False
    if top[0].heading == 2 and not any(line.heading == 2 for line in lines[limit:]):
        return False
    return any(
        line.gap and reads_as_heading(line.text) and line.heading == top[0].heading and after.gap
        for line, after in zip(lines[limit + 1 :], lines[limit + 2 :], strict=False)
    )


def _header(taken: Sequence[Block], whole: str) -> str | None:
    """Return the longest run of blocks that stands in the source in one piece and says more than a title."""
    header, count = "", 0
    for block in taken:
        text = without_reading_time(block.text)
        longer = f"{header} {text}".strip()
        if longer not in whole:
            break
        header, count = longer, count + 1
        if text != block.text:
            break
    says_more = any(_is_byline(block) or find_date(block.text) for block in taken[:count])
    return header if says_more else None


def _same(one: str, other: str) -> bool:
    a, b = (" ".join(_WORD.findall(text.casefold())) for text in (one, other))
    return bool(a and b) and (a == b or (len(a) > 20 and (a in b or b in a)))

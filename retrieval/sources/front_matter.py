"""The top of a source: what it is called, when it was issued and by whom.

Blocks above the first sentence are told apart: the letterhead (symbols, sessions, addresses), dates and bylines,
bodies that issue, and what may be the title. The title is the run of blocks that looks most like one; all that stands
above and right below it becomes the header, as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.language.dates import find_date, find_own_date
from retrieval.sources.account import without_reading_time
from retrieval.sources.blocks import Block, group, is_marked_heading, reads_as_heading
from retrieval.sources.identity import (
    as_written,
    body_in,
    find_issuer,
    is_body,
    is_generic,
    issuer_of_title,
    names_document,
    starts_with_body,
    without_symbol,
)
from retrieval.sources.lines import Extracted, Line, ends_sentence, starts_lower

_MAX_BLOCKS = 24
_MAX_CHARS = 200
_LONGEST_TITLE = 320
_LETTERHEAD = re.compile(
    r"""(?:.*\b)?(?-i:[A-Z]{1,8})(?:/[\w.()*-]+)*/[\w.()*-]*\d.*       # A/RES/77/321
      | .*\bDistr\.\s*:?.* | original\s*:.* | agenda\s+item\b.* | \[.*\] | item\s+\d+\b.*
      | \S*(?:st|nd|rd|th|[eè]me|er|era?|º|ª)(?:\s\S+)?\s+(?:session|meeting|sesión|période\sde\ssessions)
      | (?:addendum|corrigendum|contents|draft|advance\sversion|summary|annex(?:e|o)?|appendix)(?:\s\w{1,4})?
      | \(\d{2}-\d{3,6}\).* | page\s?:?\s\d.* | (?:see(?:\salso)?\b|for\s(?:immediate|information|further)).*""",
    re.IGNORECASE | re.VERBOSE,
)
_LABELLED = re.compile(r"[^\W\d_][\w ]{1,24}\s?[:：]\s*\S")
_ADOPTED = re.compile(
    r"\b(?:adopted|done|signed|approved|agreed|fait|hecho|adopté|aprobad[ao]|published|released)\b", re.I
)
_NUMERIC_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_PUBLISHED = re.compile(r"\b(?:publication|published|released?|posted|updated)\b", re.IGNORECASE)
_DANGLES = re.compile(
    r"""
    # a line that goes on in the next: a day without its month, or a word that joins
    ^\d{1,4}(?:st|nd|rd|th)$|(?:^|\s)(?:of|of\ the|on|on\ the|the|and|for|to|in|with|by|under|de|du|des
    |la|le|el|del|y|et|und|der|dan)$
    """,
    re.VERBOSE | re.I,
)
_CLOSING = re.compile(  # words that a formula of signing begins with
    r"""\b(?:done|signed|adopted|issued|fait|hecho|geschehen|feito|ditandatangani|dibuat|làm|совершено|подписано
        |ทำ\s+ณ|ทำที่)\b|订于|訂於|签订|作成|서명|작성|حرر|وقع""",
    re.IGNORECASE | re.VERBOSE,
)
_SECTION = re.compile(r"(?:\d{1,2}|[IVX]{1,5}|[A-Z])[.)]?\s+(?=[^\W\d_])(?![a-zà-ÿа-я])")
_DATELINE = re.compile(r"[A-Z][\w .]{1,30},\s[^()]{3,30}\(([^()]{3,60})\)\s*[–—-]")
_TAIL = 12


@dataclass(frozen=True, slots=True)
class Front:
    """What stands at the top.

    Attributes:
        header: All of it in one piece, or None where that is only the title.
        size: How many lines the block takes; the body begins after them.
        left_out: Lines with the reason: reading times, and what repeats the header.
    """

    title: str | None = None
    date: str | None = None
    issuer: str | None = None
    header: str | None = None
    size: int = 0
    left_out: tuple[tuple[Line, str], ...] = ()


def read_front(lines: Sequence[Line], first: int | None, found: Extracted) -> Front:
    """Return the title block of `lines`.

    Args:
        first: The line of the first printed number, or None.
        found: What metadata or markup says.
    """
    limit = len(lines) if first is None else first
    width = max((len(line.text) for line in lines), default=0)
    top = _above_text(group(_dates_apart(lines[: min(limit, 80)]), width))
    start, end = _title(top, found.title)
    reaches_number = not found.title and sum(block.size for block in top) == first
    if end > 1 and reaches_number and _is_count_again(top[-1], lines, limit):
        top = top[:-1]
        start, end = _title(top, found.title)
    if end == 1 and not found.title and top[0].size == first and _is_section(top, lines, limit):
        start = end = 0
    printed = " ".join(block.text for block in top[start:end])
    length = end + _lead(top[end:]) if end else _lead(top)
    if not end and not any(_is_date(block) or _issuer_line(block) for block in top[:length]):
        length = 0
    taken = top[:length]
    title = found.title or without_symbol(as_written(printed, lines)) or None
    header, count, left = _header(taken)
    size = sum(block.size for block in taken[:count])
    return Front(
        title=title,
        date=_date(taken, title) or found.date or _closing_date(lines),
        issuer=_issuer(taken, title, found) or _dateline(lines, size),
        header=header if any(find_date(b.text) for b in taken) or not _equal(header, title) else None,
        size=size,
        left_out=left,
    )


def _header(taken: Sequence[Block]) -> tuple[str, int, tuple[tuple[Line, str], ...]]:
    """Return the header up to a reading time, how many blocks it and what repeats it take, and what is left out."""
    header, count = "", 0
    left: list[tuple[Line, str]] = []
    for block in taken:
        text = without_reading_time(block.text)
        if left and not _repeats(block.text, header):
            break
        if left:
            left.append((Line(block.text, block.number), "repeated byline"))
        else:
            header = f"{header} {text}".strip()
        if text != block.text and not left:
            left.append((Line(block.text[len(text) :].strip(), block.number), "reading time"))
        count += 1
    return header, count, tuple(left)


def _repeats(text: str, header: str) -> bool:
    """Whether a line says nothing but what the header says: the same date, the same body."""
    if (date := find_date(text)) and date == find_date(header):
        return len(text.split()) <= 4
    return set(re.findall(r"\w+", text.casefold())) <= set(re.findall(r"\w+", header.casefold()))


def _above_text(blocks: Sequence[Block]) -> list[Block]:
    out: list[Block] = []
    for block in blocks[:_MAX_BLOCKS]:
        long = len(block.text) > (_LONGEST_TITLE if block.heading == 2 else _MAX_CHARS)
        sentence = ends_sentence(block.text) and len(block.text) > 60 and not block.heading and not block.row
        if long or (sentence and not _LETTERHEAD.fullmatch(block.text)):
            break
        out.append(block)
    return out


def _dates_apart(lines: Sequence[Line]) -> list[Line]:
    """Return `lines` with a date line, or another labelled one, right under a title as a block of its own."""
    out = list(lines)
    for index, (before, line) in enumerate(pairwise(lines[:12]), start=1):
        if ends_sentence(before.text) or len(before.text) > _MAX_CHARS:
            break
        apart = _is_date_line(line.text) or _LABELLED.match(line.text) or _LETTERHEAD.fullmatch(line.text)
        out[index] = replace(line, gap=line.gap or bool(apart))
    return out


def _is_date_line(text: str) -> bool:
    """Whether a line is a date, with hardly more than a place before it."""
    ends_with_date = text[-1:].isdigit() or text.endswith(("日", ")"))
    return ends_with_date and len(text.split()) <= 7 and bool(find_date(text))


# --- the title ---


def _title(top: Sequence[Block], known: str | None) -> tuple[int, int]:
    """Return the range of blocks that make the title; an empty one where there is none."""
    if known:
        places = [i for i, block in enumerate(top[:8]) if _same(block.text, known)]
        place = next((i for i in places if _equal(top[i].text, known)), next(iter(places), None))
        return (0, 0) if place is None else (place, place + 1)
    found: list[tuple[float, int, int]] = []
    start = 0
    while start < len(top):
        end = start + 1
        if _may_be_title(top[start]):
            while end < len(top) and _continues(top[start:end], top[end]):
                end += 1
            found.append((_score(top[start:end]) - 0.25 * start, start, end))
        start = end
    best = max(found, key=lambda each: each[0], default=(-1.0, 0, 0))
    return best[1:] if best[0] > -1 else (0, 0)


def _score(run: Sequence[Block]) -> float:
    text = " ".join(block.text for block in run)
    score = 3.0 if names_document(text) else 0.0
    score += max(block.heading for block in run) * 1.0
    score += len(text.split()) >= 4
    score += 2.0 if without_symbol(text) != text else 0.0
    if find_date(text) and not names_document(text):
        score -= 3.0
    if (_ADOPTED.search(text) and find_date(text)) or re.search(r"\badopted\s+by\b", text, re.IGNORECASE):
        score -= 4.0
    return score - 2.0 * (is_body(text) or (starts_with_body(text) and "/" not in text))


def _may_be_title(block: Block) -> bool:
    text = block.text
    if block.bullet or block.row or len(text) > _LONGEST_TITLE:
        return False
    if _LETTERHEAD.fullmatch(text) or _issuer_line(block):
        return False
    if _LABELLED.match(text) and find_date(text) and not names_document(text):
        return False
    if _is_date(block) and not names_document(text):
        return False
    if is_generic(text):
        return True
    if names_document(text) and not ends_sentence(text) and not text.endswith((",", ";")):
        return True
    return block.heading == 2 or reads_as_heading(text) or is_marked_heading(block) or starts_lower(text)


def _continues(run: Sequence[Block], block: Block) -> bool:
    """Whether `block` goes on with the title that `run` begins."""
    before = run[-1]
    if block.bullet or block.row or _LETTERHEAD.fullmatch(block.text) or _issuer_line(block):
        return False
    dangles = bool(_DANGLES.search(before.text)) or before.text.endswith((":", "–", "-"))
    if _is_date(block):  # set like the title, it is a part of it
        return block.heading == before.heading == 2
    if block.gap and _SECTION.match(block.text):
        return False
    if not _may_be_title(block) or block.heading != before.heading:
        return False
    if dangles or starts_lower(block.text) or is_generic(before.text):
        return True
    new = names_document(block.text) or is_body(before.text)
    return not block.gap and not new


def _is_section(top: Sequence[Block], lines: Sequence[Line], limit: int) -> bool:
    """Whether the one heading before the first number is a section's: there are more like it further down."""
    if names_document(top[0].text) or reads_as_heading(lines[limit].text):
        return False
    if top[0].heading == 2 and not any(line.heading == 2 for line in lines[limit:]):
        return False
    return any(
        line.gap and reads_as_heading(line.text) and line.heading == top[0].heading and after.gap
        for line, after in pairwise(lines[limit + 1 :])
    )


def _is_count_again(block: Block, lines: Sequence[Line], limit: int) -> bool:
    """Whether a heading right above the first number is a section's: there are more right above a first number."""
    if not block.gap or limit >= len(lines) or lines[limit].gap:
        return False
    return any(
        line.gap and reads_as_heading(line.text) and not after.gap and after.text[:2] == lines[limit].text[:2]
        for line, after in pairwise(lines[limit + 1 :])
    )


def _equal(one: str, other: str | None) -> bool:
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", (other or "").casefold())


def _same(one: str, other: str) -> bool:
    a, b = (" ".join(re.findall(r"\w+", text.casefold())) for text in (one, other))
    return bool(a and b) and (a == b or (len(a) > 20 and (a in b or b in a)))


# --- dates and issuers ---


def _lead(blocks: Sequence[Block]) -> int:
    """Return how many of `blocks`, from the first, are dates, bylines and lines of a letterhead."""
    leads = (
        _is_date(block) or _issuer_line(block) or _LETTERHEAD.fullmatch(block.text) or is_body(block.text)
        for block in blocks
    )
    return next((length for length, is_lead in enumerate(leads) if not is_lead), len(blocks))


def _is_date(block: Block) -> bool:
    """Whether a block is a date or a byline with one."""
    text = block.text
    if len(text) > _MAX_CHARS or (ends_sentence(text) and len(text) > 60) or text.endswith((",", ";")):
        return False
    return bool(_NUMERIC_DATE.fullmatch(text) or (len(text.split()) <= 14 and find_date(text)))


def _issuer_line(block: Block) -> bool:
    return find_issuer(block.text) is not None and len(block.text) <= _MAX_CHARS and not block.bullet


def _date(taken: Sequence[Block], title: str | None) -> str | None:
    """Return when the document was adopted, held or issued, in this order."""
    if own := find_own_date(title or ""):
        return own
    texts = [block.text for block in taken if not (title and _same(block.text, title))]
    dated = [(text, date) for text in texts if (date := find_own_date(text))]
    ranks = sorted(dated, key=lambda pair: (bool(_PUBLISHED.search(pair[0])), not _ADOPTED.search(pair[0])))
    return ranks[0][1] if ranks else None


def _closing_date(lines: Sequence[Line]) -> str | None:
    """Return the date of the signing at the end: "Done at Minsk on 8 December 1991", or a line of its own."""
    for line in lines[-_TAIL:]:
        if line.note or line.row:
            continue
        closing = _CLOSING.search(line.text[:60]) and len(line.text) < 2 * _MAX_CHARS
        if (closing or _is_date_line(line.text)) and (date := find_date(line.text)):
            return date
    return None


def _issuer(taken: Sequence[Block], title: str | None, found: Extracted) -> str | None:
    """Return who issued it: as a line says, metadata, the letterhead, or the title."""
    stated = (find_issuer(block.text) for block in taken)
    named = (body_in(block.text) for block in taken if not (title and _same(block.text, title)))
    said = next(filter(None, stated), None) or found.issuer or next(filter(None, named), None)
    return said or issuer_of_title(title or "")


def _dateline(lines: Sequence[Line], start: int) -> str | None:
    """Return the agency in the dateline of the first text: "VIENNA, 31 May (UN Information Service) – …"."""
    found = (_DATELINE.match(line.text) for line in lines[start : start + 3])
    return next((each[1] for each in found if each), None)

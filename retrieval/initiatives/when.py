"""When something happens, as written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.initiatives.tokens import Token

_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_SPAN = r"(?:year|month|week|quarter|decade|half|day)s?"
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|several|a few|the)"
_DATE = (
    rf"(?:\d{{1,2}}(?:[-–]\d{{1,2}})?\s+{_MONTH}(?:\s+\d{{4}})?"
    rf"|{_MONTH}(?:\s+\d{{1,2}}(?:[-–]\d{{1,2}})?)?(?:,?\s+\d{{4}})?)"
)
_YEAR = r"(?:(?:FY|fiscal year)\s?)?(?:19|20)\d\d(?:[-–/]\d{2,4})?"
_PART = (
    r"(?:(?:the\s+)?(?:early|mid|late|(?:end|beginning|middle|(?:first|second)\s+half"
    r"|(?:first|second|third|fourth)\s+quarter)\s+of)[\s-]+)?"
)
_FIRST_TIME = rf"for\s+the\s+first\s+time(?:\s+in\s+{_NUMBER}\s+{_SPAN})?"
_WHEN = re.compile(
    rf"""\b(?:
    (?:later\s+|earlier\s+|early\s+)?(?:this|next|last)\s+
        (?:year|month|week|autumn|spring|summer|winter|fall|decade|fiscal\ year|{_MONTH})(?:\s+{_FIRST_TIME})?
    | {_FIRST_TIME}
    | (?:by|in|on|before|from|since|until|during|at|through|for|beginning|starting|after|no\s+later\s+than)
        \s+{_PART}(?:{_DATE}|{_YEAR})(?:\s*(?:[-–]|to|and|until)\s*(?:{_DATE}|{_YEAR}))?
    | (?:by|at|before)\s+the\s+(?:end|time|beginning|start)\s+of\s+(?:the\s+)?
        (?:{_YEAR}|{_MONTH}|next\s+[\w+]+\s+\w+|(?:this|next)\s+\w+|year|decade)
    | (?:at|on)\s+an?\s+(?:early|appropriate|mutually\s+convenient|convenient)\s+(?:date|time|opportunity)
    | at\s+the\s+earliest\s+(?:possible\s+)?(?:date|opportunity|time)
    | as\s+(?:soon|early|promptly|quickly|swiftly|expeditiously)\s+as\s+(?:possible|practicable)
    | (?:in|over|within)\s+(?:the\s+)?(?:coming|next|following|near)\s+(?:{_NUMBER}\s+)?
        (?:{_SPAN}|future|term)
    | (?:in|over|within|for)\s+(?:the\s+next\s+|a\s+(?:further\s+)?period\s+of\s+|the\s+coming\s+)?
        {_NUMBER}\s+{_SPAN}
    | in\s+due\s+course
    | (?:at\s+least\s+)?(?:once|twice|\w+\s+times)\s+(?:a|every|per)\s+\w+
    | at\s+least\s+annually
    | (?:on\s+)?(?:an?\s+)?(?:regular|annual|biennial|quarterly|monthly|yearly)\s+basis
    | every\s+(?:\w+\s+)?(?:years?|months?)
    | beginning\s+this\s+year
    | annually
    | at\s+a\s+time\s+convenient\s+to\s+\w+
    )(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)


def when_in(text: str) -> str | None:
    """The first expression of time in `text`, as written, or None."""
    match = _WHEN.search(text)
    return match.group() if match else None


def when_spans(words: Sequence[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Token spans, within `words[start:end]`, that only say when."""
    if start >= end:
        return []
    offset = words[start].start
    plain: list[str] = []
    position = offset
    for word in words[start:end]:
        plain.append(" " * (word.start - position) + word.text)
        position = word.end
    spans = []
    for match in _WHEN.finditer("".join(plain)):
        first = next((i for i in range(start, end) if words[i].start >= offset + match.start()), end)
        last = next((i for i in range(first, end) if words[i].end >= offset + match.end()), end - 1)
        spans.append((first, last + 1))
    return spans

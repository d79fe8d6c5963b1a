"""When something happens, as written."""

from __future__ import annotations

import re

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


def when_near(text: str, sentence: tuple[int, int], span: tuple[int, int]) -> str | None:
    """Return the expression of time in a sentence that is nearest to a span of it, as written, or None.

    Args:
        sentence, span: Half-open spans of `text`.
    """
    found = _WHEN.finditer(text, *sentence)
    nearest = min(found, key=lambda m: max(m.start() - span[1], span[0] - m.end(), 0), default=None)
    return nearest.group() if nearest else None

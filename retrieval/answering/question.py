"""What a question asks for: the kind of answer, how much of it, and paragraphs it names by number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from retrieval.language.terms import capitals, initials_term, normalised, stem, terms
from retrieval.search.ranking import Holds


class Kind(StrEnum):
    """The kinds of question that are answered differently."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    HOW_MANY = "how many"
    HOW_MUCH = "how much"
    WHY = "why"
    HOW = "how"
    YES_NO = "yes or no"
    LIST = "list"
    FACT = "fact"
    TOPIC = "topic"
    SUMMARY = "summary"
    LOOKUP = "lookup"
    MENTIONS = "mentions"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, analysed.

    Attributes:
        text: As asked.
        core: Without greeting and politeness; this is what to embed.
        expects: What a sentence that answers should hold, or NOTHING when that cannot be told.
        terms: Search terms of the core in order, repetitions left out.
        other_names: Term -> another term for the same, to be used where only that one occurs: the initials of
            a spelled-out name for what may be an abbreviation, the country for a capital.
        names: Those terms that are written as a name or a number.
        numbers: Paragraph numbers asked for, as typed (`LOOKUP`).
        subject: What is to be found in paragraphs (`MENTIONS`).
        compares: Whether it sets several readouts side by side, or names them by several years.
        parts: The questions it is made of, when there are several; otherwise the core alone.
    """

    text: str
    core: str
    kind: Kind
    expects: Holds
    terms: tuple[str, ...]
    other_names: tuple[tuple[str, str], ...] = ()
    names: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()
    subject: str = ""
    parts: tuple[str, ...] = ()
    compares: bool = False

    def shared(self, text: str) -> int:
        """Return how many of the question's terms a text has."""
        return len(set(self.terms).intersection(terms(text)))

    @property
    def search_terms(self) -> tuple[str, ...]:
        """What to look up in the full-text index: the terms and the other names."""
        return self.terms + tuple(other for _, other in self.other_names)


_GREETING = re.compile(
    r"""
    # a greeting before the question
    ^(?:(?:hi|hello|hey|good\ (?:morning|afternoon|evening)|dear\ \w+|thanks|thank\ you|please|fine
    |ok(?:ay)?|so|well|and|also|then|rapporteur|bot|there)\b[\s,.!:;-]*)+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_POLITE = re.compile(
    r"""
    # "Could you tell me", "I would like to know"
    ^(?:(?:can|could|would|will)\ you\ (?:please\ |kindly\ )?(?:tell|show|explain\ to|remind|let)\ (?:me
    |us)(?:\ know)?|(?:please\ )?(?:tell|show|remind)\ (?:me|us)
    |(?:i|we)(?:\ would|['’]d)?\ (?:like|want|need)\ to\ know|do\ you\ know|i\ wonder
    |any\ idea)\b[\s,:]*(?:about\ )?(?=\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"""
    # an order to the bot before its question: only the question is read
    (?:answer|reply|respond|repeat|ignore|forget|pretend|act|say|write|speak|translate|use
    |be)\b[^?]*[.:;!\n\"]\s+(?=(?:[\w,]+\s+){0,2}(?:who|whom|whose|what|when|where|which|why|how|is|are
    |was|were|do|does|did)\b[^.:;!]*\?)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""An order about how to answer, before the question itself: it is not what is asked."""

_NUMBER = (
    r"(?:\d+(?:\.\d+)*(?:\s?\([a-z0-9]+\))?(?:#\d+)?|[OP]P\d+|[ivxlc]+\b(?=\W|$)|intro(?:duction)?|header)"
)
_LOOKUP = re.compile(
    r"(?:\b(?:paragraphs?|paras?\.?|points?|items?)\s+(?:no\.?\s*|number\s+)?|¶+\s*|\b(?=[OP]P\d))"
    rf"(?P<numbers>{_NUMBER}(?:\s*(?:,|and|or|&|to|-|–)\s*{_NUMBER})*)",
    re.IGNORECASE,
)
_LEADS_TO_LOOKUP = re.compile(
    r"""
    # words that lead to "paragraph 5"
    ^\W*(?:and\ |also\ |please\ )*(?:(?:what|which)(?:['’]?s|\ is|\ are|\ was|\ does|\ do|\ did)?|show
    |read|quote|print|give|tell|cite|summari[sz]e|explain|display|repeat)?
    (?:\ (?:me|us|in|the|text|content|contents|wording|of|out|about|is|does|said|written|stated|full
    |exact|whole|under|at|by))*\W*$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MENTIONS = (
    re.compile(
        r"""
        # "Which paragraph mentions X?": X is mentioned
        ^(?:in\ )?(?:which|what)\ (?:numbered\ )?(?:paragraphs?|paras?|points?)(?:\ numbers?)?
        (?:\ of\ [^?]*?)?\ (?:is|are|was|were|do|does)[ ]
        (?P<subject>.+?)\ (?:mentioned|referred\ to|named|cited|discussed|appear(?:s|ed)?
        |occur(?:s|red)?|found|talked\ about|come\ up)\b
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    re.compile(
        r"""
        # "Which paragraph mentions X?": the paragraph mentions
        ^(?:which|what)\ (?:paragraphs?|paras?|points?)\ (?:of\ [^?]*?\ )?
        (?:mentions?|refers?\ to|names?|cites?|discuss(?:es)?|talks?\ about|contains?)[ ]
        (?P<subject>.+?)\W*$
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    re.compile(
        r"""
        # "Where is X mentioned?"
        ^(?:where|how\ often|how\ many\ times)\ (?:in\ [^?]*?\ )?(?:is|are|does|do)[ ]
        (?:the\ (?:readout|text|document|statement)\ (?:mention|refer\ to|name)\ )?
        (?P<subject>.+?)\ (?:mentioned|referred\ to|named|cited)\b
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
)
_SUMMARY = re.compile(
    r"""
    # what is asked for is the whole, in short
    \b(?:summar(?:y|ies|i[sz]e[sd]?|i[sz]ing)|overview|main\ points|key\ (?:points|takeaways|messages)
    |gist|tl;?dr|in\ a\ nutshell|(?:readout|document|statement|meeting|text)\ (?:all\ )?about)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PERSON_NOUN = (
    r"(?:person|people|man|woman|name|leaders?|presidents?|(?:prime |foreign |defen[cs]e )?ministers?|kings?|queens?|"
    r"authors?|scientists?|generals?|officials?|secretar(?:y|ies)|representatives?|ambassadors?|chair\w*|ceo|commander|"
    r"mathematicians?|explorers?|director|governor|emperor|composer|inventor|engineer|philosophers?|actor|actress|singer)"
)
_RULES: tuple[tuple[re.Pattern[str], Kind, Holds], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, holds)
    for pattern, kind, holds in (
        (r"\bhow (?:many|often|old|long|far|large|big|tall|high|deep|wide|fast|frequently|few)\b", Kind.HOW_MANY, Holds.NUMBER),
        (r"\bhow much\b|\b(?:what|which)(?: \w+)? (?:sum|amount|price|cost|budget|value|salary)\b", Kind.HOW_MUCH, Holds.MONEY),
        (
            r"\b(?:what|which)(?: \w+)? (?:percentage|percent|number|population|share|proportion|rate|distance|length|"
            r"height|depth|width|area|size|age|temperature|ratio|total)\b",
            Kind.HOW_MANY,
            Holds.NUMBER,
        ),
        (
            r"\bwhen\b|\b(?:what|which)(?: \w+)? (?:years?|dates?|months?|day|century|centuries|decades?|time|era|period)\b",
            Kind.WHEN,
            Holds.DATE,
        ),
        (r"\bwhere\b", Kind.WHERE, Holds.PLACE),
        (
            r"\b(?:what|which)(?: \w+)? (?:cit(?:y|ies)|countr(?:y|ies)|towns?|places?|islands?|state|states|provinces?|"
            r"regions?|continents?|locations?|venue|rivers?|village|district|building|nations?|area)\b",
            Kind.FACT,
            Holds.NAME,
        ),
        (r"\bwho(?:m|se)?\b", Kind.WHO, Holds.NAME),
        (rf"\b(?:what|which) {_PERSON_NOUN}\b", Kind.WHO, Holds.NAME),
        (r"\bwhy\b|\bwhat (?:is|was|were|are) the (?:reasons?|causes?|purpose)\b|\bfor what reason", Kind.WHY, Holds.REASON),
        (
            r"\bwhich (?:of the )?(?:[\w-]+ ){0,3}?(?!was\b|is\b|does\b|this\b|us\b)[\w-]*[^su\W]s\b(?! (?:is|was|does|has)\b)"
            r"|\bwhat (?:two|three|four|five|six|seven|\d+|new|other|main|several|various|joint)\b(?: [\w-]+){1,4}s\b"
            r"|\bwhat \w+[^su\W]s (?:are|were|did|do|have|can|will)\b|^(?:list|name|enumerate)\b"
            r"|\bwhat (?:are|were) (?:the|some|all) (?:[\w-]+ ){0,3}?\w+[^su\W]s\b",
            Kind.LIST,
            Holds.NOTHING,
        ),
        (r"\b(?:what|which)\b", Kind.FACT, Holds.NOTHING),
        (r"\bhow\b", Kind.HOW, Holds.NOTHING),
        (
            r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|must)\b",
            Kind.YES_NO,
            Holds.NOTHING,
        ),
    )
)  # fmt: skip
_PART = re.compile(
    r"(?:\?\s+|[,;]?\s+and\s+(?:also\s+)?)(?=(?:who|what|when|where|which|why|how)\b)", re.IGNORECASE
)
_LEADING_AND = re.compile(r"^(?:and|also)\s+(?:also\s+)?", re.IGNORECASE)
_ASKS = re.compile(
    r"^\W*(?:\w+\s)?(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|can|will)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w’'-]+|\d[\w.,]*")
_FORM = re.compile(
    r"""
    # the form of a question, which no sentence answers by holding it
    \bhow\ (?:many|much)\b|\b(?:what|which)\ (?:kinds?|types?|sorts?)\ of\b
    |\b(?:what|which)\ (?:year|date)\b|\bthe\ name\ of\b|\b(?:an|one)\ examples?\ of\b|^(?:list|name)\b
    |\b(?:according\ to|going\ by|judging\ by|mentioned\ in|in|of|does|did|do)\ (?:the|this|that)[ ]
    (?:readout|text|document|statement)\b|\b(?:mention(?:s|ed)?|refers?\ to|referred\ to)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Words about the form of the answer: no paragraph is found by them."""

_COMPARES = re.compile(r"\b(?:compare[ds]?|comparing|differ(?:s|ed|ence|ences)?|versus|vs)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ABBREVIATION = re.compile(r"\b[A-Z]{3,6}\b")


def analyse(text: str) -> Question:
    """Return what `text` asks for; never fails, whatever the text."""
    core = _core(text)
    kind, expects = _kind(core)
    subject, numbers = _subject(core), _numbers(core)
    if subject:
        kind, expects = Kind.MENTIONS, Holds.NOTHING
    elif numbers:
        kind, expects = Kind.LOOKUP, Holds.NOTHING
    found = tuple(dict.fromkeys(terms(_FORM.sub(" ", core)))) or tuple(dict.fromkeys(terms(core)))
    return Question(
        text=text,
        core=core,
        kind=kind,
        expects=expects,
        terms=found,
        other_names=_abbreviations(core, found) + _governments(found),
        names=_names(core),
        numbers=numbers,
        subject=subject,
        parts=_parts(core),
        compares=bool(_COMPARES.search(core)) or len(set(_YEAR.findall(core))) > 1,
    )


def without_greeting(text: str) -> str:
    """Return what is said after hello, thanks and please."""
    return _GREETING.sub("", text.strip())


def _core(text: str) -> str:
    bare = _GREETING.sub("", text.strip())
    if instructed := _INSTRUCTION.match(bare):
        bare = _GREETING.sub("", bare[instructed.end() :])
    bare = _POLITE.sub("", bare)
    return bare if any(c.isalnum() for c in bare) else text.strip()


def _parts(core: str) -> tuple[str, ...]:
    """Return the questions in `core`; a clause that asks nothing belongs to the question after it."""
    starts = [0] + [found.end() for found in _PART.finditer(core)]
    ends = [found.start() for found in _PART.finditer(core)] + [len(core)]
    kept: list[str] = []
    first = 0
    for start, end in zip(starts, ends, strict=True):
        if _ASKS.search(core[start:end]) and terms(core[first:end]):
            kept.append(_LEADING_AND.sub("", core[first:end].strip("?,; ")))
            first = end
    return tuple(kept) if len(kept) > 1 else (core,)


def _kind(core: str) -> tuple[Kind, Holds]:
    if _SUMMARY.search(core):
        return Kind.SUMMARY, Holds.NOTHING
    first = min(
        (
            (found.start(), place, kind, holds)
            for place, (pattern, kind, holds) in enumerate(_RULES)
            if (found := pattern.search(core))
        ),
        default=None,
        key=lambda entry: entry[:2],
    )
    return (first[2], first[3]) if first else (Kind.TOPIC, Holds.NOTHING)


def _subject(core: str) -> str:
    for pattern in _MENTIONS:
        if found := pattern.search(core):
            return found["subject"].strip(" \"'“”‘’")
    return ""


def _numbers(core: str) -> tuple[str, ...]:
    """Return the paragraph numbers that `core` asks to see."""
    found = _LOOKUP.search(core)
    if not found or not _LEADS_TO_LOOKUP.match(re.split(r"[.,:;?!]", core[: found.start()])[-1]):
        return ()  # "How many soldiers does point 5 promise" asks for something in it
    ranged = re.sub(r"(\d+)\s*(?:to|-|–)\s*(\d+)", _counted_out, found["numbers"])
    numbers = re.findall(_NUMBER, ranged, re.IGNORECASE)
    return tuple(dict.fromkeys(re.sub(r"\s", "", n) for n in numbers))


def _counted_out(ends: re.Match[str]) -> str:
    first, last = int(ends[1]), int(ends[2])
    return ", ".join(map(str, range(first, last + 1))) if first < last <= first + 20 else ends[0]


def _names(core: str) -> frozenset[str]:
    words = _NAME.findall(core) if not core.isupper() else re.findall(r"\d[\w.,]*", core)
    return frozenset(term for word in words for term in terms(word))


def _abbreviations(core: str, found: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return what may stand for a longer name: capitals amid small letters, or a lone short word."""
    shouted = core.upper() == core and len(found) > 2
    shorts = {} if shouted else {normalised(s): None for s in _ABBREVIATION.findall(core)}
    if len(found) == 1 and 3 <= len(found[0]) <= 6:
        shorts[found[0]] = None
    return tuple((short, initials_term(short)) for short in shorts if short in found)


def _governments(found: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the country for every capital: official English says "Tokyo" and "Japan" for one government."""
    countries = capital_terms()
    return tuple((term, countries[term]) for term in found if term in countries)


@lru_cache(maxsize=1)
def capital_terms() -> dict[str, str]:
    """Return the term of the country by that of its capital."""
    return {stem(capital): stem(country) for capital, country in capitals().items()}

"""A live paragraph -> what ranking needs of it, worked out once per revision and kept in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from itertools import pairwise

from retrieval.index.fulltext import MONTHS, paragraph_terms
from retrieval.language.sentences import sentence_spans
from retrieval.language.terms import initials, terms
from retrieval.models import LiveParagraph


class Holds(Flag):
    """The kinds of answer that can be seen in a sentence without understanding it."""

    NOTHING = 0
    NUMBER = auto()
    DATE = auto()
    NAME = auto()
    PLACE = auto()
    MONEY = auto()
    REASON = auto()
    NEGATION = auto()
    LEANS_BACK = auto()
    """Opens with a pronoun or a connective: it may need the sentence before it."""


@dataclass(frozen=True, slots=True)
class PreparedSentence:
    """One sentence: its half-open span in the paragraph's text and what it can be matched by."""

    start: int
    end: int
    term_set: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    holds: Holds


@dataclass(frozen=True, slots=True)
class PreparedParagraph:
    """A paragraph ready to be ranked.

    Attributes:
        counts: Term -> occurrences in the text.
        title_terms: Of the readout's title and date, and of the heading the paragraph stands under.
        length: Terms in the text.
    """

    paragraph: LiveParagraph
    counts: Mapping[str, int]
    title_terms: frozenset[str]
    heading_terms: frozenset[str]
    length: int
    sentences: tuple[PreparedSentence, ...]

    @property
    def sentence_texts(self) -> tuple[str, ...]:
        """The sentences to embed, in reading order."""
        text = self.paragraph.text
        return tuple(text[s.start : s.end] for s in self.sentences)


def prepare(paragraph: LiveParagraph) -> PreparedParagraph:
    """Tokenise and split `paragraph` once, so that no question has to."""
    found = paragraph_terms(paragraph)
    return PreparedParagraph(
        paragraph=paragraph,
        counts=found.counts,
        title_terms=found.title_terms,
        heading_terms=found.heading_terms,
        length=found.length,
        sentences=tuple(
            _sentence(paragraph.text, start, end) for start, end in sentence_spans(paragraph.text)
        ),
    )


_MONTH = "|".join(MONTHS)
DATE = re.compile(
    rf"""\b(?: {_MONTH} | (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day
      | 1[0-9]\d\d | 20\d\d | \d{{2}}0s | centur(?:y|ies) | BCE? | mid-\d+
      | (?:this|next|last)[ ](?:year|month|week) | (?:spring|summer|autumn|winter)[ ]of
    )\b""",
    re.VERBOSE,
)
NUMBER = re.compile(  # digits, and what is counted in words
    r"""\d | \b(?: one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty
      | dozens? | hundreds? | thousands? | [mb]illions? | half|third|quarter | once|twice | both|several
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£¥]|\b(?:dollars?|euros?|pounds?|yen|US\$|per ?cent|%|[mb]illion)", re.IGNORECASE)
_REASON = re.compile(  # causes, and ends that something is done for
    r"""\b(?: because | since | due[ ]to | owing[ ]to | therefore | thus | so[ ]that | in[ ]order[ ]to | given
      | to[ ](?:\w+ly[ ])?(?:facilitate|ensure|avoid|strengthen|prevent|promote)
      | as[ ]a[ ]result | result(?:ed|ing)?[ ](?:of|in|from) | cause[sd]? | reasons?
      | lead(?:s|ing)?[ ]to | led[ ]to
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w’'-]*[^\W\d_]")
_PLACE = re.compile(
    r"\b(?:in|at|near|from|to|of|across|through|into|on|between|outside|around|off) (?:the )?(?:\w+(?:ern)? )?[A-Z]"
)
NEGATION = re.compile(  # "not" with its kin, verbs that say that something is not, and contractions
    r"""\b(?: not? | never | nor | neither | nobody | none | without | except | least | only | cannot
      | un(?:able|likely) | impossible
      | fail(?:s|ed|ing)? | lack(?:s|ed|ing)? | prohibit(?:s|ed)? | refus(?:e|es|ed|al) | reject(?:s|ed|ion)?
      | prevent(?:s|ed|ing)? | stop(?:s|ped|ping)? | ceas(?:e|es|ed)
    )\b
    | n[’']t\b | \b(?:did|does|do|is|was|were|has|have|could|would)nt\b""",
    re.VERBOSE | re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"""^(?: he|she|it|they|this|these|that|those|such|his|her|its|their
      | in[ ]this | in[ ]that | in[ ]addition | in[ ]particular
      | furthermore | moreover | also | however | therefore | thus | similarly | likewise | both
      | the[ ](?:former|latter|same)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = (
    (Holds.DATE, DATE),
    (Holds.NUMBER, NUMBER),
    (Holds.MONEY, _MONEY),
    (Holds.REASON, _REASON),
    (Holds.NAME, NAME),
    (Holds.PLACE, _PLACE),
    (Holds.NEGATION, NEGATION),
    (Holds.LEANS_BACK, _LEANS_BACK),
)


def _sentence(text: str, start: int, end: int) -> PreparedSentence:
    sentence = text[start:end]
    holds = Holds.NOTHING
    for sign, pattern in _SIGNS:
        if pattern.search(sentence):
            holds |= sign
    found = terms(sentence)
    return PreparedSentence(
        start,
        end,
        frozenset(found + initials(sentence)),
        frozenset(pairwise(found)),
        holds,
    )

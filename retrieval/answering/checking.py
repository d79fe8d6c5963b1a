"""A claim beside the readouts: the nearest sentences, and in what they differ from it, word by word.

No verdict is given that is not proved. `verbatim` is proved by comparison: the claim is whole sentences of a
paragraph, neighbours, in this order, and nothing else; case, quotation marks, dashes and white space aside. Whether a
sentence in other words supports a claim is not told here: a language model may say so, as its opinion, beside the
sentence.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum, auto
from functools import lru_cache
from typing import Protocol

from pydantic import BaseModel, create_model

from retrieval.answering.prompting import judgement_prompt
from retrieval.errors import LanguageModelError, StoreError
from retrieval.llm import Model, Reply, payer
from retrieval.models import SHARED, Statement
from retrieval.search.ranking import NEGATION, NUMBER, RankedParagraph

log = logging.getLogger(__name__)

MAX_CLAIM_CHARS = 4_000
"""A message of Discord, whole; a long sentence of a readout has more than 1,000."""

PARAGRAPHS_READ = 12
_SEARCHED_CHARS = 1_000
SHOWN = 3
CLOSE = 0.6
"""Cosine plus the share of the claim's words, 0..2, from which a sentence is about the same thing: chosen on the
labelled claims (`bench/claims.py`)."""

MARGIN = 0.35
"""How far behind the nearest sentence another one may be and still be shown beside it."""


class Verdict(StrEnum):
    """What can be said of a claim without understanding it."""

    VERBATIM = "verbatim"
    CLOSE = "close"
    NOT_FOUND = "not_found"


class Opinion(StrEnum):
    """What a language model makes of a claim and a sentence."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    NEITHER = "neither"


class Mark(StrEnum):
    """What kind of word differs: the ones that a reader should look at first."""

    NUMBER = auto()
    NAME = auto()
    NEGATION = auto()
    MODAL = auto()


@dataclass(frozen=True, slots=True)
class Difference:
    """Neighbouring words that only the claim has, or only the source, or each in the other's place.

    Attributes:
        claim: As the claim has them; None where the words are the source's alone.
        source: As the source has them; None where they are the claim's alone.
    """

    claim: str | None
    source: str | None
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Compared:
    """A sentence of a readout beside the claim; no differences where it is the claim, word for word."""

    statement: Statement
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A language model's opinions, one for each sentence shown, in their order."""

    by: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim and the sentences nearest to it, the nearest first.

    Attributes:
        judged: None without a language model, or where it gave no usable answer.
    """

    claim: str
    verdict: Verdict
    compared: tuple[Compared, ...] = ()
    judged: Judged | None = None


class Searching(Protocol):
    """What finds the paragraphs nearest to a claim."""

    def search(
        self, query: str, *, scopes: Sequence[str] = (SHARED,), document: str | None = None, top_k: int = 5
    ) -> list[RankedParagraph]:
        """Return them, best first."""


class ClaimService:
    """Checks claims against the live readouts of a store; safe to call from several threads.

    Args:
        judge: A language model whose opinion is asked; None: nobody's.
    """

    def __init__(self, searching: Searching, judge: Model | None = None, *, structured: bool = False) -> None:
        self._searching = searching
        self._judge = judge
        self._structured = structured

    def check(
        self, claim: str, *, document: str | None = None, scopes: Sequence[str] = (SHARED,)
    ) -> ClaimCheck:
        """Return the sentences nearest to `claim`, and what differs.

        Args:
            claim: 1 to 4,000 characters; the first 1,000 are looked up.
            document: Look in this readout alone.
            scopes: Whose readouts are read.

        Raises:
            QuestionError: It is empty, too long, or holds control characters.
            NotFoundError: There is no such readout.
            StoreError: The store cannot be read.
        """
        searched = claim.strip()[:_SEARCHED_CHARS]
        ranked = self._searching.search(searched, scopes=scopes, document=document, top_k=PARAGRAPHS_READ)
        found = compare(claim, ranked)
        if self._judge is None or not found.compared:
            return found
        return ClaimCheck(claim, found.verdict, found.compared, self._judged(self._judge, found, scopes))

    def _judged(self, model: Model, found: ClaimCheck, scopes: Sequence[str]) -> Judged | None:
        sentences = [each.statement for each in found.compared]
        schema = _judgement_schema(len(sentences)) if self._structured else None
        try:
            reply = model.ask(judgement_prompt(found.claim, sentences), payer=payer(scopes), schema=schema)
        except (LanguageModelError, StoreError) as error:
            log.info("the claim is checked without the language model: %s", error)
            return None
        opinions = read_opinions(reply, len(sentences))
        return None if opinions is None else Judged(model.name, opinions)


def compare(claim: str, ranked: Sequence[RankedParagraph]) -> ClaimCheck:
    """Return what can be said of `claim` from the paragraphs nearest to it, best first."""
    text = " ".join(claim.split())
    copy = next((found for r in ranked if (found := whole_copy(text, r)) is not None), None)
    if copy is not None:
        return ClaimCheck(claim, Verdict.VERBATIM, (Compared(copy),))
    nearest = sorted(_sentences(ranked), key=lambda entry: -entry[0])[:SHOWN]
    close = [entry for entry in nearest if entry[0] >= max(CLOSE, nearest[0][0] - MARGIN)]
    compared = tuple(Compared(s, differences(text, s.text)) for _, s in close or nearest)
    return ClaimCheck(claim, Verdict.CLOSE if close else Verdict.NOT_FOUND, compared)


def _sentences(ranked: Sequence[RankedParagraph]) -> Iterator[tuple[float, Statement]]:
    for r in ranked:
        for place, sentence in enumerate(r.prepared.sentences):
            likeness = float(r.sentence_similarity[place] + r.sentence_coverage[place])
            yield likeness, Statement(r.prepared.paragraph, sentence.start, sentence.end)


def whole_copy(claim: str, ranked: RankedParagraph) -> Statement | None:
    """Return the sentence, or the neighbouring sentences, that `claim` is a copy of; None where it is none.

    A claim that leaves out the beginning or the end of a sentence is no copy: "not" may stand there. So it may in
    what introduces the item of a list.
    """
    wanted = _without_stop(_keys(claim))
    if not wanted:
        return None
    paragraph, sentences = ranked.prepared.paragraph, ranked.prepared.sentences
    keys = [_keys(text) for text in ranked.prepared.sentence_texts]
    goes_on = [bool(each) and each[-1] in _GOES_ON for each in keys]
    for first in range(len(sentences)):
        if first and goes_on[first - 1]:
            continue
        joined: list[str] = []
        for last in range(first, len(sentences)):
            joined += keys[last]
            is_open = goes_on[last] and last + 1 < len(sentences)
            if not is_open and _without_stop(joined) == wanted:
                return Statement(paragraph, sentences[first].start, sentences[last].end)
            if len(_without_stop(joined)) > len(wanted):
                break
    return None


# --- words, compared ---


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or a sign: what it is compared by, and its half-open span."""

    key: str
    start: int
    end: int


_APOSTROPHES = "'’‘ʼ′`´＇"
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)+|[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*|\S")
_QUOTES = frozenset("\"'“”„‟‘’‚‛«»‹›`´＂＇「」『』ʼ")
"""Without ′ and ″: they are feet and inches, or minutes and seconds."""

_DASHES = frozenset("-‐‑‒–—―−﹘﹣－")
_STOPS = frozenset(".!…。")
"""Without the question mark, which makes another sentence of the same words."""

_GOES_ON = frozenset(":;,")
"""What a sentence ends with that the next one belongs to."""

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Not seen themselves, but they change in which order the words are."""


@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[_Word, ...]:
    """Return what `text` says, without what a copy may change: case, quotation marks, dashes, width, space."""
    found: list[_Word] = []
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece in _QUOTES:
            continue
        if piece in _DASHES:
            if not _is_long_dash(text, match.start()):
                found.append(_Word("-", *match.span()))
            continue
        key = "".join(_levelled(c) for c in piece).casefold()
        found.append(_Word(key, *match.span()))
    return tuple(found)


def _is_long_dash(text: str, at: int) -> bool:
    """Whether the dash at `at` is the second half of one typed as "--"; before a digit it is a minus."""
    return text[at - 1 : at] == text[at] and not text[at + 1 : at + 2].isdigit()


def _levelled(character: str) -> str:
    """Return a character in its usual width; ² is no 2."""
    if character in _APOSTROPHES:
        return "'"
    wide = unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<noBreak>"))
    return unicodedata.normalize("NFKC", character) if wide else unicodedata.normalize("NFC", character)


def _keys(text: str) -> list[str]:
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(c for c in composed if c in _DIRECTIONS or unicodedata.category(c) != "Cf")
    return [word.key for word in _words(shown)]


def _without_stop(keys: Sequence[str]) -> list[str]:
    end = len(keys)
    while end and keys[end - 1] in _STOPS:
        end -= 1
    return list(keys[:end])


_MODAL = re.compile(
    r"\b(?:will|would|shall|should|may|might|can|could|must|intends?|plans?|expects?|hopes?|considers?|seeks?|aims?)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][\w’'-]+")


def differences(claim: str, source: str) -> tuple[Difference, ...]:
    """Return the words in which `claim` and `source` differ, in reading order."""
    ours, theirs = _words(claim), _words(source)
    matcher = SequenceMatcher(None, [w.key for w in ours], [w.key for w in theirs], autojunk=False)
    found = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            found.append(_difference(_cut(claim, ours[a:b]), _cut(source, theirs[c:d])))
    return tuple(each for each in found if not _is_trifling(f"{each.claim or ''}{each.source or ''}"))


def _is_trifling(text: str) -> bool:
    """Whether a difference is a full stop, or nothing that shows; a comma, a currency or a minus is one."""
    return all(c.isspace() or c in _STOPS or unicodedata.category(c) == "Cf" for c in text)


def _cut(text: str, words: Sequence[_Word]) -> str | None:
    return text[words[0].start : words[-1].end] if words else None


def _difference(claim: str | None, source: str | None) -> Difference:
    both = f"{claim or ''} {source or ''}"
    patterns = ((Mark.NUMBER, NUMBER), (Mark.NAME, _NAME), (Mark.NEGATION, NEGATION), (Mark.MODAL, _MODAL))
    return Difference(claim, source, frozenset(mark for mark, pattern in patterns if pattern.search(both)))


# --- a language model's opinion ---


@lru_cache(maxsize=16)
def _judgement_schema(sentences: int) -> type[BaseModel]:
    """The form of a reply: one opinion, out of three, for every key."""
    keys = {f"S{n}": (Opinion, ...) for n in range(1, sentences + 1)}
    return create_model("Judged", **keys)  # type: ignore[call-overload, no-any-return]


_OPINION = re.compile(r"\bS\s?(\d{1,6})\W{1,6}(supports|contradicts|neither)\b", re.IGNORECASE)


def read_opinions(reply: Reply, sentences: int) -> tuple[Opinion, ...] | None:
    """Return one opinion for each sentence, or None where the reply lacks one."""
    text = reply.text
    if reply.fields is not None:
        text = " ".join(f"{key}: {value!s}" for key, value in reply.fields.items())
    told = {int(number): Opinion(opinion.lower()) for number, opinion in _OPINION.findall(text)}
    if not all(n in told for n in range(1, sentences + 1)):
        return None
    return tuple(told[n] for n in range(1, sentences + 1))

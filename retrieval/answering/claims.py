"""A claim against the readouts: supported, contradicted or not there, with the words that say so.

Nothing is supported by likeness. The sentences nearest to the claim are found as for a question; then each is
held against it as evidence is against a model's statement (`verification`), and only where nothing of the claim
goes beyond its evidence is it supported. Where the nearest says otherwise on a point, it is contradicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from retrieval.answering.extractive import nearest
from retrieval.answering.language import foreign_language, language_name
from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.judging import differences, ground, nearest_clause
from retrieval.index.ranking import RankedParagraph
from retrieval.ingest import SHARED
from retrieval.models import Citation, Evidence, NearestParagraph, Statement

Side = Literal["for", "against"]

PARAGRAPHS_READ = 6
SENTENCES_READ = 10
SUPPORT = 0.6
"""Likeness from which a sentence can support: cosine plus the share of the claim's words in it, 0..2."""
SUPPORT_IN_ONE = 0.5
"""The same where one readout was picked: the claim is about it nearly always."""
CONTRADICTION = 0.5
"""Likeness from which one that differs is about the same thing."""
MARGIN = 0.35
"""How far behind the nearest sentence one may be and still speak for or against."""
LEAD = 0.1
"""How far behind the nearest sentence that contradicts another one of its paragraph may be and still support: a
paragraph says in one sentence what the next makes precise. A sentence of another paragraph may not be behind."""


class Verdict(StrEnum):
    """What the readouts make of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class SidedStatement:
    """A sentence of a readout that speaks for a claim or against it.

    Attributes:
        reasons: What in the claim the sentence does not hold, where it is against.
    """

    statement: Statement
    side: Side
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim and what the readouts make of it.

    Attributes:
        statements: On either side; none where it is not found.
        nearest: Offered where it is not found.
        notice: One more sentence the reader needs, or None.
    """

    claim: str
    verdict: Verdict
    statements: tuple[SidedStatement, ...] = ()
    nearest: tuple[NearestParagraph, ...] = ()
    notice: str | None = None

    @property
    def documents(self) -> tuple[str, ...]:
        """The readouts it names, in order of appearance."""
        cited = (c.document for sided in self.statements for c in sided.statement.citations)
        return tuple(dict.fromkeys([*cited, *(near.paragraph.document for near in self.nearest)]))


NOTICE = (
    "This claim seems to be in {language}. Claims are checked word by word, and in English only: please put "
    "it in English."
)


class Searching(Protocol):
    """What finds the paragraphs nearest to a claim."""

    def search(
        self, query: str, *, scopes: Sequence[str] = (SHARED,), document: str | None = None, top_k: int = 5
    ) -> list[RankedParagraph]:
        """Return them, best first."""


class ClaimService:
    """Checks claims against the live readouts of a store; safe to call from several threads."""

    def __init__(self, searching: Searching) -> None:
        self._searching = searching

    def check(
        self, claim: str, *, document: str | None = None, scopes: Sequence[str] = (SHARED,)
    ) -> ClaimCheck:
        """Return what the readouts make of `claim`.

        Args:
            claim: One sentence, 1 to 1,000 characters.
            document: Check against this readout alone.
            scopes: Whose readouts are read.

        Raises:
            QuestionError: It is empty, too long, or holds control characters.
            NotFoundError: There is no such readout.
            StoreError: The store cannot be read.
        """
        ranked = self._searching.search(claim, scopes=scopes, document=document, top_k=PARAGRAPHS_READ)
        return decide(claim, ranked, one_readout=document is not None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence, or two that follow each other, held against a claim.

    Attributes:
        likeness: Cosine plus the share of the claim's words: how far it is about the same thing.
    """

    paragraph: RankedParagraph
    evidence: Evidence
    likeness: float
    found: tuple[Difference, ...]

    @property
    def statement(self) -> Statement:
        """The words as an answer shows them."""
        return Statement(
            self.evidence.quote, (Citation.of(self.paragraph.prepared.paragraph, self.evidence),)
        )


def decide(claim: str, ranked: Sequence[RankedParagraph], *, one_readout: bool = False) -> ClaimCheck:
    """Return the verdict on `claim` from the paragraphs nearest to it, of all readouts or of the one picked."""
    text = " ".join(claim.split())
    language = foreign_language(text)
    if language is not None:
        return ClaimCheck(claim, Verdict.NOT_FOUND, notice=NOTICE.format(language=language_name(language)))
    candidates = sorted(_candidates(text, ranked), key=lambda c: -c.likeness)
    best = candidates[0].likeness if candidates else 0.0
    against = [c for c in candidates if c.likeness >= CONTRADICTION and c.found and _contradicts(c)]
    enough = SUPPORT_IN_ONE if one_readout else SUPPORT
    holding = [
        c
        for c in candidates
        if not c.found and c.likeness >= max(enough, best - MARGIN) and not _outdone(c, against)
    ]
    if holding:
        return ClaimCheck(claim, Verdict.SUPPORTED, (SidedStatement(holding[0].statement, "for"),))
    against = [c for c in against if c.likeness >= best - MARGIN]
    if against:
        first = min(against, key=lambda c: (len(c.found), -c.likeness))
        reasons = tuple(difference.reason for difference in first.found)
        return ClaimCheck(claim, Verdict.CONTRADICTED, (SidedStatement(first.statement, "against", reasons),))
    return ClaimCheck(claim, Verdict.NOT_FOUND, nearest=nearest(ranked))


def _outdone(candidate: Candidate, against: Sequence[Candidate]) -> bool:
    """Whether a sentence that contradicts is nearer to the claim than this one that holds it."""
    return any(
        rival.likeness > candidate.likeness + (LEAD if rival.paragraph is candidate.paragraph else 0.0)
        for rival in against[:1]
    )


def _contradicts(candidate: Candidate) -> bool:
    """Whether the sentence says otherwise, rather than nothing, on all that the claim has beyond it."""
    return all(difference.contradicts for difference in candidate.found)


def _candidates(claim: str, ranked: Sequence[RankedParagraph]) -> Iterator[Candidate]:
    """The sentences nearest to the claim; with a neighbour too, where one alone only leaves things open."""
    scored = sorted(
        (
            (float(r.sentence_similarity[place] + r.sentence_coverage[place]), -row, -place)
            for row, r in enumerate(ranked[:PARAGRAPHS_READ])
            for place in range(len(r.prepared.sentences))
        ),
        reverse=True,
    )
    for likeness, row, place in scored[:SENTENCES_READ]:
        paragraph, place = ranked[-row], -place
        alone = _candidate(claim, paragraph, place, place, likeness)
        yield alone
        if alone.found and not any(difference.contradicts for difference in alone.found):
            for first, last in ((place - 1, place), (place, place + 1)):
                if first >= 0 and last < len(paragraph.prepared.sentences):
                    yield _candidate(claim, paragraph, first, last, likeness)


def _candidate(claim: str, ranked: RankedParagraph, first: int, last: int, likeness: float) -> Candidate:
    paragraph, sentences = ranked.prepared.paragraph, ranked.prepared.sentences
    evidence = Evidence.of(paragraph.text, sentences[first].start, sentences[last].end)
    found = differences(claim, ground([(paragraph, [evidence])]))
    if not found and (clause := nearest_clause(claim, paragraph.text, evidence)):
        found = tuple(
            difference
            for difference in differences(claim, ground([(paragraph, [clause])]))
            if difference.contradicts and difference.kind in _OF_ONE_CLAUSE
        )
    return Candidate(ranked, evidence, likeness, found)


_OF_ONE_CLAUSE = frozenset({Kind.NUMBER, Kind.DATE, Kind.NAME})
"""What belongs to its clause: in "A met on the 9th and B met on the 14th" the 14th says nothing of A."""

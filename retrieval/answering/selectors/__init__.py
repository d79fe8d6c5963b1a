"""What selects, what it is given, and what it may say: places of sentences, and whether they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from retrieval.answering.models import Rejected, Status
from retrieval.answering.question import Question
from retrieval.index.encoder import Vector
from retrieval.index.fulltext import TermStatistics
from retrieval.models import SHARED, LiveParagraph, Statement
from retrieval.search.ranking import PreparedSentence, RankedParagraph


@dataclass(frozen=True, slots=True)
class Pick:
    """A sentence, by its place among the candidates.

    Attributes:
        row: Of its paragraph in `Candidates.ranked`.
        place: Of the sentence in that paragraph, from 0.
    """

    row: int
    place: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """A question and the paragraphs that retrieval puts forward.

    Attributes:
        ranked: Best first, each with what its sentences have to do with the question.
        statistics: Of what was searched: the scopes, or the one readout.
        query: The question's unit vector: float32, (dimensions,).
        one_readout: Whether one readout was asked.
        scopes: Who is asking.
    """

    question: Question
    ranked: tuple[RankedParagraph, ...]
    statistics: TermStatistics
    query: Vector
    one_readout: bool = False
    scopes: tuple[str, ...] = (SHARED,)

    def paragraph(self, pick: Pick) -> LiveParagraph:
        """Return the paragraph that `pick` stands in."""
        return self.ranked[pick.row].prepared.paragraph

    def sentence(self, pick: Pick) -> PreparedSentence:
        """Return the sentence that `pick` points at."""
        return self.ranked[pick.row].prepared.sentences[pick.place]

    def statement(self, pick: Pick) -> Statement:
        """Return its words as an answer shows them."""
        sentence = self.sentence(pick)
        return Statement(self.paragraph(pick), sentence.start, sentence.end)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the candidate sentences answer.

    Attributes:
        status: Whether they do, all of the question or a part of it, or only come near.
        picks: Best first. Where the status is `CLOSEST` or `NOT_FOUND`: what comes nearest.
        confidence: Calibrated probability, 0..1, that the sources answer.
        rejected: What the selector returned that is no candidate.
    """

    status: Status
    picks: tuple[Pick, ...] = ()
    confidence: float = 0.0
    rejected: tuple[Rejected, ...] = ()


class Selector(Protocol):
    """Says which sentences answer a question; same input, same output."""

    @property
    def mode(self) -> str:
        """What answers chosen here say of themselves: "extractive", or "llm:<provider>:<model>"."""

    def select(self, candidates: Candidates) -> Selection:
        """Return the sentences of `candidates` that answer, best first; `ranked` is not empty."""

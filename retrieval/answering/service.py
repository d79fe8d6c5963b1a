"""Asking: the one door that every front end goes through."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from retrieval.answering import direct
from retrieval.answering.conversation import resolve
from retrieval.answering.extractive import compose
from retrieval.answering.language import foreign_language, notice
from retrieval.answering.question import Kind, Question, analyse
from retrieval.errors import QuestionError
from retrieval.index.ranking import RankedParagraph
from retrieval.index.retriever import Found, Query, Retriever
from retrieval.ingest import SHARED
from retrieval.ledger import live
from retrieval.ledger.ledger import Ledger
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import Answer

MAX_QUESTION_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Wall-clock time of one answer, in milliseconds."""

    retrieve: float
    answer: float
    total: float


class AnsweringService:
    """Answers questions from the live readouts of a store; safe to call from several threads."""

    def __init__(self, ledger: Ledger, retriever: Retriever) -> None:
        self._ledger = ledger
        self._retriever = retriever

    def ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        history: Sequence[str] = (),
    ) -> Answer:
        """Return what the sources say about `question`, every statement cited, or that they do not say.

        Args:
            question: 1 to 1,000 characters.
            scopes: Who is asking decides what is searched.
            document: Ask this readout alone.
            history: Earlier questions of the conversation, oldest first.

        Raises:
            QuestionError: It is empty, too long, or holds control characters.
            NotFoundError: There is no such readout.
            StoreError: The store cannot be read.
        """
        return self.timed_ask(question, scopes=scopes, document=document, history=history)[0]

    def timed_ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        history: Sequence[str] = (),
    ) -> tuple[Answer, Elapsed]:
        """Answer as `ask` does, and say how long it took."""
        started = time.perf_counter()
        asked = _understood(question, history)
        with self._ledger.read() as connection:
            readout = None if document is None else live.readout(connection, scopes, document)
            answer, retrieved_at = self._answer(connection, asked, scopes, readout)
        ended = time.perf_counter()
        return replace(answer, question=question), Elapsed(
            retrieve=(retrieved_at - started) * 1000,
            answer=(ended - retrieved_at) * 1000,
            total=(ended - started) * 1000,
        )

    def search(
        self,
        query: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        history: Sequence[str] = (),
        top_k: int = 5,
    ) -> list[RankedParagraph]:
        """Return the `top_k` paragraphs nearest to `query`, best first.

        Raises:
            QuestionError, NotFoundError, StoreError: As `ask`.
        """
        asked = _understood(query, history)
        with self._ledger.read() as connection:
            readout = None if document is None else live.readout(connection, scopes, document)
            return list(self._find(connection, asked, scopes, readout).ranked[:top_k])

    def _answer(
        self,
        connection: Connection,
        asked: Question,
        scopes: Sequence[str],
        readout: ReadoutSummary | None,
    ) -> tuple[Answer, float]:
        if asked.kind in direct.DIRECT_KINDS:
            found = self._direct(connection, asked, scopes, readout)
            if found is not None:
                return found, time.perf_counter()
        results = self._find(connection, asked, scopes, readout)
        retrieved_at = time.perf_counter()
        language = foreign_language(asked.text, results.statistics)
        if language is not None:
            return Answer(asked.text, notice=notice(language)), retrieved_at
        answer = compose(asked, results.ranked, results.statistics, one_readout=readout is not None)
        return answer, retrieved_at

    def _find(
        self,
        connection: Connection,
        asked: Question,
        scopes: Sequence[str],
        readout: ReadoutSummary | None,
    ) -> Found:
        return self._retriever.find(
            connection,
            query=Query(asked.core, asked.terms, asked.other_names, asked.expects),
            scopes=scopes,
            readout=readout,
        )

    def _direct(
        self,
        connection: Connection,
        asked: Question,
        scopes: Sequence[str],
        readout: ReadoutSummary | None,
    ) -> Answer | None:
        """Answer a look-up, a search for mentions or a summary from the one readout it is about."""
        readout = readout or _named(asked, live.readouts(connection, scopes))
        if readout is None:
            return None
        prepared = self._retriever.of_readout(connection, readout)
        paragraphs = [p.paragraph for p in prepared]
        if asked.kind is Kind.LOOKUP:
            return direct.look_up(asked, paragraphs)
        if asked.kind is Kind.MENTIONS:
            return direct.list_mentions(asked, paragraphs)
        return direct.summarise(asked, prepared, self._retriever.sentence_vectors(connection, prepared))


def checked(question: str) -> str:
    """Return `question` without surrounding white space.

    Raises:
        QuestionError: It is empty, longer than 1,000 characters, or holds control characters.
    """
    stripped = question.strip()
    if not stripped:
        raise QuestionError("The question is empty. Ask something, for example: What was announced?")
    if len(stripped) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"The question has {len(stripped):,} characters; at most {MAX_QUESTION_CHARS:,} are read. "
            "Shorten it."
        )
    for character in stripped:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t":
            code = f"U+{ord(character):04X}"
            raise QuestionError(
                f"The question holds a control character ({code}). Remove it, then ask again."
            )
    return stripped


def _understood(question: str, history: Sequence[str]) -> Question:
    return analyse(resolve(checked(question), history, max_chars=MAX_QUESTION_CHARS))


def _named(asked: Question, readouts: Sequence[ReadoutSummary]) -> ReadoutSummary | None:
    names = [direct.ReadoutName(r.id, r.title, r.date, r.issuer) for r in readouts]
    found = direct.named_readout(asked, names)
    return next((readout for readout in readouts if readout.id == found), None)

"""Asking: the one door that every front end goes through."""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from retrieval.answering import direct
from retrieval.answering.conversation import resolve
from retrieval.answering.evidence import highlights
from retrieval.answering.extractive import compose
from retrieval.answering.language import foreign_language, notice
from retrieval.answering.question import Kind, Question, analyse
from retrieval.answering.wording import MODEL_FAILED, MODEL_OVER_BUDGET, MODEL_WITHHELD
from retrieval.errors import BudgetSpentError, LanguageModelError, QuestionError, StoreError
from retrieval.index.ranking import RankedParagraph
from retrieval.index.retriever import Found, Query, Retriever
from retrieval.ingest import SHARED
from retrieval.ledger import live
from retrieval.ledger.ledger import Ledger
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import Answer, LiveParagraph, Statement
from retrieval.precedence import Precedence

if TYPE_CHECKING:
    from retrieval.answering.generative.writer import Writer

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 1_000

OnFound = Callable[[Answer], None]
"""Called with the extractive answer while the written one is still to come."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Wall-clock time of one answer, in milliseconds."""

    retrieve: float
    answer: float
    total: float


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the readouts hold on a question.

    Attributes:
        answer: In their own words.
        paragraphs: What a model may write from, best first; none where there is nothing for it to do.
        unread: The language of the question, where the encoder does not read it.
    """

    asked: Question
    answer: Answer
    paragraphs: tuple[LiveParagraph, ...] = ()
    unread: str | None = None


class AnsweringService:
    """Answers questions from the live readouts of a store; safe to call from several threads.

    Args:
        writer: Writes answers with a language model; None: answers are quoted.
        precedence: What the work in the background of this process gives way by.
    """

    def __init__(
        self,
        ledger: Ledger,
        retriever: Retriever,
        writer: Writer | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        self._ledger = ledger
        self._retriever = retriever
        self._writer = writer
        self._precedence = precedence or Precedence()

    @property
    def mode(self) -> str:
        """How answers are made where all goes well: "extractive", or "llm:<provider>:<model>"."""
        return self._writer.mode if self._writer else "extractive"

    def ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        history: Sequence[str] = (),
        on_found: OnFound | None = None,
    ) -> Answer:
        """Return what the sources say about `question`, every statement cited, or that they do not say.

        Args:
            question: 1 to 1,000 characters.
            scopes: Who is asking decides what is searched.
            document: Ask this readout alone.
            history: Earlier questions of the conversation, oldest first.
            on_found: Told what was found, before a language model is asked to write it up; not called where
                no model will be. What it raises ends the asking.

        Raises:
            QuestionError: It is empty, too long, or holds control characters.
            NotFoundError: There is no such readout.
            StoreError: The store cannot be read.
        """
        answer, _ = self.timed_ask(
            question, scopes=scopes, document=document, history=history, on_found=on_found
        )
        return answer

    def timed_ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        history: Sequence[str] = (),
        on_found: OnFound | None = None,
    ) -> tuple[Answer, Elapsed]:
        """Answer as `ask` does, and say how long it took."""
        started = time.perf_counter()
        standalone = self._standalone(question, history, scopes)
        looked = self._look(analyse(standalone or _resolved(question, history)), scopes, document)
        if looked.unread is not None and self._writer is not None:
            looked = self._look_translated(looked, looked.unread, scopes, document)
        retrieved_at = time.perf_counter()
        read = standalone is not None or looked.unread is not None
        understood = looked.asked.text if read and looked.paragraphs else None
        answer = replace(looked.answer, question=question, understood=understood)
        if self._writer is not None and looked.paragraphs:
            if on_found is not None:
                on_found(answer)
            answer = self._written(self._writer, looked, answer, scopes, document)
        ended = time.perf_counter()
        return answer, Elapsed(
            retrieve=(retrieved_at - started) * 1000,
            answer=(ended - retrieved_at) * 1000,
            total=(ended - started) * 1000,
        )

    def quote(self, question: str) -> Answer:
        """Answer from the shared readouts in the readouts' own words, whatever language model is configured.

        Raises:
            QuestionError, StoreError: As `ask`.
        """
        return self._look(analyse(_resolved(question, ())), (SHARED,), None).answer

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
        asked = analyse(_resolved(query, history))
        with self._precedence.question(), self._ledger.read() as connection:
            readout = None if document is None else live.readout(connection, scopes, document)
            return list(self._find(connection, asked, scopes, readout).ranked[:top_k])

    def forget(self) -> None:
        """Drop the answers that are remembered: a readout is purged."""
        if self._writer is not None:
            self._writer.forget()

    # --- what was asked ---

    def _standalone(self, question: str, history: Sequence[str], scopes: Sequence[str]) -> str | None:
        """The follow-up on its own feet, where there is a model and it is of help."""
        if self._writer is None or not history:
            return None
        return self._writer.standalone(checked(question), history, scopes)

    # --- what was found ---

    def _look(self, asked: Question, scopes: Sequence[str], document: str | None) -> _Looked:
        with self._precedence.question():
            return self._looked(asked, scopes, document)

    def _looked(self, asked: Question, scopes: Sequence[str], document: str | None) -> _Looked:
        with self._ledger.read() as connection:  # closed before a model is asked: that takes seconds
            readout = None if document is None else live.readout(connection, scopes, document)
            if asked.kind in direct.DIRECT_KINDS:
                found = self._direct(connection, asked, scopes, readout)
                if found is not None:
                    return found
            results = self._find(connection, asked, scopes, readout)
        unread = foreign_language(asked.text, results.statistics)
        if unread is not None:
            return _Looked(asked, Answer(asked.text, notice=notice(unread)), unread=unread)
        answer = compose(asked, results.ranked, results.statistics, one_readout=readout is not None)
        return _Looked(asked, answer, _worth_writing(answer, [r.prepared.paragraph for r in results.ranked]))

    def _look_translated(
        self, looked: _Looked, language: str, scopes: Sequence[str], document: str | None
    ) -> _Looked:
        """Look again with the question in English; as it was where there is no translation."""
        assert self._writer is not None
        english = self._writer.translation(looked.asked.text, language, scopes)
        if english is None:
            return looked
        again = self._look(analyse(english), scopes, document)
        return looked if again.unread else replace(again, unread=language)

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
    ) -> _Looked | None:
        """Answer a look-up, a search for mentions or a summary from the one readout it is about."""
        readout = readout or _named(asked, live.readouts(connection, scopes))
        if readout is None:
            return None
        prepared = self._retriever.of_readout(connection, readout)
        paragraphs = [p.paragraph for p in prepared]
        if asked.kind is Kind.LOOKUP:  # asked for the words as they are: nothing to write
            return _Looked(asked, direct.look_up(asked, paragraphs))
        if asked.kind is Kind.MENTIONS:
            return _Looked(asked, direct.list_mentions(asked, paragraphs))
        answer = direct.summarise(asked, prepared, self._retriever.sentence_vectors(connection, prepared))
        return _Looked(asked, answer, _worth_writing(answer, paragraphs))

    # --- what is written of it ---

    def _written(
        self,
        writer: Writer,
        looked: _Looked,
        found: Answer,
        scopes: Sequence[str],
        document: str | None,
    ) -> Answer:
        """Return the answer as the model writes it, as far as it holds; else `found`, which says so."""
        language = looked.unread or foreign_language(found.question)
        try:
            judged = writer.write(
                looked.asked.text, looked.paragraphs, language=language, scopes=scopes, document=document
            )
        except BudgetSpentError:
            return replace(found, notice=MODEL_OVER_BUDGET)
        except (LanguageModelError, StoreError):
            return replace(found, notice=MODEL_FAILED)
        except Exception:  # whatever a model's library does, the answer that was found is not lost
            log.exception("writing an answer failed")
            return replace(found, notice=MODEL_FAILED)
        told = replace(found, rejected=judged.rejected, written=judged.counts)
        if not judged.statements:
            return replace(told, notice=MODEL_WITHHELD)
        statements = tuple(_highlighted(looked.asked, statement) for statement in judged.statements)
        return replace(told, statements=statements, nearest=(), mode=writer.mode)


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


def _resolved(question: str, history: Sequence[str]) -> str:
    return resolve(checked(question), history, max_chars=MAX_QUESTION_CHARS)


def _named(asked: Question, readouts: Sequence[ReadoutSummary]) -> ReadoutSummary | None:
    names = [direct.ReadoutName(r.id, r.title, r.date, r.issuer) for r in readouts]
    found = direct.named_readout(asked, names)
    return next((readout for readout in readouts if readout.id == found), None)


def _worth_writing(answer: Answer, paragraphs: Sequence[LiveParagraph]) -> tuple[LiveParagraph, ...]:
    """Return what a model writes from: what is quoted first, then the rest; none where nothing is answered.

    Whether the sources answer at all is decided before a model is asked: it would rather say something.
    """
    if not answer.statements:
        return ()
    citations = [c for statement in answer.statements for c in statement.citations]
    cited = {(c.document, c.revision, c.paragraph) for c in citations}
    ordered = sorted(paragraphs, key=lambda p: (p.document, p.revision, p.number) not in cited)
    return tuple(ordered)


def _highlighted(asked: Question, statement: Statement) -> Statement:
    return replace(statement, highlights=highlights(asked, statement.text))

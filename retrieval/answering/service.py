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
from retrieval.answering.composing import compose
from retrieval.answering.conversation import resolve
from retrieval.answering.foreign_questions import foreign_language, language_name, notice
from retrieval.answering.question import Kind, Question, analyse
from retrieval.answering.selectors.interface import Candidates, Selector
from retrieval.answering.selectors.trained import Explained, TrainedSelector
from retrieval.answering.wording import MODEL_FAILED, MODEL_OVER_BUDGET, MODEL_UNUSABLE
from retrieval.errors import (
    BudgetSpentError,
    LanguageModelError,
    ModelUnusableError,
    QuestionError,
    SettingsError,
    StoreError,
)
from retrieval.ledger import live
from retrieval.ledger.ledger import Ledger
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import SHARED, Answer, Statement, Translations
from retrieval.precedence import Precedence
from retrieval.search.ranking import RankedParagraph
from retrieval.search.retriever import Found, Query, Retriever

if TYPE_CHECKING:
    from retrieval.answering.rewriting import Rewriter

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 1_000

OnFound = Callable[[Answer], None]
"""Called with what the shipped selector chose while a language model is still to choose."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Wall-clock time of one answer, in milliseconds."""

    retrieve: float
    answer: float
    total: float


@dataclass(frozen=True, slots=True)
class Assistant:
    """What a language model does for answers: it selects, it puts into other words, and nothing more.

    Attributes:
        translates: Whether quotes may be translated.
    """

    selector: Selector
    rewriter: Rewriter
    translates: bool = False


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the readouts hold on a question.

    Attributes:
        answer: As the shipped selector chose.
        candidates: What a model may choose from; None where there is nothing for it to do.
        unread: The language of the question, where the encoder does not read it.
    """

    asked: Question
    answer: Answer
    candidates: Candidates | None = None
    unread: str | None = None


class AnsweringService:
    """Answers questions from the live readouts of a store; safe to call from several threads.

    Args:
        assistant: A language model that selects; None: the shipped selector alone does.
        precedence: What the work in the background of this process gives way by.
        selector: The one that needs no language model; None: the shipped one.
    """

    def __init__(
        self,
        ledger: Ledger,
        retriever: Retriever,
        assistant: Assistant | None = None,
        precedence: Precedence | None = None,
        selector: TrainedSelector | None = None,
    ) -> None:
        self._ledger = ledger
        self._retriever = retriever
        self._assistant = assistant
        self._precedence = precedence or Precedence()
        self._selector = selector or TrainedSelector()

    @property
    def mode(self) -> str:
        """Who selects where all goes well: "extractive", or "llm:<provider>:<model>"."""
        return self._assistant.selector.mode if self._assistant else self._selector.mode

    @property
    def translates(self) -> bool:
        """Whether `translations` can be had."""
        return self._assistant is not None and self._assistant.translates

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
            on_found: Told what the shipped selector found, before a language model is asked to select; not
                called where no model will be. What it raises ends the asking.

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
        if looked.unread is not None and self._assistant is not None:
            looked = self._look_translated(self._assistant, looked, looked.unread, scopes, document)
        retrieved_at = time.perf_counter()
        read_as = standalone if standalone and standalone != question else None
        answer = replace(looked.answer, question=question, read_as=read_as)
        if self._assistant is not None and looked.candidates is not None:
            if on_found is not None:
                on_found(answer)
            answer = self._selected(self._assistant, looked, answer)
            if self._assistant.translates and looked.unread is not None:
                answer = self._translated(answer, looked.unread, scopes)
        ended = time.perf_counter()
        return answer, Elapsed(
            retrieve=(retrieved_at - started) * 1000,
            answer=(ended - retrieved_at) * 1000,
            total=(ended - started) * 1000,
        )

    def explain(self, question: str, *, document: str | None = None) -> list[Explained]:
        """Return the figures behind the shipped selector's decision and behind its best sentences.

        None for a look-up by number, a search for mentions or a summary, which nothing was decided for.

        Raises:
            QuestionError, NotFoundError, StoreError: As `ask`.
        """
        looked = self._look(analyse(_resolved(question, ())), (SHARED,), document)
        return [] if looked.candidates is None else self._selector.explain(looked.candidates)

    def quote(self, question: str) -> Answer:
        """Answer from the shared readouts without the language model that is configured.

        Raises:
            QuestionError, StoreError: As `ask`.
        """
        return self._look(analyse(_resolved(question, ())), (SHARED,), None).answer

    def translations(
        self, statements: Sequence[Statement], language: str, scopes: Sequence[str]
    ) -> Translations:
        """Return statements in another language, as a language model puts them: nothing checks it.

        Args:
            language: Its English name, for example "Japanese".

        Raises:
            SettingsError: No language model may translate.
            LanguageModelError, StoreError: There is none to be had now.
        """
        if self._assistant is None or not self._assistant.translates:
            raise SettingsError(
                "Quotes are not translated. Name a language model and set RETRIEVAL_LLM_TRANSLATE=true."
            )
        return self._assistant.rewriter.translations(statements, language, scopes)

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

    # --- what was asked ---

    def _standalone(self, question: str, history: Sequence[str], scopes: Sequence[str]) -> str | None:
        """The follow-up on its own feet, where there is a model and it is of help."""
        if self._assistant is None or not history:
            return None
        return self._assistant.rewriter.standalone(checked(question), history, scopes)

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
            one_readout = readout is not None or live.holds_one(connection, scopes)
        unread = foreign_language(asked.text, results.statistics)
        if unread is not None:
            return _Looked(asked, Answer(asked.text, notice=notice(unread)), unread=unread)
        if not results.ranked:
            return _Looked(asked, Answer(asked.text))
        candidates = Candidates(
            asked,
            tuple(results.ranked),
            results.statistics,
            results.query,
            one_readout,
            tuple(scopes),
        )
        answer = compose(candidates, self._selector.select(candidates), self._selector.mode)
        return _Looked(asked, answer, candidates)

    def _look_translated(
        self,
        assistant: Assistant,
        looked: _Looked,
        language: str,
        scopes: Sequence[str],
        document: str | None,
    ) -> _Looked:
        """Look again with the question in English; as it was where there is no translation."""
        english = assistant.rewriter.english(looked.asked.text, language, scopes)
        if english is None:
            return looked
        again = self._look(analyse(english), scopes, document)
        if again.unread or (again.asked.kind is Kind.MENTIONS and not again.answer.statements):
            return looked  # what is mentioned nowhere would be named in the model's words
        return replace(again, unread=language, answer=replace(again.answer, unanswered=None))

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
        if asked.kind is Kind.LOOKUP:
            return _Looked(asked, direct.look_up(asked, paragraphs))
        if asked.kind is Kind.MENTIONS:
            return _Looked(asked, direct.list_mentions(asked, paragraphs))
        sentences = self._retriever.sentence_vectors(connection, prepared)
        return _Looked(asked, direct.summarise(asked, prepared, sentences))

    # --- what a language model makes of it ---

    def _selected(self, assistant: Assistant, looked: _Looked, found: Answer) -> Answer:
        """Return the answer of the model's choice; else `found`, which says so."""
        assert looked.candidates is not None
        try:
            selection = assistant.selector.select(looked.candidates)
        except BudgetSpentError:
            return replace(found, model_failure=MODEL_OVER_BUDGET)
        except ModelUnusableError:
            return replace(found, model_failure=MODEL_UNUSABLE)
        except (LanguageModelError, StoreError):
            return replace(found, model_failure=MODEL_FAILED)
        except Exception:  # whatever a model's library does, the answer that was found is not lost
            log.exception("selecting sentences failed")
            return replace(found, model_failure=MODEL_FAILED)
        answer = compose(looked.candidates, selection, assistant.selector.mode)
        # the parts of a question that was translated are in the model's words
        unanswered = None if looked.unread else answer.unanswered
        return replace(answer, question=found.question, read_as=found.read_as, unanswered=unanswered)

    def _translated(self, answer: Answer, language: str, scopes: Sequence[str]) -> Answer:
        try:
            found = self.translations(answer.statements, language_name(language), scopes)
        except (LanguageModelError, StoreError) as error:
            log.info("the quotes stay untranslated: %s", error)
            return answer
        return replace(answer, translations=found)


def checked(question: str, most: int = MAX_QUESTION_CHARS) -> str:
    """Return `question` without surrounding white space.

    Args:
        most: Characters that it may have.

    Raises:
        QuestionError: It is empty, too long, or holds control characters.
    """
    stripped = question.strip()
    if not stripped:
        raise QuestionError("The question is empty. Ask something, for example: What was announced?")
    if len(stripped) > most:
        raise QuestionError(
            f"The question has {len(stripped):,} characters; at most {most:,} are read. Shorten it."
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

"""Asking: the one door that every front end goes through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from retrieval.answering import direct
from retrieval.answering.composing import compose, one_after_the_other
from retrieval.answering.conversation import leans_on_history, part_in_full, points_back, resolve
from retrieval.answering.foreign_questions import language_name
from retrieval.answering.looking import Looked, Looker
from retrieval.answering.models import MODEL_FAILED, MODEL_OVER_BUDGET, MODEL_UNUSABLE, Answer, Translations
from retrieval.answering.question import Kind, Question, analyse
from retrieval.answering.rereading import MAX_QUESTION_CHARS, checked, cleaned, is_meant, talk_in
from retrieval.answering.selectors import Selector
from retrieval.answering.selectors.trained import Explained, TrainedSelector
from retrieval.errors import (
    BudgetSpentError,
    LanguageModelError,
    ModelUnusableError,
    NotFoundError,
    SettingsError,
    StoreError,
)
from retrieval.ledger import Ledger
from retrieval.models import SHARED, Statement
from retrieval.observing import stage
from retrieval.precedence import Precedence
from retrieval.search.ranking import RankedParagraph
from retrieval.search.retriever import Retriever
from retrieval.search.scoping import ALL, Filters

if TYPE_CHECKING:
    from retrieval.answering.conversation import Rewriter

log = logging.getLogger(__name__)

OnFound = Callable[[Answer], None]
"""Called with what the shipped selector chose while a language model is still to choose."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Wall-clock time of one answer, in milliseconds."""

    retrieve: float
    answer: float
    total: float


@dataclass(slots=True)
class _Way:
    """How a question is asked: of which readouts, of which first, and what is to be said of it meanwhile."""

    scopes: Sequence[str]
    filters: Filters
    first: Filters | None
    is_meant: Callable[[Answer], bool] | None
    on_found: OnFound | None
    retrieve_ms: float = 0.0


class _NotMeantError(Exception):
    """What was overheard is no question to the readouts."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """What a language model does for answers: it selects, it puts into other words, and nothing more.

    Attributes:
        translates: Whether quotes may be translated.
    """

    selector: Selector
    rewriter: Rewriter
    translates: bool = False


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
        self._assistant = assistant
        self._precedence = precedence or Precedence()
        self._selector = selector or TrainedSelector()
        self.today: Callable[[], date] = date.today
        """What "last year" is relative to."""
        self._looker = Looker(ledger, retriever, self._selector, self._precedence, lambda: self.today())

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
        filters: Filters = ALL,
        history: Sequence[str] = (),
        about: Sequence[str] = (),
        overheard: bool = False,
        on_found: OnFound | None = None,
    ) -> Answer:
        """Return what the sources say about `question`, every statement cited, or that they do not say.

        Args:
            question: 1 to 1,000 characters.
            scopes: Who is asking decides what is searched.
            document: Ask this readout alone.
            filters: Ask those that pass alone.
            history: Earlier questions of the conversation, oldest first.
            about: Readouts that the answer before cited: one that leans on it is asked of them first.
            overheard: It was said where the bot listens, and not to it: talk among people is left alone.
            on_found: Told what the shipped selector found, before a language model is asked to select; not
                called where no model will be. What it raises ends the asking.

        Raises:
            QuestionError: It is empty, too long, or holds control characters.
            NotFoundError: There is no such readout, or none passes.
            StoreError: The store cannot be read.
        """
        answer, _ = self.timed_ask(
            question,
            scopes=scopes,
            document=document,
            filters=filters,
            history=history,
            about=about,
            overheard=overheard,
            on_found=on_found,
        )
        return answer

    def timed_ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        document: str | None = None,
        filters: Filters = ALL,
        history: Sequence[str] = (),
        about: Sequence[str] = (),
        overheard: bool = False,
        on_found: OnFound | None = None,
    ) -> tuple[Answer, Elapsed]:
        """Answer as `ask` does, and say how long it took."""
        within = _within(document, filters)
        with stage("question") as told:
            answer, elapsed = self._timed_ask(question, scopes, within, history, about, overheard, on_found)
            told["outcome"] = "talk" if answer.talk else answer.status
        return answer, elapsed

    def _timed_ask(
        self,
        question: str,
        scopes: Sequence[str],
        within: Filters,
        history: Sequence[str],
        about: Sequence[str],
        overheard: bool,
        on_found: OnFound | None,
    ) -> tuple[Answer, Elapsed]:
        started = time.perf_counter()
        typed = cleaned(checked(question))
        said = analyse(typed)
        frequency = self._looker.frequency(said, scopes)
        if not within and (talk := talk_in(said, frequency)):
            return Answer(question, talk=talk), Elapsed(0.0, 0.0, (time.perf_counter() - started) * 1000)
        standalone = self._standalone(typed, history, scopes)
        asked = analyse(standalone or _resolved(typed, history))
        is_follow_up = bool(history) and not said.names and (points_back(typed) or leans_on_history(typed))
        way = _Way(
            scopes,
            within,
            Filters(tuple(about)) if about and is_follow_up and not within else None,
            (lambda found: is_meant(said, found)) if overheard else None,
            on_found,
        )
        try:
            answer = self._answers(asked, way, question)
        except _NotMeantError:
            answer = Answer(question, talk="members")
        if standalone and standalone != question and answer.read_as is None:
            answer = replace(answer, read_as=standalone)
        answer = replace(answer, damaged=self._ledger.damaged(scopes, within.documents))
        total = (time.perf_counter() - started) * 1000
        return answer, Elapsed(retrieve=way.retrieve_ms, answer=total - way.retrieve_ms, total=total)

    def _answers(self, asked: Question, way: _Way, shown_as: str) -> Answer:
        """Answer all that was asked."""
        if len(asked.parts) == 1 or asked.kind in direct.DIRECT_KINDS:
            return self._answer(asked, way, shown_as)
        parts = [
            self._answer(analyse(part_in_full(part, asked.parts[:place])), way, part)
            for place, part in enumerate(asked.parts)
        ]
        return one_after_the_other(shown_as, parts)

    def _answer(self, asked: Question, way: _Way, shown_as: str) -> Answer:
        """Answer one question."""
        started = time.perf_counter()
        looked = self._look(asked, way)
        if way.is_meant is not None and not way.is_meant(looked.answer):
            raise _NotMeantError
        if looked.unread is not None and self._assistant is not None:
            looked = self._look_translated(self._assistant, looked, looked.unread, way.scopes, way.filters)
        way.retrieve_ms += (time.perf_counter() - started) * 1000
        answer = replace(looked.answer, question=shown_as)
        if self._assistant is not None and looked.candidates is not None:
            if way.on_found is not None:
                way.on_found(answer)
            answer = self._selected(self._assistant, looked, answer)
            if self._assistant.translates and looked.unread is not None:
                answer = self._translated(answer, looked.unread, way.scopes)
        return answer

    def _look(self, asked: Question, way: _Way) -> Looked:
        """Look in the readouts that the conversation is about, and in all where those do not say."""
        if way.first is not None:
            with suppress(NotFoundError):  # they may be gone since
                looked = self._looker.look(asked, way.scopes, way.first)
                if looked.answer.statements:
                    return looked
        return self._looker.look(asked, way.scopes, way.filters)

    def explain(
        self, question: str, *, document: str | None = None, filters: Filters = ALL
    ) -> list[Explained]:
        """Return the figures behind the shipped selector's decision and behind its best sentences.

        None for a look-up by number, a search for mentions, a summary or a question about a meeting itself, which nothing
        was decided for.

        Raises:
            QuestionError, NotFoundError, StoreError: As `ask`.
        """
        asked = analyse(_resolved(cleaned(checked(question)), ()))
        looked = self._looker.look(asked, (SHARED,), _within(document, filters))
        return [] if looked.candidates is None else self._selector.explain(looked.candidates)

    def quote(self, question: str, scopes: Sequence[str] = (SHARED,)) -> Answer:
        """Answer without the language model that is configured.

        Raises:
            QuestionError, StoreError: As `ask`.
        """
        return self._looker.look(analyse(_resolved(question, ())), scopes, ALL).answer

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
        filters: Filters = ALL,
        history: Sequence[str] = (),
        top_k: int = 5,
    ) -> list[RankedParagraph]:
        """Return the `top_k` paragraphs nearest to `query`, best first.

        Raises:
            QuestionError, NotFoundError, StoreError: As `ask`.
        """
        asked = analyse(_resolved(cleaned(checked(query)), history))
        return list(self._looker.find(asked, scopes, _within(document, filters)).ranked[:top_k])

    # --- what was asked ---

    def _standalone(self, question: str, history: Sequence[str], scopes: Sequence[str]) -> str | None:
        """The follow-up on its own feet, where there is a model and it is of help."""
        if self._assistant is None or not history:
            return None
        return self._assistant.rewriter.standalone(checked(question), history, scopes)

    # --- what was found ---

    def _look_translated(
        self,
        assistant: Assistant,
        looked: Looked,
        language: str,
        scopes: Sequence[str],
        filters: Filters,
    ) -> Looked:
        """Look again with the question in English; as it was where there is no translation."""
        english = assistant.rewriter.english(looked.asked.text, language, scopes)
        if english is None:
            return looked
        again = self._looker.look(analyse(english), scopes, filters)
        if again.unread or (again.asked.kind is Kind.MENTIONS and not again.answer.statements):
            return looked  # what is mentioned nowhere would be named in the model's words
        return replace(again, unread=language, answer=replace(again.answer, unanswered=None))

    # --- what a language model makes of it ---

    def _selected(self, assistant: Assistant, looked: Looked, found: Answer) -> Answer:
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
        if looked.scoped is not None:
            answer = looked.scoped.judged(answer)
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


def _within(document: str | None, filters: Filters) -> Filters:
    return filters if document is None else replace(filters, documents=(*filters.documents, document))


def _resolved(question: str, history: Sequence[str]) -> str:
    return resolve(checked(question), history, max_chars=MAX_QUESTION_CHARS)

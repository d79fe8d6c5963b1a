"""The writer: paragraphs in, judged statements out, through a guarded model and a cache."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel

from retrieval.answering.generative import rewriting
from retrieval.answering.generative.cache import AnswerCache, Key
from retrieval.answering.generative.judging import Judged, judge
from retrieval.answering.generative.prompting import (
    PROMPT_VERSION,
    answer_prompt,
    keyed,
    standalone_prompt,
    translation_prompt,
)
from retrieval.answering.generative.schema import WrittenAnswer
from retrieval.answering.language import language_name
from retrieval.answering.verification.verify import Similarity
from retrieval.errors import LanguageModelError, StoreError
from retrieval.llm.types import Prompt, Reply
from retrieval.models import LiveParagraph

log = logging.getLogger(__name__)

_REWRITES = 512


class Model(Protocol):
    """A guarded model."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    def ask(self, prompt: Prompt, *, payer: str, schema: type[BaseModel] | None = None) -> Reply:
        """Return its reply, or raise a `LanguageModelError`."""


class Writer:
    """Has a language model write, and lets through what holds.

    Args:
        plain: The model is asked for lines, not for fields.
        most_paragraphs: Shown to it at most.
        similarity: The encoder's view of a statement and its evidence.
    """

    def __init__(
        self,
        model: Model,
        *,
        plain: bool,
        most_paragraphs: int = 6,
        similarity: Similarity | None = None,
    ) -> None:
        self._similarity = similarity
        self._model = model
        self._plain = plain
        self.most_paragraphs = most_paragraphs
        self._cache = AnswerCache()
        self._rewrites: OrderedDict[tuple[str, ...], str | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def mode(self) -> str:
        """What answers written here say of themselves."""
        return f"llm:{self._model.name}"

    def write(
        self,
        question: str,
        paragraphs: Sequence[LiveParagraph],
        *,
        language: str | None,
        scopes: Sequence[str],
        document: str | None,
    ) -> Judged:
        """Return what the model says on `question` from `paragraphs`, as far as it holds.

        Args:
            question: In English.
            language: Code of the language to answer in; None is English.

        Raises:
            LanguageModelError: It said nothing.
            StoreError: What is spent cannot be kept.
        """
        shown = keyed(paragraphs[: self.most_paragraphs])
        writer = f"{self._model.name}/{PROMPT_VERSION}"
        key = Key.of(question, shown, language=language, scopes=scopes, document=document, writer=writer)
        known = self._cache.get(key)
        if known is not None:
            return known
        named = language_name(language) if language else None
        prompt = answer_prompt(question, shown, plain=self._plain, language=named)
        reply = self._model.ask(prompt, payer=payer(scopes), schema=None if self._plain else WrittenAnswer)
        judged = judge(reply, shown, question=question, language=language, similarity=self._similarity)
        self._cache.put(key, judged)
        return judged

    def standalone(self, question: str, history: Sequence[str], scopes: Sequence[str]) -> str | None:
        """Return a follow-up as a question of its own, or None where the model is of no help."""
        reply = self._rewritten(standalone_prompt(question, history), scopes)
        return None if reply is None else rewriting.standalone(reply, question, history)

    def translation(self, question: str, language: str, scopes: Sequence[str]) -> str | None:
        """Return a question in English, or None where the model is of no help."""
        reply = self._rewritten(translation_prompt(question, language_name(language)), scopes)
        return None if reply is None else rewriting.translation(reply, question)

    def forget(self) -> None:
        """Drop everything that was written."""
        self._cache.clear()

    def _rewritten(self, prompt: Prompt, scopes: Sequence[str]) -> str | None:
        key = (prompt.system, prompt.user, *scopes)
        with self._lock:
            if key in self._rewrites:
                return self._rewrites[key]
        try:
            reply = self._model.ask(prompt, payer=payer(scopes)).text
        except (LanguageModelError, StoreError) as error:
            log.info("the question stays as it is: %s", error)
            return None
        with self._lock:
            self._rewrites[key] = reply
            while len(self._rewrites) > _REWRITES:
                self._rewrites.popitem(last=False)
        return reply


def payer(scopes: Sequence[str]) -> str:
    """Return whose allowance pays: the server that asks, or everybody's where none does."""
    return next((scope for scope in reversed(scopes) if scope.startswith("guild:")), "shared")

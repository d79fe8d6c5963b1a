"""A language model as the selector: it is shown keyed sentences and returns keys; nothing else of it is read."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cachetools import LRUCache
from pydantic import BaseModel, Field, create_model

from retrieval.answering.models import Rejected, Status
from retrieval.answering.prompting import MAX_SENTENCE_CHARS, PROMPT_VERSION, selection_prompt
from retrieval.answering.selectors import Candidates, Pick, Selection
from retrieval.errors import ModelUnusableError
from retrieval.language.terms import normalised
from retrieval.llm import Model, Prompt, Reply, payer
from retrieval.models import Statement
from retrieval.observing import stage

MAX_PICKS = 8
"""A reply that names more has not selected; the first stand."""

MAX_TOKENS = 3_000
"""Of the candidate sentences, at three characters a token."""

PLAIN_TOKENS = 40
"""Of a reply without a schema: keys are short, and a weak model goes on with prose that nobody reads."""

_REMEMBERED = 512
_KEY = re.compile(r"(?<![A-Za-z0-9])S\s?(\d{1,6})(?![A-Za-z0-9])", re.IGNORECASE)
_NONE_FIRST = re.compile(r"\W*(?:none|nothing|no sentences?)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:none|nothing|no sentences?)\b", re.IGNORECASE)
_PART = re.compile(r"\bPART(?:IAL)?\b")
_THINKING = re.compile(r"\s*<think>", re.IGNORECASE)
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)

MOST_REJECTED = 20
"""Unknown keys that are told of: a reply may name a million."""


class LanguageModelSelector:
    """Has a guarded model point at sentences.

    Args:
        structured: Whether it is asked for JSON of a schema whose keys are an enum.
        most_paragraphs: Whose sentences it is shown at most.
    """

    def __init__(self, model: Model, *, structured: bool, most_paragraphs: int = 6) -> None:
        self._model = model
        self._structured = structured
        self._most_paragraphs = most_paragraphs
        self._thinks = False
        self._known: LRUCache[tuple[Any, ...], Selection] = LRUCache(_REMEMBERED)
        self._lock = threading.Lock()

    @property
    def mode(self) -> str:
        """What answers chosen here say of themselves."""
        return f"llm:{self._model.name}"

    @stage("select")
    def select(self, candidates: Candidates) -> Selection:
        """Return the sentences that the model points at.

        Raises:
            LanguageModelError: It gave no answer, or one that names no sentence.
            StoreError: What is spent cannot be kept.
        """
        picks = shown_picks(candidates, self._most_paragraphs)
        sentences = [candidates.statement(pick) for pick in picks]
        question = candidates.question.text
        key = (question_key(question), candidates.scopes, tuple(map(_place, sentences)), PROMPT_VERSION)
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        found = read_reply(self._asked(question, sentences, payer(candidates.scopes)), picks)
        with self._lock:
            self._known[key] = found
        return found

    def _asked(self, question: str, sentences: Sequence[Statement], payer: str) -> Reply:
        if self._structured:
            schema = reply_schema(len(sentences))
            return self._model.ask(selection_prompt(question, sentences), payer=payer, schema=schema)
        reply = self._model.ask(self._plain_prompt(question, sentences), payer=payer)
        if not self._thinks and _THINKING.match(reply.text):
            self._thinks = True  # before it answers, at length: from now on it may
            reply = self._model.ask(self._plain_prompt(question, sentences), payer=payer)
        return reply

    def _plain_prompt(self, question: str, sentences: Sequence[Statement]) -> Prompt:
        bound = None if self._thinks else PLAIN_TOKENS
        return selection_prompt(question, sentences, plain=True, max_tokens=bound)


def shown_picks(
    candidates: Candidates, most_paragraphs: int, max_tokens: int = MAX_TOKENS
) -> tuple[Pick, ...]:
    """Return the sentences to show: whole paragraphs, the best first, as far as the tokens reach.

    Of the paragraph that does not fit any more, the sentences that match best do. Those of one readout stand together.
    """
    room = max_tokens * 3
    kept: list[Pick] = []
    for row, ranked in enumerate(candidates.ranked[:most_paragraphs]):
        sentences = ranked.prepared.sentences
        costs = [min(s.end - s.start, MAX_SENTENCE_CHARS) + 6 for s in sentences]
        order: Iterable[int] = range(len(sentences))
        if sum(costs) > room:
            order = sorted(order, key=lambda place: -float(ranked.sentence_match[place]))
        fitting = []
        for place in order:
            if costs[place] <= room:
                room -= costs[place]
                fitting.append(Pick(row, place))
        kept += sorted(fitting, key=lambda pick: pick.place)
    documents = [candidates.paragraph(pick).document for pick in kept]
    return tuple(sorted(kept, key=lambda pick: documents.index(candidates.paragraph(pick).document)))


def read_reply(reply: Reply, picks: Sequence[Pick]) -> Selection:
    """Return what a reply selects of `picks`; `picks[0]` is S1.

    Read out of anything: fields of the schema, "S3, S7", JSON, prose around keys.

    Raises:
        ModelUnusableError: It names no sentence, and does not say that there is none.
    """
    text = unicodedata.normalize("NFKC", _THOUGHT.sub(" ", reply.text))
    extent = Extent.PART if _PART.search(text) else Extent.ALL
    if reply.fields is not None:
        text, extent = str(reply.fields.get("keys") or ""), reply.fields.get("answers", extent)
        if extent == Extent.NONE or reply.fields.get("keys") == []:
            return Selection(Status.NOT_FOUND)
    numbers = list(dict.fromkeys(map(int, _KEY.findall(text))))
    known = [number for number in numbers if 1 <= number <= len(picks)]
    strange = [number for number in numbers if number not in known]
    rejected = tuple(Rejected(f"S{n}", "No sentence has this key.") for n in strange[:MOST_REJECTED])
    if _NONE_FIRST.match(text) or (not numbers and _NONE.search(text)):
        return Selection(Status.NOT_FOUND, rejected=rejected)
    if not known:
        raise ModelUnusableError("The language model's reply names no sentence.")
    chosen = tuple(picks[number - 1] for number in known[:MAX_PICKS])
    status = Status.PARTIAL if extent == Extent.PART else Status.ANSWERED
    return Selection(status, chosen, 1.0, rejected)


class Extent(StrEnum):
    """How much of the question the sentences answer."""

    ALL = "all"
    PART = "part"
    NONE = "none"


@lru_cache(maxsize=64)
def reply_schema(sentences: int) -> type[BaseModel]:
    """Return the form of a reply: keys that are an enum of those shown."""
    keys = StrEnum("Key", {f"S{n}": f"S{n}" for n in range(1, sentences + 1)})  # type: ignore[misc]
    return create_model(
        "Selected",
        keys=(
            list[keys],
            Field(max_length=MAX_PICKS, description="Keys of the sentences that answer, best first."),
        ),
        answers=(Extent, Field(description="How much of the question they answer.")),
    )


def question_key(question: str) -> str:
    """Return what is the same for questions that differ in case, width and spacing alone."""
    return " ".join(normalised(question).split())


def _place(sentence: Statement) -> tuple[str, str, str, int]:
    paragraph = sentence.paragraph
    return paragraph.document, paragraph.revision, paragraph.number, sentence.start

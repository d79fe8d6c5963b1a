"""Follow-ups and translations: from the conversation's own words, or put into other words by a language model.

Without a model: a question that cannot stand on its own ("when was it held?", "why?") is given the topic of the
latest question that named one. Every other question is left alone: measured on real follow-ups
(`bench/followups.py`), most name what they are about, and old words only lead retrieval astray.

A model rewrites a follow-up from the conversation's own words, so that may be shown as what was understood. A question
in another language is translated for retrieval alone and never shown. A quote is translated only where somebody
asked for it, and stands under the quote, marked as what it is.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Sequence

from cachetools import LRUCache

from retrieval.answering import prompting
from retrieval.answering.foreign_questions import language_name
from retrieval.answering.models import Translations
from retrieval.errors import LanguageModelError, ModelUnusableError, StoreError
from retrieval.language.terms import STOP_WORDS, terms, words
from retrieval.llm import Model, Prompt, payer
from retrieval.models import Statement

MAX_CARRIED = 2
"""Words carried over at most."""

FEW_WORDS = 2
"""A question with no more content words than this rarely names its topic."""

_REPLACES = re.compile(r"^\W*(?:and|or|but|what about|how about|what of)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[.’'-][^\W_]+)*")
_ABOUT_TALKING = frozenset(
    """
    ask asked talk talking tell told think thought know knew known mean meant say said says mention mentioned state
    stated name names list describe explain clarify clarifying question answer thanks thank sorry okay right yes well
    sure course heard consider considered pretty many much other others really also please new first last
    """.split()
)


def resolve(question: str, history: Sequence[str], *, max_chars: int = 1_000) -> str:
    """Return `question` with the topic that it leaves out, or as it is where it names one itself.

    Args:
        history: Earlier questions of this conversation, oldest first.
        max_chars: A topic that would make the question longer stays out.
    """
    if not history or not leans_on_history(question):
        return question
    carried = next((words for earlier in reversed(history) if (words := topic(earlier, question))), [])
    resolved = f"{question.rstrip()} {' '.join(carried)}"
    return resolved if carried and len(resolved) <= max_chars else question


_POINTS_BACK = re.compile(
    r"\b(?:it|its|one|ones|there|they|them|their|then|this|that|these|those)\b", re.IGNORECASE
)


def part_in_full(part: str, before: Sequence[str]) -> str:
    """Return one of several questions in a sentence with the topic of those before, where it points back to them."""
    if not before or not (leans_on_history(part) or points_back(part)):
        return part
    return f"{part} {' '.join(topic(before[-1], part))}".strip()


def points_back(question: str) -> bool:
    """Whether `question` speaks of something that was named before: "it", "there", "those"."""
    return bool(_POINTS_BACK.search(question))


def leans_on_history(question: str) -> bool:
    """Whether `question` is too bare to search with."""
    return len({term for word in _content_words(question) for term in terms(word)}) <= FEW_WORDS


def topic(earlier: str, question: str) -> list[str]:
    """Return the words of `earlier` that say what it was about and that `question` lacks: names before others.

    They stand at the end of a question ("… say about Myanmar?"), unless it is just this end that the new one
    puts something else in place of ("and on cybersecurity?").
    """
    known = set(terms(question))
    words = [word for word in _content_words(earlier) if any(term not in known for term in terms(word))]
    names = [word for word in words if word[0].isupper() or word[0].isdigit()]
    found = list(dict.fromkeys(names or words))
    return found[:MAX_CARRIED] if _REPLACES.search(question) else found[-MAX_CARRIED:]


def _content_words(text: str) -> list[str]:
    found = _WORD.findall(text)
    return [
        word
        for word in found
        if word.lower() not in STOP_WORDS and word.lower() not in _ABOUT_TALKING and terms(word)
    ]


log = logging.getLogger(__name__)

MAX_CHARS = 400
KEPT_SHARE = 0.5
"""Of the follow-up's own terms, at least this share must be in the rewritten question."""

_REMEMBERED = 512
_QUOTES = "\"'“”‘’«»「」 \t"
_ASKING = frozenset(
    "what which who whom whose when where why how much many did does do is are was were".split()
)
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_LEAD = re.compile(r"^(?:standalone |rewritten |english )?question\s*:\s*", re.IGNORECASE)


class Rewriter:
    """Has a language model put texts into other words; where it is of no help, they stay as they are."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: LRUCache[tuple[str, ...], str] = LRUCache(_REMEMBERED)
        self._lock = threading.Lock()

    def standalone(self, question: str, history: Sequence[str], scopes: Sequence[str]) -> str | None:
        """Return a follow-up as a question of its own, or None."""
        reply = self._asked(prompting.standalone_prompt(question, history), scopes)
        return reply and standalone(reply, question, history)

    def english(self, question: str, language: str, scopes: Sequence[str]) -> str | None:
        """Return a question in English, or None.

        Args:
            language: Its ISO 639-1 code.
        """
        reply = self._asked(prompting.english_prompt(question, language_name(language)), scopes)
        return reply and english(reply, question)

    def translations(
        self, statements: Sequence[Statement], language: str, scopes: Sequence[str]
    ) -> Translations:
        """Return every statement in another language.

        Args:
            language: Its English name.

        Raises:
            LanguageModelError: The model gave none.
            StoreError: What is spent cannot be kept.
        """
        texts = tuple(self._translation(statement.text, language, scopes) for statement in statements)
        return Translations(self._model.name, texts)

    def _translation(self, quote: str, language: str, scopes: Sequence[str]) -> str:
        reply = self._model.ask(prompting.translation_prompt(quote, language), payer=payer(scopes))
        text = _plain(reply.text)
        if not text or len(text) > _most_chars(quote):
            raise ModelUnusableError(
                "The language model's translation is empty, or far longer than the quote."
            )
        return text

    def _asked(self, prompt: Prompt, scopes: Sequence[str]) -> str | None:
        key = (prompt.system, prompt.user, *scopes)
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        try:
            reply = self._model.ask(prompt, payer=payer(scopes)).text
        except (LanguageModelError, StoreError) as error:
            log.info("the question stays as it is: %s", error)
            return None
        with self._lock:
            self._known[key] = reply
        return reply


def standalone(reply: str, question: str, history: Sequence[str]) -> str | None:
    """Return the rewritten follow-up, or None where `reply` holds a word that was never said."""
    line = _one_line(reply)
    if line is None:
        return None
    own, known = set(terms(question)), set(terms(" ".join([question, *history])))
    added = {
        w for w in words(line) if w not in STOP_WORDS and w not in _ASKING and not set(terms(w)) <= known
    }
    if added or (own and len(own & set(terms(line))) < KEPT_SHARE * len(own)):
        return None
    return line


def english(reply: str, question: str) -> str | None:
    """Return the English question, or None where `reply` is not one."""
    line = _one_line(reply)
    if line is None or not terms(line):
        return None
    letters = [character for character in line if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    return line if latin >= 0.8 * len(letters) and len(line) <= _most_chars(question) else None


def _most_chars(text: str) -> int:
    """How long a translation of `text` may be: Chinese becomes four times as long in English."""
    return 4 * len(text) + 80


def _one_line(reply: str) -> str | None:
    lines = [line for line in reply.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    line = _LEAD.sub("", lines[0].strip()).strip(_QUOTES)
    return line if 0 < len(line) <= MAX_CHARS and line == _plain(line) else None


def _plain(text: str) -> str:
    """Return `text` as one line without characters that do not show."""
    shown = "".join(" " if c.isspace() else c for c in text if c.isspace() or not _hidden(c))
    return " ".join(shown.split())


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN

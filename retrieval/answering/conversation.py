"""Follow-ups, understood from the conversation's own words: no model, and nothing that was not said.

A question that cannot stand on its own ("when was it held?", "why?") is given the topic of the latest question
that named one. Every other question is left alone: measured on real follow-ups (`bench/followups.py`), most
name what they are about, and old words only lead retrieval astray.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.language.terms import STOP_WORDS, terms

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

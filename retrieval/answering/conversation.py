"""Follow-ups, understood from the conversation's own words: no model, and nothing that was not said.

A question that leans on what was said before ("and on cybersecurity?", "when was it?", "Pollution") is given
words of earlier questions that it leaves out. A question that stands on its own is left alone: old words would
only lead retrieval astray.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.index.terms import STOP_WORDS, terms

MAX_CARRIED = 6
"""Words carried over at most: the newest topic, not the whole conversation."""

_FEW_TERMS = 2
"""A question with so few words of its own rarely names its topic."""

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|that|these|those|he|him|his|she|her|hers|there|such|"
    r"the same|the other|another|else|one|ones|both|either|former|latter)\b",
    re.IGNORECASE,
)
_OPENS_AS_FOLLOW_UP = re.compile(
    r"^\W*(?:and|but|or|so|also|then|plus|what about|how about|what else|which ones?|why not|why|how so|"
    r"tell me more|more|any other|anything else|okay|ok|right|yes|no)\b",
    re.IGNORECASE,
)
_THAT_CLAUSE = re.compile(r"\b(?:say|said|state[ds]?|think|note[ds]?|indicate[ds]?|mean|ensure)s? that\b", re.I)
_WORD = re.compile(r"[^\W_]+(?:[.’'-][^\W_]+)*")


def resolve(question: str, history: Sequence[str], *, max_chars: int = 1_000) -> str:
    """Return `question` with the earlier words that it leans on, or as it is where it stands on its own.

    Args:
        history: Earlier questions of this conversation, oldest first.
        max_chars: Words that would make the question longer stay out.
    """
    topic = ""
    for earlier in history:
        topic = _resolved(earlier, topic, max_chars)
    return _resolved(question, topic, max_chars)


def leans_on_history(question: str) -> bool:
    """Whether `question` points back at something, or is too short to name what it is about."""
    if _OPENS_AS_FOLLOW_UP.search(question) or len(set(terms(question))) <= _FEW_TERMS:
        return True
    return bool(_POINTS_BACK.search(_THAT_CLAUSE.sub("", question)))


def _resolved(question: str, topic: str, max_chars: int) -> str:
    if not topic or not leans_on_history(question):
        return question
    carried = _carried(question, topic)
    resolved = f"{question.rstrip()} {' '.join(carried)}".strip()
    return resolved if carried and len(resolved) <= max_chars else question


def _carried(question: str, topic: str) -> list[str]:
    """Return the content words of `topic` that `question` lacks, names and numbers first in line."""
    known = set(terms(question))
    fresh: dict[str, str] = {}
    for word in _WORD.findall(topic):
        found = terms(word)
        if word.lower() not in STOP_WORDS and any(term not in known for term in found):
            fresh.setdefault(" ".join(found), word)
    ranked = sorted(fresh.values(), key=lambda word: not _is_name(word))[:MAX_CARRIED]
    return [word for word in fresh.values() if word in ranked]


def _is_name(word: str) -> bool:
    return word[:1].isupper() or word[:1].isdigit()

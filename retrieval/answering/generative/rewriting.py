"""Questions put into other words by the model: follow-ups into standalone ones, other languages into English.

Only retrieval and the prompt see the result. It must be one plain line made of the words that were there: what
a model adds, or was talked into, is refused, and the caller does without.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.answering.generative import control
from retrieval.index.terms import STOP_WORDS, terms, words

MAX_CHARS = 400
KEPT_SHARE = 0.5
"""Of the follow-up's own terms, at least this share must be in the rewritten question."""

_QUOTES = "\"'“”‘’«»「」 \t"
_ASKING = frozenset(
    [
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "much",
        "many",
        "did",
        "does",
        "do",
        "is",
        "are",
        "was",
        "were",
    ]
)


def standalone(reply: str, question: str, history: Sequence[str]) -> str | None:
    """Return the rewritten follow-up, or None where `reply` is not one."""
    line = _one_line(reply)
    if line is None:
        return None
    own, known = set(terms(question)), set(terms(" ".join([question, *history])))
    found = set(terms(line))
    added = {
        w for w in words(line) if w not in STOP_WORDS and w not in _ASKING and not set(terms(w)) <= known
    }
    if added or (own and len(own & found) < KEPT_SHARE * len(own)):
        return None
    return line


def translation(reply: str, question: str) -> str | None:
    """Return the English question, or None where `reply` is not one."""
    line = _one_line(reply)
    if line is None or not terms(line):
        return None
    letters = [character for character in line if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    if latin < 0.8 * len(letters) or len(line) > 4 * len(question) + 80:
        return None
    return line


def _one_line(reply: str) -> str | None:
    lines = [line for line in reply.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    line = re.sub(
        r"^(?:standalone |rewritten |english )?question\s*:\s*", "", lines[0].strip(), flags=re.IGNORECASE
    )
    line = control.cleaned(line.strip(_QUOTES))
    if not line or len(line) > MAX_CHARS or control.form_objection(line):
        return None
    return line

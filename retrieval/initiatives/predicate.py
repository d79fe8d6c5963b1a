"""One verb of a sentence, and what the other modules of the parse ask about the words around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.initiatives.lexicon import DETERMINERS, POSSESSIVES, Verb
from retrieval.initiatives.tokens import Token

Shape = Literal["finite", "modal", "passive", "infinitive", "gerund", "noun"]


@dataclass(slots=True)
class Predicate:
    """One verb of a sentence.

    Attributes:
        start: First token of the verb group, auxiliaries and "to" included.
        end: First token after it.
        limit: Where its complement must stop: the next verb, clause or sentence end.
        hard: The same, but running over verbs that depend on it.
        parent: Index of the predicate it depends on, or None.
        subject: Tokens of its subject, `None` where it has none of its own.
        modal: The modal, lower case, or "".
        purpose: Opened by "in order to" or "so as to".
        sibling: Index of the one before it in a list of verbs, or None.
    """

    lemma: str
    verb: Verb
    shape: Shape
    start: int
    end: int
    limit: int = 0
    hard: int = 0
    parent: int | None = None
    subject: tuple[int, int] | None = None
    modal: str = ""
    negated: bool = False
    purpose: bool = False
    sibling: int | None = None


PERFORMATIVE = frozenset(
    {
        Verb.REPORT, Verb.WELCOME, Verb.COMMIT, Verb.REQUEST, Verb.ANNOUNCE, Verb.TENTATIVE, Verb.AGAINST,
        Verb.EXPECT,
        Verb.CREATE,
    }
)  # fmt: skip


def word_before(words: Sequence[Token], i: int) -> str:
    """The word before position `i`, adverbs skipped."""
    i -= 1
    while i >= 0 and words[i].adverb and words[i].lower != "well":
        i -= 1
    if i >= 2 and words[i].lower == "as" and words[i - 1].lower == "well":  # "as well as launch …"
        return "and"
    return words[i].lower if i >= 0 else ""


def object_follows(words: Sequence[Token], i: int) -> bool:
    """Whether a determiner stands here, so that an object follows."""
    return i < len(words) and (words[i].lower in DETERMINERS or words[i].lower in POSSESSIVES)

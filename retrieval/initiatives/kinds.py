"""new, continuing, resumed, support or request: what the governing verbs and the adjectives say."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.initiatives.lexicon import Verb, word_set
from retrieval.initiatives.parse import Parse
from retrieval.initiatives.predicate import Predicate
from retrieval.initiatives.standing import above
from retrieval.models import InitiativeKind

_CONTINUING_WORDS = word_set(
    """continued ongoing existing continuing regular annual current further enhanced"""
)


def kind_of(parse: Parse, index: int, start: int, end: int) -> InitiativeKind:
    """The kind that the governing verbs and the phrase's own adjectives say."""
    chain = above(parse.found, index)
    verbs = {p.verb for p in chain}
    phrase = [w.lower for w in parse.words[start:end]]
    help_itself = "support" in phrase[: phrase.index("to") if "to" in phrase else len(phrase)]
    lead = {w.lower for w in parse.words[max(0, start - 3) : start + 3]}
    if chain[0].verb is Verb.CREATE:
        lead -= {"annual", "regular", "enhanced"}  # "will hold an annual …" is new
    if Verb.RESUME in verbs or "resumed" in lead or _first_in_years(parse, chain[0]):
        return "resumed"
    if Verb.REQUEST in verbs:
        return "request"
    if Verb.SUPPORT in {p.verb for p in chain[:2]} or (chain[0].verb is Verb.GIVE and help_itself):
        return "support"
    if Verb.CONTINUE in verbs or lead & _CONTINUING_WORDS or _reaffirmed(chain):
        return "continuing"
    return "new"


def _first_in_years(parse: Parse, predicate: Predicate) -> bool:
    after = [w.lower for w in parse.words[predicate.end : predicate.hard]]
    return any(after[i : i + 3] == ["first", "time", "in"] for i in range(len(after)))


def _reaffirmed(chain: Sequence[Predicate]) -> bool:
    return any(p.shape == "noun" for p in chain) and any(
        p.lemma in ("reaffirm", "reiterate", "renew", "affirm") for p in chain
    )

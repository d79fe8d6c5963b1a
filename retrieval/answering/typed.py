"""Questions as people type them: what is no part of the words, and messages that ask nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.answering.question import Kind, Question, without_greeting
from retrieval.models import Talk

_MARKUP = (
    (re.compile(r"```(?:\w+\n)?|`"), " "),
    (re.compile(r"<a?:\w+:\d+>|<[@#][!&]?\d+>|</[^:>]*:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>"), " "),  # Discord's own
    (re.compile(r"\[([^\]\n]+)\]\(<?[^\s)]*>?\)"), r"\1"),
    (re.compile(r"<?\bhttps?://\S+|\bwww\.\S+"), " "),
    (re.compile(r"(?<!\w):[a-z0-9_+-]{2,32}:(?!\w)", re.IGNORECASE), " "),
    (re.compile(r"(?m)^\s*(?:>{1,3}|#{1,3}|-#|[-*•])\s+"), ""),
    (re.compile(r"\*{1,3}|__+|~~|\|\||(?<!\w)_|_(?!\w)"), ""),
    (re.compile("[\u200b-\u200f\u2060\ufe0e\ufe0f]|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\U000e0020-\U000e007f]"), ""),
    (re.compile("[\"“”„«»「」『』]|(?<!\\w)['‘’]|(?<=\\W)['’](?!\\w)"), ""),
    (re.compile(r"[ \t]+"), " "),
)  # fmt: skip


def cleaned(text: str) -> str:
    """Return `text` without emoji, mentions, links, markdown and quotation marks; as it is where nothing is left."""
    bare = text
    for pattern, replacement in _MARKUP:
        bare = pattern.sub(replacement, bare)
    bare = bare.strip()
    return bare if any(c.isalnum() for c in bare) else text.strip()


_ABOUT_ITSELF = re.compile(
    r"\b(?:are|do|can|could|will|would) you\b|\byou (?:are|do|can|have|know|work)\b|\byour(?:self)?\b|^\W*(?:help|about)\W*$",
    re.IGNORECASE,
)
_MEMBERS = re.compile(
    r"\b(?:i|i['’]?m|i['’]ll|me|my|we|you|your|u|he|she|they|guys|everyone)\b", re.IGNORECASE
)
_FEW_WORDS = 5


def talk_in(asked: Question, frequency: Mapping[str, int]) -> Talk | None:
    """Return what a message is that asks nothing of the readouts; None where in doubt: then it is answered.

    Args:
        frequency: Term of the question -> readouts' paragraphs that hold it.
    """
    known = [term for term in asked.terms if frequency.get(term)]
    words = asked.text.split()
    if not any(c.isalnum() for c in without_greeting(asked.text)):
        return "greeting"
    is_question = "?" in asked.text or asked.kind is not Kind.TOPIC
    if _ABOUT_ITSELF.search(asked.core) and len(asked.terms) <= 1 and len(words) <= 2 * _FEW_WORDS:
        return "about"
    if is_question or (known and not _MEMBERS.search(asked.text)):
        return None
    if not known and len(words) < _FEW_WORDS and len(asked.terms) <= 1:
        return "greeting"
    if _MEMBERS.search(asked.text) and len(known) * 2 < len(asked.terms) and len(words) > 2:
        return "members"
    return None

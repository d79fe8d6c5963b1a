"""What may not stand in a sentence of an answer, whoever talked the model into it; pure.

Verification compares what a statement says with its evidence. This looks at the rest: a statement is one plain
sentence or two, and its words are those of the paragraphs it cites or ordinary words of reporting. A model that
obeyed an order found in a document or a question has to use other words than those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from retrieval.index.terms import terms, words
from retrieval.models import LiveParagraph

MAX_CHARS = 700
UNKNOWN_SHARE = 0.2
"""Of a statement's content words, at most this share may stand neither in its evidence nor in `_ORDINARY`."""
MOST_UNKNOWN = 3
KNOWN_SHARE = 0.4
"""And at least this share must stand in the evidence."""

_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_ADDRESS = re.compile(
    r"\w+://|\bwww\.|\bmailto:|\b(?:javascript|data):|\b[\w-]+\.(?:com|net|org|io|gg|ru|cn|xyz|info|biz|example|invalid|test|dev|app|me|co)\b"
    r"|\S@\S+\.\w|\bdiscord(?:app)?\s*\.\s*\w+",
    re.IGNORECASE,
)
_MENTION = re.compile(r"<[@#:!/]|@(?:everyone|here)\b|@[!&]?\d{5,}|<\w+[^>]*>|</\w+>", re.IGNORECASE)
_MARKUP = re.compile(r"```|~~~|!?\[[^\]]*\]\(|^\s*(?:#{1,6}|>|\|)\s|\|\|", re.MULTILINE)
_ENDS = (".", "!", "?", "。", "”", '"', ")", ";", ":")
_FEWEST_WORDS = 3
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_CITED = re.compile(
    r"\s*[\[(【](?:P\d{1,3}|¶\s?[\w()#]+)(?:\s*[,;]\s*(?:P\d{1,3}|¶\s?[\w()#]+))*[\])】]", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"¶|§|\bpara(?:graph|\.)?s?\s*(?:no\.?\s*|number\s*)?(?:\d|[ivxlc]+\b|(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)|\[\d+\]",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:ignor|disregard|forget|overrid)\w*\b.{0,40}\b(?:instruct|rule|prompt|guideline|previous|above|prior|polic)"
    r"|\b(?:system|hidden|initial|developer) (?:prompt|instructions?|message)"
    r"|\b(?:dear|note to the|to the|to any|attention,?|hey|as an?) (?:ai|assistant|chatbot|bot|language model|llm)\b"
    r"|\b(?:your|its) (?:system |hidden |own )?(?:instructions?|prompt|configuration|repl(?:y|ies)|answers?|output)\b"
    r"|\byou are (?:now|an?|the) |\byou must\b|\b(?:every|each|all) (?:reply|answer|response)s? of yours"
    r"|^(?:please )?(?:say|answer|reply|respond|repeat|print|output|append|pretend)\b",
    re.IGNORECASE,
)
_ORDINARY = """
    announce say state add note mention report express explain describe emphasise stress underline reaffirm affirm confirm
    declare welcome agree support urge call ask request invite encourage commit pledge promise plan intend aim hope expect
    continue resume launch begin start hold take make give offer provide include involve concern relate regard cover
    discuss consider exchange share meet attend participate join host chair visit travel strengthen enhance promote deepen expand
    improve increase reduce help assist work cooperate collaborate address tackle respond according new existing ongoing further
    also additionally furthermore moreover however while although because since therefore during after before between among within
    both each all several many some other another first second third one two three four five various particular specific main
    following previous next current currently recently together jointly well including part number name type kind area field
    issue matter topic event place time day month year date week meeting document readout statement text paragraph source
    party side participant official person people group member representative way means purpose result effort measure step action
    important importance need importance due against toward towards upon via using use used based related called known
    held made done been being seek address would could should may might must can shall yes
""".split()
_MONTHS = "january february march april may june july august september october november december".split()


def cleaned(text: str) -> str:
    """Return `text` without the harmless marks that models add: emphasis, keys at the end, runs of space."""
    for _ in range(2):
        text = _EMPHASIS.sub(r"\2", text)
    return " ".join(_CITED.sub("", text).split()).strip("•*- ")


def objection(
    text: str, cited: Sequence[LiveParagraph], quotes: Sequence[str], *, english: bool = True
) -> str | None:
    """Return why `text` may not be shown as a statement on `cited`, or None.

    Args:
        text: Cleaned.
        quotes: The evidence.
        english: False: only its form is looked at, since its words cannot be compared with the evidence.
    """
    problem = form_objection(text) or _broken_off(text, cited)
    if problem:
        return problem
    if _ORDERS.search(text) or any(_ORDERS.search(quote) for quote in quotes):
        return "It reads like an order to a machine."
    return _wording_objection(text, cited) if english else None


def form_objection(text: str) -> str | None:
    """Return why `text` is not plain text, or None."""
    if len(text) > MAX_CHARS:
        return "It is too long for a statement."
    if text.isascii() and len(text.split()) < _FEWEST_WORDS:
        return "It is no sentence."
    if any(unicodedata.category(character) in _HIDDEN for character in text):
        return "It holds characters that do not show."
    for pattern, what in (
        (_ADDRESS, "an address"),
        (_MENTION, "a mention or a tag"),
        (_MARKUP, "markup"),
        (_NUMBERED, "a paragraph number of its own"),
    ):
        if pattern.search(text):
            return f"It holds {what}."
    return None


def _broken_off(text: str, cited: Sequence[LiveParagraph]) -> str | None:
    """Whether a copied sentence stops before its end, as replies do that were cut off."""
    if text.endswith(_ENDS):
        return None
    for paragraph in cited:
        flat = " ".join(paragraph.text.split())
        end = flat.find(text) + len(text)
        if end >= len(text) and flat[end : end + 1] not in {"", *_ENDS}:
            return "It breaks off."
    return None


def _wording_objection(text: str, cited: Sequence[LiveParagraph]) -> str | None:
    known = _known(cited)
    if "!" in text and not any("!" in p.text for p in cited):
        return "It exclaims; its evidence does not."
    content = [word for word in words(text) if terms(word)]
    strange = [word for word in content if not set(terms(word)) <= known]
    unknown = [word for word in strange if not set(terms(word)) <= _ordinary()]
    if any(_stands_out(word, text) for word in unknown):
        return "It names what its evidence does not hold."
    if len(unknown) > min(MOST_UNKNOWN, UNKNOWN_SHARE * len(content)):
        return "Too many of its words stand neither in its evidence nor in ordinary reporting."
    if len(content) - len(strange) < KNOWN_SHARE * len(content):
        return "Too few of its words stand in its evidence."
    return None


def _known(cited: Sequence[LiveParagraph]) -> frozenset[str]:
    texts = [f"{p.text} {p.title} {p.heading or ''} {p.issuer or ''} {_spelled(p.date)}" for p in cited]
    return frozenset(term for text in texts for term in terms(text))


def _spelled(date: str | None) -> str:
    parts = (date or "").split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return date or ""
    return f"{parts[0]} {_MONTHS[(int(parts[1]) - 1) % 12]} {int(parts[2])}"


def _stands_out(word: str, text: str) -> bool:
    """Whether a word is written as a name, in capitals, or is no ordinary word at all."""
    if any(not character.isascii() or character.isdigit() for character in word):
        return True
    written = re.search(rf"(?<!\w){re.escape(word.partition(chr(0x2010))[0])}", text, re.IGNORECASE)
    found = written.group() if written else word
    first = written is not None and not text[: written.start()].strip()
    return found.isupper() or (found[:1].isupper() and not first)


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    return frozenset(term for word in _ORDINARY for term in terms(word))

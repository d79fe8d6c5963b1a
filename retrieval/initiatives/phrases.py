"""Noun phrases: where they end, what they are called, whether they say anything in particular."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.initiatives.lexicon import (
    DETERMINERS,
    EVENT_NOUNS,
    GENERIC,
    NOUN_GERUNDS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    TRANSPARENT_NOUNS,
    UNDERWAY_NOUNS,
    form_nouns,
    head_family,
    singular,
    word_set,
)
from retrieval.initiatives.tokens import Token
from retrieval.initiatives.when import when_spans

MAX_NAME_WORDS = 18

_ABBREVIATED = re.compile(r"(?:\b\w\.){2,}$")

_LEADING = DETERMINERS | POSSESSIVES | word_set(
    """novel various two three four several concrete to of on in for at with forward upon and or own
    towards least"""
)  # fmt: skip
_CUTTING_PHRASES = tuple(
    tuple(phrase.split())
    for line in (
        "with a view|with the aim|with an aim|with the expectation|with close|in order|in light",
        "in line|in addition|in accordance|in response|in support|in recognition|in tandem",
        "in fulfillment|in fulfilment|in consultation|in a manner|so that|as soon|as promptly",
        "as part|as a|as an|as reflected|as identified|as outlined|as laid|as determined",
        "as appropriate|as set|as agreed|as well as to|based on|taking into|drawing on",
        "at the same|at a time|consistent with|subject to|on the basis|regardless of|, a|, an",
    )
    for phrase in re.split(r"\|", line)
)
_CUTTING_BY_FIRST = {
    first: tuple(p for p in _CUTTING_PHRASES if p[0] == first) for first in {p[0] for p in _CUTTING_PHRASES}
}
"""Where a name stops: what follows says why, when or on what ground, or says the same again."""
_ASIDES = word_set(
    """including with particularly especially notably based through by which as to while inter also in
    where under on from at for consistent"""
)
_NEVER_LAST = (
    PREPOSITIONS
    | PRONOUNS
    | DETERMINERS
    | POSSESSIVES
    | word_set("and or to as such well also both further more")
)


def family(words: Sequence[Token], start: int, end: int) -> str | None:
    """The family of the head of a noun phrase: the last noun before its first preposition."""
    head = _head_end(words, start, end)
    plain = tuple(w.bare for w in words[max(start, head - 3) : head] if w.is_word)
    if not plain:
        return None
    if plain[-1] in TRANSPARENT_NOUNS and head + 1 < end and words[head].lower == "of":
        inner = head + 1 + (words[head + 1].lower in DETERMINERS)
        return family(words, inner, end) if inner < end else None
    if plain[-1] in EVENT_NOUNS or plain[-1] in UNDERWAY_NOUNS:
        return "event"
    amount = any(w.text[0] in "$€£¥" or w.lower in {"million", "billion"} for w in words[start:head])
    return head_family(plain) or ("resource" if amount else None)


def _head_end(words: Sequence[Token], start: int, end: int) -> int:
    for i in range(start + 1, end):
        word = words[i]
        if _reduced(words, start, i):
            return i
        if word.text == "," and _adjective_list(words, start, i, end):
            continue
        if word.lower in PREPOSITIONS or word.text in {"(", ",", "”", "—", "–"} or word.lower in RELATIVES:
            return i
    return end


def _reduced(words: Sequence[Token], start: int, i: int) -> bool:
    """A participle after the head: "negotiations | leading to", "views | gained by"."""
    form = words[i].form
    if form is None or not (form.gerund or form.past) or words[i - 1].lower in {"and", "or", ","}:
        return False
    return head_family(tuple(w.bare for w in words[max(start, i - 3) : i] if w.is_word)) is not None


def _adjective_list(words: Sequence[Token], start: int, comma: int, end: int) -> bool:
    """ "safe, affordable, and effective vaccine production": the comma is inside a list of adjectives."""
    before = tuple(w.bare for w in words[start:comma] if w.is_word)
    if not before or head_family(before) is not None or comma + 1 >= end:
        return False
    return words[comma + 1].lower not in PREPOSITIONS


def trim(words: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """The part of `words[start:end]` a list would show: no determiners, time, grounds or relative clauses."""
    while start < end and (
        words[start].lower in _LEADING or words[start].adverb or words[start].text in {",", ":", "-"}
    ):
        start += 1
    end = _shorten(words, start, _cut(words, start, end))
    while end > start and _dangling(words, end - 1):
        end -= 1
    return start, end


def _cut(words: Sequence[Token], start: int, end: int) -> int:
    timed = {
        first
        for first, last in when_spans(words, start, end)
        if last >= end
        or words[last].lower not in {"for", "on", "about"}  # "10 million over five years for …"
    }
    for i in range(start, end):
        if (
            i > start
            and words[i].text in {"–", "—"}
            and not (words[i - 1].capital and i + 1 < end and words[i + 1].capital)
        ):
            return i
        if i > start and (i in timed or words[i].text == ";" or words[i].lower in RELATIVES):
            return i
        if i > start and _cutting_phrase(words, i, end):
            return i
        if words[i].text == "," and i + 1 < end and _aside(words[i + 1]):
            return i
        if words[i].lower == "and" and i > start and _next_clause(words, i + 1, end):
            return i
        if (
            words[i].lower == "in"
            and i + 1 < end
            and words[i + 1].lower in {"a", "an"}
            and _manner(words, i, end)
        ):
            return i
    return end


def _cutting_phrase(words: Sequence[Token], i: int, end: int) -> bool:
    return any(
        i + len(phrase) <= end and all(words[i + k].lower == part for k, part in enumerate(phrase))
        for phrase in _CUTTING_BY_FIRST.get(words[i].lower, ())
    )


def _aside(word: Token) -> bool:
    """Whether a word after a comma opens an aside: ", including …", ", building on …"."""
    if word.lower in _ASIDES or (
        word.lower.endswith("ing") and word.lower not in NOUN_GERUNDS and not word.capital
    ):
        return True
    return bool(
        word.form and (word.form.gerund or (word.form.past and not word.form.base)) and not word.capital
    )


def _next_clause(words: Sequence[Token], i: int, end: int) -> bool:
    """Whether "and" goes on to another verb of the sentence: "… and relayed the", "… and looked"."""
    if i >= end:
        return False
    event = i + (words[i].lower in DETERMINERS)
    if event + 1 < end and words[event].lower in EVENT_NOUNS and words[event + 1].lower == "of":
        return True  # "the launch of A and the signing of B" are two
    object_follows = i + 1 < end and words[i + 1].lower in DETERMINERS | POSSESSIVES
    form = words[i].form
    past = words[i].lower.endswith("ed") or (form is not None and form.past and not form.base)
    return (past and (object_follows or i + 1 >= end)) or (object_follows and form is not None and form.base)


def _manner(words: Sequence[Token], i: int, end: int) -> bool:
    return any(w.lower in {"manner", "way", "fashion"} for w in words[i + 1 : min(i + 7, end)])


def _shorten(words: Sequence[Token], start: int, end: int) -> int:
    """A name of readable length: cut before the last preposition that fits."""
    if end - start <= MAX_NAME_WORDS:
        return end
    limit = start + MAX_NAME_WORDS
    for i in range(limit, start + 4, -1):
        if words[i].lower in PREPOSITIONS or words[i].lower == "and" or words[i].text == ",":
            return i
    return limit


def _dangling(words: Sequence[Token], i: int) -> bool:
    word = words[i]
    if i and words[i - 1].lower == "to" and word.form is not None and word.form.base:
        return True  # "… to ensure"
    if word.text in {")", "”", "’", "%"}:
        return False
    return not word.is_word or word.lower in _NEVER_LAST


def content(words: Sequence[Token], start: int, end: int) -> int:
    """How many words of a phrase make it recognisable.

    A proper name counts only where it says what about ("on AI", "existing priorities including CEPEA"), not
    where
    it says who or where ("with ASEAN", "in Southeast Asia", "U.S.-Japan relations").
    """
    count = 0
    for i in range(start, end):
        word = words[i]
        if not word.is_word or word.function_word or word.adverb or word.lower in RELATIVES:
            continue
        if word.capital and i > 0:
            count += 2 * _topical(words, start, i)
        elif not _generic(word) and not _verbal(words, i):
            count += 1
    return count


def _verbal(words: Sequence[Token], i: int) -> bool:
    """Whether a word is only the doing: "on promoting …", "to combat …"."""
    form = words[i].form
    if form is None:
        return False
    return words[i - 1].lower == "to" or (form.gerund and words[i].lower not in NOUN_GERUNDS)


def _generic(word: Token) -> bool:
    if (word.text[0] in "0123456789$€£¥" and not any(c.isalpha() for c in word.text)) or _plain(word.bare):
        return True
    parts = word.bare.split("-")
    return len(parts) > 1 and all(_plain(part) for part in parts)


def _plain(word: str) -> bool:
    return (
        word in GENERIC or singular(word) in GENERIC or singular(word) in form_nouns() or word in EVENT_NOUNS
    )


def _topical(words: Sequence[Token], start: int, i: int) -> bool:
    if words[i].shouted and head_family((words[i].bare.split("/")[0],)):  # "FTA/EPA"
        return True
    if head_family((words[i].bare,)) and words[i - 1].capital:
        return not _under_framework(words, start, i)
    while i > start and not (words[i - 1].lower in PREPOSITIONS or words[i - 1].text == ","):
        i -= 1
    return i > start and words[i - 1].lower in {"on", "for", "about", "including", "as"}


def _under_framework(words: Sequence[Token], start: int, i: int) -> bool:
    """ "initiatives under the … Vision": the name says under what, not what."""
    while i > start and words[i].capital:
        i -= 1
    return any(w.lower == "under" for w in words[max(start, i - 1) : i + 1])


def text_of(words: Sequence[Token], text: str, start: int, end: int) -> str:
    """The words as written, an unmatched bracket or quote mark left out."""
    if start >= end:
        return ""
    raw = text[words[start].start : words[end - 1].end]
    if raw.count("(") > raw.count(")"):
        raw = raw[: raw.rindex("(")]
    elif raw.count("(") < raw.count(")"):
        raw = raw.replace("(", "").replace(")", "")
    if raw.count("“") != raw.count("”"):
        raw = raw.replace("“", "").replace("”", "")
    ending = "." if _ABBREVIATED.search(raw) else ""
    return raw.strip(' ,.;:“”"–—') + ending

"""A model's words -> drafts, whatever form they came in: JSON whole or broken, lines, bullets; pure and total.

Parsing decides nothing about truth, so it takes what it can: a strict parser would throw away right answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.answering.verification import Draft, DraftCitation
from retrieval.llm.types import Reply

MOST_DRAFTS = 12
_MOST_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """One draft.

    Attributes:
        english: The model's own English for a draft in another language.
    """

    draft: Draft
    english: str | None = None


_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_TURN = re.compile(r"<\|?(?:im_end|im_start|end_of_turn|eot_id|endoftext)\|?>.*", re.DOTALL)
_KEY = re.compile(r"(?:\[|\(|【|\b)(?:paragraph |key )?(P\d{1,3})\b[\])】]?", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_QUOTED = re.compile(
    r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|「([^「」]+)」|(?<!\w)'([^']{8,})'(?!\w)|‘([^‘]{8,})’(?!\w)"
)
_LABEL = re.compile(
    r"\b(?:key|quote|evidence|source|statement|sentence|citation|answer)s?\s*[:=]\s*", re.IGNORECASE
)
_EDGES = " \t|()[]{}:;,-–—=>→•*_`"
_NONE = re.compile(r"\W*(?:NONE|null|n/a)\W*", re.IGNORECASE)
_OBJECT = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")


def parse(reply: Reply) -> tuple[Parsed, ...]:
    """Return what `reply` states, in its order; nothing where it states nothing that can be read."""
    if reply.fields is not None:
        found = list(_from_json(reply.fields))
    else:
        text = _TURN.sub("", _THINKING.sub("", _FENCE.sub("", reply.text[:_MOST_CHARS])))
        found = list(_from_text(text))
    return tuple(dict.fromkeys(found))[:MOST_DRAFTS]


def _from_text(text: str) -> Iterator[Parsed]:
    if "{" in text:
        found = list(_from_loose_json(text))
        if found:
            yield from found
            return
    for line in _lines(text):
        parsed = _from_line(line)
        if parsed is not None:
            yield parsed


def _from_loose_json(text: str) -> Iterator[Parsed]:
    """The whole as JSON, or, where it is cut off or adorned, every object in it that is whole."""
    try:
        yield from _from_json(json.loads(text[text.index("{") : text.rindex("}") + 1], strict=False))
        return
    except (ValueError, RecursionError):
        pass
    for match in _OBJECT.finditer(text):
        try:
            yield from _from_json(json.loads(match.group(), strict=False))
        except (ValueError, RecursionError):
            continue


def _from_json(value: Any) -> Iterator[Parsed]:
    if isinstance(value, list):
        for each in value[: 4 * MOST_DRAFTS]:
            yield from _from_json(each)
        return
    if not isinstance(value, Mapping):
        return
    statements = value.get("statements", value.get("answer"))
    if isinstance(statements, list):
        yield from _from_json(statements)
        return
    text = _string(value, "text", "statement", "sentence", "answer")
    if text:
        citations = value.get("citations", value.get("citation", value.get("evidence")))
        listed = citations if isinstance(citations, list) else [citations or value]
        cited = tuple(c for each in listed if (c := _citation(each)) is not None)
        yield Parsed(Draft(text, cited), _string(value, "english") or None)


def _citation(value: Any) -> DraftCitation | None:
    if not isinstance(value, Mapping):
        return None
    key = _KEY.search(_string(value, "key", "paragraph", "id", "source"))
    quote = _string(value, "quote", "text", "words")
    return DraftCitation(key[1].upper() if key else _string(value, "key")[:20], quote) if quote else None


def _string(value: Mapping[str, Any], *names: str) -> str:
    return next((found for name in names if isinstance(found := value.get(name), str) and found.strip()), "")


def _lines(text: str) -> Iterator[str]:
    """Lines, with one that has no key of its own put to the one before it."""
    held = ""
    for line in text.splitlines():
        bare = _BULLET.sub("", line).strip()
        if _KEY.search(bare) and held and _KEY.search(held):
            yield held
            held = bare
        else:
            held = f"{held} {bare}".strip()
    yield held


def _from_line(line: str) -> Parsed | None:
    """`[P3] sentence || English ("quote")`, in any order; without a quote the sentence must be the quote."""
    keys = list(dict.fromkeys(m[1].upper() for m in _KEY.finditer(line)))
    if not keys or _NONE.fullmatch(line):
        return None
    rest = _KEY.sub(" ", line)
    quotes = [m for m in _QUOTED.finditer(rest) if len((m[m.lastindex or 0] or "").split()) >= 3]
    quote = quotes[-1] if quotes else None
    said = rest[: quote.start()] + " " + rest[quote.end() :] if quote else rest
    sentence, _, english = (_bare(part) for part in said.partition("||"))
    words = quote[quote.lastindex or 0] if quote else sentence
    whole = len(sentence.split()) >= 2 or not sentence.isascii()  # Japanese puts no spaces between words
    text = sentence if whole or not quote else words
    if not text or not words:
        return None
    return Parsed(Draft(text, tuple(DraftCitation(key, words) for key in keys)), english or None)


def _bare(text: str) -> str:
    stripped = _LABEL.sub("", " ".join(text.split())).strip(_EDGES)
    return stripped if not stripped or stripped[-1] in ".!?。" else stripped.rstrip(_EDGES)

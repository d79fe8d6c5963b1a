"""Later names of an entry: its full name again, its acronym, "the Partnership"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.initiatives.lexicon import head_family
from retrieval.initiatives.naming import acronym_in, without_acronym
from retrieval.models import Evidence, Initiative, InitiativeCitation, Readout

_WORD = re.compile(r"[^\W_]+")


def with_references(entries: Sequence[Initiative], readout: Readout) -> tuple[Initiative, ...]:
    """Cite for every entry with a proper name the later paragraphs that name it again.

    "The Partnership" counts only where one entry alone has that word.
    """
    patterns = [_pattern(entry, entries) for entry in entries]
    order = {p.number: i for i, p in reversed(list(enumerate(readout.paragraphs)))}
    return tuple(
        entry if pattern is None else _extended(entry, pattern, readout, order)
        for entry, pattern in zip(entries, patterns, strict=True)
    )


def _extended(
    entry: Initiative, pattern: re.Pattern[str], readout: Readout, order: dict[str, int]
) -> Initiative:
    cited = {c.paragraph for c in entry.citations}
    first = min(order[number] for number in cited)
    added = []
    for position, paragraph in enumerate(readout.paragraphs):
        if position <= first or paragraph.number in cited or order[paragraph.number] != position:
            continue
        match = pattern.search(paragraph.text)
        if match is not None:
            added.append(
                InitiativeCitation(paragraph.number, Evidence.of(paragraph.text, match.start(), match.end()))
            )
    if not added:
        return entry
    first_cited, *others = entry.citations
    later = sorted([*others, *added], key=lambda citation: order[citation.paragraph])
    return Initiative(entry.name, entry.kind, entry.actor, entry.when, (first_cited, *later))


def _head(words: Sequence[str]) -> str:
    """The head noun of a name: the last word before its first "of", "for" or "on"."""
    for i, word in enumerate(words):
        if i and word in {"of", "for", "on", "to", "against", "in"}:
            return words[i - 1]
    return words[-1]


def _pattern(entry: Initiative, entries: Sequence[Initiative]) -> re.Pattern[str] | None:
    """What later paragraphs may call an entry, or None where its name is no proper one."""
    plain = " ".join(without_acronym(entry.name).split())
    words = _WORD.findall(plain)
    if sum(w[0].isupper() for w in words) < 2:
        return None
    forms = [re.escape(plain)] if len(words) >= 3 else []
    acronym = acronym_in(entry.name)
    if acronym is not None and len(acronym) >= 3:
        forms.append(re.escape(acronym))
    last = _head(words)
    alone = sum(last in _WORD.findall(without_acronym(e.name)) for e in entries) == 1
    if (
        last[0].isupper()
        and alone
        and head_family((last.lower(),)) in ("framework", "instrument", "resource")
    ):
        forms.append(rf"(?<=[Tt]he ){re.escape(last)}(?! (?:of|for|on|between)\b)(?!\s[A-Z])")
    return re.compile(r"(?<![\w-])(?:" + "|".join(forms) + r")(?![\w-])") if forms else None

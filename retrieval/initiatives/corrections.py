"""What an admin corrects beside a source: `NAME.meta.toml` adds, removes and rewords entries.

    [[initiatives.add]]                 # an entry that extraction missed
    paragraph = "7"                     # printed number
    quote = "Japan will hold a seminar" # its evidence, as it stands in the paragraph
    name = "Seminar on climate change"
    kind = "new"                        # new, continuing, resumed, framework, support or request
    actor = "Japan"                     # optional
    when = "this year"                  # optional

    [[initiatives.remove]]              # an entry that is none
    paragraph = "7"
    quote = "will hold a seminar"       # words that its evidence in this paragraph overlaps
    name = "Seminar on climate change"  # optional: only the entry of this name

    [[initiatives.reword]]              # an entry with a wrong name, kind, actor or time
    paragraph = "7"
    quote = "will hold a seminar"
    name = "Seminar"                    # optional: only the entry of this name, as listed
    new_name = "Seminar on climate change"
    kind = "new"                        # what is wrong: new_name, kind, actor, when ("" clears actor, when)

Every correction quotes the words it is about, so that a source that changes under it is noticed: a correction
whose quote is no longer in its paragraph changes nothing and is reported. Quotes are compared with white space
collapsed and straight and curly quotation marks taken as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from retrieval.models import Evidence, Initiative, InitiativeCitation, InitiativeKind, Readout

Action = Literal["add", "remove", "reword"]

_ACTIONS: tuple[Action, ...] = get_args(Action)
_KINDS: tuple[str, ...] = get_args(InitiativeKind)
_PLACE = ("paragraph", "quote")
_REQUIRED = {"add": (*_PLACE, "name", "kind"), "remove": _PLACE, "reword": _PLACE}
_REWORDED = ("new_name", "kind", "actor", "when")
_OPTIONAL = {"add": ("actor", "when"), "remove": ("name",), "reword": ("name", *_REWORDED)}
_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "‑": "-", "–": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Correction:
    """One table of the file; None stands for a key that is not there."""

    action: Action
    paragraph: str
    quote: str
    name: str | None = None
    new_name: str | None = None
    kind: InitiativeKind | None = None
    actor: str | None = None
    when: str | None = None


def parse_corrections(table: Mapping[str, Any]) -> tuple[tuple[Correction, ...], tuple[str, ...]]:
    """Read the `initiatives` table of a `meta.toml`.

    Returns:
        The corrections in the order add, remove, reword, and one sentence for everything that cannot be used.
    """
    corrections: list[Correction] = []
    unknown = (key for key in table if key not in _ACTIONS)
    problems = [f"initiatives.{key} is not a correction; use add, remove or reword." for key in unknown]
    for action in _ACTIONS:
        entries = table.get(action, [])
        if not isinstance(entries, list):
            problems.append(f"initiatives.{action} must be a list of tables: write [[initiatives.{action}]].")
            continue
        for number, entry in enumerate(entries, start=1):
            problem = _problem(action, entry)
            if problem is None:
                corrections.append(Correction(action, **entry))
            else:
                problems.append(f"initiatives.{action} number {number} {problem}.")
    return tuple(corrections), tuple(problems)


def _problem(action: Action, entry: Any) -> str | None:
    if not isinstance(entry, Mapping):
        return "is not a table"
    unknown = sorted(set(entry) - {*_REQUIRED[action], *_OPTIONAL[action]})
    if unknown:
        return f"has the unknown key {unknown[0]!r}"
    if any(not isinstance(value, str) for value in entry.values()):
        return "has a value that is not text"
    missing = [key for key in _REQUIRED[action] if not entry.get(key, "").strip()]
    if missing:
        return f"lacks {missing[0]!r}"
    if "kind" in entry and entry["kind"] not in _KINDS:
        return f"has the kind {entry['kind']!r}, which is none of {', '.join(_KINDS)}"
    if action == "reword" and not set(entry) & set(_REWORDED):
        return "changes nothing: give new_name, kind, actor or when"
    return None


def apply_corrections(
    initiatives: Sequence[Initiative], corrections: Sequence[Correction], readout: Readout
) -> tuple[tuple[Initiative, ...], tuple[str, ...]]:
    """Return the corrected list, and one sentence for every correction that found nothing to correct."""
    entries, problems = list(initiatives), list[str]()
    texts = {p.number: p.text for p in reversed(readout.paragraphs)}
    for correction in corrections:
        span = _find(correction, texts)
        if span is None:
            problems.append(_gone(correction, texts, readout))
        elif correction.action == "add":
            _add(entries, correction, span)
        elif not _change(entries, correction, span):
            problems.append(_nothing(correction, readout))
    order = {p.number: i for i, p in reversed(list(enumerate(readout.paragraphs)))}
    entries.sort(key=lambda e: (order[e.citations[0].paragraph], e.citations[0].evidence.start))
    return tuple(entries), tuple(problems)


def _find(correction: Correction, texts: Mapping[str, str]) -> Evidence | None:
    """The quote's place in its paragraph, marks and white space taken as one."""
    text = texts.get(correction.paragraph, "")
    quote = " ".join(correction.quote.split())
    start = text.find(quote)
    if start < 0:
        start = text.translate(_MARKS).find(quote.translate(_MARKS))
    return None if start < 0 or not quote else Evidence.of(text, start, start + len(quote))


def _add(entries: list[Initiative], correction: Correction, evidence: Evidence) -> None:
    if correction.name is None or correction.kind is None:  # parse_corrections sees to it
        raise ValueError("an added initiative needs a name and a kind")
    actor, when = correction.actor or None, correction.when or None
    citation = InitiativeCitation(correction.paragraph, evidence)
    entries.append(Initiative(correction.name, correction.kind, actor, when, (citation,)))


def _change(entries: list[Initiative], correction: Correction, evidence: Evidence) -> bool:
    """Remove or reword the entries it means; whether there was one."""
    meant = [i for i, e in enumerate(entries) if _means(correction, evidence, e)]
    named = [i for i in meant if _name_overlaps(entries[i], evidence)]
    meant = named or meant  # of the entries of one sentence those whose own words are quoted
    for index in reversed(meant):
        if correction.action == "remove":
            del entries[index]
        else:
            entries[index] = _reworded(entries[index], correction)
    return bool(meant)


def _means(correction: Correction, evidence: Evidence, entry: Initiative) -> bool:
    if correction.name is not None and correction.name.casefold() != entry.name.casefold():
        return False
    places = (c.evidence for c in entry.citations if c.paragraph == correction.paragraph)
    return any(place.start < evidence.end and evidence.start < place.end for place in places)


def _name_overlaps(entry: Initiative, evidence: Evidence) -> bool:
    """Whether the words quoted share some with where an entry's name stands in its own evidence."""
    places = [(c.evidence.start, c.evidence.quote.find(entry.name)) for c in entry.citations]
    starts = [start + place for start, place in places if place >= 0]
    return any(start < evidence.end and evidence.start < start + len(entry.name) for start in starts)


def _reworded(entry: Initiative, correction: Correction) -> Initiative:
    return replace(
        entry,
        name=correction.new_name or entry.name,
        kind=correction.kind or entry.kind,
        actor=entry.actor if correction.actor is None else correction.actor or None,
        when=entry.when if correction.when is None else correction.when or None,
    )


def _gone(correction: Correction, texts: Mapping[str, str], readout: Readout) -> str:
    what = _named(correction)
    if correction.paragraph not in texts:
        return f"{what} names ¶{correction.paragraph}, which {readout.id} does not have."
    place = f"¶{correction.paragraph} of {readout.id}"
    return f"{what} quotes words that are no longer in {place}: “{correction.quote}”."


def _nothing(correction: Correction, readout: Readout) -> str:
    return f"{_named(correction)} matches no entry of ¶{correction.paragraph} in {readout.id}."


def _named(correction: Correction) -> str:
    called = f"“{correction.name}”" if correction.name else "an entry"
    return f"The correction that would {correction.action} {called}"

"""Answers, comparisons, traces, initiatives -> sheets, which a file, a terminal or a page of Discord shows, and CSV; pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.locales import Phrases
from retrieval.comparison.differences import pieces
from retrieval.comparison.pairing import Pair
from retrieval.comparison.service import Comparison
from retrieval.comparison.tracing import Event, Life, Trace, TracedReadout
from retrieval.models import Citation, LiveParagraph, Numbering, Piece, Statement, is_beside, place_of
from retrieval.search.browsing import ListedInitiative, ReadoutSummary

Mark = Literal["same", "removed", "added", "found"]
CitationStyle = Literal["plain", "chicago", "apa", "oscola"]

_NAMED_ABSENT = 4
_CSV_COLUMNS = ("document", "date", "name", "kind", "actor", "when", "paragraphs", "quote", "also_in", "url")


@dataclass(frozen=True, slots=True)
class Run:
    """Words that are shown alike."""

    text: str
    mark: Mark = "same"


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a source, and where they stand.

    Attributes:
        anchor: What a page calls it, so that it can be linked to, or "".
    """

    runs: tuple[Run, ...]
    title: str
    date: str | None
    issuer: str | None
    citation: Citation
    anchor: str = ""

    @classmethod
    def of(cls, statement: Statement, mark: Mark = "found", anchor: str = "") -> Passage:
        """Show a statement, its highlights as `mark`."""
        p = statement.paragraph
        runs = tuple(marked_runs(statement.text, statement.highlights, mark))
        return cls(runs, p.title, p.date, p.issuer, statement.citation, anchor)

    @property
    def place(self) -> str:
        """ "¶7"."""
        return place_of(self.citation.paragraph, self.citation.part)


@dataclass(frozen=True, slots=True)
class Entry:
    """A few passages that belong together.

    Attributes:
        heading: Shown above, unless it is that of the entry before.
        label: Fixed words: what this is.
        before, after: The columns of a comparison; elsewhere all stands in `after`.
        inline: The changes as one text, where the columns stand below each other; () where they are as good.
        note: One more line, in fixed words.
    """

    heading: str = ""
    label: str = ""
    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    inline: tuple[Run, ...] = ()
    note: str = ""
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown.

    Attributes:
        columns: The titles of two columns, for a comparison.
        years: Year, how many readouts use a phrase, and how many there are; for a plot with `caption`.
    """

    title: str
    lead: tuple[str, ...]
    entries: tuple[Entry, ...]
    columns: tuple[str, str] | None = None
    caption: str = ""
    years: tuple[tuple[int, int, int], ...] = ()


def cite(passage: Passage, style: CitationStyle) -> str:
    """Return a citation: of whom, what, when, where; as people usually write it in that style."""
    from datetime import date as calendar

    citation, issuer, title = passage.citation, passage.issuer, passage.title
    place = passage.place
    if citation.numbering is Numbering.COUNTED and not is_beside(citation.paragraph):
        place += " (counted)"
    day = calendar.fromisoformat(passage.date) if passage.date else None
    url = citation.url or ""
    british = f"{day.day} {day:%B} {day.year}" if day else "n.d."
    american = f"{day:%B} {day.day}, {day.year}" if day else "n.d."
    by = f"{issuer}, " if issuer else ""
    match style:
        case "chicago":
            return f"{by}“{title},” {american}, {place}{f', {url}' if url else ''}."
        case "apa":
            when = f"({day.year}, {day:%B} {day.day})" if day else "(n.d.)"
            said = f"{issuer}. {when}. {title} ({place})" if issuer else f"{title} ({place}). {when}"
            return f"{said}. {url}".rstrip()
        case "oscola":
            return f"{by}‘{title}’ ({british}) {place}{f' <{url}>' if url else ''}"
        case _:
            return ", ".join(filter(None, (title, british if day else "", place))) + f". {url}".rstrip()


def named(title: str, date: str | None, phrases: Phrases) -> str:
    """Return "Title (22 June 2022)"."""
    return f"{title} ({phrases.date(date)})" if date else title


def answer_sheet(
    question: str, lead: Sequence[str], statements: Iterable[Statement], phrases: Phrases
) -> Sheet:
    """Return an answer; `lead` is what is said of it in fixed words."""
    entries = []
    for s in statements:
        note = " ".join(phrases(f"answer.differs.{d.kind}", value=d.value) for d in s.differs)
        heading = named(s.paragraph.title, s.paragraph.date, phrases)
        entries.append(Entry(heading, after=(Passage.of(s),), note=note))
    return Sheet(question, tuple(lead), tuple(entries))


def comparison_sheet(found: Comparison, phrases: Phrases) -> Sheet:
    """Return two readouts side by side."""
    columns = (
        named(found.before.title, found.before.date, phrases),
        named(found.after.title, found.after.date, phrases),
    )
    kinds = Counter(pair.kind for pair in found.pairs)
    told = [f"{phrases(f'compare.kind.{kind}')}: {count}" for kind, count in kinds.most_common()]
    for flag in ("moved", "renumbered"):
        if count := sum(getattr(pair, flag) for pair in found.pairs):
            told.append(f"{phrases(f'compare.{flag}')}: {count}")
    lead = [" · ".join(told)] if told else [phrases("compare.none")]
    if found.topic:
        lead.append(phrases("compare.topic", topic=found.topic))
    title = phrases("compare.title", before=columns[0], after=columns[1])
    anchors = _anchors(found.pairs)
    entries = tuple(_pair_entry(pair, anchors, phrases) for pair in found.pairs)
    return Sheet(title, tuple(lead), entries, columns)


def _anchors(pairs: Sequence[Pair]) -> dict[tuple[str, int], str]:
    """Return what each paragraph is called on a page: "a-4"; one name once, whatever its number looks like."""
    out: dict[tuple[str, int], str] = {}
    for side in ("a", "b"):
        shown = [s.paragraph for pair in pairs for s in (pair.before if side == "a" else pair.after)]
        for p in sorted(shown, key=lambda p: p.ordinal):
            number = f"{p.part or ''} {p.number}".strip()
            plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in number)
            name = f"{side}-{plain.strip('-').lower() or p.ordinal}"
            out[side, p.ordinal] = f"{name}.{p.ordinal}" if name in out.values() else name
    return out


def _pair_entry(pair: Pair, anchors: dict[tuple[str, int], str], phrases: Phrases) -> Entry:
    before = tuple(Passage.of(s, "removed", anchors["a", s.paragraph.ordinal]) for s in pair.before)
    after = tuple(Passage.of(s, "added", anchors["b", s.paragraph.ordinal]) for s in pair.after)
    names = [phrases(f"compare.kind.{pair.kind}")]
    names += [phrases(f"compare.{flag}") for flag in ("moved", "renumbered") if getattr(pair, flag)]
    places = " → ".join(", ".join(p.place for p in side) for side in (before, after) if side)
    heading = next((s.paragraph.heading or "" for s in (*pair.after, *pair.before)), "")
    changed = pieces(pair.before[0].text, pair.after[0].text) if pair.kind == "changed" else ()
    label = f"{places}  {', '.join(names)}"
    return Entry(heading, label, before, after, runs_of(changed), unchanged=pair.kind == "same")


def runs_of(found: Iterable[Piece]) -> tuple[Run, ...]:
    """Return what stayed, came and went as words to show."""
    return tuple(Run(piece.text, piece.kind) for piece in found)


def trace_sheet(trace: Trace, phrases: Phrases) -> Sheet:
    """Return a phrase through readouts, by date."""
    title = phrases("trace.title", phrase=trace.phrase)
    used = trace.used
    damaged = _left_out(trace.damaged, phrases)
    if not used:
        return Sheet(title, (phrases("trace.none", readouts=len(trace.readouts)), *damaged), ())
    lead = [phrases("trace.count", used=len(used), readouts=len(trace.readouts))]
    for key, readout in zip(("trace.first", "trace.last"), trace.ends or (), strict=True):
        lead.append(phrases(key, readout=named(readout.title, readout.date, phrases)))
    entries = []
    for place, readout in enumerate(used):
        absent = trace.after(readout)
        key = "trace.absent" if any(r.date for r in used[place + 1 :]) else "trace.absent_since"
        note = phrases(key, readouts=_listed(absent, phrases)) if absent else ""
        label = phrases("trace.since") if readout.since_before else ""
        heading, changes = named(readout.title, readout.date, phrases), runs_of(readout.since_before)
        places = tuple(Passage.of(use.statement) for use in readout.uses)
        entries.append(Entry(heading, label, after=places, inline=changes, note=note))
    return Sheet(title, (*lead, *damaged), tuple(entries), None, phrases("trace.plot"), _years(trace))


def _left_out(damaged: Sequence[str], phrases: Phrases) -> tuple[str, ...]:
    return (phrases("answer.damaged", readouts=", ".join(damaged)),) if damaged else ()


def _listed(readouts: Sequence[TracedReadout], phrases: Phrases) -> str:
    shown = "; ".join(named(r.title, r.date, phrases) for r in readouts[:_NAMED_ABSENT])
    rest = len(readouts) - _NAMED_ABSENT
    return f"{shown} {phrases('initiatives.more', count=rest)}" if rest > 0 else shown


def _years(trace: Trace) -> tuple[tuple[int, int, int], ...]:
    everything = Counter(int(r.date[:4]) for r in trace.readouts if r.date)
    used = Counter(int(r.date[:4]) for r in trace.used if r.date)
    if not used:
        return ()
    return tuple((year, used[year], everything[year]) for year in range(min(everything), max(everything) + 1))


def lives_sheet(lives: Sequence[Life], damaged: Sequence[str], phrases: Phrases) -> Sheet:
    """Return what happened to initiatives, one after the other; `damaged` as `initiatives_sheet` has it."""
    lead = phrases("initiatives.total", total=len(lives)) if lives else phrases("initiatives.none")
    entries = tuple(entry for life in lives for entry in _life_entries(life, phrases))
    return Sheet(phrases("life.title"), (lead, *_left_out(damaged, phrases)), entries)


def _life_entries(life: Life, phrases: Phrases) -> Iterator[Entry]:
    events, silent = life.events, life.silent_since
    for place, event in enumerate(events):
        is_last = place == len(events) - 1
        stage = phrases(f"life.{event.stage}")
        if is_last and place:
            stage = f"{stage}, {phrases('life.last')}"
        note = phrases("life.silent", readouts=_listed(silent, phrases)) if is_last and silent else ""
        label = f"{named(event.title, event.date, phrases)}: {stage}"
        yield Entry(life.name, label, after=(_naming(life.name, event, event.citation),), note=note)


def _naming(name: str, readout: Event | ReadoutSummary, citation: Citation) -> Passage:
    """Return the sentence that names an initiative, the name marked in it."""
    quote = citation.evidence.quote
    at = quote.find(name)
    span = [(at, at + len(name))] if at >= 0 else []
    runs = tuple(marked_runs(quote, span, "found"))
    return Passage(runs, readout.title, readout.date, readout.issuer, citation)


def initiatives_sheet(
    listed: Sequence[ListedInitiative], damaged: Sequence[str], phrases: Phrases, total: int | None = None
) -> Sheet:
    """Return a list of initiatives, every sentence that names one with its citation.

    Args:
        damaged: Readouts that were left out, as what is in the store is not what was ingested.
        total: How many there are, where `listed` is a part of them.
    """
    entries = []
    for each in listed:
        entry, readout = each.initiative, each.readout
        passages = tuple(_naming(entry.name, readout, citation) for citation in each.citations)
        details = filter(None, (phrases(f"initiatives.kind.{entry.kind}"), entry.actor, entry.when))
        label = f"{entry.name}: {', '.join(details)}"
        entries.append(Entry(named(readout.title, readout.date, phrases), label, after=passages))
    count = len(listed) if total is None else total
    told = phrases("initiatives.total", total=count) if count else phrases("initiatives.none")
    return Sheet(phrases("life.title"), (told, *_left_out(damaged, phrases)), tuple(entries))


def initiatives_csv(listed: Sequence[ListedInitiative]) -> str:
    """Return the list as CSV (RFC 4180), a line an initiative.

    A text that a spreadsheet would run as a formula is given a leading apostrophe (OWASP, CSV injection).
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_CSV_COLUMNS)
    writer.writerows(map(_inert, _csv_row(each)) for each in listed)
    return stream.getvalue()


def _csv_row(listed: ListedInitiative) -> list[str]:
    entry, readout = listed.initiative, listed.readout
    return [
        readout.id,
        readout.date or "",
        entry.name,
        entry.kind,
        entry.actor or "",
        entry.when or "",
        "; ".join(dict.fromkeys(citation.paragraph for citation in entry.citations)),
        entry.citations[0].evidence.quote,
        "; ".join(f"{place.document} {place.paragraph}" for place in listed.also_in),
        readout.source_url or "",
    ]


def _inert(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def statement_of(paragraph: LiveParagraph, spans: Sequence[tuple[int, int]]) -> Statement:
    """Return the words of a paragraph that an answer cited it for, or all of them."""
    held = [(s, e) for s, e in spans if 0 <= s < e <= len(paragraph.text)]
    start, end = min((s for s, _ in held), default=0), max((e for _, e in held), default=len(paragraph.text))
    return Statement(paragraph, start, end)


def marked_runs(text: str, spans: Iterable[tuple[int, int]], mark: Mark) -> Iterator[Run]:
    """Yield all of `text`, what lies in `spans` as `mark`; of spans that leave the text, what is in it."""
    position = 0
    for start, end in sorted(spans):
        if position < start:
            yield Run(text[position:start])
        if max(start, position) < end:
            yield Run(text[max(start, position) : end], mark)
            position = end
    if position < len(text):
        yield Run(text[position:])

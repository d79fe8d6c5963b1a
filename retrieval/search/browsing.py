"""Looking things up without asking: the list of readouts, one paragraph, whole readouts for export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.initiatives import AlsoIn, link
from retrieval.ledger import Ledger, live
from retrieval.ledger.live import ReadoutSummary, live_initiatives
from retrieval.models import (
    SHARED,
    Citation,
    Evidence,
    Initiative,
    InitiativeKind,
    LiveParagraph,
    Numbering,
    Paragraph,
    Readout,
)
from retrieval.search.scoping import ALL, Filters, Shelf, passing

_LONGEST_HEAD = 80  # letters

__all__ = ["Browser", "ListedInitiative", "ReadoutSummary", "Table"]


@dataclass(frozen=True, slots=True)
class ListedInitiative:
    """An initiative with the readout that names it.

    Attributes:
        also_in: Other readouts that list the same one, oldest first.
    """

    initiative: Initiative
    readout: ReadoutSummary
    also_in: tuple[AlsoIn, ...]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """One for each paragraph that names it, the first one first.

        A readout that is only partly numbered counts as printed here: whether a paragraph is, it says itself.
        """
        r = self.readout
        numbering = Numbering.COUNTED if r.numbering == "counted" else Numbering.PRINTED
        first: dict[str, Evidence] = {}
        for cited in self.initiative.citations:
            first.setdefault(cited.paragraph, cited.evidence)
        return tuple(
            Citation(r.id, r.revision, number, numbering, evidence, r.source_url, scope=r.scope)
            for number, evidence in first.items()
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a readout, whole.

    Attributes:
        heads: Of its columns.
        rows: The number of the paragraph that each row is, and its cells, "" for an empty one.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


class Browser:
    """Reads the ledger for lists and look-ups; needs no vector index, so it works beside anything."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def documents(self, scopes: Sequence[str] = (SHARED,), filters: Filters = ALL) -> list[ReadoutSummary]:
        """Return the live readouts of `scopes`, or those that pass, newest first.

        Raises:
            NotFoundError: There is no readout with an id that `filters` name.
        """
        with self._ledger.read() as connection:
            return passing(connection, live.readouts(connection, scopes), scopes, filters)

    def damaged(self, scopes: Sequence[str] = (SHARED,), filters: Filters = ALL) -> tuple[str, ...]:
        """Return the ids of readouts that were left out of what was found until now: they are not what was ingested."""
        return self._ledger.damaged(scopes, filters.documents)

    def paragraph(self, document: str, number: str, scopes: Sequence[str] = (SHARED,)) -> LiveParagraph:
        """Return one live paragraph by the number it is cited with.

        Raises:
            NotFoundError: No such readout, or no such paragraph; the message names those there are.
        """
        with self._ledger.read() as connection:
            return live.paragraph(connection, scopes, document, number)

    def paragraphs_of(self, document: str, scopes: Sequence[str] = (SHARED,)) -> list[LiveParagraph]:
        """Return a live readout's paragraphs, in reading order.

        Raises:
            NotFoundError: There is no such readout.
        """
        with self._ledger.read() as connection:
            return list(live.paragraphs_of(connection, live.readout(connection, scopes, document)).values())

    def table(self, paragraph: LiveParagraph, scopes: Sequence[str] = (SHARED,)) -> Table | None:
        """Return the table that a live paragraph is a row of, or None where it is none."""
        with self._ledger.read() as connection:
            summary = live.readout(connection, scopes, paragraph.document)
            if summary.revision != paragraph.revision:  # of another scope, or superseded
                return None
            return table_around(list(live.paragraphs_of(connection, summary).values()), paragraph.number)

    def quoted(
        self, document: str, revision: str, number: str, scopes: Sequence[str] = (SHARED,)
    ) -> tuple[LiveParagraph, str | None]:
        """Return a paragraph of the revision that an answer named, and when that was superseded, if it was.

        Raises:
            NotFoundError: There was no such revision, or its text is no longer kept.
        """
        with self._ledger.read() as connection:
            return live.quoted_paragraph(connection, scopes, document, revision, number)

    def initiatives(
        self,
        scopes: Sequence[str] = (SHARED,),
        *,
        document: str | None = None,
        filters: Filters = ALL,
        kind: InitiativeKind | None = None,
    ) -> list[ListedInitiative]:
        """Return what was announced, newest readout first, each entry with where else it is listed.

        Args:
            document: Only of this readout.
            filters: Only of readouts that pass.
            kind: Only of this kind.

        Raises:
            NotFoundError: There is no such readout.
        """
        with self._ledger.read() as connection:
            named = filters if document is None else replace(filters, documents=(document,))
            wanted = {s.pk for s in passing(connection, live.readouts(connection, scopes), scopes, named)}
            summaries = one_of_each_id(live.readouts(connection, scopes), scopes)
            kept = live_initiatives(connection, scopes)
        of = {summary.id: kept.get((summary.scope, summary.id), []) for summary in summaries}
        linked = link(of, dates={summary.id: summary.date for summary in summaries})
        return [
            ListedInitiative(entry, summary, also_in)
            for summary in summaries
            if summary.pk in wanted
            for entry, also_in in zip(of[summary.id], linked[summary.id], strict=True)
            if kind in (None, entry.kind)
        ]

    def reading(
        self, document: str, scopes: Sequence[str] = (SHARED,)
    ) -> tuple[ReadoutSummary, list[LiveParagraph], Sequence[ReadoutSummary]]:
        """Return a live readout, its paragraphs in reading order, and its series, newest first.

        Raises:
            NotFoundError: There is no such readout.
            DamagedError: Its text is not what was ingested.
        """
        with self._ledger.read() as connection:
            summary = live.readout(connection, scopes, document)
            paragraphs = list(live.paragraphs_of(connection, summary).values())
            shelf = Shelf(tuple(live.readouts(connection, scopes)))
        return summary, paragraphs, shelf.siblings(summary)

    def readout(self, document: str, scopes: Sequence[str] = (SHARED,)) -> Readout:
        """Return a live readout whole, as it was parsed.

        Raises:
            NotFoundError: There is no such readout.
        """
        with self._ledger.read() as connection:
            summary = live.readout(connection, scopes, document)
            paragraphs = live.paragraphs_of(connection, summary).values()
        return Readout(
            id=summary.id,
            title=summary.title,
            paragraphs=tuple(Paragraph(p.number, p.text, p.numbering, p.heading) for p in paragraphs),
            date=summary.date,
            issuer=summary.issuer,
            source_url=summary.source_url,
            language=summary.language,
            warnings=summary.warnings,
            series=summary.series,
        )


def table_around(paragraphs: Sequence[LiveParagraph], number: str) -> Table | None:
    """Return the table that a paragraph is a row of: its neighbours name the same columns, as it does.

    A row is stored as a text, "Donor: Norland; Amount: 12 million", so that it can be quoted; what it was is read back.
    """
    place = next((i for i, paragraph in enumerate(paragraphs) if paragraph.number == number), None)
    if place is None or not (own := _cells(paragraphs[place])):
        return None
    first = last = place
    while first and _in_one_table(_cells(paragraphs[first - 1]), own):
        first -= 1
    while last + 1 < len(paragraphs) and _in_one_table(_cells(paragraphs[last + 1]), own):
        last += 1
    rows = [(paragraph.number, _cells(paragraph)) for paragraph in paragraphs[first : last + 1]]
    if len(rows) < 2:
        return None
    heads = tuple(
        dict.fromkeys(name for _, cells in sorted(rows, key=lambda row: -len(row[1])) for name in cells)
    )
    return Table(heads, tuple((each, tuple(cells.get(head, "") for head in heads)) for each, cells in rows))


def _cells(paragraph: LiveParagraph) -> dict[str, str]:
    """Return the cells of a row by the heads of their columns, or nothing where it is no row."""
    out: dict[str, str] = {}
    for piece in paragraph.text.split("; "):
        name, parted, cell = piece.partition(": ")
        if parted and len(name) <= _LONGEST_HEAD:
            out[name] = cell
        elif out:  # a cell that holds a semicolon
            out[next(reversed(out))] += f"; {piece}"
        else:
            return {}
    return out if len(out) > 1 and paragraph.numbering is Numbering.COUNTED else {}


def _in_one_table(cells: dict[str, str], own: dict[str, str]) -> bool:
    return bool(cells) and next(iter(cells)) == next(iter(own)) and bool(len(cells.keys() & own.keys()) > 1)


def one_of_each_id(summaries: Sequence[ReadoutSummary], scopes: Sequence[str]) -> list[ReadoutSummary]:
    """Of two scopes that both hold an id, keep the later in `scopes`, as a look-up by id does."""
    rank = {scope: place for place, scope in enumerate(scopes)}
    best = {s.id: s for s in sorted(summaries, key=lambda s: rank[s.scope])}
    return [s for s in summaries if best[s.id] is s]

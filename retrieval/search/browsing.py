"""Looking things up without asking: the list of readouts, one paragraph, whole readouts for export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.initiatives import AlsoIn, link
from retrieval.ledger import live
from retrieval.ledger.initiatives import live_initiatives
from retrieval.ledger.ledger import Ledger
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import SHARED, Initiative, InitiativeKind, LiveParagraph, Paragraph, Readout
from retrieval.search.scoping import ALL, Filters, passing


@dataclass(frozen=True, slots=True)
class ListedInitiative:
    """An initiative with the readout that names it.

    Attributes:
        also_in: Other readouts that list the same one, oldest first.
    """

    initiative: Initiative
    readout: ReadoutSummary
    also_in: tuple[AlsoIn, ...]


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

    def paragraph(self, document: str, number: str, scopes: Sequence[str] = (SHARED,)) -> LiveParagraph:
        """Return one live paragraph by the number it is cited with.

        Raises:
            NotFoundError: No such readout, or no such paragraph; the message names those there are.
        """
        with self._ledger.read() as connection:
            return live.paragraph(connection, scopes, document, number)

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
            summaries = _one_of_each_id(live.readouts(connection, scopes), scopes)
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


def _one_of_each_id(summaries: Sequence[ReadoutSummary], scopes: Sequence[str]) -> list[ReadoutSummary]:
    """Of two scopes that both hold an id, keep the later in `scopes`, as a look-up by id does."""
    rank = {scope: place for place, scope in enumerate(scopes)}
    best = {s.id: s for s in sorted(summaries, key=lambda s: rank[s.scope])}
    return [s for s in summaries if best[s.id] is s]

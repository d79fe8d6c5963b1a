"""What a scope holds, for whoever looks after it; reads the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.diff import diff_paragraphs
from retrieval.ledger import history, holdings, live
from retrieval.ledger.history import AuditEntry, KnownReadout, KnownRevision
from retrieval.ledger.holdings import Usage
from retrieval.ledger.ledger import Ledger
from retrieval.models import ParagraphDiff


@dataclass(frozen=True, slots=True)
class Difference:
    """What going back to a revision would change."""

    live: KnownRevision | None
    to: KnownRevision
    paragraphs: ParagraphDiff


class Holdings:
    """Looks after scopes: how much they hold, what was done in them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def usage(self, scope: str) -> Usage:
        """Return how much `scope` holds."""
        with self._ledger.read() as connection:
            return holdings.usage(connection, scope)

    def known(self, scope: str) -> list[KnownReadout]:
        """Return every readout that is or was in `scope`, by id."""
        with self._ledger.read() as connection:
            return holdings.known(connection, scope)

    def scopes(self) -> list[str]:
        """Return every scope that holds a readout, live or not."""
        with self._ledger.read() as connection:
            return holdings.scopes_with_readouts(connection)

    def jobs_since(self, scope: str, since: str) -> int:
        """Return how many ingests were asked for in `scope` since a moment (UTC, ISO 8601)."""
        with self._ledger.read() as connection:
            return holdings.jobs_since(connection, scope, since)

    def open_jobs(self, scope: str) -> list[int]:
        """Return the numbers of the ingests of `scope` that are queued or running."""
        with self._ledger.read() as connection:
            return list(holdings.open_jobs(connection, scope))

    def audit(self, scope: str, document: str | None = None, *, limit: int = 100) -> list[AuditEntry]:
        """Return the audit trail of one readout or of a whole scope, the newest line first."""
        with self._ledger.read() as connection:
            return history.audit(connection, scope, document, limit=limit)

    def difference(self, live_one: KnownRevision | None, to: KnownRevision) -> Difference:
        """Return what making the revision `to` live would change."""
        with self._ledger.read() as connection:
            before = live.paragraphs_of_revision(connection, live_one.pk) if live_one else []
            after = live.paragraphs_of_revision(connection, to.pk)
        return Difference(live_one, to, diff_paragraphs(before, after))

    def forget_jobs(self, scope: str) -> None:
        """Forget the ingests of `scope`, with the files that were given to them."""
        with self._ledger.write() as connection:
            holdings.forget_jobs(connection, scope)

"""How long the text of superseded revisions is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from retrieval.ledger import history
from retrieval.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases the text of revisions that were superseded long ago; that they were there stays known."""

    ledger: Ledger
    days: int

    def erase_outlived(self, guard: Callable[[Connection], None]) -> int:
        """Erase what outlived its time, one transaction a revision, and return how many those were."""
        before = (datetime.now(UTC) - timedelta(days=self.days)).isoformat(timespec="seconds")
        with self.ledger.read() as connection:
            outlived = history.outlived(connection, before)
        for revision in outlived:
            with self.ledger.write() as connection:
                guard(connection)
                history.erase_text(connection, [revision])
        return len(outlived)

"""A process beside the test's own that ingests into the same ledger, and can be held up while it does.

`python -m tests.integration.sharer STORE CORPUS STEP`, the ledger's address in the environment. It prints what it
is at, a line each, and at STEP ("embedding", "committing") it waits for a line of standard input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from retrieval.errors import RapporteurError
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.index.embedded_sync import EmbeddedSync
from retrieval.index.encoder import Encoder, Vector
from retrieval.index.index_folder import StoreLock
from retrieval.ingest import IngestService
from retrieval.ingest.committing import Committer
from retrieval.ingest.job_worker import JobWorker
from retrieval.ingest.lifecycle import Retention
from retrieval.ledger import Ledger, postgres
from retrieval.precedence import Precedence


def wait_at(step: str) -> None:
    """Say where this process is, and go on when told to, where the test said it wants to."""
    print(step, flush=True)
    if step == sys.argv[3]:
        sys.stdin.readline()


class SlowEncoder(Encoder):
    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:
        wait_at("embedding")
        yield from super().embed_each(texts)


class SlowCommitter(Committer):
    def _make_live(self, *given: Any) -> None:
        wait_at("committing")
        super()._make_live(*given)


def main() -> None:
    store, corpus = Path(sys.argv[1]), Path(sys.argv[2])
    ttl_s = float(os.environ["TTL_S"])
    postgres.STALLED_AFTER_MS = int(ttl_s * 1000)
    with ExitStack() as stack:
        ledger = Ledger(os.environ["LEDGER_URL"])
        stack.callback(ledger.close)
        index_sync = EmbeddedSync(store, ledger, StoreLock(store, "a test's process"))
        stack.callback(index_sync.close)
        ingesting = IngestService(
            ledger,
            index_sync,
            SlowEncoder(),
            corpus,
            Retention(ledger, 90),
            Fetcher(FetchPolicy()),
            Precedence(),
            turn_ttl_s=ttl_s,
        )
        try:
            if "AS_WORKER" in os.environ:
                told: list[str] = []
                worker = JobWorker(
                    ledger,
                    ingesting,
                    index_sync,
                    purpose="a bot",
                    ttl_s=ttl_s,
                    on_ended=lambda row: told.append(row.state),
                )
                worker.run_once()
                print("told of", *told, flush=True)
            else:
                print("added", *ingesting.ingest().added, flush=True)
        except RapporteurError as error:
            print(type(error).__name__, error, flush=True)


if __name__ == "__main__":
    import retrieval.ingest.service as service

    service.Committer = SlowCommitter  # type: ignore[misc]
    main()

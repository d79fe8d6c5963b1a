"""Check a vector index from a process of its own: `python -m retrieval.index.check PATH [LEDGER]`.

A damaged index can end the process that touches it (SIGSEGV), which no `except` catches. Exit status 0: every
scope of the ledger opens, holds at least what the ledger says it was handed, and returns those of a sample that
the ledger says can be found for their own vectors: damaged files can open, count and answer with nonsense.
Without LEDGER, a ledger that several hosts share, the environment says where it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from retrieval.errors import StoreError
from retrieval.index.soundness import LEDGER_VARIABLE
from retrieval.index.store import ChromaStore
from retrieval.index.vectors import SAME_TEXT
from retrieval.ledger import scopes, vectors
from retrieval.ledger.ledger import Ledger

_SAMPLE = 1000
"""Looked up in about a second."""


def main(arguments: list[str]) -> int:
    """Return the exit status; what is wrong goes to standard error."""
    path = Path(arguments[0])
    ledger = Ledger(Path(arguments[1]) if arguments[1:] else os.environ[LEDGER_VARIABLE])
    try:
        problem = _problem(ChromaStore(path, ledger.id), ledger)
    except StoreError as error:
        problem = str(error)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _problem(store: ChromaStore, ledger: Ledger) -> str | None:
    with ledger.read() as connection:
        expected = [state for state in scopes.states(connection) if state.records]
    for scope, count in ((state.scope, state.records) for state in expected):
        found = store.count(scope)
        if found < count:  # more is what an addition left that was cut short: those are scanned
            return f"{scope}: {found} embeddings instead of {count}"
        with ledger.read() as connection:
            findable = vectors.findable(connection, scope)
            sample = vectors.vectors(connection, findable[:: -(-len(findable) // _SAMPLE) or 1])
        for vector in sample.values():
            hits = store.query(scope, vector, 1)
            if not hits or hits[0].distance > SAME_TEXT:
                return f"{scope}: embeddings are missing from its graph"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Check a vector index from a process of its own: `python -m retrieval.index.check PATH LEDGER_ID EXPECTED`.

A damaged index can end the process that touches it (SIGSEGV), which no `except` catches. Exit status 0: every
scope of EXPECTED (JSON, scope -> count) opens, holds that many embeddings and answers a query.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from retrieval.errors import StoreError
from retrieval.index.encoder import DIMENSIONS
from retrieval.index.store import ChromaStore


def main(arguments: list[str]) -> int:
    """Return the exit status; what is wrong goes to standard error."""
    path, ledger_id, expected = Path(arguments[0]), arguments[1], json.loads(arguments[2])
    try:
        problem = _problem(ChromaStore(path, ledger_id), expected)
    except StoreError as error:
        problem = str(error)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _problem(store: ChromaStore, expected: dict[str, int]) -> str | None:
    probe = np.full(DIMENSIONS, DIMENSIONS**-0.5, dtype=np.float32)
    for scope, count in expected.items():
        found = store.count(scope)
        if found != count:
            return f"{scope}: {found} embeddings instead of {count}"
        if len(store.query(scope, probe, min(count, 10))) < min(count, 10):
            return f"{scope}: embeddings are missing from its graph"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Check a vector index from a process of its own: `python -m retrieval.index.check PATH [LEDGER]`.

A damaged index can end the process that touches it (SIGSEGV), which no `except` catches. Exit status 0: nothing
is wrong with it. Without LEDGER, a ledger that several hosts share, the environment says where it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from retrieval.errors import StoreError
from retrieval.index.soundness import LEDGER_VARIABLE, problem_of
from retrieval.index.store.embedded import EmbeddedStore
from retrieval.ledger.ledger import Ledger


def main(arguments: list[str]) -> int:
    """Return the exit status; what is wrong goes to standard error."""
    path = Path(arguments[0])
    ledger = Ledger(Path(arguments[1]) if arguments[1:] else os.environ[LEDGER_VARIABLE])
    try:
        problem = problem_of(EmbeddedStore(path, ledger.id), ledger)
    except StoreError as error:
        problem = str(error)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

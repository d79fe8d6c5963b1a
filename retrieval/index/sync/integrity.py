"""The integrity check of a vector index, in a process of its own where a folder is to be opened.

A damaged one can end the process that touches it (SIGSEGV), which no `except` catches. The child is
`python -m retrieval.index.sync.integrity PATH [LEDGER]`; exit status 0: nothing is wrong with it. Without LEDGER, a
ledger that several hosts share, the environment says where it is.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from retrieval.errors import StoreError
from retrieval.index.chroma import Collections, EmbeddedStore
from retrieval.index.vector_index import finds_itself
from retrieval.ledger import Ledger, vectors

log = logging.getLogger(__name__)

LEDGER_VARIABLE = "LEDGER_URL"
"""Tells the child about a ledger whose address may hold a password."""

_TIMEOUT_S = 120

_SAMPLE = 1000
"""Looked up in about a second."""

_AT_ONCE = 100

_HIDDEN = 0.01
"""An intact graph may hide one vector in hundreds of others; that has its turn to be looked up (`sync/index_writer.py`)."""


def is_intact(path: Path, ledger: Path | SecretStr) -> bool:
    """Open, count and query every scope of the index at `path` in a process that may crash."""
    command = [sys.executable, "-P", "-m", "retrieval.index.sync.integrity", str(path)]
    # the child finds this very package, whatever folder it is started from
    home = str(Path(__file__).parents[3])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
    if isinstance(ledger, Path):
        command.append(str(ledger))
    else:  # everybody on this machine can read the arguments of a process
        environment[LEDGER_VARIABLE] = ledger.get_secret_value()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        log.warning("checking the vector index took more than %d s", _TIMEOUT_S)
        return False
    if done.returncode:
        log.warning("the vector index failed its check: %s", done.stderr.strip().rpartition("\n")[2])
    return done.returncode == 0


def problem_of(index: Collections, ledger: Ledger) -> str | None:
    """Return what is wrong with an index, or None.

    Every scope of the ledger must hold at least what the ledger says it was handed, and return nearly all of a sample
    that the ledger says can be found for their own vectors: a damaged one can open, count and answer nonsense.
    """
    with ledger.read() as connection:
        expected = [state for state in vectors.scope_states(connection) if state.records]
    for scope, count in ((state.scope, state.records) for state in expected):
        found = index.count(scope)
        if found < count:  # more is what an addition left that was cut short: those are scanned
            return f"{scope}: {found} embeddings instead of {count}"
        with ledger.read() as connection:
            findable = vectors.findable(connection, scope)
            sample = vectors.vectors(connection, findable[:: -(-len(findable) // _SAMPLE) or 1])
        missed = 0
        for start in range(0, len(sample), _AT_ONCE):
            some = dict(islice(sample.items(), start, start + _AT_ONCE))
            own = index.query_each(scope, np.stack(list(some.values())), 1)
            missed += sum(not finds_itself(pk, hits) for pk, hits in zip(some, own, strict=True))
            if missed > _HIDDEN * len(sample):
                return f"{scope}: embeddings are missing from its graph"
    return None


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

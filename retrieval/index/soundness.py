"""Is an index whole? A damaged folder can end the process that opens it, so another process looks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from retrieval.index.vectors import VectorIndex, finds_itself
from retrieval.ledger import scopes, vectors
from retrieval.ledger.ledger import Ledger

log = logging.getLogger(__name__)

LEDGER_VARIABLE = "LEDGER_URL"
"""Tells the child about a ledger whose address may hold a password."""

_TIMEOUT_S = 120

_SAMPLE = 1000
"""Looked up in about a second."""

_AT_ONCE = 100

_HIDDEN = 0.01
"""A sound graph may hide one vector in hundreds of others; that has its turn to be looked up (`upkeep/rounds.py`)."""


def is_sound(path: Path, ledger: Path | SecretStr) -> bool:
    """Open, count and query every scope of the index at `path` in a process that may crash."""
    command = [sys.executable, "-P", "-m", "retrieval.index.check", str(path)]
    # the child finds this very package, whatever folder it is started from
    home = str(Path(__file__).parents[2])
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


def problem_of(index: VectorIndex, ledger: Ledger) -> str | None:
    """Return what is wrong with an index, or None.

    Every scope of the ledger must hold at least what the ledger says it was handed, and return nearly all of a sample
    that the ledger says can be found for their own vectors: a damaged one can open, count and answer nonsense.
    """
    with ledger.read() as connection:
        expected = [state for state in scopes.states(connection) if state.records]
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

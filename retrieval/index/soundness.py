"""Is an index whole? A damaged one can end the process that opens it, so another process looks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

log = logging.getLogger(__name__)

LEDGER_VARIABLE = "LEDGER_URL"
"""Tells the child about a ledger whose address may hold a password."""

_TIMEOUT_S = 120


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

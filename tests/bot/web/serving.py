"""`rapporteur serve` as its own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextmanager
def served(
    store: Path, command: str = "serve", *, log: list[str] | None = None, **settings: str
) -> Iterator[str]:
    """Serve a store; the address, without a path. What it logged is in `log` when the block has ended."""
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", command, "--http", "127.0.0.1:0", "--store", str(store)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
    )
    try:
        assert started.stderr is not None
        told = re.search(r"http://[\d.:]+", started.stderr.readline())
        assert told is not None
        yield told[0]
    finally:
        started.terminate()
        _, logged = started.communicate(timeout=30)
        if log is not None:
            log += logged.splitlines()

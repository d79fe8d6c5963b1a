"""`rapporteur serve` as its own process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextmanager
def served(store: Path, command: str = "serve", **settings: str) -> Iterator[str]:
    """Serve a store; the address, without a slash at its end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", command, "--http", address, "--store", str(store)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
    )
    try:
        assert started.stderr is not None
        assert address in started.stderr.readline()
        yield f"http://{address}"
    finally:
        started.terminate()
        started.communicate(timeout=30)

"""Real servers on loopback, for tests of what several processes share."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_S = 60.0


class ChromaServer:
    """`chroma run` over one folder.

    Attributes:
        address: As `RETRIEVAL_STORE` takes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        chroma = Path(sys.executable).with_name("chroma")
        command = [chroma, "run", "--path", self.folder, "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not self._beats():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("chroma run did not start")
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def send(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    def _beats(self) -> bool:
        heartbeat = f"{self.address}/api/v2/heartbeat"
        with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(heartbeat, timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@contextmanager
def chroma_server(folder: Path) -> Iterator[ChromaServer]:
    """A server for the block."""
    server = ChromaServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

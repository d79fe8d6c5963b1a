"""The bot as its own process, started by the documented command."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.standin.server import TOKEN, StandIn

ROOT = Path(__file__).resolve().parents[2]
POINTING = Path(__file__).resolve().parent / "pointing"


class BotProcess:
    """`rapporteur run` against a stand-in.

    Args:
        folder: Where it runs: no `.env` there, so that nothing but `settings` decides.
        settings: Further environment variables.
    """

    def __init__(self, standin: StandIn, folder: Path, *, token: str = TOKEN, **settings: str) -> None:
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join([str(POINTING), str(ROOT)]),
            "STANDIN_URL": standin.url,
            "STANDIN_GATEWAY": standin.gateway.url,
            "DISCORD_TOKEN": token,
            "RETRIEVAL_STORE_DIR": str(folder / "store"),
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self.log = folder / "bot.log"

    async def __aenter__(self) -> BotProcess:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def stop(self, timeout_s: float = 30.0) -> int:
        """Send SIGTERM and return the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self.ended(timeout_s)

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def ended(self, timeout_s: float = 30.0) -> int:
        """Wait for it to end by itself; return the exit status."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), timeout_s)

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

"""Chromium without a window, told what to do over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

# Source: https://chromedevtools.github.io/devtools-protocol/tot/
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --remote-debugging-port=0 --no-first-run"
)
PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Tab:
    """One tab.

    Attributes:
        asked_for: Every address that it asked the network for.
        errors: What the browser's console told as wrong.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.asked_for: list[str] = []
        self.errors: list[str] = []
        self._loaded = False

    async def call(self, method: str, **values: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": values})
        while True:
            message = await self._socket.receive_json(timeout=30)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        event, values = message.get("method"), message.get("params", {})
        if event == "Network.requestWillBeSent":
            self.asked_for.append(values["request"]["url"])
        elif event == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.errors.append(values["entry"]["text"])
        self._loaded |= event == "Page.loadEventFired"

    async def open(self, url: str, *, width: int = 1100, height: int = 900, dark: bool = False) -> None:
        for domain in ("Page", "Network", "Log", "Accessibility"):
            await self.call(f"{domain}.enable")
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        for address in ("about:blank", url):  # from a page to a place of its own nothing is loaded
            self._loaded = False
            await self.call("Page.navigate", url=address)
            while not self._loaded:
                self._note(await self._socket.receive_json(timeout=30))

    async def evaluate(self, script: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        for kind in ("rawKeyDown", "char", "keyUp"):
            code = {"Tab": 9, "Enter": 13}[key]
            text = {"text": "\r"} if (key, kind) == ("Enter", "char") else {}
            if kind != "char" or text:
                await self.call(
                    "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
                )

    async def tree(self) -> list[tuple[str, str]]:
        """Return (role, name) of what a screen reader is told, in reading order."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    async def picture(self, path: Path) -> None:
        found = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))


@asynccontextmanager
async def browser_tab(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser of its own; skips the test where none is installed."""
    if PROGRAM is None:
        pytest.skip("chromium is not installed")
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *_FLAGS.split(), f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        file = folder / "DevToolsActivePort"
        while not (file.exists() and len(file.read_text().splitlines()) == 2):
            await asyncio.sleep(0.05)
        port = file.read_text().splitlines()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as listed:
                tabs = [each for each in await listed.json() if each["type"] == "page"]
            async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await process.wait()

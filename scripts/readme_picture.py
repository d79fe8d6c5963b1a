"""Make the pictures at the top of the README, from a store made for them.

    python -m scripts.readme_picture            # writes docs/ask.svg and docs/discord.png

The first is what `rapporteur ask` prints; the second what Discord shows, where the bot runs against the tests' stand-in
for Discord and Chromium draws its message as `bench/discord_look.py` does. Nothing in them is typed by hand but the
questions: change the answers, and run it again. The second wants Pillow, Chromium, the font Inter and one with emoji.
"""

from __future__ import annotations

import asyncio
import base64
import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from bench.discord_look import STYLE, Visit, component
from bot.cli.terminal import show_answer
from retrieval.bootstrap import build_services
from retrieval.settings import RetrievalSettings
from tests.browser import browser_tab
from tests.standin import StandIn
from tests.standin.process import BotProcess

QUESTIONS = ("What did Japan announce on cybersecurity?", "How much will Japan pay for the seminar?")
DOCS = Path(__file__).parent.parent / "docs"
COLUMNS = 96
WIDTH, COLOURS = 540, 96
"""Of the second picture: CSS pixels, drawn by two each, so that it can be read at 400; and how many it keeps."""

AROUND = """
body{margin:0}main{padding:20px 20px 22px;display:flex;gap:14px;max-width:none;font-size:17px}
.face{flex:none;width:40px;height:40px;border-radius:50%;background:#2e9e6b;color:#fff;font:600 22px/40px Inter;
text-align:center}.said{min-width:0;flex:1}.asked{color:#949ba4;font-size:14px;margin-bottom:3px}.asked b{color:#c9cdfb;
font-weight:500}.name{color:#fff;font-weight:600;margin-bottom:8px}.app{background:#5865f2;color:#fff;border-radius:4px;
padding:1px 5px;font:600 11px/15px Inter;margin-left:6px;vertical-align:2px}.box{max-width:none}
button{padding:7px 12px}small{font-size:14px}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = RetrievalSettings(store_dir=Path(folder) / "store", _env_file=None)  # type: ignore[call-arg]
        with build_services(settings) as services:
            services.ensure_corpus()
            (DOCS / "ask.svg").write_text(in_the_terminal(services), encoding="utf-8")
        (DOCS / "discord.png").write_bytes(asyncio.run(in_discord(Path(folder))))
    for name in ("ask.svg", "discord.png"):
        print(f"{DOCS / name}: {(DOCS / name).stat().st_size / 1000:.0f} kB")


def in_the_terminal(services: Any) -> str:
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    for question in QUESTIONS:
        console.print(Text.assemble(("$ ", "green"), f'rapporteur ask "{question}"'))
        show_answer(console, services.answering.ask(question))
        console.print()
    return console.export_svg(title="rapporteur", theme=MONOKAI, unique_id="ask")


async def in_discord(folder: Path) -> bytes:
    async with StandIn() as standin:
        there = Visit(standin, "en-US")
        async with BotProcess(standin, folder) as bot:
            await standin.connected()
            shown = (await there.run("", "ask", question=QUESTIONS[0])).shown
            await bot.stop()
    page = folder / "message.html"
    page.write_text(page_of(shown[0]), encoding="utf-8")
    async with browser_tab(folder / "browser") as tab:
        await tab.open(page.as_uri(), width=WIDTH, height=800)
        height = await tab.evaluate("document.documentElement.getBoundingClientRect().height")
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 2}
        drawn = (await tab.call("Page.captureScreenshot", format="png", clip=clip))["data"]
    picture, out = Image.open(io.BytesIO(base64.b64decode(drawn))).convert("RGB"), io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def page_of(message: dict[str, Any]) -> str:
    asked = "<div class=asked><b>@ambassador</b> used <b>/ask</b></div>"
    name = "<div class=name>Rapporteur<span class=app>APP</span></div>"
    parts = "".join(map(component, message["components"]))
    return (
        f"<!DOCTYPE html><meta charset=utf-8><style>{STYLE}{AROUND}</style>"
        f"<main><div class=face>¶</div><div class=said>{asked}{name}{parts}</div></main>"
    )


if __name__ == "__main__":
    main()

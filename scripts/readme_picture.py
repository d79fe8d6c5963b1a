"""Make the picture at the top of the README: what `rapporteur ask` prints, from a store made for it.

    python -m scripts.readme_picture            # writes docs/ask.svg

Nothing in it is typed by hand but the questions: change the answers, and run it again.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from bot.cli.terminal import show_answer
from retrieval.bootstrap import build_services
from retrieval.settings import RetrievalSettings

QUESTIONS = ("What did Japan announce on cybersecurity?", "How much will Japan pay for the seminar?")
PICTURE = Path(__file__).parent.parent / "docs" / "ask.svg"
COLUMNS = 96


def main() -> None:
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = RetrievalSettings(store_dir=Path(folder), _env_file=None)  # type: ignore[call-arg]
        with build_services(settings) as services:
            services.ensure_corpus()
            for question in QUESTIONS:
                console.print(Text.assemble(("$ ", "green"), f'rapporteur ask "{question}"'))
                show_answer(console, services.answering.ask(question))
                console.print()
    PICTURE.write_text(
        console.export_svg(title="rapporteur", theme=MONOKAI, unique_id="ask"), encoding="utf-8"
    )
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

"""The bot under load: many members over several servers, through the stand-in for Discord.

    python bench/discord_load.py --eval DIR [--questions 500] [--users 50] [--servers 5] [--json]

The bot runs as its own process, started by `rapporteur run`, with rate limits off. Every user asks one question
after another, all users at once, by `/ask`. Each question carries a mark of its own, which the bot shows above
its answer, so an answer that reached somebody else's interaction is seen. `lost` counts questions without an
answer, a "busy" or an apology included; `crossed` counts answers under another's question.

Reported beside it: the same questions put to the answering service directly, one after another in this
process, with the same store. Both are warm: two questions are asked before the clock starts. Bot, stand-in and
users share this machine's processors, so the bot's figures are an upper bound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import quantiles
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from retrieval.bootstrap import build_services  # noqa: E402
from retrieval.settings import RetrievalSettings  # noqa: E402
from tests.standin import StandIn  # noqa: E402
from tests.standin.interactions import Interaction  # noqa: E402
from tests.standin.limits import walk  # noqa: E402
from tests.standin.process import BotProcess  # noqa: E402

UNLIMITED = {
    "DISCORD_USER_QUESTIONS_PER_MINUTE": "0",
    "DISCORD_SERVER_QUESTIONS_PER_MINUTE": "0",
}
TIMEOUT_S = 120.0

WARMING = ["What was announced?", "¿Dónde se celebró la reunión?"]
"""Loads the encoder, the index and language detection."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR", help="holds seed-questions.jsonl")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--servers", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = (options.eval / "seed-questions.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["question"] for line in lines]
    marked = [f"{texts[n % len(texts)]} [{n:04d}]" for n in range(options.questions)]
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(through_discord(marked, options.users, options.servers, Path(folder)))
        figures["direct"] = directly(marked, Path(folder) / "store")
    print(json.dumps(figures) if options.json else table(figures))


async def through_discord(questions: list[str], users: int, servers: int, folder: Path) -> dict[str, Any]:
    async with StandIn() as standin:
        channels = [standin.world.add_channel(standin.world.add_guild(f"Server {n}")) for n in range(servers)]
        members = [standin.world.add_user(f"user {n}") for n in range(users)]
        for n, member in enumerate(members):
            standin.world.join(standin.world.guilds[channels[n % servers]["guild_id"]], member)
        async with BotProcess(standin, folder, **UNLIMITED) as bot:
            await standin.connected()
            await turns(standin, members[0], channels[0], WARMING)
            started = time.perf_counter()
            asked = await asyncio.gather(
                *(
                    turns(standin, members[n], channels[n % servers], questions[n::users])
                    for n in range(users)
                )
            )
            elapsed_s = time.perf_counter() - started
            await bot.stop()
        return figures_of([pair for each in asked for pair in each], elapsed_s, standin.problems)


async def turns(
    standin: StandIn, member: dict[str, Any], channel: dict[str, Any], questions: list[str]
) -> list[tuple[str, Interaction]]:
    done: list[tuple[str, Interaction]] = []
    for question in questions:
        asked = await standin.slash(member, channel, "ask", question=question)
        with suppress(TimeoutError):
            await asyncio.wait_for(asked.finished.wait(), TIMEOUT_S)
        done.append((question, asked))
    return done


def figures_of(asked: list[tuple[str, Interaction]], elapsed_s: float, problems: list[str]) -> dict[str, Any]:
    acknowledged = [i.acknowledged_s for _, i in asked if i.acknowledged_s is not None]
    finished = [i.finished_s for _, i in asked if i.finished_s is not None]
    shown = [(mark_of(question), text_of(i)) for question, i in asked]
    return {
        "questions": len(asked),
        "lost": sum("[" not in text for _, text in shown),
        "crossed": sum("[" in text and mark not in text for mark, text in shown),
        "refused_requests": len(problems),
        "slowest_acknowledgement_s": max(acknowledged),
        "answer_s": percentiles(finished),
        "questions_per_s": len(asked) / elapsed_s,
    }


def mark_of(question: str) -> str:
    """The question's mark as the bot shows it: document and question text is escaped."""
    return question[-6:].replace("[", "\\[").replace("]", "\\]")


def text_of(interaction: Interaction) -> str:
    components = interaction.shown[0]["components"] if interaction.shown else []
    return "\n".join(part["content"] for part in walk(components) if part["type"] == 10)


def directly(questions: list[str], store: Path) -> dict[str, float]:
    with build_services(RetrievalSettings(store_dir=store, _env_file=None)) as services:
        for question in WARMING:
            services.answering.ask(question)
        return percentiles([timed(services.answering, question) for question in questions])


def timed(answering: Any, question: str) -> float:
    started = time.perf_counter()
    answering.ask(question)
    return time.perf_counter() - started


def percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "max": max(seconds)}


def table(figures: dict[str, Any]) -> str:
    answer, direct = figures["answer_s"], figures["direct"]
    return "\n".join(
        [
            f"{figures['questions']} questions, {figures['lost']} lost, {figures['crossed']} crossed, "
            f"{figures['refused_requests']} requests against Discord's description",
            f"slowest first acknowledgement  {figures['slowest_acknowledgement_s'] * 1000:7.0f} ms",
            f"full answer through the bot    {answer['p50'] * 1000:7.0f} ms p50  {answer['p95'] * 1000:7.0f} ms p95",
            f"service called directly        {direct['p50'] * 1000:7.0f} ms p50  {direct['p95'] * 1000:7.0f} ms p95",
            f"{figures['questions_per_s']:.1f} questions/s",
        ]
    )


if __name__ == "__main__":
    main()

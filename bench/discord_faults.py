"""Faults between question and answer, through the real client over real sockets: does the answer stay or arrive?

    python bench/discord_faults.py [--json]

The bot runs as its own process, `rapporteur run`, against the tests' stand-in for Discord, with a language model that
takes a second to choose (`model_server.py`), so that what was found is on the screen first and is written over
afterwards. Each fault is injected into the requests of one question: a thread that Discord refuses (400, 403), a typing
indicator (403, 500), the edit that puts the answer in place (404, 500), a rate limit (429), five server errors in a row,
an interaction's token that has expired, a model that never replies, and SIGTERM while the model is at work; each for a
question by /ask, by a mention, in a thread and in a direct message. (A direct message has no interaction's token: there
the edit is refused with the same code.)

`kept` counts questions whose channel shows the quoted sentence at the end, and no word of an error. After SIGTERM the
process has to end, with status 0 and no traceback, within `DISCORD_SHUTDOWN_TIMEOUT_S` and two seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.model_server import replying  # noqa: E402
from tests.standin import StandIn  # noqa: E402
from tests.standin.limits import walk  # noqa: E402
from tests.standin.process import BotProcess  # noqa: E402

QUESTION = "What did Minister Kishi announce on cybersecurity?"
QUOTE = "the MOD will conduct a novel Japan-ASEAN Cyber International Law Seminar"
CLOSER_LOOK = "a language model is having a closer look"
SHUTDOWN_S = 4.0
MODEL_S = 1.0
PATIENCE_S = 90.0

WRITES = r"/(interactions/.+/callback|webhooks/.+|channels/\d+/messages(/\d+)?)"
EDITS = r"/(webhooks/.+|channels/\d+/messages/\d+)"
THREADS, TYPING = r"/channels/\d+/messages/\d+/threads", r"/channels/\d+/typing"

FAULTS: dict[str, Callable[[StandIn], None]] = {
    "thread 400": lambda s: s.fail_once("POST", THREADS, 400, code=160004),
    "thread 403": lambda s: s.fail_once("POST", THREADS, 403, code=50013),
    "typing 403": lambda s: s.fail_once("POST", TYPING, 403, code=50013),
    "typing 500": lambda s: s.fail_once("POST", TYPING, 500, times=5),
    "edit 404": lambda s: s.fail_once("PATCH", EDITS, 404, code=10008),
    "edit 500": lambda s: s.fail_once("PATCH", EDITS, 500, times=5),
    "rate limit 429": lambda s: [s.limit_once(m, WRITES, 0.5) for m in ("POST", "PATCH")] and None,
    "5xx five times": lambda s: s.fail_once("POST", WRITES, 502, times=5),
    "token expired": lambda s: s.fail_once("PATCH", EDITS, 401, code=50027),
}


class Place:
    """A server with a member, and where they ask."""

    def __init__(self, standin: StandIn) -> None:
        self.standin, world = standin, standin.world
        self.guild = world.add_guild()
        self.channel = world.add_channel(self.guild)
        self.ann = world.add_user("ann")
        world.join(self.guild, self.ann)

    async def slash(self) -> dict[str, Any]:
        await self.standin.slash(self.ann, self.channel, "ask", question=QUESTION)
        return self.channel

    async def mention(self) -> dict[str, Any]:
        return await self._said(self.channel)

    async def thread(self) -> dict[str, Any]:
        start = self.standin.world.message(self.channel, self.ann, {"content": "Here"})
        thread = self.standin.world.add_thread(self.channel, start["id"], "Here", self.ann["id"])
        await self.standin.gateway.event("THREAD_CREATE", thread, self.guild.id)
        return await self._said(thread)

    async def dm(self) -> dict[str, Any]:
        return await self._said(self.standin.world.dm(self.ann))

    async def _said(self, channel: dict[str, Any]) -> dict[str, Any]:
        await self.standin.say(self.ann, channel, f"<@{self.standin.world.bot['id']}> {QUESTION}")
        return channel

    def shown(self, channel: dict[str, Any]) -> list[str]:
        """Return the texts of the bot's messages."""
        kept = self.standin.world.messages[channel["id"]].values()
        mine = [m for m in kept if m["author"]["id"] == self.standin.world.bot["id"]]
        return ["\n".join(p["content"] for p in walk(m["components"]) if p["type"] == 10) for m in mine]


ROUTES: dict[str, Callable[[Place], Awaitable[dict[str, Any]]]] = {
    "slash": Place.slash, "mention": Place.mention, "thread": Place.thread, "DM": Place.dm,
}  # fmt: skip


@dataclass
class Case:
    """How one question fared."""

    fault: str
    route: str
    kept: bool
    final: bool
    seconds: float
    told: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    hanging = threading.Event()

    def reply(asked: str) -> str:
        if hanging.is_set():
            time.sleep(60)
        time.sleep(MODEL_S)
        return next(line.partition(":")[0] for line in asked.splitlines() if QUOTE in line)

    with tempfile.TemporaryDirectory() as folder, replying(reply) as model:
        cases, problems, exits = asyncio.run(all_of(Path(folder), model, hanging))
    if options.json:
        print(
            json.dumps(
                {"cases": [vars(case) for case in cases], "refused_requests": problems, "exits_s": exits}
            )
        )
        return
    for case in cases:
        print(f"{case.fault:16} {case.route:8} {'kept' if case.kept else 'LOST'} {'' if case.final else 'as found'}"
              f" {case.seconds:5.1f} s {case.told}")  # fmt: skip
    print(f"\n{sum(c.kept for c in cases)} of {len(cases)} kept, {sum(c.final for c in cases)} with the last word; "
          f"slowest exit after SIGTERM {max(exits):.1f} s for {SHUTDOWN_S:g} s; {problems} requests against Discord's description")  # fmt: skip


async def all_of(folder: Path, model: str, hanging: threading.Event) -> tuple[list[Case], int, list[float]]:
    cases: list[Case] = []
    exits: list[float] = []
    settings = {
        "RETRIEVAL_LLM": "openai:fake", "RETRIEVAL_LLM_BASE_URL": model, "RETRIEVAL_LLM_API_KEY": "k",
        "RETRIEVAL_LLM_TIMEOUT_S": "30", "RETRIEVAL_LLM_SERVER_DAILY_TOKENS": "0", "DISCORD_ANSWER_THREADS": "true", "DISCORD_USER_QUESTIONS_PER_MINUTE": "0",
        "DISCORD_SERVER_QUESTIONS_PER_MINUTE": "0", "DISCORD_SHUTDOWN_TIMEOUT_S": str(SHUTDOWN_S),
    }  # fmt: skip
    problems = 0
    async with StandIn() as standin, BotProcess(standin, folder, **settings) as bot:
        await standin.connected(timeout_s=120)
        for fault, inject in FAULTS.items():
            for route in ROUTES:
                place = Place(standin)
                await standin.enter(place.guild, joining=False)
                standin.faults.clear()
                inject(standin)
                cases.append(await asked(fault, route, place))
        await bot.stop()
        problems += len(standin.problems)
    hanging.set()
    for route in ROUTES:
        async with (
            StandIn() as standin,
            BotProcess(standin, folder, **settings | {"RETRIEVAL_LLM_TIMEOUT_S": "5"}) as bot,
        ):
            await standin.connected(timeout_s=120)
            place = Place(standin)
            await standin.enter(place.guild, joining=False)
            cases.append(await asked("model hangs", route, place))
            problems += len(standin.problems)
    for route in ROUTES:
        case, seconds = await stopped(folder, settings, route)
        cases.append(case)
        exits.append(seconds)
    return cases, problems, exits


async def asked(fault: str, route: str, place: Place) -> Case:
    started = time.perf_counter()
    channel = await ROUTES[route](place)

    def is_whole() -> bool:
        return any("¶7" in text and CLOSER_LOOK not in text for text in place.shown(channel))

    with suppress(TimeoutError):
        await place.standin.until(is_whole, timeout_s=PATIENCE_S)
    seconds = time.perf_counter() - started
    await asyncio.sleep(0.3)  # for what would replace it
    return case_of(fault, route, place, channel, seconds)


def case_of(
    fault: str, route: str, place: Place, channel: dict[str, Any], seconds: float, told: str = ""
) -> Case:
    texts = place.shown(channel)
    kept = (
        any("¶7" in text for text in texts) and not any("went wrong" in text for text in texts) and not told
    )
    return Case(fault, route, kept, any("¶7" in t and CLOSER_LOOK not in t for t in texts), seconds, told)


async def stopped(folder: Path, settings: dict[str, str], route: str) -> tuple[Case, float]:
    async with StandIn() as standin, BotProcess(standin, folder, **settings) as bot:
        await standin.connected(timeout_s=120)
        place = Place(standin)
        await standin.enter(place.guild, joining=False)
        begun = len(bot.logged())
        channel = await ROUTES[route](place)
        await standin.until(lambda: any("¶7" in text for text in place.shown(channel)))
        started = time.perf_counter()
        status = await bot.stop(timeout_s=60)
        seconds = time.perf_counter() - started
        logged = bot.logged()[begun:]
    wrong = [f"status {status}"] if status else []
    wrong += ["a traceback"] if "Traceback" in logged else []
    wrong += [f"{seconds:.1f} s"] if seconds > SHUTDOWN_S + 2 else []
    return case_of("SIGTERM", route, place, channel, seconds, ", ".join(wrong)), seconds


if __name__ == "__main__":
    main()

"""An ask channel with people in it: are questions to the readouts answered, and people left alone?

    python bench/chatter.py [--held] [--json]

The bot runs as its own process, `rapporteur run`, over the shipped readout, in a channel where it answers without being
mentioned, against the tests' stand-in for Discord. Every line of `chatter_lines.py` is written there by a member of its
own, fifteen at a time. `answered` is the share of questions that the bot replied to, honestly not knowing included; `left
alone` the share of the other lines that it did not reply to. `--held` adds the third of the lines that the rules were
not fitted to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.chatter_lines import HELD_CHATTER, HELD_QUESTIONS, KNOWN_CHATTER, KNOWN_QUESTIONS  # noqa: E402
from tests.standin import StandIn  # noqa: E402
from tests.standin.gateway import MESSAGE_CONTENT  # noqa: E402
from tests.standin.process import BotProcess  # noqa: E402

AT_ONCE = 15
QUIET_S = 6.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sets = {"known": (KNOWN_QUESTIONS, KNOWN_CHATTER)}
    if options.held:
        sets["held"] = (HELD_QUESTIONS, HELD_CHATTER)
    lines = [line for pair in sets.values() for part in pair for line in part]
    with tempfile.TemporaryDirectory() as folder:
        replied, problems = asyncio.run(through_discord(lines, Path(folder)))
    figures: dict[str, Any] = {"refused_requests": problems}
    for name, (questions, chatter) in sets.items():
        missed = [line for line in questions if line not in replied]
        disturbed = [line for line in chatter if line in replied]
        figures[name] = {
            "answered": 1 - len(missed) / len(questions), "left_alone": 1 - len(disturbed) / len(chatter),
            "missed": missed, "disturbed": disturbed,
        }  # fmt: skip
    if options.json:
        print(json.dumps(figures))
        return
    for name in sets:
        found = figures[name]
        print(f"{name:6} answered {found['answered']:.2f}  left alone {found['left_alone']:.2f}")
        print(*(f"  missed: {line}" for line in found["missed"]), *(f"  disturbed: {line}" for line in found["disturbed"]), sep="\n")  # fmt: skip
    print(f"{problems} requests against Discord's description")


async def through_discord(lines: list[str], folder: Path) -> tuple[set[str], int]:
    """Return the lines that were replied to, and how many requests Discord would not have taken."""
    async with StandIn(approved_intents=MESSAGE_CONTENT) as standin:
        world = standin.world
        guild = world.add_guild()
        channel = world.add_channel(guild, "ask-the-readouts")
        settings = {
            "DISCORD_ASK_CHANNELS": channel["id"], "DISCORD_MESSAGE_CONTENT": "true",
            "DISCORD_SERVER_QUESTIONS_PER_MINUTE": "0",
        }  # fmt: skip
        async with BotProcess(standin, folder, **settings) as bot:
            await standin.connected(timeout_s=120)
            said: dict[str, str] = {}
            for number, line in enumerate(lines):
                member = world.add_user(f"member {number}")
                world.join(guild, member)
                said[(await standin.say(member, channel, line))["id"]] = line
                if number % AT_ONCE == AT_ONCE - 1:
                    await quiet(standin)
            await quiet(standin)
            await bot.stop(timeout_s=120)
        replies = [m for m in world.messages[channel["id"]].values() if m["author"]["id"] == world.bot["id"]]
        return {said[m["message_reference"]["message_id"]] for m in replies}, len(standin.problems)


async def quiet(standin: StandIn) -> None:
    """Wait until the bot has asked nothing of Discord for a while."""
    seen = -1
    while seen != len(standin.requests):
        seen = len(standin.requests)
        await asyncio.sleep(QUIET_S)


if __name__ == "__main__":
    main()

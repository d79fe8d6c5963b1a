"""Whatever Discord refuses between question and answer, the answer stays or arrives: the real client, over sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.discord.client import Rapporteur
from tests.fakes import FakeServices
from tests.integration.conftest import Scene, client_in_process, text_of
from tests.standin.process import BotProcess

SHUTDOWN_S = 1.5
CLOSER_LOOK = "a language model is having a closer look"

WRITES = r"/(interactions/.+/callback|webhooks/.+|channels/\d+/messages(/\d+)?)"
EDITS = r"/(webhooks/.+|channels/\d+/messages/\d+)"
THREADS = r"/channels/\d+/messages/\d+/threads"
TYPING = r"/channels/\d+/typing"


@pytest.fixture
def services() -> FakeServices:
    """Services whose language model chooses once the gate is open; what was found is told before."""
    made = FakeServices()
    made.found = made.ask("What about cyber?")
    made.gate = threading.Event()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    scene: Scene, services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rapporteur]:
    monkeypatch.setattr("bot.discord.screen._AGAIN_AFTER_S", 0.05)
    async with client_in_process(
        scene, services, tmp_path, monkeypatch, answer_threads=True, shutdown_timeout_s=SHUTDOWN_S
    ) as running:
        yield running


Asked = Callable[[Scene], Awaitable[dict[str, Any]]]


async def by_slash(scene: Scene) -> dict[str, Any]:
    await scene.standin.slash(scene.ann, scene.channel, "ask", question="What about cyber?")
    return scene.channel


async def by_mention(scene: Scene) -> dict[str, Any]:
    await scene.standin.say(scene.ann, scene.channel, f"<@{scene.bot_id}> What about cyber?")
    return scene.channel


async def in_a_thread(scene: Scene) -> dict[str, Any]:
    world = scene.standin.world
    start = world.message(scene.channel, scene.ann, {"content": "Here"})
    thread = world.add_thread(scene.channel, start["id"], "Here", scene.ann["id"])
    await scene.standin.gateway.event("THREAD_CREATE", thread, scene.guild.id)
    await scene.standin.say(scene.ann, thread, f"<@{scene.bot_id}> What about cyber?")
    return thread


async def in_a_dm(scene: Scene) -> dict[str, Any]:
    dm = scene.standin.world.dm(scene.ann)
    await scene.standin.say(scene.ann, dm, "What about cyber?")
    return dm


each_way = pytest.mark.parametrize(
    "asked", [by_slash, by_mention, in_a_thread, in_a_dm], ids=["slash", "mention", "thread", "DM"]
)


def shown(scene: Scene, channel: dict[str, Any]) -> list[str]:
    return [text_of(message) for message in scene.bot_messages(channel)]


def is_whole(text: str) -> bool:
    return "¶7" in text and CLOSER_LOOK not in text


async def until_shown(scene: Scene, channel: dict[str, Any], wanted: Callable[[str], bool]) -> list[str]:
    await scene.standin.until(lambda: any(wanted(text) for text in shown(scene, channel)))
    return shown(scene, channel)


@each_way
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", THREADS, 400, 160004),
        ("POST", THREADS, 403, 50013),
        ("POST", TYPING, 403, 50013),
        ("POST", TYPING, 503, 0),
        ("PATCH", EDITS, 404, 10008),
        ("PATCH", EDITS, 503, 0),
        ("PATCH", EDITS, 401, 50027),
        ("POST", WRITES, 503, 0),
        ("POST", WRITES, 404, 10062),
    ],
    ids=["thread 400", "thread 403", "typing 403", "typing 503", "edit 404", "edit 503", "token expired", "first 503",
         "interaction gone"],
)  # fmt: skip
async def test_the_answer_arrives(
    scene: Scene,
    client: Rapporteur,
    services: FakeServices,
    asked: Asked,
    method: str,
    path: str,
    status: int,
    code: int,
) -> None:
    assert services.gate is not None
    scene.standin.fail_once(method, path, status, code=code)
    channel = await asked(scene)
    if method == "POST" and path == WRITES:
        services.gate.set()
    else:
        await until_shown(scene, channel, lambda text: "¶7" in text)
        services.gate.set()

    assert not any("went wrong" in text for text in await until_shown(scene, channel, is_whole))


@each_way
async def test_a_shutdown_leaves_what_was_found_as_the_answer(
    scene: Scene, client: Rapporteur, services: FakeServices, asked: Asked
) -> None:
    """The language model never comes to a choice."""
    channel = await asked(scene)
    await until_shown(scene, channel, lambda text: "¶7" in text)
    async with asyncio.timeout(SHUTDOWN_S + 2):
        await client.close()

    (told,) = shown(scene, channel)
    assert is_whole(told)
    assert "The language model gave no answer" in told


async def test_a_bot_that_cannot_reach_discord_says_so_and_tries_again(scene: Scene, folder: Path) -> None:
    scene.standin.fail_once("GET", "/users/@me", 503)
    async with BotProcess(scene.standin, folder) as bot:
        await scene.standin.connected()
        assert await bot.stop() == 0

    assert "Discord cannot be reached, again in" in bot.logged()
    assert "Traceback" not in bot.logged()

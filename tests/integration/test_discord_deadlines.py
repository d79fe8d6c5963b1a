"""Deadlines and shutdown over real sockets, with services that are slow on purpose."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import pytest_asyncio

from bot.discord.client import Rapporteur
from bot.discord.discord_settings import DiscordSettings
from bot.discord.running import examine_discord
from retrieval.errors import RapporteurError
from tests.fakes import FakeServices
from tests.integration.conftest import Scene, answered, client_in_process, text_of
from tests.standin.interactions import DEFER
from tests.standin.server import TOKEN
from tests.standin.world import FORUM, new_id


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(gate=threading.Event())


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    scene: Scene, services: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rapporteur]:
    async with client_in_process(scene, services, tmp_path, monkeypatch, concurrent_questions=1) as running:
        yield running


async def acknowledged(scene: Scene, number: int = 1) -> None:
    """Wait until the bot has acknowledged so many interactions."""
    await scene.standin.until(
        lambda: sum(r.path.endswith("/callback") for r in scene.standin.requests) >= number
    )


async def test_a_slow_answer_is_acknowledged_first_and_written_into_the_same_message(
    scene: Scene, client: Rapporteur, services: FakeServices
) -> None:
    asked = await scene.standin.slash(scene.ann, scene.channel, "ask", question="Cyber?")
    await acknowledged(scene)
    assert asked.callback == DEFER
    assert services.gate is not None
    services.gate.set()
    await answered(asked)

    assert len(asked.shown) == 1
    assert "¶7" in text_of(asked.shown[0])


async def test_a_slow_question_blocks_neither_lists_nor_clicks(scene: Scene, client: Rapporteur) -> None:
    slow = await scene.standin.slash(scene.ann, scene.channel, "ask", question="Cyber?")
    await acknowledged(scene)

    assert "ASEAN-Japan" in text_of((await scene.run("documents")).shown[0])
    assert not slow.finished.is_set()


async def test_closing_waits_for_answers_in_flight_and_takes_no_more(
    scene: Scene, client: Rapporteur, services: FakeServices
) -> None:
    slow = await scene.standin.slash(scene.ann, scene.channel, "ask", question="Cyber?")
    await acknowledged(scene)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    late = await scene.run("ask", question="Late?")
    assert services.gate is not None
    services.gate.set()
    await closing

    assert text_of(late.shown[0]).startswith("I’m restarting.")
    assert "¶7" in text_of(slow.shown[0])


async def test_a_post_in_a_forum_is_read_with_its_title(
    scene: Scene, client: Rapporteur, services: FakeServices
) -> None:
    assert services.gate is not None
    services.gate.set()
    world, gateway = scene.standin.world, scene.standin.gateway
    forum = world.add_channel(scene.guild, "questions", FORUM)
    await scene.standin.enter(scene.guild, joining=False)
    post = world.add_thread(forum, new_id(), "Cyber seminar", scene.ann["id"])
    await gateway.event("THREAD_CREATE", post, scene.guild.id)
    opening = world.message(
        post, scene.ann, {"content": f"<@{scene.bot_id}> when is it held?"}, id=post["id"]
    )
    await gateway.message("MESSAGE_CREATE", opening, post)
    await scene.next_answer(post)
    await scene.standin.say(scene.ann, post, f"<@{scene.bot_id}> and where?")
    await scene.next_answer(post, number=2)

    assert [question for question, *_ in services.asked] == ["Cyber seminar: when is it held?", "and where?"]


async def test_the_doctor_prints_the_invite_link_and_what_the_intent_changes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", scene.standin.url)
    settings = DiscordSettings(_env_file=None, token=TOKEN)  # type: ignore[call-arg, arg-type]
    found = await asyncio.to_thread(examine_discord, settings)

    assert any("message-content intent off" in line for line in found)
    assert any(f"client_id={scene.bot_id}" in line for line in found)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"token": "wrong"}, "refused the token"), ({"message_content": True}, "Message Content Intent")],
    ids=["wrong token", "intent not enabled"],
)
async def test_the_doctor_says_what_would_keep_the_bot_from_running(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], told: str
) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", scene.standin.url)
    chosen = DiscordSettings(_env_file=None, **{"token": TOKEN, **settings})  # type: ignore[arg-type]

    with pytest.raises(RapporteurError, match=told):
        await asyncio.to_thread(examine_discord, chosen)

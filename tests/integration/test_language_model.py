"""A language model that selects, over sockets: the real client, LangChain's, and a server that can be slow or broken."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.integration.conftest import QUESTION, Scene, control, text_of
from tests.standin.process import BotProcess

pytestmark = pytest.mark.slow  # a process for each

QUOTE = "the MOD will conduct a novel Japan-ASEAN Cyber International Law Seminar"
CHOSEN = "The sentences were chosen by a language model (openai:fake)"
FOUND = "Found this; a language model is having a closer look"
KEY = "sk-a-key-that-must-not-show"


def plain_text_of(message: dict[str, Any]) -> str:
    return re.sub(r"[*\\\\]", "", text_of(message))


class ModelServer:
    """An OpenAI-compatible server that answers once it may.

    Attributes:
        may_answer: Replies wait for it.
        status: What it answers with.
    """

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.status = 200
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        await self.may_answer.wait()
        if self.status != 200:
            return web.json_response({"error": {"message": f"bad key {KEY}"}}, status=self.status)
        lines = body["messages"][-1]["content"].splitlines()
        key = next(line.partition(":")[0] for line in lines if QUOTE in line)
        message = {"role": "assistant", "content": f"{key}. The minister announced a submarine."}
        return web.json_response(
            {
                "id": "1", "object": "chat.completion", "created": 0, "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940},
            }
        )  # fmt: skip

    def settings(self, **more: str) -> dict[str, str]:
        return {
            "RETRIEVAL_LLM": "openai:fake",
            "RETRIEVAL_LLM_BASE_URL": self.url,
            "RETRIEVAL_LLM_API_KEY": KEY,
            **more,
        }


@pytest_asyncio.fixture(loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield server
    server.may_answer.set()  # or the end waits for who still waits
    await runner.cleanup()


async def test_what_was_found_is_shown_first_and_the_models_choice_takes_its_place(
    scene: Scene, folder: Path, model: ModelServer
) -> None:
    model.may_answer.clear()
    async with BotProcess(scene.standin, folder, **model.settings()) as bot:
        await scene.standin.connected()
        asked = await scene.ask()
        (message,) = asked.shown
        first, buttons = text_of(message), json.dumps(message["components"])
        model.may_answer.set()
        await scene.standin.until(lambda: CHOSEN in plain_text_of(asked.shown[0]))
        opened = await scene.click(asked.shown[0], "open")
        await bot.stop()

    assert FOUND in first
    assert "¶7" in first
    assert "custom_id" not in buttons
    assert [m["id"] for m in asked.shown] == [message["id"]]
    assert FOUND not in text_of(asked.shown[0])
    assert CHOSEN in text_of(asked.shown[0])
    assert "submarine" not in text_of(asked.shown[0])
    assert control(asked.shown[0], "good")
    assert QUOTE in plain_text_of(opened.shown[0])
    assert KEY not in bot.logged()


async def test_a_mention_is_answered_in_two_steps_too(scene: Scene, folder: Path, model: ModelServer) -> None:
    model.may_answer.clear()
    async with BotProcess(scene.standin, folder, **model.settings()) as bot:
        await scene.standin.connected()
        await scene.standin.say(scene.ann, scene.channel, f"<@{scene.bot_id}> {QUESTION}")
        first = text_of(await scene.next_answer())
        model.may_answer.set()
        await scene.standin.until(lambda: CHOSEN in plain_text_of(scene.bot_messages()[0]))
        await bot.stop()

    assert FOUND in first
    assert len(scene.bot_messages()) == 1


async def _told(scene: Scene, bot: BotProcess, words: str) -> str:
    """Ask, and return the answer once `words` stand in it."""
    await scene.standin.connected()
    asked = await scene.ask()
    await scene.standin.until(lambda: words in text_of(asked.shown[0]))
    await bot.stop()
    return text_of(asked.shown[0])


@pytest.mark.parametrize("status", [401, 500])
async def test_a_broken_model_loses_nobodys_answer_and_its_key_shows_nowhere(
    scene: Scene, folder: Path, model: ModelServer, status: int
) -> None:
    model.status = status
    settings = model.settings(RETRIEVAL_LLM_ATTEMPTS="1")
    async with BotProcess(scene.standin, folder, **settings) as bot:
        told = await _told(scene, bot, "in the readouts’ own words")

    assert "¶7" in told
    assert "The language model gave no answer; these sentences were chosen without it." in told
    assert KEY not in told + bot.logged()


async def test_a_model_that_breaks_off_in_the_middle_loses_nobodys_answer(
    scene: Scene, folder: Path, model: ModelServer
) -> None:
    model.may_answer.clear()
    settings = model.settings(RETRIEVAL_LLM_TIMEOUT_S="0.5")
    async with BotProcess(scene.standin, folder, **settings) as bot:
        told = await _told(scene, bot, "gave no answer")

    assert "¶7" in told
    model.may_answer.set()


async def test_a_model_that_hangs_does_not_hold_up_the_end(
    scene: Scene, folder: Path, model: ModelServer
) -> None:
    """The process ends while the model's turn lasts, with what was found as the answer."""
    model.may_answer.clear()
    settings = model.settings(RETRIEVAL_LLM_TIMEOUT_S="120", DISCORD_SHUTDOWN_TIMEOUT_S="2")
    async with BotProcess(scene.standin, folder, **settings) as bot:
        await scene.standin.connected()
        asked = await scene.ask()
        assert FOUND in text_of(asked.shown[0])
        status = await bot.stop()

    assert status == 0
    assert FOUND not in text_of(asked.shown[0])
    assert QUOTE in plain_text_of(asked.shown[0])
    assert "Traceback" not in bot.logged()

"""The bot as its own process, against a Discord over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.standin import StandIn
from tests.standin.interactions import Interaction
from tests.standin.limits import walk
from tests.standin.process import BotProcess

QUESTION = "What did Minister Kishi announce on cybersecurity?"


class Scene:
    """A server with a channel and a member, and the stand-in around them."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.guild = standin.world.add_guild()
        self.channel = standin.world.add_channel(self.guild)
        self.ann = self.member("ann")

    def member(self, name: str) -> dict[str, Any]:
        made = self.standin.world.add_user(name)
        self.standin.world.join(self.guild, made)
        return made

    async def ask(self, question: str = QUESTION) -> Interaction:
        return await answered(await self.standin.slash(self.ann, self.channel, "ask", question=question))

    def bot_messages(self, channel: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        bot = self.standin.world.bot["id"]
        kept = self.standin.world.messages[(channel or self.channel)["id"]].values()
        return [message for message in kept if message["author"]["id"] == bot]


async def answered(interaction: Interaction, timeout_s: float = 20.0) -> Interaction:
    await asyncio.wait_for(interaction.finished.wait(), timeout_s)
    return interaction


def text_of(message: dict[str, Any]) -> str:
    return "\n".join(part["content"] for part in walk(message["components"]) if part["type"] == 10)


def control(message: dict[str, Any], action: str) -> str:
    return next(
        c["custom_id"] for c in walk(message["components"]) if c.get("custom_id", "").startswith(action)
    )


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with StandIn() as standin:
        yield Scene(standin)
        assert standin.problems == []
        for request in standin.requests:
            if isinstance(request.body, dict):
                sent = request.body.get("data") or request.body
                if isinstance(sent, dict) and "components" in sent:
                    assert sent["allowed_mentions"]["parse"] == []


async def test_a_question_is_answered_with_paragraphs_that_open(scene: Scene, tmp_path: Path) -> None:
    async with BotProcess(scene.standin, tmp_path) as bot:
        await scene.standin.connected()
        asked = await scene.ask()

        assert "¶7" in text_of(asked.shown[0])
        opened = await answered(
            await scene.standin.use(scene.ann, scene.channel, asked.shown[0], control(asked.shown[0], "open"))
        )
        assert opened.shown[0]["flags"] & 64
        assert "**" in text_of(opened.shown[0])
        assert await bot.stop() == 0

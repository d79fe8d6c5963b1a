"""A server, a member and a bot process: what the tests over sockets share.

A process takes seconds to start, so tests that need no settings of their own share one, each with a server and people
of its own (`served`). Those that stop, kill or configure a bot have a Discord to themselves (`scene`).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio
import yarl

from bot.discord.answer_store import AnswerStore
from bot.discord.client import Rapporteur, build_client
from bot.discord.cogs.base_cog import BotServices
from bot.discord.comparison_service import ComparisonService
from bot.discord.discord_settings import DiscordSettings
from bot.discord.question_service import QuestionService
from bot.locales import load
from retrieval.bootstrap import build_services
from retrieval.settings import RetrievalSettings
from tests.fakes import FakeServices, FileDatabase
from tests.standin import StandIn
from tests.standin.interactions import MODAL, Interaction
from tests.standin.limits import walk
from tests.standin.process import BotProcess
from tests.standin.server import TOKEN, Request

SIGN_OF_LIFE = "Looking it up…"
QUESTION = "What did Minister Kishi announce on cybersecurity?"


class Scene:
    """A server with a channel and a member, and the stand-in around them."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.guild = standin.world.add_guild()
        self.channel = standin.world.add_channel(self.guild)
        self.ann = self.member("ann")
        self.bot_id: str = standin.world.bot["id"]

    def member(self, name: str) -> dict[str, Any]:
        made = self.standin.world.add_user(name)
        self.standin.world.join(self.guild, made)
        return made

    async def ask(self, question: str = QUESTION) -> Interaction:
        return await answered(await self.standin.slash(self.ann, self.channel, "ask", question=question))

    async def click(self, message: dict[str, Any], action: str) -> Interaction:
        custom_id = control(message, action)
        return await answered(await self.standin.use(self.ann, self.channel, message, custom_id))

    async def run(self, name: str, **options: str) -> Interaction:
        return await answered(await self.standin.slash(self.ann, self.channel, name, **options))

    async def next_answer(self, channel: dict[str, Any] | None = None, number: int = 1) -> dict[str, Any]:
        """Wait for the bot's message of that number in a channel, and until it is more than a sign of life."""

        def there() -> bool:
            messages = self.bot_messages(channel)
            return len(messages) >= number and text_of(messages[number - 1]) != SIGN_OF_LIFE

        await self.standin.until(there)
        return self.bot_messages(channel)[number - 1]

    def bot_messages(self, channel: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        kept = self.standin.world.messages[(channel or self.channel)["id"]].values()
        return [message for message in kept if message["author"]["id"] == self.bot_id]


async def answered(interaction: Interaction, timeout_s: float = 20.0) -> Interaction:
    await asyncio.wait_for(interaction.finished.wait(), timeout_s)
    return interaction


def text_of(message: dict[str, Any]) -> str:
    return "\n".join(part["content"] for part in walk(message["components"]) if part["type"] == 10)


def control(message: dict[str, Any], action: str) -> str:
    return next(
        c["custom_id"] for c in walk(message["components"]) if c.get("custom_id", "").startswith(action)
    )


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all of these on one event loop: the process that they share is served from it."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    approved = getattr(request, "param", 0)
    async with StandIn(approved_intents=approved) as standin:
        yield Scene(standin)
        check(standin.problems, standin.requests)


def check(problems: Sequence[str], requests: Sequence[Request]) -> None:
    """Whatever a test was about: the bot kept to the protocol, and pinged nobody."""
    assert problems == []
    for sent_request in requests:
        if isinstance(sent_request.body, dict):
            sent = sent_request.body.get("data") or sent_request.body
            if isinstance(sent, dict) and "components" in sent and sent_request.body.get("type") != MODAL:
                assert sent["allowed_mentions"]["parse"] == []


@dataclass(frozen=True)
class Running:
    """The process that tests share, its Discord, and the folder with its store."""

    standin: StandIn
    bot: BotProcess
    folder: Path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory, ingested: Path) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    shutil.copytree(ingested, folder / "store")
    async with StandIn() as standin, BotProcess(standin, folder) as bot:
        await standin.connected()
        yield Running(standin, bot, folder)


@pytest_asyncio.fixture(loop_scope="session")
async def served(running: Running) -> AsyncIterator[Scene]:
    """A server of the test's own that the shared bot has been in for long."""
    begun = len(running.standin.requests)
    made = Scene(running.standin)
    await running.standin.enter(made.guild, joining=False)
    yield made
    check(running.standin.problems, running.standin.requests[begun:])


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the shipped readouts in it: made once, copied for each bot."""
    folder = tmp_path_factory.mktemp("ingested")
    with build_services(RetrievalSettings(store_dir=folder, _env_file=None)) as services:  # type: ignore[call-arg]
        services.ensure_corpus()
    return folder


@pytest.fixture
def folder(tmp_path: Path, ingested: Path) -> Path:
    """Where a bot runs, its store included."""
    shutil.copytree(ingested, tmp_path / "store")
    return tmp_path


@asynccontextmanager
async def client_in_process(
    scene: Scene, services: FakeServices, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> AsyncIterator[Rapporteur]:
    """The real client in this process, over services that wait at a gate; all of it is over afterwards."""
    monkeypatch.setattr(discord.http.Route, "BASE", scene.standin.url)
    gateway = yarl.URL(scene.standin.gateway.url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
    made = DiscordSettings(_env_file=None, token=TOKEN, **settings)  # type: ignore[call-arg, arg-type]
    questions = QuestionService(made, services, AnswerStore(FileDatabase(folder / "ledger.db")))
    client = build_client(
        BotServices(questions, ComparisonService(questions, services), load(), made), guild_ready_timeout=0.1
    )
    running = asyncio.create_task(client.start(TOKEN))
    await scene.standin.connected()
    yield client
    assert services.gate is not None
    services.gate.set()
    if not client.is_closed():
        await client.wait_until_ready()  # what discord.py has begun for that outlives closing
    await client.close()
    await running

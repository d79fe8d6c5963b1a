"""The real client against a simulated Discord, with fakes for the services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.discord.answer_store import AnswerStore
from bot.discord.client import Rapporteur, build_client
from bot.discord.cogs.base_cog import BotServices
from bot.discord.comparison_service import ComparisonService
from bot.discord.discord_settings import DiscordSettings
from bot.discord.question_service import QuestionService
from bot.locales import load
from tests.fakes import FakeServices, FileDatabase

BuildBot = Callable[..., "Rapporteur"]


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def build_bot(services: FakeServices, tmp_path: Path) -> BuildBot:
    def build(**settings: Any) -> Rapporteur:
        chosen = DiscordSettings(_env_file=None, **{"token": "t", "user_questions_per_minute": 0, **settings})  # type: ignore[call-arg]
        answers = AnswerStore(FileDatabase(tmp_path / "ledger.db"))
        questions = QuestionService(chosen, services, answers)
        comparing = ComparisonService(questions, services)
        return build_client(BotServices(questions, comparing, load(), chosen))

    return build


@pytest.fixture
def bot_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("bot_settings")
    return dict(marker.kwargs) if marker else {}


@pytest.fixture
def simcord_bot(build_bot: BuildBot, bot_settings: dict[str, Any]) -> Rapporteur:
    return build_bot(**bot_settings)

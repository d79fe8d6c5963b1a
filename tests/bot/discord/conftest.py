"""The real client against a simulated Discord, with fakes for the services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.discord.client import Rapporteur, ShardedRapporteur, build_client
from bot.discord.cogs.base import Equipment
from bot.discord.questions import Desk
from bot.discord.records import Records
from bot.locales import load
from bot.settings import DiscordSettings
from tests.fakes import FakeServices, FileDatabase

BuildBot = Callable[..., "Rapporteur | ShardedRapporteur"]


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def build_bot(services: FakeServices, tmp_path: Path) -> BuildBot:
    def build(**settings: Any) -> Rapporteur | ShardedRapporteur:
        chosen = DiscordSettings(_env_file=None, **{"token": "t", "user_questions_per_minute": 0, **settings})  # type: ignore[call-arg]
        records = Records(FileDatabase(tmp_path / "ledger.db"))
        desk = Desk(chosen, services, services, records, checking=services)
        return build_client(Equipment(desk, load(), chosen))

    return build


@pytest.fixture
def bot_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("bot_settings")
    return dict(marker.kwargs) if marker else {}


@pytest.fixture
def simcord_bot(build_bot: BuildBot, bot_settings: dict[str, Any]) -> Rapporteur | ShardedRapporteur:
    return build_bot(**bot_settings)

"""`.env.example` lists every setting, and copying it changes nothing."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from retrieval.settings import RetrievalSettings

EXAMPLE = Path(__file__).parent.parent / ".env.example"
_LINE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def _settings_classes() -> list[type[BaseSettings]]:
    found: list[type[BaseSettings]] = [RetrievalSettings]
    if importlib.util.find_spec("bot.settings"):
        from bot.settings import DiscordSettings

        found.append(DiscordSettings)
    return found


def _variables(settings: type[BaseSettings]) -> list[str]:
    prefix = settings.model_config["env_prefix"]
    return [f"{prefix}{name}".upper() for name in settings.model_fields]


def test_example_lists_every_setting_once_and_no_other() -> None:
    listed = _LINE.findall(EXAMPLE.read_text(encoding="utf-8"))

    assert sorted(listed) == sorted(name for each in _settings_classes() for name in _variables(each))


def test_copying_the_example_changes_no_retrieval_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RetrievalSettings()

    shutil.copy(EXAMPLE, ".env")

    assert RetrievalSettings() == before


def test_a_setting_left_empty_is_its_default() -> None:
    before = RetrievalSettings()

    Path(".env").write_text("RETRIEVAL_CORPUS_DIR=\nRETRIEVAL_STORE_DIR=\n", encoding="utf-8")

    assert RetrievalSettings() == before


def test_dotenv_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("RETRIEVAL_CORPUS_DIR=/a\nRETRIEVAL_STORE_DIR=/b\n", encoding="utf-8")
    monkeypatch.setenv("RETRIEVAL_STORE_DIR", "/c")

    found = RetrievalSettings()

    assert (found.corpus_dir, found.store_dir) == (Path("/a"), Path("/c"))


def test_example_gives_every_discord_setting_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pytest.importorskip("bot.settings").DiscordSettings
    monkeypatch.setenv("DISCORD_TOKEN", "a token")
    before = settings()

    text = EXAMPLE.read_text(encoding="utf-8")
    Path(".env").write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE), encoding="utf-8")

    assert settings() == before

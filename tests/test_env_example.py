"""`.env.example` lists every setting, and copying it changes nothing."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from pydantic import AliasChoices, SecretStr
from pydantic_settings import BaseSettings

from retrieval.bootstrap import ledger_address
from retrieval.settings import RetrievalSettings

EXAMPLE = Path(__file__).parent.parent / ".env.example"
_LINE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def _settings_classes() -> list[type[BaseSettings]]:
    found: list[type[BaseSettings]] = [RetrievalSettings]
    if importlib.util.find_spec("bot.discord.discord_settings"):
        from bot.discord.discord_settings import DiscordSettings

        found.append(DiscordSettings)
    if importlib.util.find_spec("bot.web.http_access"):
        from bot.web.http_access import WebSettings

        found.append(WebSettings)
    return found


def _variables(settings: type[BaseSettings]) -> list[str]:
    """Return the names that settings are read from; of several names of one, the shortest."""
    prefix = settings.model_config["env_prefix"]
    return [
        min(map(str, alias.choices), key=len).upper()
        if isinstance(alias := field.validation_alias, AliasChoices)
        else f"{prefix}{name}".upper()
        for name, field in settings.model_fields.items()
    ]


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


@pytest.mark.parametrize("name", ["LEDGER_URL", "RETRIEVAL_LEDGER_URL"])
def test_a_shared_ledger_has_a_short_name_too_in_dotenv_and_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    Path(".env").write_text(f"{name}=postgresql://me:secret@host/one\n", encoding="utf-8")
    from_dotenv = RetrievalSettings()
    monkeypatch.setenv(name, "postgresql://me:secret@host/two")
    from_environment = RetrievalSettings()

    found = [each.ledger_url for each in (from_dotenv, from_environment) if each.ledger_url]
    assert [url.get_secret_value()[-3:] for url in found] == ["one", "two"]
    assert "secret" not in repr(from_environment)


def test_without_a_shared_ledger_it_is_a_file_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = RetrievalSettings(store_dir=Path("/s"))
    shared = RetrievalSettings(ledger_url=SecretStr("postgresql://host/db"))
    monkeypatch.setenv("LEDGER_URL", "")

    assert ledger_address(settings) == Path("/s/ledger.sqlite3")
    assert ledger_address(shared) == "postgresql://host/db"
    assert RetrievalSettings().ledger_url is None


def test_example_gives_every_discord_setting_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pytest.importorskip("bot.discord.discord_settings").DiscordSettings
    monkeypatch.setenv("DISCORD_TOKEN", "a token")
    before = settings()

    text = EXAMPLE.read_text(encoding="utf-8")
    Path(".env").write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE), encoding="utf-8")

    assert settings() == before

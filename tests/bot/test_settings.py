"""The Discord settings: wrong ones are named, the token never is."""

from __future__ import annotations

import pytest

from bot.settings import load_settings
from retrieval.errors import SettingsError


def test_a_token_may_come_with_its_scheme_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", " Bot abc.def ")

    settings = load_settings()

    assert settings.token.get_secret_value() == "abc.def"
    assert "abc.def" not in repr(settings)


def test_channels_are_ids_between_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "t")
    monkeypatch.setenv("DISCORD_ASK_CHANNELS", "1, 2 3")

    assert load_settings().ask_channels == (1, 2, 3)


def test_a_setting_that_cannot_be_used_is_named_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    monkeypatch.setenv("DISCORD_SHARDS", "many")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert "DISCORD_SHARDS" in str(caught.value)
    assert "very-secret" not in str(caught.value)


def test_a_missing_token_says_where_to_get_one() -> None:
    with pytest.raises(SettingsError, match="DISCORD_TOKEN is not set"):
        load_settings()

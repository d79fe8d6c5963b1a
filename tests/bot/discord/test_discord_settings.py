"""The Discord settings: wrong ones are named, the token never is."""

from __future__ import annotations

import pytest

from bot.discord.discord_settings import load_settings
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


def test_a_host_makes_some_of_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "t")
    monkeypatch.setenv("DISCORD_SHARDS", "4")
    monkeypatch.setenv("DISCORD_SHARD_IDS", "2, 0,2")

    assert load_settings().shard_ids == (0, 2)


@pytest.mark.parametrize(
    ("count", "ids", "told"),
    [
        ("4", "1, 4", "DISCORD_SHARD_IDS: 4 is none of the 4 of DISCORD_SHARDS, which are 0 to 3"),
        ("4", "-1", "DISCORD_SHARD_IDS: -1 is none of the 4 of DISCORD_SHARDS, which are 0 to 3"),
        (None, "1", "DISCORD_SHARD_IDS: say with DISCORD_SHARDS how many there are, on all hosts together"),
        ("0", "1", "DISCORD_SHARD_IDS: say with DISCORD_SHARDS how many there are, on all hosts together"),
        ("4", "all", "DISCORD_SHARD_IDS.*valid integer"),
        ("many", "1", "^DISCORD_SHARDS: (?!.*DISCORD_)"),
    ],
    ids=["too high", "too low", "count not given", "count left to Discord", "no number", "no count"],
)
def test_connections_that_cannot_be_are_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, count: str | None, ids: str, told: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "t")
    monkeypatch.setenv("DISCORD_SHARD_IDS", ids)
    if count is not None:
        monkeypatch.setenv("DISCORD_SHARDS", count)

    with pytest.raises(SettingsError, match=told):
        load_settings()

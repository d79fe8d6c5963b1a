"""/settings: who may, what is shown, and what it changes at once, here and nowhere else."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from bot.discord.discord_settings import DiscordSettings
from bot.discord.server_settings import NAMES, ServerSettings, ServerSettingsStore, defaults
from retrieval.errors import StoreError
from tests.bot.discord.cogs.test_asking import raw, text_of, walk


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def admin(simcord_env: simcord.Env, channel: Any) -> Any:
    role = simcord_env.guild.create_role("keepers", permissions=discord.Permissions(manage_guild=True))
    return simcord_env.guild.add_member(simcord_env.create_user("admin"), roles=[role])


@pytest.fixture
def servers(simcord_env: simcord.Env) -> ServerSettingsStore:
    found: ServerSettingsStore = simcord_env.bot.bot_services.questions.servers
    return found


def selects(message: Any) -> dict[str, dict[str, Any]]:
    return {c["custom_id"]: c for c in walk(raw(message)) if c["type"] in (3, 8)}


async def test_the_panel_shows_every_setting_its_value_and_where_it_comes_from(
    admin: Any, channel: Any
) -> None:
    result = await admin.slash(channel, "settings")

    assert result.ephemeral
    assert set(selects(result.response)) == {f"setting:{name}" for name in NAMES}
    told = text_of(result.response)
    assert "**A thread on every answer**: off (as the host set it)" in told
    assert "Questions in this channel ask: all readouts." in told


async def test_what_is_chosen_holds_at_once_and_until_it_is_given_back(
    admin: Any, channel: Any, servers: ServerSettingsStore, simcord_env: simcord.Env
) -> None:
    panel = (await admin.slash(channel, "settings")).response
    await admin.select(panel, ["on"], custom_id="setting:private_answers")

    asked = await admin.slash(channel, "ask", question="What about cyber?")
    assert asked.ephemeral
    guild = simcord_env.guild.id
    assert (await servers.of(guild)).chosen == {"private_answers"}
    assert not (await servers.of(guild + 1)).private_answers

    panel = (await admin.slash(channel, "settings")).response
    assert "**Answers to /ask for the asker alone**: on (chosen here)" in text_of(panel)
    await admin.select(panel, ["environment"], custom_id="setting:private_answers")
    assert await servers.of(guild) == servers.defaults
    assert not (await admin.slash(channel, "ask", question="What about cyber?")).ephemeral


async def test_a_channel_that_the_bot_cannot_speak_in_is_said_to_be_one(
    admin: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    panel = (await admin.slash(channel, "settings")).response
    shut = simcord_env.guild.create_text_channel("shut")
    simcord_env.bot.get_channel(shut.id)._overwrites = [_denying_everybody(simcord_env.guild.id)]
    changed = await admin.select(panel, [shut], custom_id="setting:ask_channels")

    assert "I’m missing the permission “Send Messages”" in text_of(changed.response)


def _denying_everybody(guild: int) -> Any:
    denied = discord.Permissions(send_messages=True).value
    return discord.abc._Overwrites({"id": guild, "type": 0, "allow": "0", "deny": str(denied)})


@pytest.mark.bot_settings(message_content=True)
async def test_a_channel_that_is_chosen_is_answered_in_without_a_mention(
    admin: Any, channel: Any, services: Any
) -> None:
    await admin.send(channel, "What about cyber?")
    assert services.asked == []

    panel = (await admin.slash(channel, "settings")).response
    await admin.select(panel, [channel], custom_id="setting:ask_channels")
    await admin.send(channel, "What about cyber?")
    assert [asked[0] for asked in services.asked] == ["What about cyber?"]


async def test_replies_to_messages_follow_the_language_that_was_chosen(
    admin: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    panel = (await admin.slash(channel, "settings")).response
    await admin.select(panel, ["ja"], custom_id="setting:language")
    await admin.send(channel, f"<@{simcord_env.bot.user.id}> What about cyber?")

    assert "2022年6月22日" in text_of(channel.last_message)


async def test_a_click_is_decided_by_who_clicks_and_not_by_who_sees_the_panel(
    admin: Any, channel: Any, simcord_env: simcord.Env, servers: ServerSettingsStore
) -> None:
    panel = (await admin.slash(channel, "settings")).response
    role = simcord_env.guild.roles["keepers"].id
    simcord_env.backend.get_guild(simcord_env.guild.id).roles[role].permissions = 0
    clicked = await admin.select(panel, ["on"], custom_id="setting:private_answers")

    assert "may manage this server’s readouts" in text_of(clicked.response)
    assert await servers.of(simcord_env.guild.id) == servers.defaults


@pytest.mark.parametrize(
    ("name", "values", "kept"),
    [
        ("answer_threads", ["yes"], None),
        ("answer_threads", [], None),
        ("answer_threads", ["off"], False),
        ("language", ["../en"], None),
        ("language", ["ja"], "ja"),
        ("ask_channels", ["1", "drop table", "-5"], []),
    ],
)
async def test_what_the_panel_did_not_offer_is_not_kept(
    channel: Any, simcord_env: simcord.Env, name: str, values: list[str], kept: Any
) -> None:
    cog = simcord_env.bot.get_cog("ServerSettingsCog")

    assert cog._chosen(name, simcord_env.bot.get_guild(simcord_env.guild.id), values) == kept


def test_the_environment_says_what_holds_where_nothing_was_chosen() -> None:
    environment = DiscordSettings(
        _env_file=None, token="t", ask_channels=(5,), answer_threads=True, private_answers=True
    )  # type: ignore[call-arg]

    assert defaults(environment) == ServerSettings(
        ask_channels=(5,), answer_threads=True, private_answers=True
    )


async def test_a_ledger_that_is_away_leaves_what_held_before(
    simcord_env: simcord.Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    services = simcord_env.bot.bot_services.questions
    store = ServerSettingsStore(
        simcord_env.bot.bot_services.settings, services.answers.database, services.look_ups, lambda: now[0]
    )
    before = await store.choose(5, "answer_threads", True)

    def away(_guild: int) -> None:
        raise StoreError("away")

    monkeypatch.setattr(store, "_read", away)
    now[0] = 60.0

    assert await store.of(5) == before
    assert await store.of(6) == store.defaults

"""The commands as Discord is told of them."""

from __future__ import annotations

from typing import Any

import discord
import simcord

from bot.discord.permissions import invite_link
from bot.locales import load


async def sent(env: simcord.Env) -> list[dict[str, Any]]:
    (request,) = [r for r in env.http_requests if r.method == "PUT" and r.path.endswith("/commands")]
    return list(request.json)


async def test_english_texts_in_the_code_are_those_of_the_language_file(simcord_env: simcord.Env) -> None:
    english = load().languages["en"].texts
    for command in await sent(simcord_env):
        key = "command." + ("check" if command["type"] == 3 else command["name"])
        assert english[f"{key}.name"] == command["name"]
        if command["type"] == 1:
            assert english[f"{key}.description"] == command["description"]
        for option in command.get("options", []):
            own = key if f"{key}.{option['name']}" in english else "command.filters"
            assert english[f"{own}.{option['name']}"] == option["name"]
            assert english[f"{own}.{option['name']}_description"] == option["description"]


async def test_every_name_and_description_is_there_in_every_language(simcord_env: simcord.Env) -> None:
    for command in await sent(simcord_env):
        assert {"id", "ja"} <= command["name_localizations"].keys()
        for option in command.get("options", []):
            assert {"id", "ja"} <= option["name_localizations"].keys() & option[
                "description_localizations"
            ].keys()


def test_the_invite_link_asks_for_no_more_than_answering_takes() -> None:
    link = invite_link(42)

    asked = discord.Permissions(int(link.split("permissions=")[1].split("&")[0]))
    assert {name for name, granted in asked if granted} == {
        "read_messages", "send_messages", "send_messages_in_threads", "read_message_history",
        "create_public_threads",
    }  # fmt: skip
    assert "applications.commands" in link


async def test_commands_are_of_servers_that_the_bot_is_in(simcord_env: simcord.Env) -> None:
    """Installed by a user they would work where the bot is not told when its time there is over."""
    for command in await sent(simcord_env):
        assert command["integration_types"] == [0]
        assert command["contexts"] == [0, 1]

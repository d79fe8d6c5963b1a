"""Commands are sent to Discord when they changed, and once for all hosts."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from bot.discord.client import CatalogueTranslator, sync_commands
from bot.locales import load
from tests.bot.discord.conftest import BuildBot


async def _started(build_bot: BuildBot, sent: list[int], *names: str) -> bool:
    """Start one host, whose commands are called so."""
    client = build_bot()
    await client.tree.set_translator(CatalogueTranslator(load()))

    async def send() -> list[Any]:
        sent.append(1)
        return []

    client.tree.sync = send  # type: ignore[method-assign, assignment]
    for name in names:

        async def nothing(interaction: Any) -> None: ...

        client.tree.add_command(app_commands.Command(name=name, description="a test", callback=nothing))
    return await sync_commands(client.tree, 1, client.bot_services.questions)


async def test_hosts_with_the_same_commands_send_them_once(build_bot: BuildBot) -> None:
    sent: list[int] = []
    started = [await _started(build_bot, sent, "ask") for _ in range(3)]

    assert started == [True, False, False]
    assert len(sent) == 1


async def test_a_command_that_changed_is_sent(build_bot: BuildBot) -> None:
    sent: list[int] = []
    started = [
        await _started(build_bot, sent, *names) for names in (("ask",), ("ask", "about"), ("ask", "about"))
    ]

    assert started == [True, True, False]

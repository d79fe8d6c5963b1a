"""“Check against the readouts”: shows the sentences nearest to a message's text, and what differs."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.discord.cogs.base import DeskCog, Equipment, place_of
from bot.discord.delivery import in_time, respond, say


class CheckCog(DeskCog):
    """Answers the context menu command of messages."""

    def __init__(self, equipment: Equipment, tree: app_commands.CommandTree[Any]) -> None:
        super().__init__(equipment)
        self._tree = tree
        self._menu = app_commands.ContextMenu(name="Check against the readouts", callback=self._callback)

    async def cog_load(self) -> None:
        """Add the command; discord.py takes no context menus from a cog's class."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the command away again."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    async def _callback(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        await self.guarded(interaction, self.check(interaction, message))

    async def check(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Show what the readouts say beside a message, to the person who asked."""
        phrases = self.phrases(interaction)
        claim = message.clean_content.strip()
        if not claim:
            await say(interaction, phrases("check.empty"))
            return
        work = self.desk.check(claim, place_of(interaction), phrases)
        reply = await in_time(interaction, work, ephemeral=True)
        await respond(interaction, reply.pages, phrases, answer=reply.id, ephemeral=True)

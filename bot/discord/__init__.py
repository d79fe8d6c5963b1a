"""The Discord bot."""

from __future__ import annotations

from typing import Any

import discord

Interaction = discord.Interaction[Any]

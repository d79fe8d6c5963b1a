"""Command names and descriptions in the reader's language, from the same files as the fixed sentences."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.locales import DEFAULT, Catalogue

_CONTEXT_MENUS = {"Check against the readouts": "check"}


class CatalogueTranslator(app_commands.Translator):
    """Finds `command.<name>.…` in the language files; what a file lacks stays English."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def translate(
        self,
        string: app_commands.locale_str,  # noqa: ARG002 - where it stands says more than what it says
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the text in the language of `locale`; None leaves it English."""
        phrases = self._catalogue.named(locale)
        key = _key(context)
        if phrases is None or phrases.language == DEFAULT or key is None:
            return None
        return phrases.texts.get(key) or phrases.texts.get(f"command.filters.{key.rpartition('.')[2]}")


def _key(context: app_commands.TranslationContext[Any, Any]) -> str | None:
    match context.location:
        case Location.command_name | Location.group_name:
            return f"command.{_slug(context.data.qualified_name)}.name"
        case Location.command_description | Location.group_description:
            return f"command.{_slug(context.data.qualified_name)}.description"
        case Location.parameter_name:
            return f"command.{_slug(context.data.command.qualified_name)}.{context.data.name}"
        case Location.parameter_description:
            return f"command.{_slug(context.data.command.qualified_name)}.{context.data.name}_description"
        case Location.choice_name:
            return f"corpus.where.{context.data.value}"
        case _:
            return None


def _slug(name: str) -> str:
    return _CONTEXT_MENUS.get(name, name.replace(" ", "."))

"""The commands as Discord has them: their errors, their names in the reader's language, sent when they changed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.discord import Interaction
from bot.discord.delivery import guarded
from bot.locales import DEFAULT, Catalogue

if TYPE_CHECKING:
    from bot.discord.cogs.base import BotServices
    from bot.discord.question_service import QuestionService

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


class CommandTree(app_commands.CommandTree[Any]):
    """The commands; an error that no command answered itself ends here."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Log the error and tell the person who waits."""
        bot_services: BotServices = interaction.client.bot_services
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        phrases = bot_services.catalogue.of(interaction.locale)
        if interaction.type is not discord.InteractionType.autocomplete:
            await guarded(interaction, _raise(cause), phrases, bot_services.settings.max_question)


async def _raise(error: BaseException) -> None:
    raise error


async def sync_commands(
    tree: app_commands.CommandTree[Any], application: int, questions: QuestionService
) -> bool:
    """Send the commands where they are not what Discord was told last; returns whether they were sent.

    Discord takes 200 new commands a day and keeps them: of several hosts with the same ones, the first sends them.
    """
    key, fingerprint = f"commands:{application}", await fingerprint_of(tree)
    if await questions.look_ups.run(questions.answers.state, key) == fingerprint:
        return False
    await tree.sync()
    await questions.look_ups.run(questions.answers.set_state, key, fingerprint)
    return True


async def fingerprint_of(tree: app_commands.CommandTree[Any]) -> str:
    """Return a hash of everything that `tree.sync` would send."""
    translator = tree.translator
    assert translator is not None
    payload = [
        await command.get_translated_payload(tree, translator)
        for kind in discord.AppCommandType
        for command in tree.get_commands(type=kind)
    ]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

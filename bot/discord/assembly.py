"""The bot put together: its services from those of the store, and every cog; loaded when a bot really starts."""

from __future__ import annotations

from discord.ext import commands

from bot.discord.answer_store import AnswerStore
from bot.discord.cogs.answers import AnswerControlsCog, AskCog, CheckCog, FeedbackCog
from bot.discord.cogs.base import BotServices
from bot.discord.cogs.browse import BrowseCog, ComparisonCog, InitiativesCog
from bot.discord.cogs.corpus import CorpusCog
from bot.discord.cogs.forgetting import PrivacyCog, ServersCog
from bot.discord.cogs.messages import MessagesCog
from bot.discord.cogs.paragraphs import ParagraphCog
from bot.discord.cogs.previews import JobLink, JobLinksCog, PreviewsCog
from bot.discord.cogs.settings_panel import ServerSettingsCog, SettingControl
from bot.discord.cogs.watching import WatchControl, WatchingCog
from bot.discord.cogs.welcoming import ConversationCog
from bot.discord.comparison_service import ComparisonService
from bot.discord.corpus.server_cleanup import ServerCleanup
from bot.discord.corpus.service import CorpusService
from bot.discord.discord_settings import DiscordSettings
from bot.discord.question_service import QuestionService
from bot.discord.running import GatewayCog
from bot.discord.views import Control
from bot.discord.welcome_card import DeleteReply, ExampleQuestion
from bot.locales import load
from retrieval.bootstrap import Services

_PLAIN = (
    AskCog,
    BrowseCog,
    InitiativesCog,
    ParagraphCog,
    AnswerControlsCog,
    FeedbackCog,
    ServerSettingsCog,
)

DYNAMIC_ITEMS = (Control, JobLink, SettingControl, WatchControl, ExampleQuestion, DeleteReply)
"""What is answered on messages of any age."""

FOLLOWERS = tuple(cog.__name__ for cog in (PreviewsCog, WatchingCog, ServersCog, PrivacyCog))
"""Cogs that follow jobs, which go on when the bot ends."""


def build_bot_services(settings: DiscordSettings, services: Services) -> BotServices:
    """Return what the cogs work with, from the services of an open store."""
    answers = AnswerStore(services.ledger)
    questions = QuestionService(
        settings,
        services.answering,
        services.browser,
        answers,
        checking=services.checking,
        mode=services.answering.mode,
    )
    corpus = CorpusService(settings, services, answers)
    server_cleanup = ServerCleanup(services.ledger, corpus, answers, settings.purge_after_days)
    comparing = ComparisonService(questions, services.comparing, services.settings.citation_style)
    catalogue = load(services.settings.reading_room_url)
    return BotServices(questions, catalogue, settings, corpus, server_cleanup, comparing)


def build_cogs(client: commands.AutoShardedBot, bot_services: BotServices) -> list[commands.Cog]:
    """Return all that the bot answers, as far as there are the services for it."""
    cogs: list[commands.Cog] = [cog(bot_services) for cog in _PLAIN]
    if bot_services.comparing:
        cogs.append(ComparisonCog(bot_services))
    cogs += [
        CheckCog(bot_services, client.tree),
        MessagesCog(bot_services, client),
        ConversationCog(bot_services, client),
        PrivacyCog(bot_services, client),
        GatewayCog(),
    ]
    if bot_services.corpus and bot_services.server_cleanup:
        cogs += [
            CorpusCog(bot_services, bot_services.corpus),
            JobLinksCog(bot_services, bot_services.corpus),
            PreviewsCog(bot_services, bot_services.corpus, client),
            WatchingCog(bot_services, bot_services.corpus, client),
            ServersCog(bot_services, bot_services.corpus, bot_services.server_cleanup, client),
        ]
    return cogs

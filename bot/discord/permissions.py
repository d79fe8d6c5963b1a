"""Who sees and manages which readouts, and how much of their own a server may have; what the bot needs in a channel.

Who does something is taken as they are at this very moment, whatever a button or a preview says.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bot.discord import Interaction
from bot.discord.discord_errors import NotAllowedError, RefusedError
from bot.discord.discord_markdown import code
from bot.discord.discord_settings import DiscordSettings
from retrieval.errors import NotFoundError
from retrieval.models import SHARED

if TYPE_CHECKING:
    from bot.discord.corpus.preview_store import Growth
    from retrieval.bootstrap import Services
    from retrieval.ingest import Usage
    from retrieval.ingest.lifecycle import History

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    read_message_history=True,
    create_public_threads=True,
)
"""What the invite link asks for; nothing that could moderate, mention or manage."""


def invite_link(application_id: int) -> str:
    """Return the link that adds the bot to a server with exactly the permissions it needs."""
    return discord.utils.oauth_url(
        application_id, permissions=NEEDED, scopes=("bot", "applications.commands")
    )


def missing_in(channel: object, me: discord.Member) -> str | None:
    """Return the permission that `me` lacks to speak in `channel`, or None."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return None
    granted = channel.permissions_for(me)
    if not granted.view_channel:
        return "View Channel"
    if isinstance(channel, discord.Thread):
        return None if granted.send_messages_in_threads else "Send Messages in Threads"
    return None if granted.send_messages else "Send Messages"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who does something, as Discord says at this very interaction.

    Attributes:
        guild: The server it is done in, or None in a direct message.
        roles: Id and name of each of their roles there; not the one that everybody has.
        manages_guild: Whether they have "Manage Server" there.
        application: The bot that they do it with.
    """

    user: int
    name: str = ""
    guild: int | None = None
    roles: tuple[tuple[int, str], ...] = ()
    manages_guild: bool = False
    application: int | None = None

    @property
    def actor(self) -> str:
        """How the audit trail names them: a name may hold anything, so only its plain characters stand."""
        plain = re.sub(r"[^\w.-]", "", self.name)[:32]
        return f"discord:{self.user} ({plain})" if plain else f"discord:{self.user}"


def caller_of(interaction: Interaction) -> Caller:
    """Return who is behind an interaction."""
    user, guild, application = interaction.user, interaction.guild_id, interaction.application_id
    if guild is None or not isinstance(user, discord.Member):
        return Caller(user.id, user.name, application=application)
    roles = tuple((role.id, role.name) for role in user.roles if role.id != guild)
    granted = interaction.permissions
    manages = granted.manage_guild or granted.administrator
    return Caller(user.id, user.name, guild, roles, manages, application)


def may_manage(caller: Caller, scope: str, settings: DiscordSettings) -> bool:
    """Whether somebody may change, and see the workings of, the readouts of a scope.

    Operators manage the shared readouts wherever they are; a server's admins their own server's, from there.
    """
    if scope == SHARED:
        return caller.user in settings.operators or any(
            role in settings.operators for role, _ in caller.roles
        )
    if caller.guild is None or scope != own_scope(caller.guild):
        return False
    return caller.manages_guild or any(name in settings.admin_roles for _, name in caller.roles)


def is_hidden_from(caller: Caller, settings: DiscordSettings) -> bool:
    """Whether somebody may manage their server's readouts by a role alone: Discord then hides /corpus from them.

    It shows such commands to people with "Manage Server", until an admin of the server says otherwise.
    """
    return not caller.manages_guild and any(name in settings.admin_roles for _, name in caller.roles)


def guild_scopes(guild_id: int | None) -> tuple[str, ...]:
    """Return what may be read in a server: the shared readouts and its own; in a DM the shared ones alone."""
    return (SHARED,) if guild_id is None else (SHARED, own_scope(guild_id))


def own_scope(guild_id: int) -> str:
    """Return the scope of a server's own readouts."""
    return f"guild:{guild_id}"


def guild_of(scope: str) -> int | None:
    """Return the server whose own scope this is; None for the shared one."""
    kind, _, number = scope.partition(":")
    return int(number) if kind == "guild" and number.isdecimal() else None


class ScopeAccess:
    """What somebody may manage, and what is known of it."""

    def __init__(self, settings: DiscordSettings, services: Services) -> None:
        self.settings = settings
        self._services = services
        self.quota = {
            "readouts": settings.server_readouts,
            "paragraphs": settings.server_paragraphs,
            "megabytes": settings.server_megabytes,
            "ingests": settings.server_ingests_per_day,
        }
        """The most that one server may have of its own; 0 is no limit."""

    def scope(self, caller: Caller, where: str | None) -> str:
        """Return the scope that somebody means: in a server its own, elsewhere the shared one.

        Raises:
            NotAllowedError: They may not manage it.
        """
        own = where == "server" if where else caller.guild is not None
        if own and caller.guild is None:
            raise RefusedError("corpus.no_server_here")
        scope = own_scope(caller.guild) if own and caller.guild is not None else SHARED
        self.admit(caller, scope)
        return scope

    def admit(self, caller: Caller, scope: str) -> None:
        """Let somebody manage a scope, or refuse it."""
        if not may_manage(caller, scope, self.settings):
            raise NotAllowedError("corpus.not_operator" if scope == SHARED else "corpus.not_admin")

    def check_quota(self, scope: str, growth: Growth) -> None:
        """Let an ingest of a server's own pass, or refuse it; blocking."""
        if scope != SHARED:
            usage = self._services.jobs.usage(scope, self.day_ago())
            self.check_growth(usage, growth, usage.ingests)

    def check_growth(self, usage: Usage, growth: Growth, ingests: int) -> None:
        """Let an ingest of a server's own pass, or refuse it.

        Args:
            ingests: Those asked for in the last 24 hours, this one not counted.

        Raises:
            RefusedError: It would reach beyond a bound; says which.
        """
        if 0 < self.quota["ingests"] <= ingests:
            raise RefusedError("corpus.bound.ingests", limit=self.quota["ingests"])
        for name, used, more, unit in (
            ("readouts", usage.readouts, growth.readouts, 1),
            ("paragraphs", usage.paragraphs, growth.paragraphs, 1),
            ("megabytes", usage.bytes, growth.bytes, 1_000_000),
        ):
            limit = self.quota[name] * unit
            if limit and more > 0 and used + more > limit:
                values = {"used": used, "more": more, "limit": limit}
                shown = {key: f"{n:,}" if unit == 1 else f"{n / unit:.1f}" for key, n in values.items()}
                raise RefusedError(f"corpus.bound.{name}", **shown)

    def history(self, scope: str, document: str) -> History:
        """Return a readout's revisions and who made them; blocking.

        Raises:
            RefusedError: The scope never held it.
        """
        try:
            return self._services.lifecycle.history(document, [scope])
        except NotFoundError as error:
            raise unknown(document) from error

    def now_ms(self) -> int:
        """Return this moment, in milliseconds since 1970."""
        return int(time.time() * 1000)

    def day_ago(self) -> str:
        """Return the moment 24 hours ago, as the ledger writes it."""
        return (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")


def unknown(document: str) -> RefusedError:
    """Return what says that there is no such readout."""
    return RefusedError("corpus.unknown", document=code(document))

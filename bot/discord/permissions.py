"""perm"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord

from bot.discord import Interaction
from bot.discord.corpus.preview_store import Growth
from bot.discord.discord_errors import BusyError, NotAllowedError, RefusedError
from bot.discord.discord_markdown import code
from bot.discord.discord_settings import DiscordSettings
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError
from retrieval.ingest import Usage
from retrieval.ingest.lifecycle import History
from retrieval.models import SHARED

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


def missing_to_answer(message: discord.Message) -> str | None:
    """Return the permission without which the bot cannot answer where `message` stands, or None."""
    if message.guild is None:
        return None
    return missing_in(message.channel, message.guild.me)


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


_MAX_NAME = 32


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
        plain = re.sub(r"[^\w.-]", "", self.name)[:_MAX_NAME]
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


_PREVIEWS_AT_ONCE = 8
_PREVIEWS_OF_ONE_SCOPE = 2


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that one server may have of its own; 0 is no limit."""

    readouts: int = 0
    paragraphs: int = 0
    megabytes: int = 0
    ingests: int = 0

    def check(self, usage: Usage, growth: Growth, ingests: int) -> None:
        """Let an ingest pass, or refuse it.

        Args:
            ingests: Those asked for in the last 24 hours, this one not counted.

        Raises:
            RefusedError: It would reach beyond a bound; says which.
        """
        if self.ingests and ingests >= self.ingests:
            raise RefusedError("corpus.bound.ingests", limit=self.ingests)
        for name, limit, used, more in (
            ("readouts", self.readouts, usage.readouts, growth.readouts),
            ("paragraphs", self.paragraphs, usage.paragraphs, growth.paragraphs),
            ("megabytes", self.megabytes * 1_000_000, usage.bytes, growth.bytes),
        ):
            if limit and more > 0 and used + more > limit:
                scale = 1_000_000 if name == "megabytes" else 1
                shown = {"used": used, "more": more, "limit": limit}
                values = {key: _figure(value, scale) for key, value in shown.items()}
                raise RefusedError(f"corpus.bound.{name}", **values)


def _figure(value: int, scale: int) -> str:
    return f"{value:,}" if scale == 1 else f"{value / scale:.1f}"


class PreviewSlots:
    """Counts the previews in the making: each holds its files in memory, and none is to keep another server's out."""

    def __init__(self) -> None:
        self._scopes: Counter[str] = Counter()

    @contextmanager
    def taken(self, scope: str) -> Iterator[None]:
        """Take room for one, before its files are fetched.

        Raises:
            RefusedError: As many of this scope are being made as may be.
            BusyError: As many are altogether.
        """
        if self._scopes[scope] >= _PREVIEWS_OF_ONE_SCOPE:
            raise RefusedError("corpus.previewing")
        if self._scopes.total() >= _PREVIEWS_AT_ONCE:
            raise BusyError("too many previews are being made")
        self._scopes[scope] += 1
        try:
            yield
        finally:
            self._scopes[scope] -= 1


class ScopeAccess:
    """What somebody may manage, and what is known of it.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, settings: DiscordSettings, services: Services, clock: Callable[[], float]) -> None:
        self.settings = settings
        self._services = services
        self._clock = clock
        self.quota = Quota(
            settings.server_readouts,
            settings.server_paragraphs,
            settings.server_megabytes,
            settings.server_ingests_per_day,
        )

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
            self.quota.check(usage, growth, usage.ingests)

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
        return int(self._clock() * 1000)

    def day_ago(self) -> str:
        """Return the moment 24 hours ago, as the ledger writes it."""
        return (datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=1)).isoformat(timespec="seconds")


def unknown(document: str) -> RefusedError:
    """Return what says that there is no such readout."""
    return RefusedError("corpus.unknown", document=code(document))

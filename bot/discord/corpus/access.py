"""Who may manage which readouts, and how much one server may have of its own.

Every method takes the caller as they are at this very moment and decides by that, whatever a button or a preview
says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.discord.corpus.preview_store import Growth
from bot.discord.discord_errors import BusyError, NotAllowedError, RefusedError
from bot.discord.discord_markdown import code
from bot.discord.discord_settings import DiscordSettings
from bot.discord.permissions import Caller, may_manage, own_scope
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError
from retrieval.ingest import Usage
from retrieval.ingest.lifecycle import History
from retrieval.models import SHARED

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

"""What everything that manages readouts rests on: who may, previews that are kept, threads, reading the ledger.

Every method takes the caller as they are at this very moment and decides by that, whatever a button or a draft
says.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.discord.corpus.bounds import Bounds
from bot.discord.corpus.drafts import LIFETIME_MS, Draft, Drafts, Growth
from bot.discord.corpus.making import Making
from bot.discord.corpus.watching import Watches
from bot.discord.errors import NotAllowedError, RefusedError
from bot.discord.markdown import code
from bot.discord.permissions import Caller, may_manage
from bot.discord.records import Records
from bot.discord.workers import Workers
from bot.services import own_scope
from bot.settings import DiscordSettings
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError
from retrieval.holdings import Holdings
from retrieval.ingest.lifecycle import History
from retrieval.ledger.history import KnownReadout
from retrieval.models import SHARED

T = TypeVar("T")

_WAITING = 20


class Office:
    """Where readouts are managed.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        services: Services,
        records: Records,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._services = services
        self._records = records
        self._clock = clock
        self._bounds = Bounds.of(settings)
        self._making = Making()
        self._teller = secrets.token_hex(8)
        self.drafts = Drafts(services.ledger)
        self.watches = Watches(services.ledger)
        self.holdings = Holdings(services.ledger)
        # Parsing and committing have threads of their own: questions never wait for either.
        self._parsing = Workers(1, _WAITING, "preview")
        self._commits = Workers(1, _WAITING, "commit")
        self._quick = Workers(1, 1_000, "corpus")

    def scope(self, caller: Caller, where: str | None) -> str:
        """Return the scope that somebody means: in a server its own, elsewhere the shared one.

        Raises:
            NotAllowedError: They may not manage it.
        """
        own = where == "server" if where else caller.guild is not None
        if own and caller.guild is None:
            raise RefusedError("corpus.no_server_here")
        scope = own_scope(caller.guild) if own and caller.guild is not None else SHARED
        self._admit(caller, scope)
        return scope

    def _admit(self, caller: Caller, scope: str) -> None:
        if not may_manage(caller, scope, self._settings):
            raise NotAllowedError("corpus.not_operator" if scope == SHARED else "corpus.not_admin")

    async def open(self, caller: Caller, draft_id: str, *, files: bool = False) -> Draft:
        """Return a draft for the one who may use it.

        Raises:
            RefusedError: It expired, or is somebody else's.
            NotAllowedError: The caller may no longer manage its scope, or not from here.
        """
        draft = await self._run(lambda: self.drafts.get(draft_id, files=files))
        if draft is not None and draft.user != caller.user:
            raise RefusedError("corpus.not_yours")
        if draft is None or draft.at < self._now_ms() - LIFETIME_MS:
            raise RefusedError("corpus.expired")
        self._admit(caller, draft.scope)
        return draft

    def _check_bounds(self, scope: str, growth: Growth) -> None:
        if scope != SHARED:
            ingests = self.holdings.jobs_since(scope, self._day_ago())
            self._bounds.check(self.holdings.usage(scope), growth, ingests)

    def _history(self, scope: str, document: str) -> History:
        try:
            return self._services.lifecycle.history(document, [scope])
        except NotFoundError as error:
            raise self._unknown(document) from error

    def _known(self, scope: str, document: str) -> KnownReadout:
        return self._history(scope, document).readout

    def _unknown(self, document: str) -> RefusedError:
        return RefusedError("corpus.unknown", document=code(document))

    async def _run(self, call: Callable[[], T]) -> T:
        return await self._quick.run(call)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _day_ago(self) -> str:
        return (datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=1)).isoformat(timespec="seconds")

    async def close(self) -> None:
        """Wait for what has begun."""
        for workers in (self._parsing, self._commits, self._quick):
            await workers.close()

    def forget_old(self) -> None:
        """Forget drafts that can no longer be confirmed; blocking."""
        self.drafts.forget_before(self._now_ms() - LIFETIME_MS)

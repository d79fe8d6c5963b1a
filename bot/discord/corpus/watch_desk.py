"""What people do with watched pages and announcements, who may, and what is to be told where. Knows no messages."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from bot.discord.admission import Workers
from bot.discord.corpus.announcing import Announcing, Letter, cut_to_fit, phrases_of
from bot.discord.corpus.corpus_rendering import reason_text
from bot.discord.corpus.preview_maker import growth_of
from bot.discord.corpus.preview_rendering import preview_pages
from bot.discord.corpus.preview_store import Growth
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_markdown import escape, shortened
from bot.discord.pages import Source, source_line
from bot.discord.permissions import Caller, ScopeAccess, guild_of, own_scope
from bot.discord.shards import Shards
from bot.locales import Catalogue, Phrases
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError, SourceError, UsageError
from retrieval.ingest import IngestRequest, Plan
from retrieval.models import SHARED
from retrieval.watching import News, Watch, WatchedLink

_MAX_URL = 200
_MAX_LINKS = 10
_USER = re.compile(r"discord:(\d+)\b")


class WatchDesk:
    """Watched pages and announcements, for Discord.

    Args:
        parsing: The threads that addresses are read on.
        look_ups: Those of everything that is quick.
    """

    def __init__(self, access: ScopeAccess, services: Services, parsing: Workers, look_ups: Workers) -> None:
        self._access = access
        self._services = services
        self._parsing = parsing
        self._look_ups = look_ups
        self.announcing = Announcing(services)

    # --- commands ---

    async def watch(
        self,
        caller: Caller,
        where: str | None,
        url: str,
        hours: int,
        takes: bool,
        channel: int | None,
        phrases: Phrases,
    ) -> str:
        """Watch an address, tell what stands there, and tell what is found later in `channel`.

        Raises:
            NotAllowedError: The caller may not.
            RefusedError: It cannot be watched; says why.
        """
        scope = self._access.scope(caller, where)
        place: dict[str, Any] = {"channel": channel, "guild": caller.guild}
        place |= {"application": caller.application, "language": phrases.language}
        most = 0 if scope == SHARED else self._access.settings.server_watches
        there = await self._look_ups.run(self._services.watching.watched, scope)
        if most and len(there) >= most:
            raise RefusedError("corpus.watch.bound", limit=most)
        if url.strip() in [each.url for each in there]:
            raise RefusedError("corpus.watch.twice")
        add, every_s = self._services.watching.add, hours * 3_600
        given: dict[str, Any] = {
            "scope": scope,
            "actor": caller.actor,
            "every_s": every_s,
            "takes": takes,
            "most": most,
        }
        try:
            look = await self._parsing.run(lambda: add(url, place=place, **given))
        except (SourceError, UsageError) as error:
            reason = error.problem if isinstance(error, SourceError) else str(error)
            raise RefusedError("corpus.watch.failed", reason=reason_text(reason, phrases)) from error
        then = phrases(f"corpus.watch.{'will_take' if takes else 'will_ask'}")
        if look.newest is None:
            return f"{phrases('corpus.watch.readout', url=_url(look.watch))} {then}"
        newest = source_line(Source(look.newest.title, look.newest.date), phrases)
        return f"{phrases('corpus.watch.list', url=_url(look.watch), count=look.links, newest=newest)} {then}"

    async def watched(self, caller: Caller, where: str | None) -> list[tuple[Watch, int]]:
        """Return the watched pages of a scope, and how many readouts of each wait for somebody."""
        scope = self._access.scope(caller, where)
        return await self._look_ups.run(self._watched, scope)

    def _watched(self, scope: str) -> list[tuple[Watch, int]]:
        watching = self._services.watching
        found = sorted(watching.watched(scope), key=lambda each: each.pk)
        return [(each, len(watching.undecided(each))) for each in found]

    async def change(self, caller: Caller, pk: int, action: str) -> list[tuple[Watch, int]]:
        """Pause, resume or remove a watched page, or do nothing; returns those of its scope then.

        Raises:
            RefusedError: It is no longer there.
            NotAllowedError: The caller may not manage its scope.
        """
        watching = self._services.watching

        def changed() -> list[tuple[Watch, int]]:
            watch = next((each for each in watching.watched() if each.pk == pk), None)
            if watch is None:
                raise RefusedError("corpus.watch.gone")
            self._access.admit(caller, watch.scope)
            try:
                if action == "drop":
                    watching.remove(watch.scope, pk)
                elif action != "turn":
                    watching.pause(watch.scope, pk, paused=action == "pause")
            except NotFoundError as error:
                raise RefusedError("corpus.watch.gone") from error
            return self._watched(watch.scope)

        return await self._look_ups.run(changed)

    async def offered(self, link: int) -> IngestRequest:
        """Return the ingest of a link that is left to somebody; who may see it is asked of them then.

        Raises:
            RefusedError: It is taken, or gone.
        """
        found = await self._look_ups.run(self._services.watching.offered, link)
        if found is None:
            raise RefusedError("corpus.watch.gone")
        return found[1]

    async def announce(self, caller: Caller, channel: int | None, phrases: Phrases) -> str:
        """Announce in `channel` from now on what becomes live in the caller's server; None: no more.

        Raises:
            NotAllowedError: The caller may not.
        """
        self._access.scope(caller, "server")
        assert caller.guild is not None  # `scope` saw to it
        guild, application = caller.guild, caller.application
        await self._look_ups.run(self.announcing.choose, guild, channel, application, phrases.language)
        if channel is None:
            return phrases("corpus.announce.ended")
        return phrases("corpus.announce.begun", channel=f"<#{channel}>")

    def left(self, guild: int) -> None:
        """Ask and announce nothing for a server that the bot was removed from; blocking."""
        self._services.watching.pause_all(own_scope(guild))
        self.announcing.forget(guild)

    def forget_scope(self, scope: str) -> None:
        """Forget what is watched for a scope, and where it is announced; blocking."""
        self._services.watching.forget_scope(scope)
        if (guild := guild_of(scope)) is not None:
            self.announcing.forget(guild)

    # --- what happens by itself ---

    def ask(self, catalogue: Catalogue, stopping: threading.Event) -> None:
        """Ask the pages that are due; blocking.

        Raises:
            IngestBusyError: Another process does.
        """
        taken: defaultdict[str, Growth] = defaultdict(Growth)

        def gate(scope: str, plan: Plan) -> bool:
            before, more = taken[scope], growth_of(plan)
            both = Growth(
                before.readouts + more.readouts,
                before.paragraphs + more.paragraphs,
                before.bytes + more.bytes,
            )
            try:
                self._access.check_quota(scope, both)
            except RefusedError:  # whoever looks at its preview is told which bound
                return False
            taken[scope] = both
            return True

        def sketch(watch: Watch, request: IngestRequest, plan: Plan) -> str | None:
            if not watch.place:
                return None
            phrases = phrases_of(catalogue, watch.place)
            return preview_pages(plan, request, phrases)[0][0].text

        self._services.watching.run(gate=gate, sketch=sketch, stopping=stopping)

    def letters(self, shards: Shards, catalogue: Catalogue) -> list[Letter]:
        """Return the messages that this process is to send; blocking."""
        out: list[Letter] = []
        for news in self._services.watching.news():
            place = news.watch.place
            if place and place["application"] == shards.application and shards.serve(place["guild"]):
                named = _USER.match(
                    news.watch.actor
                )  # by a name made up for them, where they wished to be forgotten
                place = {**place, "user": int(named[1]) if named else None}
                out += _letters(news, place, phrases_of(catalogue, place))
        return out

    def sent(self, letter: Letter) -> None:
        """Note that a message is there, or can never be; blocking."""
        if letter.news is not None:
            self._services.watching.told(letter.news)


def _letters(news: News, place: Mapping[str, Any], phrases: Phrases) -> Iterator[Letter]:
    """Yield what is to be told of a page: each readout to decide on by itself, the others together."""
    url, quiet = _url(news.watch), replace(news.watch, news=None)
    if news.watch.news:
        reason = reason_text(news.watch.error or "", phrases)
        text = phrases(f"corpus.watch.{news.watch.news}", url=url, reason=reason)
        yield Letter(place, text, _key(text), News(news.watch))
    for link in news.links:
        if link.state == "found":
            found = link.found or {}
            head = phrases("corpus.watch.found", url=url)
            text = cut_to_fit(f"{head}\n{found.get('sketch') or _line(link, phrases)}")
            yield Letter(
                place, text, f"w{link.pk}-{found.get('revision', '')}", News(quiet, (link,)), link.pk
            )
    others = [link for link in news.links if link.state != "found"]
    for start in range(0, len(others), _MAX_LINKS):
        some = others[start : start + _MAX_LINKS]
        text = "\n".join([phrases("corpus.watch.told", url=url), *(_line(link, phrases) for link in some)])
        yield Letter(place, cut_to_fit(text), _key(text), News(quiet, tuple(some)))


def _line(link: WatchedLink, phrases: Phrases) -> str:
    found = link.found or {}
    line = source_line(Source(found.get("title") or link.title or link.url, found.get("date")), phrases)
    if link.state == "refused":
        return phrases("corpus.watch.refused", source=line, reason=reason_text(link.problem or "", phrases))
    if link.state == "live":
        return phrases("corpus.watch.taken", source=line, id=found.get("id", ""))
    return line


def _url(watch: Watch) -> str:
    return escape(shortened(watch.url, _MAX_URL))


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:25]


def watch_text(watch: Watch, waiting: int, phrases: Phrases) -> str:
    """Return what a list says of a watched page."""
    asked = int(datetime.fromisoformat(watch.asked_at).timestamp())
    notes = [
        phrases(f"corpus.watch.kind_{watch.kind}"),
        phrases("corpus.watch.every", hours=f"{watch.every_s / 3_600:g}"),
        phrases("corpus.watch.asked", moment=f"<t:{asked}:R>"),
        phrases("corpus.watch.is_paused")
        if watch.paused
        else phrases("corpus.watch.next", moment=f"<t:{int(watch.next_at)}:R>"),
        *([phrases("corpus.watch.takes")] if watch.takes else []),
        *([phrases("corpus.watch.waiting", count=waiting)] if waiting else []),
    ]
    lines = [f"**{_url(watch)}**", " · ".join(notes)]
    if watch.error:
        reason = reason_text(watch.error, phrases, _MAX_URL)
        lines.append(f"-# {phrases('corpus.watch.error', count=watch.failures, reason=reason)}")
    return "\n".join(lines)

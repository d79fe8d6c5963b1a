"""Watched pages and announcements: what people do with them, who may, and what is to be told where."""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, select, update

from bot.admission import Workers
from bot.discord.corpus.corpus_rendering import first_few, reason_text
from bot.discord.corpus.preview_maker import growth_of
from bot.discord.corpus.preview_rendering import initiative_line, preview_pages
from bot.discord.corpus.preview_store import Growth
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_markdown import escape, shortened
from bot.discord.pages import Source, cut_to_fit, source_line
from bot.discord.permissions import Caller, ScopeAccess, guild_of, guild_scopes, own_scope
from bot.discord.shards import Shards
from bot.locales import Catalogue, Phrases
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError, SourceError, UsageError
from retrieval.front_end_store import announcements, audit, put
from retrieval.ingest import IngestRequest, Plan
from retrieval.models import SHARED
from retrieval.search.browsing import ReadoutSummary
from retrieval.search.scoping import Shelf
from retrieval.watching import News, Watch, WatchedLink

MAX_URL = 200
"""Of an address, or of why it could not be read, in a list."""

_MAX_LINKS = 10
_MOST_ANNOUNCED = 5
_MAX_INITIATIVES = 8
_USER = re.compile(r"discord:(\d+)\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to send.

    Attributes:
        place: `channel`, `user`, `guild`, `application` and `language` of whoever wanted it.
        link: The link whose preview it offers.
        key: The same for the same message: sent twice, it stands there once.
        news: What is known once it was sent.
    """

    place: Mapping[str, Any]
    text: str
    key: str
    news: News | None = None
    link: int | None = None


def watched_url(watch: Watch) -> str:
    """Return the address of a watched page as markdown, cut to what a list has room for."""
    return escape(shortened(watch.url, MAX_URL))


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
        given: dict[str, Any] = {"scope": scope, "actor": caller.actor, "every_s": hours * 3_600}
        given |= {"takes": takes, "most": most, "place": place}
        try:
            look = await self._parsing.run(partial(self._services.watching.add, url, **given))
        except (SourceError, UsageError) as error:
            reason = error.problem if isinstance(error, SourceError) else str(error)
            raise RefusedError("corpus.watch.failed", reason=reason_text(reason, phrases)) from error
        then, name = phrases(f"corpus.watch.{'will_take' if takes else 'will_ask'}"), watched_url(look.watch)
        if look.newest is None:
            return f"{phrases('corpus.watch.readout', url=name)} {then}"
        newest = source_line(Source(look.newest.title, look.newest.date), phrases)
        return f"{phrases('corpus.watch.list', url=name, count=look.links, newest=newest)} {then}"

    async def watched(self, caller: Caller, where: str | None) -> list[tuple[Watch, int]]:
        """Return the watched pages of a scope, and how many readouts of each wait for somebody."""
        scope = self._access.scope(caller, where)
        return await self._look_ups.run(self._watched, scope)

    def _watched(self, scope: str) -> list[tuple[Watch, int]]:
        found = sorted(self._services.watching.watched(scope), key=lambda each: each.pk)
        return [(each, len(self._services.watching.undecided(each))) for each in found]

    async def change(self, caller: Caller, pk: int, action: str) -> list[tuple[Watch, int]]:
        """Pause, resume or remove a watched page, or do nothing; returns those of its scope then.

        Raises:
            RefusedError: It is no longer there.
            NotAllowedError: The caller may not manage its scope.
        """

        def changed() -> list[tuple[Watch, int]]:
            watch = next((each for each in self._services.watching.watched() if each.pk == pk), None)
            if watch is None:
                raise RefusedError("corpus.watch.gone")
            self._access.admit(caller, watch.scope)
            try:
                if action == "drop":
                    self._services.watching.remove(watch.scope, pk)
                elif action != "turn":
                    self._services.watching.pause(watch.scope, pk, paused=action == "pause")
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
        chosen = caller.guild, channel, caller.application, phrases.language
        await self._look_ups.run(self.announcing.choose, *chosen)
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
            both = taken[scope] + growth_of(plan)
            try:
                self._access.check_quota(scope, both)
            except RefusedError:  # whoever looks at its preview is told which bound
                return False
            taken[scope] = both
            return True

        def sketch(watch: Watch, request: IngestRequest, plan: Plan) -> str | None:
            if not watch.place:
                return None
            phrases = catalogue.of(watch.place["language"])
            return preview_pages(plan, request, phrases)[0][0].text

        self._services.watching.run(gate=gate, sketch=sketch, stopping=stopping)

    def letters(self, shards: Shards, catalogue: Catalogue) -> list[Letter]:
        """Return the messages that this process is to send; blocking."""
        out: list[Letter] = []
        for news in self._services.watching.news():
            place = news.watch.place
            if place and place["application"] == shards.application and shards.serve(place["guild"]):
                # by a name made up for them, where they wished to be forgotten
                named = _USER.match(news.watch.actor)
                place = {**place, "user": int(named[1]) if named else None}
                out += _letters(news, place, catalogue.of(place["language"]))
        return out

    def sent(self, letter: Letter) -> None:
        """Note that a message is there, or can never be; blocking."""
        if letter.news is not None:
            self._services.watching.told(letter.news)


def _letters(news: News, place: Mapping[str, Any], phrases: Phrases) -> Iterator[Letter]:
    """Yield what is to be told of a page: each readout to decide on by itself, the others together."""
    url, quiet = watched_url(news.watch), replace(news.watch, news=None)
    if news.watch.news:
        reason = reason_text(news.watch.error or "", phrases)
        text = phrases(f"corpus.watch.{news.watch.news}", url=url, reason=reason)
        yield Letter(place, text, _key(text), News(news.watch))
    for link in news.links:
        if link.state == "found":
            found = link.found or {}
            head = phrases("corpus.watch.found", url=url)
            text = cut_to_fit(f"{head}\n{found.get('sketch') or _line(link, phrases)}")
            key = f"w{link.pk}-{found.get('revision', '')}"
            yield Letter(place, text, key, News(quiet, (link,)), link.pk)
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


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:25]


class Announcing:
    """Where each server wants to hear what became live there, and what that is."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database = services.ledger

    def choose(self, guild: int, channel: int | None, application: int | None, language: str) -> None:
        """Announce in a channel what becomes live from now on; None: nowhere."""
        if channel is None:
            self.forget(guild)
            return
        with self._database.write() as connection:
            last = connection.scalar(select(func.max(audit.c.pk))) or 0
            values = {"channel": channel, "application": application, "language": language, "after": last}
            put(connection, announcements, {"guild": guild}, values)

    def chosen(self, guild: int) -> int | None:
        """Return the channel that a server chose."""
        a = announcements.c
        with self._database.read() as connection:
            return connection.scalar(select(a.channel).where(a.guild == guild))

    def forget(self, guild: int) -> None:
        """Announce nothing there."""
        with self._database.write() as connection:
            connection.execute(delete(announcements).where(announcements.c.guild == guild))

    def due(self, shards: Shards, catalogue: Catalogue) -> Iterator[tuple[Letter, int, int]]:
        """Yield the announcements that this process is to make, each with its server and how far that is told then.

        Of many at once the first few are shown, and the others counted.
        """
        a = announcements
        with self._database.read() as connection:
            rows = connection.execute(select(a).where(a.c.application == shards.application)).all()
        for row in rows:
            if not shards.serve(row.guild):
                continue
            place, scopes, known = row._asdict() | {"user": None}, guild_scopes(row.guild), row.guild % 10**9
            phrases, new = catalogue.of(place["language"]), self._added(row.guild, scopes, row.after)
            for pk, readout in new[:_MOST_ANNOUNCED]:
                yield Letter(place, self._text(readout, scopes, phrases), f"a{known}-{pk}"), row.guild, pk
            if len(new) > _MOST_ANNOUNCED:
                last, _ = new[-1]
                text = phrases("corpus.announce.more", count=len(new) - _MOST_ANNOUNCED)
                yield Letter(place, text, f"m{known}-{last}"), row.guild, last

    def told(self, guild: int, after: int) -> None:
        """Note how far a server knows what became live: never less far than before, its channel may be a new one."""
        behind = (announcements.c.guild == guild, announcements.c.after < after)
        with self._database.write() as connection:
            connection.execute(update(announcements).where(*behind).values(after=after))

    def _added(self, guild: int, scopes: Sequence[str], after: int) -> list[tuple[int, ReadoutSummary]]:
        with self._database.read() as connection:
            lines = connection.execute(
                select(audit.c.pk, audit.c.scope, audit.c.readout)
                .where(audit.c.pk > after, audit.c.action == "add", audit.c.scope.in_(scopes))
                .order_by(audit.c.pk)
            ).all()
        live = {(s.scope, s.id): s for s in self._services.browser.documents(scopes)} if lines else {}
        found = [(line.pk, live.get((line.scope, line.readout))) for line in lines]
        new = [(pk, readout) for pk, readout in found if readout is not None]
        if found and not new:  # all of it is gone again
            self.told(guild, found[-1][0])
        return new

    def _text(self, readout: ReadoutSummary, scopes: Sequence[str], phrases: Phrases) -> str:
        """Return title, date, initiatives, and what changed since the one before of its series."""
        name = source_line(Source(readout.title, readout.date), phrases)
        lines = [phrases("corpus.announce.new", source=name, count=readout.paragraphs, id=readout.id)]
        listed = self._services.browser.initiatives(scopes, document=readout.id)
        if listed:
            lines.append(phrases("initiatives.total", total=len(listed)))
        entries = [f"- {initiative_line(entry.initiative, phrases)}" for entry in listed]
        lines += first_few(entries, _MAX_INITIATIVES, phrases)
        before = self._before(readout, scopes)
        if before is not None:
            pairs = self._services.comparing.compare(before.id, readout.id, None, scopes).pairs
            counts = Counter(pair.kind for pair in pairs)
            said = " · ".join(f"{phrases(f'compare.kind.{kind}')}: {count}" for kind, count in counts.items())
            earlier = source_line(Source(before.title, before.date), phrases)
            lines.append(phrases("corpus.announce.since", source=earlier, changes=said))
            lines.append(phrases("corpus.announce.compare", before=before.id, after=readout.id))
        return cut_to_fit("\n".join(lines))

    def _before(self, readout: ReadoutSummary, scopes: Sequence[str]) -> ReadoutSummary | None:
        """Return the readout of its series that is dated last before it."""
        documents = self._services.browser.documents(scopes)
        series = Shelf(tuple(documents)).siblings(readout)
        earlier = [each for each in series if (each.date or "") < (readout.date or "")]
        return max(earlier, key=lambda each: each.date or "", default=None)

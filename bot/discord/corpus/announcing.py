"""What became live -> announcements in the channel that each server chose; blocking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from bot.discord.corpus.preview_rendering import initiative_line
from bot.discord.discord_markdown import length
from bot.discord.pages import MAX_TEXT, Source, source_line
from bot.discord.permissions import guild_scopes
from bot.discord.shards import Shards
from bot.locales import Catalogue, Phrases
from retrieval.bootstrap import Services
from retrieval.front_end_store import announcements, audit, upsert
from retrieval.search.browsing import ReadoutSummary
from retrieval.search.scoping import Shelf
from retrieval.watching import News

_MOST_ANNOUNCED = 5
_MAX_INITIATIVES = 8


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


def phrases_of(catalogue: Catalogue, place: Mapping[str, Any]) -> Phrases:
    """Return the language of a place."""
    return catalogue.languages.get(str(place["language"])) or catalogue.of(None)


def cut_to_fit(text: str) -> str:
    """Return as many lines as a message holds."""
    lines = text.split("\n")
    while length("\n".join(lines)) > MAX_TEXT:
        lines[-2:] = ["…"]
    return "\n".join(lines)


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
            connection.execute(
                upsert(connection, announcements)
                .values(guild=guild, **values)
                .on_conflict_do_update(index_elements=["guild"], set_=values)
            )

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
            scopes, phrases = guild_scopes(row.guild), phrases_of(catalogue, row._asdict())
            place = row._asdict() | {"user": None}
            new = self._added(row.guild, scopes, row.after)
            for pk, readout in new[:_MOST_ANNOUNCED]:
                text = self._text(readout, scopes, phrases)
                yield Letter(place, text, f"a{row.guild % 10**9}-{pk}"), row.guild, pk
            if len(new) > _MOST_ANNOUNCED:
                text = phrases("corpus.announce.more", count=len(new) - _MOST_ANNOUNCED)
                yield Letter(place, text, f"m{row.guild % 10**9}-{new[-1][0]}"), row.guild, new[-1][0]

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
        lines += [initiative_line(entry.initiative, phrases) for entry in listed[:_MAX_INITIATIVES]]
        if len(listed) > _MAX_INITIATIVES:
            lines.append(phrases("corpus.more", count=len(listed) - _MAX_INITIATIVES))
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
        earlier = [
            each for each in series if each.pk != readout.pk and (each.date or "") < (readout.date or "")
        ]
        return max(earlier, key=lambda each: each.date or "", default=None)

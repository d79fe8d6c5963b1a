"""Pages that are asked again and again for new readouts: which, what stood there, how politely their hosts are asked.

A link is a row from the moment it is first seen, in the transaction that keeps when its page was asked: whatever
happens then, it is read neither never nor, once somebody was told, again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from retrieval.ledger.engine import inserted, put
from retrieval.ledger.schema import metadata

Kind = Literal["readout", "list", "feed"]

State = Literal["known", "new", "found", "taken", "live", "same", "refused"]
"""Of a link: there at the first look; to be read; a readout that somebody has to decide on; handed to an ingest; live;
what is live already; no readout."""

watches = Table(
    "watches",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", String(8), nullable=False, comment="readout, list or feed"),
    Column("every_s", Integer, nullable=False),
    Column("takes", Boolean, nullable=False, comment="what is found is ingested at once"),
    Column("actor", String, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("content_hash", String, nullable=False),
    Column("asked_at", String(32), nullable=False, comment="UTC, ISO 8601"),
    Column("next_at", Float, nullable=False, comment="seconds since 1970"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("error", Text),
    Column("news", String(8), comment="of the page itself, untold: paused or renewed"),
    Column("place", JSON, comment="where a front end tells what is found"),
    UniqueConstraint("scope", "url"),
    sqlite_autoincrement=True,
    comment="pages that are asked again and again for new readouts",
)

watched_links = Table(
    "watched_links",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("watch", Integer, ForeignKey("watches.pk", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column(
        "stamp", Text, nullable=False, comment="what its page says of it: another one, and it is read again"
    ),
    Column("state", String(8), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("job", Integer),
    Column("found", JSON, comment="what it brings"),
    Column("problem", Text, comment="why it brings nothing"),
    Column("told", Boolean, nullable=False),
    UniqueConstraint("watch", "url"),
    sqlite_autoincrement=True,
)

watched_hosts = Table(
    "watched_hosts",
    metadata,
    Column("host", String, primary_key=True),
    Column("robots", Text, nullable=False, comment="its robots.txt"),
    Column("robots_at", Float, nullable=False, comment="seconds since 1970"),
    Column("not_before", Float, nullable=False, comment="when it may be asked again, likewise"),
)


@dataclass(frozen=True, slots=True)
class Watch:
    """A page that is asked again and again; the columns say what each is."""

    pk: int
    scope: str
    url: str
    kind: Kind
    every_s: int
    takes: bool
    actor: str
    paused: bool
    etag: str | None
    last_modified: str | None
    content_hash: str
    asked_at: str
    next_at: float
    failures: int
    error: str | None
    news: str | None
    place: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class WatchedLink:
    """An address that stands on such a page, or the page itself where it is a readout."""

    pk: int
    watch: int
    url: str
    title: str
    stamp: str
    state: State
    attempts: int = 0
    job: int | None = None
    found: Mapping[str, Any] | None = None
    problem: str | None = None
    told: bool = True


def add(connection: Connection, **values: Any) -> int:
    """Keep a page and return its key."""
    return inserted(connection, insert(watches).values(**values))


def all_of(connection: Connection, scope: str | None = None) -> list[Watch]:
    """Return the pages of a scope, or every one, in the order in which they are due."""
    found = select(watches).order_by(watches.c.next_at, watches.c.pk)
    if scope is not None:
        found = found.where(watches.c.scope == scope)
    return [Watch(**row._asdict()) for row in connection.execute(found)]


def change(connection: Connection, pk: int, **values: Any) -> None:
    """Change what is kept of a page."""
    connection.execute(update(watches).where(watches.c.pk == pk).values(**values))


def remove(connection: Connection, pk: int) -> None:
    """Forget a page and its links."""
    connection.execute(delete(watched_links).where(watched_links.c.watch == pk))
    connection.execute(delete(watches).where(watches.c.pk == pk))


def links_of(connection: Connection, watch: int) -> dict[str, WatchedLink]:
    """Return the links of a page by their address, the first seen first."""
    w = watched_links
    rows = connection.execute(select(w).where(w.c.watch == watch).order_by(w.c.pk))
    return {row.url: WatchedLink(**row._asdict()) for row in rows}


def links_in(connection: Connection, *states: State, untold: bool = False) -> list[WatchedLink]:
    """Return the links in one of `states`, the first seen first; `untold`: only those nobody was told of."""
    w = watched_links
    found = select(w).where(w.c.state.in_(states)).order_by(w.c.pk)
    if untold:
        found = found.where(~w.c.told)
    return [WatchedLink(**row._asdict()) for row in connection.execute(found)]


def add_link(connection: Connection, watch: int, url: str, title: str, stamp: str, state: State) -> None:
    """Keep a link that was not there before."""
    values = {"watch": watch, "url": url, "title": title, "stamp": stamp, "state": state}
    connection.execute(insert(watched_links).values(**values, attempts=0, told=True))


def change_link(connection: Connection, pk: int, **values: Any) -> None:
    """Change what is kept of a link."""
    connection.execute(update(watched_links).where(watched_links.c.pk == pk).values(**values))


@dataclass(frozen=True, slots=True)
class Host:
    """How a host wants to be asked; moments are seconds since 1970."""

    host: str
    robots: str = ""
    robots_at: float = 0.0
    not_before: float = 0.0


def host_of(connection: Connection, host: str) -> Host:
    """Return what is known of a host."""
    row = connection.execute(select(watched_hosts).where(watched_hosts.c.host == host)).first()
    return Host(host) if row is None else Host(**row._asdict())


def keep_host(connection: Connection, known: Host) -> None:
    """Keep what is known of a host."""
    put(connection, watched_hosts, {"host": known.host}, asdict(known))

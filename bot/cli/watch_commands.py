"""`rapporteur watch`: pages that are asked again and again for new readouts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import Command, CommonOptions, Group, print_json

if TYPE_CHECKING:
    from retrieval.bootstrap import Services
    from retrieval.watching import News, Watch, WatchedLink

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_LOOKED_AT_EVERY_S = 30.0
_POLL_S = 0.5


@click.group(cls=Group)
def watch() -> None:
    """Ask pages again and again for new readouts: one readout, a page that lists them, RSS or Atom."""


def _seconds(_context: click.Context, _option: click.Parameter, typed: str) -> int:
    found = re.fullmatch(r"(\d{1,4})\s*([mhd])", typed.strip().lower())
    if found is None:
        raise click.BadParameter(f'"{typed}" is no interval. Write it like 30m, 6h or 2d.')
    return int(found[1]) * _UNITS[found[2]]


@watch.command(cls=Command)
@click.argument("url")
@click.option(
    "--every", default="6h", callback=_seconds, metavar="INTERVAL", help="How often.  [default: 6h]"
)
@click.option("--take", is_flag=True, help="Ingest what is found, instead of reporting it.")
def add(options: CommonOptions, url: str, every: int, take: bool) -> None:
    """Watch URL from now on.

    What a list shows today is noted, not read: only links that appear afterwards are.

    \b
    Examples:
      rapporteur watch add https://example.org/readouts/
      rapporteur watch add https://example.org/news.rss --every 1h --take
    """
    with options.services("watch add") as built:
        look = built.watching.add(url, every_s=every, takes=take)
    newest = look.newest
    if newest is None:
        told = "a readout. It is read in the next round, and again when it changes."
    else:
        dated = f" ({newest.date})" if newest.date else ""
        told = f"{look.links} links, newest: {newest.title}{dated}. New ones from now on will be read."
    shown = newest and {"url": newest.url, "title": newest.title, "date": newest.date}
    more = {"links": look.links, "newest": shown}
    options.tell(_watch_json(look.watch, ()) | more, f"{look.watch.pk}: {told}")


@watch.command("list", cls=Command)
def list_(options: CommonOptions) -> None:
    """List what is watched: last asked, next, last error, and what waits to be taken."""
    from retrieval.models import SHARED

    with options.services("watch list") as built:
        found = [(each, built.watching.undecided(each)) for each in built.watching.watched(SHARED)]
    lines = [line for each, waiting in found for line in _watch_lines(each, waiting)]
    options.tell(
        {"watches": [_watch_json(each, waiting) for each, waiting in found]},
        *(lines or ['Nothing is watched. "rapporteur watch add URL" begins.']),
    )


@watch.command(cls=Command)
@click.argument("page", metavar="NUMBER|URL")
def remove(options: CommonOptions, page: str) -> None:
    """Watch a page no longer; the readouts that it brought stay."""
    from retrieval.errors import NotFoundError
    from retrieval.models import SHARED

    with options.services("watch remove") as built:
        named = [each for each in built.watching.watched(SHARED) if page in (str(each.pk), each.url)]
        if not named:
            raise NotFoundError(f'"{page}" is not watched.', '"rapporteur watch list" names what is.')
        built.watching.remove(named[0].scope, named[0].pk)
    options.tell({"removed": named[0].url}, f"{named[0].url}: no longer watched.")


@watch.command("run", cls=Command)
@click.option(
    "--once", is_flag=True, help="Ask every page now, once; else each when it is due, until stopped."
)
@click.option(
    "--take", is_flag=True, help="Ingest what is found, and what was found before, whatever a page says."
)
def run_(options: CommonOptions, once: bool, take: bool) -> None:
    """Ask the watched pages, and report what is new on them; with --take ingest it.

    Robots.txt, pauses and "Retry-After" of their hosts are kept to. A running bot asks the pages by itself.

    \b
    Examples:
      rapporteur watch run --once --json
      rapporteur watch run
    """
    from retrieval.errors import IngestBusyError
    from retrieval.models import SHARED

    if options.as_json and not once:
        raise click.UsageError(
            "--json prints one object, and this runs until it is stopped. Give --once too."
        )
    with options.services("watch run") as built, nullcontext() if once else options.monitored(built):
        while True:
            try:
                built.watching.run(scope=SHARED, everything=once, take=take)
            except IngestBusyError:  # a running bot is at it, for as long as its round lasts
                if once:
                    raise
            _carry_out(built)
            told = [n for n in built.watching.news() if n.watch.scope == SHARED and not n.watch.place]
            if options.as_json:
                print_json(_news_json(told, built.watching.watched(SHARED)))
            for line in () if options.as_json else _lines(told):
                click.echo(line)
            for news in told:
                built.watching.told(news)
            if once:
                if not told and not options.as_json:
                    click.echo("Nothing is new.")
                return
            time.sleep(_LOOKED_AT_EVERY_S)


def _carry_out(built: Services) -> None:
    """See the ingests through that were asked for: here, or by the bot that keeps the store."""
    from retrieval.ingest.job_worker import JobWorker

    worker = None
    while built.watching.settle():
        worker = worker or JobWorker(
            built.ledger, built.ingesting, built.index_sync, purpose="rapporteur watch"
        )
        if not worker.run_once():
            time.sleep(_POLL_S)
    if worker is not None:
        worker.stop()


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M}Z"


def _said(link: WatchedLink) -> str:
    found = link.found or {}
    title = found.get("title") or link.title or link.url
    dated = f" ({found['date']})" if found.get("date") else ""
    if found.get("like"):
        return f'{title}: looks like "{found["like"]}". {link.url}'
    changes = found.get("changes")
    what = "paragraphs added: {}, changed: {}, removed: {}".format(*changes) if changes else "new"
    held = "; held, because it was rolled back" if found.get("held") else ""
    return f"{title}{dated}, {found.get('paragraphs', 0)} paragraphs; {what}{held}. {link.url}"


def _watch_lines(page: Watch, waiting: Sequence[WatchedLink]) -> Iterator[str]:
    then = "paused" if page.paused else f"next {_moment(page.next_at)}"
    takes = ", takes what it finds" if page.takes else ""
    yield f"{page.pk}  {page.url}"
    yield f"   {page.kind}{takes}; asked {page.asked_at[:16]}Z, {then}"
    if page.error:
        yield f"   failed {page.failures} time(s): {page.error}"
    yield from (f"   waits: {_said(link)}" for link in waiting)


def _lines(told: Sequence[News]) -> Iterator[str]:
    for news in told:
        yield f"{news.watch.url}:"
        if news.watch.news == "paused":
            yield f"   paused, after it failed {news.watch.failures} times: {news.watch.error}"
        if news.watch.news == "renewed":
            yield "   made anew: none of its links was there before. They are noted, and none was read."
        for link in news.links:
            if link.state == "refused":
                yield f"   not read: {link.title or link.url}: {link.problem} {link.url}"
            else:
                yield f"   {'taken' if link.state == 'live' else 'found'}: {_said(link)}"
        if any(link.state == "found" for link in news.links):
            yield '   Take it with "rapporteur watch run --once --take", or one with "rapporteur ingest URL".'


def _news_json(told: Sequence[News], pages: Sequence[Watch]) -> Mapping[str, Any]:
    links = [(news.watch, link) for news in told for link in news.links]

    def of(state: str) -> list[dict[str, Any]]:
        return [_link_json(link) | {"page": page.url} for page, link in links if link.state == state]

    told_of = {news.watch.pk: news.watch.news for news in told if news.watch.news}
    shown = [_watch_json(page, ()) | {"news": told_of.get(page.pk)} for page in pages]
    return {"found": of("found"), "taken": of("live"), "refused": of("refused"), "pages": shown}


def _link_json(link: WatchedLink) -> dict[str, Any]:
    named = {"url": link.url, "title": link.title}
    if link.state == "refused":
        return named | {"error": link.problem}
    return named | {k: v for k, v in (link.found or {}).items() if v or k != "title"}


def _watch_json(page: Watch, waiting: Sequence[WatchedLink]) -> dict[str, Any]:
    return {
        "number": page.pk,
        "url": page.url,
        "kind": page.kind,
        "every_s": page.every_s,
        "takes": page.takes,
        "paused": page.paused,
        "asked_at": page.asked_at,
        "next_at": _moment(page.next_at),
        "failures": page.failures,
        "error": page.error,
        "waiting": [_link_json(link) for link in waiting],
    }


COMMANDS = (watch,)

"""Kill a process that watches pages, again and again, while readouts appear on them.

    python -m bench.watching [--kills 20] [--seed 1] [--take]

A child watches a list and a feed on this machine, asks them all the time, ingests what is found (with --take) and says
what it tells; it is killed (SIGKILL) at a random moment, and before each start some more readouts are published. Counted
at the end: readouts published that were told and (with --take) made live, those made live more than once, those told
again because the process died between telling and noting it, and requests for pages of readouts beside the one that
each needs (two, with --take: the ingest reads it again). Vectors are seeded; everything else is the real thing. Exit
status 1 when one was lost, or made live twice.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.seeded import SeededEncoder
from retrieval.bootstrap import Services, build_services
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.ingest.job_worker import JobWorker
from retrieval.models import SHARED
from retrieval.settings import RetrievalSettings
from tests.retrieval.fetching.site import Site, answer

PAGES = {"list": "/news", "feed": "/news.rss"}


def listing(numbers: list[int]) -> bytes:
    items = "".join(f"<li>1 May 2024 <a href='/list-{n}'>Ferry talks number {n}</a></li>" for n in numbers)
    return answer(f"<html><body><ul>{items}</ul></body></html>".encode(), content_type="text/html")


def feed(numbers: list[int]) -> bytes:
    items = "".join(f"<item><title>Talks {n}</title><link>/feed-{n}</link></item>" for n in numbers)
    return answer(f"<rss><channel>{items}</channel></rss>".encode(), content_type="application/rss+xml")


def readout(kind: str, number: int) -> bytes:
    html = (
        f"<html lang=en><body><h1>The {kind} talks of day {number}</h1><p>1. Norland will open {kind} line {number}.</p>"
        f"<p>2. Estmark welcomed line {number} of the {kind}.</p></body></html>"
    )
    return answer(html.encode(), content_type="text/html")


def opened(folder: Path, port: int):  # type: ignore[no-untyped-def]
    policy = FetchPolicy(timeout_s=10, allowed=frozenset({("127.0.0.1", port)}))
    settings = RetrievalSettings(store_dir=folder / "store", corpus_dir=folder)
    return build_services(settings, purpose="a measurement", encoder=SeededEncoder(), fetcher=Fetcher(policy))


def child(folder: Path, port: int, *, take: bool) -> None:
    """Watch until killed, telling what is told."""
    import retrieval.watching.politeness as politeness

    politeness._PAUSE_S = 0.0
    with opened(folder, port) as services:
        print("ready", flush=True)
        while True:
            one_round(services, take=take)


def one_round(services: Services, *, take: bool) -> None:
    services.watching.run(everything=True, take=take)
    worker = None
    while services.watching.settle():
        worker = worker or JobWorker(
            services.ledger, services.ingesting, services.index_sync, purpose="a measurement"
        )
        worker.run_once()
    if worker is not None:
        worker.stop()
    for news in services.watching.news():
        for link in news.links:
            print(f"{link.state} {link.url.rpartition('/')[2]}", flush=True)
        services.watching.told(news)


def publish(site: Site, there: dict[str, list[int]], more: int) -> None:
    for kind, numbers in there.items():
        for _ in range(more):
            numbers.insert(0, len(numbers))
            site.replies[f"/{kind}-{numbers[0]}"] = readout(kind, numbers[0])
    site.replies |= {PAGES["list"]: listing(there["list"]), PAGES["feed"]: feed(there["feed"])}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--take", action="store_true")
    options = parser.parse_args()
    draw, folder = random.Random(options.seed), Path(tempfile.mkdtemp(prefix="rapporteur-watching-"))
    there: dict[str, list[int]] = {kind: [] for kind in PAGES}
    said: list[str] = []
    with Site() as site:
        publish(site, there, 3)
        with opened(folder, site.port) as services:
            for path in PAGES.values():
                services.watching.add(site.url + path, takes=options.take)
        known = len(site.asked)
        for _ in range(options.kills):
            publish(site, there, 2)
            command = [sys.executable, __file__, "child", str(folder), str(site.port), str(options.take)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.uniform(0.0, 1.0))
            process.send_signal(signal.SIGKILL)
            said += process.stdout.read().splitlines()
            process.wait()
        last = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        patience = threading.Timer(120, last.kill)
        patience.start()
        assert last.stdout is not None
        while {line.split()[-1] for line in said} < {f"{k}-{n}" for k, v in there.items() for n in v[:-3]}:
            if not (line := last.stdout.readline()):
                break  # what is not told by now is lost
            said += [line.strip()] if line.strip() != "ready" else []
        patience.cancel()
        last.kill()
        last.wait()
        asked = Counter(path for path in site.paths[known:] if path[1:5] in ("list", "feed"))
        with opened(folder, site.port) as services:
            live = {summary.id for summary in services.browser.documents()}
            made = Counter(
                entry.readout for entry in services.lifecycle.audit(SHARED) if entry.action == "add"
            )
    shutil.rmtree(folder)
    expected = {f"{kind}-{n}" for kind, numbers in there.items() for n in numbers[:-3]}
    told = Counter(line.split()[-1] for line in said)
    needed = 2 if options.take else 1
    lost = expected - (live if options.take else set(told))
    twice = [name for name, count in made.items() if count > 1]
    print(
        f"{options.kills} kills, {len(expected)} readouts published; told {len(expected & told.keys())}, ",
        end="",
    )
    print(f"live {len(expected & live)}; lost {len(lost)}, live more than once {len(twice)}")
    print(
        f"told again: {sum(count - 1 for count in told.values())}; taken without being published after the first ",
        end="",
    )
    print(
        f"look: {len(live - expected)}; read again: {sum(max(0, count - needed) for count in asked.values())}"
    )
    return 1 if lost or twice or live - expected else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "child":
        child(Path(sys.argv[2]), int(sys.argv[3]), take=sys.argv[4] == "True")
    else:
        sys.exit(main())

"""Watched pages: the first look reads nothing, what appears later is read once, and hosts are asked as they wish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from retrieval.bootstrap import Services
from retrieval.errors import AddressRefusedError, FetchError, IngestBusyError, SourceError, UsageError
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.index.encoder import Encoder
from retrieval.ingest.job_worker import JobWorker
from retrieval.ledger.leases import my_turn
from retrieval.watching import WatchService
from tests.conftest import OpenStore
from tests.retrieval.fetching.site import Site, answer

DAY_S = 86_400


class Time:
    """Seconds since 1970, moved on by waiting."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


def readout(number: int, more: str = "") -> bytes:
    html = (
        f"<html lang=en><head><title>Ferry talks {number}</title></head><body><h1>Ferry talks {number}</h1>"
        f"<p>1. Norland will open ferry line {number} to Estmark in May{more}.</p>"
        "<p>2. Estmark welcomed the line and announced a Harbour Pilots Programme.</p></body></html>"
    )
    return answer(html.encode(), content_type="text/html; charset=utf-8")


def listing(*numbers: int, **headers: str) -> bytes:
    items = "".join(
        f"<li>{n % 28 + 1} May 2024 <a href='/r/{n}.html'>Ferry talks number {n}</a></li>" for n in numbers
    )
    html = f"<html lang=en><body><h1>News</h1><ul>{items}</ul></body></html>"
    return answer(html.encode(), content_type="text/html", **headers)


def feed(*numbers: int) -> bytes:
    items = "".join(f"<item><title>Talks {n}</title><link>/r/{n}.html</link></item>" for n in numbers)
    return answer(f"<rss><channel>{items}</channel></rss>".encode(), content_type="application/rss+xml")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        for number in range(1, 40):
            served.replies[f"/r/{number}.html"] = readout(number)
        served.replies["/news"] = listing(1, 2, 3)
        yield served


@pytest.fixture
def services(open_store: OpenStore, site: Site, tmp_path: Path, encoder: Encoder) -> Iterator[Services]:
    (tmp_path / "readouts").mkdir()
    fetcher = Fetcher(FetchPolicy(timeout_s=10, backoff_s=0.0, allowed=site.allowed))
    with open_store(corpus=tmp_path / "readouts", fetcher=fetcher, encoder=encoder) as built:
        yield built


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def watching(services: Services, site: Site, time: Time) -> WatchService:
    fetcher = Fetcher(FetchPolicy(timeout_s=10, backoff_s=0.0, allowed=site.allowed))
    return WatchService(
        services.ledger,
        services.ingesting,
        services.jobs,
        fetcher,
        clock=time,
        draw=lambda: 0.5,
        wait=time.wait,
    )


def told(watching: WatchService) -> list[tuple[str, str, str | None]]:
    """Return what is new, as (path, state, why not), and let it be known."""
    said = []
    for news in watching.news():
        said += [(link.url[link.url.index("/", 8) :], link.state, link.problem) for link in news.links]
        watching.told(news)
    return said


def carried_out(services: Services) -> list[str]:
    worker = JobWorker(services.ledger, services.ingesting, services.index_sync, purpose="a test")
    while worker.run_once():
        pass
    worker.stop()
    return sorted(summary.id for summary in services.browser.documents())


def test_the_first_look_at_a_list_reads_nothing(watching: WatchService, site: Site) -> None:
    look = watching.add(f"{site.url}/news")

    assert (look.watch.kind, look.links, look.newest and look.newest.title) == (
        "list",
        3,
        "Ferry talks number 3",
    )
    assert watching.run(everything=True) == []
    assert told(watching) == []
    assert site.paths == ["/robots.txt", "/news", "/news"]


@pytest.mark.parametrize("page", [listing, feed], ids=["list", "feed"])
def test_what_appears_afterwards_is_read_and_told_once(
    watching: WatchService, site: Site, page: object
) -> None:
    site.replies["/news"] = page(1, 2, 3)  # type: ignore[operator]
    watching.add(f"{site.url}/news")
    site.replies["/news"] = page(4, 1, 2, 3)  # type: ignore[operator]

    assert watching.run(everything=True) == []
    assert told(watching) == [("/r/4.html", "found", None)]
    watching.run(everything=True)
    assert told(watching) == []
    (watch,) = watching.watched()
    assert [dict(each.found or {})["id"] for each in watching.undecided(watch)] == ["4"]


@pytest.mark.usefixtures("either_ledger")
def test_what_is_found_is_taken_where_that_was_chosen(
    watching: WatchService, services: Services, site: Site
) -> None:
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(5, 4, 1, 2, 3)

    assert len(watching.run(everything=True)) == 2
    assert carried_out(services) == ["4", "5"]
    assert watching.settle() is False
    assert told(watching) == [("/r/5.html", "live", None), ("/r/4.html", "live", None)]
    assert watching.run(everything=True) == []


def test_what_was_found_before_can_be_taken_later(
    watching: WatchService, services: Services, site: Site
) -> None:
    watching.add(f"{site.url}/news")
    site.replies["/news"] = listing(4, 1, 2, 3)
    watching.run(everything=True)

    watching.run(everything=True, take=True)

    assert carried_out(services) == ["4"]


def test_what_a_gate_does_not_let_through_is_left_to_somebody(watching: WatchService, site: Site) -> None:
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(4, 1, 2, 3)

    assert watching.run(everything=True, gate=lambda _scope, _plan: False) == []
    assert told(watching) == [("/r/4.html", "found", None)]


def test_what_is_no_readout_is_told_once(watching: WatchService, site: Site) -> None:
    site.replies["/r/4.html"] = answer(b"\x89PNG", content_type="image/png")
    site.replies["/r/5.html"] = answer(status="410 Gone")
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(5, 4, 1, 2, 3)
    watching.run(everything=True)

    assert [(path, state) for path, state, _ in told(watching)] == [
        ("/r/5.html", "refused"),
        ("/r/4.html", "refused"),
    ]
    watching.run(everything=True)
    assert told(watching) == []
    assert site.paths.count("/r/4.html") == 1


def test_a_link_that_fails_for_now_is_read_in_a_later_round(watching: WatchService, site: Site) -> None:
    site.replies["/r/4.html"] = [answer(status="502 Bad Gateway"), readout(4)]
    watching.add(f"{site.url}/news")
    site.replies["/news"] = listing(4, 1, 2, 3)
    watching.run(everything=True)
    assert told(watching) == []

    watching.run()  # not due: a failing link is not hammered
    assert site.paths.count("/r/4.html") == 1
    watching.run(everything=True)

    assert told(watching) == [("/r/4.html", "found", None)]


def test_an_address_of_one_readout_is_read_at_once_and_again_when_it_changes(
    watching: WatchService, services: Services, site: Site
) -> None:
    watching.add(f"{site.url}/r/1.html", takes=True)
    watching.run()
    assert carried_out(services) == ["1"]
    watching.settle()
    assert told(watching) == [("/r/1.html", "live", None)]
    watching.run(everything=True)
    assert told(watching) == []

    site.replies["/r/1.html"] = readout(1, " or in June")
    watching.run(everything=True)
    carried_out(services)
    watching.settle()

    assert told(watching) == [("/r/1.html", "live", None)]
    assert "or in June" in services.browser.paragraph("1", "1").text


def test_a_list_made_anew_is_noted_and_not_read(watching: WatchService, site: Site) -> None:
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(*range(11, 31))

    assert watching.run(everything=True) == []
    assert [(news.watch.news, news.links) for news in watching.news()] == [("renewed", ())]
    site.replies["/news"] = listing(*range(11, 32))
    assert len(watching.run(everything=True)) == 1


def test_a_page_in_the_place_of_a_feed_is_not_read(watching: WatchService, site: Site) -> None:
    site.replies["/news"] = feed(1, 2, 3)
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(4, 5, 6)

    assert watching.run(everything=True) == []
    assert (watching.watched()[0].error or "").startswith("it was a feed, and is a page now")


def test_an_entry_whose_page_says_something_else_of_it_is_read_again(
    watching: WatchService, services: Services, site: Site
) -> None:
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(4, 1, 2, 3)
    watching.run(everything=True)
    carried_out(services)
    site.replies["/r/4.html"] = readout(4, " or in June")
    changed = listing(4, 1, 2, 3).partition(b"\r\n\r\n")[2].replace(b"number 4", b"number 4, corrected")
    site.replies["/news"] = answer(changed, content_type="text/html")

    watching.run(everything=True)
    carried_out(services)

    assert "or in June" in services.browser.paragraph("4", "1").text


def test_two_addresses_that_end_alike_are_two_readouts(
    watching: WatchService, services: Services, site: Site
) -> None:
    def page(*ids: int) -> bytes:
        items = "".join(f"<li>{n} May 2024 <a href='/r?id={n}'>Ferry talks number {n}</a></li>" for n in ids)
        return answer(f"<html><body><ul>{items}</ul></body></html>".encode(), content_type="text/html")

    site.replies |= {f"/r?id={n}": readout(n) for n in range(1, 6)} | {"/news": page(1, 2)}
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = page(4, 3, 1, 2)
    watching.run(everything=True)

    assert carried_out(services) == ["r-id-3", "r-id-4"]


def test_a_page_is_asked_when_it_is_due_and_with_what_it_is_known_by(
    watching: WatchService, site: Site, time: Time
) -> None:
    site.replies["/news"] = listing(1, 2, 3, etag='"v1"')
    watching.add(f"{site.url}/news", every_s=DAY_S)
    watching.run()
    assert site.paths.count("/news") == 1

    time.now += DAY_S + 1
    site.replies["/news"] = answer(status="304 Not Modified", length=False)
    watching.run()

    assert 'If-None-Match: "v1"' in site.asked[-1]
    (watch,) = watching.watched()
    assert (watch.next_at, watch.failures, watch.etag) == (time.now - 0 + DAY_S, 0, '"v1"')


def test_a_page_that_fails_is_asked_ever_later_and_at_last_paused(
    watching: WatchService, site: Site, time: Time
) -> None:
    watching.add(f"{site.url}/news", every_s=DAY_S)
    site.replies["/news"] = answer(status="404 Not Found")
    rests = []
    for _ in range(10):
        (watch,) = watching.watched()
        time.now = watch.next_at
        watching.run()
        rests.append((watching.watched()[0].next_at - time.now) / DAY_S)

    (watch,) = watching.watched()
    assert rests == [1, 2, *[2] * 8]
    assert (watch.paused, watch.news, watch.failures) == (True, "paused", 10)
    assert watch.error == "there is no such page. Check the address (status 404)."
    watching.pause(watch.scope, watch.pk, paused=False)
    site.replies["/news"] = listing(1, 2, 3)
    watching.run()
    assert watching.watched()[0].error is None


def test_a_host_that_asks_to_wait_is_left_alone_for_all_its_pages(
    watching: WatchService, site: Site, time: Time
) -> None:
    site.replies["/other"] = listing(1, 2, 3)
    watching.add(f"{site.url}/news")
    watching.add(f"{site.url}/other")
    site.replies["/news"] = answer(status="429 Too Many Requests", retry_after="7200")

    watching.run(everything=True)
    first, second = sorted(watching.watched(), key=lambda watch: watch.url)

    assert site.paths.count("/other") == 1
    assert second.error == "its host asked to be left alone for now. It is asked again by itself."
    assert min(first.next_at, second.next_at) - time.now >= 7_100


def test_requests_to_one_host_are_apart_as_its_robots_txt_asks(
    watching: WatchService, site: Site, time: Time
) -> None:
    site.replies["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 7\n", content_type="text/plain")
    watching.add(f"{site.url}/news")
    site.replies["/news"] = listing(5, 4, 1, 2, 3)
    watching.run(everything=True)

    assert time.waited == [7, 7, 7]
    assert site.paths.count("/robots.txt") == 1


def test_what_robots_txt_forbids_is_not_fetched(watching: WatchService, site: Site) -> None:
    rules = b"User-agent: *\nDisallow: /r/*4.html$\n\nUser-agent: rapporteur\nDisallow: /secret\nDisallow: /r/*4.html$\n"
    site.replies["/robots.txt"] = answer(rules, content_type="text/plain")
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(4, 1, 2, 3)
    watching.run(everything=True)

    assert told(watching) == [
        (
            "/r/4.html",
            "refused",
            "the robots.txt of its host asks programs not to fetch it. Save the page as a file and ingest it.",
        )
    ]
    assert "/r/4.html" not in site.paths
    with pytest.raises(AddressRefusedError, match="asks programs not to"):
        watching.add(f"{site.url}/secret/list")


def test_a_host_whose_robots_txt_is_out_of_order_is_not_asked(watching: WatchService, site: Site) -> None:
    site.replies["/robots.txt"] = answer(status="503 Service Unavailable")

    with pytest.raises(FetchError, match="cannot be had"):
        watching.add(f"{site.url}/news")
    assert site.paths == ["/robots.txt"]


def test_one_process_asks_at_a_time(watching: WatchService, services: Services, site: Site) -> None:
    watching.add(f"{site.url}/news")
    with (
        my_turn(services.ledger, "watch", timeout_s=0, name="watching"),
        pytest.raises(IngestBusyError, match="Another process asks"),
    ):
        watching.run(everything=True)

    assert site.paths.count("/news") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every_s": 60}, "every 15 minutes"),
        ({"most": 1, "path": "/other"}, "1 pages are watched already"),
        ({"path": "/news"}, "is watched already"),
    ],
    ids=["too often", "too many", "twice"],
)
def test_what_cannot_be_watched_is_said(
    watching: WatchService, site: Site, given: dict[str, object], said: str
) -> None:
    watching.add(f"{site.url}/news")
    path = given.pop("path", "/third")

    with pytest.raises(UsageError, match=said):
        watching.add(f"{site.url}{path}", **given)  # type: ignore[arg-type]


def test_a_page_without_a_list_is_not_watched(watching: WatchService, site: Site) -> None:
    site.replies["/script"] = answer(
        b"<html><body><div id=app></div><script>1</script></body></html>", content_type="text/html"
    )

    with pytest.raises(SourceError, match="neither a readout nor a list"):
        watching.add(f"{site.url}/script")
    assert watching.watched() == []


def test_the_public_web_alone_is_watched(services: Services) -> None:
    with pytest.raises(AddressRefusedError):
        services.watching.add("http://127.0.0.1:1/list")


class Stop(BaseException):
    """What stops a process where it stands, so that nothing after it is done: no clean-up catches it."""


STEPS = [
    "retrieval.ledger.watches.add_link",
    "retrieval.ledger.watches.change",
    "retrieval.ledger.watches.change_link",
    "retrieval.ledger.jobs.add",
    "retrieval.ledger.watches.keep_host",
]


@pytest.mark.parametrize(
    "step", STEPS, ids=[step.rpartition(".")[2] + " of " + step.split(".")[2] for step in STEPS]
)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_round_that_stops_anywhere_loses_and_doubles_nothing(
    step: str,
    nth: int,
    watching: WatchService,
    services: Services,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watching.add(f"{site.url}/news", takes=True)
    site.replies["/news"] = listing(5, 4, 1, 2, 3)
    calls = 0

    def stopping(*given: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        done = whole(*given, **more)
        if calls == nth:
            raise Stop
        return done

    with monkeypatch.context() as patch:
        module, _, name = step.rpartition(".")
        whole = getattr(__import__(module, fromlist=[name]), name)
        patch.setattr(step, stopping)
        with suppress(Stop):
            watching.run(everything=True)
    watching.run(everything=True)

    assert carried_out(services) == ["4", "5"]
    watching.settle()
    assert sorted(told(watching)) == [("/r/4.html", "live", None), ("/r/5.html", "live", None)]
    assert [entry.action for entry in services.lifecycle.audit("shared")] == ["add", "add"]

"""What a server may do to a fetch: bounded time and memory, and one clear sentence."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import pytest

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching import Fetched, Fetcher, FetchPolicy, NotModified, Validators
from tests.retrieval.fetching.site import Reply, Site, answer, page, redirect

DAY = "Tue, 24 Nov 2026 10:00:00 GMT"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


def _fetcher(site: Site, **policy: float) -> Fetcher:
    return Fetcher(FetchPolicy(allowed=site.allowed, **{"backoff_s": 0.0, "timeout_s": 10, **policy}))  # type: ignore[arg-type]


def _problem(site: Site, path: str = "/a", **policy: float) -> str:
    with pytest.raises(FetchError) as caught:
        _fetcher(site, **policy).fetch(site.url + path)
    assert caught.value.source == site.url + path
    return caught.value.problem


def test_a_page_comes_with_its_place_its_type_and_what_it_is_known_by(site: Site) -> None:
    site.replies["/a"] = page("1. Text.", etag='"v1"', last_modified=DAY)

    found = _fetcher(site).fetch(f" {site.url}/a ")

    assert found == Fetched(
        f"{site.url}/a", f"{site.url}/a", b"1. Text.", "text/plain; charset=utf-8", Validators('"v1"', DAY)
    )


def test_a_request_names_the_project_and_nobody_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.replies["/b"] = page()
    site.replies["/a"] = answer(status="302 Found", location="/b", set_cookie="id=1")

    _fetcher(site).fetch(f"{site.url}/a")

    names = [[line.partition(":")[0] for line in request.split("\r\n")[1:-2]] for request in site.asked]
    assert names == [["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"]] * 2
    assert all(f"\r\nHost: 127.0.0.1:{site.port}\r\nUser-Agent: Rapporteur" in each for each in site.asked)


def test_a_server_that_says_it_is_the_same_is_believed(site: Site) -> None:
    def reply(request: str) -> bytes:
        same = 'If-None-Match: "v1"' in request and f"If-Modified-Since: {DAY}" in request
        return answer(status="304 Not Modified", length=False) if same else page()

    site.replies["/a"] = reply

    found = _fetcher(site).fetch(f"{site.url}/a", validators=Validators('"v1"', DAY))

    assert found == NotModified(f"{site.url}/a")


def test_what_is_known_of_a_page_is_not_asked_of_the_page_behind_a_redirect(site: Site) -> None:
    """Another document may stand there by now, and be older than the date of the first one."""
    site.replies["/a"] = redirect("/b")
    site.replies["/b"] = page("1. Text.", etag='"v1"', last_modified=DAY)

    found = _fetcher(site).fetch(f"{site.url}/a", validators=Validators('"v1"', DAY))

    assert isinstance(found, Fetched)
    assert (found.url, found.final_url, found.validators) == (f"{site.url}/a", f"{site.url}/b", Validators())
    assert "If-None-Match" in site.asked[0]
    assert "If-" not in site.asked[1]


def test_a_same_that_was_not_asked_for_is_an_error(site: Site) -> None:
    site.replies["/a"] = answer(status="304 Not Modified", length=False)

    assert _problem(site) == (
        "the server answered with status 304. Open the address in a browser to see why."
    )


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("401 No", "it asks for a password. Save the page as a file and ingest it (status 401)."),
        (
            "403 No",
            "the server does not let it be fetched. Save the page as a file and ingest it (status 403).",
        ),
        ("404 No", "there is no such page. Check the address (status 404)."),
        ("410 No", "the page was taken away. Look for its new address (status 410)."),
        (
            "429 No",
            "the server takes no more requests for now. Try again later (in 30 seconds, it says) (status 429).",
        ),
        ("206 Part", "the server answered with status 206. Open the address in a browser to see why."),
        ("302 Found", "the server answered with status 302. Open the address in a browser to see why."),
        ("503 No", "the server has a problem of its own (status 503). Try again later."),
    ],
)
def test_a_status_becomes_a_sentence(site: Site, status: str, problem: str) -> None:
    site.replies["/a"] = answer(status=status, retry_after="30")

    assert _problem(site) == problem


def test_a_failure_that_may_pass_is_tried_again_so_often_and_no_more(site: Site) -> None:
    site.replies["/a"] = answer(status="503 No")

    _problem(site, attempts=3)

    assert len(site.asked) == 3


def test_a_failure_that_will_not_pass_is_not_tried_again(site: Site) -> None:
    _problem(site)

    assert len(site.asked) == 1


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    block = bytes(1_000_000)
    packed = b"".join(packer.compress(block) for _ in range(size // len(block)))
    return packed + packer.flush()


TOO_LARGE = "it is larger than 0.1 MB. Save only the readout's text and ingest the file."
DAMAGED = "what the server sent is damaged or cut short. Try again later."
HTML = {"content_type": "text/html"}
CASES: dict[str, tuple[Reply, str]] = {
    "too large, and says so": (answer(length=False, content_length="100001", **HTML), TOO_LARGE),
    "too large, without saying so": (
        itertools.chain([answer(length=False, **HTML)], itertools.repeat(b"a" * 100_000)),
        TOO_LARGE,
    ),
    "too large, in chunks": (
        itertools.chain(
            [answer(length=False, transfer_encoding="chunked", **HTML)],
            itertools.repeat(b"3\r\nabc\r\n" * 100),
        ),
        TOO_LARGE,
    ),
    "a gzip bomb": (answer(_bomb(200_000_000), content_encoding="gzip", **HTML), TOO_LARGE),
    "half of a gzip": (answer(gzip.compress(b"text" * 99)[:-9], content_encoding="gzip", **HTML), DAMAGED),
    "two gzips": (
        answer(gzip.compress(b"a") + gzip.compress(b"b"), content_encoding="gzip", **HTML),
        DAMAGED,
    ),
    "no gzip at all": (answer(b"plain text", content_encoding="gzip", **HTML), DAMAGED),
    "another compression": (
        answer(b"text", content_encoding="br", **HTML),
        'it is compressed with "br", which was not asked for.',
    ),
    "gzip in gzip": (
        answer(b"text", content_encoding="gzip, gzip", **HTML),
        'it is compressed with "gzip, gzip", which was not asked for.',
    ),
    "an image": (
        answer(b"\x89PNG", content_type="image/png"),
        'it is "image/png", not a page, a document, text or JSON. Use the address of the text itself.',
    ),
    "a type that is none": (
        answer(b"text", content_type="\x9b31m\u00e4" + "x" * 99),
        f'it is "?31m?{"x" * 55}", not a page, a document, text or JSON. Use the address of the text itself.',
    ),
    "a zip": (
        answer(b"PK", content_type="application/zip"),
        'it is "application/zip", not a page, a document, text or JSON. Use the address of the text itself.',
    ),
    "nothing": (answer(**HTML), "the page is empty. Open it in a browser to see whether it is there."),
    "white space": (
        answer(b" \n", **HTML),
        "the page is empty. Open it in a browser to see whether it is there.",
    ),
    "endless headers": (
        itertools.chain(
            [b"HTTP/1.1 200 OK\r\n"], (b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in itertools.count())
        ),
        "127.0.0.1 sent headers without an end. Save the page as a file and ingest it.",
    ),
    "one endless header": (
        itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"a" * 10_000)),
        "127.0.0.1 sent headers without an end. Save the page as a file and ingest it.",
    ),
    "always about to answer": (itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 400), TOO_LARGE),
    "another protocol": (
        b"220 mail.example ESMTP\r\n\r\n",
        "127.0.0.1 did not answer as a web server does. Check the address.",
    ),
    "two lengths": (
        answer(b"text", content_length="3", **HTML),
        "127.0.0.1 did not answer as a web server does. Check the address.",
    ),
    "a length with no end": (
        answer(length=False, content_length="9" * 5_000, **HTML),
        "127.0.0.1 did not answer as a web server does. Check the address.",
    ),
    "less than promised": (
        page("text" * 9)[:-5],
        "127.0.0.1 broke off before the end. Try again later.",
    ),
    "a closed connection": (b"", "127.0.0.1 broke off before the end. Try again later."),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_is_refused_in_a_sentence(site: Site, case: str) -> None:
    site.replies["/a"], problem = CASES[case]

    assert _problem(site, max_bytes=100_000, attempts=1) == problem


def _drip() -> Iterator[bytes]:
    yield answer(length=False, content_length="1000", **HTML)
    while True:
        time.sleep(0.02)
        yield b"a"


def _dripping_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX: "
    while True:
        time.sleep(0.02)
        yield b"a"


def _silence() -> Iterator[bytes]:
    time.sleep(1)
    yield b""


LATE = "it did not come within 0.3 seconds. Try again later, or raise RETRIEVAL_FETCH_TIMEOUT_S."


@pytest.mark.parametrize("drip", [_drip, _dripping_headers, _silence])
def test_the_deadline_is_for_the_whole_page_not_for_each_byte(site: Site, drip: object) -> None:
    site.replies["/a"] = drip()  # type: ignore[operator]

    assert _problem(site, timeout_s=0.3) == LATE


def test_redirects_share_one_deadline(site: Site) -> None:
    def slowly(_request: str) -> bytes:
        time.sleep(0.12)
        return redirect("/a")

    site.replies["/a"] = slowly

    assert _problem(site, timeout_s=0.3) == LATE


def test_attempts_share_one_deadline(site: Site) -> None:
    site.replies["/a"] = answer(status="503 No")

    _problem(site, timeout_s=1, attempts=1000, backoff_s=0.2)

    assert len(site.asked) < 20


def test_a_resolver_that_never_answers_is_not_waited_for(site: Site) -> None:
    never = threading.Event()
    fetcher = Fetcher(FetchPolicy(timeout_s=0.1), resolver=lambda *_: [str(never.wait(5))])

    with pytest.raises(FetchError) as caught:
        fetcher.fetch("https://slow.example/a")
    never.set()

    assert caught.value.problem == 'nobody said in time where "slow.example" is. Try again later.'


def test_a_refused_connection_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    fetcher = Fetcher(FetchPolicy(allowed=frozenset({("127.0.0.1", port)}), backoff_s=0.0))

    with pytest.raises(FetchError) as caught:
        fetcher.fetch(f"http://127.0.0.1:{port}/")

    assert caught.value.problem == ("127.0.0.1 refuses connections. Check the address, or try again later.")


def test_the_next_checked_address_is_tried_where_the_first_does_not_answer(site: Site) -> None:
    site.replies["/a"] = page()
    policy = FetchPolicy(allowed=frozenset({("127.0.0.1", site.port), ("127.0.0.3", site.port)}))
    fetcher = Fetcher(policy, resolver=lambda *_: ["127.0.0.3", "127.0.0.1"])

    found = fetcher.fetch(f"http://readouts.example:{site.port}/a")

    assert isinstance(found, Fetched)
    assert f"Host: readouts.example:{site.port}\r\n" in site.asked[0]


def test_a_redirect_off_limits_is_not_followed(site: Site) -> None:
    site.replies["/a"] = redirect("http://169.254.169.254/")

    with pytest.raises(AddressRefusedError):
        _fetcher(site).fetch(f"{site.url}/a")

    assert site.paths == ["/a"]


@pytest.mark.parametrize(
    ("status", "headers", "passes", "after_s"),
    [
        ("429 Too Many Requests", {"retry_after": "120"}, True, 120),
        ("503 Service Unavailable", {"retry_after": "Fri, 31 Dec 1999 23:59:59 GMT"}, True, 0),
        ("503 Service Unavailable", {"retry_after": "soon"}, True, None),
        ("404 Not Found", {}, False, None),
    ],
    ids=["seconds", "a date", "neither", "for good"],
)
def test_a_failure_says_whether_and_when_asking_again_makes_sense(
    site: Site, status: str, headers: dict[str, str], passes: bool, after_s: float | None
) -> None:
    site.replies["/a"] = answer(status=status, **headers)

    with pytest.raises(FetchError) as caught:
        _fetcher(site).fetch(f"{site.url}/a")

    assert (caught.value.may_pass, caught.value.retry_after_s) == (passes, after_s)

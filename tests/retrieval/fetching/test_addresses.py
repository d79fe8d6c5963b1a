"""Only the public web is fetched, however an address is spelled and wherever it redirects."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching import Fetcher, FetchPolicy, name_of
from retrieval.fetching.urls import Target, not_public, parse_url
from tests.retrieval.fetching.site import Site, names, page, redirect
from tests.retrieval.fetching.table import run_good, run_refused


def test_every_address_of_the_table_is_refused() -> None:
    outcomes = list(run_refused())

    assert [outcome for outcome in outcomes if not outcome.as_wanted] == []
    assert len(outcomes) >= 90


def test_every_good_address_is_fetched_through_the_test_allowance() -> None:
    assert [outcome for outcome in run_good() if not outcome.as_wanted] == []


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "1.1.1.1", "2606:2800:220:1::1", "2a00:1450:4001:80e::200e"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert not_public(ip_address(address)) is None


def test_a_name_is_asked_for_once_however_often_it_is_needed() -> None:
    """Redirects back to it and attempts after failures connect to the answer that was checked."""
    with Site() as site:
        site.replies["/a"] = [b"", redirect(f"http://readouts.example:{site.port}/b")]
        site.replies["/b"] = [b"", page()]
        resolver = names({"readouts.example": ["127.0.0.1"]})
        policy = FetchPolicy(backoff_s=0.0, allowed=site.allowed)

        Fetcher(policy, resolver=resolver).fetch(f"http://readouts.example:{site.port}/a")

    assert site.paths == ["/a", "/a", "/b", "/b"]
    assert resolver.asked == ["readouts.example"]  # type: ignore[attr-defined]


def test_a_resolver_that_changes_its_mind_changes_nothing() -> None:
    """DNS rebinding: the second answer is never asked for, so it cannot lead anywhere."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with Site() as site:
        site.replies["/a"] = [b"", page()]
        fetcher = Fetcher(FetchPolicy(backoff_s=0.0, allowed=site.allowed), resolver=lambda *_: next(answers))

        fetcher.fetch(f"http://readouts.example:{site.port}/a")

    assert len(site.asked) == 2
    assert next(answers) == ["10.0.0.1"]


def test_the_allowance_is_for_one_address_and_one_port() -> None:
    with Site() as site, Site() as other:
        fetcher = Fetcher(FetchPolicy(allowed=site.allowed))

        with pytest.raises(AddressRefusedError):
            fetcher.fetch(f"http://127.0.0.2:{site.port}/")
        with pytest.raises(AddressRefusedError):
            fetcher.fetch(f"{other.url}/")

    assert site.asked == other.asked == []


def test_an_unknown_name_is_told_from_a_refused_one() -> None:
    with pytest.raises(FetchError) as caught:
        Fetcher(FetchPolicy(), resolver=names({})).fetch("https://gone.example/a")

    assert not isinstance(caught.value, AddressRefusedError)
    assert str(caught.value) == (
        'https://gone.example/a: the name "gone.example" is not known. Check how it is written, and the '
        "connection."
    )


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(AddressRefusedError) as caught:
        parse_url("https://me:secret@example.org/a")

    assert str(caught.value) == (
        "https://example.org/a: it has a user name or password before the host. Take everything up to the @ "
        "away."
    )


def test_an_address_is_read_into_what_is_asked_for() -> None:
    assert parse_url("HTTPS://Bücher.Example:8443/ä b?q=ü#x".replace(" ", "%20")) == Target(
        "https", "xn--bcher-kva.example", 8443, "/%C3%A4%20b?q=%C3%BC"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/readouts/joint-statement.html", "joint-statement.html"),
        ("https://example.org/readouts/2026/", "2026"),
        ("https://example.org/a.pdf?download=1#page=2", "a.pdf"),
        ("https://example.org/%E5%85%B1%E5%90%8C%E5%A3%B0%E6%98%8E.html", "共同声明.html"),
        ("https://example.org/joint%20statement", "joint statement"),
        ("https://example.org/..%2f..%2fetc%2fpasswd", "etc-passwd"),
        ("https://example.org/a%00b%0ac.txt", "abc.txt"),
        ("https://example.org/%E2%80%AEfdp.exe", "fdp.exe"),
        ("https://example.org/%2e%2e/", "example.org"),
        ("https://example.org", "example.org"),
        ("https://example.org/?id=7", "example.org"),
        ("https://[::1", "page"),
    ],
)
def test_the_last_segment_names_the_file(url: str, name: str) -> None:
    assert name_of(url) == name

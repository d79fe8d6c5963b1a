"""TLS is with the name, the connection with the address that was checked."""

from __future__ import annotations

import ssl

import pytest
import trustme

from retrieval.errors import AddressRefusedError, FetchError
from retrieval.fetching import Fetched, Fetcher, FetchPolicy
from tests.retrieval.fetching.site import Site, names, page, redirect

NAME = "readouts.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _site(authority: trustme.CA, *certified: str) -> Site:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*certified).configure_cert(context)
    return Site(context)


def _fetcher(site: Site, authority: trustme.CA | None) -> Fetcher:
    trusting = None
    if authority is not None:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
    policy = FetchPolicy(timeout_s=10, backoff_s=0.0, allowed=site.allowed)
    return Fetcher(policy, resolver=names({NAME: ["127.0.0.1"]}), ssl_context=trusting)


def _problem(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    return caught.value.problem


def test_certificate_and_host_are_of_the_name_and_the_connection_goes_to_the_address(
    authority: trustme.CA,
) -> None:
    with _site(authority, NAME) as site:
        site.replies["/a"] = page("1. Text.")

        found = _fetcher(site, authority).fetch(f"https://{NAME}:{site.port}/a")

    assert isinstance(found, Fetched)
    assert (found.data, found.final_url) == (b"1. Text.", f"https://{NAME}:{site.port}/a")
    assert site.server_names == [NAME]
    assert f"\r\nHost: {NAME}:{site.port}\r\n" in site.asked[0]


def test_a_certificate_of_the_address_is_not_one_of_the_name(authority: trustme.CA) -> None:
    with _site(authority, "127.0.0.1", "other.example") as site:
        problem = _problem(_fetcher(site, authority), f"https://{NAME}:{site.port}/a")

    assert problem == (
        f"the certificate of {NAME} is not trusted (Hostname mismatch, certificate is not valid for "
        f"'{NAME}'.). Tell whoever runs it."
    )
    assert site.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(authority: trustme.CA) -> None:
    with _site(authority, NAME) as site:
        problem = _problem(_fetcher(site, None), f"https://{NAME}:{site.port}/a")

    assert problem.startswith(f"the certificate of {NAME} is not trusted (")
    assert site.asked == []


def test_a_server_that_does_not_speak_tls_is_told() -> None:
    with Site() as site:
        problem = _problem(_fetcher(site, None), f"https://{NAME}:{site.port}/a")

    assert problem == f"{NAME} did not agree on a secure connection. Check the address."


def test_a_redirect_from_https_to_http_is_refused(authority: trustme.CA) -> None:
    with _site(authority, NAME) as site:
        site.replies["/a"] = redirect(f"http://{NAME}:{site.port}/a")

        with pytest.raises(AddressRefusedError) as caught:
            _fetcher(site, authority).fetch(f"https://{NAME}:{site.port}/a")

    assert caught.value.problem == (
        f"it redirects from https to http ({NAME}). Use an address that stays with https."
    )

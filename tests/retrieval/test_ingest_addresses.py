"""Ingesting addresses: read once, known again cheaply, and told from files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.bootstrap import Services
from retrieval.fetching import Fetcher, FetchPolicy, Validators
from retrieval.ingest import Details, IngestRequest
from retrieval.ledger import revisions
from retrieval.models import SHARED, ChangedReadout, FailedSource, IngestReport
from retrieval.sources import LoadedSource, load_url
from tests.conftest import OpenStore, WriteReadout
from tests.retrieval.fetching.site import Site, answer, page, redirect

FERRY = "1. Norland and Estmark will open a ferry line between Port Alder and Sund in May."
REEF = "2. The two ministers visited the coral reef station and thanked its staff."
RADAR = "2. Estmark offered to lend a coastal radar to the Norland coast guard."


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


@pytest.fixture
def services(open_store: OpenStore, site: Site, tmp_path: Path) -> Iterator[Services]:
    """An empty store whose fetcher may reach the site."""
    (tmp_path / "readouts").mkdir()
    with open_store(corpus=tmp_path / "readouts", fetcher=_fetcher(site)) as built:
        yield built


def _fetcher(site: Site) -> Fetcher:
    return Fetcher(FetchPolicy(timeout_s=10, backoff_s=0.0, allowed=site.allowed))


def _html(*paragraphs: str, head: str = "") -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html lang=en><head><title>Joint statement</title>{head}</head><body><h1>Joint statement</h1>{body}</body></html>"


def _served(*paragraphs: str, **headers: str) -> bytes:
    return answer(_html(*paragraphs).encode(), content_type="text/html; charset=utf-8", **headers)


def _ingest(services: Services, *urls: str, **more: object) -> IngestReport:
    report = services.ingesting.run(IngestRequest(urls=urls, **more))  # type: ignore[arg-type]
    return replace(report, elapsed_ms=0.0, diffs={})


def _known(services: Services, url: str) -> Validators:
    with services.ledger.read() as connection:
        seen = revisions.seen_source(connection, SHARED, url)
    assert seen is not None
    return Validators(seen.etag, seen.last_modified)


def test_an_address_is_added_then_unchanged_by_its_etag_then_changed(services: Services, site: Site) -> None:
    url = f"{site.url}/readouts/joint-statement.html"
    versions = {'"v1"': (FERRY, REEF), '"v2"': (FERRY, RADAR)}
    live = '"v1"'

    def reply(request: str) -> bytes:
        if f"If-None-Match: {live}\r\n" in request:
            return answer(status="304 Not Modified", length=False)
        return _served(*versions[live], etag=live)

    site.replies["/readouts/joint-statement.html"] = reply

    added, unchanged = _ingest(services, url), _ingest(services, url)
    live = '"v2"'
    changed = _ingest(services, url)

    assert (added.added, added.paragraphs, added.embedded) == (("joint-statement",), 2, 2)
    assert unchanged == IngestReport(unchanged=("joint-statement",), paragraphs=2)
    assert changed.changed == (ChangedReadout("joint-statement", 0, 1, 0),)
    assert changed.embedded == 1
    assert _known(services, url) == Validators('"v2"')
    found = services.answering.ask("Who offered a coastal radar?").statements[0]
    assert found.citation.url == url


def test_the_same_content_is_unchanged_where_the_server_knows_no_conditions(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{site.url}/a"
    site.replies["/a"] = [_served(FERRY, REEF), _served(FERRY, REEF)]
    _ingest(services, url)
    monkeypatch.setattr("retrieval.sources.loading.parse", _must_not_be_called)

    assert _ingest(services, url) == IngestReport(unchanged=("a",), paragraphs=2)


def _must_not_be_called(*_args: object) -> None:
    raise AssertionError("nothing here needs parsing")


def test_a_new_etag_for_the_same_content_is_kept(services: Services, site: Site) -> None:
    url = f"{site.url}/a"
    site.replies["/a"] = [_served(FERRY, REEF, etag='"v1"'), _served(FERRY, REEF, etag='"v2"')]
    _ingest(services, url)

    report = _ingest(services, url)

    assert report == IngestReport(unchanged=("a",), paragraphs=2)
    assert _known(services, url) == Validators('"v2"')


def test_an_address_that_fails_leaves_what_was_there(services: Services, site: Site) -> None:
    url = f"{site.url}/a"
    site.replies["/a"] = [_served(FERRY, REEF), answer(status="410 Gone")]
    _ingest(services, url)

    report = _ingest(services, url)

    problem = "the page was taken away. Look for its new address (status 410)."
    assert report == IngestReport(failed=(FailedSource(url, None, problem),))
    assert [summary.id for summary in services.browser.documents()] == ["a"]


def test_a_removed_readout_comes_back_though_its_page_did_not_change(services: Services, site: Site) -> None:
    """No condition is sent for what is no longer live: a 304 would bring nothing back."""
    url = f"{site.url}/a"
    site.replies["/a"] = _served(FERRY, REEF, etag='"v1"')
    _ingest(services, url)
    services.lifecycle.remove("a")

    report = _ingest(services, url)

    assert report.added == ("a",)
    assert "If-None-Match" not in site.asked[-1]


def test_pruning_the_corpus_leaves_what_came_from_an_address(
    services: Services, site: Site, write_readout: WriteReadout
) -> None:
    write_readout("summit", ["A seminar will be held in June."])
    site.replies["/a"] = _served(FERRY, REEF)
    _ingest(services, f"{site.url}/a")

    report = services.ingesting.ingest(prune=True)

    assert (report.added, report.removed) == (("summit",), ())


def test_details_go_to_the_readout_of_their_address(services: Services, site: Site) -> None:
    url = f"{site.url}/a"
    site.replies["/a"] = _served(FERRY, REEF)

    report = _ingest(services, url, details={url: Details(id="ferry-talks")})

    assert report.added == ("ferry-talks",)


def test_files_and_addresses_are_one_ingest(
    services: Services, site: Site, write_readout: WriteReadout
) -> None:
    path = write_readout("summit", ["A seminar will be held in June."])
    site.replies["/a"] = _served(FERRY, REEF)

    report = _ingest(services, f"{site.url}/a", f"{site.url}/gone", paths=(str(path),))

    assert report.added == ("summit", "a")
    assert [failed.source for failed in report.failed] == [f"{site.url}/gone"]


def _loaded(site: Site, path: str) -> LoadedSource:
    return load_url(site.url + path, _fetcher(site))


def test_a_readout_names_where_it_was_found(site: Site) -> None:
    site.replies["/a"] = redirect("/b")
    site.replies["/b"] = _served(FERRY)

    assert [(r.id, r.source_url) for r in _loaded(site, "/a").readouts] == [("a", f"{site.url}/b")]


def test_a_page_that_names_its_own_address_is_believed(site: Site) -> None:
    own = "https://example.org/joint-statement"
    html = _html(FERRY, head=f'<link rel=canonical href="{own}">')
    site.replies["/a"] = answer(html.encode(), content_type="text/html")

    assert [readout.source_url for readout in _loaded(site, "/a").readouts] == [own]


@pytest.mark.parametrize(
    ("path", "kind", "id_"),
    [
        ("/readouts/joint-statement.html", "text/html", "joint-statement"),
        ("/readouts/joint-statement/", "text/html", "joint-statement"),
        ("/press-release-12.3", "text/html", "press-release-12.3"),
        ("/page.php?id=7", "text/html", "page.php"),
        ("/Joint%20Statement.txt", "text/plain", "joint-statement"),
        ("/notes", "text/markdown", "notes"),
        ("/", "text/html", "127.0.0.1"),
    ],
)
def test_the_last_segment_of_an_address_is_the_id(site: Site, path: str, kind: str, id_: str) -> None:
    text = _html(FERRY) if kind == "text/html" else f"{FERRY}\n\n{REEF}\n"
    site.replies[path] = answer(text.encode(), content_type=kind)

    assert [readout.id for readout in _loaded(site, path).readouts] == [id_]


@pytest.mark.parametrize("charset", ["windows-1252", "ISO-8859-1"])
def test_the_encoding_that_only_the_header_names_is_read(site: Site, charset: str) -> None:
    text = "1. Les deux ministres ont salué l’été à Genève, où la coopération s’est renforcée."
    site.replies["/a"] = answer(_html(text).encode("cp1252"), content_type=f"text/html; charset={charset}")

    assert [p.text for r in _loaded(site, "/a").readouts for p in r.paragraphs if p.number == "1"] == [
        text[3:]
    ]


def test_a_source_that_cannot_be_parsed_is_named_by_its_address(site: Site) -> None:
    site.replies["/a.json"] = answer(b'{"id": "bad",\n "title": }', content_type="application/json")

    loaded = _loaded(site, "/a.json")

    assert loaded.error is not None
    assert (loaded.source, loaded.error.line) == (f"{site.url}/a.json", 2)


def test_a_page_ingested_twice_in_one_run_is_one_readout(services: Services, site: Site) -> None:
    site.replies["/a"] = page(f"{FERRY}\n\n{REEF}\n")

    report = _ingest(services, f"{site.url}/a", f"{site.url}/a")

    assert (report.added, report.failed, len(site.asked)) == (("a",), (), 1)

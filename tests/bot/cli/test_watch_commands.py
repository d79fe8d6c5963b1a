"""`rapporteur watch`: what is found is reported as a dry run, or ingested where that was chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from retrieval.fetching import FetchPolicy
from tests.retrieval.fetching.site import Site, answer

Run = Callable[..., tuple[int, Any]]

TALKS = (
    "<h1>Ferry talks {n}</h1><p>1. Norland will open ferry line {n}.</p><p>2. Estmark welcomed line {n}.</p>"
)


def _list(*numbers: int) -> bytes:
    items = "".join(f"<li>{n} May 2024 <a href='/talks-{n}'>Ferry talks number {n}</a></li>" for n in numbers)
    return answer(f"<html><body><ul>{items}</ul></body></html>".encode(), content_type="text/html")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Site() as served:
        for n in range(1, 6):
            html = f"<html lang=en><body>{TALKS.format(n=n)}</body></html>"
            served.replies[f"/talks-{n}"] = answer(html.encode(), content_type="text/html")
        served.replies["/news"] = _list(1, 2, 3)
        monkeypatch.setattr("retrieval.bootstrap.FetchPolicy", partial(FetchPolicy, allowed=served.allowed))
        monkeypatch.setattr("retrieval.watching.politeness._PAUSE_S", 0.0)
        yield served


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def command(*given: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as stopped:
            main([*given, "--store", str(tmp_path / "store")])
        out = capsys.readouterr().out
        return int(stopped.value.code or 0), json.loads(out) if "--json" in given else out

    return command


def test_what_is_found_is_reported_and_taken_when_that_is_asked(run: Run, site: Site) -> None:
    status, added = run("watch", "add", f"{site.url}/news", "--every", "30m", "--json")
    assert (status, added["kind"], added["links"], added["every_s"]) == (0, "list", 3, 1800)
    assert added["newest"] == {
        "url": f"{site.url}/talks-3",
        "title": "Ferry talks number 3",
        "date": "2024-05-03",
    }
    site.replies["/news"] = _list(4, 1, 2, 3)

    status, found = run("watch", "run", "--once", "--json")
    assert status == 0
    assert [(each["id"], each["title"], each["paragraphs"]) for each in found["found"]] == [
        ("talks-4", "Ferry talks 4", 2)
    ]
    assert run("documents", "--json")[1]["documents"][0]["id"] != "talks-4"
    assert [each["id"] for each in run("watch", "list", "--json")[1]["watches"][0]["waiting"]] == ["talks-4"]
    assert run("watch", "run", "--once") == (0, "Nothing is new.\n")

    status, taken = run("watch", "run", "--once", "--take", "--json")
    assert (status, [each["id"] for each in taken["taken"]], taken["found"]) == (0, ["talks-4"], [])
    assert run("watch", "list", "--json")[1]["watches"][0]["waiting"] == []
    assert run("paragraph", "talks-4", "1", "--json")[1]["text"] == "Norland will open ferry line 4."
    assert run("watch", "remove", "1", "--json") == (0, {"removed": f"{site.url}/news"})
    assert run("watch", "list") == (0, 'Nothing is watched. "rapporteur watch add URL" begins.\n')


def test_a_page_that_takes_ingests_by_itself_and_says_so(run: Run, site: Site) -> None:
    run("watch", "add", f"{site.url}/talks-1", "--take")

    _, said = run("watch", "run", "--once")

    assert said == f"{site.url}/talks-1:\n   taken: Ferry talks 1, 2 paragraphs; new. {site.url}/talks-1\n"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (("add", "http://127.0.0.1:1/x"), 1),
        (("add", "https://example.org/x", "--every", "soon"), 2),
        (("add", "https://example.org/x", "--every", "1m"), 2),
        (("run", "--json"), 2),
        (("remove", "7"), 2),
    ],
    ids=["not public", "no interval", "too often", "JSON without end", "not watched"],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, given: tuple[str, ...], status: int) -> None:
    assert run("watch", *given)[0] == status

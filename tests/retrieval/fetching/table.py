"""The address table, run: what must be refused, and what must be fetched all the same."""

from __future__ import annotations

import gzip
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from retrieval.errors import AddressRefusedError, RapporteurError
from retrieval.fetching import Fetched, Fetcher, FetchPolicy
from tests.retrieval.fetching.site import Reply, Site, answer, names, page, redirect

TABLE = tomllib.loads(Path(__file__).with_name("addresses.toml").read_text(encoding="utf-8"))
TEXT = "1. The ferry opens in May.\n\n2. Visas are waived.\n"
KNOWN = {"example.org": ["93.184.216.34"], **TABLE["names"]}


@dataclass(frozen=True)
class Outcome:
    """What became of one address: `said` is the error's sentence, or "fetched"."""

    case: str
    as_wanted: bool
    said: str


def run_refused() -> Iterator[Outcome]:
    """Ask for every address that must be refused, by spelling, by name and by redirect."""
    fetcher = Fetcher(FetchPolicy(timeout_s=5), resolver=names(KNOWN))
    for url in TABLE["refused"]:
        yield _refused(fetcher, url, url)
    for name in TABLE["names"]:
        yield _refused(fetcher, name, f"https://{name}/readout.html")
    for case, chain in TABLE["chains"].items():
        yield _follow(case, chain)


def _follow(case: str, chain: list[str]) -> Outcome:
    with Site() as site:
        urls = [url.replace("{start}", site.url) for url in chain]
        for here, there in pairwise(urls):
            site.replies[here.removeprefix(site.url) or "/"] = redirect(there)
        site.replies.setdefault(urls[-1].removeprefix(site.url) or "/", page())
        fetcher = Fetcher(FetchPolicy(timeout_s=5, allowed=site.allowed), resolver=names(KNOWN))
        return _refused(fetcher, case, urls[0])


def _refused(fetcher: Fetcher, case: str, url: str) -> Outcome:
    try:
        fetcher.fetch(url)
    except AddressRefusedError as error:
        return Outcome(case, True, str(error))
    except RapporteurError as error:
        return Outcome(case, False, str(error))
    return Outcome(case, False, "fetched")


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _good() -> Mapping[str, tuple[str, dict[str, Reply | list[bytes]]]]:
    """Case -> address ("{port}" is the server's) and what the server says."""
    data, html = TEXT.encode(), {"content_type": "text/html"}
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:10], data[10:])) + b"0\r\n\r\n"
    steps: dict[str, Reply | list[bytes]] = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 6)}
    here = "http://127.0.0.1:{port}"
    return {
        "an address": (f"{here}/a.txt", {"/a.txt": page(TEXT)}),
        "a name": ("http://readouts.example:{port}/a", {"/a": page(TEXT)}),
        "a name with a dot at its end": ("http://readouts.example.:{port}/a", {"/a": page(TEXT)}),
        "a name in capitals": ("HTTP://Readouts.EXAMPLE:{port}/a", {"/a": page(TEXT)}),
        "a name in another alphabet": ("http://外務省.example:{port}/a", {"/a": page(TEXT)}),
        "a query": (f"{here}/a?id=1&l=en", {"/a?id=1&l=en": page(TEXT)}),
        "a path in another alphabet": (
            f"{here}/共同声明",
            {"/%E5%85%B1%E5%90%8C%E5%A3%B0%E6%98%8E": page(TEXT)},
        ),
        "an escaped path": (f"{here}/joint%20statement", {"/joint%20statement": page(TEXT)}),
        "a fragment": (f"{here}/a#p7", {"/a": page(TEXT)}),
        "a redirect": (f"{here}/a", {"/a": redirect("/b"), "/b": page(TEXT)}),
        "a redirect with a space": (f"{here}/a", {"/a": redirect("/b c"), "/b%20c": page(TEXT)}),
        "a permanent redirect": (f"{here}/a", {"/a": redirect("b", "308 Moved"), "/b": page(TEXT)}),
        "a redirect to a name": (
            f"{here}/a",
            {"/a": lambda request: redirect(f"//readouts.example:{_port(request)}/b"), "/b": page(TEXT)},
        ),
        "five redirects": (f"{here}/1", {**steps, "/6": page(TEXT)}),
        "gzip": (f"{here}/a", {"/a": answer(gzip.compress(data), **html, content_encoding="gzip")}),
        "deflate": (f"{here}/a", {"/a": answer(zlib.compress(data), **html, content_encoding="deflate")}),
        "bare deflate": (f"{here}/a", {"/a": answer(_deflated(data), **html, content_encoding="deflate")}),
        "chunks": (
            f"{here}/a",
            {"/a": answer(length=False, **html, transfer_encoding="chunked") + pieces},
        ),
        "no length": (f"{here}/a", {"/a": answer(length=False, **html) + data}),
        "no type": (f"{here}/a", {"/a": answer(data)}),
        "bytes of no stated kind": (
            f"{here}/a",
            {"/a": answer(data, content_type="application/octet-stream")},
        ),
        "a type with a charset": (f"{here}/a", {"/a": answer(data, content_type="Text/HTML; Charset=UTF-8")}),
        "failing first": (f"{here}/a", {"/a": [answer(status="500 Oh"), page(TEXT)]}),
        "hanging up first": (f"{here}/a", {"/a": [b"", page(TEXT)]}),
        "hanging up in the middle first": (f"{here}/a", {"/a": [page(TEXT)[:-5], page(TEXT)]}),
    }


def _port(request: str) -> str:
    return request.split("127.0.0.1:")[1].split("\r\n")[0]


def run_good() -> Iterator[Outcome]:
    """Fetch everything that must be fetched, from a server on loopback that the policy allows."""
    known = {"readouts.example": ["127.0.0.1"]}
    known["外務省.example".encode("idna").decode()] = ["127.0.0.1"]
    for case, (url, replies) in _good().items():
        with Site() as site:
            site.replies |= replies
            policy = FetchPolicy(timeout_s=10, backoff_s=0.0, allowed=site.allowed)
            try:
                found = Fetcher(policy, resolver=names(known)).fetch(url.replace("{port}", str(site.port)))
            except RapporteurError as error:
                yield Outcome(case, False, str(error))
            else:
                yield Outcome(case, isinstance(found, Fetched) and found.data == TEXT.encode(), "fetched")

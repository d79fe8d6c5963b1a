"""No network, no environment, no user's store; and what most tests start from."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from retrieval.bootstrap import Services, build_services
from retrieval.fetching import Fetcher
from retrieval.index.encoder import Encoder
from retrieval.ledger import Ledger
from retrieval.settings import EMBEDDED, RetrievalSettings, shipped_corpus_dir
from tests.postgres import Cluster, emptied, running_cluster
from tests.servers import ChromaServer, chroma_server

# The same examples every time: a change is judged by what it changed. `--hypothesis-profile default` looks further.
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis_settings.load_profile("steady")

_LOOPBACK = ("127.", "::1", "localhost")


_SERVERS = {"chroma", "own_server", "postgres", "postgres_address"}
"""Fixtures that start a server."""

_ON_A_SERVER = {"server", "postgresql"}
"""Parameters that choose one."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server beside this process; CI runs it after the rest (`pytest -m servers`)."""
    for item in items:
        if isinstance(item, pytest.Function):
            given = item.callspec.params.values() if hasattr(item, "callspec") else ()
            chosen = {each for each in given if isinstance(each, str)}
            if _SERVERS & set(item.fixturenames) or _ON_A_SERVER & chosen:
                item.add_marker(pytest.mark.servers)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Fail whatever reaches further than this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def to(self: socket.socket, address: Any) -> Any:
            if self.family != getattr(socket, "AF_UNIX", None) and not str(address[0]).startswith(_LOOPBACK):
                raise AssertionError(f"a test tried to reach {address[0]}")
            return call(self, address)

        return to

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded(connect))
    patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, no `.env`, and not their store."""
    for name in os.environ:
        if name.startswith(("RETRIEVAL_", "DISCORD_", "LEDGER_")):
            monkeypatch.delenv(name)
    empty = tmp_path / "empty-working-folder"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user-data"))


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The shipped one, loaded once."""
    return Encoder()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server of PostgreSQL; what asks for it is skipped where it isn't installed."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_address(postgres: Cluster) -> Iterator[str]:
    """A new database of the test's own."""
    with postgres.database() as address:
        yield address


@pytest.fixture(scope="session")
def _used_address(postgres: Cluster) -> Iterator[str]:
    """A database that tests use one after the other: to make one takes a second."""
    with postgres.database() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_address(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger can be made, in both kinds of database."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite3"
    return emptied(request.getfixturevalue("_used_address"))


@pytest.fixture
def ledger(ledger_address: Path | str) -> Iterator[Ledger]:
    """An empty ledger, in both kinds of database."""
    opened = Ledger(ledger_address)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every store of the test have its ledger in a file, and then once more in one database of PostgreSQL."""
    if request.param == "postgresql":
        address = emptied(request.getfixturevalue("_used_address"))
        monkeypatch.setattr("retrieval.bootstrap.ledger_address", lambda _settings: address)


OpenStore = Callable[..., AbstractContextManager[Services]]


@pytest.fixture
def open_store(tmp_path: Path) -> OpenStore:
    """Open the store in the test's own folder, again and again where a test wants to."""

    @contextmanager
    def opened(
        *,
        store: Path = tmp_path / "store",
        corpus: Path | None = None,
        fetcher: Fetcher | None = None,
        index: str = EMBEDDED,
        encoder: Encoder | None = None,
        reindexing: bool = False,
        reading: bool = False,
    ) -> Iterator[Services]:
        settings = RetrievalSettings(corpus_dir=corpus or shipped_corpus_dir(), store_dir=store, store=index)
        with build_services(
            settings,
            purpose="a test",
            fetcher=fetcher,
            encoder=encoder,
            reindexing=reindexing,
            reading=reading,
        ) as built:
            yield built

    return opened


@pytest.fixture
def services(open_store: OpenStore) -> Iterator[Services]:
    """A store that nobody else uses, with the shipped corpus in it."""
    with open_store() as built:
        built.ensure_corpus()
        yield built


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The shipped corpus, ingested once: for tests that only ask."""
    settings = RetrievalSettings(
        corpus_dir=shipped_corpus_dir(), store_dir=tmp_path_factory.mktemp("shipped") / "store"
    )
    with build_services(settings, purpose="the tests") as built:
        built.ensure_corpus()
        yield built


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    """One Chroma server for every test that only uses it: each ledger has collections of its own there."""
    with chroma_server(tmp_path_factory.mktemp("chroma")) as server:
        yield server


WriteReadout = Callable[..., Path]


@pytest.fixture
def write_readout(tmp_path: Path) -> WriteReadout:
    """Write a readout in the interchange format, into `readouts` unless told otherwise; return the file."""

    def write(
        name: str,
        paragraphs: Sequence[str] | Mapping[str, str],
        *,
        title: str = "Joint statement",
        folder: Path = tmp_path / "readouts",
        **more: Any,
    ) -> Path:
        numbered = (
            paragraphs
            if isinstance(paragraphs, Mapping)
            else {str(n): t for n, t in enumerate(paragraphs, 1)}
        )
        content = {
            "id": name,
            "title": title,
            "paragraphs": [{"number": number, "text": text} for number, text in numbered.items()],
        }
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content | more), encoding="utf-8")
        return path

    return write

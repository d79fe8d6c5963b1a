"""The vector index on a server: shared, done without where it fails, and written anew from the ledger."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from retrieval.errors import SettingsError, StoreError
from retrieval.index.chroma import server as store_server
from retrieval.index.chroma.server import Address, ServerStore
from retrieval.index.remote_sync import INDEX_LEASE, RemoteSync
from retrieval.index.vector_index import REMOTE, SAME_TEXT, IndexSync, VectorRecord
from retrieval.ledger import Ledger, leases, vectors
from retrieval.ledger.leases import my_turn, utc_now
from retrieval.settings import RetrievalSettings
from tests.conftest import OpenStore, WriteReadout
from tests.retrieval.fetching.site import Site, redirect
from tests.servers import ChromaServer, chroma_server
from tests.stores import Store, fill, unit_vectors

FEW = 40


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.ledger.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ChromaServer]:
    """A server that a test may stop, kill or empty."""
    with chroma_server(tmp_path / "own-chroma") as server:
        yield server


@contextmanager
def index_sync(
    ledger: Ledger, server: ChromaServer, clock: Callable[[], float] = time.monotonic
) -> Iterator[RemoteSync]:
    """As one process of one host has it."""
    address = Address.parse(server.address)

    def connect(generation: str) -> ServerStore:
        return ServerStore(address, ledger.id, generation)

    with closing(RemoteSync(ledger, connect, place=str(address), purpose="a test", clock=clock)) as kept:
        yield kept


def expect(store: Store, embeddings: list[int], scope: str = "shared") -> None:
    """As a commit leaves them: to be handed over."""
    with store.ledger.write() as connection:
        vectors.expect(connection, scope, embeddings)
        vectors.scope_changed(connection, scope)


def missed(kept: IndexSync, embeddings: Sequence[int] = range(1, FEW + 1)) -> list[int]:
    """Return which vectors do not come first when looked up by themselves, in the index or beside it."""
    found = []
    for embedding, vector in zip(embeddings, unit_vectors(FEW), strict=True):
        with kept._ledger.read() as connection:
            beside = kept.scanned(connection, "shared")
        hits = [*kept.query("shared", vector, 1), *beside.nearest(vector, 1)]
        if not any(hit.embedding == embedding and hit.distance <= SAME_TEXT for hit in hits):
            found.append(embedding)
    return found


def scanned(store: Store) -> list[int]:
    with store.ledger.read() as connection:
        return vectors.scanned(connection, "shared")


# --- sharing ---


def test_what_one_host_adds_is_found_by_another_with_its_next_question(
    store: Store, chroma: ChromaServer
) -> None:
    expect(store, fill(store.ledger, unit_vectors(3, seed=1), scope="guild:1"), "guild:1")
    other = Ledger(store.ledger.address)
    with closing(other), index_sync(store.ledger, chroma) as here, index_sync(other, chroma) as there:
        assert here.catch_up()
        counts = [there.count("shared")]
        embeddings = fill(store.ledger, unit_vectors(FEW))
        expect(store, embeddings)
        beside = missed(there, embeddings)
        assert here.catch_up()
        after = missed(there, embeddings)
        counts.append(there.count("shared"))

    assert (beside, after, counts, scanned(store)) == ([], [], [0, FEW], [])


def test_an_index_written_anew_by_another_host_is_used_with_the_next_question(
    store: Store, chroma: ChromaServer
) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    other = Ledger(store.ledger.address)
    with closing(other), index_sync(store.ledger, chroma) as here, index_sync(other, chroma) as there:
        assert here.catch_up()
        first = (missed(there), _generation(there))
        assert here.rewrite(timeout_s=0)
        again = (missed(there), _generation(there))

        assert (first[0], again[0], again[1]) == ([], [], _generation(here))
        assert first[1] != again[1]
        assert [c for c in _collections(here, store) if c != again[1]] == []


def test_a_question_on_its_way_while_the_index_is_replaced_is_asked_again(
    store: Store, chroma: ChromaServer
) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    other = Ledger(store.ledger.address)
    with closing(other), index_sync(store.ledger, chroma) as here, index_sync(other, chroma) as there:
        assert here.catch_up()
        assert missed(there) == []
        assert here.rewrite(timeout_s=0)
        hits = there.query("shared", unit_vectors(1)[0], 1)  # before it looked at the ledger again

        assert ([hit.embedding for hit in hits], there.problem, _generation(there)) == (
            [1],
            None,
            _generation(here),
        )


def _generation(kept: RemoteSync) -> str:
    store = kept._reached()
    assert store is not None
    return store.generation


def _collections(kept: RemoteSync, store: Store) -> list[str]:
    reached = kept._reached()
    assert reached is not None
    about = [c.metadata or {} for c in reached._client.list_collections()]
    return [str(each["generation"]) for each in about if each.get("ledger") == store.ledger.id]


def test_two_ledgers_on_one_server_know_nothing_of_each_other(tmp_path: Path, chroma: ChromaServer) -> None:
    for seed, name in enumerate(("one", "two")):
        each = Store(tmp_path / name)
        expect(each, fill(each.ledger, unit_vectors(FEW, seed=seed)))
        with index_sync(each.ledger, chroma) as kept:
            assert kept.catch_up()
            kept.rewrite(timeout_s=0)
            found = [kept.query("shared", v, 1)[0].embedding for v in unit_vectors(FEW, seed=seed)]
            assert (found, kept.count("shared"), kept.count("guild:1")) == (list(range(1, FEW + 1)), FEW, 0)
        each.ledger.close()


# --- one writes at a time ---


def test_one_writes_the_index_at_a_time(store: Store, chroma: ChromaServer) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    with index_sync(store.ledger, chroma) as kept:
        with my_turn(store.ledger, "another host", timeout_s=0, name=INDEX_LEASE):
            meanwhile = (kept.catch_up(), missed(kept), kept.problem)
        later = kept.catch_up()

    assert (meanwhile, later, scanned(store)) == ((False, [], None), True, [])


def test_whoever_stood_still_while_another_wrote_the_index_records_nothing(
    store: Store, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    other = Ledger(store.ledger.address)
    add = ServerStore.add

    def stall(self: ServerStore, scope: str, records: list[VectorRecord]) -> None:
        """Add, and stand still until the lease has run out and another host has written the index."""
        monkeypatch.setattr(ServerStore, "add", add)
        add(self, scope, records)
        with store.ledger.write() as connection:
            lease = leases.current(connection, INDEX_LEASE)
            assert lease is not None
            leases.renew(connection, lease, ttl_s=-1)
        with index_sync(other, chroma) as there:
            assert there.catch_up()

    with closing(other), index_sync(store.ledger, chroma, lambda: 0.0) as here:
        monkeypatch.setattr(ServerStore, "add", stall)
        late = here.catch_up()
        with store.ledger.read() as connection:
            named = store.ledger.meta(connection, "index_folder")
        assert (late, missed(here), scanned(store), named) == (False, [], [], REMOTE + _generation(here))


def test_a_lease_whose_holder_died_is_free(store: Store, chroma: ChromaServer) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    with store.ledger.write() as connection:
        host, _, unique = leases.new_holder().rsplit(":", 2)
        dead = f"{host}:999999999:{unique}"
        leases.take(connection, INDEX_LEASE, dead, "killed", now=utc_now(), ttl_s=60)

    with index_sync(store.ledger, chroma) as kept:
        assert (kept.catch_up(), scanned(store)) == (True, [])


# --- a server that fails ---


def test_a_server_that_is_gone_is_done_without_and_used_again_once_it_is_back(
    store: Store, own_server: ChromaServer
) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    clock = Clock()
    with index_sync(store.ledger, own_server, clock) as kept:
        assert kept.catch_up()
        own_server.stop()
        gone = (missed(kept), kept.is_whole, kept.problem is not None, kept.rewrite(timeout_s=0))
        own_server.start()
        clock.now += 60
        back = (missed(kept), kept.is_whole, kept.problem, kept.catch_up())

    assert (gone, back) == (([], False, True, False), ([], True, None, True))


def test_a_server_is_left_alone_for_longer_each_time_it_fails(store: Store, own_server: ChromaServer) -> None:
    expect(store, fill(store.ledger, unit_vectors(3)))
    clock, tried = Clock(), []

    def connect(_generation: str) -> ServerStore:
        tried.append(clock.now)
        raise StoreError("not reached")

    with index_sync(store.ledger, own_server) as kept:
        assert kept.catch_up()
    with closing(RemoteSync(store.ledger, connect, place="x", purpose="a test", clock=clock)) as kept:
        for _ in range(1000):
            kept.query("shared", unit_vectors(1)[0], 1)
            clock.now += 0.1

    assert [round(t) for t in tried] == [0, 1, 3, 7, 15, 31, 61, 91]


def test_a_server_killed_in_the_middle_of_it_all_loses_nobody_anything(
    store: Store, own_server: ChromaServer
) -> None:
    expect(store, fill(store.ledger, unit_vectors(3, seed=1), scope="guild:1"), "guild:1")
    clock = Clock()
    with index_sync(store.ledger, own_server, clock) as kept:
        assert kept.catch_up()
        own_server.stop(signal.SIGKILL)
        embeddings = fill(store.ledger, unit_vectors(FEW))
        expect(store, embeddings)
        down = (kept.catch_up(), missed(kept, embeddings))
        own_server.start()
        clock.now += 60
        up = (kept.catch_up(), missed(kept, embeddings), scanned(store))

    assert (down, up) == ((False, []), (True, [], []))


def test_a_server_that_was_emptied_is_filled_again_from_the_ledger(
    store: Store, own_server: ChromaServer, tmp_path: Path
) -> None:
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    with index_sync(store.ledger, own_server) as kept:
        assert kept.catch_up()
    own_server.stop()
    own_server.folder = tmp_path / "another"
    own_server.start()

    with index_sync(store.ledger, own_server) as kept:
        first = missed(kept)
        kept.settle()
        assert (first, missed(kept), kept.is_whole, kept.count("shared")) == ([], [], True, FEW)


def test_a_server_that_hangs_is_given_up(
    store: Store, own_server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_server, "ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(store_server, "CONNECT_TIMEOUT_S", 0.5)
    expect(store, fill(store.ledger, unit_vectors(FEW)))
    clock = Clock()
    with index_sync(store.ledger, own_server, clock) as kept:
        assert kept.catch_up()
        own_server.send(signal.SIGSTOP)
        started = time.monotonic()
        asked = (missed(kept), kept.is_whole)  # one question waits, the others scan
        clock.now += 60
        again = kept.is_whole
        waited = time.monotonic() - started
        own_server.send(signal.SIGCONT)

    assert (asked, again) == (([], False), False)
    assert waited < 20


# --- moving ---


def test_a_store_moves_to_a_server_and_back_with_the_same_answers(
    open_store: OpenStore, chroma: ChromaServer, tmp_path: Path
) -> None:
    question = "What did Japan announce on cybersecurity?"
    answers, whole = [], []
    with open_store() as services:
        services.ensure_corpus()
    for place in ("embedded", chroma.address, "embedded", chroma.address):
        with open_store(index=place) as services:
            answers.append(services.answering.ask(question))
            services.index_sync.settle()
            whole.append((services.index_sync.is_whole, services.index_sync.count("shared")))

    assert (answers, whole) == ([answers[0]] * 4, [(True, 12)] * 4)


def test_purging_leaves_nothing_of_a_readout_on_the_server(
    open_store: OpenStore, chroma: ChromaServer, write_readout: WriteReadout, tmp_path: Path
) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    write_readout("secret", ["A coastal radar was lent."])
    with open_store(corpus=tmp_path / "readouts", index=chroma.address) as services:
        services.ingesting.ingest()
        removal = services.lifecycle.remove("secret", purge=True)
        reached = services.index_sync._reached()  # type: ignore[attr-defined]
        texts = [
            text
            for collection in reached._client.list_collections()
            if (collection.metadata or {}).get("ledger") == services.ledger.id
            for text in collection.get()["documents"] or ()
        ]

    assert (removal.everywhere, texts) == (True, ["Norland will open a ferry line."])


# --- addresses ---


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("http://chroma:8000", "http://chroma:8000"),
        ("http://chroma", "http://chroma:8000"),
        ("https://chroma.example.org/", "https://chroma.example.org:443"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_addresses_of_servers(given: str, understood: str) -> None:
    assert str(Address.parse(given)) == understood


@pytest.mark.parametrize(
    "given",
    [
        "",
        "server",
        "chroma:8000",
        "ftp://chroma",
        "http://",
        "http://me:secret@chroma",
        "http://chroma/api",
        "http://c:99999",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str, open_store: OpenStore) -> None:
    with pytest.raises(SettingsError) as caught:
        Address.parse(given)

    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("RETRIEVAL_STORE: this is no address of a Chroma server.")


def test_the_token_is_sent_and_never_shown() -> None:
    settings = RetrievalSettings(store="http://chroma:8000", store_token="hush")  # type: ignore[arg-type]
    address = Address.parse(settings.store, settings.store_token)

    assert address.headers == {"Authorization": "Bearer hush"}
    assert "hush" not in f"{address} {address!r} {settings!r}"


def test_a_redirect_is_not_followed_with_the_token() -> None:
    token = SecretStr("hush")
    with Site() as elsewhere, Site() as site:
        site.replies["/api/v2/heartbeat"] = redirect(f"{elsewhere.url}/api/v2/heartbeat")

        with pytest.raises(StoreError, match="cannot be reached") as caught:
            ServerStore(Address.parse(site.url, token), "ledger", "0")

    assert (site.paths, elsewhere.asked) == (["/api/v2/heartbeat"], [])
    assert "hush" not in str(caught.value)

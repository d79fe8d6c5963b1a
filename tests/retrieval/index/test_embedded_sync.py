"""The vector index: one contract whoever serves it, and always mended from the ledger, never trusted."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from retrieval.bootstrap import Services
from retrieval.errors import StoreError
from retrieval.health import audit
from retrieval.index.chroma import Collections, EmbeddedStore
from retrieval.index.chroma.server import Address, ServerStore
from retrieval.index.embedded_sync import EmbeddedSync
from retrieval.index.encoder import DIMENSIONS, Encoder, Vector
from retrieval.index.index_folder import StoreLock
from retrieval.index.index_folder import main as check
from retrieval.index.index_writer import IndexWriter
from retrieval.index.vector_index import SAME_TEXT, Hit, LedgerScan, VectorRecord
from retrieval.ledger import revisions, vectors
from tests.conftest import OpenStore, WriteReadout
from tests.stores import Store, fill, unit_vectors

MANY = 1_200
"""Chroma writes HNSW files from 1,000 records on."""


@pytest.fixture
def make_store(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    made: list[Store] = []

    def make(name: str = "store") -> Store:
        made.append(Store(tmp_path / name))
        return made[-1]

    yield make
    for store in made:
        store.ledger.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with enough vectors for HNSW files, closed, its fingerprint kept."""
    store = Store(tmp_path_factory.mktemp("template") / "store")
    store.index(fill(store.ledger, unit_vectors(MANY)))
    store.ledger.close()
    return store.folder


@pytest.fixture
def many(template: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of the template that a test may damage."""
    shutil.copytree(template, tmp_path / "many")
    store = Store(tmp_path / "many")
    yield store
    store.ledger.close()


def _hnsw(store: Store, name: str) -> Path:
    (found,) = store.chroma.rglob(name)
    return found


def _own_hits(index: Collections | LedgerScan | EmbeddedSync, n: int = MANY, step: int = 97) -> list[int]:
    """Which of every 97th vector do not come first when looked up by themselves."""
    hits = {i: index.query("shared", v, 1) for i, v in enumerate(unit_vectors(n)) if i % step == 0}
    return [i for i, [hit] in hits.items() if hit.embedding != i + 1 or hit.distance > SAME_TEXT]


# --- one contract for all ---


@pytest.fixture(params=["chroma", "server", "scan"])
def filled(
    request: pytest.FixtureRequest, make_store: Callable[..., Store]
) -> Iterator[Collections | LedgerScan]:
    """Five vectors in one scope, two in another."""
    store = make_store()
    pks = {
        "shared": fill(store.ledger, np.eye(5, DIMENSIONS, dtype=np.float32)),
        "server": fill(store.ledger, np.eye(2, DIMENSIONS, k=5, dtype=np.float32), scope="server"),
    }
    with store.ledger.write() as connection:
        for scope, some in pks.items():
            vectors.mark_indexed(connection, scope, dict.fromkeys(some, True))
    index: Collections | LedgerScan = LedgerScan(store.ledger)
    if request.param != "scan":
        index = (
            EmbeddedStore(store.chroma, store.ledger.id)
            if request.param == "chroma"
            else ServerStore(Address.parse(request.getfixturevalue("chroma").address), store.ledger.id, "a1")
        )
        with store.ledger.read() as connection:
            for scope, some in pks.items():
                found = vectors.vectors(connection, some)
                index.add(scope, [VectorRecord(pk, found[pk], f"{pk}") for pk in some])
    yield index
    index.close()


_PROBE = np.zeros(DIMENSIONS, dtype=np.float32)
_PROBE[:5] = np.array([0.1, 0.5, 0.3, 0.7, 0.4]) / np.linalg.norm([0.1, 0.5, 0.3, 0.7, 0.4])


def _rounded(hits: list[Hit]) -> list[tuple[int, float]]:
    return [(hit.embedding, round(hit.distance, 4)) for hit in hits]


def test_index_returns_the_nearest_first_with_their_distances(filled: Collections | LedgerScan) -> None:
    found = filled.query("shared", _PROBE, 3)

    assert _rounded(found) == [(4, 0.3), (2, 0.5), (5, 0.6)]


@pytest.mark.parametrize("filled", ["chroma", "server"], indirect=True)
def test_index_answers_several_at_once_as_it_does_one(filled: Collections) -> None:
    both = np.stack([_PROBE, np.eye(1, DIMENSIONS, dtype=np.float32)[0]])

    found = filled.query_each("shared", both, 2)

    assert [_rounded(hits) for hits in found] == [_rounded(filled.query("shared", v, 2)) for v in both]
    assert filled.query_each("unknown", both, 2) == [[], []]


def test_index_returns_all_when_asked_for_more(filled: Collections | LedgerScan) -> None:
    assert [hit.embedding for hit in filled.query("shared", _PROBE, 100)] == [4, 2, 5, 3, 1]


def test_index_keeps_scopes_apart(filled: Collections | LedgerScan) -> None:
    assert {hit.embedding for hit in filled.query("server", _PROBE, 100)} == {6, 7}


def test_index_knows_nothing_of_an_unknown_scope(filled: Collections | LedgerScan) -> None:
    assert (filled.query("unknown", _PROBE, 3), filled.count("unknown")) == ([], 0)


def test_index_counts(filled: Collections | LedgerScan) -> None:
    assert (filled.count("shared"), filled.count("server")) == (5, 2)


@pytest.mark.parametrize("filled", ["chroma", "server"], indirect=True)
def test_index_is_not_changed_by_adding_what_is_there(filled: Collections) -> None:
    before = _rounded(filled.query("shared", _PROBE, 100))

    filled.add("shared", [VectorRecord(4, -_PROBE, "other words")])

    assert (_rounded(filled.query("shared", _PROBE, 100)), filled.count("shared")) == (before, 5)


def test_chroma_store_of_another_ledger_is_refused(make_store: Callable[..., Store]) -> None:
    store = make_store()
    with closing(EmbeddedStore(store.chroma, "another ledger")) as other:
        other.add("shared", [VectorRecord(1, _PROBE, "-")])

    with (
        closing(EmbeddedStore(store.chroma, store.ledger.id)) as opened,
        pytest.raises(StoreError, match="this vector index belongs to another ledger"),
    ):
        opened.query("shared", _PROBE, 1)


# --- upkeep ---


def test_an_index_that_matches_its_fingerprint_is_opened_without_a_check(
    many: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.index.embedded_sync.is_intact", _must_not_be_called)

    with many.index_sync() as index_sync:
        assert (index_sync.is_whole, index_sync.count("shared")) == (True, MANY)
    with many.index_sync() as index_sync:  # asking has not changed the files
        assert _own_hits(index_sync) == []
    with many.index_sync() as index_sync:
        assert index_sync.is_whole


def _must_not_be_called(*_args: object) -> bool:
    raise AssertionError("an index that matches needs no check")


def test_an_index_without_a_fingerprint_is_checked_and_kept(
    many: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (many.folder / "chroma.fingerprint").unlink()
    monkeypatch.setattr(EmbeddedSync, "_rewrite", _must_not_be_called)

    with many.index_sync() as index_sync:
        meanwhile = index_sync.is_whole
        index_sync.settle()
        assert (meanwhile, index_sync.is_whole) == (False, True)

    assert (many.folder / "chroma.fingerprint").exists()


def _deleted(store: Store) -> None:
    shutil.rmtree(store.chroma)


def _garbage(name: str) -> Callable[[Store], None]:
    def damage(store: Store) -> None:
        path = store.chroma / name if name == "chroma.sqlite3" else _hnsw(store, name)
        path.write_bytes(np.random.default_rng(1).bytes(path.stat().st_size))

    return damage


def _truncated(name: str) -> Callable[[Store], None]:
    def damage(store: Store) -> None:
        path = store.chroma / name if name == "chroma.sqlite3" else _hnsw(store, name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])

    return damage


def _without_index_folder(store: Store) -> None:
    shutil.rmtree(_hnsw(store, "header.bin").parent)


def _a_file_instead(store: Store) -> None:
    shutil.rmtree(store.chroma)
    store.chroma.write_text("not a folder", encoding="utf-8")


DAMAGE = {
    "folder deleted": _deleted,
    "HNSW folder deleted": _without_index_folder,
    "a file instead of the folder": _a_file_instead,
    "garbage header": _garbage("header.bin"),
    "garbage vectors": _garbage("data_level0.bin"),
    "garbage lengths": _garbage("length.bin"),
    "garbage links": _garbage("link_lists.bin"),
    "garbage names": _garbage("index_metadata.pickle"),
    "garbage database": _garbage("chroma.sqlite3"),
    "truncated vectors": _truncated("data_level0.bin"),
    "truncated database": _truncated("chroma.sqlite3"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_index_answers_all_the_same_and_is_mended(
    many: Store, damage: Callable[[Store], None]
) -> None:
    damage(many)

    with many.index_sync() as index_sync:
        first = _own_hits(index_sync)
    with many.index_sync() as index_sync:
        again, whole = _own_hits(index_sync), index_sync.is_whole

    assert (first, again, whole) == ([], [], True)
    assert many.indexed() == set(range(1, MANY + 1))


def test_an_index_of_another_ledger_is_written_anew(many: Store, make_store: Callable[..., Store]) -> None:
    other = make_store("other")
    other.index(fill(other.ledger, unit_vectors(3, seed=1)))
    shutil.rmtree(many.chroma)
    shutil.copytree(other.chroma, many.chroma)

    with many.index_sync() as index_sync:
        index_sync.settle()
        assert (_own_hits(index_sync), index_sync.is_whole) == ([], True)

    assert sorted(path.name for path in many.folder.glob("chroma*")) == ["chroma-2", "chroma-2.fingerprint"]


def test_what_an_addition_cut_short_left_in_the_index_does_no_harm(
    make_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(20))
    store.index(embeddings[:10])
    with monkeypatch.context() as patched:
        patched.setattr(vectors, "mark_indexed", _crash)
        with pytest.raises(ZeroDivisionError):
            store.index(embeddings)
    (store.folder / "chroma.fingerprint").unlink()

    with store.index_sync() as index_sync:
        index_sync.settle()
        assert index_sync.catch_up()
        assert (_own_hits(index_sync, 20, 1), index_sync.count("shared")) == ([], 20)

    assert store.indexed() == set(embeddings)


def _expect(store: Store, embeddings: list[int]) -> None:
    with store.ledger.write() as connection:
        vectors.expect(connection, "shared", embeddings)
        vectors.scope_changed(connection, "shared")


def test_the_little_that_is_missing_can_wait_and_is_found_meanwhile(
    make_store: Callable[[str], Store],
) -> None:
    """Chroma keeps the interpreter to itself while it adds, so that questions stand still."""
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(20))
    _expect(store, embeddings[:10])

    with store.index_sync() as index_sync:
        first = index_sync.catch_up(at_leisure=True)
        _expect(store, embeddings)
        second = index_sync.catch_up(at_leisure=True)
        in_index = len(store.indexed())
        with store.ledger.read() as connection:
            beside = list(index_sync.scanned(connection, "shared").pks)
        asked_for = index_sync.catch_up()

    assert (first, second, in_index, beside, asked_for) == (True, False, 10, embeddings[10:], True)
    assert store.indexed() == set(embeddings)


def test_much_that_is_missing_does_not_wait(make_store: Callable[[str], Store]) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(600))
    _expect(store, embeddings[:10])

    with store.index_sync() as index_sync:
        assert index_sync.catch_up(at_leisure=True)
        _expect(store, embeddings)
        assert index_sync.catch_up(at_leisure=True)

    assert store.indexed() == set(embeddings)


def _crash(*_args: object, **_options: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("written", [0, 10], ids=["before anything is written", "halfway"])
def test_a_rewrite_cut_short_leaves_what_was_and_is_done_again(
    make_store: Callable[..., Store], written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(20))
    store.index(embeddings)
    add = EmbeddedStore.add

    def crash(self: EmbeddedStore, scope: str, records: list[VectorRecord]) -> None:
        if written:
            add(self, scope, records[:written])
        raise ZeroDivisionError

    with store.index_sync() as index_sync:
        with monkeypatch.context() as patched:
            patched.setattr(EmbeddedStore, "add", crash)
            with pytest.raises(ZeroDivisionError):
                index_sync.rewrite(timeout_s=0)
        before = _own_hits(index_sync, 20, 1)
        assert index_sync.rewrite(timeout_s=0)
        after = _own_hits(index_sync, 20, 1)

    assert (before, after, store.indexed()) == ([], [], set(embeddings))
    assert sorted(path.name for path in store.folder.glob("chroma*")) == ["chroma-3", "chroma-3.fingerprint"]


def test_superseded_embeddings_are_left_behind_by_a_rewrite(make_store: Callable[..., Store]) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(4))
    store.index(embeddings)
    with store.ledger.write() as connection:
        revisions.make_live(connection, 1, None, "2026-01-02")

    with store.index_sync() as index_sync:
        before = index_sync.count("shared")
        assert index_sync.rewrite(timeout_s=0)
        assert (before, index_sync.count("shared"), store.indexed()) == (4, 0, set())


def test_questions_go_on_while_the_index_is_written_anew(many: Store) -> None:
    missed: list[int] = []
    with many.index_sync() as index_sync:
        assert index_sync.is_whole
        writing = threading.Thread(target=index_sync.rewrite, kwargs={"timeout_s": 0})
        writing.start()
        while writing.is_alive():
            missed += _own_hits(index_sync)
        missed += _own_hits(index_sync)

    assert missed == []


def test_while_another_process_writes_the_ledger_is_scanned_with_the_same_answers(many: Store) -> None:
    with many.index_sync() as index_sync:
        whole = [_rounded(index_sync.query("shared", v, 3)) for v in unit_vectors(3)]
    writer = StoreLock(many.folder, "rapporteur ingest")
    writer.own(timeout_s=0)

    with many.index_sync() as index_sync:
        kind = index_sync.is_whole
        scanned = [_rounded(index_sync.query("shared", v, 3)) for v in unit_vectors(3)]
        writer.release()
        later = index_sync.is_whole

    assert (kind, scanned, later) == (False, whole, True)


def test_a_damaged_index_that_others_use_is_left_alone(make_store: Callable[..., Store]) -> None:
    store = make_store()
    store.index(fill(store.ledger, unit_vectors(4)))
    _deleted(store)
    reader = StoreLock(store.folder, "rapporteur run")
    assert reader.share()

    with store.index_sync() as index_sync:
        missed = _own_hits(index_sync, 4, 1)
        index_sync.settle()
        whole = index_sync.is_whole
    reader.release()

    assert (whole, missed, store.chroma.exists()) == (False, [], False)


@pytest.fixture
def blind_to(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Embeddings that Chroma does not find, as happens to one in thousands."""
    unseen: set[int] = set()
    query = EmbeddedStore.query_each

    def blind(self: EmbeddedStore, scope: str, matrix: Vector, limit: int) -> list[list[Hit]]:
        found = query(self, scope, matrix, limit)
        return [[hit for hit in hits if hit.embedding not in unseen] for hits in found]

    monkeypatch.setattr(EmbeddedStore, "query_each", blind)
    return unseen


def _scanned(store: Store) -> list[int]:
    with store.ledger.read() as connection:
        return vectors.scanned(connection, "shared")


def test_a_vector_that_does_not_find_itself_is_remembered_as_such(
    make_store: Callable[..., Store], blind_to: set[int]
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(3))
    blind_to.add(2)

    store.index(embeddings)

    assert _scanned(store) == [2]


def test_a_vector_that_later_ones_hide_is_remembered_until_it_is_found_again(
    make_store: Callable[..., Store], blind_to: set[int]
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(32))
    store.index(embeddings[:8])
    before = _scanned(store)

    blind_to.add(2)
    store.index(embeddings[8:16])
    hidden = _scanned(store)

    blind_to.clear()
    store.index(embeddings[16:24])  # the others have their turn
    store.index(embeddings[24:])

    assert (before, hidden, _scanned(store)) == ([], [2], [])


def test_older_vectors_have_their_turn_two_for_each_that_is_added(
    make_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(13))
    store.index(embeddings[:10])
    looked_up: list[list[int]] = []
    look_up = IndexWriter._look_up

    def seen(self: IndexWriter, scope: str, pks: Sequence[int]) -> dict[int, bool]:
        looked_up.append([pk - embeddings[0] for pk in pks])
        return look_up(self, scope, pks)

    monkeypatch.setattr(IndexWriter, "_look_up", seen)
    for n in (10, 11, 12):
        store.index([embeddings[n]])

    assert looked_up == [[10], [0, 1], [11], [2, 3], [12], [4, 5]]


def test_the_turns_go_round(make_store: Callable[..., Store]) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(5))
    store.index(embeddings)

    with store.ledger.read() as connection:
        found = vectors.in_index(connection, "shared", after=embeddings[3], limit=3)

    assert found == {embeddings[4]: True, embeddings[0]: True, embeddings[1]: True}
    assert list(found) == [embeddings[4], embeddings[0], embeddings[1]]


def test_what_was_added_and_not_looked_up_is_scanned_until_the_next_process_does(
    make_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(8))
    with monkeypatch.context() as patch:
        patch.setattr(IndexWriter, "_look_up", _crash)
        with pytest.raises(ZeroDivisionError):
            store.index(embeddings)
    left = (store.indexed(), _scanned(store))

    with store.index_sync() as index_sync:
        assert index_sync.catch_up()

    assert (left, _scanned(store)) == ((set(embeddings), embeddings), [])


def test_a_bulk_is_looked_up_when_all_of_it_is_there(
    make_store: Callable[..., Store], blind_to: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    embeddings = fill(store.ledger, unit_vectors(MANY))
    add = EmbeddedStore.add

    def hides_the_first(self: EmbeddedStore, scope: str, records: Sequence[VectorRecord]) -> None:
        add(self, scope, records)
        if records[0].embedding != embeddings[0]:
            blind_to.add(embeddings[0])

    monkeypatch.setattr(EmbeddedStore, "add", hides_the_first)
    store.index(embeddings)

    assert _scanned(store) == [embeddings[0]]


def test_the_check_names_what_is_wrong(many: Store, capsys: pytest.CaptureFixture[str]) -> None:
    good = check([str(many.chroma), str(many.ledger.place)])
    with many.ledger.write() as connection:
        vectors.scope_changed(connection, "shared", records=1)
    short = check([str(many.chroma), str(many.ledger.place)])

    assert (good, short) == (0, 1)
    assert capsys.readouterr().err == f"shared: {MANY} embeddings instead of {MANY + 1}\n"


def test_the_check_overlooks_the_few_that_a_sound_graph_hides(
    many: Store, blind_to: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    with many.ledger.read() as connection:
        sampled = vectors.findable(connection, "shared")[::2]

    blind_to.update(sampled[:6])
    few = check([str(many.chroma), str(many.ledger.place)])
    blind_to.update(sampled[:7])
    more = check([str(many.chroma), str(many.ledger.place)])

    assert (few, more) == (0, 1)
    assert capsys.readouterr().err == "shared: embeddings are missing from its graph\n"


# --- the whole path ---


@pytest.mark.slow
@pytest.mark.parametrize("damage", [_deleted, _garbage("chroma.sqlite3")], ids=["deleted", "garbage"])
def test_a_store_answers_the_same_after_its_index_is_lost_and_embeds_only_the_question(
    open_store: OpenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Store], None],
) -> None:
    question = "What will Japan hold on cybersecurity?"
    with open_store() as services:
        services.ensure_corpus()
        before = services.answering.ask(question)
    store = Store(tmp_path / "store")
    damage(store)
    store.ledger.close()
    embedded: list[str] = []
    embed = Encoder.embed

    def counted(self: Encoder, text: str) -> Vector:
        embedded.append(text)
        return embed(self, text)

    monkeypatch.setattr(Encoder, "embed", counted)
    with open_store() as services:
        after = services.answering.ask(question)
    with open_store() as services:
        again = services.answering.ask(question)
        services.index_sync.settle()
        whole, count = services.index_sync.is_whole, services.index_sync.count("shared")

    assert (after, again, whole, count) == (before, before, True, 12)
    assert len(embedded) == 2


def test_a_vector_index_that_cannot_be_written_keeps_nothing_from_being_found(
    services_with_talks: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise StoreError("the disk is full")

    write_readout("late", ["A coastal radar was lent."])
    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedStore, "add", full)
        report = services_with_talks.ingesting.ingest()
        assert not services_with_talks.index_sync.catch_up()
        beside = audit(services_with_talks.ledger, services_with_talks.index_sync, lambda *_: None)
    caught_up = services_with_talks.index_sync.catch_up()

    assert (report.added, beside.paragraphs, beside.unfound, caught_up) == (("late",), 2, (), True)
    with services_with_talks.ledger.read() as connection:
        assert vectors.scanned(connection, "shared") == []


@pytest.fixture
def services_with_talks(
    open_store: OpenStore, write_readout: WriteReadout, tmp_path: Path
) -> Iterator[Services]:
    write_readout("talks", ["Norland will open a ferry line."])
    with open_store(corpus=tmp_path / "readouts") as services:
        services.ingesting.ingest()
        yield services

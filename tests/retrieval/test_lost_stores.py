"""A store that is gone, empty, damaged or read-only: what is said, and what still works."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.bootstrap import Services, build_services
from retrieval.errors import RapporteurError, StoreError
from retrieval.settings import RetrievalSettings, shipped_corpus_dir
from tests.conftest import OpenStore

ROOT = Path(__file__).parents[2]
ASKED = "What will Japan hold on cybersecurity?"


@pytest.fixture
def store(shipped: Services, tmp_path: Path) -> Path:
    """A copy of a store that a process wrote and closed."""
    settings = RetrievalSettings(corpus_dir=shipped_corpus_dir(), store_dir=tmp_path / "store")
    with build_services(settings) as built:
        built.ensure_corpus()
        built.index_sync.settle()
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("lose", "how"),
    [(Path.unlink, "missing"), (lambda file: file.write_bytes(b""), "empty")],
    ids=["missing", "empty"],
)
def test_an_index_without_its_ledger_is_no_first_run(
    store: Path, open_store: OpenStore, lose: Callable[[Path], object], how: str
) -> None:
    lose(store / "ledger.sqlite3")

    with pytest.raises(StoreError, match=rf"the ledger is {how} .* this is no first run\. Restore a backup"):
        open_store(store=store).__enter__()
    assert (store / "chroma").is_dir()


def test_a_store_that_is_deleted_under_a_process_is_noticed(store: Path, open_store: OpenStore) -> None:
    with open_store(store=store) as services:
        assert services.answering.ask(ASKED).statements
        shutil.rmtree(store)

        for used in (lambda: services.answering.ask(ASKED), lambda: services.ingesting.ingest()):
            with pytest.raises(StoreError, match="was deleted or replaced while this process used it"):
                used()
    assert not store.exists()


def _as_somebody_who_may_not_write(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    if os.geteuid() == 0:  # root may write whatever the files say
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


@pytest.mark.skipif(
    sys.platform != "linux" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="nobody here whom a file could be read-only for",
)
@pytest.mark.parametrize("folder_too", [True, False], ids=["folder and files", "files"])
def test_a_read_only_store_answers_and_says_that_it_cannot_be_changed(store: Path, folder_too: bool) -> None:
    for path in [*store.rglob("*"), *([store] if folder_too else [])]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(store.rglob("*"))

    asked = _as_somebody_who_may_not_write("ask", ASKED, "--store", str(store))
    removed = _as_somebody_who_may_not_write("remove", "asean-japan-2022-06-22", "--store", str(store))

    assert (
        asked.returncode,
        asked.stderr,
        "will conduct a novel Japan-ASEAN Cyber International Law Seminar" in asked.stdout,
    ) == (0, "", True)
    assert (removed.returncode, "the store cannot be written" in removed.stderr) == (1, True)
    assert [path for path in sorted(store.rglob("*")) if folder_too] == (before if folder_too else [])
    for path in [store, *store.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of a vector that is none any more
def test_flipped_bytes_are_left_out_or_told_with_what_to_do(store: Path, open_store: OpenStore) -> None:
    draw = random.Random(5)
    whole = (store / "ledger.sqlite3").read_bytes()
    told = []
    for size in [1, 64, 1024, 4096] * 2:
        damaged = bytearray(whole)
        at = draw.randrange(0, len(whole) - size)
        damaged[at : at + size] = draw.randbytes(size)
        (store / "ledger.sqlite3").write_bytes(damaged)
        try:
            with open_store(store=store) as services:
                answer = services.answering.ask(ASKED)
        except RapporteurError as error:
            told.append(str(error))
        else:
            assert all(statement.text.encode() in whole for statement in answer.statements)

    assert told != []
    assert [each for each in told if "cannot be read" not in each and "was indexed with" not in each] == []
    assert all("Restore a backup" in each or "reindex" in each for each in told)


def test_a_file_that_is_no_database_is_told(store: Path, open_store: OpenStore) -> None:
    (store / "ledger.sqlite3").write_bytes(b"not a database at all, but words of somebody" * 100)

    with pytest.raises(
        StoreError, match=r"the ledger cannot be read \(file is not a database\)\. Restore a backup"
    ):
        open_store(store=store).__enter__()

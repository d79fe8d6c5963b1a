"""Many readers or one writer, and whoever waits is told for whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import StoreHeldError
from retrieval.index.index_folder import StoreLock


@pytest.fixture
def locks(tmp_path: Path):
    made = [StoreLock(tmp_path, purpose) for purpose in ("first", "second", "third")]
    yield made
    for lock in made:
        lock.release()


def test_readers_share_and_a_writer_waits_for_them(locks: list[StoreLock]) -> None:
    first, second, writer = locks

    assert first.share()
    assert second.share()
    with pytest.raises(StoreHeldError):
        writer.own(timeout_s=0)
    first.release()
    second.release()
    writer.own(timeout_s=0)
    assert not first.share()


def test_holder_is_named_with_its_purpose(locks: list[StoreLock], tmp_path: Path) -> None:
    locks[0].own(timeout_s=0)

    with pytest.raises(StoreHeldError) as caught:
        locks[1].own(timeout_s=0.15)

    assert caught.value.holder.startswith("process ")
    assert "(first, since 20" in caught.value.holder
    assert str(caught.value) == (
        f"{tmp_path}: the store is held by {caught.value.holder}. Wait for it to finish or stop it, then try "
        "again."
    )


def test_owning_for_a_while_goes_back_to_sharing(locks: list[StoreLock]) -> None:
    first, second, _ = locks

    with first.owned(timeout_s=0):
        assert not second.share()

    assert second.share()


def test_a_reader_that_fails_to_become_the_writer_still_reads(locks: list[StoreLock]) -> None:
    first, second, writer = locks
    assert first.share()
    assert second.share()

    with pytest.raises(StoreHeldError):
        first.own(timeout_s=0)
    second.release()

    with pytest.raises(StoreHeldError):  # since the first one is still there
        writer.own(timeout_s=0)


def test_the_lock_ends_with_its_process_however_that_ends(locks: list[StoreLock], tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from retrieval.index.index_folder import StoreLock\n"
        "lock = StoreLock(Path(sys.argv[1]), 'crash'); lock.own(timeout_s=0)\n"
        "print('held', flush=True); input()"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreHeldError, match=rf"process {process.pid} \(crash, since"):
            locks[0].own(timeout_s=0)
        process.kill()
        process.wait()

    locks[0].own(timeout_s=0)


def test_a_lock_file_that_says_nonsense_still_locks(locks: list[StoreLock], tmp_path: Path) -> None:
    locks[0].own(timeout_s=0)
    (tmp_path / "store.lock").write_text("[]", encoding="utf-8")

    with pytest.raises(StoreHeldError, match="held by another process"):
        locks[1].own(timeout_s=0)

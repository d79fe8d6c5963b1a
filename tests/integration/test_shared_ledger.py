"""Two processes on one ledger of PostgreSQL: one changes it at a time, whatever becomes of the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.bootstrap import Services
from retrieval.ingest import IngestRequest
from retrieval.ingest.job_worker import JobWorker
from retrieval.ledger.jobs import JobRow
from tests.conftest import OpenStore, WriteReadout

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals that stop a process")

MAY = "Norland and Estmark will open a ferry line between Port Alder and Sund in May."
JUNE = MAY.replace("May", "June")
ROOT = Path(__file__).parents[2]


class Process:
    """A process of `tests.integration.sharer`, and the lines it printed."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.sharer", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._printed: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed.append(line.strip())

    def until(self, line: str, timeout_s: float = 60.0) -> None:
        """Wait until it printed a line."""
        deadline = time.monotonic() + timeout_s
        while line not in self._printed:
            assert time.monotonic() < deadline, self._printed
            assert self._process.poll() is None or self._reader.is_alive(), self._printed
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it stand still, wherever it is."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> str:
        """Let it go on to its end, and return what it printed last."""
        self._process.send_signal(signal.SIGCONT)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._reader.join(10)
        return self._printed[-1]

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(60)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


Sharer = Callable[..., Process]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "readouts"


@pytest.fixture
def services(
    postgres_address: str, open_store: OpenStore, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    monkeypatch.setattr("retrieval.bootstrap.ledger_address", lambda _settings: postgres_address)
    with open_store(corpus=corpus) as built:
        yield built


@pytest.fixture
def sharer(postgres_address: str, tmp_path: Path, corpus: Path) -> Iterator[Sharer]:
    """Start a process that ingests the same corpus into the same ledger, held up at a step."""
    started: list[Process] = []

    def start(step: str, *, ttl_s: float, **more: str) -> Process:
        environment = os.environ | {"LEDGER_URL": postgres_address, "TTL_S": f"{ttl_s}"} | more
        started.append(Process([str(tmp_path / "store"), str(corpus), step], environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def _live(services: Services) -> list[str]:
    """Return what an answer about the ferry quotes."""
    answer = services.answering.ask("When will the ferry line open?")
    return [statement.text for statement in answer.statements]


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        ("embedding", "IngestBusyError This ingest stood still for so long that another one took over"),
        ("committing", "StoreError"),
    ],
)
def test_a_process_that_stalled_cannot_overwrite_what_was_committed_meanwhile(
    services: Services, sharer: Sharer, write_readout: WriteReadout, step: str, refusal: str
) -> None:
    """One stands still between two transactions, or inside of one, until its turn is another's."""
    write_readout("talks", [MAY])
    stalled = sharer(step, ttl_s=1.0)
    stalled.until(step)
    stalled.stop()
    write_readout("talks", [JUNE])

    added = services.ingesting.ingest().added
    told = stalled.go_on()

    assert (added, _live(services)) == (("talks",), [JUNE])
    assert told.startswith(refusal)
    history = services.lifecycle.history("talks")
    assert (len(history.revisions), [entry.action for entry in history.audit]) == (1, ["add"])


@pytest.mark.parametrize("step", ["embedding", "committing"])
def test_a_process_that_was_killed_in_its_turn_leaves_it_to_the_next(
    services: Services, sharer: Sharer, write_readout: WriteReadout, step: str
) -> None:
    write_readout("talks", [MAY])
    killed = sharer(step, ttl_s=3600.0)
    killed.until(step)
    killed.kill()

    added = services.ingesting.ingest().added

    assert (added, _live(services)) == (("talks",), [MAY])


def test_what_one_process_commits_the_other_answers_from_within_seconds(
    services: Services, sharer: Sharer, write_readout: WriteReadout
) -> None:
    write_readout("other", ["The two ministers visited the coral reef station."])
    services.ingesting.ingest()
    before = _live(services)
    write_readout("talks", [MAY])

    told = sharer("never", ttl_s=60.0).go_on()

    assert (before, told, _live(services)) == ([], "added talks", [MAY])


def test_a_worker_that_stalled_leaves_its_job_to_the_one_that_took_it_over(
    services: Services, sharer: Sharer, write_readout: WriteReadout, corpus: Path
) -> None:
    write_readout("talks", [MAY])
    job = services.jobs.submit(IngestRequest((str(corpus),)))
    stalled = sharer("embedding", ttl_s=1.0, AS_WORKER="yes")
    stalled.until("embedding")
    stalled.stop()
    ended: list[JobRow] = []
    worker = JobWorker(
        services.ledger, services.ingesting, services.index_sync, purpose="a bot", on_ended=ended.append
    )

    deadline = time.monotonic() + 30
    while not worker.run_once():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    told = stalled.go_on()

    assert (told, [(row.pk, row.state) for row in ended]) == ("told of", [(job, "done")])
    assert services.jobs.get(job) == ended[0]
    assert _live(services) == [MAY]

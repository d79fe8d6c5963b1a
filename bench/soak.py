"""A process under questions and ingests for a while: memory, handles and latency, quarter by quarter.

    python -m bench.soak [--minutes 20] [--every 60] [--rate 5] [--trace]

One process keeps a store as a bot does: its jobs thread carries out an ingest every `--every` seconds, which changes one
readout of fifty and brings a new one, while four threads are asked `--rate` questions a second at fixed moments; one that
comes late is counted from its moment. The encoder, Chroma and SQLite are the real ones, the words are made up (`seeded`).
Memory is what is resident, handles are open files. Growth is that of the last quarter over the second, where caches are warm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from bench.seeded import readout, sentence
from retrieval.bootstrap import Services, build_services
from retrieval.errors import RapporteurError
from retrieval.ingest import IngestRequest
from retrieval.ingest.job_worker import JobWorker
from retrieval.settings import RetrievalSettings
from retrieval.sources import to_interchange

READOUTS, PARAGRAPHS, QUESTIONS, THREADS, QUARTERS = 50, 10, 200, 4, 4


@dataclass
class Quarter:
    """What was seen in one quarter of the time: milliseconds, MiB, open files, threads."""

    latencies: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def line(self, number: int) -> str:
        cuts = statistics.quantiles(self.latencies, n=20)
        return (
            f"{number:>7} {len(self.latencies):>9} {statistics.median(self.latencies):>8.1f} {cuts[-1]:>8.1f}"
            f" {statistics.median(self.memory):>10.1f} {max(self.handles):>7} {max(self.threads):>7}"
        )


def growth(second: Quarter, last: Quarter) -> str:
    """Say by how many percent each figure of the last quarter is above that of the second."""
    pairs = {
        "memory": (statistics.median(second.memory), statistics.median(last.memory)),
        "handles": (max(second.handles), max(last.handles)),
        "p50": (statistics.median(second.latencies), statistics.median(last.latencies)),
        "p95": (
            statistics.quantiles(second.latencies, n=20)[-1],
            statistics.quantiles(last.latencies, n=20)[-1],
        ),
    }
    return ", ".join(f"{name} {(after / before - 1) * 100:+.1f} %" for name, (before, after) in pairs.items())


class Soak:
    """Questions at fixed moments beside ingests at fixed moments."""

    def __init__(self, services: Services, folder: Path, options: argparse.Namespace) -> None:
        self._services = services
        self._folder = folder
        self._options = options
        self._lasts_s = options.minutes * 60
        self._began = 0.0
        self.quarters = [Quarter() for _ in range(QUARTERS)]
        self.ingests: list[str] = []
        self.lost: list[str] = []
        self.asked = 0

    def run(self) -> None:
        draw = np.random.default_rng(7)
        questions = [f"What was said of {sentence(draw, 6).rstrip('.').lower()}?" for _ in range(QUESTIONS)]
        self._began = time.monotonic()
        others = [threading.Thread(target=self._ingest), threading.Thread(target=self._watch)]
        for thread in others:
            thread.start()
        pool = ThreadPoolExecutor(THREADS)
        for number in count():
            due = self._began + number / self._options.rate
            if due > self._began + self._lasts_s:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(self._ask, questions[number % QUESTIONS], due)
        self.asked = number
        pool.shutdown(cancel_futures=True)  # where the machine is too slow for the rate, some wait still
        for thread in others:
            thread.join()

    def _now(self) -> Quarter:
        passed = (time.monotonic() - self._began) / self._lasts_s
        return self.quarters[min(int(passed * QUARTERS), QUARTERS - 1)]

    def _ask(self, question: str, due: float) -> None:
        try:
            self._services.answering.ask(question)
        except Exception as error:  # whatever it is, it is a question without an answer
            self.lost.append(f"{type(error).__name__}: {error}")
        else:
            self._now().latencies.append((time.monotonic() - due) * 1000)

    def _ingest(self) -> None:
        for number in count(1):
            due = self._began + number * self._options.every
            if due > self._began + self._lasts_s - 1:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            changed = write(
                self._folder / f"{number % READOUTS}.jsonl", number % READOUTS, seed=1000 + number
            )
            new = write(self._folder / f"n{number}.jsonl", READOUTS + number, seed=2000 + number)
            try:
                job = self._services.jobs.submit(IngestRequest((str(changed), str(new))))
                self.ingests.append(self._services.jobs.follow(job, lambda *_: None).state)
            except RapporteurError as error:
                self.ingests.append(str(error))

    def _watch(self) -> None:
        while time.monotonic() - self._began < self._lasts_s:
            now = self._now()
            now.memory.append(resident_mib())
            now.handles.append(len(list(Path("/proc/self/fd").iterdir())))
            now.threads.append(threading.active_count())
            time.sleep(1)


def write(path: Path, number: int, *, seed: int) -> Path:
    path.write_text(
        json.dumps(to_interchange(readout(f"s-{number}", PARAGRAPHS, seed=seed))), encoding="utf-8"
    )
    return path


def resident_mib() -> float:
    """Return what this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def show_growth(before: tracemalloc.Snapshot, after: tracemalloc.Snapshot, most: int = 15) -> None:
    for each in after.compare_to(before, "lineno")[:most]:
        print(each)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two ingests")
    parser.add_argument("--rate", type=float, default=5.0, help="questions a second")
    parser.add_argument("--trace", action="store_true", help="say which lines of Python hold more at the end")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rapporteur-soak-") as temporary:
        corpus = Path(temporary) / "readouts"
        corpus.mkdir()
        for number in range(READOUTS):
            write(corpus / f"{number}.jsonl", number, seed=number)
        settings = RetrievalSettings(store_dir=Path(temporary) / "store", corpus_dir=corpus)
        with build_services(settings, purpose="a soak") as services:
            services.ingesting.ingest()
            services.index_sync.settle()
            worker = JobWorker(services.ledger, services.ingesting, services.index_sync, purpose="a soak")
            worker.start()
            while services.jobs.worker() is None:
                time.sleep(0.1)
            soak = Soak(services, corpus, options)
            if options.trace:
                tracemalloc.start()
                before = tracemalloc.take_snapshot()
            soak.run()
            if options.trace:
                show_growth(before, tracemalloc.take_snapshot())
            worker.stop()
    print("quarter  answered   p50 ms   p95 ms  MiB median  files  threads")
    for number, quarter in enumerate(soak.quarters, 1):
        print(quarter.line(number))
    print("second to last quarter:", growth(soak.quarters[1], soak.quarters[-1]))
    done = soak.ingests.count("done")
    answered = sum(len(quarter.latencies) for quarter in soak.quarters)
    print(
        f"{done} of {len(soak.ingests)} ingests done; of {soak.asked} questions {answered} answered, "
        f"{len(soak.lost)} lost, the rest still waiting at the end"
    )
    for told in sorted({*soak.lost, *soak.ingests} - {"done"}):
        print(f"  {told}")


if __name__ == "__main__":
    main()

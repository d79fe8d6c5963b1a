"""Questions that meet cold caches: many at once, and those just after an ingest.

    python -m bench.cold at-once [--questions 64]
    python -m bench.cold after-ingest [--readouts 100]

Readouts are made up (`seeded`), encoder, Chroma and SQLite the real ones. `at-once` empties every cache, asks that many
questions at the same moment, each on a thread of its own, and counts those without an answer. `after-ingest` asks fifties
of questions in the process that has just ingested, then the same ones again: how many times as long they took at first, and
how much of that was spent embedding sentences and preparing paragraphs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import numpy as np
from sqlalchemy import delete

from bench.seeded import sentence
from bench.soak import write
from bench.stores import store_of
from retrieval.bootstrap import Services
from retrieval.errors import RapporteurError
from retrieval.ledger import schema
from retrieval.search import retriever

FIFTY, FIFTIES = 50, 5


def questions(n: int) -> list[str]:
    draw = np.random.default_rng(7)
    return [f"What was said of {sentence(draw, 6).rstrip('.').lower()}?" for _ in range(n)]


def asked(services: Services, question: str) -> float:
    started = time.perf_counter()
    services.answering.ask(question)
    return (time.perf_counter() - started) * 1000


def at_once(services: Services, most: int) -> int:
    """Ask all of them at the same moment; returns how many were lost."""
    with services.ledger.write() as connection:
        connection.execute(delete(schema.sentence_vectors))
    begin = Barrier(most)
    lost: list[str] = []

    def ask(question: str) -> float:
        begin.wait()
        try:
            return asked(services, question)
        except Exception as error:
            kind = "" if isinstance(error, RapporteurError) else f"{type(error).__name__}: "
            lost.append(f"{kind}{error}")
            return 0.0

    started = time.perf_counter()
    with ThreadPoolExecutor(most) as pool:
        times = [took for took in pool.map(ask, questions(most)) if took]
    took = time.perf_counter() - started
    print(
        f"{most} at once: {len(times)} answered, {len(lost)} lost in {took:.1f} s; median {statistics.median(times):.0f} ms"
    )
    for each in sorted(set(lost)):
        print(f"  {each}")
    return len(lost)


class Spent:
    """Milliseconds spent in a function, over all threads."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.ms = 0.0
        self._call = call

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return self._call(*arguments, **more)
        finally:
            self.ms += (time.perf_counter() - started) * 1000


def after_ingest(services: Services) -> None:
    made = questions(FIFTY * FIFTIES)
    embedding, preparing = Spent(services.retriever._embedded_sentences), Spent(retriever.prepare)
    rounds: list[list[float]] = []
    with (
        patch.object(services.retriever, "_embedded_sentences", embedding),
        patch.object(retriever, "prepare", preparing),
    ):
        for label in ("first", "again"):
            rounds.append([])
            for n in range(0, len(made), FIFTY):
                embedding.ms = preparing.ms = 0.0
                rounds[-1].append(statistics.mean(asked(services, q) for q in made[n : n + FIFTY]))
                print(
                    f"{label}, questions {n + 1:>3} to {n + FIFTY}: {rounds[-1][-1]:6.1f} ms each, of which sentences"
                    f" {embedding.ms / FIFTY:.1f}, preparing {preparing.ms / FIFTY:.1f}",
                    flush=True,
                )
    times = [f"{cold / warm:.2f}" for cold, warm in zip(*rounds, strict=True)]
    print("at first, times as long as again:", ", ".join(times))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("at-once", "after-ingest"))
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--readouts", type=int, default=100)
    options = parser.parse_args()
    with store_of([]) as services:
        folder = services.settings.store_dir / "readouts"
        folder.mkdir()
        services.answering.ask("What is loaded with the first question?")
        for number in range(options.readouts):
            write(folder / f"{number}.jsonl", number, seed=number)
        started = time.perf_counter()
        services.ingesting.ingest([folder])
        print(f"{options.readouts} readouts ingested in {time.perf_counter() - started:.1f} s", flush=True)
        if options.what == "at-once":
            return 1 if at_once(services, options.questions) else 0
        after_ingest(services)
        return 0


if __name__ == "__main__":
    sys.exit(main())

"""Questions that meet cold caches: many at once, and those just after an ingest.

    python -m bench.cold at-once [--questions 64]
    python -m bench.cold after-ingest [--readouts 100] [--eval DIR] [--unembedded]

Readouts are made up (`seeded`), or with `--eval` the articles and questions of `squad/`; encoder, Chroma and SQLite are the
real ones. `at-once` empties every cache, asks that many questions at the same moment, each on a thread of its own, and
counts those without an answer. `after-ingest` asks fifties of questions in the process that has just ingested, then the same
ones again: how many times as long they took at first, and how much of that was spent embedding sentences and preparing
paragraphs. With `--unembedded` the vectors of sentences are thrown away in between: how it was before an ingest made them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
from retrieval.evaluation import read_questions
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


def throw_away(services: Services) -> None:
    """Let the vector of no sentence be known."""
    with services.ledger.write() as connection:
        connection.execute(delete(schema.sentence_vectors))


def at_once(services: Services, most: int) -> int:
    """Ask all of them at the same moment; returns how many were lost."""
    throw_away(services)
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


def after_ingest(services: Services, made: list[str]) -> None:
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
    parser.add_argument("--eval", type=Path, metavar="DIR", help="folder of the question sets")
    parser.add_argument("--unembedded", action="store_true")
    options = parser.parse_args()
    with store_of([]) as services:
        folder = services.settings.store_dir / "readouts"
        folder.mkdir()
        services.answering.ask("What is loaded with the first question?")
        asking, source = questions(FIFTY * FIFTIES), folder
        if options.eval:
            source = options.eval / "squad" / "documents.jsonl"
            asking = [q.question for q in read_questions(source.with_name("questions.jsonl"))]
        else:
            for number in range(options.readouts):
                write(folder / f"{number}.jsonl", number, seed=number)
        started = time.perf_counter()
        report = services.ingesting.ingest([source])
        print(f"{len(report.added)} readouts ingested in {time.perf_counter() - started:.1f} s", flush=True)
        if options.what == "at-once":
            return 1 if at_once(services, options.questions) else 0
        if options.unembedded:
            throw_away(services)
        after_ingest(services, asking[: FIFTY * FIFTIES])
        return 0


if __name__ == "__main__":
    sys.exit(main())

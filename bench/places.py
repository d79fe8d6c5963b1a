"""The same questions of the same readouts, the store in one place and in another: the same answers, how fast?

    python bench/places.py --eval DIR [--rounds 3]

    embedded   SQLite and Chroma in a folder of this process
    server     SQLite, and a Chroma server (`chroma run`) on loopback over real HTTP
    shared     PostgreSQL and the Chroma server, both on loopback; left out where PostgreSQL is not installed

Loads `squad` and the published readouts with the shipped one into each, and asks their English questions of the
places in turns: once to warm up (sentence vectors are cached then), then --rounds times.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.stores import eval_dir, readouts_of, store_of
from retrieval.bootstrap import Services
from retrieval.evaluation import read_questions
from tests.postgres import installed, running_cluster
from tests.servers import chroma_server


def main() -> None:
    parser, folder = eval_dir(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    names = (folder / "squad" / "questions.jsonl", folder / "readout-questions.jsonl")
    questions = [q.question for name in names for q in read_questions(name) if q.language == "en"]
    with ExitStack() as stack:
        sources = [folder / "squad" / "documents.jsonl", *stack.enter_context(readouts_of(folder))]
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rapporteur-bench-")))
        server = stack.enter_context(chroma_server(scratch / "chroma"))
        places = {
            "embedded": stack.enter_context(store_of(sources)),
            "server": stack.enter_context(store_of(sources, store=server.address)),
        }
        if installed():
            database = stack.enter_context(stack.enter_context(running_cluster()).database())
            places["shared"] = stack.enter_context(
                store_of(sources, store=server.address, ledger_url=SecretStr(database))
            )
        compare(places, questions, options.rounds)


def compare(places: dict[str, Services], questions: list[str], rounds: int) -> None:
    for name, services in places.items():
        services.index_sync.settle()
        print(
            f"{name}: {services.index_sync.place}, {services.index_sync.count('shared')} embeddings",
            flush=True,
        )
        assert services.index_sync.is_whole
    asked = {name: [services.answering.ask(q) for q in questions] for name, services in places.items()}
    times: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(rounds):
        for question in questions:
            for name, services in places.items():
                started = perf_counter()
                services.answering.ask(question)
                times[name].append((perf_counter() - started) * 1000)
    first, *others = places
    base = median(times[first])
    for name in places:
        middle, p95 = median(times[name]), quantiles(times[name], n=20)[-1]
        print(
            f"{name}: warm ask median {middle:.2f} ms ({middle / base:.2f} times), 95th percentile {p95:.2f} ms"
        )
    for name in others:
        same = sum(a == b for a, b in zip(asked[first], asked[name], strict=True))
        print(
            f"{name}: the same answer as {first}, to the last character, to {same} of {len(questions)} questions"
        )


if __name__ == "__main__":
    main()

"""What a change and a question cost as the store grows.

    python bench/scale.py change                       one paragraph among 100 and among 10,000 readouts
    python bench/scale.py ask 1000 10000 100000        a question among so many paragraphs
    python bench/scale.py ask 10000 1000000 --build-only

Stores hold made-up readouts of 20 paragraphs (`bench/seeded.py`: Zipf's law, seeded unit vectors), written in bulk
through the ledger's own modules and then handed to the real Chroma. A sample of the vectors is looked up instead of
each, which would take as long again, and as many of all are scanned as that sample loses; `churn.py` and `crashes.py`
are about that. Stores are kept in --folder and used again. Questions are six made-up words; each is asked once to
warm up (sentence vectors are cached then) and measured afterwards, store against store in turns. `first` is a new
process, from its start to its answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.seeded import SeededEncoder, readout, seeded_services, sentence
from retrieval.bootstrap import Services
from retrieval.index import fulltext
from retrieval.index.encoder import embedding_text
from retrieval.index.index_writer import IndexWriter
from retrieval.index.vector_index import finds_itself
from retrieval.ingest.planning import revision_id
from retrieval.language.terms import indexed_terms
from retrieval.ledger import history, revisions, vectors
from retrieval.ledger.history import AuditEntry
from retrieval.ledger.vectors import text_digest
from retrieval.models import Readout
from retrieval.sources import to_interchange

PARAGRAPHS = 20
LOOKED_UP = 5_000
QUESTIONS = 40


def build(store: Path, paragraphs: int) -> None:
    """Fill a store with as many paragraphs, or go on filling one that was cut short."""
    encoder = SeededEncoder()
    with seeded_services(store, store.parent) as services:
        started = time.perf_counter()
        for first in range(len(services.browser.documents()), paragraphs // PARAGRAPHS, 50):
            some = [
                readout(f"s-{n}", PARAGRAPHS, seed=n)
                for n in range(first, min(first + 50, paragraphs // PARAGRAPHS))
            ]
            _write(services, some, encoder)
        print(
            f"{store.name}: {paragraphs} paragraphs in the ledger, {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        started = time.perf_counter()
        with patch.object(IndexWriter, "_look_up", _taken_as_found):
            services.index_sync.catch_up(timeout_s=10)
        _lose(services)
        print(f"{store.name}: in Chroma, {time.perf_counter() - started:.0f} s", flush=True)


def _lose(services: Services) -> None:
    """Have as many records scanned beside the index as it would lose, judging by some that are looked up."""
    services.index_sync.settle()
    if not services.index_sync.is_whole:
        sys.exit(f"{services.settings.store_dir}: another process is using the store.")
    with services.ledger.read() as connection:
        if vectors.unfound(connection, "shared"):
            return
        draw = np.random.default_rng(3)
        known = draw.permutation(vectors.findable(connection, "shared")).tolist()
        own = vectors.vectors(connection, known[:LOOKED_UP])
    lost = sum(not finds_itself(pk, services.index_sync.query("shared", own[pk], 1)) for pk in own)
    with services.ledger.write() as connection:
        vectors.mark_indexed(
            connection, "shared", dict.fromkeys(known[: len(known) * lost // len(own)], False)
        )
        vectors.scope_changed(connection, "shared")
    print(f"{services.settings.store_dir.name}: {lost} of {len(own)} looked up are not found", flush=True)


def _taken_as_found(_: IndexWriter, _scope: str, pks: Sequence[int]) -> dict[int, bool]:
    return dict.fromkeys(pks, True)


def _write(services: Services, readouts: list[Readout], encoder: SeededEncoder) -> None:
    with services.ledger.write() as connection:
        for each in readouts:
            texts = [embedding_text(each.title, p.text) for p in each.paragraphs]
            found = {text_digest(text): encoder.embed(text) for text in texts}
            vectors.add_embeddings(connection, found)
            keys = vectors.embedding_pks(connection, found)
            pks = revisions.add_revision(
                connection,
                each,
                scope="shared",
                source=f"{each.id}.json",
                revision=revision_id(each),
                chunks=[
                    [(0, len(p.text), keys[text_digest(t)])]
                    for p, t in zip(each.paragraphs, texts, strict=True)
                ],
                now="2026-01-01T00:00:00+00:00",
            )
            fulltext.add(
                connection,
                "shared",
                {pk: _terms(p.text, each.title) for pk, p in zip(pks, each.paragraphs, strict=True)},
            )
            vectors.expect(connection, "shared", keys.values())
            history.record(connection, AuditEntry("", "bench", "add", "shared", each.id, None, {}))
        vectors.scope_changed(connection, "shared")


@cache
def _word_terms(word: str) -> tuple[str, ...]:
    return tuple(indexed_terms(word))


def _terms(text: str, title: str) -> fulltext.IndexedTerms:
    words = [term for word in text.replace(".", "").split() for term in _word_terms(word)]
    return fulltext.IndexedTerms([*words, *indexed_terms(title)], len(words))


def questions(n: int = QUESTIONS) -> list[str]:
    draw = np.random.default_rng(7)
    return [f"What was said of {sentence(draw, 6).rstrip('.').lower()}?" for _ in range(n)]


def asked(services: Services, question: str) -> float:
    started = time.perf_counter()
    services.answering.ask(question)
    return (time.perf_counter() - started) * 1000


def measure_ask(folder: Path, sizes: list[int]) -> None:
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for size in sizes:
        first = [_first_answer(folder / f"store-{size}") for _ in range(3)]
        took, memory = min(seconds for seconds, _ in first), max(mib for _, mib in first)
        raw = size * 384 * 4 / 2**20
        text = _text_bytes(folder / f"store-{size}") / 2**20
        print(
            f"{size:>9} paragraphs: first answer {took:.2f} s, resident {memory:.0f} MiB; "
            f"raw vectors {raw:.0f} + text {text:.0f} MiB: {memory / (raw + text):.2f} times",
            flush=True,
        )
    from contextlib import ExitStack

    with ExitStack() as stack:
        opened = {
            size: stack.enter_context(seeded_services(folder / f"store-{size}", folder)) for size in sizes
        }
        for services in opened.values():
            services.index_sync.settle()
            for question in questions():
                asked(services, question)
        for _ in range(5):
            for question in questions():
                for size, services in opened.items():
                    times[size].append(asked(services, question))
    base = statistics.median(times[sizes[0]])
    for size in sizes:
        median = statistics.median(times[size])
        p95 = statistics.quantiles(times[size], n=20)[-1]
        print(
            f"{size:>9} paragraphs: warm ask median {median:.2f} ms ({median / base:.2f} times), p95 {p95:.2f} ms"
        )


def _text_bytes(store: Path) -> int:
    from sqlalchemy import func, select

    from retrieval.ledger import schema

    with seeded_services(store, store.parent) as services, services.ledger.read() as connection:
        return int(connection.scalar(select(func.sum(func.length(schema.paragraphs.c.text)))) or 0)


def _first_answer(store: Path) -> tuple[float, float]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "first", "--folder", str(store)],
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - started, float(done.stdout.split()[-1])


def first(store: Path) -> None:
    with seeded_services(store, store.parent) as services:
        asked(services, questions(1)[0])
        print(_resident_mib(), flush=True)


def _resident_mib() -> float:
    """Return the most this process had in memory; getrusage would count what its parent had when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure_change(folder: Path, sizes: list[int]) -> None:
    """Change one paragraph of one readout again and again, store against store in turns.

    A store is used again, and what it held once is not embedded again: each run brings words of its own.
    Ingests follow one another without a pause while questions are asked, which is more than a bot ever has.
    """
    run = int(time.time())
    changes: dict[int, list[float]] = {size: [] for size in sizes}
    quiet: dict[int, list[float]] = {size: [] for size in sizes}
    meanwhile: dict[int, list[float]] = {size: [] for size in sizes}
    for turn in range(8):
        for size in sizes:
            with seeded_services(folder / f"store-{size}", folder) as services:
                services.index_sync.settle()
                for question in questions():
                    asked(services, question)
                quiet[size] += [asked(services, question) for question in questions()]
                stop = threading.Event()
                asking = threading.Thread(target=_keep_asking, args=(services, stop, meanwhile[size]))
                path = _changed(folder, f"{run}-{turn}")
                started = time.perf_counter()
                services.ingesting.ingest([path])
                if turn:
                    changes[size].append((time.perf_counter() - started) * 1000)
                asking.start()
                for again in range(5):
                    services.ingesting.ingest([_changed(folder, f"{run}-{turn}-{again}")])
                stop.set()
                asking.join()
    base = statistics.median(changes[sizes[0]])
    for size in sizes:
        took, still, busy = (statistics.median(each[size]) for each in (changes, quiet, meanwhile))
        print(
            f"{size // PARAGRAPHS:>6} readouts: one paragraph changed in {took:.0f} ms ({took / base:.2f} times); "
            f"ask {still:.2f} ms, meanwhile {busy:.2f} ms ({busy / still:.2f} times, {len(meanwhile[size])} asked)"
        )


def _keep_asking(services: Services, stop: threading.Event, times: list[float]) -> None:
    while not stop.is_set():
        for question in questions():
            if stop.is_set():
                return
            times.append(asked(services, question))
            time.sleep(0.02)


def _changed(folder: Path, version: str) -> Path:
    made = to_interchange(readout("s-3", PARAGRAPHS, seed=3))
    made["paragraphs"][4]["text"] += f" Corrected {version} times."
    path = folder / "s-3.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("change", "ask", "first"))
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "rapporteur-scale")
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    if options.what == "first":
        first(options.folder)
        return
    sizes = options.sizes or ([2_000, 200_000] if options.what == "change" else [1_000, 10_000, 100_000])
    options.folder.mkdir(exist_ok=True)
    for size in sizes:
        build(options.folder / f"store-{size}", size)
    if not options.build_only:
        (measure_change if options.what == "change" else measure_ask)(options.folder, sizes)


if __name__ == "__main__":
    main()

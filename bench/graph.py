"""What Chroma's graph finds and what it costs, setting by setting.

    python bench/graph.py --eval DIR
    python bench/graph.py --eval DIR --seeded 100000 16/200/200 32/200/200

A setting is max_neighbors/ef_construction/ef_search. Every one gets a collection of its own, in the real Chroma, of
the sentences of all documents in DIR, and one of seeded unit vectors, which have no neighbourhoods and are the
hardest case for a graph. Found: of the exact nearest 24 (and 3) of a question, the share that Chroma returns. Lost:
records that a search for their own vector does not find. Questions are asked of the collections in turns.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from numpy.typing import NDArray
from stores import eval_dir

from retrieval.index.encoder import DIMENSIONS, Encoder
from retrieval.index.vector_index import SAME_TEXT
from retrieval.language.sentences import sentence_spans
from retrieval.search.retriever import CANDIDATES

Matrix = NDArray[np.float32]

SETTINGS = ("32/200/200", "32/200/100", "24/200/200", "16/200/200", "16/200/100", "16/100/100")
QUESTIONS = 600
BATCH = 1000


def main() -> None:
    parser, folder = eval_dir(__doc__)
    parser.add_argument("--seeded", type=int, default=20_000, help="how many seeded vectors")
    parser.add_argument("settings", nargs="*", default=SETTINGS)
    options = parser.parse_args()
    records, questions = _real(folder)
    _compare("sentences", records, questions, options.settings)
    draw = np.random.default_rng(11)
    _compare("seeded", _seeded(draw, options.seeded), _seeded(draw, QUESTIONS), options.settings)


def _real(folder: Path) -> tuple[Matrix, Matrix]:
    """Embed every sentence of the documents once, and a sample of the questions."""
    texts: dict[str, None] = {}
    for path in sorted(folder.glob("*/documents.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            for paragraph in json.loads(line)["paragraphs"]:
                text = paragraph["text"]
                texts.update(dict.fromkeys(text[start:end] for start, end in sentence_spans(text)))
    asked = [
        json.loads(line)["question"]
        for path in sorted(folder.glob("*/questions.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    picked = np.random.default_rng(7).permutation(len(asked))[:QUESTIONS]
    encoder = Encoder()
    return (
        np.stack(list(encoder.embed_each(list(texts)))),
        np.stack(list(encoder.embed_each([asked[i] for i in picked]))),
    )


def _seeded(draw: np.random.Generator, n: int) -> Matrix:
    drawn = draw.standard_normal((n, DIMENSIONS), dtype=np.float32)
    unit: Matrix = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def _compare(name: str, records: Matrix, questions: Matrix, settings: list[str]) -> None:
    exact = np.argsort(-(questions @ records.T), axis=1, kind="stable")[:, :CANDIDATES]
    print(f"\n{name}: {len(records)} records, {len(questions)} questions", flush=True)
    print(f"{'setting':<14}{'add, ms':>9}{'ask, ms':>9}{'found of 24':>13}{'of 3':>9}{'lost':>6}", flush=True)
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as target:
        collections, added = {}, {}
        for setting in settings:
            collections[setting], added[setting] = _filled(Path(target), setting, records)
        times: dict[str, list[float]] = {setting: [] for setting in settings}
        found: dict[str, list[list[int]]] = {setting: [] for setting in settings}
        for question in questions:
            for setting, collection in collections.items():
                started = time.perf_counter()
                answer = collection.query(
                    query_embeddings=question[np.newaxis], n_results=CANDIDATES, include=["distances"]
                )
                times[setting].append((time.perf_counter() - started) * 1000)
                found[setting].append([int(each) for each in answer["ids"][0]])
        for setting, collection in collections.items():
            print(
                f"{setting:<14}{added[setting] * 1000 / len(records):>9.2f}"
                f"{statistics.median(times[setting]):>9.2f}{_share(found[setting], exact):>13.4f}"
                f"{_share([row[:3] for row in found[setting]], exact[:, :3]):>9.4f}"
                f"{_lost(collection, records):>6}",
                flush=True,
            )


def _filled(folder: Path, setting: str, records: Matrix) -> tuple[Collection, float]:
    """Return a collection of the records, and the seconds that adding them took."""
    neighbors, construction, search = map(int, setting.split("/"))
    client = chromadb.PersistentClient(
        folder / setting.replace("/", "-"), settings=Settings(anonymized_telemetry=False)
    )
    collection = client.create_collection(
        "records",
        embedding_function=None,
        configuration={
            "hnsw": {
                "space": "cosine",
                "max_neighbors": neighbors,
                "ef_construction": construction,
                "ef_search": search,
            }
        },
    )
    started = time.perf_counter()
    for start in range(0, len(records), BATCH):
        rows = records[start : start + BATCH]
        collection.add(ids=[str(start + i) for i in range(len(rows))], embeddings=rows)
    return collection, time.perf_counter() - started


def _share(found: list[list[int]], exact: NDArray[np.int64]) -> float:
    return float(np.mean([len(set(f) & set(e.tolist())) / len(e) for f, e in zip(found, exact, strict=True)]))


def _lost(collection: Collection, records: Matrix) -> int:
    lost = 0
    for start in range(0, len(records), BATCH):
        rows = records[start : start + BATCH]
        answer = collection.query(query_embeddings=rows, n_results=1, include=["distances"])
        distances = answer["distances"]
        assert distances is not None
        for own, ids, far in zip(range(start, start + len(rows)), answer["ids"], distances, strict=True):
            lost += not ids or (int(ids[0]) != own and far[0] > SAME_TEXT)
    return lost


if __name__ == "__main__":
    main()

"""A warm `ask` against the sum of its bare parts, question by question, in one run.

    python bench/latency.py --eval DIR

Bare parts of a question: embedding it, one Chroma query, and embedding the candidate sentences whose vectors
were in no cache. Every question of `squad/` is asked once of the 13 articles together, after ten to warm up,
so the first questions find few sentences in the cache and the last ones find all.
"""

from __future__ import annotations

import time
from statistics import median

from stores import eval_dir, store_of

from retrieval.evaluation import read_questions
from retrieval.index.encoder import Encoder
from retrieval.search.retriever import CANDIDATES


class _Timed(Encoder):
    """Adds up the time spent on sentences."""

    sentences_ms = 0.0

    def embed_each(self, texts):
        started = time.perf_counter()
        vectors = list(super().embed_each(texts))
        self.sentences_ms += (time.perf_counter() - started) * 1000
        return iter(vectors)


def main() -> None:
    _, folder = eval_dir(__doc__)
    questions = read_questions(folder / "squad" / "questions.jsonl")
    encoder = _Timed()
    totals: list[float] = []
    bare: list[float] = []
    with store_of([folder / "squad" / "documents.jsonl"]) as services:
        services.retriever._encoder = encoder
        assert services.index_sync.is_whole
        for row, q in enumerate(questions):
            encoder.sentences_ms = 0.0
            _, elapsed = services.answering.timed_ask(q.question)
            sentences = encoder.sentences_ms
            started = time.perf_counter()
            vector = encoder.embed(q.question)
            services.index_sync.query("shared", vector, CANDIDATES)
            parts = (time.perf_counter() - started) * 1000 + sentences
            if row >= 10:
                totals.append(elapsed.total)
                bare.append(parts)
    print(f"ask, median           {median(totals):.2f} ms over {len(totals)} questions")
    print(f"bare parts, median    {median(bare):.2f} ms")
    print(f"ask / bare parts      {median(totals) / median(bare):.2f}")
    ratios = sorted(t / b for t, b in zip(totals, bare, strict=True))
    print(f"question by question  {ratios[len(ratios) // 2]:.2f} (median of the ratios)")


if __name__ == "__main__":
    main()

"""Ingest against the bare encoder, over the same texts, in one run.

    python bench/throughput.py --eval DIR [--rounds N]

The bare encoder embeds exactly the texts that the ingest embeds, with the same threads. Rounds alternate, so
that a change in the machine's speed meets both; the ratio is of the medians. 1.00 means that parsing,
indexing, checking and committing cost nothing beside embedding.
"""

from __future__ import annotations

import time
from statistics import median

from stores import eval_dir, store_of

from retrieval.index.encoder import Encoder


class _Listening(Encoder):
    """An encoder that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_each(self, texts):
        self.texts += texts
        return super().embed_each(texts)


def main() -> None:
    parser, folder = eval_dir(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    source = [folder / "squad" / "documents.jsonl"]
    listening, texts = _Listening(), []
    ingest_s: list[float] = []
    bare_s: list[float] = []
    listening.embed("warm")
    for _ in range(rounds):
        with store_of([]) as services:
            services.ingesting._encoder = listening
            listening.texts = []
            started = time.perf_counter()
            services.ingesting.ingest(source)
            ingest_s.append(time.perf_counter() - started)
            texts = list(listening.texts)
        started = time.perf_counter()
        list(listening.embed_each(texts))
        bare_s.append(time.perf_counter() - started)
    ingest, bare = median(ingest_s), median(bare_s)
    print(f"texts                 {len(texts)}")
    print(f"ingest                {len(texts) / ingest:8.1f} texts/s   (median of {rounds})")
    print(f"bare encoder          {len(texts) / bare:8.1f} texts/s   (median of {rounds})")
    print(f"ingest / bare         {bare / ingest:8.2f}")


if __name__ == "__main__":
    main()

"""A corpus of any size and an encoder of no meaning: for measuring the store, not the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from retrieval.bootstrap import Services, build_services
from retrieval.index.encoder import DIMENSIONS, Encoder, Vector
from retrieval.models import Numbering, Paragraph, Readout
from retrieval.settings import RetrievalSettings

_SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu".split()
_WORDS = 20_000


class SeededEncoder(Encoder):
    """Unit vectors drawn with the text as seed: as many as wanted, in no time."""

    identity = "seeded"

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    def embed(self, text: str) -> Vector:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        vector = np.random.default_rng(seed).standard_normal(DIMENSIONS, dtype=np.float32)
        unit: Vector = vector / np.linalg.norm(vector)
        return unit

    def embed_each(self, texts: list[str]) -> Iterator[Vector]:  # type: ignore[override]
        return map(self.embed, texts)


@contextmanager
def seeded_services(store: Path, corpus: Path) -> Iterator[Services]:
    """Open a store whose vectors are seeded ones."""
    settings = RetrievalSettings(store_dir=store, corpus_dir=corpus)
    with build_services(settings, purpose="a measurement", encoder=SeededEncoder()) as services:
        yield services


def readout(name: str, paragraphs: int, *, seed: int, words: int = 60) -> Readout:
    """Return a readout of made-up words, frequent and rare as in real texts (Zipf's law)."""
    draw = np.random.default_rng(seed)
    texts = [sentence(draw, words) for _ in range(paragraphs)]
    numbered = tuple(Paragraph(str(n), text, Numbering.PRINTED) for n, text in enumerate(texts, 1))
    return Readout(name, f"Statement {name}", numbered, date="2024-05-02")


def sentence(draw: np.random.Generator, words: int) -> str:
    """Return so many made-up words in sentences of twelve."""
    ranks = np.minimum(draw.zipf(1.2, words), _WORDS)
    made = [word(int(rank)) for rank in ranks]
    cut = [" ".join(made[i : i + 12]).capitalize() + "." for i in range(0, words, 12)]
    return " ".join(cut)


def word(rank: int) -> str:
    """Return the made-up word of a rank: the more frequent the shorter."""
    parts = []
    while rank:
        rank, syllable = divmod(rank, len(_SYLLABLES))
        parts.append(_SYLLABLES[syllable])
    return "".join(parts) or "ba"

"""Readouts in memory, as a store holds them: prepared paragraphs, their vectors, term statistics.

Stage one of retrieval is done by exact scans of the same dense and lexical scores that the store computes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.index.encoder import Encoder, embedding_text
from retrieval.index.fulltext import TermStatistics
from retrieval.language.sentences import sentence_spans
from retrieval.models import LiveParagraph, Numbering
from retrieval.search.ranking import PreparedParagraph, prepare
from retrieval.search.retriever import term_statistics


class Embedder:
    """The shipped encoder with every vector kept in one file, because scripts here run again and again."""

    def __init__(self, path: Path) -> None:
        self._path, self._encoder, self._new = path, Encoder(), 0
        self._vectors: dict[str, NDArray[np.float32]] = {}
        if path.is_file():
            with np.load(path) as stored:
                self._vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def __call__(self, text: str) -> NDArray[np.float32]:
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        if key not in self._vectors:
            self._vectors[key] = self._encoder.embed(text)
            self._new += 1
        return self._vectors[key]

    def save(self) -> None:
        if self._new:
            keys = np.array(list(self._vectors))
            np.savez(self._path, keys=keys, vectors=np.stack(list(self._vectors.values())))
            self._new = 0


@dataclass(eq=False)
class Scope:
    """Readouts loaded together: prepared paragraphs, their chunk and sentence vectors, term statistics."""

    prepared: list[PreparedParagraph]
    chunk_vectors: NDArray[np.float32]
    chunk_rows: NDArray[np.int64]
    sentence_vectors: list[NDArray[np.float32]]
    statistics: TermStatistics = field(init=False)

    def __post_init__(self) -> None:
        self.statistics = term_statistics(self.prepared)

    def similarities(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        best = np.full(len(self.prepared), -1.0, dtype=np.float32)
        np.maximum.at(best, self.chunk_rows, self.chunk_vectors @ query)
        return best

    @cache  # noqa: B019 - a scope lives as long as the script
    def only(self, document: str) -> Scope:
        keep = [i for i, p in enumerate(self.prepared) if p.paragraph.document == document]
        place = {row: new for new, row in enumerate(keep)}
        mask = np.isin(self.chunk_rows, keep)
        return Scope(
            [self.prepared[i] for i in keep],
            self.chunk_vectors[mask],
            np.array([place[r] for r in self.chunk_rows[mask].tolist()], dtype=np.int64),
            [self.sentence_vectors[i] for i in keep],
        )


def build_scope(documents: Iterable[dict[str, Any]], embed: Embedder) -> Scope:
    prepared, vectors, rows, sentences = [], [], [], []
    for document in documents:
        for live in live_paragraphs(document):
            ready = prepare(live)
            for chunk in chunks(live.text):
                vectors.append(embed(embedding_text(live.title, chunk)))
                rows.append(len(prepared))
            texts = ready.sentence_texts
            sentences.append(np.stack([embed(t) for t in texts]) if texts else np.zeros((0, 384), np.float32))
            prepared.append(ready)
    embed.save()
    return Scope(prepared, np.stack(vectors), np.array(rows), sentences)


def live_paragraphs(document: dict[str, Any]) -> Iterator[LiveParagraph]:
    identity = document.get("id") or document["doc_id"]
    texts = [("intro", t, None) for t in document.get("unnumbered_before", [])]
    texts = [(f"intro#{i + 1}" if i else "intro", t, None) for i, (_, t, _) in enumerate(texts)]
    texts += [(p["number"], p["text"], p.get("heading")) for p in document["paragraphs"]]
    for ordinal, (number, text, heading) in enumerate(texts):
        yield LiveParagraph(
            document=identity,
            revision="r1",
            ordinal=ordinal,
            number=number,
            numbering=Numbering.PRINTED,
            text=" ".join(text.split()),
            title=document["title"],
            heading=heading,
            date=document.get("date"),
            issuer=document.get("issuer"),
        )


def chunks(text: str, max_chars: int = 900) -> list[str]:
    found: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        if found and end - found[-1][0] <= max_chars:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [text[s:e] for s, e in found] or [text]

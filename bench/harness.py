"""The development sets in memory: documents, questions, embeddings, candidates; for the scripts here.

Stage one is done by exact scans of the same dense and lexical scores that the store computes, so that
what is measured is ranking, evidence and abstention, not an index.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.question import Question, analyse
from retrieval.index.chunking import embedding_text
from retrieval.index.encoder import Encoder
from retrieval.index.lexical_scoring import TermStatistics, lexical_scores
from retrieval.index.preparation import PreparedParagraph, prepare
from retrieval.index.ranking import Candidate, RankedParagraph, rank, resolve_names
from retrieval.models import LiveParagraph, Numbering
from retrieval.sentences import sentence_spans

CACHE = Path(tempfile.gettempdir()) / "rapporteur-bench-embeddings.npz"


class Embedder:
    """The shipped encoder with every vector kept in one file, because scripts here run again and again."""

    def __init__(self, path: Path = CACHE) -> None:
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


def term_statistics(prepared: Sequence[PreparedParagraph]) -> TermStatistics:
    frequency: Counter[str] = Counter()
    for p in prepared:
        frequency.update(set(p.counts) | p.title_terms | p.heading_terms)
    length = sum(p.length for p in prepared) / max(len(prepared), 1)
    return TermStatistics(len(prepared), length, dict(frequency))


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


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@dataclass(frozen=True)
class Row:
    """One question: where it is asked, what is right."""

    id: str
    set: str
    text: str
    document: str | None
    gold: frozenset[tuple[str, str]]
    acceptable: frozenset[tuple[str, str]]
    answers: tuple[str, ...]
    must_include: tuple[tuple[str, ...], ...]
    answerable: bool
    category: str
    language: str
    behaviour: str
    history: tuple[str, ...]

    @property
    def group(self) -> str:
        """What cross-validation keeps together: the document the question was written about."""
        return min((d for d, _ in self.gold), default=self.document or self.id)


def read_questions(path: Path, name: str) -> list[Row]:
    def pairs(items: list[dict[str, str]]) -> frozenset[tuple[str, str]]:
        return frozenset((i.get("document") or i["doc_id"], i["paragraph"]) for i in items)

    return [
        Row(
            id=r["id"],
            set=name,
            text=r["question"],
            document=r.get("document"),
            gold=pairs(r["gold_paragraphs"]),
            acceptable=pairs(r["gold_paragraphs"]) | pairs(r.get("also_acceptable", [])),
            answers=tuple(r.get("gold_answers", ())),
            must_include=tuple(tuple(group) for group in r.get("must_include", ())),
            answerable=r["answerable"],
            category=r.get("category") or "",
            language=r.get("language") or "en",
            behaviour=r.get("expected_behaviour") or "",
            history=tuple(turn["text"] for turn in r.get("history", ()) if turn["role"] == "user"),
        )
        for r in read_jsonl(path)
    ]


def contains_gold(answer: str, row: Row) -> bool:
    """Return whether every `must_include` list is met by one of its strings, or any gold answer is found."""
    found = _levelled(answer)
    if row.must_include:
        return all(any(_levelled(option) in found for option in group) for group in row.must_include)
    return any(_levelled(gold) in found for gold in row.answers)


def _levelled(text: str) -> str:
    quotes = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})
    return " ".join(text.casefold().translate(quotes).split())


@dataclass
class Sets:
    """All development sets with their scopes."""

    squad: Scope
    readouts: Scope
    seed: Scope
    clapnq: Scope
    mtrag: Scope
    questions: dict[str, list[Row]]
    embed: Embedder


def load(folder: Path, cache: Path = CACHE) -> Sets:
    embed = Embedder(cache)
    seed = read_jsonl(folder / "seed-paragraphs.jsonl")
    files = {
        "squad": folder / "squad" / "questions.jsonl",
        "readouts": folder / "readout-questions.jsonl",
        "seed": folder / "seed-questions.jsonl",
        "clapnq": folder / "clapnq" / "questions.jsonl",
        "mtrag": folder / "mtrag" / "questions.jsonl",
    }
    sets = Sets(
        squad=build_scope(read_jsonl(folder / "squad" / "documents.jsonl"), embed),
        readouts=build_scope(read_jsonl(folder / "readouts-paragraphs.jsonl") + seed, embed),
        seed=build_scope(seed, embed),
        clapnq=build_scope(read_jsonl(folder / "clapnq" / "documents.jsonl"), embed),
        mtrag=build_scope(read_jsonl(folder / "mtrag" / "documents.jsonl"), embed),
        questions={name: read_questions(path, name) for name, path in files.items()},
        embed=embed,
    )
    for rows in sets.questions.values():
        for row in rows:
            embed(row.text)
    embed.save()
    return sets


@dataclass(frozen=True)
class Asked:
    """One question taken through ranking."""

    question: Question
    terms: tuple[str, ...]
    ranked: list[RankedParagraph]
    scope: Scope
    one_readout: bool


def ask(scope: Scope, embed: Embedder, text: str, document: str | None = None, depth: int = 20) -> Asked:
    """Rank for `text`: all of one readout's paragraphs, or the union of the best by each signal."""
    within = scope.only(document) if document else scope
    question = analyse(text)
    query = embed(question.core)
    terms = resolve_names(question.terms, question.other_names, within.statistics)
    similarity = within.similarities(query)
    rows = range(len(within.prepared))
    if not document:
        lexical = lexical_scores(terms, within.prepared, within.statistics)
        rows = sorted({*np.argsort(-similarity)[:depth].tolist(), *np.argsort(-lexical)[:depth].tolist()})
    candidates = [
        Candidate(within.prepared[i], float(similarity[i]), within.sentence_vectors[i]) for i in rows
    ]
    ranked = rank(terms, query, candidates, within.statistics, question.expects)
    return Asked(question, terms, ranked, within, document is not None)

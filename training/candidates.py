"""Labelled questions -> what the selector sees of them at run time: the candidates, through the product's ranking.

A question is met in four situations: asked of its own readout, or with many loaded; and twice more as one that the
sources do not answer: asked of another readout, or of many without its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.answering.direct import DIRECT_KINDS
from retrieval.answering.question import analyse
from retrieval.answering.selectors import Candidates
from retrieval.language.sentences import sentence_spans
from retrieval.search.ranking import (
    Candidate,
    PreparedParagraph,
    lexical_scores,
    rank,
    resolve_names,
    shortlist,
)
from retrieval.search.retriever import CANDIDATES, SHORTLIST
from training.labelled import rows
from training.scopes import Embedder, Scope, build_scope

LOADED = 50
"""Readouts that are loaded together where a question is asked of many."""

OTHERS_SHARE = 0.35
"""Share of the questions that are also asked where their readout is not."""


@dataclass(frozen=True)
class Labelled:
    """Readouts with questions about them.

    Attributes:
        right: By question id: texts and places of the sentences that answer.
    """

    documents: list[dict[str, Any]]
    questions: list[dict[str, Any]]


@dataclass(frozen=True)
class Situation:
    """A question met in one situation.

    Attributes:
        right: (n_sentences,), whether each candidate sentence, in reading order of `Candidates`, answers.
        answerable: Whether what is searched answers, by the labels.
        document: That the question was written about: cross-validation keeps its questions together.
    """

    id: str
    kind: str
    document: str
    candidates: Candidates
    right: np.ndarray
    answerable: bool


def read_labelled(folder: Path) -> Labelled:
    """Return `folder`'s documents and questions."""
    return Labelled(list(rows(folder / "documents.jsonl")), list(rows(folder / "questions.jsonl")))


def read_answers(folder: Path) -> Labelled:
    """Return a set that marks answers in paragraphs (SQuAD): what answers is the sentence that holds one.

    A question without an answer names no document; it is asked of all, and `Rooms` finds the nearest.
    """
    documents = list(rows(folder / "documents.jsonl"))
    texts = {(d["id"], p["number"]): p["text"] for d in documents for p in d["paragraphs"]}
    questions = []
    for row in rows(folder / "questions.jsonl"):
        gold = [texts[g["document"], g["paragraph"]] for g in row["gold_paragraphs"]]
        sentences = [text[a:b] for text in gold for a, b in sentence_spans(text)]
        holding = [s for s in sentences if any(answer in s for answer in row["gold_answers"])]
        document = min((g["document"] for g in row["gold_paragraphs"]), default=None)
        questions.append(row | {"document": document, "gold_sentences": holding})
    return Labelled(documents, questions)


class Rooms:
    """The scopes that questions are asked of, prepared once."""

    def __init__(self, labelled: Labelled, embed: Embedder, loaded: int = LOADED, seed: int = 0) -> None:
        self.labelled, self._embed = labelled, embed
        ids = sorted(d["id"] for d in labelled.documents)
        random.Random(seed).shuffle(ids)
        parts = max(1, round(len(ids) / loaded))
        self._together = [sorted(ids[part::parts]) for part in range(parts)]
        self._random = random.Random(seed)
        whole = build_scope(labelled.documents, embed)
        self._one = {d["id"]: whole.only(d["id"]) for d in labelled.documents}
        self._many = {
            i: _joined([self._one[i] for i in group]) for group in self._together for i in group[:1]
        }
        self._room = {i: (group, self._many[group[0]]) for group in self._together for i in group}

    def paragraphs(self) -> list[PreparedParagraph]:
        """Return every paragraph of every readout."""
        return [p for scope in self._one.values() for p in scope.prepared]

    def situations(self, questions: Sequence[dict[str, Any]], *, others: bool = True) -> Iterator[Situation]:
        for q in questions:
            if analyse(q["question"]).kind in DIRECT_KINDS:
                continue
            own = q["document"] or self._nearest(q)
            q = q | {"document": own}
            _, many = self._room[own]
            yield self._situation(q, "one", self._one[own], True)
            yield self._situation(q, "many", many, False)
            if others and self._random.random() < OTHERS_SHARE:
                other = self._random.choice([i for i in self._one if i != own])
                yield self._situation(q, "another", self._one[other], True, absent=True)
            if others and self._random.random() < OTHERS_SHARE:
                yield self._situation(q, "absent", many, False, absent=True, without=own)

    def strangers(self, questions: Sequence[dict[str, Any]]) -> Iterator[Situation]:
        """Yield questions that are about no readout here: each asked of one, and of many."""
        for q in questions:
            if analyse(q["question"]).kind not in DIRECT_KINDS:
                one = self._random.choice(list(self._one))
                yield self._situation(q, "another", self._one[one], True, absent=True)
                yield self._situation(q, "absent", self._room[one][1], False, absent=True)

    def _nearest(self, q: dict[str, Any]) -> str:
        """Return the readout that the first paragraph found for `q` stands in."""
        most = max(self._many.values(), key=lambda scope: len(scope.prepared))
        return (
            candidates_of(most, self._embed, q["question"], one_readout=False)
            .ranked[0]
            .prepared.paragraph.document
        )

    def _situation(
        self,
        q: dict[str, Any],
        kind: str,
        scope: Scope,
        one: bool,
        *,
        absent: bool = False,
        without: str = "",
    ) -> Situation:
        candidates = candidates_of(scope, self._embed, q["question"], one_readout=one, without=without)
        right = np.zeros(0, bool) if absent else _right(q, candidates)
        if absent:
            right = np.zeros(sum(len(r.prepared.sentences) for r in candidates.ranked), bool)
        return Situation(
            q["id"], kind, q["document"], candidates, right, bool(q["answerable"]) and not absent
        )


def candidates_of(
    scope: Scope, embed: Embedder, text: str, *, one_readout: bool, without: str = "", keep: int = SHORTLIST
) -> Candidates:
    """Return what retrieval puts forward from `scope`, as `retrieval.search.retriever` does."""
    question = analyse(text)
    query = embed(question.core)
    terms = resolve_names(question.terms, question.other_names, scope.statistics)
    similarity = scope.similarities(query)
    rows = np.arange(len(scope.prepared))
    if without:
        rows = np.array([i for i, p in enumerate(scope.prepared) if p.paragraph.document != without])
    if len(rows) > CANDIDATES:
        lexical = lexical_scores(terms, [scope.prepared[i] for i in rows], scope.statistics)
        rows = np.unique(
            np.concatenate(
                [rows[np.argsort(-similarity[rows])[:CANDIDATES]], rows[np.argsort(-lexical)[:CANDIDATES]]]
            )
        )
    found = [Candidate(scope.prepared[i], float(similarity[i]), scope.sentence_vectors[i]) for i in rows]
    short = shortlist(terms, found, scope.statistics, keep)
    ranked = rank(terms, query, short, scope.statistics, question.expects)
    return Candidates(question, tuple(ranked), scope.statistics, query, one_readout)


def _right(q: dict[str, Any], candidates: Candidates) -> np.ndarray:
    """Return which sentences hold one of the evidence whole, or read the same elsewhere."""
    wanted = {_place(i) for i in [*(q.get("evidence") or ()), *(q.get("also") or ())]}
    flags, texts = [], set(q.get("gold_sentences") or ())
    for r in candidates.ranked:
        paragraph = r.prepared.paragraph
        for place, s in enumerate(r.prepared.sentences):
            mine = paragraph.document == q["document"] and (paragraph.number, place) in wanted
            flags.append(mine or paragraph.text[s.start : s.end] in texts)
    return np.array(flags, bool)


def _place(identity: str) -> tuple[str, int]:
    """ "p3.s2" -> ("3", 1)."""
    paragraph, _, sentence = identity.removeprefix("p").rpartition(".s")
    return paragraph, int(sentence) - 1


def _joined(scopes: Sequence[Scope]) -> Scope:
    offsets = np.cumsum([0, *(len(s.prepared) for s in scopes)])
    return Scope(
        [p for s in scopes for p in s.prepared],
        np.concatenate([s.chunk_vectors for s in scopes]),
        np.concatenate([s.chunk_rows + o for s, o in zip(scopes, offsets, strict=False)]),
        [v for s in scopes for v in s.sentence_vectors],
    )

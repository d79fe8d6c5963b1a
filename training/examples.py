"""Questions met in situations, described as the selector describes them, with what is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.answering.selectors.features import Described, Rarity, describe
from retrieval.answering.selectors.word_pieces import PieceRarity
from retrieval.index.encoder import Encoder
from training.candidates import Rooms, Situation, read_answers
from training.scopes import Embedder

TAUGHT = ("one", "many")
"""The situations that the sentence trees learn from: those whose labels name sentences."""

Flags = NDArray[np.bool_]


@dataclass
class Example:
    """A question in one situation, described."""

    id: str
    kind: str
    document: str
    question: str
    texts: list[str]
    described: Described
    right: Flags
    answerable: bool
    public: bool = False

    @property
    def teaches(self) -> bool:
        """Whether the sentence trees learn from it."""
        return self.kind in TAUGHT and not self.public


def example(situation: Situation, rarity: Rarity) -> Example:
    candidates = situation.candidates
    described = describe(candidates, rarity)
    texts = [candidates.statement(pick).text for pick in described.picks]
    return Example(
        situation.id,
        situation.kind,
        situation.document,
        candidates.question.core,
        texts,
        described,
        situation.right,
        situation.answerable,
    )


def answer_examples(folder: Path, embed: Embedder, rarity: Rarity) -> list[Example]:
    """Return the examples of a set like SQuAD, told apart in reports by their kind."""
    labelled = read_answers(folder)
    rooms = Rooms(labelled, embed, loaded=len(labelled.documents))
    found = [example(s, rarity) for s in rooms.situations(labelled.questions, others=False)]
    return [replace(e, public=True) for e in found]


def stranger_examples(folder: Path, rooms: Rooms, rarity: Rarity) -> list[Example]:
    """Return the questions of such a set asked of readouts: none is answered."""
    labelled = read_answers(folder)
    ids = [d["id"] for d in labelled.documents]
    questions = [  # one without an answer names no document: any will do to tell the folds apart
        q | {"document": q["document"] or ids[place % len(ids)]} for place, q in enumerate(labelled.questions)
    ]
    found = [example(s, rarity) for s in rooms.strangers(questions)]
    return [replace(e, public=True) for e in found]


def count_terms(rooms: Rooms) -> Rarity:
    sentences = [s.term_set for p in rooms.paragraphs() for s in p.sentences]
    counts = Counter(term for held in sentences for term in held)
    return Rarity(len(sentences), {term: n for term, n in counts.items() if n > 2})


def count_pieces(rooms: Rooms, encoder: Encoder) -> PieceRarity:
    texts = sorted({text for p in rooms.paragraphs() for text in p.sentence_texts})
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(set(encoder.piece_ids(text)))
    return PieceRarity(len(texts), dict(counts))

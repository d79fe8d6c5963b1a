"""Labelled questions (`questions.jsonl` beside `documents.jsonl`) and whether what an answer shows is right."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.answering.models import Answer
from retrieval.models import Statement

Span = tuple[str, str, int, int]
"""Document, paragraph number, half-open span of the paragraph's text."""


@dataclass(frozen=True)
class LabelledQuestion:
    """A question to one readout, and the sentences that answer it; none where it doesn't say.

    Attributes:
        right: Those that belong to a perfect answer, and those that would be fine too.
    """

    id: str
    question: str
    document: str
    answerable: bool
    right: frozenset[Span]

    def is_right(self, shown: Statement) -> bool:
        """Whether `shown` is one of the right sentences, or holds one of them whole."""
        place = (shown.paragraph.document, shown.paragraph.number)
        return any(
            (document, number) == place and shown.start <= start and end <= shown.end
            for document, number, start, end in self.right
        )


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def labelled_questions(
    folder: Path, wanted: int | None = None, seed: int = 7, *, answerable_only: bool = False
) -> list[LabelledQuestion]:
    """Return the questions of `folder`, or a sample of them drawn by `seed`, in file order."""
    spans = {
        (document["id"], s["id"]): (document["id"], s["paragraph"], s["start"], s["end"])
        for document in rows_of(folder / "documents.jsonl")
        for s in document["sentences"]
    }
    found = [
        LabelledQuestion(
            row["id"],
            row["question"],
            row["document"],
            row["answerable"],
            frozenset(spans[row["document"], s] for s in [*row["evidence"], *row["also"]])
            if row["answerable"]
            else frozenset(),
        )
        for row in rows_of(folder / "questions.jsonl")
        if row["answerable"] or not answerable_only
    ]
    if wanted is None or wanted >= len(found):
        return found
    return [found[i] for i in sorted(random.Random(seed).sample(range(len(found)), wanted))]


class Shown:
    """What was shown for labelled questions, counted."""

    def __init__(self) -> None:
        self.answerable = self.first = self.any = self.statements = self.right = self.claimed = 0
        self.unanswerable = self.not_claimed = 0

    def take(self, asked: LabelledQuestion, answer: Answer) -> None:
        if not asked.answerable:
            self.unanswerable += 1
            self.not_claimed += not answer.statements
            return
        shown = answer.statements or answer.nearest
        right = [asked.is_right(statement) for statement in shown]
        self.answerable += 1
        self.claimed += bool(answer.statements)
        self.first += bool(right and right[0])
        self.any += any(right)
        self.statements += len(shown)
        self.right += sum(right)

    def lines(self) -> Iterable[str]:
        of = self.answerable
        yield f"first sentence right {_share(self.first, of)}, right sentence shown {_share(self.any, of)}"
        yield f"shown sentences that are right {_share(self.right, self.statements)}"
        yield f"answered when answerable {_share(self.claimed, of)}"
        yield f"not claimed when unanswerable {_share(self.not_claimed, self.unanswerable)}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part} of {whole})" if whole else "-"

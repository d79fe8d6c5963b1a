"""The labelled readouts that the training scripts read: documents, sentences, questions, initiatives.

A split is a folder with `documents.jsonl` (the interchange form, with `sentences`), `initiatives.jsonl` and
`questions.jsonl`, one JSON object a line; `training/README.md` says what the fields mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.models import Numbering, Paragraph, Readout


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document: `text` is that half-open span of its paragraph's text."""

    id: str
    paragraph: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A readout with the sentences that labels name.

    Attributes:
        sentences: In reading order.
    """

    readout: Readout
    sentences: tuple[Sentence, ...]

    @property
    def id(self) -> str:
        """The readout's id."""
        return self.readout.id

    def sentences_of(self, paragraph: str) -> list[Sentence]:
        """Return the sentences of one paragraph, in reading order."""
        return [sentence for sentence in self.sentences if sentence.paragraph == paragraph]


@dataclass(frozen=True, slots=True)
class LabelledInitiative:
    """A mention of an initiative: `span` is `text[start:end]` of the paragraph.

    Attributes:
        sentence: Id of the sentence that holds it.
        actor: Who does it, as the sentence says, or None.
        core: Whether a list must hold it; otherwise it is neither right nor wrong to list.
    """

    document: str
    sentence: str
    paragraph: str
    span: str
    start: int
    end: int
    kind: str
    actor: str | None
    core: bool


def load_documents(split: Path) -> list[Document]:
    """Read `documents.jsonl` of a split."""
    return [_document(row) for row in rows(split / "documents.jsonl")]


def load_initiatives(split: Path) -> list[LabelledInitiative]:
    """Read `initiatives.jsonl` of a split."""
    return [LabelledInitiative(**{"core": True, **row}) for row in rows(split / "initiatives.jsonl")]


def load_questions(split: Path) -> list[dict[str, Any]]:
    """Read `questions.jsonl` of a split, as it stands."""
    return list(rows(split / "questions.jsonl"))


def fold_of(document: str, folds: int) -> int:
    """Return the fold of a document, 0..folds-1: the same in every script and on every machine."""
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:8], "big") % folds


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _document(row: dict[str, Any]) -> Document:
    paragraphs = tuple(
        Paragraph(p["number"], p["text"], Numbering(p["numbering"]), p.get("heading"))
        for p in row["paragraphs"]
    )
    readout = Readout(
        row["id"],
        row["title"],
        paragraphs,
        date=row.get("date"),
        issuer=row.get("issuer"),
        source_url=row.get("source_url"),
        language=row.get("language") or "en",
    )
    return Document(readout, tuple(_sentences(row["sentences"], paragraphs)))


def _sentences(spans: Sequence[dict[str, Any]], paragraphs: Sequence[Paragraph]) -> Iterator[Sentence]:
    texts = {paragraph.number: paragraph.text for paragraph in paragraphs}
    for span in spans:
        number, start, end = span["paragraph"], span["start"], span["end"]
        yield Sentence(span["id"], number, start, end, texts[number][start:end])

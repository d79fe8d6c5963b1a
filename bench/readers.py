"""What is shown for labelled questions, and whether it is claimed: through a real store and a real `ask`.

    python bench/readers.py --data DIR [--json FILE]

DIR holds `documents.jsonl` and `questions.jsonl` as training/README.md describes them. Each question is asked of its
readout, then with every readout of DIR loaded. What is shown are the statements of an answer, or what is offered as
closest where nothing is claimed. A statement is right when it holds one of the question's `evidence` or `also`
sentences whole (or the same words in another readout).

    first right      the first statement shown is right; over answerable questions
    right shown      one of those shown is
    precision        share of those shown that are right
    AUROC            confidence of answerable questions against that of the others, which are on the topic
    not claimed      unanswerable questions not answered, at the confidence that answers 0.90 of the answerable
    as shipped       shares answered, and not answered, at the thresholds that ship
    risk, coverage   of the questions answered at a confidence, those without a right statement; share answered
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from stores import store_of

from retrieval.bootstrap import Services
from retrieval.evaluation import auroc, inexact_quotes
from retrieval.models import Answer, Statement
from retrieval.sources.identity import make_id

COVERAGES = (0.2, 0.4, 0.6, 0.8, 1.0)

Span = tuple[str, str, int, int]
"""Readout, paragraph, and half-open characters of its text."""


@dataclass(frozen=True)
class Question:
    """A labelled question.

    Attributes:
        right: Where the sentences stand that answer.
        words: What they say.
    """

    text: str
    document: str
    answerable: bool
    right: frozenset[Span]
    words: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """A question and what came of it."""

    question: Question
    answer: Answer
    inexact: int
    ask_ms: float
    search_ms: float

    @property
    def shown(self) -> Sequence[Statement]:
        return self.answer.statements or self.answer.nearest

    @property
    def right(self) -> list[bool]:
        """Whether each statement shown is right."""
        return [_is_right(statement, self.question) for statement in self.shown]


def _is_right(shown: Statement, question: Question) -> bool:
    document, number = shown.paragraph.document, shown.paragraph.number
    return any(
        (document, number) == (d, n) and shown.start <= start and end <= shown.end
        for d, n, start, end in question.right
    ) or any(words in shown.text for words in question.words)


def read(folder: Path) -> list[Question]:
    """Return the questions of a folder of labelled readouts."""
    places: dict[tuple[str, str], tuple[Span, str]] = {}
    for document in _rows(folder / "documents.jsonl"):
        texts = {p["number"]: p["text"] for p in document["paragraphs"]}
        for s in document["sentences"]:
            span = (make_id(document["id"]), s["paragraph"], s["start"], s["end"])
            places[document["id"], s["id"]] = (span, texts[s["paragraph"]][s["start"] : s["end"]])
    found = []
    for row in _rows(folder / "questions.jsonl"):
        ids = [*(row.get("evidence") or ()), *(row.get("also") or ())]
        right = [places[row["document"], i] for i in ids]
        found.append(
            Question(
                row["question"],
                make_id(row["document"]),
                row["answerable"],
                frozenset(span for span, _ in right),
                frozenset(words for _, words in right),
            )
        )
    return found


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def ask_all(services: Services, questions: Sequence[Question], *, of_its_readout: bool) -> list[Asked]:
    """Ask every question, each after a search that fills the caches: what is timed is warm."""
    found = []
    for q in questions:
        document = q.document if of_its_readout else None
        services.answering.ask(q.text, document=document)
        started = time.perf_counter()
        services.answering.search(q.text, document=document)
        searched = time.perf_counter()
        answer = services.answering.ask(q.text, document=document)
        ended = time.perf_counter()
        wrong = len(inexact_quotes(answer, services.browser))
        found.append(Asked(q, answer, wrong, (ended - searched) * 1000, (searched - started) * 1000))
    return found


def figures(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures that the module's docstring names."""
    yes = [a for a in asked if a.question.answerable]
    no = [a for a in asked if not a.question.answerable]
    flags = [flag for a in yes for flag in a.right]
    level = sorted(a.answer.confidence for a in yes)[int(0.1 * len(yes))]
    return {
        "questions": len(asked),
        "first right": _share([a.right[:1] == [True] for a in yes]),
        "right shown": _share([any(a.right) for a in yes]),
        "precision": _share(flags),
        "statements": round(len(flags) / max(len(yes), 1), 2),
        "AUROC": auroc([a.answer.confidence for a in yes], [a.answer.confidence for a in no]),
        "not claimed": _share([a.answer.confidence < level for a in no]),
        "as shipped: answered": _share([bool(a.answer.statements) for a in yes]),
        "as shipped: not claimed": _share([not a.answer.statements for a in no]),
        "inexact quotes": sum(a.inexact for a in asked),
        "ask ms": round(median(a.ask_ms for a in asked), 1),
        "search ms": round(median(a.search_ms for a in asked), 1),
    }


def risk_coverage(asked: Sequence[Asked]) -> list[tuple[float, float, float]]:
    """Return coverage, risk and the confidence it is met at, for questions answerable or not."""
    ordered = sorted(asked, key=lambda a: -a.answer.confidence)
    found = []
    for coverage in COVERAGES:
        kept = ordered[: max(1, round(coverage * len(ordered)))]
        wrong = [not (a.question.answerable and any(a.right)) for a in kept]
        found.append((coverage, round(fmean(wrong), 3), round(kept[-1].answer.confidence, 3)))
    return found


def _share(flags: Sequence[bool]) -> float | None:
    return round(fmean(flags), 3) if flags else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of labelled readouts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    arguments = parser.parse_args()
    questions = read(arguments.data)
    found: dict[str, Any] = {}
    with store_of([arguments.data / "documents.jsonl"]) as services:
        for name, one in (("of its readout", True), ("every readout loaded", False)):
            asked = ask_all(services, questions, of_its_readout=one)
            found[name] = figures(asked) | {"risk, coverage": risk_coverage(asked)}
    for name, table in found.items():
        print(f"\n{name}")
        for key, value in table.items():
            if key != "risk, coverage":
                print(f"  {key:<26}{'-' if value is None else value}")
        for coverage, risk, confidence in table["risk, coverage"]:
            print(f"  coverage {coverage:.1f}   risk {risk:.3f}   from confidence {confidence:.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if any(table["inexact quotes"] for table in found.values()) else 0)


if __name__ == "__main__":
    main()

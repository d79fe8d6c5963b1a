"""All that was learned, on labelled readouts: what is shown for questions and claimed, and which initiatives are found.

    python -m bench.readers --data DIR [--json FILE]

DIR holds `documents.jsonl`, `questions.jsonl` and `initiatives.jsonl` (training/README.md); initiatives are scored as
`bench/initiatives.py` says. Questions go through a real store and a real `ask`. Each question is asked of its readout, then with
every readout of DIR loaded. What is shown are the statements of an answer, or what is offered where nothing is
claimed. A statement is right when it holds one of the question's `evidence` or `also` sentences whole.

    first right      the first statement shown is right; over answerable questions
    right shown      one of those shown is
    precision        share of those shown that are right
    AUROC            confidence of answerable questions against that of the others, which are on the topic
    not claimed      unanswerable questions not answered, at the confidence that answers 0.90 of the answerable
    as shipped       shares answered, and not answered, at the thresholds that ship
    ask, search      medians, warm: the whole of an `ask`; what of it is looking up and ranking
    coverage, risk   share of all questions answered from a confidence up; of these, those without a right statement
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

from bench.initiatives import labelled_scores
from bench.labelled import LabelledQuestion, labelled_questions
from bench.stores import store_of
from retrieval.answering.models import Answer
from retrieval.bootstrap import Services
from retrieval.evaluation import auroc, inexact_quotes

COVERAGES = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Asked:
    """A question and what came of it."""

    question: LabelledQuestion
    answer: Answer
    inexact: int
    ask_ms: float
    search_ms: float

    @property
    def right(self) -> list[bool]:
        """Whether each statement shown is right."""
        return [self.question.is_right(s) for s in self.answer.statements or self.answer.nearest]


def ask_all(
    services: Services, questions: Sequence[LabelledQuestion], *, of_its_readout: bool
) -> list[Asked]:
    """Ask every question, each after a search that fills the caches: what is timed is warm."""
    found = []
    for q in questions:
        document = q.document if of_its_readout else None
        services.answering.ask(q.question, document=document)
        started = time.perf_counter()
        services.answering.search(q.question, document=document)
        searched = time.perf_counter()
        answer = services.answering.ask(q.question, document=document)
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
    questions = labelled_questions(arguments.data)
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
    if (arguments.data / "initiatives.jsonl").is_file():
        listed = labelled_scores(arguments.data)[-1]
        found["initiatives"] = listed.figures(True) | {"inexact spans": listed.inexact}
        print(
            "\ninitiatives", *(f"  {k:<26}{round(v, 3)}" for k, v in found["initiatives"].items()), sep="\n"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    inexact = sum(table.get("inexact quotes", 0) + table.get("inexact spans", 0) for table in found.values())
    sys.exit(1 if inexact else 0)


if __name__ == "__main__":
    main()

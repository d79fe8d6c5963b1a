"""The figures of the answers, end to end through the real store.

    python bench/figures.py --eval DIR [--json FILE]

Loads each development set as `rapporteur ingest` would and asks its English questions as `rapporteur eval`
would; what each figure means stands in retrieval/evaluation.py.

    squad      13 articles together
    readouts   the published readouts and the shipped one together
    seed       the shipped readout alone
    off topic  the squad questions asked of the readouts: every answer is wrong
    clapnq, mtrag   one short document a question; mtrag with earlier turns
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stores import eval_dir, readouts_of, store_of

from retrieval.bootstrap import Services
from retrieval.evaluation import EvalQuestion, ask_one, figures, read_questions
from retrieval.settings import shipped_corpus_dir


def main() -> None:
    parser, folder = eval_dir(__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    arguments = parser.parse_args()
    found = measure(folder)
    for name, table in found.items():
        print(f"\n{name}: {table['questions']} questions")
        for group, value in table.items():
            if isinstance(value, dict):
                print(
                    f"  {group:<12}" + "  ".join(f"{k} {'-' if v is None else v}" for k, v in value.items())
                )
    wrong = sum(table["quotes"]["inexact"] for table in found.values())
    shown = sum(table["quotes"]["shown"] for table in found.values())
    print(f"\nquotes that are not the exact substring they claim: {wrong} of {shown}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if wrong else 0)


def measure(folder: Path) -> dict[str, Any]:
    found = {}
    squad = read_questions(folder / "squad" / "questions.jsonl")
    with store_of([folder / "squad" / "documents.jsonl"]) as services:
        found["squad"] = _figures(services, squad)
    with ExitStack() as stack:
        services = stack.enter_context(store_of(stack.enter_context(readouts_of(folder))))
        found["readouts"] = _figures(services, read_questions(folder / "readout-questions.jsonl"))
        found["off topic"] = _figures(services, [_unanswerable(q) for q in squad])
    with store_of([shipped_corpus_dir()]) as services:
        found["seed"] = _figures(services, read_questions(folder / "seed-questions.jsonl"))
    for name in ("clapnq", "mtrag"):
        with store_of([folder / name / "documents.jsonl"]) as services:
            found[name] = _figures(services, read_questions(folder / name / "questions.jsonl"))
    return found


def _figures(services: Services, questions: list[EvalQuestion]) -> dict[str, Any]:
    english = [q for q in questions if q.language == "en"]
    return figures([ask_one(each, services.answering, services.browser) for each in english])


def _unanswerable(q: EvalQuestion) -> EvalQuestion:
    return EvalQuestion(q.id, q.question, None, frozenset(), (), (), False, (), q.language)


if __name__ == "__main__":
    main()

"""How well follow-ups are understood: retrieval with and without the conversation's earlier questions.

    python bench/followups.py --eval DIR [--json]

`DIR/followups.jsonl` holds follow-ups with the standalone question that a person wrote for each. All those
rewrites become the paragraphs of one readout, the rewrites of the same conversation's other turns among them,
and each follow-up has to find its own: `hit@1` and `mrr` (of the first ten). Follow-ups without a history say
nothing and are left out; `leaning` are those that `leans_on_history` takes for incomplete.

Measured for the question alone, with its history resolved, and, as what one would do without thinking, with
the question before or with all of the history in front of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from retrieval.answering.conversation import leans_on_history, resolve
from retrieval.answering.service import AnsweringService
from retrieval.bootstrap import build_services
from retrieval.settings import RetrievalSettings

TOP_K = 10
MAX_CHARS = 1_000
Row = dict[str, Any]
Query = Callable[[str, Sequence[str]], str]

VARIANTS: dict[str, Query] = {
    "question alone": lambda question, _history: question,
    "history resolved": resolve,
    "question before in front": lambda question, history: f"{history[-1]} {question}"[-MAX_CHARS:],
    "all history in front": lambda question, history: " ".join([*history, question])[-MAX_CHARS:],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = (options.eval / "followups.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rewrites.json"
        source.write_text(json.dumps(readout(rows)), "utf-8")
        settings = RetrievalSettings(store_dir=Path(folder) / "store", _env_file=None)
        with build_services(settings) as services:
            services.ingesting.ingest([source])
            figures = measured(rows, services.answering)
    print(json.dumps(figures) if options.json else table(figures))


def readout(rows: list[Row]) -> Row:
    paragraphs = [
        {"number": str(n), "numbering": "counted", "text": row["standalone_rewrite"]}
        for n, row in enumerate(rows, 1)
    ]
    return {"id": "rewrites", "title": "Questions", "language": "en", "paragraphs": paragraphs}


def measured(rows: list[Row], answering: AnsweringService) -> Row:
    rewrites = {str(n): row["standalone_rewrite"] for n, row in enumerate(rows, 1)}
    asked = [row for row in rows if row["history_user_turns"]]
    leaning = [row for row in asked if leans_on_history(row["question"])]

    def rank(row: Row, query: Query) -> int:
        """The place of the row's own rewrite, 0 where it is not among the first; equal texts are equal."""
        text = query(row["question"], row["history_user_turns"])
        found = [rewrites[p.prepared.paragraph.number] for p in answering.search(text, top_k=TOP_K)]
        return found.index(row["standalone_rewrite"]) + 1 if row["standalone_rewrite"] in found else 0

    def figures(of: list[Row], query: Query) -> dict[str, float]:
        ranks = [rank(row, query) for row in of]
        return {"hit@1": fmean(r == 1 for r in ranks), "mrr": fmean(1 / r if r else 0 for r in ranks)}

    return {
        "followups": len(asked),
        "leaning": len(leaning),
        "all": {name: figures(asked, query) for name, query in VARIANTS.items()},
        "only leaning": {name: figures(leaning, query) for name, query in VARIANTS.items()},
    }


def table(figures: Row) -> str:
    lines = [f"{figures['followups']} follow-ups with a history, {figures['leaning']} of them leaning on it"]
    for subset in ("all", "only leaning"):
        lines += [
            f"{subset:14}{name:26}hit@1 {values['hit@1']:.3f}  mrr {values['mrr']:.3f}"
            for name, values in figures[subset].items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()

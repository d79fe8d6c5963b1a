"""How well follow-ups are understood: retrieval with and without the conversation's earlier questions.

    python bench/followups.py --eval DIR [--json]

`DIR/followups.jsonl` holds follow-ups with the standalone question that a person wrote for each. There is no
gold paragraph, so the person's rewrite is the yardstick, over `DIR/mtrag/documents.jsonl`:

- `top1`: share of follow-ups whose first paragraph is the one that the rewrite finds first;
- `overlap@5`: share of the rewrite's five paragraphs that are found too;
- `terms`: share of the rewrite's search terms that the query holds.

Measured for the question alone, with its history resolved, and with all of the history in front of it (what
one would do without thinking). Follow-ups whose history is empty say nothing and are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from retrieval.answering.conversation import resolve
from retrieval.answering.service import AnsweringService
from retrieval.bootstrap import build_services
from retrieval.index.terms import terms
from retrieval.settings import RetrievalSettings

TOP_K = 5
Query = Callable[[str, Sequence[str]], str]

VARIANTS: dict[str, Query] = {
    "question alone": lambda question, _history: question,
    "history resolved": resolve,
    "all history in front": lambda question, history: " ".join([*history, question])[-1_000:],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in (options.eval / "followups.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["history_user_turns"]]
    with tempfile.TemporaryDirectory() as folder:
        settings = RetrievalSettings(
            corpus_dir=options.eval / "mtrag", store_dir=Path(folder), _env_file=None
        )
        with build_services(settings) as services:
            services.ingesting.ingest([options.eval / "mtrag" / "documents.jsonl"])
            figures = {name: measure(rows, query, services.answering) for name, query in VARIANTS.items()}
    report(len(rows), figures, as_json=options.json)


def measure(rows: list[dict], query: Query, answering: AnsweringService) -> dict[str, float]:
    first, overlap, held = [], [], []
    for row in rows:
        wanted_terms = set(terms(row["standalone_rewrite"]))
        asked = query(row["question"], row["history_user_turns"])
        wanted, found = top(answering, row["standalone_rewrite"]), top(answering, asked)
        first.append(wanted[:1] == found[:1])
        overlap.append(len(set(wanted) & set(found)) / max(1, len(wanted)))
        held.append(len(wanted_terms & set(terms(asked))) / max(1, len(wanted_terms)))
    return {"top1": fmean(first), "overlap@5": fmean(overlap), "terms": fmean(held)}


def top(answering: AnsweringService, query: str) -> list[tuple[str, str]]:
    return [
        (p.prepared.paragraph.document, p.prepared.paragraph.number)
        for p in answering.search(query, top_k=TOP_K)
    ]


def report(rows: int, figures: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"followups": rows, "figures": figures}))
        return
    print(f"{rows} follow-ups with a history")
    for name, values in figures.items():
        print(f"{name:22}" + "".join(f"  {key} {value:.3f}" for key, value in values.items()))


if __name__ == "__main__":
    main()

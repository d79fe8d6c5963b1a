"""How many altered statements verification catches, how many faithful ones it rejects, and what it costs.

    python -m bench.verification [--eval DIR] [--split tuned|opened|held_out] [--wrong] [--check]

Verification: every statement with the evidence given for it, quoted word for word. caught: altered statements
rejected. rejected: faithful statements rejected. The pairs of this project are in `bench/pairs/`, over texts
written for the purpose, in two sets: `minimal-pairs.jsonl`, and `more-pairs.jsonl`, written without sight of the
checks. Each is split by readout. The checks are developed on what is `tuned`; `opened` was held out until its rows
were read; of `held_out` only the totals are looked at, so --wrong prints none of it. `claims.jsonl` of DIR is a
development set.

--check asks the whole of `check`, retrieval included: accuracy for each verdict, and how many altered claims
are called supported.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.harness import Embedder, ask, build_scope
from retrieval.answering.claims import Verdict, decide
from retrieval.answering.verification import Checked, Draft, DraftCitation, Outcome, Shown, verify
from retrieval.models import LiveParagraph, Numbering

SPLITS = ("tuned", "opened", "held_out")
PAIRS = Path(__file__).parent / "pairs"
SETS = (("minimal-pairs.jsonl", "readouts.jsonl"), ("more-pairs.jsonl", "more-readouts.jsonl"))
SEED_FILES = ("readouts-paragraphs.jsonl", "seed-paragraphs.jsonl")
Row = dict[str, Any]


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def paragraphs_of(readout: Row) -> list[LiveParagraph]:
    return [
        LiveParagraph(
            document=readout["id"],
            revision="bench",
            ordinal=place,
            number=paragraph["number"],
            numbering=Numbering(paragraph.get("numbering", "printed")),
            text=paragraph["text"],
            title=readout["title"],
            date=readout.get("date"),
            issuer=readout.get("issuer"),
        )
        for place, paragraph in enumerate(readout["paragraphs"])
    ]


def verified(row: Row, paragraphs: Sequence[LiveParagraph]) -> Checked:
    """Verify one row with its own evidence, all paragraphs of its readout shown."""
    shown = [Shown(f"P{place}", paragraph) for place, paragraph in enumerate(paragraphs)]
    keys = {s.paragraph.number: s.key for s in shown}
    cited = row["paragraphs"]
    citations = tuple(
        DraftCitation(keys[cited[min(place, len(cited) - 1)]], quote)
        for place, quote in enumerate(row["evidence"])
    )
    return verify(Draft(row["claim"], citations), shown)


def report(name: str, rows: Sequence[Row], readouts: dict[str, list[LiveParagraph]], *, wrong: bool) -> None:
    by: dict[str, Counter[bool]] = {}
    times = []
    for row in rows:
        started = time.perf_counter()
        checked = verified(row, readouts[row["document"]])
        times.append((time.perf_counter() - started) * 1000)
        rejected = checked.outcome is Outcome.REJECTED
        by.setdefault(row["alteration"] or "faithful", Counter())[rejected] += 1
        if wrong and rejected is (row["alteration"] is None):
            print(f"  {row['id']} {row['alteration'] or 'FAITHFUL'}: {row['claim']}\n      {row['evidence']}")
            print(*(f"      - {reason}" for reason in checked.reasons), sep="\n")
    altered = [c for kind, c in by.items() if kind != "faithful"]
    caught, all_altered = sum(c[True] for c in altered), sum(c.total() for c in altered)
    faithful = by.get("faithful", Counter())
    times.sort()
    print(
        f"{name}: caught {caught}/{all_altered} = {caught / max(1, all_altered):.3f}, faithful rejected "
        f"{faithful[True]}/{faithful.total()} = {faithful[True] / max(1, faithful.total()):.3f}, "
        f"ms p50 {times[len(times) // 2]:.1f} p95 {times[int(len(times) * 0.95)]:.1f} max {times[-1]:.1f}"
    )
    print(
        "   ",
        ", ".join(f"{kind} {c[True]}/{c.total()}" for kind, c in sorted(by.items()) if kind != "faithful"),
    )


def seed_readouts(folder: Path) -> dict[str, list[LiveParagraph]]:
    """The readouts of the development claims, by id, from their gold paragraphs."""
    rows = [row for name in SEED_FILES for row in rows_of(folder / name)]
    return {
        row["doc_id"]: paragraphs_of(
            {
                **row,
                "id": row["doc_id"],
                "paragraphs": [{"number": p["number"], "text": p["text"]} for p in row["paragraphs"]],
            }
        )
        for row in rows
    }


def check(name: str, rows: Sequence[Row], documents: Sequence[Row], *, wrong: bool) -> None:
    """Ask `check` for every claim, of its own readout and of all of them loaded together."""
    embed = Embedder()
    scope = build_scope(list(documents), embed)
    for mode in ("its own readout", "all readouts"):
        right: Counter[str] = Counter()
        altered_supported = 0
        for row in rows:
            asked = ask(scope, embed, row["claim"], row["document"] if mode == "its own readout" else None)
            found = decide(row["claim"], asked.ranked, one_readout=asked.one_readout)
            correct = found.verdict.value in {row["verdict"], *(row.get("verdict_also") or ())}
            right[row["verdict"]] += correct
            altered_supported += found.verdict is Verdict.SUPPORTED and row["alteration"] is not None
            if wrong and not correct:
                print(f"  {row['id']} {row['verdict']} -> {found.verdict.value}: {row['claim']}")
        totals = Counter(row["verdict"] for row in rows)
        shares = ", ".join(f"{verdict} {right[verdict]}/{totals[verdict]}" for verdict in sorted(totals))
        print(f"check, {name}, {mode}: {shares}; altered called supported: {altered_supported}")
    embed.save()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path)
    parser.add_argument("--split", choices=SPLITS)
    parser.add_argument("--wrong", action="store_true", help="print the rows that came out wrong")
    parser.add_argument("--check", action="store_true", help="ask the whole of `check` too")
    arguments = parser.parse_args()
    for pairs, readouts in SETS:
        documents = rows_of(PAIRS / readouts)
        own = {r["id"]: paragraphs_of(r) for r in documents}
        for split in SPLITS if arguments.split is None else (arguments.split,):
            chosen = [r for r in rows_of(PAIRS / pairs) if r["split"] == split]
            wrong = arguments.wrong and split != "held_out"
            if chosen:
                report(f"{pairs}, {split}", chosen, own, wrong=wrong)
            if chosen and arguments.check:
                check(f"{pairs}, {split}", chosen, documents, wrong=wrong)
    if arguments.eval:
        claims = rows_of(arguments.eval / "claims.jsonl")
        report("claims.jsonl", claims, seed_readouts(arguments.eval), wrong=arguments.wrong)
        if arguments.check:
            documents = [r for n in SEED_FILES for r in rows_of(arguments.eval / n)]
            check("claims.jsonl", claims, documents, wrong=arguments.wrong)


if __name__ == "__main__":
    main()

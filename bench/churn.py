"""Is everything live still found after much was replaced, and among many copies of one text?

    python bench/churn.py [--seed 1]

Churn: 200 readouts of 20 paragraphs; ten rounds replace half of the 4,000 paragraphs, each through the real
ingest into the real Chroma. Duplicates: 300 identical paragraphs among 3,000. What is counted at the end is
`retrieval.health`: every live paragraph by its own vector and its own words. Vectors are seeded unit
vectors. Exit status 1 when anything is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.seeded import readout, seeded_services
from retrieval.bootstrap import Services
from retrieval.health import audit
from retrieval.sources import to_interchange

READOUTS, PARAGRAPHS, ROUNDS = 200, 20, 10


def write(corpus: Path, readouts: list[dict[str, Any]]) -> None:
    lines = (json.dumps(each, ensure_ascii=False) for each in readouts)
    (corpus / "all.jsonl").write_text("\n".join(lines), encoding="utf-8")


def report(name: str, services: Services, started: float) -> bool:
    found = audit(services.ledger, services.index_sync, lambda *_: None)
    missed = {(u.document, u.paragraph) for u in found.unfound}
    with services.ledger.read() as connection:
        scanned = len(services.index_sync.scanned(connection, "shared").pks)
    print(
        f"{name}: {found.paragraphs - len(missed)}/{found.paragraphs} found; index holds "
        f"{services.index_sync.count('shared')} records, {scanned} scanned beside it; {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    for each in found.unfound:
        print(f"  missed: {each.document} ¶{each.paragraph}, by its {each.by}")
    return not missed


def churn(folder: Path, seed: int) -> bool:
    draw = np.random.default_rng(seed)
    made = [to_interchange(readout(f"s-{n}", PARAGRAPHS, seed=n)) for n in range(READOUTS)]
    started = time.perf_counter()
    with seeded_services(folder / "store", folder) as services:
        write(folder, made)
        services.ingesting.ingest([folder])
        for turn in range(ROUNDS):
            for place in draw.choice(READOUTS * PARAGRAPHS, READOUTS * PARAGRAPHS // 2, replace=False):
                paragraph = made[place // PARAGRAPHS]["paragraphs"][place % PARAGRAPHS]
                paragraph["text"] = paragraph["text"].partition(" Round")[0] + f" Round {turn}."
            write(folder, made)
            services.ingesting.ingest([folder])
        return report(f"churn, {ROUNDS} rounds of half of {READOUTS * PARAGRAPHS}", services, started)


def duplicates(folder: Path) -> bool:
    made = [to_interchange(readout(f"d-{n}", 20, seed=n)) for n in range(150)]
    for each in made:
        for number in (3, 11):
            each["title"] = "Statement"
            each["paragraphs"][number]["text"] = "The Ministers agreed to meet again next year."
    started = time.perf_counter()
    with seeded_services(folder / "store", folder) as services:
        write(folder, made)
        services.ingesting.ingest([folder])
        return report("300 identical among 3,000", services, started)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    good = []
    for measure in (lambda folder: churn(folder, options.seed), duplicates):
        folder = Path(tempfile.mkdtemp(prefix="rapporteur-churn-"))
        good.append(measure(folder))
        shutil.rmtree(folder)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

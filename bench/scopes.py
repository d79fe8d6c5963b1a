"""Random operations by members, admins and operators of three servers: was anything read or written across scopes?

    python bench/scopes.py [--operations 300] [--runs 3] [--seed 0] [--json]

The operations, what is allowed, and what is compared after each of them stand in `tests/bot/discord/corpus/scopes.py`. They
go through the services that the Discord commands go through, with a real ledger, encoder, index and job worker.
"Refused" counts what the rights refuse, and what cannot be done any more (nothing to roll back to, an expired
preview). A violation ends its run and is printed with the operations that led to it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hypothesis import HealthCheck, Phase, settings  # noqa: E402
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402

from tests.bot.discord.corpus.scopes import Scopes  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started, violations = time.perf_counter(), []
    for run in range(options.runs):
        try:
            one_run(options.seed + run, options.operations)
        except AssertionError as error:
            violations.append(f"seed {options.seed + run}: {error}")
    figures: dict[str, Any] = {
        "runs": options.runs,
        "operations": Scopes.operations,
        "outcomes": dict(sorted(Scopes.done.items())),
        "violations": violations,
        "seconds": round(time.perf_counter() - started, 1),
    }
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{figures['operations']} operations in {options.runs} runs, {figures['seconds']} s")
    for name, count in figures["outcomes"].items():
        print(f"  {name}: {count}")
    print(f"violations: {len(violations)}")
    for violation in violations:
        print(f"  {violation}")


def one_run(number: int, operations: int) -> None:
    chosen = settings(
        max_examples=1,
        stateful_step_count=operations,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    Scopes.first_seed = number
    run_state_machine_as_test(Scopes, settings=chosen)


if __name__ == "__main__":
    main()

"""The address table: what must never be fetched is refused, and what must be is fetched.

    python bench/addresses.py [--verbose]

The table stands in tests/retrieval/fetching/addresses.toml: addresses and their spellings, names whose answers are
not public (a stub answers for the resolver), and redirect chains that begin at a server on loopback, allowed by the
constructor, and end where they must not. Good ones are fetched from that same server. Nothing leaves this machine.
A refusal counts only where the guard made it: a connection that failed is no refusal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.retrieval.fetching.table import Outcome, run_good, run_refused


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--verbose", action="store_true", help="Print every address with what was said.")
    verbose = parser.parse_args().verbose
    refused, good = list(run_refused()), list(run_good())
    _print("refused", refused, verbose)
    _print("fetched", good, verbose)
    raise SystemExit(not all(outcome.as_wanted for outcome in (*refused, *good)))


def _print(what: str, outcomes: Sequence[Outcome], verbose: bool) -> None:
    for outcome in outcomes:
        if verbose or not outcome.as_wanted:
            mark = " " if outcome.as_wanted else "!"
            print(f"{mark} {outcome.case!r}: {outcome.said!r}")
    print(f"{what} {sum(outcome.as_wanted for outcome in outcomes)}/{len(outcomes)}")


if __name__ == "__main__":
    main()

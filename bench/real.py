"""How real official documents are read: `python -m bench.real --real DIR`.

DIR holds `check.py`, `gold_dev.jsonl` and `files/`; `check.py` says what counts as right (its docstring and the README
beside it). Here its method is given what the parser makes of each file, without a store. Beside its table stand the
words of each source that found neither a place nor a reason, which must be none.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from retrieval.errors import SourceError
from retrieval.sources import parse, to_interchange

_LOST = "found no place"


def method(folder: Path) -> ModuleType:
    """Return the module that scores."""
    spec = importlib.util.spec_from_file_location("real_check", folder / "check.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder}: there is no check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path, lost: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what an ingest reports and what an export writes of one file."""
    try:
        readouts = parse(path.name, path.read_bytes())
    except SourceError as error:
        return {"failed": [{"error": str(error)}]}, []
    lost += [f"{path.name}: {w}" for readout in readouts for w in readout.warnings if _LOST in w]
    return {}, [to_interchange(readout) for readout in readouts]


def main() -> int:
    """Print the table; fail where a word was lost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--real", type=Path, required=True, help="folder with check.py, its gold and files"
    )
    arguments.add_argument("--verbose", action="store_true", help="print what differs")
    options = arguments.parse_args()
    check = method(options.real)
    lost: list[str] = []
    check.run = lambda gold, _reuse=False: read(options.real / "files" / gold["file"], lost)
    rows = (options.real / "gold_dev.jsonl").read_text(encoding="utf-8").splitlines()
    check.table([check.score(json.loads(row), options.verbose) for row in rows])
    print(f"\nsources with words in no block and under no reason: {len(lost)}")
    print(*lost, sep="\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
